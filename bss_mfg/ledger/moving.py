"""A ledger moved from its file into a database on a server: every row compared, and the file frozen before anyone works
with the database.

Killed anywhere, the same call goes on. Until the database has the ledger whole there is nothing in it; until the file
is frozen it stays the ledger, and a copy that it left behind is made anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.event_chain import chain_head
from bss_mfg.ledger.home import Home
from bss_mfg.ledger.key_folder import KeyFolder, WrappedKey
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.schema import FREEZE
from bss_mfg.ledger.schema_tables import Table, tables
from bss_mfg.ledger.server import connect_server, created_on_server, holds_ledger, remove_from_server
from bss_mfg.ledger.sqlite import connect

_AT_ONCE = 2_000
_KEY_NAMES = {"batch": "id", "own_key": "name"}
"""The column that names a data key, by table."""


@dataclass(frozen=True, slots=True)
class MovedLedger:
    """How much was moved: rows of all tables, and the newest event's number and digest (hex)."""

    rows: int
    events: int
    head: str


@dataclass(slots=True)
class _Steps:
    """Counts the rows that were copied, and compared."""

    total: int
    progress: Progress
    done: int = 0

    def count(self, rows: int) -> None:
        """So many more."""
        self.done += rows
        self.progress(self.done, self.total)


def move_ledger(source: LedgerPlace, target: LedgerPlace, progress: Progress = no_progress) -> MovedLedger:
    """Copy a ledger of this version into a database, compare each row, and freeze the file. `RefusedError` where the
    database holds another ledger."""
    with contextlib.closing(connect(source.file)) as file, file.transaction():
        secrets = file.with_secrets()
        total = sum(secrets.rows(f"SELECT count(*) FROM {table.name}")[0][0] for table in tables())  # noqa: S608 (fixed texts)
        if not _is_copied(secrets, target):
            folder = KeyFolder(target.key_folder, _ledger_id(file))
            folder.prepare()
            with created_on_server(target) as made:
                _copy(secrets, made.with_secrets(), folder, _Steps(2 * total, progress))
                Home(made, target).note()
        file.execute(FREEZE)
        events, digest = chain_head(file)
    return MovedLedger(total, events, digest.hex())


def _is_copied(source: Database, target: LedgerPlace) -> bool:
    """Whether the database holds what the file does: a command that was killed had come so far. A copy that the file
    has left behind since is removed."""
    if not holds_ledger(target):
        return False
    with contextlib.closing(connect_server(target)) as there:
        same = _ledger_id(there) == _ledger_id(source)
        seq, digest = chain_head(there)
    known = source.rows("SELECT digest FROM event WHERE seq = ?", (seq,)) if same else []
    if not known or known[0][0] != digest:
        raise RefusedError(
            "the database holds another ledger" if not same else "the database's ledger went its own way since",
            where=target.words,
            way_out="Nothing was changed. Name a database of its own.",
        )
    if seq == chain_head(source)[0]:
        return True
    remove_from_server(target)
    return False


def _ledger_id(database: Database) -> str:
    return str(database.rows("SELECT value FROM about WHERE name = 'ledger_id'")[0][0])


def _copy(source: Database, target: Database, folder: KeyFolder, steps: _Steps) -> None:
    for table in tables():
        columns, marks = ", ".join(table.columns), ", ".join("?" * len(table.columns))
        for rows in _slices(source, table):
            kept = _with_references(table, rows, folder.put)
            target.many(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", kept)  # noqa: S608 (fixed texts)
            steps.count(len(rows))
    if source.rows("SELECT 1 FROM imported LIMIT 1"):
        target.guard_imports()
    for table in tables():
        there = _slices(target, table)
        for rows in _slices(source, table):
            if next(there, []) != _with_references(table, rows, folder.reference):
                raise LedgerError(
                    f"table {table.name} came out otherwise in the database",
                    where=target.where,
                    way_out="Nothing was changed, and the file stays the ledger. Please report this.",
                )
            steps.count(len(rows))
    for table_name, name_column in _KEY_NAMES.items():
        query = f"SELECT {name_column}, wrapped_key FROM {table_name} WHERE wrapped_key IS NOT NULL"  # noqa: S608 (fixed texts)
        for name, reference in target.rows(query):
            folder.get(name, reference)


def _with_references(
    table: Table, rows: list[Sequence[object]], keep: Callable[[str, WrappedKey], bytes]
) -> list[Sequence[object]]:
    """Rows as the database holds them: a data key lies in the key folder, and its reference in its place."""
    if "wrapped_key" not in table.columns:
        return rows
    name, wrapped, recovery = (
        table.columns.index(one) for one in (_KEY_NAMES[table.name], "wrapped_key", "recovery_key")
    )
    made: list[Sequence[object]] = []
    for row in rows:
        columns: list[Any] = list(row)
        if columns[wrapped] is not None:
            columns[wrapped] = keep(columns[name], WrappedKey(columns[wrapped], columns[recovery]))
            columns[recovery] = None
        made.append(tuple(columns))
    return made


def _slices(database: Database, table: Table) -> Iterator[list[Sequence[object]]]:
    """All rows of a table by its key, in slices; what only one kind of database notes of itself apart."""
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    own = "name NOT IN ('schema_version', 'home')" if table.name == "about" else "1 = 1"
    places = [table.columns.index(name) for name in table.key]
    query = f"SELECT {columns} FROM {table.name} WHERE {own} AND "  # noqa: S608 (fixed texts)
    order = f" ORDER BY {key} LIMIT {_AT_ONCE}"
    rows = database.rows(f"{query}1 = 1{order}")
    while rows:
        yield rows
        after = tuple(rows[-1][place] for place in places)
        rows = database.rows(f"{query}({key}) > ({', '.join('?' * len(after))}){order}", after)
