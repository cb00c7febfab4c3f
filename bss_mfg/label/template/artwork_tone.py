"""How dark artwork is: what of it a printer of black dots would print."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

PAPER, HALF = 250, 128
"""Greys (0 black to 255 white): from the first on nothing is seen; below the second a printer of dots prints black."""
_LONGER_SIDE = 600
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


def tone_of_pdf(data: bytes) -> Tone:
    """The tone of a one-page PDF."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        page = document[0]
        grey = page.render(scale=_LONGER_SIDE / max(page.get_size()), grayscale=True).to_numpy()
        return _tone(grey)
    finally:
        document.close()


def tone_of_picture(data: bytes) -> Tone:
    """The tone of a PNG or JPEG on white."""
    import numpy as np
    from PIL import Image

    with Image.open(BytesIO(data)) as picture:
        picture.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
        shown = picture.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "#ffffff")
        return _tone(np.asarray(Image.alpha_composite(paper, shown).convert("L")))


def _tone(grey: Any) -> Tone:
    return Tone(float((grey < PAPER).mean()), float((grey < HALF).mean()))
