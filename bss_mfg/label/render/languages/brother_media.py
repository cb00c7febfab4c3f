"""Brother's media: where a page lies on the pins of a print head.

Raster Command References QL-800/810W/820NWB 1.01, QL-1100 1.00, PT-E550W/P750W/P710BT 1.01 and PT-P900 1.01, sections
2.3.2 "Page size" and 2.3.5 "Raster line": the printable dots of each medium, and the pins at the head's right that it
leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.errors import InputError
from bss_mfg.label.template.printer import Printer


@dataclass(frozen=True, slots=True)
class BrotherMedium:
    """A tape or a roll of labels: its size in mm (length 0: continuous), all its dots, those that can be printed, and
    the pins at the right that print none of them."""

    width_mm: int
    length_mm: int
    dots: tuple[int, int]
    printable: tuple[int, int]
    right_pins: int


_QL_CONTINUOUS = tuple(
    BrotherMedium(width, 0, (dots, 0), (printable, 0), right)
    for width, dots, printable, right in (
        (12, 142, 106, 29),
        (29, 342, 306, 6),
        (38, 449, 413, 12),
        (50, 590, 554, 12),
        (54, 636, 590, 0),
        (62, 732, 696, 12),
        (102, 1200, 1164, 12),
    )
)
_QL_LABELS = tuple(
    BrotherMedium(width, length, dots, (dots[0] - 36, dots[1] - 70), right)
    for width, length, dots, right in (
        (17, 54, (201, 636), 0),
        (17, 87, (201, 1026), 0),
        (29, 42, (342, 495), 6),
        (29, 90, (342, 1061), 6),
        (38, 90, (449, 1061), 12),
        (39, 48, (461, 565), 6),
        (52, 29, (614, 341), 0),
        (62, 29, (732, 341), 12),
        (62, 100, (732, 1179), 12),
        (102, 51, (1200, 596), 12),
    )
)
_TAPE_PINS = {
    128: {4: 24, 6: 32, 9: 50, 12: 70, 18: 112, 24: 128},
    560: {4: 48, 6: 64, 9: 106, 12: 150, 18: 234, 24: 320, 36: 454},
}
"""Of P-touch heads, by the tape's width in mm (4: 3.5 mm): they lie in the middle."""
_WIDE_HEAD_PINS, _WIDE_RIGHT_PINS = 1296, 44
"""A wide QL's head leaves out so many pins more at its right."""
_TOLERANCE_MM = 0.6


def is_tape(printer: Printer) -> bool:
    """Whether it is a P-touch."""
    return printer.head_pins in _TAPE_PINS


def find_medium(printer: Printer, width: int, height: int) -> BrotherMedium:
    """The medium for a page of `width` x `height` dots: the narrowest continuous one that is wide enough, or with
    tracking "gap" the label of its size. `InputError` where there is none."""
    width_mm, height_mm = width / printer.dots_per_mm_x, height / printer.dots_per_mm_y
    if printer.settings.tracking == "gap" and not is_tape(printer):
        for medium in _QL_LABELS:
            if _is_near(medium.width_mm, width_mm) and _is_near(medium.length_mm, height_mm):
                return medium
        known = ", ".join(f"{medium.width_mm} x {medium.length_mm}" for medium in _QL_LABELS)
        raise InputError(
            f"{printer.name} knows no label of {width_mm:.4g} x {height_mm:.4g} mm",
            way_out=f'Known: {known}. Or print on a continuous roll: tracking = "continuous".',
        )
    media = _tapes(printer) if is_tape(printer) else _QL_CONTINUOUS
    for medium in media:
        if medium.width_mm + _TOLERANCE_MM > width_mm and medium.printable[0] <= printer.head_pins:
            return medium
    raise InputError(
        f"a page {width_mm:.4g} mm wide is wider than what {printer.name} prints on",
        way_out="Choose a narrower template, or a wider printer (`bss-mfg printer list`).",
    )


def right_pins(printer: Printer, medium: BrotherMedium) -> int:
    """The pins at the head's right that print nothing."""
    return medium.right_pins + (_WIDE_RIGHT_PINS if printer.head_pins == _WIDE_HEAD_PINS else 0)


def _is_near(one: float, other: float) -> bool:
    return abs(one - other) < _TOLERANCE_MM


def _tapes(printer: Printer) -> tuple[BrotherMedium, ...]:
    head = printer.head_pins
    return tuple(
        BrotherMedium(mm, 0, (max(round(mm * printer.dots_per_mm_x), pins), 0), (pins, 0), (head - pins) // 2)
        for mm, pins in _TAPE_PINS[head].items()
    )
