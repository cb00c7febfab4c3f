"""One error tree. Each class carries the exit code that the command line returns for it.

An error says what is wrong, where (file, line, row, key) and the way out. Messages never hold a secret: they are
written by hand from public values, and no exception of a crypto library is quoted. Code asks an error's class and
fields; its words are for people.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file, as exact as it is known: `line` and `row` count from 1 (a table's header is row 1), `key` is
    a field as people read it (`element[3].size`). As text: `file, line 3, size`."""

    file: str
    line: int | None = None
    row: int | None = None
    key: str = ""

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}"
        row = "" if self.row is None else f"row {self.row}"
        return ", ".join(filter(None, (self.file, line, row, self.key)))


_NOWHERE = Location("")


class BssError(Exception):
    """Base of all errors that bss-mfg raises on purpose.

    `what` is one sentence without a final stop, `way_out` is what the reader can do about it. `problems` lists further
    findings of the same kind, so that a file with three mistakes is one error. `where` is a place in a file, a path,
    or anything else in words: a batch, a unit, an option.
    """

    exit_code = 3

    def __init__(
        self, what: str, *, where: Location | Path | str = "", way_out: str = "", problems: Sequence[str] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self._where = Location(str(where)) if isinstance(where, Path) else where
        self.way_out = way_out
        self.problems = tuple(problems)

    @property
    def where(self) -> str:
        """The place for people to read; empty where there is none."""
        return str(self._where)

    @property
    def location(self) -> Location:
        """The place in a file; its `file` is empty where the error is of none."""
        return self._where if isinstance(self._where, Location) else _NOWHERE

    @property
    def file(self) -> str:
        """The file that is wrong, as it was named; empty where the error is of none."""
        return self.location.file

    @property
    def line(self) -> int | None:
        """The line of the file, from 1."""
        return self.location.line

    @property
    def row(self) -> int | None:
        """The row of the table, from 1, its header included."""
        return self.location.row

    @property
    def key(self) -> str:
        """The field, as people read it."""
        return self.location.key

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.problems:
            text += ": " + "; ".join(self.problems)
        if not text.endswith(("?", "!")):
            text = text.rstrip(".") + "."
        return f"{text} {self.way_out}" if self.way_out else text

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel from worker processes to the parent with all their parts."""
        parts = {"where": self._where, "way_out": self.way_out, "problems": self.problems}
        return (_rebuild, (type(self), self.what, parts))


def _rebuild(cls: type[BssError], what: str, parts: dict[str, Any]) -> BssError:
    return cls(what, **parts)


class ValueProblem(ValueError):  # noqa: N818  (of a value; the errors below are what a command ends with)
    """A value that is wrong, in our own words: they may be shown. The words of any other `ValueError` may not, since a
    library's may quote a key's digits."""


class InputError(BssError):
    """Bad input or configuration: a file, a value, an unknown name. Exit code 3."""

    exit_code = 3


class RefusedError(BssError):
    """Would overwrite something or issue again. Exit code 4."""

    exit_code = 4


class LedgerError(BssError):
    """The ledger is busy, damaged, newer than the program, or contradicts the request. Exit code 5."""

    exit_code = 5


class MissingError(BssError):
    """Something is missing on this machine: a library, a font, disk space, the vault key. Exit code 6."""

    exit_code = 6


class StoppedError(BssError):
    """The operator stopped what was under way, and what was done until then is told. Exit code 130."""

    exit_code = 130


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def from_os_error(error: OSError, action: str, path: Path | str | None = None) -> BssError:
    """The plain words for an operating system's refusal; `action` says what was being done to `path`."""
    named = path if path is not None else error.filename
    name = Location(str(named)) if named else "a file"
    if error.errno in _NO_ROOM:
        return MissingError(
            f"no room left on the disk while {action}",
            where=name,
            way_out="Nothing was left half-written. Free some space, then run the same command again.",
        )
    if error.errno == errno.EIO:
        return MissingError(
            f"the disk failed while {action}",
            where=name,
            way_out="Nothing was left half-written. Check the disk or the cable, then run the same command again.",
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return InputError(
            f"permission denied while {action}",
            where=name,
            way_out="Choose a folder that you may write to, or ask its owner for the right.",
        )
    if isinstance(error, FileNotFoundError):
        return InputError(f"not found while {action}", where=name, way_out="Check the path; its folder must exist.")
    if isinstance(error, FileExistsError):
        return InputError(f"a file is in the way while {action}", where=name, way_out="Name another folder.")
    if isinstance(error, IsADirectoryError):
        return InputError(f"is a folder while {action}", where=name, way_out="Name a file, not a folder.")
    if isinstance(error, NotADirectoryError):
        return InputError(f"part of the path is a file, not a folder, while {action}", where=name, way_out="Check it.")
    reason = error.strerror or type(error).__name__
    return InputError(f"{reason} while {action}", where=name, way_out="Check the path and its folder.")
