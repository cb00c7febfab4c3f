"""What a ledger's file says of its schema is never run where it does more than compute: a function that isn't known to
be harmless is called from no view, trigger, index or column, through whichever door the file is read."""

from __future__ import annotations

import ast
import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from bss_mfg.errors import BssError
from bss_mfg.ledger import sqlite as door
from bss_mfg.ledger.backup import inspect_copy
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.name_lookup import name_lookup
from bss_mfg.ledger.next_numbers import salvage_next_numbers
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.reading_copy import reading_copy
from tests.helpers import ROOT
from tests.helpers.factory import WHO, Factory

pytestmark = pytest.mark.sqlite

PLANTED = {
    "view": "ALTER TABLE product RENAME TO p; CREATE VIEW product AS SELECT no, spy(name) AS name, next_serial FROM p",
    "trigger": "CREATE TRIGGER eve AFTER INSERT ON event BEGIN SELECT spy(NEW.data); END",
    "index": "CREATE INDEX eve ON event (spy(data))",
    "partial index": "CREATE INDEX eve ON event (batch) WHERE spy(data)",
    "column": "ALTER TABLE product ADD COLUMN eve TEXT AS (spy(name))",
}


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the function `spy` was called with, which each connection of this process has from here on."""
    called: list[object] = []

    def spy(value: object) -> object:
        called.append(value)
        return value

    class Spied(sqlite3.Connection):
        def __init__(self, *arguments: object, **settings: object) -> None:
            super().__init__(*arguments, **settings)  # type: ignore[arg-type]
            self.create_function("spy", 1, spy, deterministic=True)

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Spied))
    return called


def plant(path: Path, words: str, called: list[object]) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(words)
    called.clear()


def look(path: Path) -> None:
    with Ledger.open(path, WHO, to_look=True) as ledger:
        for query in ("SELECT * FROM product", "SELECT seq FROM event WHERE data <> ''"):
            with contextlib.suppress(BssError):
                ledger._db.rows(query)


def write(path: Path) -> None:
    """Past the comparison of the schema, which refuses each of them too."""
    with contextlib.closing(door.connect(path)) as database:
        database.execute("INSERT INTO event VALUES (99, '', '', NULL, '{}', zeroblob(32))")


def names(path: Path) -> None:
    with name_lookup(LedgerPlace.of_file(path)) as found:
        found.batches()


DOORS: Mapping[str, Callable[[Path], object]] = {
    "look": look,
    "names": names,
    "check of a copy": inspect_copy,
    "copy to read": reading_copy,
    "salvage": lambda path: salvage_next_numbers([path]),
    "write": write,
}


@pytest.mark.parametrize("what", PLANTED)
def test_no_door_runs_what_the_schema_calls(issued: Factory, spied: list[object], what: str) -> None:
    plant(issued.root / "ledger.db", PLANTED[what], spied)
    for name, enter in DOORS.items():
        with contextlib.suppress(BssError):
            enter(issued.root / "ledger.db")
        assert spied == [], name


@pytest.mark.parametrize("what", PLANTED)
def test_a_trusted_schema_would_run_it(
    issued: Factory, spied: list[object], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The control."""
    monkeypatch.setattr(door, "_TRUST", "PRAGMA of_none")
    plant(issued.root / "ledger.db", PLANTED[what], spied)
    for enter in DOORS.values():
        with contextlib.suppress(BssError):
            enter(issued.root / "ledger.db")
    assert spied


def test_all_doors_are_one() -> None:
    """A file is opened in one place, which begins with distrust."""

    def callers() -> Iterator[str]:
        for file in sorted((ROOT / "bss_mfg").rglob("*.py")):
            if "sqlite3" in (text := file.read_text("utf-8")):
                for made in (one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.FunctionDef)):
                    yield from (
                        f"{file.stem}.{made.name}" for one in ast.walk(made) if ast.unparse(one) == "sqlite3.connect"
                    )

    assert [*callers()] == ["sqlite._opened"]


def test_numbers_are_salvaged_past_a_schema_that_cant_be_read(issued: Factory, spied: list[object]) -> None:
    """What a damaged ledger has issued is not issued again, though an index of it names a function that nobody has."""
    path = issued.root / "ledger.db"
    plant(path, PLANTED["index"].replace("spy", "abs"), spied)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'abs', 'none') WHERE name = 'eve'"
        )
    with pytest.raises(BssError):
        issued.ledger()
    (number,) = salvage_next_numbers([path]).products.values()
    assert number > 1
