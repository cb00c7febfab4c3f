"""SQLite behind the door: one way to open ledger.db, one way to write to it."""

from __future__ import annotations

import contextlib
import logging
import re
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from bss_mfg.core.files import make_folder
from bss_mfg.core.machine import machine_digest
from bss_mfg.core.waiting_locks import name_lock, waiting_lock
from bss_mfg.errors import FinalLedgerError, LedgerError
from bss_mfg.ledger.connection import SECRET_COLUMNS, Values
from bss_mfg.ledger.network_drives import numbers_files, refuse_network
from bss_mfg.ledger.row_kinds import Checks, RowKinds
from bss_mfg.ledger.schema import APPLICATION_ID, NOT_IMPORTED, SCHEMA, VERSION
from bss_mfg.ledger.schema_check import JSON_IN_INDEX, VERSIONS, differences
from bss_mfg.ledger.schema_check import QUERY as SCHEMA_QUERY
from bss_mfg.ledger.sqlite_errors import damaged, translate_error, translated_errors
from bss_mfg.ledger.sqlite_values import wrong_values
from bss_mfg.ledger.tampering import EVIDENCE_WAY_OUT, MOST_NAMED, LedgerPart, TamperedError
from bss_mfg.ledger.value_check import values_error
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT

_log = logging.getLogger(__name__)

WAL_SAFE = (3, 51, 3)
"""From this SQLite on, WAL with several connections loses no commit (the WAL-reset race is fixed)."""


def journal() -> tuple[str, str]:
    """Journal mode and synchronous level that lost nothing in power-cut simulation with this SQLite."""
    return ("WAL", "FULL") if sqlite3.sqlite_version_info >= WAL_SAFE else ("DELETE", "EXTRA")


CACHE_KIB = 2_048
"""SQLite's page cache: small, so that reading a large batch costs no more memory than reading a small one."""
ISSUING_CACHE_KIB = 8_192
"""The cache while a batch is issued: random UUIDs land all over their index. More is no quicker at a million units."""

JSON_COMPUTES = (3, 41)
"""Until this SQLite functions of JSON were among those that do more than compute. There a schema that calls one can't
even be read unless it is trusted: one of version 7 is, until it was compared and brought up to date."""
_TRUST = "PRAGMA trusted_schema"

_ROWS_AT_ONCE = 500
_OF_VALUES = re.compile("decode to UTF-8|malformed JSON|(NOT NULL|CHECK) constraint failed|cannot store")
"""What SQLite and Python say of values that are wrong."""


class SqliteConnection:
    """An open ledger.db."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
        self._secrets_allowed = False
        self._has_refused = False
        self._schema_checked = False
        self._kinds = RowKinds()
        database.set_authorizer(self._authorize)

    def _authorize(self, action: int, table: str | None, column: str | None, *_: str | None) -> int:
        """Asked by SQLite once for each column of a statement when it is prepared."""
        if action != sqlite3.SQLITE_READ:
            return sqlite3.SQLITE_OK
        self._kinds.note(table, column)
        if (table, column) not in SECRET_COLUMNS or self._secrets_allowed:
            return sqlite3.SQLITE_OK
        self._has_refused = True
        return sqlite3.SQLITE_DENY

    def _translated(self, error: sqlite3.Error | UnicodeError) -> BaseException:
        """What is raised for an error of SQLite. Python drops what comes up inside `_authorize`, and SQLite refuses the
        statement for it: a refusal that wasn't ours is a Ctrl-C that came there."""
        if getattr(error, "sqlite_errorname", "") == "SQLITE_AUTH" and not self._has_refused:
            return KeyboardInterrupt()
        if _OF_VALUES.search(str(error)) and (wrong := self.values_error()):
            return wrong
        return translate_error(error, self._path)

    @property
    def where(self) -> str:
        """What error messages name: the file."""
        return str(self._path)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._database.in_transaction

    # Errors are translated by hand, not by `translated_errors`: these run a million times.

    def rows(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows of a query."""
        known = self._kinds.begin(sql)
        try:
            cursor = self._database.execute(sql, values)
            found = _fetched(cursor, -1)
        except (sqlite3.Error, UnicodeError) as error:
            raise self._translated(error) from error
        self._check(sql, found, self._kinds.learn(sql, cursor.description) if known is None else known)
        return found

    def each(self, sql: str, values: Values = ()) -> Iterator[Any]:
        """The rows of a query one by one, all of one moment; writers may have to wait until the last."""
        known = self._kinds.begin(sql)
        try:
            cursor = self._database.execute(sql, values)
            known = self._kinds.learn(sql, cursor.description) if known is None else known
            while some := _fetched(cursor):
                self._check(sql, some, known)
                yield from some
        except (sqlite3.Error, UnicodeError) as error:
            raise self._translated(error) from error

    def _check(self, sql: str, rows: list[Any], checks: Checks) -> None:
        """`TamperedError` where a value is of another type than its column."""
        for value_of, types in checks:
            if not types.issuperset(map(type, map(value_of, rows))):
                if wrong := self.values_error():
                    raise wrong
                self._kinds.let_pass(sql)
                return

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run one statement; how many rows it changed."""
        try:
            return self._database.execute(sql, values).rowcount
        except (sqlite3.Error, UnicodeError) as error:
            raise self._translated(error) from error

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of the rows."""
        try:
            self._database.executemany(sql, rows)
        except (sqlite3.Error, UnicodeError) as error:
            raise self._translated(error) from error

    def stream(self, sql: str, values: Sequence[object], size: int, after: int = 0) -> Iterator[list[Any]]:
        """Rows in slices by a key in the first column, so that no read lock is held while the caller works."""
        while rows := self.rows(sql, (*values, after, size)):
            yield rows
            after = rows[-1][0]

    @contextlib.contextmanager
    def moment(self) -> Iterator[None]:
        """All that is read inside is of one moment."""
        if self._database.in_transaction:  # whose it is already
            yield
            return
        self.execute("BEGIN")
        try:
            yield
        finally:
            if self._database.in_transaction:
                self.execute("COMMIT")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed as one, or nothing is. Writers queue fairly at a file lock."""
        if self._database.in_transaction:
            raise RuntimeError("a transaction is open already")
        asked = time.monotonic()
        with waiting_lock(self._path.with_name(self._path.name + ".lock")), translated_errors(self._path):
            begun = time.monotonic()
            self.execute("BEGIN IMMEDIATE")
            try:
                self._require_schema()
                yield
                self.execute("COMMIT")
                _log.info("committed: waited %.3f s, took %.3f s", begun - asked, time.monotonic() - begun)
            except BaseException:
                _log.info("rolled back after %.3f s", time.monotonic() - begun)
                if self._database.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._database.execute("ROLLBACK")
                raise

    def note_appended(self, seq: int, digest: bytes) -> None:
        """Nothing: a file's commit answers."""

    def notify(self, topic: str) -> None:
        """Nothing: a file tells nobody."""

    def wait_for_notice(self, topic: str, wait_s: float) -> None:
        """Wait the time out."""
        time.sleep(wait_s)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    # --- what SQLite does in its own way ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def bulk_load(self) -> Iterator[None]:
        """A larger page cache while a batch is issued."""
        self.execute(f"PRAGMA cache_size = -{ISSUING_CACHE_KIB}")
        yield
        self.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    def guard_imports(self) -> None:
        """From now on, refuse units whose identity was imported."""
        self.execute(NOT_IMPORTED)

    def scrub(self) -> None:
        """Leave nothing of what was cleared in the write-ahead log; `secure_delete` has zeroed it in the database."""
        rows = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        if rows and rows[0][0]:
            raise LedgerError(
                "another program reads the ledger, and its log still holds what was destroyed",
                where=self.where,
                way_out="Close other commands of bss-mfg and run the same command again.",
            )

    def with_secrets(self) -> SqliteConnection:
        """The same database to who may read keys."""
        return _WithSecrets(self)

    def schema_error(self) -> TamperedError | None:
        """What is to be raised where the schema is not ours. One of an earlier version is brought up to date first."""
        if self._schema_checked or (version := self.schema_version()) not in VERSIONS:
            return None
        if wrong := differences(self.rows(SCHEMA_QUERY), version):
            return TamperedError(
                "the database's schema is not that of a ledger",
                part=LedgerPart.SCHEMA,
                where=self.where,
                problems=wrong[:MOST_NAMED],
                way_out=f"Nothing was changed. {EVIDENCE_WAY_OUT}",
            )
        if version == VERSION:
            self._schema_checked = True
            self.execute(f"{_TRUST} = OFF")
        return None

    def _require_schema(self) -> None:
        if wrong := self.schema_error():
            raise wrong

    def values_error(self, *, events: bool = True) -> TamperedError | None:
        """What is to be raised for values of other types than the schema gives them, or forms."""
        allowed, self._secrets_allowed = self._secrets_allowed, True  # for their types
        try:
            wrong = wrong_values(self._database, events=events)
        except (sqlite3.Error, UnicodeError):
            return None  # which is worse damage, and is told as that
        finally:
            self._secrets_allowed = allowed
        return values_error(wrong, self.where)

    def check_integrity(self) -> None:
        """Whether the schema is ours, and each value of its type; SQLite's own check and foreign keys."""
        self._require_schema()
        if wrong := self.values_error(events=False):
            raise wrong
        if self.rows("PRAGMA integrity_check") != [("ok",)] or self.rows("PRAGMA foreign_key_check"):
            raise damaged(self._path)

    def copy_to(self, target: Path, pages: int = -1) -> None:
        """Copy everything, as it is at one moment, into a new file; `pages` at once, so that writers wait little."""
        with translated_errors(target), contextlib.closing(_opened(target)) as copy:
            with translated_errors(self._path):
                self._database.backup(copy, pages=pages)
            copy.execute("PRAGMA journal_mode = DELETE")

    def identity(self) -> str:
        """The machine and the file's number there, which a copy has not."""
        number = self._path.stat().st_ino if numbers_files(self._path) else ""
        return f"{machine_digest()}:{number}"

    def named_lock(self, name: str, busy_message: str, wait_s: float) -> AbstractContextManager[None]:
        """A lock in the folder `locks/`, which ends with its process."""
        folder = self._path.parent / "locks"
        make_folder(folder)
        return name_lock(folder / name, busy_message, wait_s)

    def schema_version(self) -> int:
        """The version of its schema."""
        return int(self.rows("PRAGMA user_version")[0][0])

    def set_schema_version(self, version: int) -> None:
        """Note the version. `TamperedError` where the schema didn't become ours."""
        self.execute(f"PRAGMA user_version = {version}")
        self._require_schema()

    def run_script(self, script: str) -> None:
        """Run the statements of a script."""
        for statement in _statements(script):
            self.execute(statement)


class _WithSecrets(SqliteConnection):
    """A view of a connection through which keys may be read."""

    def __init__(self, owner: SqliteConnection) -> None:
        self._owner = owner
        self._database = owner._database
        self._path = owner._path
        self._schema_checked = owner._schema_checked
        self._kinds = owner._kinds

    def _translated(self, error: sqlite3.Error | UnicodeError) -> BaseException:
        return self._owner._translated(error)

    def rows(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows of a query."""
        self._owner._secrets_allowed = True
        try:
            return super().rows(sql, values)
        finally:
            self._owner._secrets_allowed = False


def salvage(path: Path, query: str) -> list[Any]:
    """The rows that a query still finds in a damaged database, which is not changed; none where it can't be read."""
    try:
        with contextlib.closing(_opened(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as found:
            found.execute("PRAGMA writable_schema = ON")  # nothing is: what of the schema can't be read is passed over
            return found.execute(query).fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        return []


def connect_to_look(path: Path, patience_s: float) -> SqliteConnection:
    """Open the ledger to read a few names: nothing is written, not even a setting, and what takes longer ends as an
    error."""
    with translated_errors(path):
        connection = _opened(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=patience_s)
    ends = time.monotonic() + patience_s
    connection.set_progress_handler(lambda: time.monotonic() > ends, 10_000)
    return SqliteConnection(connection, path)


def sqlite_version() -> str:
    """Version of the SQLite library that Python is linked with."""
    return sqlite3.sqlite_version


def connect(path: Path, *, create: bool = False) -> SqliteConnection:
    """Open the ledger; with `create`, make a new one in a file that is there, and empty."""
    refuse_network(path)
    _log.debug("opening %s", path)
    if not create and not path.exists():
        raise LedgerError(
            "the workspace has no ledger",
            where=path,
            way_out=f"{RESTORE_WAY_OUT} A new ledger would forget what was issued.",
        )
    with translated_errors(path), contextlib.ExitStack() as unless_it_works:
        connection = _opened(path, isolation_level=None, timeout=30)
        # Windows moves no damaged ledger aside that is still open.
        unless_it_works.callback(connection.close)
        _set_up(connection, path, create)
        unless_it_works.pop_all()
    return SqliteConnection(connection, path)


def _opened(name: Path | str, **settings: Any) -> sqlite3.Connection:
    """A connection, as all of ours begin: what the file's schema calls (in a view, a trigger, an index, a column) may
    compute, and do no more."""
    connection: sqlite3.Connection = sqlite3.connect(name, **settings)
    connection.execute(f"{_TRUST} = OFF")
    return connection


def _set_up(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    mode, level = journal()
    connection.execute("PRAGMA busy_timeout = 30000")
    if create:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    elif _known_version(connection, path) == JSON_IN_INDEX and sqlite3.sqlite_version_info < JSON_COMPUTES:
        connection.execute(f"{_TRUST} = ON")
    for pragma in (
        f"synchronous = {level}", "foreign_keys = ON", "secure_delete = ON", f"cache_size = -{CACHE_KIB}",
        "cell_size_check = ON",
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    _defend(connection)
    if create:
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {SCHEMA} COMMIT;"
        )
    elif connection.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode:
        connection.execute(f"PRAGMA journal_mode = {mode}")


def _defend(connection: sqlite3.Connection) -> None:
    """SQLite's defensive mode, where Python can set it (since 3.12): no SQL writes to the schema or the pages."""
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def _known_version(connection: sqlite3.Connection, path: Path) -> int:
    """A ledger's version, read before anything of its schema. `LedgerError` where it is none, or a newer one."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID or version < 1:
        raise LedgerError("is not a ledger of bss-mfg", where=path, way_out=RESTORE_WAY_OUT)
    if version > VERSION:
        raise FinalLedgerError(
            f"was written by a newer bss-mfg (schema {version}, this program knows {VERSION})",
            where=path,
            way_out="Use the newer program.",
        )
    return version


def _fetched(cursor: sqlite3.Cursor, count: int = _ROWS_AT_ONCE) -> list[Any]:
    """Some rows, or all that are left. A cursor that failed would hold the ledger for as long as somebody has the
    error."""
    try:
        return cursor.fetchmany(count) if count > 0 else cursor.fetchall()
    except sqlite3.Error:
        cursor.close()
        raise


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; those of a trigger's body are part of it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
