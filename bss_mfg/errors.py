"""One error tree. Each class carries the exit code that the command line returns for it.

An error says what is wrong, where (file, line, row, field) and the way out. Messages never hold a secret: they are
written by hand from public values, and no exception of a crypto library is quoted.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path


class BssError(Exception):
    """Base of all errors that bss-mfg raises on purpose.

    `what` is one sentence without a final stop, `where` names file, line and field, `way_out` is what the reader can
    do about it. `problems` lists further findings of the same kind, so that a file with three mistakes is one error.
    """

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", way_out: str = "", problems: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.way_out = way_out
        self.problems = tuple(problems)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.problems:
            text += ": " + "; ".join(self.problems)
        if not text.endswith(("?", "!")):
            text = text.rstrip(".") + "."
        return f"{text} {self.way_out}" if self.way_out else text

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel from worker processes to the parent with all their parts."""
        return (_rebuild, (type(self), self.what, self.where, self.way_out, self.problems))


def _rebuild(cls: type[BssError], what: str, where: str, way_out: str, problems: tuple[str, ...]) -> BssError:
    return cls(what, where=where, way_out=way_out, problems=problems)


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


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def from_os_error(error: OSError, doing: str, path: Path | str | None = None) -> BssError:
    """The plain words for an operating system's refusal while `doing` something to `path`."""
    name = str(path if path is not None else (error.filename or "a file"))
    if error.errno in _NO_ROOM:
        return MissingError(
            f"no room left on the disk while {doing}",
            where=name,
            way_out="Nothing was left half-written. Free some space, then run the same command again.",
        )
    if error.errno == errno.EIO:
        return MissingError(
            f"the disk failed while {doing}",
            where=name,
            way_out="Nothing was left half-written. Check the disk or the cable, then run the same command again.",
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return InputError(
            f"permission denied while {doing}",
            where=name,
            way_out="Choose a folder that you may write to, or ask its owner for the right.",
        )
    if isinstance(error, FileNotFoundError):
        return InputError(f"not found while {doing}", where=name, way_out="Check the path; its folder must exist.")
    if isinstance(error, FileExistsError):
        return InputError(f"a file is in the way while {doing}", where=name, way_out="Name another folder.")
    if isinstance(error, IsADirectoryError):
        return InputError(f"is a folder while {doing}", where=name, way_out="Name a file, not a folder.")
    if isinstance(error, NotADirectoryError):
        return InputError(f"part of the path is a file, not a folder, while {doing}", where=name, way_out="Check it.")
    reason = error.strerror or type(error).__name__
    return InputError(f"{reason} while {doing}", where=name, way_out="Check the path and its folder.")
