"""What commands say of a batch whose devices are to prove their keys on air."""

from __future__ import annotations

import re

import pytest

from bss_mfg.ledger.events import DeviceChecked
from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.packing import verify_all
from tests.helpers.reconciling import made


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """Three packages of two units, all files of which are made; units 1 and 2 are proven, 3 failed."""
    factory.add(units_per_package=2, oob_bytes=16, require_device=True)
    made(factory)
    verify_all(factory, "B1")
    with factory.ledger() as ledger:
        for unit, passed in ((1, True), (2, True), (3, True), (3, False)):
            verdict = "proven" if passed else "not-this-key"
            outcome = DeviceChecked(unit=unit, passed=passed, verdict=verdict, awaited="random")
            ledger.device_checks.end("B1", outcome)
    return factory


def test_a_batch_tells_what_is_proven(batch: Factory) -> None:
    shown = batch.cli("batch", "show", "B1", "--json").json
    assert (shown["require_device"], shown["proven"], shown["not_proven_packages"]) == (True, 2, 2)
    told = batch.cli("batch", "show", "B1").out
    assert "not proven packages" in told
    batch.issue(2, "B2")
    assert batch.cli("batch", "show", "B2", "--json").json["proven"] == 0
    assert re.search(r"^proven: +0$", batch.cli("batch", "show", "B2").out, re.MULTILINE)


def test_a_batch_that_was_just_issued_is_not_proven(factory: Factory) -> None:
    """Whether the labels were read or not; one with a scrapped unit waits for nothing."""
    factory.add(units_per_package=2, oob_bytes=16, require_device=True)
    factory.issue(6)

    def waiting() -> object:
        return factory.cli("batch", "show", "B1", "--json").json["not_proven_packages"]

    assert waiting() == 3
    verify_all(factory, "B1")
    assert waiting() == 3
    assert factory.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    assert waiting() == 2


def test_a_batch_that_is_not_asked_tells_nothing(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    shown = factory.cli("batch", "show", "B1", "--json").json
    assert (shown["require_device"], shown["proven"], shown["not_proven_packages"]) == (False, None, None)
    told = factory.cli("batch", "show", "B1").out
    assert "proven" not in told
    assert "device" not in told


def test_reconcile_names_who_failed_and_counts_who_was_never_asked(batch: Factory) -> None:
    outcome = batch.cli("reconcile", "B1", "--json")
    assert outcome.code == 1
    devices = outcome.json["kinds"][-1]
    assert (devices["kind"], devices["compared"]) == ("devices", 3)
    (failed,) = devices["differences"]
    assert (failed["unit"], failed["package"]) == ("ebK300000003", 2)
    assert "not-this-key" in failed["what"]
    unchecked = "3 units have not been checked on air since they were flashed, as the product requires"
    assert devices["notes"] == [{"file": None, "what": unchecked}]
    assert batch.cli("scrap", "B1", "ebK300000003", "--reason", "wrong key").code == 0
    after = batch.cli("reconcile", "B1", "--json").json["kinds"][-1]
    assert (after["differences"], after["compared"]) == ([], 2)
    assert "3 units" in after["notes"][0]["what"]


def test_what_is_not_proven_stays_and_a_way_out_is_told(batch: Factory) -> None:
    refused = batch.cli("ship", "B1", "ebK300000004", "--for", "order 1")
    assert refused.code == 4
    assert [words[:2] for words in advised(refused)] == [["station", "pair"]]
    done = batch.cli("ship", "B1", "--verified", "--for", "order 1")
    assert done.code == 0
    assert "Not shipped: 2 packages with a device that has not proven its key on air" in done.err
    assert "OK: 1 package shipped" in done.err
    assert batch.cli("close", "B1").code == 4
