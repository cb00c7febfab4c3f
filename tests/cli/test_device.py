"""Devices on air: scanned, checked and counted, with simulated ones behind a port of this computer."""

from __future__ import annotations

import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.ledger.device_checks import MOST_ATTEMPTS
from bss_mfg.model import Secret
from bss_mfg.oob_information import OobInformation
from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.simulated_devices import on_air, provisionee

ONE, TWO = "ebK300000001", "ebK300000002"


@pytest.fixture
def batch(factory: Factory) -> Factory:
    factory.add()
    factory.issue(3)
    return factory


def events(factory: Factory, name: str) -> list[dict[str, object]]:
    return [one for one in factory.cli("history", name, "--json").json if one["kind"].startswith("device ")]


def test_a_device_is_seen_and_proven(batch: Factory) -> None:
    with on_air(provisionee(batch, 1), provisionee(batch, 2)) as radio:
        seen = batch.cli("device", "scan", "--radio", radio, "--seconds", 2, "--json")
        assert seen.code == 0
        assert {(one["batch"], one["serial"]) for one in seen.json} == {("B1", ONE), ("B1", TWO)}
        checked = batch.cli("device", "check", "B1", ONE, "--radio", radio, "--json")
        assert checked.code == 0
        assert checked.json["passed"]
        assert checked.json["verdict"] == "proven"
        again = batch.cli("device", "check", "B1", "-", "--radio", radio, stdin=TWO + "\n")
        assert again.code == 0
    assert [one["kind"] for one in events(batch, ONE)] == ["device checking", "device checked"]
    with batch.ledger() as ledger:
        assert ledger.device_checks.proven("B1") == {1, 2}
        assert ledger.check()


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [(Fault.OTHER_KEY, "not-this-key"), (Fault.ONLY_CMAC, "only-cmac"), (Fault.SWAPPED_UUID, "proven")],
)
def test_a_faulty_device_is_not_passed(batch: Factory, fault: Fault, verdict: str) -> None:
    with on_air(provisionee(batch, 1, fault)) as radio:
        checked = batch.cli("device", "check", "B1", ONE, "--radio", radio, "--json")
        scanned = batch.cli("device", "scan", "--radio", radio, "--seconds", 2, "--json")
    assert checked.code == 1
    assert checked.json["verdict"] == verdict
    assert checked.json["uuid_swapped"] == (fault is Fault.SWAPPED_UUID)
    assert scanned.json[0]["faults"] == (["swapped"] if fault is Fault.SWAPPED_UUID else [])
    with batch.ledger() as ledger:
        assert ledger.device_checks.proven("B1") == frozenset()


def test_a_proof_with_cmac_is_named_with_what_it_means(factory: Factory) -> None:
    """A key of 16 bytes proves itself so to a device that has nothing else; whoever reads the answer must know it."""
    factory.add(oob_bytes=16)
    factory.issue(1)
    with on_air(provisionee(factory, 1, Fault.ONLY_CMAC)) as radio:
        checked = factory.cli("device", "check", "B1", ONE, "--radio", radio)
        read = factory.cli("device", "check", "B1", ONE, "--radio", radio, "--json")
    assert checked.code == 0
    verdict, *remarks = checked.err.splitlines()
    assert verdict.startswith("PROVEN")
    assert any("CMAC alone" in one and "CVE-2020-26559" in one for one in remarks), checked.err
    assert "cmac-alone" in read.json["remarks"]


def test_attempts_are_counted_and_limited(batch: Factory) -> None:
    with on_air(provisionee(batch, 1)) as radio:
        check = ("device", "check", "B1", ONE, "--radio", radio)
        assert [batch.cli(*check).code for _ in range(MOST_ATTEMPTS)] == [0] * MOST_ATTEMPTS
        refused = batch.cli(*check)
        assert refused.code == 4
        assert not advised(refused)
        assert len(events(batch, ONE)) == 2 * MOST_ATTEMPTS
        assert batch.cli(*check, "--again").code == 2
        assert batch.cli(*check, "--again", "--reason", "another antenna").code == 0
    assert events(batch, ONE)[-2]["reason"] == "another antenna"


def test_a_device_that_is_not_there_is_no_attempt(batch: Factory) -> None:
    with on_air(provisionee(batch, 2)) as radio:
        absent = batch.cli("device", "check", "B1", ONE, "--radio", radio, "--find", 1)
    assert absent.code == 1
    assert events(batch, ONE) == []


def test_another_factorys_devices_and_worn_memory_are_named(batch: Factory) -> None:
    stranger = Provisionee(DeviceIdentity(uuid.UUID(int=7), Secret(bytes(32))))
    twins = provisionee(batch, 1), provisionee(batch, 1)
    with on_air(stranger, *twins, provisionee(batch, 2, Fault.ZERO_UUID)) as radio:
        seen = batch.cli("device", "scan", "--radio", radio, "--seconds", 2, "--json")
    assert seen.code == 1
    assert sorted(one["faults"] for one in seen.json) == [["not issued here"], ["twin"], ["twin"], ["zero"]]


def test_a_batch_is_looked_for(batch: Factory) -> None:
    """Another batch's device and a scrapped unit's are named, and how many of the batch's are proven."""
    batch.issue(1, "B2")
    devices = [provisionee(batch, number) for number in (1, 2, 3)]
    assert batch.cli("scrap", "B1", "ebK300000003", "--reason", "dropped").code == 0
    with on_air(*devices) as radio:
        scan = ("device", "scan", "--radio", radio, "--seconds", 2, "--batch")
        assert batch.cli("device", "check", "B1", ONE, "--radio", radio).code == 0
        mine = batch.cli(*scan, "B1", "--json")
        others = batch.cli(*scan, "B2", "--json")
        unknown = batch.cli(*scan, "B3")
    faults = {one["serial"]: one["faults"] for one in mine.json}
    assert (mine.code, faults) == (1, {ONE: [], TWO: [], "ebK300000003": ["scrapped"]})
    assert mine.err.splitlines()[-1].endswith("3 devices near, 3 of batch B1, 1 of these proven")
    assert all("other batch" in one["faults"] for one in others.json)
    assert unknown.code == 3


def test_oob_information_that_the_product_does_not_say_is_a_finding(factory: Factory) -> None:
    factory.add(oob_information=["On box", "number"])
    factory.issue(2)
    right = OobInformation.ON_BOX | OobInformation.NUMBER
    devices = provisionee(factory, 1, None, right), provisionee(factory, 2, None, OobInformation.ON_BOX)
    with on_air(*devices) as radio:
        scanned = factory.cli("device", "scan", "--radio", radio, "--seconds", 2, "--json")
        told = factory.cli("device", "scan", "--radio", radio, "--seconds", 2)
        good = factory.cli("device", "check", "B1", ONE, "--radio", radio, "--json")
        bad = factory.cli("device", "check", "B1", TWO, "--radio", radio, "--json")
    assert {one["serial"]: one["faults"] for one in scanned.json} == {ONE: [], TWO: ["oob information"]}
    assert "Number, On box" in told.out
    assert (good.code, good.json["oob_information"], good.json["oob_expected"]) == (0, 2080, 2080)
    assert (bad.code, bad.json["verdict"], bad.json["faults"]) == (1, "proven", ["oob information"])
    assert bad.json["oob_names"] == ["On box"]
    assert events(factory, TWO)[-1]["oob_differs"]
    with factory.ledger() as ledger:
        assert ledger.device_checks.proven("B1") == {1}


def test_a_simulated_device_shows_what_its_product_says(factory: Factory) -> None:
    factory.add(oob_information=["On box"])
    factory.issue(1)
    with simulated(factory) as radio:
        seen = factory.cli("device", "scan", "--radio", radio, "--seconds", 2, "--json")
    assert [(one["oob_names"], one["faults"]) for one in seen.json] == [(["On box"], [])]


def test_radios_that_are_not_there(batch: Factory) -> None:
    for radio in ("nonsense", "tcp-client:127.0.0.1:1", "serial:/nowhere", "usb:99"):
        assert batch.cli("device", "scan", "--radio", radio).code == 6


def test_a_controller_that_goes_away(batch: Factory) -> None:
    """It takes our first commands and then says nothing more."""
    with on_air(provisionee(batch, 1)) as radio:
        port = int(radio.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)) as deaf:
        deaf.listen()
        assert batch.cli("device", "scan", "--radio", radio, "--seconds", 1).code == 6


def test_no_key_is_shown(batch: Factory) -> None:
    with batch.ledger() as ledger, batch.workspace.open_vault(ledger) as vault:
        key = open_unit_key(ledger, vault, "B1", 1).reveal()
    with on_air(provisionee(batch, 1)) as radio:
        done = batch.cli("--debug", "--verbose", "device", "check", "B1", ONE, "--radio", radio, "--json")
    assert done.code == 0
    assert key.hex() not in (done.out + done.err).lower()


def test_faults_are_listed(batch: Factory) -> None:
    assert batch.cli("device", "simulate", "B1", ONE, "--fault", "none-such").code == 2
    listed = batch.cli("device", "simulate", "--fault", "list")
    assert (listed.code, "other-key" in listed.out.split()) == (0, True)


def test_a_port_that_is_taken_is_named_with_a_way_out(batch: Factory) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = batch.cli("device", "simulate", "B1", ONE, "--port", port, "--seconds", 0.1)
    assert refused.code == 3
    assert "another program" in refused.err
    assert "--port" in refused.err


def test_a_production_units_device_is_not_simulated(batch: Factory) -> None:
    """Whoever answers as it would be a copy of it."""
    with batch.database(unguarded=True) as database:
        database.execute("UPDATE batch SET stage = 'production'")
    refused = batch.cli("device", "simulate", "B1", ONE, "--seconds", 0.1)
    assert (refused.code, "is a production batch" in refused.err) == (4, True), refused.err


@contextmanager
def simulated(factory: Factory, *more: str) -> Iterator[str]:
    """The radio that sees a device of `device simulate`, which is ended by Ctrl-C; `more`: further units and
    options."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = factory.command("device", "simulate", "B1", ONE, *more, "--port", port)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as device:
        assert device.stdout
        assert " on air" in device.stdout.readline()
        yield f"tcp-client:127.0.0.1:{port}"
        device.send_signal(signal.SIGINT)
        rest = device.stdout.read()
    assert device.returncode == 130, rest
    assert "Traceback" not in rest


def test_devices_of_several_units_are_simulated(batch: Factory) -> None:
    """Those of a box, or twins; the first has the fault."""
    with simulated(batch, TWO, TWO, "--fault", "other-oob-information") as radio:
        seen = batch.cli("device", "scan", "--radio", radio, "--seconds", 2, "--json")
    assert sorted((one["serial"], one["faults"], one["oob_names"] == []) for one in seen.json) == [
        (ONE, [], False), (TWO, ["twin"], True), (TWO, ["twin"], True),
    ]  # fmt: skip


def test_a_simulated_device_proves_its_key_and_ends_at_ctrl_c(batch: Factory) -> None:
    with simulated(batch) as radio:
        assert batch.cli("device", "check", "B1", ONE, "--radio", radio).code == 0
