"""Copies of workspaces that issue: what a test plays on many copies of one start is no second ledger."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def let_issue(folder: Path) -> None:
    """All ledgers in a folder issue where they are now: each forgets where it was, as one of an earlier version."""
    for file in sorted(folder.rglob("ledger.db")):
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute("DELETE FROM about WHERE name = 'home'")
