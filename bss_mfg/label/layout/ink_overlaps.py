"""What lies on the texts of a label as it is printed: their ink, which ascenders and descenders reach beyond a text's
place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, around, grown, overlap
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.overlaps import check_pair
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect


def check_ink_overlaps(layout: PageLayout, row: LabelRow, findings: DesignFindings) -> None:
    """Note texts that share a dot with another text, or with a shape that isn't their ground, on one label."""
    for (before, inks), (after, others) in combinations(_drawn(layout, row), 2):
        if any(overlap(ink, other) for ink in inks for other in others):
            check_pair(before, after, findings)


def _drawn(layout: PageLayout, row: LabelRow) -> Iterator[tuple[PlacedElement, Sequence[Rect]]]:
    """The texts and shapes of a label in the order in which they are drawn, with what each covers."""
    for item in layout.drawables:
        if item.kind == "fixed_text":
            yield from _text(layout, *layout.fixed_texts[item.number])
        elif item.kind == "text" and (text := row.texts[item.number]):
            yield from _text(layout, layout.texts[item.number][1], text)
        elif item.kind == "fixed_shape":
            shape = layout.fixed_shapes[item.number]
            yield shape, (shape.rect,)
        elif item.kind == "shape" and row.shapes_drawn[item.number]:
            shape = layout.shapes[item.number]
            yield shape, (shape.rect,)


def _text(layout: PageLayout, plan: TextPlan, text: str) -> Iterator[tuple[PlacedElement, Sequence[Rect]]]:
    element = layout.template.definition.element[plan.element_index]
    if not isinstance(element, TextElement):
        return  # of bars: their own place holds it
    size, lines = plan.fit(text, layout.template.font(plan.style.font))
    # A dot is printed that is covered by half.
    x, y = 0.5 / layout.printer.scaled_dots_per_mm_x, 0.5 / layout.printer.scaled_dots_per_mm_y
    inks = [grown(ink, x, y) for ink in plan.ink(lines, size)]
    if inks:
        yield PlacedElement(plan.element_index, element, around(inks)), inks
