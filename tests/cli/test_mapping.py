"""mapping check and fit: a control log mapping held against a sample log of a guide, and made from one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.core.toml_files import parse_toml, validate
from bss_mfg.manifest.log_builder import LogRenderer
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.manifest.log_reader import read_logs
from tests.helpers.commands import Outcome, run_cli

NAME = "amazon-bss-ob04"
KEY = "00112233445566778899aabbccddeeff"
UNITS = [
    ("AX00012345", "4EB2A9F1C6D34C0E9B1D5F7A8C2E6D01", "020000123456", KEY),
    ("AX00012346", "4EB2A9F1C6D34C0E9B1D5F7A8C2E6D02", "020000123457", KEY[::-1]),
]
SECRET = "AkUvZq7xQ2bM"
STRING = f"ABV:OB04;PID:ebK3;BMU:{UNITS[0][1]}_{UNITS[1][1]};BMO:2;BMD:{SECRET};"


def unit_file(folder: Path) -> Path:
    lines = ["format = 1", f'string = "{STRING}"', "[product]", 'pid = "ebK3"']
    for serial, uuid, mac, oob in UNITS:
        lines += ["[[unit]]", f'serial = "{serial}"', f'uuid = "{uuid}"', f'mac = "{mac}"', f'oob = "{oob}"']
    path = folder / "units.toml"
    path.write_text("\n".join(lines))
    return path


def device(number: int, **changes: Any) -> dict[str, Any]:
    """The log that the packaged mapping writes."""
    serial, uuid, mac, _ = UNITS[number]
    return {
        "version": "1-0-0",
        "device": {
            "serialNumber": serial,
            "productIdentifier": {"advertisedProductId": "ebK3"},
            "radios": {"bluetoothMesh": {"deviceUuid": uuid, "macAddress": mac}},
            "bluetoothMeshData": {"oobType": "static", "encryptedCredentials": SECRET},
            **changes,
        },
    }


BUNDLE = {
    "version": "1-0-0",
    "bundle": {
        "productIdentifier": {"advertisedProductId": "ebK3"},
        "devices": [{"serialNumber": UNITS[0][0]}, {"serialNumber": UNITS[1][0]}],
    },
}


def other_guide(number: int) -> dict[str, Any]:
    """A log with other names and forms."""
    serial, uuid, mac, _ = UNITS[number]
    dashed = "-".join([uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]]).lower()
    colons = ":".join(mac[at : at + 2] for at in range(0, 12, 2))
    return {
        "schema": 4,
        "signed": False,
        "dev": {"serial-number": serial, "id": dashed, "radio": {"ble_mac": colons}, "pid": "ebK3", "auth": SECRET},
    }


def written(folder: Path, document: object) -> Path:
    path = folder / "sample.json"
    path.write_text(json.dumps(document, indent=1))
    return path


def check(folder: Path, document: object, *more: object, target: object = NAME) -> Outcome:
    return run_cli("mapping", "check", target, "--sample", written(folder, document), *more, "--json", cwd=folder)


def states(outcome: Outcome) -> dict[str, str]:
    (sample,) = outcome.json["samples"]
    return {one["path"]: one["state"] for one in sample["members"]}


def test_what_we_write_is_proven_by_its_own_devices(tmp_path: Path) -> None:
    sample = {"controlLogs": [device(0), device(1), BUNDLE]}
    done = check(tmp_path, sample, "--units", unit_file(tmp_path))
    assert done.code == 0, done.out
    assert set(states(done).values()) == {"proven"}
    assert len(done.json["samples"][0]["members"]) == 7 + 7 + 3


def test_without_devices_only_place_and_form_are_known(tmp_path: Path) -> None:
    done = check(tmp_path, {"controlLogs": [device(0)]})
    assert done.code == 0, done.out
    found = states(done)
    assert found["device.serialNumber"] == "consistent"
    assert found["device.bluetoothMeshData.oobType"] == "proven"
    assert found["bundle.devices"] == "untested"


@pytest.mark.parametrize(
    ("changes", "path", "state"),
    [
        ({"serialNumber": "AX00099999"}, "device.serialNumber", "different"),
        ({"serialNumber": 12345}, "device.serialNumber", "different"),
        ({"radios": {"bluetoothMesh": {"deviceUuid": UNITS[0][1].lower()}}}, "device.radios.bluetoothMesh.deviceUuid",
         "different"),
        ({"radios": {}}, "device.radios.bluetoothMesh.deviceUuid", "missing"),
        ({"colour": "red"}, "device.colour", "unknown"),
        ({"bluetoothMeshData": {"oobType": "other", "encryptedCredentials": SECRET}},
         "device.bluetoothMeshData.oobType", "different"),
        ({"bluetoothMeshData": {"oobType": "static", "encryptedCredentials": SECRET[::-1]}},
         "device.bluetoothMeshData.encryptedCredentials", "different"),
    ],
)  # fmt: skip
def test_a_contradiction_is_named_by_its_member(tmp_path: Path, changes: dict[str, Any], path: str, state: str) -> None:
    done = check(tmp_path, {"controlLogs": [device(0, **changes), device(1)]}, "--units", unit_file(tmp_path))
    assert done.code == 1
    (sample,) = done.json["samples"]
    assert (path, state) in {(one["path"], one["state"]) for one in sample["members"] if one["log"] == 1}
    assert {one["state"] for one in sample["members"] if one["log"] == 2} == {"proven"}


def test_a_single_log_is_a_sample_too(tmp_path: Path) -> None:
    done = run_cli("mapping", "check", NAME, "--sample", written(tmp_path, device(0)), cwd=tmp_path)
    assert done.code == 0, done.err
    assert "without their envelope" in done.err
    assert "--units" in done.err


@pytest.mark.parametrize("number", [0, 1])
def test_each_device_has_its_own_values(tmp_path: Path, number: int) -> None:
    """The other device's UUID, in a log that names this one, is no proof."""
    swapped = device(number, radios={"bluetoothMesh": {"deviceUuid": UNITS[1 - number][1]}})
    swapped["device"]["radios"]["bluetoothMesh"]["macAddress"] = UNITS[number][2]
    done = check(tmp_path, [swapped], "--units", unit_file(tmp_path))
    assert done.code == 1
    assert states(done)["device.radios.bluetoothMesh.deviceUuid"] == "different"


def fit(folder: Path, document: object, *more: object) -> Outcome:
    units = unit_file(folder)
    return run_cli(
        "mapping", "fit", NAME, "--sample", written(folder, document), "--units", units, *more, cwd=folder
    )  # fmt: skip


def test_a_guide_with_other_names_is_fitted_and_then_proven(tmp_path: Path) -> None:
    sample = {"controlLogs": [other_guide(0), other_guide(1), BUNDLE]}
    out = tmp_path / "made.control-log.toml"
    done = fit(tmp_path, sample, "--out", out)
    assert done.code == 0, done.err
    mapping = validate(parse_toml(out.read_text(), "made"), LogMapping)
    assert {(one.path, one.source, one.format, one.value) for one in mapping.device} == {
        ("schema", "constant", None, 4), ("signed", "constant", None, False),
        ("dev.serial-number", "unit.serial", None, None), ("dev.id", "unit.uuid", "dashes-lower", None),
        ("dev.radio.ble_mac", "unit.mac", "colons-upper", None), ("dev.pid", "product.pid", None, None),
        ("dev.auth", "package.encrypted", None, None),
    }  # fmt: skip
    assert [one.source for one in mapping.bundle] == ["constant", "product.pid", "package.serials"]
    assert mapping.assumed == ("version",)  # of the one bundle log
    assert {one.status for one in mapping.device} == {"confirmed"}
    checked = check(tmp_path, sample, "--units", tmp_path / "units.toml", "--spec", NAME, target=out)
    assert checked.code == 0, checked.out
    assert set(states(checked).values()) == {"proven"}
    assert fit(tmp_path, sample, "--out", out).code == 4


def test_what_is_fitted_writes_and_reads_other_devices(tmp_path: Path) -> None:
    done = fit(tmp_path, {"controlLogs": [other_guide(0), other_guide(1)]})
    mapping = validate(parse_toml(done.out, "made"), LogMapping)
    sources = ("unit.serial", "unit.uuid", "unit.mac", "package.encrypted")
    values = ("ZZ1", "0123456789ABCDEF" * 2, "0A0B0C0D0E0F", "c2VjcmV0")
    line = LogRenderer(mapping.device, {"product.pid": "aB12"}, sources).render(values, "ZZ1")
    assert json.loads(line)["dev"]["id"] == "01234567-89ab-cdef-0123-456789abcdef"
    assert json.loads(line)["dev"]["radio"] == {"ble_mac": "0A:0B:0C:0D:0E:0F"}
    assert b'"schema":4,"signed":false' in line
    (read,) = read_logs(b'{"controlLogs":[' + line + b"]}", mapping)
    assert (read.serial, read.uuid, read.mac, read.encrypted, read.problems) == (*values, ())


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (KEY, "OOB key"), (KEY.upper(), "OOB key"), ("-".join(KEY[at : at + 4] for at in range(0, 32, 4)), "OOB key"),
        ("ABEiM0RVZneImaq7zN3u/w==", "OOB key"), (f"urn:uuid:{UNITS[0][1].lower()}", "unit.uuid stands in it"),
        ([1, 2], "isn't a text"), (1.5, "isn't a text"), ({}, "isn't a text"),
    ],
)  # fmt: skip
def test_what_no_mapping_can_write_is_named_and_no_key_is_shown(tmp_path: Path, member: Any, why: str) -> None:
    sample = {"controlLogs": [device(0, more=member)]}
    done = fit(tmp_path, sample)
    assert done.code == 1
    assert why in done.err
    assert "device.more" not in done.out
    said = done.out + done.err
    checked = run_cli(
        "mapping", "check", NAME, "--sample", tmp_path / "sample.json", "--units", tmp_path / "units.toml", cwd=tmp_path
    )
    assert checked.code == 1
    said += checked.out + checked.err
    if why == "OOB key":
        for shown in (KEY, KEY.upper(), "ABEiM0RVZneImaq7zN3u", "0011-2233"):
            assert shown not in said


def test_what_one_log_can_t_show_stays_assumed(tmp_path: Path) -> None:
    """A constant may be another for another device, and a serial that is the MAC could be either."""
    done = fit(tmp_path, [device(0, lot="L7")])
    mapping = validate(parse_toml(done.out, "made"), LogMapping)
    assert set(mapping.assumed) == {"version", "device.lot", "device.bluetoothMeshData.oobType"}
    assert "assumed are version, device.bluetoothMeshData.oobType, device.lot" in done.err
    without = device(1)
    del without["device"]["radios"]["bluetoothMesh"]["macAddress"]
    mapping = validate(parse_toml(fit(tmp_path, [device(0), without]).out, "made"), LogMapping)
    assert mapping.assumed == ("device.radios.bluetoothMesh.macAddress",)


def test_a_constant_of_one_kind_says_nothing_of_the_other(tmp_path: Path) -> None:
    bundle = {**BUNDLE, "version": "1-0-1"}
    mapping = validate(parse_toml(fit(tmp_path, [device(0), bundle]).out, "made"), LogMapping)
    assert {one.path: one.status for one in mapping.bundle}["version"] == "assumed"
    mapping = validate(parse_toml(fit(tmp_path, [device(0), device(1), BUNDLE]).out, "made"), LogMapping)
    assert {one.path: one.status for one in mapping.bundle}["version"] == "assumed"
    assert {one.path: one.status for one in mapping.device}["version"] == "confirmed"


def test_a_check_says_what_may_be_marked(tmp_path: Path) -> None:
    """The packaged mapping is held against a guide: what is proven, and still marked assumed, is named."""
    sample = {"controlLogs": [device(0), device(1), BUNDLE]}
    units = unit_file(tmp_path)
    done = run_cli("mapping", "check", NAME, "--sample", written(tmp_path, sample), "--units", units, cwd=tmp_path)
    assert done.code == 0, done.err
    (told,) = [line for line in done.err.splitlines() if 'status = "confirmed"' in line]
    assert "version, device.radios.bluetoothMesh.deviceUuid" in told
    assert "device.serialNumber" not in told  # published
    unknown = run_cli("mapping", "check", NAME, "--sample", tmp_path / "sample.json", cwd=tmp_path)
    assert "deviceUuid" not in unknown.err


def test_constants_of_one_log_are_marked(tmp_path: Path) -> None:
    done = fit(tmp_path, [device(0, lot="L7")])
    assert done.code == 0
    assert "it may be another in the log of another device" in done.out
    assert fit(tmp_path, [device(0, lot="L7"), device(1, lot="L8")]).code == 1


def test_a_sample_of_other_devices_is_refused(tmp_path: Path) -> None:
    other = device(0, serialNumber="QQ1", radios={}, bluetoothMeshData={})
    done = fit(tmp_path, [other])
    assert done.code == 3
    assert "none of the given devices" in done.err


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "[1]", '{"controlLogs": []}', '{"controlLogs": 3}', "nonsense", '{"a"']
)
def test_what_is_no_sample_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    done = run_cli("mapping", "check", NAME, "--sample", "bad.json", cwd=tmp_path)
    assert done.code == 3, done.out + done.err
    assert "bad.json" in done.err
