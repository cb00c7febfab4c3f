"""What lies on what: nothing on a symbol but a frame around it and a light panel under it, no text on a text, and
every text where it can be seen. What stands later in the template is drawn over what stands before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import get_args

from bss_mfg.label.layout.black_or_white import prints_black
from bss_mfg.label.layout.contrast import reflectance
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, grown, is_inside, overlap
from bss_mfg.label.template.expressions import NUMBERS, Condition, compile_condition, compile_text
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.label.template.symbol_elements import SymbolElement
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect, Stage

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
    for ground, when in _possible_grounds(element, [elements[number] for number in _grounds(at, elements)]):
        if printer.language == "pdf":
            if abs(reflectance(element.color) - reflectance(ground)) < _VISIBLE:
                findings.warning(
                    DesignFindingKind.UNSEEN_TEXT,
                    item.index,
                    f"a text in {element.color} can hardly be seen on {ground}{when}",
                    "Change one of the colours.",
                )
                return
        elif prints_black(element.color) == prints_black(ground):
            what = "black" if prints_black(element.color) else "white"
            findings.error(
                DesignFindingKind.UNSEEN_TEXT,
                item.index,
                f"a text in {element.color} on {ground} is {what} on {what} at a printer of black dots{when}",
                "Change one of the colours: what is darker than half is printed, all else is left white."
                + (" Or give the text the panel's `when`." if when else ""),
                "color",
            )
            return


def _possible_grounds(text: TextElement, panels: Sequence[PlacedElement]) -> Iterator[tuple[str, str]]:
    """The colours that a text is on, by which of the panels under it are drawn together with it, and in words when
    that is. What different names say is taken as independent."""
    conditions = [compile_condition(item.element.when) for item in panels if item.element.when]
    own = [compile_condition(text.when)] if text.when else []
    values = {one.name: _sample_values(one.name, [*conditions, *own]) for one in [*conditions, *own]}
    for one in own:
        values[one.name] = [value for value in values[one.name] if one.holds({one.name: value})]
    tokens = compile_text(text.text).tokens
    if len(tokens) == 1 and not isinstance(tokens[0], str):  # an empty value is no text
        name = tokens[0][0]
        values = {**values, name: [value for value in values.get(name, []) if value != ""]}
    left_off = False
    for item in reversed(panels):
        panel = item.element
        assert isinstance(panel, Box)  # noqa: S101  (for the type checker)
        if not panel.when:
            yield panel.color, " where no other panel is drawn under it" if left_off else ""
            return
        one = compile_condition(panel.when)
        drawn = [value for value in values[one.name] if one.holds({one.name: value})]
        values[one.name] = [value for value in values[one.name] if value not in drawn]
        if drawn:
            always = not values[one.name] and not left_off
            yield panel.color, "" if always else f" where {panel.when} (the panel's `when`)"
            if not values[one.name]:
                return  # on every label that has none of those above
            left_off = True
    yield "#ffffff", " where no panel is drawn under it" if left_off else ""


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
    values = _sample_values(first.name, (first, second))
    return any(first.holds({first.name: value}) and second.holds({first.name: value}) for value in values)


def _sample_values(name: str, conditions: Iterable[Condition]) -> list[str | int]:
    """Values of a name that tell conditions on it apart."""
    operands = [one.operand for one in conditions if one.name == name and one.operand]
    if name in NUMBERS:
        steps = {int(operand) + step for operand in operands for step in (-1, 0, 1)}
        least = 0 if name in ("carton", "cartons", "ledger_events") else 1
        return [least, *sorted(value for value in steps if value > least)]
    if name == "stage":
        return list(get_args(Stage))
    return ["", "x", *operands]
