"""Tables that others made, in the commands that read them: the sheet, columns passed over, blank ends, the count."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from tests.helpers.factory import Factory

HEADER = ["serial", "mac"]


def workbook(path: Path, rows: Sequence[Sequence[str]], *, notes: bool = False) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Units"
    for row in rows:
        book.active.append(list(row))
    if notes:
        book.create_sheet("Notes", 0).append(["see Units"])
    book.save(path)
    return path


def units(count: int, first: int = 1) -> list[list[str]]:
    return [HEADER, *([f"S{n:05}", f"{n:012X}"] for n in range(first, first + count))]


def test_the_file_has_the_count(issued: Factory, tmp_path: Path) -> None:
    path = workbook(tmp_path / "ids.xlsx", units(4))
    done = issued.cli("batch", "create", "bulb", "--id", "N", "--identities", path)
    assert done.code == 0, done.err
    assert "4 units" in done.err
    again = issued.cli("batch", "create", "bulb", "--id", "N", "--identities", path, "--units", 4)
    assert (again.code, "was issued before" in again.err) == (0, True)
    odd = workbook(tmp_path / "odd.xlsx", units(3, 50))
    assert "fill packages of 2" in issued.cli("batch", "create", "duo", "--identities", odd).err
    other = issued.cli("batch", "create", "bulb", "--id", "M", "--identities", odd, "--units", 4)
    assert (other.code, "has 3 rows, and 4 units" in other.err) == (3, True)
    assert "or leave out --units" in other.err
    assert issued.cli("batch", "create", "bulb", "--id", "M", "--identities", odd).code == 0


@pytest.mark.parametrize("arguments", [("batch", "create", "bulb"), ("run", "bulb")])
def test_without_a_file_somebody_must_say_how_many(issued: Factory, arguments: tuple[str, ...]) -> None:
    done = issued.cli(*arguments)
    assert (done.code, "--units" in done.err, "--identities" in done.err) == (2, True, True)


def test_blank_ends_are_told(issued: Factory, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("serial,mac,\nA1,,\nA2,,\n,,\n,,\n")
    done = issued.cli("batch", "create", "bulb", "--id", "N", "--identities", path)
    assert done.code == 0, done.err
    assert f"ids.csv: 2 blank rows at the end and 1 blank column on the right passed over" in done.err  # noqa: F541
    path.write_text("serial,,\nB1,,\n\n")
    done = issued.cli("import-issued", "bulb", path)
    assert (done.code, "1 blank row at the end and 2 blank columns" in done.err) == (0, True)


def test_a_run_remembers_how_its_file_is_read(issued: Factory, tmp_path: Path) -> None:
    rows = [[*cells, note] for cells, note in zip(units(3), ("Note", "x", "y", "z"), strict=True)]
    path = workbook(tmp_path / "ids.xlsx", rows, notes=True)
    run = ("run", "bulb", "--id", "R", "--identities", path)
    refused = issued.cli(*run)
    assert (refused.code, "'Notes', 'Units'" in refused.err) == (3, True)
    refused = issued.cli(*run, "--sheet", "Units")
    assert (refused.code, "--ignore note" in refused.err) == (3, True)
    done = issued.cli(*run, "--sheet", "Units", "--ignore", "note")
    assert done.code == 0, done.err
    plan = json.loads((issued.workspace.batch_folder("R") / "run.json").read_text())
    assert (plan["units"], plan["sheet"], plan["ignore"]) == (3, "Units", ["note"])
    assert issued.cli("run", "--resume", "R").code == 0
    assert issued.cli(*run, "--sheet", "Units", "--ignore", "note").code == 0
    other = issued.cli("run", "--resume", "R", "--sheet", "Notes")
    assert (other.code, "leave them out" in other.err) == (2, True)


def test_a_run_of_an_earlier_version_goes_on(issued: Factory) -> None:
    """Its plan has no sheet and nothing to pass over."""
    assert issued.cli("run", "bulb", "--id", "R", "--units", 2).code == 0
    path = issued.workspace.batch_folder("R") / "run.json"
    plan = json.loads(path.read_text())
    for name in ("sheet", "ignore"):
        del plan[name]
    path.write_text(json.dumps(plan))
    done = issued.cli("run", "--resume", "R")
    assert done.code == 0, done.err


def test_replacements_are_read_from_the_sheet_that_is_named(issued: Factory, tmp_path: Path) -> None:
    path = workbook(tmp_path / "new.xlsx", units(1), notes=True)
    (serial,) = (row[0] for row in issued.rows("SELECT serial FROM unit WHERE number = 2"))
    assert issued.cli("scrap", "B1", serial, "--reason", "dropped").code == 0
    replace = ("replace", "B1", serial, "--reason", "dropped", "--identities", path)
    assert issued.cli(*replace).code == 3
    done = issued.cli(*replace, "--sheet", "Units")
    assert (done.code, done.out.split()) == (0, [serial, "S00001"])


@pytest.mark.parametrize("text", ["", "serial,uuid\n", "\n\n", "serial,uuid\n,\n\n"])
def test_an_empty_list_brings_nothing_in(issued: Factory, tmp_path: Path, text: str) -> None:
    (tmp_path / "before.csv").write_text(text)
    done = issued.cli("import-issued", "bulb", tmp_path / "before.csv")
    assert (done.code, "before.csv" in done.err) == (3, True), done.err
    assert not issued.rows("SELECT * FROM imported")


def keys(issued: Factory, tmp_path: Path) -> list[list[str]]:
    out = tmp_path / "keys.csv"
    assert issued.cli("program", "B1", "--format", "csv", "--out", out).code == 0
    return [line.split(",") for line in out.read_text().splitlines()]


def written(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    path.write_text("".join(",".join(row) + "\n" for row in rows))
    return path


def test_the_check_says_what_it_compared_and_wants_keys(issued: Factory, tmp_path: Path) -> None:
    rows = keys(issued, tmp_path)
    done = issued.cli("program", "B1", "--check", tmp_path / "keys.csv")
    assert (done.code, "Compared: uuid, oob_key of 6 rows" in done.err) == (0, True), done.err
    path = written(tmp_path / "uuids.csv", [row[:2] for row in rows])
    refused = issued.cli("program", "B1", "--check", path)
    assert (refused.code, "no key would be compared" in refused.err) == (3, True)
    assert "--without-keys" in refused.err
    done = issued.cli("program", "B1", "--check", path, "--without-keys")
    assert (done.code, "Compared: uuid of 6 rows" in done.err) == (0, True)
    for bad in (["--without-keys"], ["--sheet", "x"], ["--ignore", "x"]):
        assert issued.cli("program", "B1", "--format", "csv", "--out", tmp_path / "k", *bad).code == 2


def test_units_that_a_readback_lacks_are_named(issued: Factory, tmp_path: Path) -> None:
    rows = keys(issued, tmp_path)
    done = issued.cli("program", "B1", "--check", written(tmp_path / "some.csv", rows[:4]), "--json")
    assert (done.code, done.json["rows"], done.json["columns"]) == (1, 3, ["uuid", "oob_key"])
    assert [(item["kind"], item["serial"]) for item in done.json["differences"]] == [
        ("missing", row[0]) for row in rows[4:]
    ]
    empty = issued.cli("program", "B1", "--check", written(tmp_path / "none.csv", rows[:1]))
    assert (empty.code, "no rows" in empty.err) == (3, True)
