"""Released keys as age sees them."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16, serial="00{n:06}")
    factory.issue(4)
    return factory


def test_a_station_alone_opens_a_sealed_export(line: Factory, tmp_path: Path) -> None:
    if shutil.which("age-keygen") is None:
        pytest.skip("age is not installed: sudo apt-get install age")
    made = subprocess.run(["age-keygen", "-o", tmp_path / "station.key"], capture_output=True, text=True, check=True)
    station = made.stderr.split()[-1]
    done = line.cli("program", "B1", "--format", "csv", "--out", f"{tmp_path}/keys/", "--to", station, "--json")
    assert done.code == 0, done.err
    (path,) = map(Path, done.json["files"])
    assert path.name == "B1-keys-001.csv.age"
    opened = subprocess.run(
        ["age", "-d", "-i", tmp_path / "station.key", path], capture_output=True, text=True, check=True
    )
    assert [row["serial"] for row in csv.DictReader(opened.stdout.splitlines())] == [f"0000000{n}" for n in range(1, 5)]
    assert not list((tmp_path / "keys").glob("*.csv"))
