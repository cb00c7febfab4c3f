"""What leaves the factory: control logs, tables, programming data. All say the same as the ledger."""

from __future__ import annotations

import csv
import json
import re
import stat
from pathlib import Path

import pytest

from tests.helpers.factory import Factory


@pytest.mark.parametrize("per_package", [1, 2, 6])
def test_the_control_log_lists_every_device_and_bundle(factory: Factory, tmp_path: Path, per_package: int) -> None:
    factory.add(units_per_package=per_package, oob_bytes=16)
    factory.issue(12)
    out = tmp_path / "log.json"
    assert factory.cli("manifest", "B1", "--format", "control-log", "--out", out).code == 0
    logs = json.loads(out.read_text())["controlLogs"]
    devices = [log["device"] for log in logs if "device" in log]
    bundles = [log["bundle"] for log in logs if "bundle" in log]
    with factory.ledger() as ledger:
        packages = list(ledger.packages.stream("B1"))
    assert [device["serialNumber"] for device in devices] == [u.serial for p in packages for u in p.units]
    assert {device["productIdentifier"]["advertisedProductId"] for device in devices} == {"ebK3"}
    assert [device["radios"]["bluetoothMesh"]["deviceUuid"] for device in devices] == [
        unit.uuid.hex.upper() for package in packages for unit in package.units
    ]
    for device, package in zip(devices, [p for p in packages for _ in p.units], strict=True):
        assert f"BMD:{device['bluetoothMeshData']['encryptedCredentials']};" in package.payload
    grouped = [[device["serialNumber"] for device in bundle["devices"]] for bundle in bundles]
    assert grouped == ([] if per_package == 1 else [[unit.serial for unit in p.units] for p in packages])


def test_assumed_names_come_from_the_mapping_file(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(1)
    from importlib import resources

    text = (resources.files("bss_mfg.payload") / "specs" / "amazon-bss-ob04.control-log.toml").read_text()
    mine = text.replace("bluetoothMeshData.oobType", "bleMesh.kind").replace('"1-0-0"', '"9-9-9"')
    (factory.root / "specs" / "amazon-bss-ob04.control-log.toml").write_text(mine)
    factory.cli("manifest", "B1", "--format", "control-log", "--out", tmp_path / "log.json")
    log = json.loads((tmp_path / "log.json").read_text())["controlLogs"][0]
    assert log["version"] == "9-9-9"
    assert log["device"]["bleMesh"] == {"kind": "static"}


def test_in_a_folder_the_control_log_gets_amazons_name(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(1)
    done = factory.cli("manifest", "B1", "--format", "control-log", "--out", tmp_path)
    assert re.fullmatch(r"C_CONTROL_LOG_\d{14}\.txt", Path(done.out.strip()).name)


def test_tables_say_the_same_as_the_ledger(factory: Factory, tmp_path: Path) -> None:
    factory.add(units_per_package=2)
    factory.issue(6)
    for kind in ("csv", "jsonl"):
        assert factory.cli("manifest", "B1", "--format", kind, "--out", tmp_path / kind).code == 0
    with factory.ledger() as ledger:
        packages = list(ledger.packages.stream("B1"))
    lines = [json.loads(line) for line in (tmp_path / "jsonl").read_text().splitlines()]
    assert [line["payload"] for line in lines] == [package.payload for package in packages]
    assert [[(u["serial"], u["uuid"]) for u in line["units"]] for line in lines] == [
        [(unit.serial, unit.uuid.hex.upper()) for unit in package.units] for package in packages
    ]
    rows = list(csv.DictReader((tmp_path / "csv").open(newline="")))
    assert [(row["serial"], row["uuid"], row["payload"]) for row in rows] == [
        (unit.serial, unit.uuid.hex.upper(), package.payload) for package in packages for unit in package.units
    ]


def test_keys_leave_by_one_door_only(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(3)
    out = tmp_path / "keys.csv"
    done = factory.cli("program", "B1", "--format", "csv", "--out", out)
    assert done.code == 0
    rows = list(csv.DictReader(out.open(newline="")))
    assert len({row["oob_key"] for row in rows}) == 3
    assert all(len(bytes.fromhex(row["oob_key"])) == 32 for row in rows)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert all(row["oob_key"] not in done.out + done.err for row in rows)
    again = factory.cli("program", "B1", "--format", "csv", "--out", out)
    assert again.code == 4
    with factory.ledger() as ledger:
        assert [event.kind for event in ledger.history.events("B1")].count("keys released") == 1


def test_outputs_are_the_same_bytes_each_time(factory: Factory, tmp_path: Path) -> None:
    factory.add(units_per_package=2)
    factory.issue(4)
    for kind in ("control-log", "csv", "jsonl"):
        for name in ("one", "two"):
            factory.cli("manifest", "B1", "--format", kind, "--out", tmp_path / f"{kind}-{name}.txt")
        assert (tmp_path / f"{kind}-one.txt").read_bytes() == (tmp_path / f"{kind}-two.txt").read_bytes()
