"""What lies on what: nothing on a symbol but a frame around it and a light panel under it, no text on a text, and
every text where it can be seen. What stands later in the template is drawn over what stands before it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from bss_mfg.label.layout.black_or_white import prints_black
from bss_mfg.label.layout.contrast import reflectance
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, grown, is_inside, overlap
from bss_mfg.label.template.expressions import NUMBERS, compile_condition
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.label.template.symbol_elements import SymbolElement
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect

_VISIBLE = 0.1
"""Difference in reflectance that a text needs from its ground."""


def check_overlaps(
    elements: Sequence[PlacedElement], sample_mark: Rect | None, printer: Printer, findings: DesignFindings
) -> None:
    """Note what lies on symbols and texts, and what a printer of black dots would not show."""
    for at, item in enumerate(elements):
        if isinstance(item.element, SymbolElement):
            _check_symbol_is_clear(at, item.element.kind, elements, sample_mark, printer, findings)
        elif isinstance(item.element, TextElement):
            _check_text_shows(at, item.element, elements, printer, findings)
            if sample_mark and overlap(item.rect, sample_mark):
                findings.warning(
                    DesignFindingKind.ON_SAMPLE_MARK,
                    item.index,
                    "lies on the SAMPLE mark of development labels",
                    "Move one of them.",
                )
        elif isinstance(item.element, (Line, Box)) and printer.language != "pdf":
            _check_shape_prints(item.index, item.element, printer, findings)
    for before, after in combinations(elements, 2):
        if overlap(before.rect, after.rect) and _may_meet(before, after):
            check_pair(before, after, findings)


def _check_symbol_is_clear(
    at: int,
    kind: str,
    elements: Sequence[PlacedElement],
    sample_mark: Rect | None,
    printer: Printer,
    findings: DesignFindings,
) -> None:
    symbol = elements[at]
    x, y, width, height = symbol.rect
    what = f"{kind} symbol or its quiet zone ({x:g}, {y:g}, {width:g} x {height:g} mm)"
    grounds = [number for number in _grounds(at, elements) if _is_even_light(elements[number], printer)]
    for number, other in enumerate(elements):
        if number == at or not overlap(other.rect, symbol.rect) or number in grounds:
            continue
        if any(number < ground and not elements[ground].element.when for ground in grounds):
            continue  # hidden by the panel
        if not _hole_around(other, symbol.rect):
            findings.error(DesignFindingKind.ON_SYMBOL, other.index, f"lies on the {what}", "Move one of them.")
    if sample_mark and overlap(sample_mark, symbol.rect):
        findings.error(
            DesignFindingKind.ON_SYMBOL, None, f"the SAMPLE mark lies on the {what}", "Move one of them.", "sample"
        )


def _grounds(at: int, elements: Sequence[PlacedElement]) -> list[int]:
    """The filled boxes that an element lies on, from the lowest to the highest."""
    return [number for number in range(at) if _covers(elements[number], elements[at].rect)]


def _covers(item: PlacedElement, rect: Rect) -> bool:
    """Whether a filled box covers all of a rectangle, its round corners taken off."""
    element = item.element
    return isinstance(element, Box) and element.fill and is_inside(rect, _inside(item.rect, 0.293 * element.radius))


def _is_even_light(item: PlacedElement, printer: Printer) -> bool:
    """Whether a printer of black dots leaves a panel white, without a pattern. Whether a colour is light enough, the
    contrast says."""
    element = item.element
    assert isinstance(element, Box)  # noqa: S101  (for the type checker)
    if printer.language == "pdf":
        return True
    return not prints_black(element.color) and (element.dither == "threshold" or reflectance(element.color) > 0.99)


def _hole_around(item: PlacedElement, rect: Rect) -> bool:
    """Whether an element is a frame that has the rectangle inside, clear of its own line."""
    element = item.element
    return isinstance(element, Box) and not element.fill and is_inside(rect, _inside(item.rect, element.thickness))


def _inside(rect: Rect, margin: float) -> Rect:
    return grown(rect, -margin, -margin)


def _check_text_shows(
    at: int, element: TextElement, elements: Sequence[PlacedElement], printer: Printer, findings: DesignFindings
) -> None:
    """A text differs from its ground: on PDF printers in reflectance, on printers of black dots in black and white."""
    item = elements[at]
    if any(isinstance(other.element, Image) and overlap(other.rect, item.rect) for other in elements[:at]):
        return
    grounds = [elements[number].element for number in _grounds(at, elements)]
    ground = "#ffffff"
    for panel in grounds:
        assert isinstance(panel, Box)  # noqa: S101  (for the type checker)
        if panel.when and panel.when != element.when:
            return  # on some labels one, on some the other
        ground = panel.color
    if printer.language == "pdf":
        if abs(reflectance(element.color) - reflectance(ground)) < _VISIBLE:
            findings.warning(
                DesignFindingKind.UNSEEN_TEXT,
                item.index,
                f"a text in {element.color} can hardly be seen on {ground}",
                "Change one of the colours.",
            )
    elif prints_black(element.color) == prints_black(ground):
        what = "black" if prints_black(element.color) else "white"
        findings.error(
            DesignFindingKind.UNSEEN_TEXT,
            item.index,
            f"a text in {element.color} on {ground} is {what} on {what} at a printer of black dots",
            "Change one of the colours: what is darker than half is printed, all else is left white.",
            "color",
        )


def _check_shape_prints(index: int, element: Line | Box, printer: Printer, findings: DesignFindings) -> None:
    """A light line or panel is white to a printer of black dots, unless it is dithered."""
    dithered = isinstance(element, Box) and element.dither == "ordered"
    if not dithered and not prints_black(element.color) and reflectance(element.color) < 0.99:
        findings.warning(
            DesignFindingKind.PRINTS_WHITE,
            index,
            f"a {element.kind} in {element.color} is left white by {printer.name}, which prints black dots only",
            'Make it darker, or a box with dither = "ordered".',
        )


def check_pair(before: PlacedElement, after: PlacedElement, findings: DesignFindings) -> None:
    """A text and a text, or a text and a shape, that overlap."""
    first, second = isinstance(before.element, TextElement), isinstance(after.element, TextElement)
    if first and second:
        findings.warning(
            DesignFindingKind.OVERLAP,
            after.index,
            f"shares a place with the text {_name(before)}",
            "Move one of them, or make its width smaller.",
        )
    elif first and isinstance(after.element, (Line, Box, Image)) and not _hole_around(after, before.rect):
        findings.warning(
            DesignFindingKind.OVERLAP,
            after.index,
            f"is drawn over the text {_name(before)}",
            "Move one of them, or put what is to lie below first.",
        )
    elif (
        second
        and isinstance(before.element, (Line, Box))
        and not _covers(before, after.rect)
        and not _hole_around(before, after.rect)
    ):
        findings.warning(
            DesignFindingKind.OVERLAP,
            after.index,
            f"lies on the edge of the {before.element.kind} {_name(before)}",
            "Move one of them.",
        )


def _name(item: PlacedElement) -> str:
    element = item.element
    if element.name:
        return repr(element.name)
    return repr(element.text[:40]) if isinstance(element, TextElement) else f"of element {item.index + 1}"


def _may_meet(one: PlacedElement, other: PlacedElement) -> bool:
    """Whether both can be on the same label, by their conditions."""
    if not one.element.when or not other.element.when:
        return True
    first, second = compile_condition(one.element.when), compile_condition(other.element.when)
    if first.name != second.name:
        return True
    operands = [condition.operand for condition in (first, second) if condition.operand]
    values: list[str | int] = ["", "x", *operands]
    if first.name in NUMBERS:
        values = [0, 1, *(int(operand) + step for operand in operands for step in (-1, 0, 1))]
    return any(first.holds({first.name: value}) and second.holds({first.name: value}) for value in values)
