"""A unit's life: scrapped units never leave the factory, batches close only with balanced books, and ledgers of every
earlier version go on."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.batches import ClosingRequest
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.schema import VERSION
from tests.helpers.commands import run_cli
from tests.helpers.factory import WHO, Factory, a_read, make_factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Four packages of two, printed."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(8)
    factory.label(template="multipack-100x70")
    return factory


def labels(factory: Factory) -> Path:
    return next((factory.root / "batches" / "B1" / "labels").glob("*.pdf"))


def test_a_scrapped_units_label_is_wrong_wherever_it_is_read(line: Factory) -> None:
    done = line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped")
    assert done.code == 0, done.err
    again = line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped")
    assert "1 scrapped before" in again.err
    outcome = line.cli("verify", "B1", labels(line), "--json")
    assert outcome.code == 1
    (wrong,) = [row for row in outcome.json["findings"] if row["verdict"] != "matched"]
    assert (wrong["verdict"], wrong["package"]) == ("mismatched", 2)
    assert "scrapped" in wrong["detail"]
    with line.ledger() as ledger:
        payload = next(ledger.packages.stream("B1", 2, 1)).payload
        assert len(list(ledger.history.events_of(("unit scrapped",)))) == 1
    station = line.cli("scan", "B1", "--plain", stdin=payload + "\n")
    assert station.code == 1
    assert station.out.startswith("SCRAPPED: ebK300000003, ebK300000004")


def test_a_scrapped_unit_is_neither_programmed_nor_uploaded_nor_printed(line: Factory) -> None:
    line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped")
    keys, table, log = (line.root / name for name in ("keys.csv", "t.jsonl", "log.json"))
    assert line.cli("program", "B1", "--format", "csv", "--out", keys).code == 0
    serials = [row.split(",")[0] for row in keys.read_text().splitlines()[1:]]
    assert serials == [f"ebK30000000{number}" for number in (1, 2, 4, 5, 6, 7, 8)]
    made = line.cli("manifest", "B1", "--format", "jsonl", "--out", table)
    assert "of 3 packages" in made.err
    assert "Left out: 1 package with a scrapped unit" in made.err
    line.cli("manifest", "B1", "--format", "control-log", "--out", log)
    assert [json.loads(row)["package"] for row in table.read_text().splitlines()] == [1, 3, 4]
    assert "ebK300000003" not in log.read_text()
    assert "ebK300000005" in log.read_text()
    refused = line.cli("reprint", "B1", "ebK300000004", "--reason", "eaten")
    assert refused.code == 4
    assert "scrapped" in refused.err


def test_a_batch_closes_only_when_its_books_balance(line: Factory, tmp_path: Path) -> None:
    refused = line.cli("close", "B1")
    assert refused.code == 4
    assert "4 are missing" in refused.err
    with line.ledger() as ledger:
        for package in (1, 2):
            ledger.reads.record("B1", [a_read(package)])
        ledger.units.scrap("B1", ["ebK300000005"], "dropped")
        with pytest.raises(RefusedError, match="1 is missing"):
            ledger.batches.close("B1", ClosingRequest())
        with pytest.raises(RefusedError, match="1 is too many"):
            ledger.batches.close("B1", ClosingRequest(2))
    done = line.cli("close", "B1", "--in-hand", 1, "--json")
    assert done.code == 0, done.err
    assert {name: done.json[name] for name in ("printed", "verified", "scrapped", "in_hand")} == {
        "printed": 4, "verified": 2, "scrapped": 1, "in_hand": 1
    }  # fmt: skip
    assert "1 in hand" in line.cli("close", "B1").err  # as it was closed
    assert line.cli("close", "B1", "--in-hand", 40).code == 4  # that was counted wrong
    for command in (("labels", "B1", "--again"), ("scrap", "B1", "ebK300000001", "--reason", "x"),
                    ("reprint", "B1", "ebK300000001", "--reason", "x")):  # fmt: skip
        outcome = line.cli(*command)
        assert outcome.code == 4, command
        assert "was closed at" in outcome.err
    assert line.cli("verify", "B1", labels(line), "--partial").code == 1  # the scrapped one; reading is allowed
    with line.ledger() as ledger:
        assert len(list(ledger.history.events_of(("batch closed",)))) == 1


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    factory = make_factory(tmp_path / "w")
    database = sqlite3.connect(factory.root / "ledger.db")
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    with pytest.raises(LedgerError, match="newer bss-mfg"):
        Ledger.open(factory.root / "ledger.db", WHO)
    assert run_cli("--workspace", factory.root, "batch", "list").code == 5
