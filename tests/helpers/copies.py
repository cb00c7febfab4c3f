"""Copies of workspaces that issue: what a test plays on many copies of one start is no second ledger."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.helpers import postgres

_FORGET = "DELETE FROM about WHERE name = 'home'"


def let_issue(folder: Path) -> None:
    """All ledgers in a folder issue where they are now: each forgets where it was, as one of an earlier version."""
    for file in sorted(folder.rglob("ledger.db")):
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute(_FORGET)
    for _, url in _on_servers(folder):
        with postgres.opened(url) as served:
            served.execute(_FORGET)


def copy_line(source: Path, target: Path) -> None:
    """A copy of a folder with workspaces, their databases with them, in place of what was in `target`; they issue."""
    remove_line(target)
    shutil.copytree(source, target)
    for settings, url in _on_servers(target):
        settings.write_text(settings.read_text().replace(url, postgres.copied_database(url)))
    let_issue(target)


def remove_line(folder: Path) -> None:
    """A folder with workspaces is gone, and their databases with it."""
    for _, url in _on_servers(folder):
        postgres.drop_database(url)
    shutil.rmtree(folder, ignore_errors=True)


def _on_servers(folder: Path) -> Iterator[tuple[Path, str]]:
    """Settings of workspaces, and the URL of each one's ledger on a server."""
    for settings in sorted([*folder.glob("bss-mfg.toml"), *folder.glob("*/bss-mfg.toml")]):
        if url := tomllib.loads(settings.read_text()).get("ledger", {}).get("url"):
            yield settings, url
