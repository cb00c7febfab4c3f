"""`table`: to a file, to stdout, refused by column and by name."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import get_args

import click
import pytest

from bss_mfg.cli.table import table as command
from bss_mfg.issuing.from_workspace import batch_spec
from bss_mfg.issuing.replacement import ReplacementRequest, replace_units
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.unit_state import UnitState
from bss_mfg.tables import Table
from tests.helpers.factory import Factory, a_read


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Four packages of two: 1 issued, 2 printed with a replaced unit, 3 shipped, 4 with a scrapped unit."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(8)
    with factory.ledger() as ledger:
        ledger.reads.record("B1", [a_read(3)])
        ledger.packages.ship("B1", ["ebK300000005"], "pallet 1")
        ledger.units.scrap("B1", ["ebK300000003", "ebK300000008"], "dropped")
        replace(factory, ledger, "ebK300000003")
    done = factory.cli("reprint", "B1", "ebK300000009", "--reason", "replaced", "--template", "multipack-100x70")
    assert done.code == 0, done.err
    return factory


def replace(factory: Factory, ledger: Ledger, serial: str) -> str:
    """Issue a new unit in a scrapped one's place; its serial."""
    loaded = factory.workspace.product("bulb")
    batch = ledger.batches.get("B1")
    request = ReplacementRequest(batch, loaded, batch_spec(batch), [serial], "dropped")
    return replace_units(ledger, factory.workspace.open_vault(), request)[serial]


def test_the_command_knows_all_states() -> None:
    (option,) = [param for param in command.params if param.name == "states"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == get_args(UnitState)


def test_a_products_title_is_the_one_thing_that_can_be_refused(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16, title="-20 % bulb")
    factory.issue(1)
    out = tmp_path / "t.csv"
    refused = factory.cli("table", "B1", "--format", "csv", "--columns", "serial,title", "--out", out)
    assert (refused.code, "Leave the column out" in refused.err) == (3, True)
    assert list(tmp_path.glob("*t.csv*")) == []
    assert factory.cli("table", "B1", "--format", "csv", "--out", out).code == 0


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx", "parquet"])
def test_a_file_is_private_and_never_overwritten(line: Factory, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"t.{kind}"
    done = line.cli("table", "B1", "--format", kind, "--out", out)
    assert (done.code, f"OK: {kind} of 9 units" in done.err) == (0, True), done.err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()
    assert line.cli("table", "B1", "--format", kind, "--out", out).code == 4
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_table_goes_to_stdout_and_leaves_no_event(line: Factory) -> None:
    with line.ledger() as ledger:
        head, batch = ledger.history.head(), ledger.batches.get("B1")
        expected = {"csv": b"".join(Table(ledger, batch).csv()), "jsonl": b"".join(Table(ledger, batch).jsonl())}
    for kind, data in expected.items():
        done = line.cli("table", "B1", "--format", kind, "--out", "-")
        assert (done.code, done.out) == (0, data.decode().replace("\r\n", "\n"))  # text mode turns CRLF into LF
    assert line.cli("table", "B1", "--format", "xlsx", "--out", "-").code == 2
    with line.ledger() as ledger:
        assert ledger.history.head() == head


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("serial,colour", "no column 'colour'"),
        ("serial,oob_key", "no column 'oob_key'"),
        ("serial,sealed_key", "no column 'sealed_key'"),
        ("serial,u.sealed_key", "no column"),
        ("serial,serial", "'serial' is named twice"),
        ("", "no column ''"),
    ],
)
def test_a_wrong_column_is_named_with_the_right_ones(line: Factory, columns: str, says: str) -> None:
    done = line.cli("table", "B1", "--format", "csv", "--columns", columns, "--out", "-")
    assert (done.code, done.out) == (3, "")
    assert says in done.err
    assert "replaced_by" in done.err


def test_a_state_that_nobody_is_in_gives_a_header(line: Factory) -> None:
    done = line.cli("table", "B1", "--format", "csv", "--state", "verified", "--columns", "serial , mac", "--out", "-")
    assert (done.code, done.out) == (0, '"serial","mac"\n')
    assert "OK: csv of 0 units" in done.err
