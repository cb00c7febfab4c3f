"""The labels of a page: how many dots the page has, and where on it the labels lie."""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.printer import Printer
from bss_mfg.model import FillOrder


@dataclass(frozen=True, slots=True)
class PageGrid:
    """A page of labels on a printer. `places` are the labels' top left corners in mm on the page, the printer's offset
    and scale included, in the order in which they are filled; `rows_and_columns` says the row and column of each,
    from 0."""

    printer: Printer
    page_dots: tuple[int, int]
    places: tuple[tuple[float, float], ...]
    rows_and_columns: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, media: Media, printer: Printer, order: FillOrder) -> PageGrid:
        """The page that a printer makes of a medium."""
        width, height = media.size
        rows_and_columns = _fill_sequence(media.rows, media.columns, order)
        places = tuple(
            (
                (media.margin_left + column * media.step_x) * printer.scale_x + printer.offset_x_mm,
                (media.margin_top + row * media.step_y) * printer.scale_y + printer.offset_y_mm,
            )
            for row, column in rows_and_columns
        )
        page_dots = (round(width * printer.dots_per_mm_x), round(height * printer.dots_per_mm_y))
        return cls(printer, page_dots, places, rows_and_columns)


def _fill_sequence(rows: int, columns: int, order: FillOrder) -> tuple[tuple[int, int], ...]:
    if order == "columns":
        return tuple((row, column) for column in range(columns) for row in range(rows))
    turns_back = order == "snake"
    return tuple(
        (row, columns - 1 - column if turns_back and row % 2 else column)
        for row in range(rows)
        for column in range(columns)
    )
