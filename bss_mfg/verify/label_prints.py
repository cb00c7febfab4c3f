"""How labels of units and cartons are printed, by their codes: mirrored, inverted, scaled, of a wrong size, shifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import ExpectedCode
from bss_mfg.imaging.geometry import Quad
from bss_mfg.imaging.misprints import Misprint, page_scale, place_misprints, scale_misprints, single_misprints
from bss_mfg.imaging.page_frame import PageFrame
from bss_mfg.imaging.placed_codes import printed_code

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

_LIKE_A_SQUARE = 0.01
"""By how much the sides of a code that tells a label's size may differ."""


def code_misprints(grey: Grey, codes: Sequence[tuple[ExpectedCode, Quad]]) -> tuple[Misprint, ...]:
    """What is wrong with the print of a label whatever lies around it: each fault once. Bars that are mirrored look
    like turned ones: they don't tell."""
    found = [fault for code, quad in codes for fault in printed_code(grey, code, quad).misprints]
    return tuple({one.fault: one for one in found}.values())


def size_misprints(codes: Sequence[tuple[ExpectedCode, Quad]], dpi: float | None) -> tuple[Misprint, ...]:
    """What is wrong with the size of a label of a flat scan without a sheet, by its largest square code: a smaller one
    tells its size less exactly. One without a square code is not judged."""
    square = [
        (code.modules.width, quad, code.modules, code.kind)
        for code, quad in codes
        if code.modules and abs(code.modules.width / code.modules.height - 1) < _LIKE_A_SQUARE
    ]
    if not square:
        return ()
    _, quad, modules, kind = max(square, key=lambda item: item[0])
    return single_misprints(quad, (modules.width, modules.height), dpi, kind)


def sheet_misprints(frame: PageFrame, quads: Mapping[int, Quad], dpi: float | None) -> dict[int, tuple[Misprint, ...]]:
    """What is wrong with the size and place of labels on their sheet, and with the size of the sheet, by their
    numbers. `quads` are the corners of their places, as the label file has them, where each label was found."""
    of_all = scale_misprints(page_scale(frame, dpi))
    of_place = place_misprints(frame, quads, dpi)
    return {number: (*of_place.get(number, ()), *of_all) for number in quads}
