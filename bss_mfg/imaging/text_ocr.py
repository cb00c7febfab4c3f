"""What stands where another text should: Tesseract reads it, where it is installed (the extra `ocr`).

It only names what is there. Whether a text is right is judged by its characters' own pictures (`text_judge`), since a
reader of texts guesses.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.expected_content import PHASES, ExpectedText
from bss_mfg.imaging.strip_places import Picture, strip_place

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

LANGUAGE = "eng"
MOST_TEXTS = 24
"""Texts of one page that are read: each takes some milliseconds, and where all is wrong a few names will do."""
_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "C:/Program Files/Tesseract-OCR/tessdata",
)
"""Where Tesseract's own installers put its data, if `TESSDATA_PREFIX` does not say."""
_EM = 48
"""Pixels that an em has at least: Tesseract was taught with letters of such a size."""
_MARGIN_PIXELS = 24
_MORE = 0.7
"""Of the planned text's width: so far beside its place another text is followed, if it is longer."""
_GAP_EMS = 0.7
"""Blank paper that ends a text."""
_INKED = 0.4
"""Of the way from paper to ink."""
_LEAST_CONFIDENCE = 40
"""Of 100: less is a guess that would mislead."""


class TextReader:
    """Reads some texts of a page."""

    def __init__(self, picture: Picture, most: int = MOST_TEXTS) -> None:
        self._picture, self._left = picture, most

    def read(self, text: ExpectedText, to_pixels: Floats, light_on_dark: bool = False) -> str:
        """What stands in a text's place; an empty string where that is not known, or is what should be there."""
        engine = _engine() if self._left > 0 else None
        if engine is None:
            return ""
        self._left -= 1
        found = _read_line(engine, self._cut(text, to_pixels, light_on_dark))
        return "" if found == text.text else found

    def _cut(self, text: ExpectedText, to_pixels: Floats, light_on_dark: bool) -> Any:
        """The line as dark on white, large enough, with paper around; None where it is not all in the picture."""
        import numpy as np
        from PIL import Image

        place, em = strip_place(text, to_pixels).parted(PHASES), text.glyph_set.em * PHASES
        more = round(_MORE * place.size[0])
        wide = replace(place.moved(-more, 0), size=(place.size[0] + 2 * more, place.size[1]))
        ink = wide.cut_out(self._picture)
        if ink is None:
            more, ink = 0, place.cut_out(self._picture)
        if ink is None:
            return None
        ink = 255 - ink if light_on_dark else ink
        low, high = np.percentile(ink[:, more : more + place.size[0]], (20, 99.5))
        line = np.clip((ink - low) / max(high - low, 1.0), 0, 1)
        line = line[:, _run((line > _INKED).any(axis=0), (more, more + place.size[0]), round(_GAP_EMS * em))]
        grey = Image.fromarray(np.rint(255 - 255 * line).astype(np.uint8))
        factor = _EM / em
        if factor > 1:
            grey = grey.resize((round(grey.width * factor), round(grey.height * factor)), Image.Resampling.BICUBIC)
        page = Image.new("L", (grey.width + 2 * _MARGIN_PIXELS, grey.height + 2 * _MARGIN_PIXELS), 255)
        page.paste(grey, (_MARGIN_PIXELS, _MARGIN_PIXELS))
        return page


def _run(inked: Any, place: tuple[int, int], gap: int) -> slice:
    """The columns of a place, and those beside it that go on without a gap."""
    start, end = place
    while any(inked[max(start - gap, 0) : start]):
        start -= 1
    while any(inked[end : end + gap]):
        end += 1
    return slice(start, end)


def _read_line(engine: Any, line: Any) -> str:
    if line is None:
        return ""
    engine.SetImage(line)
    found = " ".join(engine.GetUTF8Text().split())
    return found if engine.MeanTextConf() >= _LEAST_CONFIDENCE else ""


@lru_cache(maxsize=1)
def _engine() -> Any:
    """Tesseract for lines of text, started once in each process; None where it, or its data, is not installed."""
    try:
        import tesserocr
    except ImportError:
        return None
    folder = data_folder()
    if folder is None:
        return None
    return tesserocr.PyTessBaseAPI(path=str(folder), lang=LANGUAGE, psm=tesserocr.PSM.SINGLE_LINE)


def data_folder() -> Path | None:
    """Where Tesseract's data of the language lies; None where it does not."""
    given = os.environ.get("TESSDATA_PREFIX", "")
    folders = [Path(given)] if given else []
    for pattern in _FOLDERS:
        root = Path(Path(pattern).anchor)
        folders += sorted(root.glob(pattern.removeprefix(root.as_posix()))) if root.is_dir() else []
    return next((folder for folder in folders if (folder / f"{LANGUAGE}.traineddata").is_file()), None)
