"""SQLite's errors in plain words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.text import printable
from bss_mfg.errors import BssError, FinalLedgerError, InputError, LedgerError, Location, MissingError
from bss_mfg.ledger.schema import MOVED
from bss_mfg.ledger.ways_out import MOVED_WAY_OUT, RESTORE_WAY_OUT


@contextlib.contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise translate_error(error, path) from error


def translate_error(error: sqlite3.Error | UnicodeError, path: Path) -> BssError:
    """An error of SQLite in plain words."""
    if isinstance(error, UnicodeEncodeError):  # a name that was typed, of bytes that are no text
        return InputError(f"{printable(str(error.object), 60)!r} is not UTF-8 text", way_out="Type or scan it again.")
    if isinstance(error, UnicodeError):  # what Python makes of an error message that quotes a damaged schema
        return damaged(path)
    name = getattr(error, "sqlite_errorname", "") or ""
    where = Location(str(path))
    if name.startswith("SQLITE_CONSTRAINT"):
        if "UNIQUE" in name or "PRIMARYKEY" in name:
            column = str(error).rpartition(":")[2].strip()
            return LedgerError(
                f"would be issued twice ({column})",
                where=where,
                way_out="The ledger refused it and changed nothing. Files and running numbers are compared before, so "
                "another process issued the same at this moment, or the random generator is broken. Run the command "
                "again; if it says this twice, stop the line.",
            )
        if str(error) == MOVED:
            return FinalLedgerError(MOVED, where=where, way_out=MOVED_WAY_OUT)
        if "TRIGGER" in name:
            return LedgerError(
                f"the ledger refused to change what is permanent: {error}",
                where=where,
                way_out="Nothing was changed. If this was an identity that `import-issued` brought in, leave it out; "
                "else please report this.",
            )
        return LedgerError("the ledger refused an inconsistent entry", where=where, way_out="Please report this.")
    if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
        return MissingError(
            "no room left on the disk, or the disk failed",
            where=where,
            way_out="Nothing was changed. Free some space or check the disk, then run the same command again.",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LedgerError(
            "another program holds the ledger", where=where, way_out="Let it finish, then run this command again."
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return InputError(
            "the ledger can't be opened for writing",
            where=where,
            way_out="Check the rights of the file and its folder, and free space.",
        )
    if name == "SQLITE_AUTH" or "prohibited" in str(error):
        return LedgerError("the ledger was not opened for keys", where=where, way_out="Please report this.")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "decode to UTF-8" in str(error):
        return damaged(path)
    return LedgerError(f"SQLite failed ({name or type(error).__name__})", where=where, way_out="Run `bss-mfg doctor`.")


def damaged(path: Path) -> LedgerError:
    return LedgerError("is damaged", where=path, way_out=f"{RESTORE_WAY_OUT} The damaged file is kept.")
