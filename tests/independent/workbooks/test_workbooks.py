"""Workbooks and CSV files that are damaged, odd or lying: all of each is read, or it is refused by name. Never less."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.factory import Factory
from tests.helpers.office import soffice
from tests.independent.workbooks.make import Made, Table, Truth, all_files, example
from tests.needs import needs

COUNT = 30
NAMES = [made.name for made in all_files(example(COUNT))]


@dataclass(frozen=True)
class Line:
    """A factory with a batch B1, and each file made of four tables: new identities, identities from before, what was
    issued in B1, and the same with all keys wrong."""

    factory: Factory
    new: dict[str, Made]
    before: dict[str, Made]
    issued: dict[str, Made]
    wrong: dict[str, Made]


def made_of(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> dict[str, Made]:
    return {made.name: made for made in all_files(Table(header, tuple(rows)))}


@pytest.fixture(scope="module")
def line(new_factory: Callable[[], Factory], tmp_path_factory: pytest.TempPathFactory) -> Line:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(COUNT, "B1")
    keys = tmp_path_factory.mktemp("keys") / "keys.csv"
    assert factory.cli("program", "B1", "--format", "csv", "--out", keys).code == 0
    with keys.open(newline="") as file:
        issued = [(row["serial"], row["uuid"], row["oob_key"]) for row in csv.DictReader(file)]
    numbers = range(1, COUNT + 1)
    new = ((f"N{n:07}", f"{n:032X}", f"{n:012X}") for n in numbers)
    before = ((f"P{n:07}", f"{n + 99:032X}", f"{n + 999:064X}") for n in numbers)
    header = ("serial", "uuid", "oob_key")
    return Line(
        factory,
        made_of(("serial", "uuid", "mac"), new),
        made_of(("serial", "uuid", "oob_sha256"), before),
        made_of(header, iter(issued)),
        made_of(header, ((serial, uuid, f"{n:032X}") for n, (serial, uuid, _) in enumerate(issued))),
    )


def put(folder: Path, made: Made) -> Path:
    path = folder / made.name
    path.write_bytes(made.data)
    return path


def says_why(err: str, made: Made) -> bool:
    """Whether a refusal is one, and names the file, what is wrong and the way out."""
    (error,) = [text for text in err.splitlines() if text.startswith("Error: ")]
    return made.name in error and made.says in error and "defect" not in error


def test_there_are_more_than_60_files_and_they_are_the_same_each_time() -> None:
    first, second = ({made.name: made.data for made in all_files(example())} for _ in range(2))
    assert len(first) == len(NAMES) > 150
    by_hand = {name for name in first if not name.startswith(("openpyxl", "xlsxwriter"))}  # those write the time
    assert {name: first[name] for name in by_hand} == {name: second[name] for name in by_hand}


def test_workbooks_of_another_library_are_among_them() -> None:
    pytest.importorskip("xlsxwriter", reason="xlsxwriter is missing: pip install 'bss-mfg[test]'")
    assert sum(name.startswith("xlsxwriter") for name in NAMES) == 8


@pytest.mark.parametrize("name", NAMES)
def test_batch_create_takes_all_or_nothing(line: Line, tmp_path: Path, name: str) -> None:
    made, factory = line.new[name], line.factory.copied(tmp_path / "w")
    done = factory.cli("batch", "create", "bulb", "--id", "NEW", "--identities", put(tmp_path, made), *made.options)
    assert done.code == made.truth.value[0], done.err
    found = factory.rows("SELECT serial, hex(uuid), mac FROM unit WHERE serial LIKE 'N%' ORDER BY serial")
    if made.truth is Truth.ALL:
        assert found == [(f"N{n:07}", f"{n:032X}", f"{n:012X}") for n in range(1, COUNT + 1)]
    else:
        assert says_why(done.err, made), done.err
        assert not found


@pytest.mark.parametrize("name", NAMES)
def test_import_issued_takes_all_or_nothing(line: Line, tmp_path: Path, name: str) -> None:
    made, factory = line.before[name], line.factory.copied(tmp_path / "w")
    done = factory.cli("import-issued", "bulb", put(tmp_path, made), *made.options)
    assert done.code == made.truth.value[1], done.err
    found = factory.rows("SELECT serial, hex(uuid), hex(key_digest) FROM imported ORDER BY serial")
    if made.truth is Truth.ALL:
        assert found == [(f"P{n:07}", f"{n + 99:032X}", f"{n + 999:064X}") for n in range(1, COUNT + 1)]
    else:
        assert says_why(done.err, made), done.err
        assert not found


@pytest.mark.parametrize("name", NAMES)
def test_the_check_compares_all_or_nothing(line: Line, tmp_path: Path, name: str) -> None:
    made, wrong = line.issued[name], line.wrong[name]
    path = put(tmp_path, made)
    done = line.factory.cli("program", "B1", "--check", path, "--json", *made.options)
    assert done.code == made.truth.value[2], done.err
    if made.truth is Truth.REFUSED:
        assert says_why(done.err, made), done.err
        return
    assert (done.json["rows"], done.json["columns"]) == (COUNT, ["uuid", "oob_key"])
    assert bool(done.json["found"]) == (made.truth is Truth.VALUE)
    path = put(tmp_path, wrong)
    done = line.factory.cli("program", "B1", "--check", path, "--json", *made.options)
    assert (done.code, sum(item["kind"] == "key" for item in done.json["differences"])) == (
        1,
        COUNT - (made.name == "a blank inside.csv") - (made.name == "rounded.csv"),
    )


READ_BY_OTHERS = ["plain.xlsx", "own texts.xlsx", "strict.xlsx", "strict own texts.xlsx", "cells without places.xlsx",
                  "pieces of text.xlsx", "blank rows at the end.xlsx", "size two columns.xlsx"]  # fmt: skip


@needs("soffice")
@pytest.mark.parametrize("name", READ_BY_OTHERS)
def test_libreoffice_reads_the_same(tmp_path: Path, name: str) -> None:
    """The files written by hand are workbooks to others, too."""
    table = example()
    (made,) = (made for made in all_files(table) if made.name == name)
    saved = soffice(put(tmp_path, made), "csv", tmp_path / "saved")
    with saved.open(newline="", encoding="utf-8") as file:
        assert [tuple(row) for row in csv.reader(file) if any(row)] == list(table.all)


HIDDEN = ["a hidden first sheet.xlsx", "two filled sheets.xlsx", "a hidden row.xlsx", "a hidden column.xlsx",
          "filtered rows.xlsx", "a further column.xlsx", "a further column.csv",
          "the only filled sheet is hidden.xlsx"]  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_the_way_out_works_when_it_is_typed(line: Line, tmp_path: Path, name: str) -> None:
    made = line.issued[name]
    path = put(tmp_path, made)
    refused = line.factory.cli("program", "B1", "--check", path)
    found = re.search(r"--(?:sheet|ignore) (?:\"[^\"]+\"|[\w-]+)", refused.err)
    assert found, refused.err
    option, value = shlex.split(found[0])
    value = {"two filled sheets.xlsx": "Units"}.get(name, value)  # it can't know which one is meant
    done = line.factory.cli("program", "B1", "--check", path, option, value)
    assert done.code == 0, done.err
    assert "Compared: uuid, oob_key of 30 rows" in done.err


def test_a_whole_file_without_its_last_end_is_taken_when_that_is_added(line: Line, tmp_path: Path) -> None:
    made = line.issued["cut in a value.csv"]
    path = put(tmp_path, made)
    assert "end its last line (press Enter there)" in line.factory.cli("program", "B1", "--check", path).err
    path.write_bytes(made.data + b"\n")
    done = line.factory.cli("program", "B1", "--check", path, "--json")
    assert (done.code, done.json["rows"], done.json["found"]) == (1, COUNT, 1)


def test_no_value_of_a_number_cell_is_shown(line: Line, tmp_path: Path) -> None:
    """It may be a PIN, or a key of digits alone."""
    done = line.factory.cli("program", "B1", "--check", put(tmp_path, line.issued["a number.xlsx"]))
    assert "cell A2" in done.err and "17" not in done.err.replace(str(tmp_path), "")
