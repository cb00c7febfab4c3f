"""What a PDF page can draw: forms, pictures, patterns, masks and glyphs, in one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bss_mfg.label.template.artwork_errors import NotDrawableError

MAX_FORMS = 20
"""Forms in forms."""
TEXTS = ("Tj", "TJ", "'", '"')
"""Operators that show text."""


def iter_streams(holder: Any, depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """Every form, picture and pattern that a page or form can draw: (what it is, its name, the stream)."""
    if depth > MAX_FORMS:
        raise NotDrawableError(f"it has forms in forms, more than {MAX_FORMS} deep")
    resources = holder.get("/Resources", {})
    for group, what in (("/XObject", "form or picture"), ("/Pattern", "pattern")):
        for name, stream in resources.get(group, {}).items():
            if is_stream(stream):
                yield what, name, stream
                yield from iter_streams(stream, depth + 1)
    for name, font in resources.get("/Font", {}).items():
        if font.get("/Subtype") == "/Type3":
            for glyph in font.get("/CharProcs", {}).values():
                yield "glyph of the font", name, glyph
            yield from iter_streams(font, depth + 1)
    for name, state in resources.get("/ExtGState", {}).items():
        mask = state.get("/SMask")
        if mask is not None and is_dictionary(mask) and "/G" in mask:
            yield "mask", name, mask.G
            yield from iter_streams(mask.G, depth + 1)


def is_stream(thing: Any) -> bool:
    """Whether this is a stream."""
    import pikepdf

    return isinstance(thing, pikepdf.Stream)


def is_dictionary(thing: Any) -> bool:
    """Whether this is a dictionary."""
    import pikepdf

    return isinstance(thing, pikepdf.Dictionary)
