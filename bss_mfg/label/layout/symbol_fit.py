"""The largest whole-dot modules at which a symbol fits its room on a label.

Each module is a whole number of dots wide and high and starts on the printer's dot grid: a symbol that does not gains
or loses dots and still decodes, so no decoder would tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.page_grid import PageGrid
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.symbol_elements import Anchor
from bss_mfg.model import Rect

MIN_DOTS = 2
"""A module has at least 2x2 printer dots; a bar at least 2 dots."""
_HAIR = 1e-6
"""What binary fractions may be off, in mm or dots."""


@dataclass(frozen=True, slots=True)
class SymbolPlan:
    """How a matrix is drawn: columns and rows of modules, dots per module in x and y, quiet zone in modules, and for
    each place of the page the dot (from the page's top left) where its first module starts."""

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
class SymbolRoom:
    """What a symbol needs and the room that it has: `columns` x `rows` modules before rotation (bars are one row), in
    `rect` on the label (mm, quiet zone included, rotation applied), each module within `x_dimension` (mm).

    `quiet_zone` is in modules, after the last column `quiet_after` where that differs; `modules_below` is what bars
    leave to the digits below them, in modules; `anchor`: where in its room a symbol lies with its quiet zones."""

    element_index: int
    rect: Rect
    columns: int
    rows: int
    x_dimension: tuple[float, float]
    quiet_zone: int
    rotate: int = 0
    quiet_after: int | None = None
    modules_below: float = 0.0
    anchor: Anchor = "center"

    @property
    def is_linear(self) -> bool:
        """Whether the symbol is bars, which are as high as their room."""
        return self.rows == 1

    @property
    def is_turned(self) -> bool:
        """Whether rows run down the label instead of across; of a square it makes no difference."""
        return self.columns != self.rows and self.rotate in (90, 270)

    @property
    def after(self) -> int:
        """Modules kept free after the last column."""
        return self.quiet_zone if self.quiet_after is None else self.quiet_after

    @property
    def modules_along(self) -> int:
        """Modules of a row with its quiet zones."""
        return self.quiet_zone + self.columns + self.after

    @property
    def modules_across(self) -> int:
        """Modules of a column with its quiet zones."""
        return self.rows + 2 * self.quiet_zone


@dataclass(frozen=True, slots=True)
class _Axes:
    """The room along the symbol's rows and across them: dots/mm and mm."""

    density_along: float
    density_across: float
    room_along: float
    room_across: float

    @classmethod
    def of(cls, room: SymbolRoom, printer: Printer) -> _Axes:
        density_x, density_y = printer.scaled_dots_per_mm_x, printer.scaled_dots_per_mm_y
        if room.is_turned:
            return cls(density_y, density_x, room.rect.height, room.rect.width)
        return cls(density_x, density_y, room.rect.width, room.rect.height)


@dataclass(frozen=True, slots=True)
class _ModuleDots:
    """Dots of a module along the symbol's rows and across them; across, 0 for bars as long as their height is open."""

    along: int
    across: int


def fit_symbol(room: SymbolRoom, grid: PageGrid, findings: DesignFindings) -> SymbolPlan:
    """The largest whole-dot module within the room's range that fits it, on both axes."""
    axes = _Axes.of(room, grid.printer)
    smallest, largest = _module_range(room, findings)
    dots = _whole_dots(room, axes, largest)
    if _is_too_small(room, axes, dots, smallest):
        _refuse_small(room, axes, dots, (smallest, largest), grid.printer, findings)
        dots = _ModuleDots(max(dots.along, 1), max(dots.across, 1))
    if room.is_linear:
        dots = _ModuleDots(dots.along, _bar_height(room, axes, dots.along, findings))
    plan = _place_symbol(room, dots, axes, grid)
    _check_on_media(room, plan, grid, findings)
    return plan


def _module_range(room: SymbolRoom, findings: DesignFindings) -> tuple[float, float]:
    """The smallest and the largest module in mm."""
    low, high = room.x_dimension
    if 0 < low <= high:
        return low, high
    findings.error(
        DesignFindingKind.EMPTY_X_DIMENSION,
        room.element_index,
        phrase("the x_dimension range {low:g} to {high:g} mm is empty", low=low, high=high),
        phrase("Give [smallest, largest]."),
        "x_dimension",
    )
    one = max(low, high, 0.25)
    return one, one


def _whole_dots(room: SymbolRoom, axes: _Axes, largest: float) -> _ModuleDots:
    """The most dots a module can have, down to 0 where there is no room."""
    modules = room.modules_along
    along = min(int(largest * axes.density_along + _HAIR), int(axes.room_along * axes.density_along / modules + _HAIR))
    if room.is_linear:
        return _ModuleDots(along, 0)
    # On a printer with other dots in y, the height is the nearest whole number of its dots, within range and room.
    across = _nearest_square(along, axes)
    while along > 1 and (
        across / axes.density_across > largest + _HAIR
        or across * room.modules_across > axes.room_across * axes.density_across + _HAIR
    ):
        difference = (across - 1) / axes.density_across - along / axes.density_along
        if across > 1 and abs(difference) <= 1 / axes.density_across:
            across -= 1
        else:
            along -= 1
            across = _nearest_square(along, axes)
    return _ModuleDots(along, across)


def _nearest_square(along: int, axes: _Axes) -> int:
    """The dots across that come nearest to a square module."""
    return max(round(along / axes.density_along * axes.density_across), 1)


def _is_too_small(room: SymbolRoom, axes: _Axes, dots: _ModuleDots, smallest: float) -> bool:
    side = dots.along / axes.density_along
    if room.is_linear:
        return dots.along < MIN_DOTS or side < smallest - _HAIR
    side = min(side, dots.across / axes.density_across)
    return dots.along < MIN_DOTS or dots.across < MIN_DOTS or side < smallest - _HAIR


def _refuse_small(
    room: SymbolRoom,
    axes: _Axes,
    dots: _ModuleDots,
    module_range: tuple[float, float],
    printer: Printer,
    findings: DesignFindings,
) -> None:
    """Note that the modules would be too small, with the room that would do."""
    smallest, largest = module_range
    density = axes.density_along
    needed = max(-(-smallest * density // 1), MIN_DOTS)
    if needed / density > largest + _HAIR:
        way_out = phrase(
            "No whole number of this printer's dots from {least} up lies within {smallest:g} to {largest:g} mm: widen "
            "x_dimension to {needed} mm.",
            least=MIN_DOTS,
            smallest=smallest,
            largest=largest,
            needed=f"{needed / density:.3f}",
        )
    else:
        way_out = _room_that_would_do(room, needed / density)
    modules = (
        phrase("{columns} modules", columns=room.columns)
        if room.is_linear
        else phrase("{columns}x{rows} modules", columns=room.columns, rows=room.rows)
    )
    findings.error(
        DesignFindingKind.MODULES_TOO_SMALL,
        room.element_index,
        phrase(
            "a symbol of {modules} with a quiet zone of {quiet_zone} does not fit {room:g} mm at {printer} "
            "({density:.4g} dots/mm): the module would have {dots} dots ({module:.3f} mm), and needs at least "
            "{smallest:g} mm and {least} dots",
            modules=modules,
            quiet_zone=room.quiet_zone,
            room=axes.room_along,
            printer=printer.name,
            density=density,
            dots=dots.along,
            module=dots.along / density,
            smallest=smallest,
            least=MIN_DOTS,
        ),
        way_out,
    )


def _room_that_would_do(room: SymbolRoom, module: float) -> Phrase:
    side, height = f"{module * room.modules_along:.1f}", f"{module * room.modules_across:.1f}"
    if room.columns == room.rows:
        return phrase("A square of {side} mm would do, or fewer units in a package.", side=side)
    if room.is_linear:
        return phrase("A width of {side} mm would do, or a shorter text.", side=side)
    return phrase(
        "A width of {side} mm and a height of {height} mm would do, or a shorter text.", side=side, height=height
    )


def _dots_below(room: SymbolRoom, axes: _Axes, along: int) -> float:
    """What bars leave below them, in dots."""
    return room.modules_below * along / axes.density_along * axes.density_across


def _bar_height(room: SymbolRoom, axes: _Axes, along: int, findings: DesignFindings) -> int:
    """How many dots high bars are: as high as their room, but for what they leave below."""
    height = int(axes.room_across * axes.density_across - _dots_below(room, axes, along) + _HAIR)
    if height >= MIN_DOTS:
        return height
    findings.error(
        DesignFindingKind.NO_BAR_HEIGHT,
        room.element_index,
        phrase("no height is left for the bars"),
        phrase("Make the element higher, or its caption smaller."),
    )
    return 1


def _place_symbol(room: SymbolRoom, dots: _ModuleDots, axes: _Axes, grid: PageGrid) -> SymbolPlan:
    """The symbol with its quiet zones at its anchor in the room, on the dot grid, at each place of the page."""
    printer, (x, y, width, height) = grid.printer, _anchored(room, dots, axes)
    columns, rows, dots_x, dots_y = room.columns, room.rows, dots.along, dots.across
    # How far its middle lies before the room's, along its rows and across them, in dots.
    along = (room.after - room.quiet_zone) * dots.along / 2
    across = _dots_below(room, axes, dots.along) / 2
    if room.is_turned:
        columns, rows, dots_x, dots_y = rows, columns, dots_y, dots_x
    before_x, before_y = {0: (along, across), 90: (-across, along), 180: (-along, -across), 270: (across, -along)}[
        room.rotate
    ]
    middle_x = (x + width / 2) * printer.scaled_dots_per_mm_x - before_x
    middle_y = (y + height / 2) * printer.scaled_dots_per_mm_y - before_y
    origins = tuple(
        (
            round(left * printer.dots_per_mm_x + middle_x - columns * dots_x / 2),
            round(top * printer.dots_per_mm_y + middle_y - rows * dots_y / 2),
        )
        for left, top in grid.places
    )
    return SymbolPlan(columns, rows, dots_x, dots_y, room.quiet_zone, origins)


def _anchored(room: SymbolRoom, dots: _ModuleDots, axes: _Axes) -> Rect:
    """The part of its room in whose middle a symbol lies."""
    x, y, width, height = room.rect
    taken_x = min(room.modules_along * dots.along / axes.density_along, axes.room_along)
    taken_y = min(room.modules_across * dots.across / axes.density_across, axes.room_across)
    if room.is_turned:
        taken_x, taken_y = taken_y, taken_x
    if "left" in room.anchor or "right" in room.anchor:
        x, width = (x if "left" in room.anchor else x + width - taken_x), taken_x
    if "top" in room.anchor or "bottom" in room.anchor:
        y, height = (y if "top" in room.anchor else y + height - taken_y), taken_y
    return Rect(x, y, width, height)


def _check_on_media(room: SymbolRoom, plan: SymbolPlan, grid: PageGrid, findings: DesignFindings) -> None:
    """The printer's own offset and scale leave the symbol on the media."""
    page_width, page_height = grid.page_dots
    width, height = plan.columns * plan.module_dots_x, plan.rows * plan.module_dots_y
    if all(
        left >= 0 and top >= 0 and left + width <= page_width and top + height <= page_height
        for left, top in plan.origins
    ):
        return
    printer = grid.printer
    findings.error(
        DesignFindingKind.OFF_MEDIA,
        room.element_index,
        phrase(
            "the printer's offset of {x:g}, {y:g} mm and scale push the symbol over the edge of the media",
            x=printer.offset_x_mm,
            y=printer.offset_y_mm,
        ),
        phrase("Move the element inwards, or correct the printer's offset."),
    )
