"""What a ledger asks of its database, statement by statement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def before_statements(heard: Callable[[str], None]) -> None:
    """From now on, in this process, call `heard` with each statement before a database runs it. There is no way back:
    the process is a child."""
    import bss_mfg.ledger.ledger as opening
    from bss_mfg.ledger import sqlite

    connect = sqlite.connect

    def traced(path: Path, *, create: bool = False) -> sqlite.SqliteConnection:
        opened = connect(path, create=create)
        opened._database.set_trace_callback(heard)
        return opened

    opening.connect = traced  # type: ignore[attr-defined]
    try:
        import psycopg
    except ImportError:
        return

    class Heard(psycopg.Cursor[Any]):
        """Tells of each statement."""

        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            heard(str(query))
            return super().execute(query, *arguments, **options)

        def executemany(self, query: Any, *arguments: Any, **options: Any) -> Any:
            heard(str(query))
            return super().executemany(query, *arguments, **options)

        def copy(self, statement: Any, *arguments: Any, **options: Any) -> Any:
            heard(str(statement).replace("COPY", "INSERT INTO"))
            return super().copy(statement, *arguments, **options)

    class HeardOnServer(psycopg.ServerCursor[Any]):
        """The same of one that the server keeps."""

        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            heard(str(query))
            return super().execute(query, *arguments, **options)

    new = psycopg.connect

    def told(*arguments: Any, **options: Any) -> Any:
        opened = new(*arguments, cursor_factory=Heard, **options)
        opened.server_cursor_factory = HeardOnServer
        return opened

    psycopg.connect = told  # type: ignore[assignment]
