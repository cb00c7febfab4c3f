"""A ledger moved between its file and a database on a server: every row compared, and what it was moved from frozen
before anyone works with the other.

Killed anywhere, the same call goes on. A copy is there whole or not at all; until what it is made from is frozen, that
one stays the ledger, and a copy that it left behind is made anew. What is frozen says where its ledger went, so that
nobody moves it a second time to another place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bss_mfg.core.files import build_atomically, destroy
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.event_chain import chain_head
from bss_mfg.ledger.home import Home
from bss_mfg.ledger.key_folder import KeyFolder, WrappedKey
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.schema import FREEZE, FREEZE_SERVER
from bss_mfg.ledger.schema_tables import Table, tables
from bss_mfg.ledger.server import connect_server, created_on_server, holds_ledger, remove_from_server
from bss_mfg.ledger.sqlite import connect

_AT_ONCE = 2_000
_LARGE_AT_ONCE = {"resource": 2}
"""Of tables whose rows may have many MiB."""
_KEY_NAMES = {"batch": "id", "own_key": "name"}
"""The column that names a data key, by table."""
_OWN = "name NOT IN ('schema_version', 'home', 'moved')"
"""What a database does not note of itself alone."""

_Keys = Callable[[str, Any, Any], tuple[Any, Any]]
"""Of a data key's name and its two columns: the columns as they are on the other side."""


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


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy as a killed command may have left it: whether it is as far as its source, what tells it from every other,
    and where it was moved itself (empty: nowhere)."""

    whole: bool
    identity: str
    moved_to: str


def move_ledger(source: LedgerPlace, target: LedgerPlace, progress: Progress = no_progress) -> MovedLedger:
    """Copy a ledger's file of this version into a database, compare each row, and freeze the file. `RefusedError` where
    the database holds another ledger, or the file is the ledger no more."""
    with contextlib.closing(connect(source.file)) as file, file.transaction():
        secrets, total = file.with_secrets(), _count_rows(file)
        there = _on_server(file, target)
        _require_unmoved(file, there)
        if there and (there.moved_to or not there.whole):
            remove_from_server(target)
            there = None
        if not there:
            folder = KeyFolder(target.key_folder, _ledger_id(file))
            folder.prepare()
            with created_on_server(target) as made:
                _copy(secrets, made.with_secrets(), _Carrying(_outwards(folder.put), _outwards(folder.reference)),
                      _Steps(2 * total, progress))  # fmt: skip
                _read_all_keys(made, folder)
                Home(made, target).note()
                moved_to = made.identity()
        else:
            moved_to = there.identity
        file.run_script(FREEZE)
        _note_moved(file, moved_to)
        events, digest = chain_head(file)
    return MovedLedger(total, events, digest.hex())


def move_ledger_back(source: LedgerPlace, target: LedgerPlace, progress: Progress = no_progress) -> MovedLedger:
    """Copy a ledger of this version from its database into a new file, compare each row, and freeze the database. Takes
    an admin, and the key folder with all keys, which are destroyed there once they lie in the file."""
    with contextlib.closing(connect_server(source)) as server:
        folder = KeyFolder(source.key_folder, _ledger_id(server))
        with server.transaction():
            secrets, total = server.with_secrets(), _count_rows(server)
            server.run_script(FREEZE_SERVER)  # first of all: who may not do it is told before the copy is made
            there = _in_file(server, target.file)
            _require_unmoved(server, there)
            if not there or not _moved_to(server):
                folder.require()
                if there:
                    destroy(target.file)
                build_atomically(target.file, lambda new: _fill_file(new, secrets, folder, _Steps(2 * total, progress)))
                with contextlib.closing(connect(target.file)) as file:
                    _note_moved(server, file.identity())
            events, digest = chain_head(server)
        folder.clear()
    return MovedLedger(total, events, digest.hex())


def _fill_file(new: Path, source: Database, folder: KeyFolder, steps: _Steps) -> None:
    def inwards(name: str, reference: bytes, _: object) -> tuple[bytes, bytes | None]:
        key = folder.get(name, reference)
        return key.wrapped, key.recovery

    with contextlib.closing(connect(new, create=True)) as file, file.bulk_load(), file.transaction():
        _copy(source, file.with_secrets(), _Carrying(inwards, inwards), steps)
        Home(file, LedgerPlace.of_file(new)).note()


def _on_server(source: Database, target: LedgerPlace) -> _Copy | None:
    """The copy in a database; None where it holds no ledger."""
    if not holds_ledger(target):
        return None
    with contextlib.closing(connect_server(target)) as there:
        return _compared(source, there, target.words)


def _in_file(source: Database, file: Path) -> _Copy | None:
    """The copy in a file; None where there is none."""
    if not file.exists():
        return None
    with contextlib.closing(connect(file)) as there:
        return _compared(source, there, str(file))


def _compared(source: Database, there: Database, where: str) -> _Copy:
    """How far a copy has come. `RefusedError` where it is none."""
    same = _ledger_id(there) == _ledger_id(source)
    seq, digest = chain_head(there)
    known = source.rows("SELECT digest FROM event WHERE seq = ?", (seq,)) if same else []
    if not known or known[0][0] != digest:
        raise RefusedError(
            "holds another ledger" if not same else "holds this ledger, which went its own way since",
            where=where,
            way_out="Nothing was changed. Name a database of its own, or move the file away.",
        )
    return _Copy(seq == chain_head(source)[0], there.identity(), _moved_to(there))


def _require_unmoved(source: Database, there: _Copy | None) -> None:
    """`RefusedError` where the source was moved, and not to there: it is a ledger no more."""
    moved_to = _moved_to(source)
    if moved_to and (there is None or there.identity != moved_to or there.moved_to):
        raise RefusedError(
            "was moved to another place, and is the ledger no more",
            where=source.where,
            way_out="Nothing was changed. Work where it was moved to; if that one is lost, restore its backup.",
        )


def _moved_to(database: Database) -> str:
    """Where a frozen ledger was moved to; empty for one that is in use."""
    rows = database.rows("SELECT value FROM about WHERE name = 'moved'")
    return str(rows[0][0]) if rows else ""


def _note_moved(database: Database, identity: str) -> None:
    database.execute(
        "INSERT INTO about VALUES ('moved', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (identity,)
    )


def _ledger_id(database: Database) -> str:
    return str(database.rows("SELECT value FROM about WHERE name = 'ledger_id'")[0][0])


def _count_rows(database: Database) -> int:
    return sum(database.rows(f"SELECT count(*) FROM {table.name}")[0][0] for table in tables())  # noqa: S608 (fixed texts)


@dataclass(frozen=True, slots=True)
class _Carrying:
    """What becomes of a data key's columns when it is carried over, and what they must be there."""

    carry: _Keys
    expect: _Keys


def _outwards(keep: Callable[[str, WrappedKey], bytes]) -> _Keys:
    """A data key goes into the key folder, and its reference in its place."""
    return lambda name, wrapped, recovery: (keep(name, WrappedKey(wrapped, recovery)), None)


def _copy(source: Database, target: Database, keys: _Carrying, steps: _Steps) -> None:
    for table in tables():
        columns, marks = ", ".join(table.columns), ", ".join("?" * len(table.columns))
        for rows in _slices(source, table):
            carried = _with_keys(table, rows, keys.carry)
            target.many(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", carried)  # noqa: S608 (fixed texts)
            steps.count(len(rows))
    if source.rows("SELECT 1 FROM imported LIMIT 1"):
        target.guard_imports()
    for table in tables():
        there = _slices(target, table)
        for rows in _slices(source, table):
            if next(there, []) != _with_keys(table, rows, keys.expect):
                raise _came_out_otherwise(table, target)
            steps.count(len(rows))
        if next(there, []):
            raise _came_out_otherwise(table, target)


def _came_out_otherwise(table: Table, target: Database) -> LedgerError:
    return LedgerError(
        f"table {table.name} came out otherwise",
        where=target.where,
        way_out="Nothing was changed, and the ledger stays where it is. Please report this.",
    )


def _read_all_keys(database: Database, folder: KeyFolder) -> None:
    secrets = database.with_secrets()
    for table_name, name_column in _KEY_NAMES.items():
        query = f"SELECT {name_column}, wrapped_key FROM {table_name} WHERE wrapped_key IS NOT NULL"  # noqa: S608 (fixed texts)
        for name, reference in secrets.rows(query):
            folder.get(name, reference)


def _with_keys(table: Table, rows: list[Sequence[object]], columns_there: _Keys) -> list[Sequence[object]]:
    """Rows as they are on the other side."""
    if "wrapped_key" not in table.columns:
        return rows
    name, wrapped, recovery = (
        table.columns.index(one) for one in (_KEY_NAMES[table.name], "wrapped_key", "recovery_key")
    )
    made: list[Sequence[object]] = []
    for row in rows:
        columns: list[Any] = list(row)
        if columns[wrapped] is not None:
            columns[wrapped], columns[recovery] = columns_there(columns[name], columns[wrapped], columns[recovery])
        made.append(tuple(columns))
    return made


def _slices(database: Database, table: Table) -> Iterator[list[Sequence[object]]]:
    """All rows of a table by its key, in slices; what only one kind of database notes of itself apart."""
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    own = _OWN if table.name == "about" else "1 = 1"
    places = [table.columns.index(name) for name in table.key]
    query = f"SELECT {columns} FROM {table.name} WHERE {own} AND "  # noqa: S608 (fixed texts)
    order = f" ORDER BY {key} LIMIT {_LARGE_AT_ONCE.get(table.name, _AT_ONCE)}"
    rows = database.rows(f"{query}1 = 1{order}")
    while rows:
        yield rows
        after = tuple(rows[-1][place] for place in places)
        rows = database.rows(f"{query}({key}) > ({', '.join('?' * len(after))}){order}", after)
