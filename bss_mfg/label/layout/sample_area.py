"""Whether the SAMPLE mark of development labels is large enough, and which area would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.contour import Contour, corners
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import AREA_MM, EDGE_MM, PlacedElement, overlap
from bss_mfg.label.template.symbol_elements import SymbolElement
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect

SAMPLE_SHARE, SAMPLE_SIDE_MM = 0.08, 2.0
"""How much of a label's area its SAMPLE mark takes at least, and how high and wide it is at least."""
_HEIGHTS, _PLACES = 24, 12
"""How many heights of a mark, and places of it each way, are tried for an advice."""


def check_sample_size(
    mark: Rect, contour: Contour, elements: Sequence[PlacedElement], findings: DesignFindings
) -> None:
    """The mark is large enough to be seen at arm's length; else note an area of the label that would do."""
    if _is_large(mark, contour):
        return
    findings.error(
        DesignFindingKind.SAMPLE_TOO_SMALL,
        None,
        phrase(
            "the SAMPLE mark of {width:g} x {height:g} mm has {share:.1%} of the label; a development label needs "
            "{least:.0%} and {side:g} mm",
            width=mark.width,
            height=mark.height,
            share=mark.width * mark.height / contour.area,
            least=SAMPLE_SHARE,
            side=SAMPLE_SIDE_MM,
        ),
        _advice(mark, contour, elements),
        "sample",
    )


def _is_large(mark: Rect, contour: Contour) -> bool:
    area = mark.width * mark.height
    return area >= SAMPLE_SHARE * contour.area - EDGE_MM and min(mark.width, mark.height) >= SAMPLE_SIDE_MM


def _advice(mark: Rect, contour: Contour, elements: Sequence[PlacedElement]) -> Phrase:
    """A mark that is accepted when it is typed: as near as can be to the one that is there, clear of codes, and of
    texts if there is room."""
    codes = [item.rect for item in elements if isinstance(item.element, SymbolElement)]
    texts = [item.rect for item in elements if isinstance(item.element, TextElement)]
    nearest = sorted(_areas(mark, contour), key=lambda area: _far(area, mark))
    for obstacles in ([*codes, *texts], codes):
        for area in nearest:
            if not contour.holds(corners(area)) or any(overlap(area, other) for other in obstacles):
                continue
            size = {"width": f"{area.width:g}", "height": f"{area.height:g}"}
            if (area.x, area.y) == (mark.x, mark.y):
                return phrase("{width} x {height} mm would do.", **size)
            place = {"x": f"{area.x:g}", "y": f"{area.y:g}"}
            return phrase("{width} x {height} mm at x = {x}, y = {y} would do.", **size, **place)
    return phrase(
        "No free place of the label has {area} mm²: move or shrink other elements, or choose larger media.",
        area=ceil(SAMPLE_SHARE * contour.area),
    )


def _areas(mark: Rect, contour: Contour) -> Iterator[Rect]:
    """Marks that are just large enough, in many shapes and places of a label."""
    needed = SAMPLE_SHARE * contour.area
    step = max((contour.height - SAMPLE_SIDE_MM) / _HEIGHTS, 0.1)
    heights = {_up(SAMPLE_SIDE_MM + number * step) for number in range(_HEIGHTS + 1)}
    heights |= {_up(max(mark.height, SAMPLE_SIDE_MM)), _up(needed / max(mark.width, SAMPLE_SIDE_MM))}
    for height in sorted(heights):
        width = _up(max(needed / height, SAMPLE_SIDE_MM))
        if height < SAMPLE_SIDE_MM or height > contour.height or width > contour.width:
            continue
        # What is large enough may be wider than it must be.
        for wide in {width, max(width, _up(mark.width))}:
            if wide <= contour.width:
                yield from _places(mark, contour, wide, height)


def _places(mark: Rect, contour: Contour, width: float, height: float) -> Iterator[Rect]:
    room_x, room_y = contour.width - width, contour.height - height
    xs = {mark.x, *(round(room_x * number / _PLACES, 1) for number in range(_PLACES + 1))}
    ys = {mark.y, *(round(room_y * number / _PLACES, 1) for number in range(_PLACES + 1))}
    for x in xs:
        for y in ys:
            if 0 <= x <= room_x + AREA_MM and 0 <= y <= room_y + AREA_MM:
                yield Rect(x, y, width, height)


def _far(area: Rect, mark: Rect) -> tuple[float, ...]:
    """How far an area is from the one that is there: whether it is moved at all, then the changes in mm. Ends in what
    tells all apart."""
    moved = abs(area.x - mark.x) + abs(area.y - mark.y)
    grown = abs(area.width - mark.width) + abs(area.height - mark.height)
    return (moved > 0, moved + grown, *area)


def _up(length: float) -> float:
    """Rounded up to a tenth of a millimetre."""
    return ceil(length * 10 - EDGE_MM) / 10
