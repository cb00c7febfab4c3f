"""Rows of a CSV file of any size, as text: UTF-8, commas, semicolons or tabs, any line ends."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import chain
from pathlib import Path

from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, Location, from_os_error

_log = logging.getLogger(__name__)

_LONGEST_LINE = LIMITS[Reader.CSV].items
"""Characters of a line, its end included."""
_MARKS = ",;\t"


class CsvRows:
    """The rows of a file, each with its number, blank ones too; walked once. `ends_in_a_line` says, once all were read,
    whether the last line has an end: where it has none the file may be cut off."""

    def __init__(self, path: Path, what: str) -> None:
        self._path, self._what = path, what
        self.ends_in_a_line = True

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines()
        first = next(lines, "")
        hint = first.rstrip("\r\n")
        offset = 0
        if len(hint) == 5 and hint[:4].lower() == "sep=":  # Excel's own way to name the mark
            delimiter, first, offset = hint[4], next(lines, ""), 1
        else:
            delimiter = max(_MARKS, key=first.count) if any(mark in first for mark in _MARKS) else ","
        reader = csv.reader(chain([first] if first else [], lines), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                number = reader.line_num + offset
                if any("\n" in cell or "\r" in cell for cell in cells):
                    raise InputError(
                        "a cell continues over the end of its line",
                        where=Location(str(self._path), row=number),
                        way_out="Check the quotation marks in that row and before it; no value has line ends.",
                    )
                yield number, cells
        except csv.Error as error:
            raise InputError(
                f"broken CSV ({error})",
                where=Location(str(self._path), row=reader.line_num + offset),
                way_out="Check the quotes in that row.",
            ) from error

    def _lines(self) -> Iterator[str]:
        """The lines with their ends; `InputError` where it is not UTF-8, or no lines at all."""
        path, number = self._path, 0
        _log.info("reading %s (%s)", path, self._what)
        try:
            with TextIOWrapper(open_to_read(path, self._what), "utf-8-sig", newline="") as file:
                while line := file.readline(_LONGEST_LINE):
                    number += 1
                    if "\0" in line:
                        raise InputError(
                            "holds NUL characters", where=path, way_out="Save it as 'CSV UTF-8', not as Unicode text."
                        )
                    self.ends_in_a_line = line[-1] in "\r\n"
                    if len(line) == _LONGEST_LINE and not self.ends_in_a_line:
                        raise InputError(
                            f"has a line of more than {_LONGEST_LINE:,} characters",
                            where=Location(str(path), row=number),
                            way_out="Check that this is the right file.",
                        )
                    yield line
        except UnicodeDecodeError as error:
            raise InputError(
                "is not UTF-8 text",
                where=Location(str(path), row=_first_bad_line(path)),
                way_out="Save it as 'CSV UTF-8'.",
            ) from error
        except OSError as error:
            raise from_os_error(error, f"reading the {self._what}", path) from error


def _first_bad_line(path: Path) -> int:
    """The number of the first line that is not UTF-8: files are decoded in blocks, which says little."""
    with TextIOWrapper(open_to_read(path, "file"), "utf-8-sig", errors="surrogateescape", newline="") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), 1):
            if any("\udc80" <= character <= "\udcff" for character in line):
                return number
    return 1
