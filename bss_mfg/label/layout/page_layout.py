"""Template + printer -> a plan in whole printer dots. Everything that can't be printed right is found here.

Each module is a whole number of dots wide and high and starts on the printer's dot grid: a symbol that does not gains
or loses dots and still decodes, so no decoder would tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.errors import InputError
from bss_mfg.label.layout.checks import DesignFindings, check_areas, check_contrast
from bss_mfg.label.layout.geometry import PlacedElement, caption_height, place_elements
from bss_mfg.label.layout.texts import TextPlan, check_text
from bss_mfg.label.template.expressions import CompiledText, Condition, Values, compile_condition, compile_text
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.template import (
    Bars,
    Box,
    Code128,
    DataMatrix,
    EanUpc,
    Image,
    Line,
    Qr,
    TextElement,
    carries_payload,
)
from bss_mfg.model import Rect, Stage
from bss_mfg.symbol import Matrix, linear_barcode, qr

FillOrder = Literal["rows", "columns", "snake"]
"""The order in which the labels of a page are filled: row by row, column by column, or row by row and back again."""

MIN_DOTS = 2
"""A module has at least 2x2 printer dots; a bar at least 2 dots."""


@dataclass(frozen=True, slots=True)
class VariableSlot:
    """What changes from label to label at one place: its text, its condition, the unit (from 0) it speaks of."""

    text: CompiledText
    when: Condition | None
    unit: int | None


@dataclass(frozen=True, slots=True)
class SymbolPlan:
    """How a matrix is drawn: columns and rows of modules, dots per module in x and y, quiet zone in modules, and per
    cell the dot (from the page's top left) where its first module starts."""

    columns: int
    rows: int
    module_dots_x: int
    module_dots_y: int
    quiet_zone: int
    origins: tuple[tuple[int, int], ...]

    @property
    def modules(self) -> int:
        """Modules on a side of a square symbol."""
        return self.columns


@dataclass(frozen=True, slots=True)
class CodePlan:
    """A QR Code or bars: drawn in `area` (mm on the label, caption excluded) once its modules are known."""

    placed: PlacedElement
    slot: VariableSlot
    area: Rect

    def matrix(self, text: str) -> Matrix:
        """The modules of a text, before rotation."""
        element = self.placed.element
        if isinstance(element, Qr):
            return qr(text)
        return linear_barcode("code-128" if isinstance(element, Code128) else "ean-upc", text)


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The plan of a page. `cells` are the labels' top left corners in mm on the page, printer offset included, in the
    order in which they are filled; `grid` says the row and column of each, from 0."""

    template: LoadedTemplate
    printer: Printer
    sample_mark: bool
    units_per_package: int
    page_dots: tuple[int, int]
    places: tuple[tuple[float, float], ...]
    rows_and_columns: tuple[tuple[int, int], ...]
    symbol: SymbolPlan | None
    codes: tuple[CodePlan, ...]
    texts: tuple[tuple[VariableSlot, TextPlan], ...]
    fixed_texts: tuple[tuple[TextPlan, str], ...]
    shapes: tuple[PlacedElement, ...]
    fixed_shapes: tuple[PlacedElement, ...]
    conditions: tuple[VariableSlot, ...]

    @property
    def page_points(self) -> tuple[float, float]:
        """Page box in points: whole dots less a hair, so that no rasteriser adds a row and stretches the page."""
        width, height = self.page_dots
        return (
            width / self.printer.dots_per_mm_x * POINTS_PER_MM - 0.002,
            height / self.printer.dots_per_mm_y * POINTS_PER_MM - 0.002,
        )

    def symbol_boxes(self) -> tuple[Rect, ...]:
        """The symbols' boxes on the page, in mm, without quiet zone, in reading order. Bars have
        the box that they may fill; a label without symbol is known by its own box."""
        plan, x_scale, y_scale = self.symbol, self.printer.dots_per_mm_x, self.printer.dots_per_mm_y
        if plan is None:
            media = self.template.definition.media
            whole = Rect(0.0, 0.0, media.label_width, media.label_height)
            areas = (code.area for code in self.codes if carries_payload(code.placed.element))
            left, top, width, height = next(areas, whole)
            return tuple(Rect(round(x + left, 3), round(y + top, 3), width, height) for x, y in self.places)
        return tuple(
            Rect(
                round(x / x_scale, 3),
                round(y / y_scale, 3),
                round(plan.columns * plan.module_dots_x / x_scale, 3),
                round(plan.rows * plan.module_dots_y / y_scale, 3),
            )
            for x, y in plan.origins
        )

    @property
    def x_dimension_mm(self) -> float:
        """Width of a module in mm as printed; 0 where there is no Data Matrix."""
        return self.symbol.module_dots_x / self.printer.scaled_dots_per_mm_x if self.symbol else 0.0

    def with_constants(self, constants: Values) -> PageLayout:
        """The layout with all texts and conditions filled in that are the same on every label of a run."""
        known = constants.keys()
        texts: list[tuple[VariableSlot, TextPlan]] = []
        fixed = list(self.fixed_texts)
        for slot, plan in self.texts:
            names = slot.text.names | ({slot.when.name} if slot.when else frozenset())
            if slot.unit is not None or not names <= known:
                texts.append((slot, plan))
            elif not slot.when or slot.when.holds(constants):
                fixed.append((plan, slot.text.fill(constants)))
        return replace(self, texts=tuple(texts), fixed_texts=tuple((plan, text) for plan, text in fixed if text))

    def check_code(self, plan: CodePlan, text: str, findings: DesignFindings) -> None:
        """Note where a code's text can't be drawn or does not fit."""
        try:
            matrix = plan.matrix(text)
        except InputError as error:
            findings.error(plan.placed.index, error.what, error.way_out, "text")
            return
        plan_code(self.template, plan, matrix, self.printer, self.places, findings)

    def fit_code(self, plan: CodePlan, matrix: Matrix) -> SymbolPlan:
        """The plan of a QR Code or bars once their size is known."""
        findings = DesignFindings(self.template)
        found = plan_code(self.template, plan, matrix, self.printer, self.places, findings)
        findings.refuse()
        return found


def lay_out(
    loaded: LoadedTemplate,
    printer: Printer,
    modules: int,
    stage: Stage,
    units_per_package: int = 1,
    findings: DesignFindings | None = None,
    order: FillOrder = "rows",
) -> PageLayout:
    """Plan the labels for Data Matrix symbols of `modules` modules a side (0: the packages have a Code 128 instead) and
    packages of `units` units.

    `InputError` names the element that can't be printed and what would do; with `issues`, they are collected there
    instead, for a preview.
    """
    collected = DesignFindings(loaded) if findings is None else findings
    media = loaded.definition.media
    page_width, page_height = media.size
    page_dots = (round(page_width * printer.dots_per_mm_x), round(page_height * printer.dots_per_mm_y))
    grid = _fill_sequence(media.rows, media.columns, order)
    places = tuple(
        (
            (media.margin_left + column * media.step_x) * printer.scale_x + printer.offset_x_mm,
            (media.margin_top + row * media.step_y) * printer.scale_y + printer.offset_y_mm,
        )
        for row, column in grid
    )
    placed = place_elements(loaded, units_per_package)
    check_areas(loaded, placed, printer, stage, collected)
    symbol: SymbolPlan | None = None
    codes: list[CodePlan] = []
    texts: list[tuple[VariableSlot, TextPlan]] = []
    fixed_texts: list[tuple[TextPlan, str]] = []
    shapes: list[PlacedElement] = []
    fixed_shapes: list[PlacedElement] = []
    conditions: list[VariableSlot] = []
    for item in placed:
        element = item.element
        slot = VariableSlot(
            compile_text(getattr(element, "text", "")),
            compile_condition(element.when) if element.when else None,
            item.unit,
        )
        if isinstance(element, DataMatrix) and modules == 0:
            collected.error(
                item.index,
                "the packages have a Code 128 and no Data Matrix, by the product's spec",
                'Choose a template that has a code-128 with text = "{payload}" instead, such as bars-70x40.',
            )
        elif isinstance(element, DataMatrix):
            check_contrast(loaded, item, placed, collected)
            symbol = plan_symbol(
                loaded, item.index, element, item.rect, (modules, modules), 0, printer, places, collected
            )
        elif isinstance(element, (Qr, Bars)):
            if modules and loaded.definition.each == "package" and carries_payload(element):
                collected.error(
                    item.index,
                    "the packages have a Data Matrix and no Code 128, by the product's spec",
                    "Choose a template with an element of kind data-matrix.",
                )
            codes.append(_code(loaded, item, slot))
            if isinstance(element, Bars) and element.caption != "none":
                texts.append(_caption(loaded, item, slot))
        elif isinstance(element, TextElement):
            plan = TextPlan.of(loaded, item)
            if slot.text.dynamic or slot.when:
                texts.append((slot, plan))
            else:
                check_text(loaded, plan, element.text, collected)
                fixed_texts.append((plan, element.text))
        elif isinstance(element, (Line, Box, Image)):
            if slot.when:
                shapes.append(item)
                conditions.append(slot)
            else:
                fixed_shapes.append(item)
    if findings is None:
        collected.refuse()
    return PageLayout(
        loaded,
        printer,
        stage == "development",
        units_per_package,
        page_dots,
        places,
        grid,
        symbol,
        tuple(codes),
        tuple(texts),
        tuple(fixed_texts),
        tuple(shapes),
        tuple(fixed_shapes),
        tuple(conditions),
    )


def _fill_sequence(rows: int, columns: int, order: FillOrder) -> tuple[tuple[int, int], ...]:
    if order == "columns":
        return tuple((row, column) for column in range(columns) for row in range(rows))
    back = order == "snake"
    return tuple(
        (row, columns - 1 - column if back and row % 2 else column) for row in range(rows) for column in range(columns)
    )


def _code(loaded: LoadedTemplate, item: PlacedElement, slot: VariableSlot) -> CodePlan:
    element, (x, y, width, height) = item.element, item.rect
    room = caption_height(loaded, element) if isinstance(element, Bars) else 0.0
    if isinstance(element, Bars) and room:
        # The caption's side turns with the bars: its top edge becomes the right one, then the bottom, then the left.
        turn = (("below", "above").index(element.caption) * 2 + element.rotate // 90) % 4
        side = ("bottom", "left", "top", "right")[turn]
        if side in ("top", "bottom"):
            y, height = (y + room if side == "top" else y), height - room
        else:
            x, width = (x + room if side == "left" else x), width - room
    return CodePlan(item, slot, Rect(x, y, width, height))


def _caption(loaded: LoadedTemplate, item: PlacedElement, slot: VariableSlot) -> tuple[VariableSlot, TextPlan]:
    element = item.element
    assert isinstance(element, Bars)  # noqa: S101  (for the type checker)
    source = "{code:groups}" if isinstance(element, EanUpc) and element.text == "{code}" else element.text
    plan = TextPlan.caption(loaded, item, element)
    return replace(slot, text=compile_text(element.prefix.replace("{", "").replace("}", "") + source)), plan


def plan_code(
    loaded: LoadedTemplate,
    plan: CodePlan,
    matrix: Matrix,
    printer: Printer,
    places: Sequence[tuple[float, float]],
    findings: DesignFindings,
) -> SymbolPlan:
    """The largest whole-dot modules at which a QR Code or bars fit their place."""
    element = plan.placed.element
    assert isinstance(element, (Qr, Bars))  # noqa: S101  (for the type checker)
    shape = (matrix.columns, matrix.rows)
    return plan_symbol(loaded, plan.placed.index, element, plan.area, shape, element.rotate, printer, places, findings)


def plan_symbol(
    loaded: LoadedTemplate,
    index: int,
    element: DataMatrix | Qr | Bars,
    rect: Rect,
    shape: tuple[int, int],
    rotate: int,
    printer: Printer,
    places: Sequence[tuple[float, float]],
    findings: DesignFindings,
) -> SymbolPlan:
    """The largest whole-dot module within the element's range that fits its place, on both axes."""
    low, high = element.x_dimension
    columns, rows = shape
    linear = rows == 1
    turned = linear and rotate in (90, 270)
    grid_x, grid_y = printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y
    along, across = (grid_y, grid_x) if turned else (grid_x, grid_y)
    x, y, width, height = rect
    room_along, room_across = (height, width) if turned else (width, height)
    if not 0 < low <= high:
        findings.error(
            index, f"the x_dimension range {low:g} to {high:g} mm is empty", "Give [smallest, largest].", "x_dimension"
        )
        high = low = max(low, high, 0.25)
    total = columns + 2 * element.quiet_zone
    dots = min(int(high * along + 1e-6), int(room_along * along / total + 1e-6))
    # On a printer with other dots in y, the height is the nearest whole number of its dots, within range and room.
    other = 0 if linear else max(round(dots / along * across), 1)
    while not linear and dots > 1 and (other / across > high + 1e-6 or other * total > room_across * across + 1e-6):
        if other > 1 and abs((other - 1) / across - dots / along) <= 1 / across:
            other -= 1
        else:
            dots -= 1
            other = max(round(dots / along * across), 1)
    smallest = dots / along if linear else min(dots / along, other / across)
    if dots < MIN_DOTS or (not linear and other < MIN_DOTS) or smallest < low - 1e-6:
        needed = max(-(-low * along // 1), MIN_DOTS)
        side = needed / along * total
        what = f"{columns} modules" if linear else f"{columns}x{rows} modules"
        if needed / along > high + 1e-6:
            way_out = (
                f"No whole number of this printer's dots from {MIN_DOTS} up lies within {low:g} to {high:g} mm: widen "
                f"x_dimension to {needed / along:.3f} mm."
            )
        else:
            way_out = f"{'A width' if linear else 'A square'} of {side:.1f} mm would do, or " + (
                "a shorter text." if linear else "fewer units in a package."
            )
        findings.error(
            index,
            f"a symbol of {what} with a quiet zone of {element.quiet_zone} does not fit {room_along:g} mm at "
            f"{printer.name} ({along:.4g} dots/mm): the module would have {dots} dots ({dots / along:.3f} mm), at "
            f"least {low:g} mm and {MIN_DOTS} dots are wanted",
            way_out,
        )
        dots, other = max(dots, 1), max(other, 1)
    if linear:
        other = int(room_across * across + 1e-6)
        if other < MIN_DOTS:
            findings.error(index, "no height is left for the bars", "Make the element higher, or its caption smaller.")
            other = 1
    dots_x, dots_y = (other, dots) if turned else (dots, other)
    columns, rows = (rows, columns) if turned else (columns, rows)
    origins = tuple(
        (
            round(cell_x * printer.dots_per_mm_x + (x + width / 2) * grid_x - columns * dots_x / 2),
            round(cell_y * printer.dots_per_mm_y + (y + height / 2) * grid_y - rows * dots_y / 2),
        )
        for cell_x, cell_y in places
    )
    page = [
        round(edge * dots)
        for edge, dots in zip(loaded.definition.media.size, (printer.dots_per_mm_x, printer.dots_per_mm_y), strict=True)
    ]
    if any(
        left < 0 or top < 0 or left + columns * dots_x > page[0] or top + rows * dots_y > page[1]
        for left, top in origins
    ):
        findings.error(
            index,
            f"the printer's offset of {printer.offset_x_mm:g}, {printer.offset_y_mm:g} mm and scale push the symbol "
            "over the edge of the media",
            "Move the element inwards, or correct the printer's offset.",
        )
    return SymbolPlan(columns, rows, dots_x, dots_y, element.quiet_zone, origins)
