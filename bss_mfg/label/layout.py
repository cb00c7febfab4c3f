"""Template + printer -> a plan in whole printer dots. Everything that can't be printed right is refused here.

Each module is a whole number of dots wide and high and starts on the printer's dot grid: a symbol that does not gains
or loses dots and still decodes, so no decoder would tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bss_mfg.errors import InputError
from bss_mfg.label.fonts import font
from bss_mfg.label.printer import POINTS_PER_MM, Printer
from bss_mfg.label.template import Box, DataMatrix, Line, LoadedTemplate, Qr, TextElement
from bss_mfg.model import Package, Stage

MIN_DOTS = 2
"""A module has at least 2x2 printer dots."""

Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SymbolPlan:
    """How a matrix is drawn: dots per module in x and y, quiet zone in modules, and per cell the dot (from the page's
    top left) where its first module starts."""

    modules: int
    dots_x: int
    dots_y: int
    quiet_zone: int
    origins: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TextPlan:
    """A text to draw: font, size in points, anchor in
    points from the label's top left (y down is negative, at the top of the capitals), room in points."""

    element: int
    text: str
    font: str
    size: float
    min_size: float
    align: str
    x: float
    y: float
    cap_height: float
    room: float

    def fitted(self, text: str) -> tuple[float, float]:
        """(size in points, width in points) at which `text` fits its room, never below the smallest size."""
        width = font(self.font).width(text, 1)
        size = self.size
        if width * size > self.room:
            size = max(int(self.room / width * 20) / 20, self.min_size)
        return size, width * size


@dataclass(frozen=True, slots=True)
class Layout:
    """The plan of a page. `cells` are the labels' top left corners in mm, printer offset included."""

    template: LoadedTemplate
    printer: Printer
    sample: bool
    page_dots: tuple[int, int]
    cells: tuple[tuple[float, float], ...]
    symbol: SymbolPlan
    codes: tuple[tuple[str, DataMatrix | Qr, SymbolPlan], ...]
    texts: tuple[TextPlan, ...]
    fixed_texts: tuple[TextPlan, ...]

    @property
    def page_points(self) -> tuple[float, float]:
        """Page box in points: whole dots less a hair, so that no rasteriser adds a row and stretches the page."""
        width, height = self.page_dots
        return (
            width / self.printer.dots_per_mm_x * POINTS_PER_MM - 0.002,
            height / self.printer.dots_per_mm_y * POINTS_PER_MM - 0.002,
        )

    def symbol_boxes(self) -> tuple[Rect, ...]:
        """The symbols' boxes on the page (x, y, width, height in mm, without quiet zone), in reading order."""
        plan, x_scale, y_scale = self.symbol, self.printer.dots_per_mm_x, self.printer.dots_per_mm_y
        return tuple(
            (
                round(x / x_scale, 3),
                round(y / y_scale, 3),
                round(plan.modules * plan.dots_x / x_scale, 3),
                round(plan.modules * plan.dots_y / y_scale, 3),
            )
            for x, y in plan.origins
        )

    @property
    def x_dimension_mm(self) -> float:
        """Width of a module in mm."""
        return self.symbol.dots_x / self.printer.dots_per_mm_x


def lay_out(loaded: LoadedTemplate, printer: Printer, modules: int, stage: Stage) -> Layout:
    """Plan the labels for symbols of `modules` modules a side; `InputError` names the element that does not fit."""
    template, media = loaded.template, loaded.template.media
    page_width, page_height = media.size
    page_dots = (round(page_width * printer.dots_per_mm_x), round(page_height * printer.dots_per_mm_y))
    cells = tuple(
        (
            media.margin_left + column * media.step_x + printer.offset_x_mm,
            media.margin_top + row * media.step_y + printer.offset_y_mm,
        )
        for row in range(media.rows)
        for column in range(media.columns)
    )
    if stage == "development" and template.sample is None:
        raise InputError(
            "the template has no [sample] area, and labels of a development product must carry a SAMPLE mark",
            where=loaded.document.name,
            way_out="Add [sample] with x, y, width and height in mm, away from the symbol.",
        )
    _check_areas(loaded)
    codes: list[tuple[str, DataMatrix | Qr, SymbolPlan]] = []
    texts: list[TextPlan] = []
    fixed: list[TextPlan] = []
    symbol: SymbolPlan | None = None
    for index, element in enumerate(template.element):
        if isinstance(element, DataMatrix):
            symbol = _plan_symbol(loaded, index, element, modules, printer, cells)
        elif isinstance(element, Qr):
            codes.append((element.text, element, _plan_symbol(loaded, index, element, 0, printer, cells)))
        elif isinstance(element, TextElement):
            plan = _plan_text(index, element)
            if element.dynamic:
                texts.append(plan)
            else:
                _check_text(loaded, plan, element.text)
                fixed.append(plan)
    if symbol is None:
        raise ValueError("a template has a symbol")
    return Layout(
        loaded, printer, stage == "development", page_dots, cells, symbol, tuple(codes), tuple(texts), tuple(fixed)
    )


def _plan_symbol(
    loaded: LoadedTemplate,
    index: int,
    element: DataMatrix | Qr,
    modules: int,
    printer: Printer,
    cells: Sequence[tuple[float, float]],
) -> SymbolPlan:
    """The largest whole-dot module within the element's range that fits its square. A QR's modules vary (0)."""
    low, high = element.x_dimension
    where = loaded.document.where(("element", index))
    if not 0 < low <= high:
        raise InputError(
            f"the x_dimension range {low:g} to {high:g} mm is empty", where=where, way_out="Give [smallest, largest]."
        )
    total = modules + 2 * element.quiet_zone
    dots = 0
    if modules:
        dots = min(int(high * printer.dots_per_mm_x + 1e-6), int(element.size * printer.dots_per_mm_x / total + 1e-6))
        if dots < MIN_DOTS or dots / printer.dots_per_mm_x < low - 1e-6:
            needed = max(-(-low * printer.dots_per_mm_x // 1), MIN_DOTS)
            side = needed / printer.dots_per_mm_x * total
            raise InputError(
                f"a symbol of {modules}x{modules} modules with a quiet zone of {element.quiet_zone} does not fit "
                f"{element.size:g} mm at {printer.name}: the module would have {dots} dots "
                f"({dots / printer.dots_per_mm_x:.3f} mm), at least {low:g} mm and {MIN_DOTS} dots are wanted",
                where=where,
                way_out=f"A square of {side:.1f} mm would do, or fewer units in a package, or a finer printer.",
            )
    # On a printer with other dots in y, the height is the nearest whole number of its dots.
    dots_y = max(round(dots / printer.dots_per_mm_x * printer.dots_per_mm_y), 1) if dots else 0
    origins = tuple(
        (
            round((x + element.x + element.size / 2) * printer.dots_per_mm_x - modules * dots / 2),
            round((y + element.y + element.size / 2) * printer.dots_per_mm_y - modules * dots_y / 2),
        )
        for x, y in cells
    )
    return SymbolPlan(modules, dots, dots_y, element.quiet_zone, origins)


def fit_qr(layout: Layout, element: DataMatrix | Qr, plan: SymbolPlan, modules: int) -> SymbolPlan:
    """The plan of a QR Code once its size is known."""
    index = layout.template.template.element.index(element)
    return _plan_symbol(layout.template, index, element, modules, layout.printer, layout.cells)


def _plan_text(index: int, element: TextElement) -> TextPlan:
    anchor = {"left": element.x, "center": element.x + element.width / 2, "right": element.x + element.width}
    return TextPlan(
        index,
        element.text,
        element.font,
        element.size,
        min(element.min_size or element.size, element.size),
        element.align,
        anchor[element.align] * POINTS_PER_MM,
        -element.y * POINTS_PER_MM,
        font(element.font).cap_height,
        element.width * POINTS_PER_MM,
    )


def _check_text(loaded: LoadedTemplate, plan: TextPlan, text: str) -> None:
    """Refuse a text that is too wide or has a character without glyph."""
    face = font(plan.font)
    where = loaded.document.where(("element", plan.element, "text"))
    if missing := face.missing(text):
        codes = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in missing[:5])
        raise InputError(
            f"the font {plan.font!r} has no glyph for {codes} in {text[:60]!r}",
            where=where,
            way_out="The bundled fonts cover Latin, Greek and Cyrillic; change the text.",
        )
    _, width = plan.fitted(text)
    if width > plan.room + 0.05:
        fitting = int(plan.min_size * plan.room / width * 10) / 10
        raise InputError(
            f"the text {text[:80]!r} is {width / POINTS_PER_MM:.1f} mm wide at {plan.min_size:g} points, its "
            f"place {plan.room / POINTS_PER_MM:.1f} mm",
            where=where,
            way_out=f"{fitting:g} points would fit: set size or min_size, widen the element, or shorten the text.",
        )


def check_texts(layout: Layout, texts: Sequence[str]) -> None:
    """Refuse the dynamic texts of one label that can't be printed."""
    for plan, text in zip(layout.texts, texts, strict=True):
        _check_text(layout.template, plan, text)


def values_of(package: Package, batch_id: str, packages: int, facts: dict[str, str]) -> dict[str, str]:
    """What the placeholders of a label stand for."""
    return {
        "serial": package.units[0].serial,
        "serials": package.serials,
        "uuid": str(package.units[0].uuid).upper(),
        "mac": package.units[0].mac or "",
        "batch": batch_id,
        "package": str(package.number),
        "packages": str(packages),
        "units": str(len(package.units)),
        **{name: facts.get(name, "") for name in ("title", "pid", "upc", "ean", "code")},
    }


def _check_areas(loaded: LoadedTemplate) -> None:
    """Everything lies inside the label, and nothing touches a symbol or its quiet zone."""
    template, media = loaded.template, loaded.template.media
    areas: list[tuple[str, Rect, bool]] = []
    for index, element in enumerate(template.element):
        where = loaded.document.where(("element", index))
        if isinstance(element, (DataMatrix, Qr)):
            rect = element.box
        elif isinstance(element, TextElement):
            rect = (element.x, element.y, element.width, font(element.font).cap_height * element.size / POINTS_PER_MM)
        elif isinstance(element, Line):
            rect = (
                min(element.x, element.x2) - element.thickness / 2,
                min(element.y, element.y2) - element.thickness / 2,
                abs(element.x2 - element.x) + element.thickness,
                abs(element.y2 - element.y) + element.thickness,
            )
        else:
            rect = (element.x, element.y, element.width, element.height)
        areas.append((where, rect, isinstance(element, Box) and not element.fill))
    if template.sample:
        sample = template.sample
        rect = (sample.x, sample.y, sample.width, sample.height)
        areas.append((loaded.document.where(("sample",)), rect, False))
    for where, (x, y, width, height), _ in areas:
        if x < -0.01 or y < -0.01 or x + width > media.label_width + 0.01 or y + height > media.label_height + 0.01:
            raise InputError(
                f"reaches {x + width:.1f} x {y + height:.1f} mm, outside the label of {media.label_width:g} x "
                f"{media.label_height:g} mm",
                where=where,
                way_out="Move it or make it smaller.",
            )
    for index, element in enumerate(template.element):
        if not isinstance(element, (DataMatrix, Qr)):
            continue
        for other, (where, rect, outline) in enumerate(areas):
            if other != index and _overlap(rect, element.box) and not (outline and _inside(element.box, rect)):
                raise InputError(
                    f"lies on the {element.kind} symbol or its quiet zone ({element.x:g}, {element.y:g}, "
                    f"{element.size:g} x {element.size:g} mm)",
                    where=where,
                    way_out="Move one of them.",
                )


def _overlap(a: Rect, b: Rect) -> bool:
    return (
        a[0] < b[0] + b[2] - 1e-6
        and b[0] < a[0] + a[2] - 1e-6
        and a[1] < b[1] + b[3] - 1e-6
        and b[1] < a[1] + a[3] - 1e-6
    )


def _inside(inner: Rect, outer: Rect) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[0] + inner[2] <= outer[0] + outer[2]
        and inner[1] + inner[3] <= outer[1] + outer[3]
    )
