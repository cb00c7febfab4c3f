"""One error tree. Each class carries the exit code that the command line returns for it.

An error says what is wrong, where (file, line, row, key) and the way out. Messages never hold a secret: they are
written by hand from public values, and no exception of a crypto library is quoted. Code asks an error's class and
fields; its words are for people.
"""

from __future__ import annotations

import errno
import os
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
        file = self.file if self.file.isprintable() else repr(self.file)[1:-1]  # others may have chosen the name
        return ", ".join(filter(None, (file, line, row, self.key)))


_NOWHERE = Location("")


class BssError(Exception):
    """Base of all errors that bss-mfg raises on purpose.

    `what` is one sentence without a final stop, `way_out` is what the reader can do about it. `problems` lists further
    findings of the same kind, so that a file with three mistakes is one error. `where` is a place in a file, a path,
    or anything else in words: a batch, a unit, an option. `continues`: the way out holds the command that continues
    what was begun.
    """

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        where: Location | Path | str = "",
        way_out: str = "",
        problems: Sequence[str] = (),
        continues: bool = False,
    ) -> None:
        super().__init__(what)
        self.what = what
        self._where = Location(str(where)) if isinstance(where, Path) else where
        self.way_out = way_out
        self.problems = tuple(problems)
        self.continues = continues

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
        parts = {
            "where": self._where,
            "way_out": self.way_out,
            "problems": self.problems,
            "continues": self.continues,
        }
        return (_rebuild, (type(self), self.what, parts))


def _rebuild(cls: type[BssError], what: str, parts: dict[str, Any]) -> BssError:
    return cls(what, **parts)


class ValueProblem(ValueError):  # noqa: N818  (of a value; the errors below are what a command ends with)
    """A value that is wrong, in our own words: they may be shown. The words of any other `ValueError` may not, since a
    library's may quote a key's digits."""


class SecretProblem(ValueProblem):
    """Of a value that holds a secret: it is not repeated."""


class InputError(BssError):
    """Bad input or configuration: a file, a value, an unknown name. Exit code 3."""

    exit_code = 3


class NotPermittedError(InputError):
    """The ledger's server does not let this user do that: it takes another role."""


class WrongSecretError(InputError):
    """A passphrase or a PIN that opens nothing. It is not tried again by itself: what counts wrong ones would lock."""


class NoWorkspaceError(InputError):
    """There is no workspace where one was looked for, and none was named."""


class RefusedError(BssError):
    """Would overwrite something or issue again. Exit code 4."""

    exit_code = 4


class LedgerError(BssError):
    """The ledger is busy, damaged, newer than the program, or contradicts the request. Exit code 5."""

    exit_code = 5


class FinalLedgerError(LedgerError):
    """No waiting mends it: the ledger was moved, is newer than the program, or has another history."""


class MissingError(BssError):
    """Something is missing on this machine: a library, a font, disk space, the vault key. Exit code 6."""

    exit_code = 6


class NobodyToAskError(MissingError):
    """A passphrase or a PIN is needed, and nobody is there to type it: which says nothing of the key."""


class StoppedError(BssError):
    """The operator stopped what was under way, and what was done until then is told. Exit code 130."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What an operating system's refusal means: `what` goes before "while ..."; the way out is for people."""

    error: type[BssError]
    what: str
    way_out: str


_RUN_AGAIN = "then run the same command again"
_NAME_FOLDER = _Refusal(InputError, "is a folder, not a file,", "Name a file, not a folder.")
_NO_ROOM = _Refusal(
    MissingError, "no room left on the disk", f"Nothing was left half-written. Free some space, {_RUN_AGAIN}."
)
_DENIED = _Refusal(
    InputError, "permission denied", "Choose a folder that you may write to, or ask its owner for the right."
)
_OPEN_ELSEWHERE = _Refusal(
    InputError, "another program has the file open", f"Close it there (a spreadsheet, a viewer), {_RUN_AGAIN}."
)
_TOO_MANY_OPEN = _Refusal(
    MissingError,
    "too many files are open on this machine",
    f"Close other programs, or raise the limit (Linux, macOS: `ulimit -n 4096`), {_RUN_AGAIN}.",
)
_REFUSALS = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _Refusal(
        MissingError,
        "your disk quota is used up",
        f"Nothing was left half-written. Delete files of yours, or ask for a larger quota, {_RUN_AGAIN}.",
    ),
    errno.EFBIG: _Refusal(
        MissingError,
        "the file would be larger than this disk or your limit allows",
        f"Nothing was left half-written. Raise the limit or use another disk, {_RUN_AGAIN}.",
    ),
    errno.EIO: _Refusal(
        MissingError,
        "the disk failed",
        f"Nothing was left half-written. Check the disk or the cable, {_RUN_AGAIN}.",
    ),
    errno.EROFS: _Refusal(
        InputError, "the disk is mounted read-only", "Mount it for writing, or choose a folder on another disk."
    ),
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.ENOENT: _Refusal(InputError, "not found", "Check the path; its folder must exist."),
    errno.EEXIST: _Refusal(InputError, "a file is in the way", "Name another folder."),
    errno.EISDIR: _NAME_FOLDER,
    errno.ENOTDIR: _Refusal(InputError, "part of the path is a file, not a folder,", "Check each folder in the path."),
    errno.ENAMETOOLONG: _Refusal(InputError, "the name is too long for this disk", "Choose a shorter name or path."),
    errno.ELOOP: _Refusal(
        InputError, "symbolic links in the path lead round in a circle", "Name the real file, or mend the links."
    ),
    errno.EPIPE: _Refusal(
        MissingError,
        "a program that this one works with has ended",
        "Run the command again; if it ends again, `bss-mfg doctor` says what is missing.",
    ),
    errno.EMFILE: _TOO_MANY_OPEN,
    errno.ENFILE: _TOO_MANY_OPEN,
    errno.EBUSY: _OPEN_ELSEWHERE,
    errno.ETXTBSY: _OPEN_ELSEWHERE,
}
_REFUSALS_BY_WINDOWS = {
    19: _REFUSALS[errno.EROFS],
    23: _REFUSALS[errno.EIO],
    32: _OPEN_ELSEWHERE,
    33: _OPEN_ELSEWHERE,
    39: _NO_ROOM,
    112: _NO_ROOM,
    123: _Refusal(InputError, 'Windows has no such names (none of < > : " | ? *)', "Choose another name."),
    206: _REFUSALS[errno.ENAMETOOLONG],
    303: _OPEN_ELSEWHERE,
    1117: _REFUSALS[errno.EIO],
    1224: _OPEN_ELSEWHERE,
}
"""By number (Microsoft, System Error Codes): Python calls many of them "permission denied" or "invalid argument"."""
_INVALID_NAME, _TOO_LONG = 123, 206
_LONGEST_THERE = 247
"""Characters that any path may have on Windows; a longer one is "not found" there."""
_NUMBERS: dict[type[OSError], int] = {
    PermissionError: errno.EACCES,
    FileNotFoundError: errno.ENOENT,
    FileExistsError: errno.EEXIST,
    IsADirectoryError: errno.EISDIR,
    NotADirectoryError: errno.ENOTDIR,
}
"""Of errors that Python code raises without a number."""


def from_os_error(error: OSError, action: str, path: Path | str | None = None) -> BssError:
    """The plain words for an operating system's refusal; `action` says what was being done to `path`."""
    named = path if path is not None else error.filename
    name = Location(str(named)) if named else "a file"
    refusal = _REFUSALS_BY_WINDOWS.get(_number_by_windows(error)) or _REFUSALS.get(
        error.errno or _NUMBERS.get(type(error), 0)
    )
    if refusal is None:
        reason = error.strerror or type(error).__name__
        return InputError(f"{reason} while {action}", where=name, way_out="Check the path and its folder.")
    return refusal.error(f"{refusal.what} while {action}", where=name, way_out=refusal.way_out)


def _number_by_windows(error: OSError) -> int:
    """Windows' own number of a refusal, 0 on other systems. What opens a file has none: it is seen by the file."""
    number = getattr(error, "winerror", None) or 0
    if os.name == "nt" and error.filename:
        path = Path(os.fsdecode(error.filename))
        if error.errno == errno.ENOENT and len(str(path.absolute())) > _LONGEST_THERE:
            return _TOO_LONG
        if error.errno == errno.EINVAL and set(path.name) & set('<>"|?*'):
            return _INVALID_NAME
    return number
