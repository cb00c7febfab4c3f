"""Template + printer -> a plan in whole printer dots. Everything that can't be printed right is found here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bss_mfg.core.languages import phrase
from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.artwork_checks import check_picture, check_tone
from bss_mfg.label.layout.checks import check_areas
from bss_mfg.label.layout.codes import CodeCaption, CodePlan, VariableSlot
from bss_mfg.label.layout.contrast import check_contrast
from bss_mfg.label.layout.drawing_order import Drawable, DrawingOrder, drawing_order
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, caption_height, grown, place_elements
from bss_mfg.label.layout.ink import InkRoom
from bss_mfg.label.layout.label_parts import LabelParts
from bss_mfg.label.layout.page_grid import PageGrid
from bss_mfg.label.layout.retail_digits import modules_below, retail_digits
from bss_mfg.label.layout.symbol_fit import SymbolPlan, SymbolRoom, fit_symbol
from bss_mfg.label.layout.texts import TextPlan, check_text
from bss_mfg.label.template.expressions import CompiledText, Values, compile_condition, compile_text
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.label.template.symbol_elements import Bars, DataMatrix, EanUpc, LinearCode, TextCode, carries_payload
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import FillOrder, Rect, Stage
from bss_mfg.symbol import Matrix

_OVERHANG_ALONG, _OVERHANG_ACROSS = 0.15, 0.4
"""How far glyphs may reach out of a text's box, in font sizes: at its ends, and above and below."""


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The plan of a page: where its labels lie, and what each shows. `symbol` is the Data Matrix; `texts`, `codes` and
    `shapes` change from label to label (a shape by its condition of the same index), `fixed_*` are on every label.
    `drawables` has them all in the order in which they are drawn."""

    template: LoadedTemplate
    grid: PageGrid
    sample_mark: bool
    units_per_package: int
    symbol: SymbolPlan | None
    codes: tuple[CodePlan, ...]
    texts: tuple[tuple[VariableSlot, TextPlan], ...]
    fixed_texts: tuple[tuple[TextPlan, str], ...]
    shapes: tuple[PlacedElement, ...]
    fixed_shapes: tuple[PlacedElement, ...]
    conditions: tuple[VariableSlot, ...]
    drawables: tuple[Drawable, ...]

    @property
    def printer(self) -> Printer:
        """The printer that the page is for."""
        return self.grid.printer

    @property
    def places(self) -> tuple[tuple[float, float], ...]:
        """The labels' top left corners in mm on the page, in the order in which they are filled."""
        return self.grid.places

    @property
    def page_dots(self) -> tuple[int, int]:
        """The page's width and height in dots."""
        return self.grid.page_dots

    def page_count(self, labels: int, start_at: int) -> int:
        """How many pages so many labels take if the first lies at place `start_at` (from 1)."""
        return -(-(labels + start_at - 1) // len(self.places))

    @property
    def page_points(self) -> tuple[float, float]:
        """Page box in points: whole dots less a hair, so that no rasteriser adds a row and stretches the page."""
        width, height = self.page_dots
        return (
            width / self.printer.dots_per_mm_x * POINTS_PER_MM - 0.002,
            height / self.printer.dots_per_mm_y * POINTS_PER_MM - 0.002,
        )

    def symbol_boxes(self) -> tuple[Rect, ...]:
        """The symbols' boxes on the page as it is printed, in mm, without quiet zone, in reading order. Bars have
        the box that they may fill; a label without symbol is known by its own box."""
        plan, x_scale, y_scale = self.symbol, self.printer.dots_per_mm_x, self.printer.dots_per_mm_y
        if plan is None:
            media = self.template.definition.media
            whole = Rect(0.0, 0.0, media.label_width, media.label_height)
            areas = (code.area for code in self.codes if carries_payload(code.placed_element.element))
            left, top, width, height = next(areas, whole)
            boxes = [Rect(x + left, y + top, width, height) for x, y in self.places]
            return tuple(map(self.grid.as_printed, boxes))
        width, height = plan.columns * plan.module_dots_x / x_scale, plan.rows * plan.module_dots_y / y_scale
        return tuple(self.grid.as_printed(Rect(x / x_scale, y / y_scale, width, height)) for x, y in plan.origins)

    def companions(self) -> tuple[Rect, ...]:
        """The areas of a label's other matrix symbols, in mm from the top left corner of the package's, as they lie
        on the printed page."""
        if self.symbol is None:
            return ()
        symbol, (left, top) = self.symbol_boxes()[0], self.places[0]
        printed = [
            self.grid.as_printed(Rect(left + code.area.x, top + code.area.y, code.area.width, code.area.height))
            for code in self.codes
            if not isinstance(code.placed_element.element, Bars)
        ]
        return tuple(
            Rect(round(area.x - symbol.x, 2), round(area.y - symbol.y, 2), area.width, area.height) for area in printed
        )

    @property
    def x_dimension_mm(self) -> float:
        """Width of a module in mm as printed; 0 where there is no Data Matrix."""
        return self.symbol.module_dots_x / self.printer.scaled_dots_per_mm_x if self.symbol else 0.0

    def drawing_order(self) -> DrawingOrder:
        """How a label is drawn, what is the same on all of them gathered."""
        return drawing_order(self.drawables)

    def with_constants(self, constants: Values) -> PageLayout:
        """The layout with all texts and conditions filled in that are the same on every label of a run."""
        parts = LabelParts()
        for item in self.drawables:
            if item.kind == "text":
                slot, plan = self.texts[item.number]
                if not slot.is_constant(constants):
                    slot = replace(slot, text=slot.text.with_constants(constants))
                    parts.add("text", parts.texts, (slot, plan), item.extent)
                elif (not slot.when or slot.when.holds(constants)) and (text := slot.text.fill(constants)):
                    parts.add("fixed_text", parts.fixed_texts, (plan, text), item.extent)
            elif item.kind == "shape":
                slot, shape = self.conditions[item.number], self.shapes[item.number]
                if not slot.is_constant(constants):
                    parts.add_conditional(shape, slot, item.extent)
                elif not slot.when or slot.when.holds(constants):
                    parts.add("fixed_shape", parts.fixed_shapes, shape, item.extent)
            elif item.kind == "fixed_text":
                parts.add("fixed_text", parts.fixed_texts, self.fixed_texts[item.number], item.extent)
            elif item.kind == "fixed_shape":
                parts.add("fixed_shape", parts.fixed_shapes, self.fixed_shapes[item.number], item.extent)
            else:
                parts.drawables.append(item)
        return replace(
            self,
            texts=tuple(parts.texts),
            fixed_texts=tuple(parts.fixed_texts),
            shapes=tuple(parts.shapes),
            fixed_shapes=tuple(parts.fixed_shapes),
            conditions=tuple(parts.conditions),
            drawables=tuple(parts.drawables),
        )

    def draw_code(self, plan: CodePlan, text: str) -> list[tuple[SymbolPlan, Matrix]]:
        """A code's parts, its modules first, turned as they are printed; `InputError` if they don't fit."""
        findings = DesignFindings(self.template)
        encoded = plan.encode(text)
        fitted = plan.fit(encoded, self.grid, findings)
        findings.refuse()
        return plan.draw(encoded, fitted, self.printer)


def lay_out(
    template: LoadedTemplate,
    printer: Printer,
    modules: int,
    stage: Stage,
    units_per_package: int = 1,
    findings: DesignFindings | None = None,
    order: FillOrder = "rows",
) -> PageLayout:
    """Plan the labels for Data Matrix symbols of `modules` modules a side (0: the packages have a Code 128 instead) and
    packages of `units_per_package` units.

    `InputError` names the element that can't be printed and what would do; with `findings`, they are collected there
    instead, for a preview.
    """
    collected = DesignFindings(template) if findings is None else findings
    printer = printer.in_label_frame()
    elements = place_elements(template, units_per_package)
    check_areas(template, elements, printer, stage, collected)
    plans = _PlanBuilder(template, PageGrid.of(template.definition.media, printer, order), modules, elements, collected)
    for item in elements:
        plans.add(item)
    if findings is None:
        collected.refuse()
    return plans.layout(stage == "development", units_per_package)


@dataclass
class _PlanBuilder:
    """The plans of a label's elements, as they are added one by one."""

    template: LoadedTemplate
    grid: PageGrid
    modules: int
    elements: Sequence[PlacedElement]
    findings: DesignFindings
    symbol: SymbolPlan | None = None
    parts: LabelParts = field(default_factory=LabelParts)

    def add(self, item: PlacedElement) -> None:
        """Plan one element."""
        element = item.element
        slot = VariableSlot(
            compile_text(getattr(element, "text", "")),
            compile_condition(element.when) if element.when else None,
            item.unit,
        )
        if isinstance(element, DataMatrix):
            self._add_data_matrix(item, element)
        elif isinstance(element, TextCode):
            self._add_code(item, element, slot)
        elif isinstance(element, TextElement):
            self._add_text(item, element, slot)
        elif isinstance(element, (Line, Box, Image)):
            if isinstance(element, Image):
                check_picture(self.template, item, element, self.findings)
                check_tone(self.template, item, self.elements, self.grid.printer, self.findings)
            self._add_shape(item, slot)

    def _add_data_matrix(self, item: PlacedElement, element: DataMatrix) -> None:
        if self.modules == 0:
            self.findings.error(
                DesignFindingKind.OTHER_SYMBOLOGY,
                item.index,
                phrase("the packages have a Code 128 and no Data Matrix, by the product's spec"),
                phrase('Choose a template that has a code-128 with text = "{payload}" instead, such as bars-70x40.'),
            )
            return
        check_contrast(self.template, item, self.elements, self.grid.printer, self.findings)
        room = SymbolRoom(
            item.index,
            item.rect,
            self.modules,
            self.modules,
            element.x_dimension,
            element.quiet_zone,
            anchor=element.anchor,
        )
        self.symbol = fit_symbol(room, self.grid, self.findings)
        self.parts.drawables.append(Drawable("symbol", 0, item.rect))

    def _add_code(self, item: PlacedElement, element: TextCode, slot: VariableSlot) -> None:
        if self.modules and self.template.definition.each == "package" and carries_payload(element):
            self.findings.error(
                DesignFindingKind.OTHER_SYMBOLOGY,
                item.index,
                phrase("the packages have a Data Matrix and no Code 128, by the product's spec"),
                phrase("Choose a template with an element of kind data-matrix."),
            )
        check_contrast(self.template, item, self.elements, self.grid.printer, self.findings)
        # Texts of a code come before it: nothing then covers its modules, and it may be drawn with all others.
        if isinstance(element, EanUpc) and element.has_digits_between_guards:
            code = CodePlan(item, slot, item.rect, modules_below(self.template, element))
            for digits in retail_digits(self.template, item, slot, code, self.grid):
                self.parts.add("text", self.parts.texts, digits, item.rect)
            self.parts.add("code", self.parts.codes, code, item.rect)
            return
        if isinstance(element, Bars) and element.caption != "none":
            caption = replace(slot, text=_caption_text(element))
            plan = TextPlan.caption(self.template, item, element)
            self.parts.add("text", self.parts.texts, (caption, plan), item.rect)
        area = _code_area(self.template, item, element)
        self.parts.add("code", self.parts.codes, CodePlan(item, slot, area), area)

    def _add_text(self, item: PlacedElement, element: TextElement, slot: VariableSlot) -> None:
        plan = TextPlan.of(self.template, item)
        if element.markup:
            slot = replace(slot, text=slot.text.with_switches())
        em = element.size / POINTS_PER_MM
        along, across = em * _OVERHANG_ALONG, em * _OVERHANG_ACROSS
        extent = grown(item.rect, *((across, along) if element.rotate in (90, 270) else (along, across)))
        if slot.text.dynamic or slot.when:
            self.parts.add("text", self.parts.texts, (slot, plan), extent)
        else:
            text = slot.text.fill({})
            check_text(self.template, plan, text, self.findings, InkRoom.of(self.template, self.elements))
            self.parts.add("fixed_text", self.parts.fixed_texts, (plan, text), extent)

    def _add_shape(self, item: PlacedElement, slot: VariableSlot) -> None:
        printer = self.grid.printer
        # Edges go to the nearest dot.
        extent = grown(item.rect, 1 / printer.scaled_dots_per_mm_x, 1 / printer.scaled_dots_per_mm_y)
        if slot.when:
            self.parts.add_conditional(item, slot, extent)
        else:
            self.parts.add("fixed_shape", self.parts.fixed_shapes, item, extent)

    def layout(self, sample_mark: bool, units_per_package: int) -> PageLayout:
        """The whole plan: a SAMPLE mark comes last, so that nothing hides it."""
        parts, drawables = self.parts, list(self.parts.drawables)
        if sample_mark and (area := self.template.definition.sample):
            drawables.append(Drawable("sample", 0, Rect(area.x, area.y, area.width, area.height)))
        return PageLayout(
            self.template,
            self.grid,
            sample_mark,
            units_per_package,
            self.symbol,
            tuple(parts.codes),
            tuple(parts.texts),
            tuple(parts.fixed_texts),
            tuple(parts.shapes),
            tuple(parts.fixed_shapes),
            tuple(parts.conditions),
            tuple(drawables),
        )


def _code_area(template: LoadedTemplate, item: PlacedElement, element: TextCode) -> Rect:
    """What an element leaves its code, the caption taken off."""
    x, y, width, height = item.rect
    if not isinstance(element, Bars) or element.caption == "none":
        return item.rect
    caption = caption_height(template, element)
    # The caption's side turns with the bars: its top edge becomes the right one, then the bottom, then the left.
    turn = (("below", "above").index(element.caption) * 2 + element.rotate // 90) % 4
    side = ("bottom", "left", "top", "right")[turn]
    if side in ("top", "bottom"):
        return Rect(x, y + caption if side == "top" else y, width, height - caption)
    return Rect(x + caption if side == "left" else x, y, width - caption, height)


def _caption_text(element: LinearCode) -> CompiledText:
    """The plain text of bars: their prefix, and what they encode."""
    source = element.text
    if isinstance(element, EanUpc) and source == "{code}":
        source = "{code:groups}"
    compiled = compile_text(source)
    return CodeCaption(compiled.source, compiled.tokens, element)
