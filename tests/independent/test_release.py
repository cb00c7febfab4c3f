"""Released keys as age opens them, and as LibreOffice saves them."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from tests.helpers.factory import Factory
from tests.helpers.office import soffice
from tests.needs import needs


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16, serial="00{n:06}")
    factory.issue(4)
    return factory


@needs("age")
def test_a_station_alone_opens_a_sealed_export(line: Factory, tmp_path: Path) -> None:
    made = subprocess.run(["age-keygen", "-o", tmp_path / "station.key"], capture_output=True, text=True, check=True)
    station = made.stderr.split()[-1]
    (tmp_path / "keys").mkdir()
    done = line.cli("program", "B1", "--format", "csv", "--out", f"{tmp_path}/keys/", "--to", station, "--json")
    assert done.code == 0, done.err
    (path,) = map(Path, done.json["files"])
    assert path.name == "B1-keys-001.csv.age"
    opened = subprocess.run(
        ["age", "-d", "-i", tmp_path / "station.key", path], capture_output=True, text=True, check=True
    )
    assert [row["serial"] for row in csv.DictReader(opened.stdout.splitlines())] == [f"0000000{n}" for n in range(1, 5)]
    assert not list((tmp_path / "keys").glob("*.csv"))


@needs("soffice")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_read_back_that_libreoffice_saved_is_read_exactly(line: Factory, tmp_path: Path, kind: str) -> None:
    """Opened as a table of text columns; opened as numbers, each lost zero is named and nothing is guessed."""
    keys = tmp_path / "keys.csv"
    assert line.cli("program", "B1", "--format", "csv", "--out", keys).code == 0
    text_columns = "--infilter=CSV:44,34,76,1,1/2/2/2/3/2"
    saved = soffice(keys, kind, tmp_path / "saved", text_columns)
    done = line.cli("program", "B1", "--check", saved)
    assert done.code == 0, done.err
    if kind == "csv":
        careless = line.cli("program", "B1", "--check", soffice(keys, kind, tmp_path / "numbers"), "--json")
        assert careless.code == 1
        assert "spreadsheet" in {item["kind"] for item in careless.json["differences"]}
