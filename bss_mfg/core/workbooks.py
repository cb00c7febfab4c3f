"""XLSX workbooks: which sheet is read, and what all sheets share.

openpyxl reads none of this: its streaming mode believes the size that a sheet declares, knows no Strict files, and does
not tell hidden rows and columns; its other mode holds a workbook in memory some fifty times over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core.text import listing, printable_name
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.core.workbook_package import (
    DamagedWorkbookError,
    WorkbookPackage,
    XmlHandlers,
    naming_damage,
    relationship_id,
)
from bss_mfg.core.worksheets import SheetRows, SheetSource, cell_text, main_name, quoted
from bss_mfg.errors import InputError

_MOST_NAMED = 8
_LONGEST_TEXTS = 256 << 20
"""Characters of all texts that cells share."""
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
"""Number formats that show a date or a time (ECMA-376-1, 18.8.30)."""
_NO_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|General', re.IGNORECASE)


class _Sheet(NamedTuple):
    """A sheet of a workbook."""

    name: str
    hidden: bool
    part: str


def open_sheet(path: Path, what: str, wanted: str | None, *, numbers: bool = False) -> SheetRows:
    """The sheet `wanted` of a workbook with all that is hidden in it; or the only one that holds anything.

    `InputError` where nobody said which and several sheets, or a hidden one, hold something: what people don't see is
    not read unless it was asked for. `numbers` as of `SheetRows`.
    """
    return _Workbook(path, what, numbers=numbers).choose(wanted)


class _Workbook:
    def __init__(self, path: Path, what: str, *, numbers: bool) -> None:
        self._path, self._package, self._numbers = path, WorkbookPackage(path, what), numbers
        main = [one.part for one in self._package.relationships().values() if one.kind == "officeDocument"]
        with naming_damage(path):
            if len(main) != 1:
                raise DamagedWorkbookError("it does not say where its workbook is")
        self._part = main[0]
        self._related = self._package.relationships(self._part)
        self._sheets = self._list_sheets()

    def _list_sheets(self) -> list[_Sheet]:
        """The sheets that have cells, in their order: sheets of charts have none."""
        sheets: list[_Sheet] = []
        elements = self._package.elements(self._part)
        with naming_damage(self._path):
            if not elements or main_name(elements[0][0]) != "workbook":
                raise DamagedWorkbookError("it holds no workbook")
            for element, given in elements:
                if main_name(element) != "sheet":
                    continue
                target = self._related.get(relationship_id(given))
                if target is None:
                    raise DamagedWorkbookError("it names a sheet that is not in it")
                if target.kind == "worksheet":
                    sheets.append(
                        _Sheet(given.get("name", ""), given.get("state", "visible") != "visible", target.part)
                    )
            if len({sheet.name.casefold() for sheet in sheets}) < len(sheets):
                raise DamagedWorkbookError("two of its sheets have one name")
            if not sheets:
                raise DamagedWorkbookError("it has no sheet with cells")
        return sheets

    def choose(self, wanted: str | None) -> SheetRows:
        """The sheet to read."""
        if wanted is not None:
            found = [sheet for sheet in self._sheets if sheet.name.casefold() == wanted.casefold()]
            if not found:
                names = listing([printable_name(sheet.name) for sheet in self._sheets], _MOST_NAMED)
                raise InputError(f"has no sheet {wanted[:40]!r}", where=self._path, way_out=f"Its sheets are: {names}.")
            return self._rows(found[0], accept_hidden=True)
        filled = [sheet for sheet in self._sheets if self._is_filled(sheet)]
        hidden = [sheet for sheet in filled if sheet.hidden]
        if hidden:
            names = listing([repr(printable_name(sheet.name)) for sheet in hidden], _MOST_NAMED)
            example = next((sheet for sheet in filled if not sheet.hidden), hidden[0])
            raise InputError(
                f"holds data in a hidden sheet: {names}",
                where=self._path,
                way_out=f"Show or delete it; or say which sheet to read, such as --sheet {quoted(example.name)}.",
            )
        if len(filled) > 1:
            names = listing([repr(printable_name(sheet.name)) for sheet in filled], _MOST_NAMED)
            raise InputError(
                f"holds data in several sheets: {names}",
                where=self._path,
                way_out=f"Say which to read, such as --sheet {quoted(filled[0].name)}.",
            )
        return self._rows((filled or self._sheets)[0], accept_hidden=False)

    def _rows(self, sheet: _Sheet, *, accept_hidden: bool) -> SheetRows:
        source = SheetSource(sheet.name, sheet.part, lambda: self._shared_texts, lambda: self._date_styles)
        return SheetRows(self._package, source, accept_hidden=accept_hidden, numbers=self._numbers)

    def _is_filled(self, sheet: _Sheet) -> bool:
        """Whether any cell of a sheet has a value or a formula; it is read no further than the first."""
        found = False

        def start(element: str, _: Mapping[str, str]) -> None:
            nonlocal found
            found = found or main_name(element) in ("v", "f", "is")

        for _ in self._package.parse(sheet.part, XmlHandlers(start)):
            if found:
                break
        return found

    @cached_property
    def _shared_texts(self) -> Sequence[str]:
        """The texts that cells refer to by number; marks of pronunciation are no part of them."""
        part = self._part_of("sharedStrings")
        if part is None:
            return ()
        parser = _SharedTextParser()
        for _ in self._package.parse(part, XmlHandlers(parser.start, parser.end, parser.text)):
            pass
        return parser.texts

    @cached_property
    def _date_styles(self) -> frozenset[str]:
        """The styles of cells, by number, that show dates; none where the styles can't be read: they say only how a
        number that is refused anyway is called."""
        part = self._part_of("styles")
        try:
            elements = self._package.elements(part) if part else []
            return _find_date_styles(elements)
        except (InputError, ValueError, KeyError):
            return frozenset()

    def _part_of(self, kind: str) -> str | None:
        return next((one.part for one in self._related.values() if one.kind == kind), None)


class _SharedTextParser:
    """Collects the texts of a part of shared texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._phonetic = self._inside = False
        self._length = 0

    def start(self, element: str, _: Mapping[str, str]) -> None:
        name = main_name(element)
        if name == "si":
            self._pieces = []
        elif name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._inside = not self._phonetic

    def end(self, element: str) -> None:
        name = main_name(element)
        if name == "si":
            self.texts.append(cell_text("".join(self._pieces)))
            if len(self.texts) > LIMITS[Reader.WORKBOOK].items:
                raise DamagedWorkbookError(f"its cells share more than {LIMITS[Reader.WORKBOOK].items:,} texts")
        elif name == "rPh":
            self._phonetic = False
        elif name == "t":
            self._inside = False

    def text(self, text: str) -> None:
        if self._inside:
            self._length += len(text)
            if self._length > _LONGEST_TEXTS:
                raise DamagedWorkbookError(f"the texts of its cells have more than {_LONGEST_TEXTS:,} characters")
            self._pieces.append(text)


def _find_date_styles(elements: Sequence[tuple[str, Mapping[str, str]]]) -> frozenset[str]:
    formats = {
        int(given["numFmtId"]): given.get("formatCode", "") for name, given in elements if main_name(name) == "numFmt"
    }
    names = [main_name(name) for name, _ in elements]
    if "cellXfs" not in names:
        return frozenset()
    found, number = set[str](), 0
    for element, given in elements[names.index("cellXfs") + 1 :]:
        name = main_name(element)
        if name == "xf":
            code = int(given.get("numFmtId", "0"))
            if code in _BUILT_IN_DATES or _shows_date(formats.get(code, "")):
                found.add(str(number))
            number += 1
        elif name not in ("alignment", "protection", "extLst", ""):
            break
    return frozenset(found)


def _shows_date(code: str) -> bool:
    return any(letter in _NO_DATE.sub("", code).lower() for letter in "ymdhs")
