"""Artwork beside a template: SVG and PDF become a PDF page of vectors, PNG and JPEG stay pixels.

Everything is checked, and drawn once for a trial, when the template is loaded: what passes here prints in every output
as resvg (SVG) and pdfium (PDF) draw it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bss_mfg.errors import InputError, Location
from bss_mfg.label.template.artwork_drawing import draw_artwork
from bss_mfg.label.template.artwork_tone import Tone
from bss_mfg.label.template.svg_artwork import FontFile
from bss_mfg.model import Rect


@dataclass(frozen=True, slots=True)
class Artwork:
    """An artwork file as it is drawn: `data` is a one-page PDF, or a PNG or JPEG of 8 bits in sRGB. `width`, `height`
    in its own units: only their ratio counts, for `pdf` that of the page's TrimBox. `bleed` is what a PDF may paint
    around that, in the same units from its lower left corner, y upwards. `note` is set for an SVG that is kept as
    pixels, and names the element. `source` is the SHA-256 of the file. `tone` says how dark it is; `is_blank`, that it
    paints nothing at all."""

    file: str
    kind: Literal["pdf", "pixels"]
    data: bytes
    width: float
    height: float
    bleed: Rect | None = None
    note: str = ""
    source: bytes = b""
    tone: Tone = Tone()  # noqa: RUF009  (frozen)
    is_blank: bool = False


def check_artwork(file: str, data: bytes, where: Location, fonts: Sequence[tuple[str, bytes]] = ()) -> Artwork:
    """The artwork, if it prints as it is drawn; `InputError` says why not, and names the element of an SVG. `fonts` are
    those that texts in an SVG may use: (name, the file's bytes)."""
    suffix = file.rpartition(".")[2].lower()
    if suffix not in ("svg", "pdf", "png", "jpg", "jpeg"):
        raise InputError(
            f"the artwork {file!r} is not an SVG, PDF, PNG or JPEG", where=where, way_out="Convert it to one of these."
        )
    try:
        drawn = draw_artwork(suffix, data, tuple(FontFile(*font) for font in fonts) if suffix == "svg" else ())
    except ValueError as error:
        raise InputError(
            f"the artwork {file!r} can't be drawn: {error}",
            where=where,
            way_out="Save it again: SVG (plain, texts as paths), one-page PDF (fonts embedded), PNG or JPEG of at most "
            "50 megapixels.",
        ) from None
    source = hashlib.sha256(data).digest()
    return Artwork(
        file,
        drawn.kind,
        drawn.data,
        drawn.width,
        drawn.height,
        drawn.bleed,
        drawn.note,
        source,
        drawn.tone,
        drawn.is_blank,
    )
