"""What is to be on labels, besides the packages' own symbols: the caller draws it, and imaging compares.

All places are millimetres from the top left corner of the printed page that the labels would lie on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bss_mfg.model import Rect
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey


class CodeKind(StrEnum):
    """A kind of code, as reports name it."""

    CODE_128 = "Code 128"
    EAN_UPC = "EAN/UPC"
    ITF_14 = "ITF-14"
    GS1_128 = "GS1-128"
    QR = "QR Code"
    DATA_MATRIX = "Data Matrix"
    GS1_DATA_MATRIX = "GS1 DataMatrix"


MATRIX_KINDS = (CodeKind.QR, CodeKind.DATA_MATRIX, CodeKind.GS1_DATA_MATRIX)
"""All others are bars."""


@dataclass(frozen=True, slots=True)
class ExpectedCode:
    """A code: what it encodes, and its place, quiet zone included. Of GS1 codes `text` has the identifiers in
    brackets. Where that is asked for, `modules` is where its modules lie, `matrix` what they are before it is turned,
    and `turn` how far that is, in degrees clockwise."""

    element: int
    kind: CodeKind
    text: str
    area: Rect
    modules: Rect | None = None
    turn: int = 0
    matrix: Matrix | None = None


PHASES = 4
"""Into how many parts a pixel is parted in the pictures of a glyph set."""


@dataclass(frozen=True, slots=True, eq=False)
class GlyphSet:
    """How a font's characters (or whole runs of text) look at a size: ink from 0 to 1 (characters, rows, columns),
    drawn as labels are, with `PHASES` times the resolution at which they are compared.

    A pixel at which they are compared is `step` mm. The pen starts at the left edge of pixel `pen_column`, on the upper
    edge of pixel `baseline_row`; `advances` and `em` are in such pixels. Of a set of `whole` runs each is judged by
    itself: it has no rivals but blank paper.
    """

    characters: tuple[str, ...]
    pictures: Floats
    step: float
    pen_column: int
    baseline_row: int
    advances: tuple[float, ...]
    em: float
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedText:
    """A text of one font and size on one line. Its pen starts at (`x`, `y`) on the baseline; `turn` is its direction in
    degrees clockwise. `glyphs` are indexes of characters of its set, each with its start in mm along the line."""

    element: int
    text: str
    x: float
    y: float
    turn: int
    width: float
    glyphs: tuple[tuple[int, float], ...]
    glyph_set: GlyphSet
    changes: bool = True
    """Whether it is another on other labels."""
    enclosed: bool = False
    """Whether something else stands close before and after it, as bars do the digits of an EAN/UPC."""


class PictureKind(StrEnum):
    """What a picture is, as reports name it."""

    ARTWORK = "picture"
    BOX = "box"
    LINE = "line"
    SAMPLE_MARK = "SAMPLE mark"

    @property
    def is_shape(self) -> bool:
        """Whether it is judged by its edges, not by all of its area."""
        return self in (PictureKind.BOX, PictureKind.LINE)


SAMPLE_ELEMENT = -2
"""In place of an element of the template: the SAMPLE mark of development labels, which is none."""


@dataclass(frozen=True, slots=True)
class ExpectedPicture:
    """Artwork, a box, a line or the SAMPLE mark."""

    element: int
    kind: PictureKind
    name: str
    area: Rect


@dataclass(frozen=True, slots=True)
class ExpectedLabel:
    """One label: its number (of a package, unit or carton), where it and its own symbol lie, and all that is on it."""

    number: int
    area: Rect
    symbol: Rect
    codes: tuple[ExpectedCode, ...] = ()
    texts: tuple[ExpectedText, ...] = ()
    pictures: tuple[ExpectedPicture, ...] = ()
    bars: ExpectedCode | None = None
    """The package's own symbol where it is a Code 128."""

    def bare(self) -> ExpectedLabel:
        """The same without all that is on it."""
        return ExpectedLabel(self.number, self.area, self.symbol)


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A page of labels as they were to be printed, in red and grey light, and one label on it: what is the same on all
    labels is compared with it. `to_pixels` takes mm of the page to its pixels. There is paper around the page, so that
    what reaches to its edge, or a little beyond, is drawn, too."""

    red: Grey
    grey: Grey
    to_pixels: Floats
    label: ExpectedLabel


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedLabels:
    """Labels as they were to be printed: all that is on each, and a drawing of one of them."""

    labels: tuple[ExpectedLabel, ...]
    drawing: Drawing
