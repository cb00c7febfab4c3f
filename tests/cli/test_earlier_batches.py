"""Batches that an earlier version issued, walked by today's commands: each string is inspected, each batch reconciled.

The ledgers are those of schema versions 1 to 5 (`tests/unit/ledger/old_ledgers`), the strings those of the version
whose suites stood in code (`tests/unit/payload/earlier`): never made again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory
from tests.unit.ledger.test_migration import old_workspace
from tests.unit.payload.earlier.make import units
from tests.unit.payload.test_earlier_strings import MADE

VERSIONS = (1, 2, 3, 4, 5)


@pytest.fixture(scope="module", params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Factory:
    return old_workspace(tmp_path_factory.mktemp("old") / "w", request.param)


def test_every_string_of_an_earlier_ledger_is_inspected(old: Factory) -> None:
    strings = old.root / "strings.txt"
    strings.write_text("".join(f"{text}\n" for text in old.payloads("OLD")))
    done = old.cli("inspect", f"@{strings}", "--json")
    assert done.code == 0, done.err
    assert [one["issued"]["package"] for one in done.json] == list(range(1, len(done.json) + 1))
    assert {one["issued"]["batch"] for one in done.json} == {"OLD"}
    assert not [one["problems"] for one in done.json if one["problems"]]
    assert all(len(one["issued"]["serials"].split(", ")) == len(one["units"]) == 2 for one in done.json)


def test_a_changed_string_of_an_earlier_ledger_is_named(old: Factory) -> None:
    """The control: what is not as it was issued then does not pass."""
    text = old.payloads("OLD")[0]
    at = text.index("BMD:") + 40
    done = old.cli("inspect", text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :], "--json")
    assert done.code == 1
    assert done.json[0]["problems"]


def test_an_earlier_batch_is_reconciled(old: Factory) -> None:
    """Labels, programming file and control log that are made today of a batch of then agree with its ledger; a file
    that says otherwise is found."""
    folder = old.root / "batches" / "OLD"
    packages = len(old.payloads("OLD"))
    assert old.cli("labels", "OLD", "--again").code == 0
    again = ("--again", "--reason", "test") if old.rows("SELECT 1 FROM event WHERE kind = 'keys released'") else ()
    assert old.cli("program", "OLD", "--format", "csv", "--out", folder / "keys.csv", *again).code == 0
    assert old.cli("manifest", "make", "OLD", "--out", f"{folder / 'upload'}/").code == 0
    done = old.cli("reconcile", "OLD", "--json")
    assert done.code == 0, done.out
    compared = {one["kind"]: one["compared"] for one in done.json["kinds"]}
    assert compared == {"programming": 2 * packages, "labels": packages, "control logs": 2 * packages}
    log = next((folder / "upload").glob("C_CONTROL_LOG_*.txt"))
    uuid = old.rows("SELECT hex(uuid) FROM unit WHERE batch = 1 AND number = 1")[0][0]
    log.write_text(log.read_text().replace(uuid, uuid[:-1] + ("0" if uuid[-1] != "0" else "1")))
    assert old.cli("reconcile", "OLD").code == 1


@pytest.mark.parametrize("case", MADE["strings"], ids=lambda case: f"{case['suite']} of {case['units']}")
def test_an_earlier_string_is_opened_by_inspect(case: dict[str, Any], tmp_path: Path) -> None:
    run_cli("init", ".", cwd=tmp_path)
    name = case["spec"].split('name = "', 1)[1].split('"', 1)[0]
    (tmp_path / "specs" / f"{name}.toml").write_text(case["spec"])
    (tmp_path / "key.pem").write_text(MADE["keys"][case["key"]][0])
    done = run_cli("inspect", case["string"], "--private-key", "key.pem", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    found = done.json[0]["units"]
    assert len(found) == case["units"]
    for one, unit in zip(found, units(case["units"], case["oob"]), strict=True):
        assert one["uuid"] in (None, unit.uuid.hex.upper())
        assert one["oob_key_octets"] in (None, case["oob"])
        assert one["uuid"] or one["mac"]
