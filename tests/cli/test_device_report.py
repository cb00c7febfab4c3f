"""The test table of a unit's device: what is told, what is written, what the history keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bss_mfg.device.case_run import EXCHANGES
from bss_mfg.device.case_table import Case
from bss_mfg.device.provisionee import Fault
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.ledger.device_checks import MOST_ATTEMPTS
from tests.cli.test_device import ONE, batch, events
from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.simulated_devices import on_air, provisionee

__all__ = ["batch"]
REPORT = ("device", "report", "B1", ONE, "--reason", "new firmware")


def test_a_table_that_is_passed(batch: Factory, tmp_path: Path) -> None:
    html, pdf, data = (tmp_path / f"device.{kind}" for kind in ("html", "pdf", "json"))
    outs = [word for file in (html, pdf, data) for word in ("--out", file)]
    with on_air(provisionee(batch, 1)) as radio:
        done = batch.cli(*REPORT, "--radio", radio, *outs, "--json")
        assert done.code == 0, done.err
        assert batch.cli(*REPORT, "--radio", radio, "--out", pdf).code == 4
        assert batch.cli(*REPORT, "--radio", radio, "--out", html).code == 0
    assert json.loads(data.read_text("utf-8")) == done.json
    assert done.json["passed"]
    assert [row["case"] for row in done.json["cases"]] == [case.value for case in Case]
    assert "bss-mfg&#39;s own" in html.read_text("utf-8")
    assert pdf.read_bytes().startswith(b"%PDF")
    with batch.ledger() as ledger:
        assert ledger.device_checks.proven("B1") == {1}
        assert ledger.device_checks.attempts("B1", 1) == 2 * EXCHANGES
        assert ledger.check()


def test_it_is_one_act_and_counts(batch: Factory) -> None:
    """After it a plain check needs a reason: the table was more than a unit is allowed."""
    assert EXCHANGES > MOST_ATTEMPTS
    with on_air(provisionee(batch, 1, Fault.ACCEPTS_BAD_PUBLIC_KEY)) as radio:
        done = batch.cli(*REPORT, "--radio", radio)
        assert done.code == 1
        refused = batch.cli("device", "check", "B1", ONE, "--radio", radio)
        assert refused.code == 4
        assert not advised(refused)
    begun, ended = events(batch, ONE)
    assert (begun["kind"], begun["reason"], begun["exchanges"]) == ("device checking", "new firmware", EXCHANGES)
    assert (ended["kind"], ended["passed"], ended["verdict"]) == ("device checked", False, "proven")
    assert ended["failed_cases"] == ["invalid-public-key", "zero-public-key"]
    with batch.ledger() as ledger:
        assert ledger.device_checks.proven("B1") == frozenset()


def test_a_device_that_is_not_there_is_no_attempt(batch: Factory) -> None:
    with on_air(provisionee(batch, 2)) as radio:
        absent = batch.cli(*REPORT, "--radio", radio, "--find", 1, "--json")
    assert absent.code == 1
    assert not absent.json["found"]
    assert {row["result"] for row in absent.json["cases"]} == {"failed", "not-run"}
    assert events(batch, ONE) == []


def test_a_production_batchs_device_only_if_it_is_meant(batch: Factory) -> None:
    with on_air(provisionee(batch, 1)) as radio:
        with batch.database(unguarded=True) as database:
            database.execute("UPDATE batch SET stage = 'production'")
        refused = batch.cli(*REPORT, "--radio", radio)
        assert refused.code == 4
        assert events(batch, ONE) == []
        assert not advised(refused)
        assert batch.cli(*REPORT, "--radio", radio, "--production").code == 0


@pytest.mark.parametrize("reason", [(), ("--reason", " ")])
def test_it_has_a_reason(batch: Factory, reason: tuple[str, ...]) -> None:
    assert batch.cli("device", "report", "B1", ONE, *reason).code == 2


@pytest.mark.parametrize(("name", "code"), [("device.docx", 3), ("none/device.html", 3)])
def test_a_report_with_no_place_asks_no_device(batch: Factory, tmp_path: Path, name: str, code: int) -> None:
    done = batch.cli(*REPORT, "--radio", "nonsense", "--out", tmp_path / name)
    assert done.code == code


def test_no_key_and_no_message_of_a_proof_is_told(batch: Factory, tmp_path: Path) -> None:
    """With CMAC, Confirmation and Random of a proof hold the key."""
    with batch.ledger() as ledger, batch.workspace.open_vault(ledger) as vault:
        key = open_unit_key(ledger, vault, "B1", 1).reveal()
    device = provisionee(batch, 1)
    said: list[bytes] = []
    receive = device.receive

    def hear(data: bytes) -> tuple[bytes, ...]:
        answers = receive(data)
        said.extend([data, *answers])
        return answers

    device.receive = hear  # type: ignore[method-assign]
    html, data = tmp_path / "device.html", tmp_path / "device.json"
    with on_air(device) as radio:
        done = batch.cli("--debug", "--verbose", *REPORT, "--radio", radio, "--out", html, "--out", data, "--json")
    assert done.code == 0
    told = (done.out + done.err + html.read_text("utf-8") + data.read_text("utf-8")).lower()
    assert key.hex() not in told
    long = [pdu for pdu in said if len(pdu) > 16]
    assert len(long) > EXCHANGES
    assert not [pdu for pdu in long if pdu[1:].hex() in told]
