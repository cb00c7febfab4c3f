"""What lies on what: nothing on a symbol but a frame around it and a light panel under it, no text on a text, and
every text where it can be seen. What stands later in the template is drawn over what stands before it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from bss_mfg.core.languages import phrase
from bss_mfg.label.layout.black_or_white import prints_black
from bss_mfg.label.layout.conditions import may_meet
from bss_mfg.label.layout.contrast import reflectance
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, grown, is_inside, overlap
from bss_mfg.label.layout.panels import covers, grounds, is_even_light, name_of
from bss_mfg.label.layout.text_grounds import check_text_shows
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.label.template.symbol_elements import SymbolElement
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect


def check_overlaps(
    elements: Sequence[PlacedElement], sample_mark: Rect | None, printer: Printer, findings: DesignFindings
) -> None:
    """Note what lies on symbols and texts, and what a printer of black dots would not show."""
    for at, item in enumerate(elements):
        if isinstance(item.element, SymbolElement):
            _check_symbol_is_clear(at, item.element.kind, elements, sample_mark, printer, findings)
        elif isinstance(item.element, TextElement):
            check_text_shows(at, item.element, elements, printer, findings)
            if sample_mark and overlap(item.rect, sample_mark):
                findings.warning(
                    DesignFindingKind.ON_SAMPLE_MARK,
                    item.index,
                    phrase("lies on the SAMPLE mark of development labels"),
                    phrase("Move one of them."),
                )
        elif isinstance(item.element, (Line, Box)) and printer.language != "pdf":
            _check_shape_prints(item.index, item.element, printer, findings)
    for before, after in combinations(elements, 2):
        if overlap(before.rect, after.rect) and may_meet(before, after):
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
    what = phrase(
        "{kind} symbol or its quiet zone ({x:g}, {y:g}, {width:g} x {height:g} mm)",
        kind=kind,
        x=x,
        y=y,
        width=width,
        height=height,
    )
    panels = [number for number in grounds(at, elements) if is_even_light(elements[number], printer)]
    for number, other in enumerate(elements):
        if number == at or not overlap(other.rect, symbol.rect) or number in panels:
            continue
        if any(number < ground and not elements[ground].element.when for ground in panels):
            continue  # hidden by the panel
        if not _hole_around(other, symbol.rect):
            findings.error(
                DesignFindingKind.ON_SYMBOL,
                other.index,
                phrase("lies on the {symbol}", symbol=what),
                phrase("Move one of them."),
            )
    if sample_mark and overlap(sample_mark, symbol.rect):
        findings.error(
            DesignFindingKind.ON_SYMBOL,
            None,
            phrase("the SAMPLE mark lies on the {symbol}", symbol=what),
            phrase("Move one of them."),
            "sample",
        )


def _hole_around(item: PlacedElement, rect: Rect) -> bool:
    """Whether an element is a frame that has the rectangle inside, clear of its own line."""
    element = item.element
    return isinstance(element, Box) and not element.fill and is_inside(rect, _inside(item.rect, element.thickness))


def _inside(rect: Rect, margin: float) -> Rect:
    return grown(rect, -margin, -margin)


def _check_shape_prints(index: int, element: Line | Box, printer: Printer, findings: DesignFindings) -> None:
    """A light line or panel is white to a printer of black dots, unless it is dithered."""
    dithered = isinstance(element, Box) and element.dither == "ordered"
    if not dithered and not prints_black(element.color) and reflectance(element.color) < 0.99:
        findings.warning(
            DesignFindingKind.PRINTS_WHITE,
            index,
            phrase(
                "a {kind} in {color} is left white by {printer}, which prints black dots only",
                kind=element.kind,
                color=element.color,
                printer=printer.name,
            ),
            phrase('Make it darker, or a box with dither = "ordered".'),
        )


def check_pair(before: PlacedElement, after: PlacedElement, findings: DesignFindings) -> None:
    """A text and a text, or a text and a shape, that overlap."""
    first, second = isinstance(before.element, TextElement), isinstance(after.element, TextElement)
    if first and second:
        findings.warning(
            DesignFindingKind.OVERLAP,
            after.index,
            phrase("shares a place with the text {text}", text=name_of(before)),
            phrase("Move one of them, or make its width smaller."),
        )
    elif first and isinstance(after.element, (Line, Box, Image)) and not _hole_around(after, before.rect):
        findings.warning(
            DesignFindingKind.OVERLAP,
            after.index,
            phrase("is drawn over the text {text}", text=name_of(before)),
            phrase("Move one of them, or put what is to lie below first."),
        )
    elif (
        second
        and isinstance(before.element, (Line, Box))
        and not covers(before, after.rect)
        and not _hole_around(before, after.rect)
    ):
        findings.warning(
            DesignFindingKind.OVERLAP,
            after.index,
            phrase("lies on the edge of the {kind} {name}", kind=before.element.kind, name=name_of(before)),
            phrase("Move one of them."),
        )
