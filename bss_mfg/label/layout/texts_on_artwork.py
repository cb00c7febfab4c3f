"""Texts that lie on artwork, label by label: whether each letter differs from what the artwork has under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bss_mfg.core.languages import BOTH, joined, phrase
from bss_mfg.label.layout.conditions import may_meet
from bss_mfg.label.layout.drawing_order import Drawable
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, overlap
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.painted_ground import PaintedGround
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.template.shape_elements import Box, Image
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.label.type.markup import without_switches

_LEGIBLE = 0.5
"""The part of a letter that has to differ from what is under it."""


@dataclass(frozen=True, slots=True)
class _TextOnArt:
    """A text and the shapes under it, from the lowest; of each the number of its condition, None where it is on every
    label. `fixed` is what the text says where it is on every label."""

    text: Drawable
    plan: TextPlan
    fixed: str
    shapes: tuple[tuple[PlacedElement, int | None], ...]


class TextsOnArtwork:
    """Checks the labels of one layout. Without a text on artwork it costs nothing; grounds are painted once."""

    def __init__(self, layout: PageLayout, findings: DesignFindings) -> None:
        self._layout, self._findings = layout, findings
        self._grounds: dict[tuple[int, tuple[bool, ...]], PaintedGround] = {}
        self._checked: set[tuple[int, tuple[bool, ...]]] = set()

    @cached_property
    def _texts(self) -> tuple[_TextOnArt, ...]:
        return tuple(self._find())

    def _find(self) -> Iterator[_TextOnArt]:
        layout = self._layout
        below: list[tuple[PlacedElement, int | None]] = []
        for item in layout.drawables:
            if item.kind == "fixed_shape":
                below.append((layout.fixed_shapes[item.number], None))
            elif item.kind == "shape":
                below.append((layout.shapes[item.number], item.number))
            elif item.kind in ("text", "fixed_text"):
                fixed = item.kind == "fixed_text"
                plan, text = layout.fixed_texts[item.number] if fixed else (layout.texts[item.number][1], "")
                under = tuple(
                    (shape, number)
                    for shape, number in below
                    if isinstance(shape.element, (Box, Image)) and overlap(shape.rect, item.extent)
                )
                if any(isinstance(shape.element, Image) for shape, _ in under) and self._element(plan):
                    yield _TextOnArt(item, plan, text, under)

    def _element(self, plan: TextPlan) -> TextElement | None:
        element = self._layout.template.definition.element[plan.element_index]
        return element if isinstance(element, TextElement) else None

    def check(self, row: LabelRow, *, all_conditions: bool = False) -> None:
        """Note the texts of a label that artwork hides; with `all_conditions` also as they would be on other labels,
        which have more or less of the shapes that are drawn by a condition."""
        for at, one in enumerate(self._texts):
            text = one.fixed or row.texts[one.text.number]
            if not text:
                continue
            drawn = tuple(number is None or row.shapes_drawn[number] for _, number in one.shapes)
            self._check(at, one, text, drawn)
            if all_conditions:
                for other in self._other_labels(one, drawn):
                    self._check(at, one, text, other)

    def _other_labels(self, one: _TextOnArt, drawn: tuple[bool, ...]) -> Iterator[tuple[bool, ...]]:
        """What else may be drawn under a text: one shape more or less than here."""
        element = self._layout.template.definition.element[one.plan.element_index]
        item = PlacedElement(one.plan.element_index, element, one.text.extent)
        for number, (shape, condition) in enumerate(one.shapes):
            may_lack = shape.element.when != element.when
            if condition is not None and (may_lack if drawn[number] else may_meet(shape, item)):
                yield (*drawn[:number], not drawn[number], *drawn[number + 1 :])

    def _check(self, at: int, one: _TextOnArt, text: str, drawn: tuple[bool, ...]) -> None:
        art = [shape for (shape, _), is_drawn in zip(one.shapes, drawn, strict=True) if is_drawn]
        if (at, drawn) in self._checked or not any(isinstance(shape.element, Image) for shape in art):
            return
        if one.fixed:
            self._checked.add((at, drawn))
        layout, plan = self._layout, one.plan
        if (at, drawn) not in self._grounds:
            self._grounds[at, drawn] = PaintedGround(layout.template, layout.printer, one.text.extent).paint(art)
        ground, upright = self._grounds[at, drawn], plan.rotate in (90, 270)
        size, lines = plan.fit(text, layout.template.font(plan.style.font))
        seen = min((ground.least_visible(plan.style.color, ink, upright) for ink in plan.ink(lines, size)), default=1.0)
        if seen < _LEGIBLE:
            self._note(plan, text, [shape for shape in art if isinstance(shape.element, Image)])

    def _note(self, plan: TextPlan, text: str, art: list[PlacedElement]) -> None:
        kind, index = DesignFindingKind.UNSEEN_TEXT, plan.element_index
        if any((item.kind, item.element_index) == (kind, index) for item in self._findings.items):
            return  # of another label
        files = ", ".join(dict.fromkeys(shape.element.file for shape in art if isinstance(shape.element, Image)))
        when = joined(BOTH, dict.fromkeys(f"`{shape.element.when}`" for shape in art if shape.element.when))
        facts: dict[str, object] = {
            "text": repr(without_switches(text)[:60]),
            "color": plan.style.color,
            "files": files,
            "where": phrase(" where {conditions}", conditions=when) if when else "",
        }
        way_out = phrase("Move it off the artwork, change its colour, or put a filled box under it.")
        if self._layout.printer.language == "pdf":
            self._findings.warning(
                kind,
                index,
                phrase(
                    "the text {text} in {color} lies on {files}, which has its tone there{where}: letters of it can "
                    "hardly be seen",
                    **facts,
                ),
                way_out,
            )
            return
        self._findings.error(
            kind,
            index,
            phrase(
                "the text {text} in {color} lies on {files}, which a printer of black dots prints as the text itself "
                "there{where}: letters of it are lost",
                **facts,
            ),
            way_out,
            "color",
        )
