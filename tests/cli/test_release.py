"""Keys leave once: what was released is counted, files are private and indexed, and a read-back is compared."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest

from bss_mfg.programming.registry import formats
from tests.helpers.factory import Factory
from tests.helpers.specs import PUKS


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16, serial="00{n:06}")
    factory.issue(4)
    return factory


def released(factory: Factory) -> list[int]:
    done = factory.cli("table", "B1", "--columns", "serial,released", "--format", "jsonl", "--out", "-")
    return [json.loads(row)["released"] for row in done.out.splitlines()]


def test_a_key_is_released_once(line: Factory, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    out = f"{tmp_path}/keys/"
    first = line.cli("program", "B1", "--format", "csv", "--out", out, "--json")
    assert first.code == 0, first.err
    path = Path(first.json["files"][0])
    assert path.name == "B1-keys-001.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert released(line) == [1, 1, 1, 1]
    again = line.cli("program", "B1", "--format", "csv", "--out", out)
    assert again.code == 4
    assert "--again --reason" in again.err
    on_purpose = line.cli("program", "B1", "--format", "csv", "--out", out, "--again", "--reason", "stick lost")
    assert on_purpose.code == 0, on_purpose.err
    assert released(line) == [2, 2, 2, 2]
    assert sorted(item.name for item in (tmp_path / "keys").glob("*.csv")) == ["B1-keys-001.csv", "B1-keys-002.csv"]
    events = [event for event in line.cli("history", "B1", "--json").json if event["kind"] == "keys released"]
    assert [event.get("reason") for event in events] == [None, "stick lost"]


def test_only_the_new_unit_is_released_after_a_replacement(line: Factory, tmp_path: Path) -> None:
    assert line.cli("program", "B1", "--format", "csv", "--out", f"{tmp_path}/").code == 0
    assert line.cli("scrap", "B1", "00000002", "--reason", "x").code == 0
    assert line.cli("replace", "B1", "00000002", "--reason", "x").code == 0
    done = line.cli("program", "B1", "--format", "csv", "--out", f"{tmp_path}/", "--json")
    assert done.json["units"] == 1
    with Path(done.json["files"][0]).open() as file:
        assert [row["serial"] for row in csv.DictReader(file)] == ["00000005"]


@pytest.mark.parametrize("kind", ["jsonl", "bin", "zephyr", "zephyr-shell", "esp-nvs", "c-header"])
def test_every_format_is_written_indexed_and_private(line: Factory, tmp_path: Path, kind: str) -> None:
    (tmp_path / "out").mkdir()
    done = line.cli("program", "B1", "--format", kind, "--out", f"{tmp_path}/out/", "--json")
    assert done.code == 0, done.err
    (index,) = map(Path, done.json["indexes"])
    listed = json.loads(index.read_text())
    assert (listed["batch"], listed["programming_format"], listed["units"]) == ("B1", kind, 4)
    assert len(listed["files"]) == (1 if kind == "jsonl" else 4)
    for item in listed["files"]:
        assert stat.S_IMODE((tmp_path / "out" / item["file"]).stat().st_mode) == 0o600


def test_a_foreign_file_is_in_the_way_and_stops_the_release(line: Factory, tmp_path: Path) -> None:
    (tmp_path / "00000003.h").write_text("mine")
    done = line.cli("program", "B1", "--format", "c-header", "--out", f"{tmp_path}/")
    assert done.code == 4
    assert (tmp_path / "00000003.h").read_text() == "mine"
    assert released(line) == [0, 0, 0, 0]


def test_what_was_read_back_is_compared(line: Factory, tmp_path: Path) -> None:
    keys = tmp_path / "keys.csv"
    assert line.cli("program", "B1", "--format", "csv", "--out", keys).code == 0
    good = line.cli("program", "B1", "--check", keys)
    assert good.code == 0, good.err
    rows = keys.read_text().splitlines()
    one, two = rows[1].split(","), rows[2].split(",")
    keys.write_text("\n".join([rows[0], ",".join([one[0], *two[1:]]), ",".join([two[0], *one[1:]]), rows[3]]) + "\n")
    bad = line.cli("program", "B1", "--check", keys, "--json")
    assert bad.code == 1
    assert [(item["kind"], item["serial"]) for item in bad.json["differences"]] == [
        ("swapped", "00000001"), ("swapped", "00000002"), ("missing", "00000004")
    ]  # fmt: skip
    assert one[2] not in bad.out + bad.err


def test_the_command_offers_every_format() -> None:
    """Their names are a file of their own, so that help needs none of the formats' libraries."""
    from bss_mfg.programming.names import NAMES
    from bss_mfg.programming.registry import formats

    assert set(NAMES) == set(formats())


CODE, MAC = "83FED3407A939723A5C639B26916D505C3B5", "BE91A2B05327F4D5"


PUK = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADLZXG+MzHkCUT1F88yQpaiDW7vu8XDSIhJwsVr2bmmag="


@pytest.fixture
def zigbee(factory: Factory, tmp_path: Path) -> Factory:
    factory.add(spec="amazon-zss-ob02", oob_bytes=16)
    (tmp_path / "ids.csv").write_text(f"serial,mac,install_code\nZ1,{MAC},{CODE}\n")
    made = factory.cli("batch", "create", "bulb", "--units", 1, "--id", "B1", "--identities", tmp_path / "ids.csv")
    assert made.code == 0, made.err
    return factory


def test_install_codes_come_along_as_columns_of_their_own(zigbee: Factory, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    done = zigbee.cli("program", "B1", "--format", "csv", "--out", f"{tmp_path}/keys/", "--json")
    assert done.code == 0, done.err
    path = Path(done.json["files"][0])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open() as file:
        (row,) = csv.DictReader(file)
    assert (row["mac"], row["install_code"]) == (MAC, CODE)
    assert done.json["brought"] == ["install_code"]
    assert "the barcodes of this batch hold no OOB key" in done.err and "Warning" not in done.err
    assert CODE not in done.out + done.err
    assert all(CODE not in file.read_text() for file in (tmp_path / "keys").glob("*.json"))


def test_install_codes_come_along_in_json_lines(zigbee: Factory, tmp_path: Path) -> None:
    done = zigbee.cli("program", "B1", "--format", "jsonl", "--out", tmp_path / "keys.jsonl")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "keys.jsonl").read_text())["brought"] == {"mac": MAC, "install_code": CODE}


@pytest.mark.parametrize("kind", ["bin", "zephyr", "zephyr-shell", "esp-nvs", "c-header"])
def test_a_format_without_room_for_install_codes_warns(zigbee: Factory, tmp_path: Path, kind: str) -> None:
    (tmp_path / "keys").mkdir()
    done = zigbee.cli("program", "B1", "--format", kind, "--out", f"{tmp_path}/keys/")
    assert done.code == 0, done.err
    assert f"Warning: {kind} has no room for install_code" in done.err and "--format csv" in done.err


def test_pins_come_along_and_are_read_back(factory: Factory, tmp_path: Path) -> None:
    factory.add(spec="amazon-wss-ib01", oob_bytes=16)
    (tmp_path / "ids.csv").write_text(
        f"serial,mac,puk,pin\nG3A0PA01802300PE,,{PUK},957AD9640\nG3A0PA01802300PF,{MAC},{PUKS[0]},957AD9641\n"
    )
    assert factory.cli(
        "batch", "create", "bulb", "--units", 2, "--id", "B1", "--identities", tmp_path / "ids.csv"
    ).code == 0  # fmt: skip
    assert factory.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv").code == 0
    with (tmp_path / "keys.csv").open() as file:
        row, other = csv.DictReader(file)
    assert (row["mac"], other["mac"]) == ("", MAC)
    assert (row["serial"], row["pin"], row["puk"]) == ("G3A0PA01802300PE", "957AD9640", PUK)
    assert list(row) == ["serial", "uuid", "oob_key", "mac", "pin", "puk"]
    read = formats()["csv"].read((tmp_path / "keys.csv").read_bytes())
    assert [one.serial for one in read] == ["G3A0PA01802300PE", "G3A0PA01802300PF"]


def test_a_mesh_batch_says_nothing_of_it(line: Factory, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    done = line.cli("program", "B1", "--format", "bin", "--out", f"{tmp_path}/keys/")
    assert "Warning" not in done.err and "hold no OOB key" not in done.err


def test_a_release_of_nothing_is_a_header(line: Factory, tmp_path: Path) -> None:
    serials = [f"00{number:06}" for number in range(1, 5)]
    assert line.cli("scrap", "B1", *serials, "--reason", "fire").code == 0
    path = tmp_path / "keys.csv"
    done = line.cli("program", "B1", "--format", "csv", "--out", path, "--again", "--reason", "asked for")
    assert done.code == 0, done.err
    assert path.read_text() == "serial,uuid,oob_key\n"
