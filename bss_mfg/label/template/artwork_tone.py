"""How dark artwork is, as a whole and place by place: what of it a printer of black dots would print, and what stands
out on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

PAPER, HALF = 250, 128
"""Greys (0 black to 255 white): from the first on nothing is seen; below the second a printer of dots prints black."""
LONGER_SIDE = 600
"""Pixels in which artwork is judged."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Of the artwork's area, the shares (0 to 1) that are seen on white, and that are darker than half."""

    seen: float = 0.0
    dark: float = 0.0

    @property
    def lost(self) -> float:
        """The share of what is seen that a printer of black dots leaves white."""
        return 1 - self.dark / self.seen if self.seen else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Shades:
    """Artwork as it looks on white and on black ground: rows x columns x red, green, blue, each 0 to 255. Where the two
    differ it is transparent."""

    on_white: Any
    on_black: Any


@lru_cache(maxsize=8)
def shades_of(kind: Literal["pdf", "pixels"], data: bytes, longer_side: int = LONGER_SIDE) -> Shades:
    """The shades of a one-page PDF, or of a PNG or JPEG, in about so many pixels."""
    return _shades_of_pdf(data, longer_side) if kind == "pdf" else _shades_of_picture(data, longer_side)


def _shades_of_pdf(data: bytes, longer_side: int) -> Shades:
    import numpy as np
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        page = document[0]
        scale = longer_side / max(page.get_size())
        pictures = [
            page.render(scale=scale, fill_color=(ground, ground, ground, 255), rev_byteorder=True).to_numpy()
            for ground in (255, 0)
        ]
        return Shades(*(np.array(picture[:, :, :3]) for picture in pictures))
    finally:
        document.close()


def _shades_of_picture(data: bytes, longer_side: int) -> Shades:
    import numpy as np
    from PIL import Image

    with Image.open(BytesIO(data)) as picture:
        picture.thumbnail((longer_side, longer_side))
        shown = picture.convert("RGBA")
        grounds = [Image.new("RGBA", shown.size, color) for color in ("#ffffff", "#000000")]
        return Shades(*(np.asarray(Image.alpha_composite(ground, shown).convert("RGB")) for ground in grounds))


def tone_of_pdf(data: bytes) -> Tone:
    """The tone of a one-page PDF."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        page = document[0]
        grey = page.render(scale=LONGER_SIDE / max(page.get_size()), grayscale=True).to_numpy()
        return _tone(grey)
    finally:
        document.close()


def tone_of_picture(data: bytes) -> Tone:
    """The tone of a PNG or JPEG on white."""
    import numpy as np
    from PIL import Image

    with Image.open(BytesIO(data)) as picture:
        picture.thumbnail((LONGER_SIDE, LONGER_SIDE))
        shown = picture.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "#ffffff")
        return _tone(np.asarray(Image.alpha_composite(paper, shown).convert("L")))


def _tone(grey: Any) -> Tone:
    return Tone(float((grey < PAPER).mean()), float((grey < HALF).mean()))
