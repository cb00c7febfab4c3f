"""Printers: dots per mm in x and y. A printer's own value, not a round dpi: some 300-dpi heads have 11.8, some 12."""

from __future__ import annotations

from dataclasses import dataclass

MM_PER_INCH = 25.4
POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer as the layout sees it: its dot grid, dots per mm in x and y, and its offset in mm."""

    name: str
    dots_per_mm_x: float
    dots_per_mm_y: float
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0

    @property
    def dpi(self) -> float:
        """Dots per inch in x."""
        return self.dots_per_mm_x * MM_PER_INCH


GENERIC = {
    # Thermal heads sold as 203 dpi have 8 dots/mm.
    203: Printer("203 dpi (8 dots/mm)", 8.0, 8.0),
    300: Printer("300 dpi", 300 / MM_PER_INCH, 300 / MM_PER_INCH),
    600: Printer("600 dpi", 600 / MM_PER_INCH, 600 / MM_PER_INCH),
}
"""Printers by the name of their resolution."""
