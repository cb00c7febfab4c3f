"""The door between the stores and their database: a few methods, so that another database can stand behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from bss_mfg.errors import LedgerError

Values = Sequence[object] | Mapping[str, object]
"""What stands for the placeholders of a statement: `?` by order, `:name` by name."""


SECRET_COLUMNS = frozenset(
    {
        ("unit", "sealed_key"),
        ("unit", "extra"),
        ("batch", "wrapped_key"),
        ("batch", "recovery_key"),
        ("own_key", "wrapped_key"),
        ("own_key", "recovery_key"),
    }
)
"""(table, column) of all that is sealed."""


class Connection(Protocol):
    """An open database. Every method turns the database's errors into ours."""

    @property
    def where(self) -> str:
        """What error messages name: the database's file."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def rows(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows of a query."""

    def each(self, sql: str, values: Values = ()) -> Iterator[Any]:
        """The rows of a query one by one, all of one moment: others may not be able to write until the last."""

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run one statement; how many rows it changed."""

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of the rows."""

    def stream(self, sql: str, values: Sequence[object], size: int, after: int = 0) -> Iterator[list[Any]]:
        """Rows in slices of at most `size`, by a key in the first column that is more than `after`: no lock is held
        while the caller works. The statement's last two placeholders are the key to go on after, and the size."""

    def moment(self) -> AbstractContextManager[None]:
        """All that is read inside is of one moment: what others write meanwhile is not seen, and may have to wait."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside are committed as one, or none is. Transactions don't nest."""

    def note_appended(self, seq: int, digest: bytes) -> None:
        """The newest event of the open transaction: where the answer to its commit is lost, it tells what became of
        it."""

    def notify(self, topic: str) -> None:
        """Wake those who wait for a topic, once the open transaction is committed; nothing where nobody can be."""

    def wait_for_notice(self, topic: str, wait_s: float) -> None:
        """Wait until somebody notifies of a topic, at most so long. What came before may be missed: look anyway."""

    def close(self) -> None:
        """Close the connection."""


class Database(Connection, Protocol):
    """What each database does in its own way, besides: for the few that look after it."""

    def bulk_load(self) -> AbstractContextManager[None]:
        """Much is written inside; use more memory for it."""

    def guard_imports(self) -> None:
        """From now on, refuse units whose identity was imported. Inside a transaction."""

    def scrub(self) -> None:
        """Leave no copy of what was overwritten; `LedgerError` where that can't be done now."""

    def with_secrets(self) -> Database:
        """The same database to who may read keys: any other reading of `SECRET_COLUMNS` is refused."""

    def schema_error(self) -> LedgerError | None:
        """What is to be raised where the schema is not ours; None where it is, or where the server guards it."""

    def values_error(self, *, events: bool = True) -> LedgerError | None:
        """What is to be raised where values are of another type or form than the schema says; None where none is. With
        `events` also of what events say, of which the chain tells, too."""

    def check_integrity(self) -> None:
        """The database's own check; `LedgerError` where it is damaged."""

    def copy_to(self, target: Path, pages: int = -1) -> None:
        """Copy everything, as it is at one moment, into a new file; `pages` at once, so that writers wait little."""

    def identity(self) -> str:
        """What tells this database from every copy of it."""

    def named_lock(self, name: str, busy_message: str, wait_s: float) -> AbstractContextManager[None]:
        """Hold a name that nobody else who works with this ledger has, after waiting for at most `wait_s` seconds;
        `LedgerError` with the words `busy_message` where another still has it. Outside of any transaction."""

    def schema_version(self) -> int:
        """The version of its schema."""

    def set_schema_version(self, version: int) -> None:
        """Note the version. Inside a transaction."""

    def run_script(self, script: str) -> None:
        """Run the statements of a script of the schema. Inside a transaction."""
