"""All codes of a page, and how labels lie in a picture by the corners of codes that are on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import dist, hypot
from typing import TYPE_CHECKING

from bss_mfg.imaging.bar_corners import find_bar_corners, follow_end_bars
from bss_mfg.imaging.bar_heights import LEAST_SHARE
from bss_mfg.imaging.expected_content import MATRIX_KINDS, CodeKind, ExpectedCode
from bss_mfg.imaging.fitting import expected_light, fit_warp
from bss_mfg.imaging.geometry import Quad, apply_homography, homography
from bss_mfg.imaging.label_codes import code_text
from bss_mfg.imaging.misprints import PrintedSymbol, PrintFault, printed_symbol
from bss_mfg.imaging.page_frame import stiffest_map
from bss_mfg.imaging.warp import Warp
from bss_mfg.imaging.zxing_reader import Read, read_from_result

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.model import Rect

_BARS = (CodeKind.CODE_128, CodeKind.GS1_128)
_FLAT_MM = 0.15
"""How far corners may be off where their sheet has them for the sheet to be flat."""
_STIFF_MM = 0.04
"""Mean error of corners up to which a label is taken to be seen straight on."""
_FEWEST = 8
"""Points from which on a sheet's map is fitted to codes."""
_LEVEL_MM = 0.03
"""Mean error of corners up to which a sheet lies on a scanner."""
_EXACT_STEPS = ((0.8, 1), (0.4, 2))
"""Of `fit_warp`."""
_CODE_128_MODULES = 11
"""Modules of a character of Code 128."""


Point = tuple[float, float]


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
    if code.kind in MATRIX_KINDS:
        return read.quad
    if code.kind in _BARS:
        modules = code.matrix.columns if code.matrix else _CODE_128_MODULES * (len(code.text) + 3)
        return follow_end_bars(grey, find_bar_corners(grey, read.quad, modules), modules)
    return None


def printed_code(grey: Grey, code: ExpectedCode, quad: Quad) -> PrintedSymbol:
    """How a code with these corners was printed; as it was drawn where nobody can tell."""
    return PrintedSymbol(quad) if code.matrix is None else printed_symbol(grey, quad, code.matrix)


def exact_corners(grey: Grey, code: ExpectedCode, quad: Quad) -> Quad:
    """The corners of a matrix code, fitted to what its modules are: a reader tells them to a pixel or two, which is too
    little for what lies far from them, and those of a mirrored code in another order."""
    matrix = code.matrix
    if code.kind not in MATRIX_KINDS or matrix is None or matrix.rows != matrix.columns:
        return quad
    light = expected_light(matrix.bits())
    printed = printed_symbol(grey, quad, matrix)
    if any(one.fault is PrintFault.INVERTED for one in printed.misprints):
        light = 1.0 - light
    quad = printed.quad
    return fit_warp(grey, light, Warp.from_quad(quad, matrix.columns), _EXACT_STEPS).quad()


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
    """From mm of the printed page to pixels, by the codes of one label: None where they tell nothing."""
    here, there = _points(codes)
    return stiffest_map(here, there, _STIFF_MM) if here else None


def sheet_map(codes: Sequence[tuple[ExpectedCode, Quad]]) -> Floats | None:
    """The same by the codes of all labels of a page: affine on a scanner, projective in a photograph."""
    here, there = _points(codes)
    if len(here) < _FEWEST:
        return None
    level = _affine(here, there)
    if level is not None and _mean_error(level, here, there) < _LEVEL_MM:
        return level
    return homography(here, there)


def _points(codes: Iterable[tuple[ExpectedCode, Quad]]) -> tuple[list[Point], list[Point]]:
    """The corners of codes on the printed page and in the picture."""
    here: list[Point] = []
    there: list[Point] = []
    for code, quad in codes:
        here += code_corners(code)
        there += quad
    return here, there


def _mean_error(to_pixels: Floats, here: Sequence[Point], there: Sequence[Point]) -> float:
    """How far points are off, in mm."""
    import numpy as np

    found = apply_homography(to_pixels, np.array(here))
    scale = hypot(*(found[1] - found[0])) / (hypot(*(np.array(here[1]) - here[0])) or 1.0)
    return float(np.hypot(*(found - there).T).mean()) / (scale or 1.0)


def without_low_bars(codes: Sequence[tuple[ExpectedCode, Quad]], to_pixels: Floats) -> list[tuple[ExpectedCode, Quad]]:
    """The codes that can tell how their label lies: not bars that lost height, by a map of the label."""
    return [pair for pair in codes if pair[0].kind in MATRIX_KINDS or _has_its_height(*pair, to_pixels)]


def _has_its_height(code: ExpectedCode, quad: Quad, to_pixels: Floats) -> bool:
    import numpy as np

    drawn = apply_homography(to_pixels, np.array(code_corners(code))).tolist()
    there, seen = (dist(a, d) + dist(b, c) for a, b, c, d in (drawn, quad))
    return seen >= LEAST_SHARE * there


def follow_codes(sheet: Floats, codes: Sequence[tuple[ExpectedCode, Quad]]) -> Floats:
    """A sheet's map, bent so that it takes a label's codes to where they were found: a sheet that was photographed is
    not flat. On a scanner it is, and the sheet says more exactly how its labels lie."""
    import numpy as np

    here, seen = _points(codes)
    if len(here) < 2:
        return sheet
    there = apply_homography(sheet, np.array(here))
    if _mean_error(sheet, here, seen) < _FLAT_MM:
        return sheet
    bent = _affine(there.tolist(), seen) if len(here) > 2 else None
    if bent is None:
        right, down = (np.array(seen) - there).mean(axis=0).tolist()
        bent = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [right, down, 1.0]])
    moved: Floats = sheet @ bent
    return moved


def _affine(points: Sequence[Sequence[float]], target_points: Sequence[Sequence[float]]) -> Floats | None:
    import numpy as np

    source = np.column_stack([np.array(points), np.ones(len(points))])
    found, _, rank, _ = np.linalg.lstsq(source, np.array(target_points), rcond=None)
    if rank < 3:
        return None
    affine: Floats = np.column_stack([found, [0.0, 0.0, 1.0]])
    return affine
