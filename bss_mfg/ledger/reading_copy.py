"""A copy of a ledger in a file for who only reads and may not see a key: for tasks on machines that share no disk."""

from __future__ import annotations

import contextlib
from pathlib import Path

from bss_mfg.core.temporary_files import temporary_files
from bss_mfg.ledger.connection import SECRET_COLUMNS
from bss_mfg.ledger.schema_tables import Table, tables
from bss_mfg.ledger.sqlite import connect

_LEFT_OUT = {"own_key"}


def reading_copy(path: Path, batch: str = "") -> bytes:
    """The ledger of a file as it is at one moment, without anything sealed: the bytes of an SQLite database; with
    `batch` only what is of that one. Nothing is ever issued from it: it has another home."""
    with temporary_files({"ledger.db": b""}) as folder, contextlib.closing(connect(path)) as ledger:
        copy = folder / "ledger.db"
        connect(copy, create=True).close()
        ledger.execute("ATTACH ? AS copied", (str(copy),))
        with ledger.moment():
            numbers = [no for (no,) in ledger.rows("SELECT no FROM batch WHERE id = ?", (batch,))] if batch else []
            for table in tables():
                if table.name not in _LEFT_OUT:
                    ledger.execute(*_statement(table, batch, numbers))
        # A home of its own: whatever becomes of it, it issues nothing.
        ledger.execute(
            "INSERT INTO copied.about VALUES ('home', 'none: a copy to read') "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        ledger.execute("DETACH copied")
        return copy.read_bytes()


def _statement(table: Table, batch: str, numbers: list[int]) -> tuple[str, tuple[object, ...]]:
    """What copies a table, or the rows in it that are of a batch."""
    columns = [column for column in table.columns if (table.name, column) not in SECRET_COLUMNS]
    names = ", ".join(columns)
    text = f"INSERT INTO copied.{table.name} ({names}) SELECT {names} FROM main.{table.name}"  # noqa: S608 (our names)
    if not batch or "batch" not in columns:
        return text, ()
    return f"{text} WHERE batch = ?", (batch if table.name == "event" else numbers[0],)
