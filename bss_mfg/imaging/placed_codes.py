"""All codes of a page, and how labels lie in a picture by the corners of codes that are on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING

from bss_mfg.imaging.bar_corners import find_bar_corners
from bss_mfg.imaging.expected_content import CodeKind, ExpectedCode
from bss_mfg.imaging.geometry import Quad, apply_homography, homography
from bss_mfg.imaging.label_codes import code_text
from bss_mfg.imaging.zxing_reader import Read, read_from_result

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.model import Rect

_MATRIX = (CodeKind.QR, CodeKind.DATA_MATRIX, CodeKind.GS1_DATA_MATRIX)
_BARS = (CodeKind.CODE_128, CodeKind.GS1_128)
_FLAT_MM = 0.15
"""How far corners may be off where their sheet has them for the sheet to be flat."""
_CODE_128_MODULES = 11
"""Modules of a character of Code 128."""


@dataclass(frozen=True, slots=True)
class PageCode:
    """A code as it was read somewhere: its text (of GS1 codes identifiers in brackets and values), and the read."""

    text: str
    read: Read


def read_all_codes(grey: Grey) -> list[PageCode]:
    """All codes of a page, of whatever kind."""
    import zxingcpp

    found = zxingcpp.read_barcodes(grey, text_mode=zxingcpp.TextMode.HRI)
    return [PageCode(code_text(item), read_from_result(item)) for item in found if item.valid]


def seen_corners(grey: Grey, code: ExpectedCode, read: Read) -> Quad | None:
    """The corners of an expected code's modules where it was read; None of kinds whose corners nobody tells."""
    if read.quad is None or code.modules is None:
        return None
    if code.kind in _MATRIX:
        return read.quad
    if code.kind in _BARS:
        return find_bar_corners(grey, read.quad, _CODE_128_MODULES * (len(code.text) + 3))
    return None


def code_corners(code: ExpectedCode) -> Quad:
    """The corners of a code's modules in mm of the printed page: top left first, as the code has it."""
    rect = code.area if code.modules is None else code.modules
    corners = rect_corners(rect)
    quarter = code.turn // 90 % 4
    a, b, c, d = (*corners[quarter:], *corners[:quarter])
    return (a, b, c, d)


def rect_corners(rect: Rect) -> Quad:
    """The corners of a rectangle."""
    return ((rect.x, rect.y), (rect.right, rect.y), (rect.right, rect.bottom), (rect.x, rect.bottom))


def label_map(codes: Sequence[tuple[ExpectedCode, Quad]]) -> Floats | None:
    """From mm of the printed page to pixels, by the codes of one label: None where they tell nothing.

    Bars by themselves are too flat to say how a label recedes: of these the map is affine.
    """
    here = [corner for code, _ in codes for corner in code_corners(code)]
    there = [corner for _, quad in codes for corner in quad]
    if not here:
        return None
    if len(codes) > 1 or codes[0][0].kind in _MATRIX:
        return homography(here, there)
    return _affine(here, there)


def follow_codes(sheet: Floats, codes: Sequence[tuple[ExpectedCode, Quad]]) -> Floats:
    """A sheet's map, bent so that it takes a label's codes to where they were found: a sheet that was photographed is
    not flat. On a scanner it is, and the sheet says more exactly how its labels lie."""
    import numpy as np

    if not codes:
        return sheet
    here = np.array([corner for code, _ in codes for corner in code_corners(code)])
    seen = np.array([corner for _, quad in codes for corner in quad])
    there = apply_homography(sheet, here)
    scale = hypot(*(there[1] - there[0])) / (hypot(*(here[1] - here[0])) or 1.0)
    if np.hypot(*(seen - there).T).max() < _FLAT_MM * scale:
        return sheet
    bent = _affine(there.tolist(), seen.tolist())
    return sheet if bent is None else sheet @ bent


def _affine(points: Sequence[Sequence[float]], target_points: Sequence[Sequence[float]]) -> Floats | None:
    import numpy as np

    source = np.column_stack([np.array(points), np.ones(len(points))])
    found, _, rank, _ = np.linalg.lstsq(source, np.array(target_points), rcond=None)
    if rank < 3:
        return None
    affine: Floats = np.column_stack([found, [0.0, 0.0, 1.0]])
    return affine
