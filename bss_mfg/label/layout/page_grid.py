"""The labels of a page: how many dots the page has, and where on it the labels lie."""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.printer import Printer
from bss_mfg.model import FillOrder, Rect


@dataclass(frozen=True, slots=True)
class PageGrid:
    """A page of labels on a printer, as it is drawn: upright, before the printer's `rotate` turns it as a whole.

    `printer` is in the label's frame. `places` are the labels' top left corners in mm on the page, the printer's offset
    and scale included, in the order in which they are filled; `edge_mm` is how far the page reaches over the media on
    every side, for bleed and crop marks. `rows_and_columns` says the row and column of each place, from 0, and
    `page_mm` the page's width and height, both of the page as it is printed.
    """

    printer: Printer
    page_dots: tuple[int, int]
    places: tuple[tuple[float, float], ...]
    rows_and_columns: tuple[tuple[int, int], ...]
    page_mm: tuple[float, float]
    edge_mm: float = 0.0

    @classmethod
    def of(cls, media: Media, printer: Printer, order: FillOrder) -> PageGrid:
        """The page that a printer (in the label's frame) makes of a medium. Bleed and crop marks have a place in PDF
        only: dots are for the label itself."""
        edge = media.edge_mm if printer.language == "pdf" else 0.0
        width, height = (side + 2 * edge for side in media.size)
        sequence = _fill_sequence(media.rows, media.columns, order)
        places = tuple(
            (
                edge + (media.margin_left + column * media.step_x) * printer.scale_x + printer.offset_x_mm,
                edge + (media.margin_top + row * media.step_y) * printer.scale_y + printer.offset_y_mm,
            )
            for row, column in sequence
        )
        page_dots = (round(width * printer.dots_per_mm_x), round(height * printer.dots_per_mm_y))
        turned = tuple(_turned_cell(cell, media.rows, media.columns, printer.rotate) for cell in sequence)
        page_mm = (height, width) if printer.rotate in (90, 270) else (width, height)
        return cls(printer, page_dots, places, turned, page_mm, edge)

    def as_printed(self, rect: Rect) -> Rect:
        """Where a rectangle of the page (mm) lies after the page is turned."""
        x, y, width, height = rect
        right = self.page_dots[0] / self.printer.dots_per_mm_x - x - width
        bottom = self.page_dots[1] / self.printer.dots_per_mm_y - y - height
        edges = {
            0: (x, y, width, height),
            90: (bottom, x, height, width),
            180: (right, bottom, width, height),
            270: (y, right, height, width),
        }[self.printer.rotate]
        return Rect(*(round(edge, 3) for edge in edges))


def _turned_cell(cell: tuple[int, int], rows: int, columns: int, rotate: int) -> tuple[int, int]:
    row, column = cell
    return {
        0: (row, column),
        90: (column, rows - 1 - row),
        180: (rows - 1 - row, columns - 1 - column),
        270: (columns - 1 - column, row),
    }[rotate]


def _fill_sequence(rows: int, columns: int, order: FillOrder) -> tuple[tuple[int, int], ...]:
    if order == "columns":
        return tuple((row, column) for column in range(columns) for row in range(rows))
    turns_back = order == "snake"
    return tuple(
        (row, columns - 1 - column if turns_back and row % 2 else column)
        for row in range(rows)
        for column in range(columns)
    )
