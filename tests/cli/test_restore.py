"""A copy of the ledger put back: no serial comes twice, and the way out of a lost ledger is typed as it stands."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from pathlib import Path

import pytest

from bss_mfg.ledger.sqlite import salvage
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16)
    return factory


def serials(factory: Factory, batch: str) -> set[str]:
    with factory.ledger() as ledger:
        return {unit.serial for package in ledger.packages.stream(batch) for unit in package.units}


def restore(factory: Factory, copy: Path, skip: int) -> str:
    done = factory.cli("ledger", "restore", copy, "--skip-serials", skip, "--reason", "lost")
    assert done.code == 0, done.err
    return done.err


def test_the_same_copy_put_back_twice_issues_no_serial_twice(line: Factory, tmp_path: Path) -> None:
    """The second restore began at the same number as the first, and gave the serials of the time between again."""
    line.issue(3)
    copy = tmp_path / "copy.db"
    assert line.cli("ledger", "backup", copy).code == 0
    given = serials(line, "B1")
    for life in ("B2", "B3", "B4"):
        line.issue(5, life)
        assert not given & serials(line, life)
        given |= serials(line, life)
        (line.root / "ledger.db").unlink()
        told = restore(line, copy, 10)
    assert "running number 34" in told  # 3 in the copy, three times 10
    noted = line.root / "next-serials.json"
    assert noted.stat().st_mode & 0o777 == 0o600
    assert json.loads(noted.read_text()) == {
        "format": 1,
        "products": {"bulb": 34},
        "first": 31,
        "logistic_units": 30_031,
    }


def test_a_product_that_came_after_the_copy_goes_on_too(line: Factory, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert line.cli("ledger", "backup", copy).code == 0
    for life, skip in (("B1", 4), ("B2", 4)):
        line.issue(4, life)
        (line.root / "ledger.db").unlink()
        restore(line, copy, skip)
    line.issue(1, "B3")
    assert serials(line, "B3") == {"ebK300000009"}


def test_what_a_damaged_ledger_still_tells_counts(line: Factory, tmp_path: Path) -> None:
    """Ten more were issued than --skip-serials says."""
    line.issue(3)
    assert line.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    line.issue(15, "B2")
    given = serials(line, "B2")
    with sqlite3.connect(line.root / "ledger.db") as database:
        database.execute("DROP TRIGGER event_no_update")
        database.execute("UPDATE event SET at = '2020-01-01T00:00:00Z' WHERE seq = 2")
    restore(line, tmp_path / "copy.db", 5)
    line.issue(15, "B3")
    assert not given & serials(line, "B3")
    assert salvage(line.root / "ledger.db.damaged", "SELECT name, next_serial FROM product") == [("bulb", 19)]
    assert salvage(tmp_path / "nowhere.db", "SELECT 1 FROM product") == []


def test_a_kill_between_the_last_steps_leaves_no_ledger_that_issues_again(
    line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers were left out in a second step, after the copy was in place."""
    from bss_mfg.ledger import backup

    line.issue(3)
    assert line.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    (line.root / "ledger.db").unlink()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backup, "write_next_numbers", killed)
        command = ("ledger", "restore", tmp_path / "copy.db", "--skip-serials", 7, "--reason", "x")
        assert line.cli(*command).code == 130
    assert not (line.root / "ledger.db").exists()
    assert not list(line.root.glob(".ledger.db*"))
    restore(line, tmp_path / "copy.db", 7)
    line.issue(1, "B2")
    assert serials(line, "B2") == {"ebK300000011"}


def test_a_journal_of_the_lost_ledger_is_not_played_into_the_copy(line: Factory, tmp_path: Path) -> None:
    line.issue(3)
    assert line.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    file = line.root / "ledger.db"
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE product SET next_serial = 99")
    database.execute("PRAGMA cache_spill = 1")
    journal = line.root / "ledger.db-journal"
    left = journal.read_bytes() if journal.exists() else b""
    database.execute("ROLLBACK")
    database.close()
    file.unlink()
    journal.write_bytes(left or b"\xd9\xd5\x05\xf9 \xa1c\xd7" + bytes(504))
    restore(line, tmp_path / "copy.db", 7)
    assert not journal.exists()
    assert (line.root / "ledger.db-journal.damaged").exists()
    assert line.cli("ledger", "check").code == 0


def test_a_note_of_numbers_that_can_t_be_read_is_refused(line: Factory, tmp_path: Path) -> None:
    assert line.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    (line.root / "ledger.db").unlink()
    (line.root / "next-serials.json").write_text('{"products": {"bulb": "many"}}')
    refused = line.cli("ledger", "restore", tmp_path / "copy.db", "--skip-serials", 1, "--reason", "x")
    assert refused.code == 3
    assert "next-serials.json" in refused.err
    assert not (line.root / "ledger.db").exists()


@pytest.mark.parametrize("kind", ["missing", "garbage", "history changed"])
def test_the_way_out_of_a_lost_ledger_is_typed_as_it_stands(line: Factory, tmp_path: Path, kind: str) -> None:
    line.issue(3)
    copy = tmp_path / "copy.db"
    assert line.cli("ledger", "backup", copy).code == 0
    file = line.root / "ledger.db"
    if kind == "missing":
        file.unlink()
    elif kind == "garbage":
        file.write_bytes(b"garbage" * 1000)
    else:
        with sqlite3.connect(file) as database:
            database.execute("DROP TRIGGER event_no_update")
            database.execute("UPDATE event SET at = '2020-01-01T00:00:00Z' WHERE seq = 2")
    lost = line.cli("ledger", "check")
    assert lost.code == 5
    (command,) = re.findall(r"`(bss-mfg [^`]*ledger restore [^`]+)`", lost.err)
    typed = {"COPY": str(copy), "N": "10", "TEXT": "the disk failed"}
    _, *words = [typed.get(word, word) for word in shlex.split(command)]
    done = line.cli(*words)
    assert done.code == 0, done.err
    assert line.cli("ledger", "check").code == 0


def test_a_copy_from_before_a_rekey_says_which_key_it_needs(line: Factory, tmp_path: Path) -> None:
    line.issue(3)
    assert line.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    old = tmp_path / "old.key"
    old.write_text(line.workspace.vault_file.read_text())
    assert line.cli("vault", "rekey").code == 0
    (line.root / "ledger.db").unlink()
    told = restore(line, tmp_path / "copy.db", 7)
    (command,) = re.findall(r"`bss-mfg ([^`]+)`", told)
    assert line.cli("batch", "create", "bulb", "--units", 1).code == 5
    back = line.cli(*(str(old) if word == "FILE" else word for word in shlex.split(command)))
    assert back.code == 0, back.err
    assert line.cli("batch", "create", "bulb", "--units", 1).code == 0
    assert line.cli("vault", "status").code == 0
