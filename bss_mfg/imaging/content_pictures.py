"""Small pictures of one text, code or piece of artwork for reports: as it was planned, and as it was seen."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from bss_mfg.imaging.expected_content import PHASES, Drawing, ExpectedCode, ExpectedPicture, ExpectedText
from bss_mfg.imaging.strip_places import Picture, StripPlace, area_place, strip_place
from bss_mfg.imaging.text_strips import pen_pixels

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats
    from bss_mfg.model import Rect

MOST_BYTES = 256 * 1024
"""What the pictures of one page may take: the faults after that have none."""
_PIXELS_PER_MM = 16
_MOST_SIDE = 480
"""The longer side of a picture in pixels."""
_AROUND_MM = 0.8
"""How much around it is shown, where the page has it."""
_GREYS = 16


class Pair(NamedTuple):
    """Pictures (PNG) of what was planned and of what is seen there, in the same scale; None where there is none."""

    planned: bytes | None = None
    seen: bytes | None = None


class ContentPictures:
    """Cuts the pictures of one page until they take `most` bytes together."""

    def __init__(self, page: Picture, drawing: Drawing, most: int = MOST_BYTES) -> None:
        self._page, self._drawing, self._left = page, drawing, most
        self._drawn = Picture(drawing.grey)

    def of(self, item: ExpectedText | ExpectedCode | ExpectedPicture, to_pixels: Floats) -> Pair:
        """Both pictures of an item; `to_pixels` takes mm of the printed page to pixels of the page that was seen."""
        if self._left <= 0:
            return Pair()
        planned, seen = (
            self._of_text(item, to_pixels) if isinstance(item, ExpectedText) else self._of_area(item, to_pixels)
        )
        found = Pair(None if planned is None else _png(planned), None if seen is None else _png(seen))
        self._left -= len(found.planned or b"") + len(found.seen or b"")
        return found

    def _of_text(self, text: ExpectedText, to_pixels: Floats) -> tuple[Floats | None, Floats | None]:
        """A text along its line, however it is turned: as its characters are drawn, and as they are seen."""
        place = strip_place(text, to_pixels)
        fine = place.parted(PHASES)
        per_mm = PHASES / text.glyph_set.step
        around = ceil(_AROUND_MM * per_mm)
        size = _shown(fine.grown(around).size, per_mm)
        import numpy as np

        return _resized(np.pad(_drawn_text(text, fine.size), around), size), _cut(self._page, fine, around, size)

    def _of_area(self, item: ExpectedCode | ExpectedPicture, to_pixels: Floats) -> tuple[Floats | None, Floats | None]:
        """A code or artwork. The drawing is of one label: of a code that says something else there is none."""
        size = (ceil(item.area.width * _PIXELS_PER_MM), ceil(item.area.height * _PIXELS_PER_MM))
        around = ceil(_AROUND_MM * _PIXELS_PER_MM)
        shown = _shown((size[0] + 2 * around, size[1] + 2 * around), _PIXELS_PER_MM)
        planned = None
        if (area := self._drawn_area(item)) is not None:
            planned = _cut(self._drawn, area_place(area, self._drawing.to_pixels, size), around, shown)
        return planned, _cut(self._page, area_place(item.area, to_pixels, size), around, shown)

    def _drawn_area(self, item: ExpectedCode | ExpectedPicture) -> Rect | None:
        label = self._drawing.label
        if isinstance(item, ExpectedCode):
            return next((one.area for one in label.codes if (one.element, one.text) == (item.element, item.text)), None)
        return next((one.area for one in label.pictures if one.element == item.element), None)


def _drawn_text(text: ExpectedText, size: tuple[int, int]) -> Floats:
    """A text's ink (255 - grey) with all the resolution of its glyph set."""
    import numpy as np

    pictures = text.glyph_set.pictures
    _, rows, columns = pictures.shape
    ink = np.zeros((size[1], size[0] + columns), np.float32)
    for index, pen in text.glyphs:
        column, phase = pen_pixels(text.glyph_set, pen)
        start = column * PHASES + phase
        ink[:rows, start : start + columns] += pictures[index]
    found: Floats = np.minimum(ink[:, : size[0]], 1.0) * 255
    return found


def _cut(page: Picture, place: StripPlace, around: int, size: tuple[int, int]) -> Floats | None:
    """A place with what is around it, or where the page ends there, without; None where it is not all on the page."""
    import numpy as np

    ink = place.grown(around).cut_out(page)
    if ink is None:
        inner = place.cut_out(page)
        ink = None if inner is None else np.pad(inner, around)
    return None if ink is None else _resized(ink, size)


def _shown(size: tuple[int, int], per_mm: float) -> tuple[int, int]:
    """The size that a picture of `size` with `per_mm` pixels is shown in."""
    factor = min(1.0, _PIXELS_PER_MM / per_mm, _MOST_SIDE / max(size))
    return max(round(size[0] * factor), 1), max(round(size[1] * factor), 1)


def _resized(ink: Floats, size: tuple[int, int]) -> Floats:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(ink.astype(np.float32)).resize(size, Image.Resampling.BOX), np.float32)


def _png(ink: Floats) -> bytes:
    """Ink as a picture of few greys: noise of a scanner takes most of the bytes otherwise."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    levels = np.rint((255 - np.clip(ink, 0, 255)) / 255 * (_GREYS - 1)).astype(np.uint8)
    picture = Image.fromarray(levels).convert("P")
    picture.putpalette([grey for level in range(_GREYS) for grey in [level * 255 // (_GREYS - 1)] * 3])
    out = BytesIO()
    picture.save(out, "PNG", optimize=True, bits=4)
    return out.getvalue()
