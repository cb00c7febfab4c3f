"""The cells of one sheet of a workbook, row by row, as text. What people don't see, and what is no text, is refused.

Rows and cells are read as they stand: what a sheet says of its size (`dimension`, `spans`) counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core.text import printable_name
from bss_mfg.core.workbook_package import DamagedWorkbookError, WorkbookPackage, XmlHandlers, naming_damage
from bss_mfg.errors import InputError, Location

MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
"""The names of SpreadsheetML in Transitional and in Strict files (ECMA-376-1, ISO/IEC 29500-1)."""
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""How a workbook writes characters that XML has no place for (ECMA-376-1, 22.9.2.19)."""
_TEXT_WAY_OUT = "Format the columns as text and enter the values again, or export CSV from the source."

Row = tuple[int, list[str]]


class NumberCell(str):
    """What a cell shows that holds a whole number: if it had leading zeros, they are lost."""

    __slots__ = ()


def main_name(element: str) -> str:
    """The plain name of an element of SpreadsheetML, else an empty text."""
    base, _, name = element.rpartition(" ")
    return name if base in MAIN else ""


def is_true(value: str | None) -> bool:
    """A yes or no of XML Schema."""
    return value in ("1", "true", "on")


def cell_text(text: str) -> str:
    """A text as a spreadsheet shows it."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        if any("\ud800" <= character <= "\udfff" for character in text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")  # `ValueError` for half a character
    return text


class SheetSource(NamedTuple):
    """Where the cells of a sheet come from: its name and part, the texts that the workbook's sheets share, and the
    styles that make dates of numbers."""

    name: str
    part: str
    shared_texts: Callable[[], Sequence[str]]
    date_styles: Callable[[], Set[str]]


class SheetRows:
    """The rows of a sheet with anything in them, each with its number; `last_row` and `last_column` are the last that
    the sheet has cells or rows for, once all were read.

    `accept_hidden` where the sheet was chosen by its name: then hidden rows and columns are read like others. With
    `numbers`, cells of whole numbers are given as `NumberCell`; else they are refused.
    """

    def __init__(
        self, package: WorkbookPackage, source: SheetSource, *, accept_hidden: bool, numbers: bool = False
    ) -> None:
        self.numbers = numbers
        self.last_row = self.last_column = 0
        self._package, self._source, self._accept_hidden = package, source, accept_hidden
        self._parser = _SheetParser(package.path, self)

    def __iter__(self) -> Iterator[Row]:
        parser = self._parser
        for _ in self._package.parse(self._source.part, XmlHandlers(parser.start, parser.end, parser.text)):
            yield from parser.take_rows()
        with naming_damage(self._package.path):
            parser.finish()

    def shared_text(self, index: str) -> str:
        """The text that a cell refers to."""
        shared = self._source.shared_texts()
        if not index.isdecimal() or int(index) >= len(shared):
            raise DamagedWorkbookError(f"a cell refers to the text {index[:20]!a}, which is not there")
        return shared[int(index)]

    def is_date(self, style: str) -> bool:
        """Whether cells of a style are shown as dates or times."""
        return style in self._source.date_styles()

    def refuse_hidden(self, what: str, row: int) -> None:
        """Refuse what people don't see, unless the sheet was named."""
        if self._accept_hidden:
            return
        name = printable_name(self._source.name)
        raise InputError(
            f"{what} of the sheet {name!r} is hidden, by hand or by a filter, and holds data",
            where=Location(str(self._package.path), row=row),
            way_out=f"Show or delete what is hidden; or say --sheet {quoted(self._source.name)} to read all of it.",
        )


def quoted(name: str) -> str:
    """A sheet's name as it is typed."""
    return name if re.fullmatch(r"[\w.-]+", name) else f'"{name}"'


class _SheetParser:
    """Puts rows together from the elements of a sheet."""

    def __init__(self, path: Path, sheet: SheetRows) -> None:
        self._path, self._sheet = path, sheet
        self._open: list[str] = []
        self._hidden_columns: list[tuple[int, int]] = []
        self._merged: list[str] = []
        self._ready: list[Row] = []
        self._width = self._last_filled_row = 0
        self._row = self._column = 0
        self._row_hidden = False
        self._cells: list[str] = []
        self._kind, self._style = "n", ""
        self._value: str | None = None
        self._inline: list[str] | None = None
        self._formula = self._sheets_data = False
        self._text: list[str] | None = None

    # --- elements ---------------------------------------------------------------------------------------------------

    def start(self, element: str, given: Mapping[str, str]) -> None:
        name, open_ = main_name(element), self._open
        parent = open_[-1] if open_ else None
        open_.append(name)
        if parent is None:
            if name != "worksheet":
                raise DamagedWorkbookError("a sheet's part holds something else")
        elif name == "c":
            self._expect(parent, "row")
            self._start_cell(given)
        elif name in ("v", "t", "f"):
            self._start_text(name, parent)
        elif name == "row":
            self._expect(parent, "sheetData")
            self._start_row(given)
        elif name == "is":
            self._expect(parent, "c")
            self._inline = []
        elif name == "sheetData":
            self._expect(parent, "worksheet")
            if self._sheets_data:
                raise DamagedWorkbookError("a sheet has its cells twice")
            self._sheets_data = True
        elif name == "":
            if parent in ("sheetData", "row", "c", "worksheet") and not element.endswith(" extLst"):
                self._refuse_foreign(parent)
        else:
            self._start_setting(name, given)

    def _start_setting(self, name: str, given: Mapping[str, str]) -> None:
        if name == "col":
            if is_true(given.get("hidden")) or _is_zero(given.get("width")):
                self._hidden_columns.append((int(given["min"]), int(given["max"])))
        elif name == "mergeCell":
            self._merged.append(given.get("ref", ""))

    def end(self, element: str) -> None:
        name = self._open.pop()
        if name == "c":
            self._end_cell()
        elif name in ("v", "t"):
            self._end_text(name)
        elif name == "row":
            self._end_row()

    def text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _expect(self, parent: str, wanted: str) -> None:
        if parent != wanted:
            raise DamagedWorkbookError("a sheet's rows and cells are not where they belong")

    def _refuse_foreign(self, parent: str) -> None:
        # Another program might read rows there that we don't: what has two readings has none.
        if parent != "worksheet":
            raise DamagedWorkbookError("among its cells is something that only one program knows")

    # --- rows -------------------------------------------------------------------------------------------------------

    def _start_row(self, given: Mapping[str, str]) -> None:
        number = int(given["r"]) if "r" in given else self._row + 1
        if not self._row < number <= MAX_ROWS:
            raise DamagedWorkbookError(f"row {number} comes after row {self._row}")
        self._row, self._column, self._cells = number, 0, []
        # A row that is written down is no row "hidden by default" (`zeroHeight`): ECMA-376-1, 18.3.1.81.
        self._row_hidden = is_true(given.get("hidden")) or _is_zero(given.get("ht"))

    def _end_row(self) -> None:
        self._sheet.last_row = self._row
        if any(self._cells):
            self._ready.append((self._row, self._cells))
            self._last_filled_row = self._row

    def take_rows(self) -> list[Row]:
        """The rows that are complete."""
        ready, self._ready = self._ready, []
        return ready

    def finish(self) -> None:
        """What can be judged only when all was read."""
        for area in self._merged:
            left, top, right, bottom = _area(area)
            if (left, top) != (right, bottom) and top <= self._last_filled_row and left <= self._width:
                raise InputError(
                    f"has merged cells ({area[:30]}): only the first of them has a value",
                    where=Location(str(self._path), row=top),
                    way_out="Split them, and give each row its own value.",
                )

    # --- cells ------------------------------------------------------------------------------------------------------

    def _start_cell(self, given: Mapping[str, str]) -> None:
        column = self._column + 1
        if reference := given.get("r"):
            column, row = _reference(reference)
            if row != self._row:
                raise DamagedWorkbookError(f"the cell {reference[:20]} stands in row {self._row}")
        if not self._column < column <= MAX_COLUMNS:
            raise DamagedWorkbookError(f"the cells of row {self._row} are out of order")
        self._column = column
        self._sheet.last_column = max(self._sheet.last_column, column)
        self._kind, self._style = given.get("t", "n"), given.get("s", "")
        self._value, self._inline, self._formula = None, None, False

    def _start_text(self, name: str, parent: str) -> None:
        if name == "f":
            self._expect(parent, "c")
            self._formula = True
        elif name == "v":
            self._expect(parent, "c")
            if self._value is not None:
                raise DamagedWorkbookError("a cell has two values")
            self._text = []
        elif self._inline is not None and "rPh" not in self._open:  # phonetic marks are no part of the text
            self._text = []

    def _end_text(self, name: str) -> None:
        if self._text is None:
            return
        text, self._text = "".join(self._text), None
        if name == "v":
            self._value = text
        elif self._inline is not None:
            self._inline.append(text)

    def _end_cell(self) -> None:
        text = self._cell_text()
        if not text.strip():
            return
        if self._row_hidden:
            self._sheet.refuse_hidden(f"row {self._row}", self._row)
        if any(first <= self._column <= last for first, last in self._hidden_columns):
            self._sheet.refuse_hidden(f"column {column_name(self._column)}", self._row)
        self._cells += [""] * (self._column - 1 - len(self._cells))
        self._cells.append(text)
        self._width = max(self._width, self._column)

    def _cell_text(self) -> str:
        kind, value = self._kind, self._value
        if self._formula:
            raise self._no_text("a cell holds a formula")
        if kind == "inlineStr":
            return cell_text("".join(self._inline or ()))
        if value is None:
            return ""
        if kind == "s":
            return self._sheet.shared_text(value.strip())
        if kind == "str":
            return cell_text(value)
        if not value.strip():
            return ""
        # Values are not shown: a cell may hold a PIN or a key.
        if kind == "b":
            raise self._no_text("a cell holds a bool, not text")
        if kind == "e":
            raise self._no_text("a cell holds an error")
        if kind == "d" or (kind == "n" and self._sheet.is_date(self._style)):
            raise self._no_text("a cell is a date, not text: a spreadsheet makes dates of values such as 1-2")
        if kind != "n":
            raise DamagedWorkbookError(f"a cell is of the unknown kind {kind[:20]!a}")
        number = float(value)
        if number.is_integer():
            if self._sheet.numbers:
                return NumberCell(int(number))
            # It has lost any leading zeros, and nobody can tell whether there were some.
            raise self._no_text("a cell is a number, not text, so leading zeros may be lost")
        raise self._no_text("a cell holds a float, not text")

    def _no_text(self, what: str) -> InputError:
        place = f"cell {column_name(self._column)}{self._row}"
        return InputError(what, where=Location(str(self._path), row=self._row, key=place), way_out=_TEXT_WAY_OUT)


def column_name(column: int) -> str:
    """A column (from 1) by its letters."""
    name = ""
    while column:
        column, digit = divmod(column - 1, 26)
        name = chr(65 + digit) + name
    return name


def _reference(text: str) -> tuple[int, int]:
    """Column and row (from 1) of a reference such as B7."""
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise DamagedWorkbookError(f"{text[:20]!a} isn't a cell")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return column, int(found[2])


def _area(text: str) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of an area such as A2:B4."""
    first, _, last = text.partition(":")
    left, top = _reference(first)
    right, bottom = _reference(last or first)
    return left, top, right, bottom


def _is_zero(value: str | None) -> bool:
    return value is not None and float(value) == 0
