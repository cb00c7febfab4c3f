"""One way to open ledger.db, one way to write to it, and SQLite's errors in plain words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import waiting_lock
from bss_mfg.errors import BssError, InputError, LedgerError, MissingError
from bss_mfg.ledger import audit
from bss_mfg.ledger.schema import APPLICATION_ID, MIGRATIONS, SCHEMA, VERSION
from bss_mfg.model import Actor

WAL_SAFE = (3, 51, 3)
"""From this SQLite on, WAL with several connections loses no commit (the WAL-reset race is fixed)."""

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}


def journal() -> tuple[str, str]:
    """Journal mode and synchronous level that lost nothing in power-cut simulation with this SQLite."""
    return ("WAL", "FULL") if sqlite3.sqlite_version_info >= WAL_SAFE else ("DELETE", "EXTRA")


CACHE_KIB = 2_048
"""SQLite's page cache: small, so that reading a large batch costs no more memory than reading a small one."""
ISSUING_CACHE_KIB = 8_192
"""The cache while a batch is issued: random UUIDs land all over their index. More is no quicker at a million units."""


def sqlite_version() -> str:
    """Version of the SQLite library that Python is linked with."""
    return sqlite3.sqlite_version


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open the ledger; with `create`, make a new one (the file must not exist)."""
    refuse_network(path)
    if create:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    elif not path.exists():
        raise LedgerError(
            "the workspace has no ledger",
            where=str(path),
            way_out="Restore ledger.db from a backup; a new one would forget what was issued.",
        )
    with translated_errors(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        mode, level = journal()
        connection.execute("PRAGMA busy_timeout = 30000")
        if create:
            connection.execute(f"PRAGMA journal_mode = {mode}")
        for pragma in (
            f"synchronous = {level}",
            "foreign_keys = ON",
            "secure_delete = ON",
            f"cache_size = -{CACHE_KIB}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if create:
            connection.executescript(
                f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {SCHEMA} COMMIT;"
            )
        _check_version(connection, path)
        if not create and connection.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode:
            connection.execute(f"PRAGMA journal_mode = {mode}")
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID or version < 1:
        raise LedgerError("is not a ledger of bss-mfg", where=str(path), way_out="Restore ledger.db from a backup.")
    if version > VERSION:
        raise LedgerError(
            f"was written by a newer bss-mfg (schema {version}, this program knows {VERSION})",
            where=str(path),
            way_out="Use the newer program.",
        )


def migrate(connection: sqlite3.Connection, path: Path, who: Actor) -> None:
    """Bring a ledger of an earlier version up to date: one transaction, written into the history."""
    if _version(connection) == VERSION:
        return
    with transaction(connection, path):
        before = version = _version(connection)  # another process may have done it meanwhile
        while version < VERSION:
            for statement in _statements(MIGRATIONS[version]):
                connection.execute(statement)
            version += 1
        if before < VERSION:
            connection.execute(f"PRAGMA user_version = {VERSION}")
            audit.append_events(connection, who, None, [("ledger migrated", {"from": before, "to": VERSION})])


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; those of a trigger's body are part of it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Everything inside is committed as one, or nothing is. Writers queue fairly at a file lock."""
    with waiting_lock(path.with_name(path.name + ".lock")), translated_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except UnicodeDecodeError:  # what Python makes of an error message that quotes a damaged schema
        raise _damaged(path) from None
    except sqlite3.Error as error:
        raise _plain(error, path) from error


def _plain(error: sqlite3.Error, path: Path) -> BssError:
    name = getattr(error, "sqlite_errorname", "") or ""
    where = str(path)
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
        if "TRIGGER" in name:
            return LedgerError(
                f"the ledger refused to change what is for ever: {error}",
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
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "decode to UTF-8" in str(error):
        return _damaged(path)
    return LedgerError(f"SQLite failed ({name or type(error).__name__})", where=where, way_out="Run `bss-mfg doctor`.")


def _damaged(path: Path) -> LedgerError:
    return LedgerError("is damaged", where=str(path), way_out="Keep it aside and restore the last good backup.")


def refuse_network(path: Path) -> None:
    """Refuse a network file system: its locks don't hold, and two stations could issue the same."""
    kind = _file_system(path.parent.resolve())
    if kind in _NETWORK:
        raise InputError(
            f"the ledger lies on a network file system ({kind}), where locks can't be trusted",
            where=str(path),
            way_out="Keep the workspace on a local disk and copy backups to the network.",
        )


def _file_system(folder: Path) -> str:
    if sys.platform == "win32":
        import ctypes

        return "cifs" if ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == 4 else ""
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        fields = line.split()
        point = fields[1].replace("\\040", " ")
        if len(point) >= len(best) and (folder == Path(point) or Path(point) in folder.parents):
            best, kind = point, fields[2]
    return kind
