"""Where a product requires it, a package is ready only when all of its devices are proven on air."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.batches import ClosingRequest
from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.ledger.flash import ReportFile, ReportOutcome, UnitReport
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_records import LogisticUnit
from bss_mfg.ledger.shipping import ship_logistic_unit
from bss_mfg.model import REQUIRE_DEVICE
from bss_mfg.reconcile.devices import reconcile_devices
from tests.helpers.factory import Factory
from tests.helpers.packing import at, table, verify_all


def check(ledger: Ledger, *units: int, passed: bool = True, batch: str = "B1") -> None:
    """How checks of units of a batch ended."""
    for unit in units:
        verdict = "proven" if passed else "not-this-key"
        ledger.device_checks.end(batch, DeviceChecked(unit=unit, passed=passed, verdict=verdict, awaited="random"))


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    """Six verified packages of two units each, whose devices are to prove their keys."""
    factory.add(oob_bytes=16, units_per_package=2, require_device=True)
    factory.issue(12)
    verify_all(factory, "B1")
    return factory


def test_a_box_is_packed_when_all_of_its_devices_are_proven(boxes: Factory) -> None:
    """Units 1 and 2 lie in package 1, 11 and 12 in package 6: 1 is not 11."""
    with at(boxes, "table-1") as ledger:
        desk, (first, *_, last) = table(boxes, ledger), boxes.payloads()
        refused = desk.read(first)
        assert refused
        assert (refused.word, refused.is_fault) == ("NOT PROVEN", True)
        check(ledger, 11, 2)
        refused = desk.read(first)
        assert refused
        assert refused.word == "NOT PROVEN"
        assert "ebK300000001" in refused.detail
        assert "ebK300000002" not in refused.detail
        check(ledger, 1)
        assert [answer.word for line in (first, last) if (answer := desk.read(line))] == ["PACKED", "NOT PROVEN"]
        check(ledger, 12)
        closed = desk.read(last)
        assert closed
        assert closed.word == "CARTON CLOSED"


def carton_of(ledger: Ledger) -> LogisticUnit:
    (carton,) = ledger.packing.all("carton")
    return carton


def test_what_failed_after_it_was_packed_does_not_leave(boxes: Factory) -> None:
    """Neither is its carton closed or put on a pallet, nor the pallet shipped."""
    payloads = boxes.payloads()
    with at(boxes, "table-1") as ledger:
        check(ledger, *range(1, 13))
        desk = table(boxes, ledger, size=2, pallet=None)
        desk.read(payloads[0])
        check(ledger, 2, passed=False)
        refused = desk.read(payloads[1])
        assert refused
        assert refused.word == "REFUSED"
        assert "ebK300000001, ebK300000002: not proven on air" in refused.detail
        assert carton_of(ledger).closed_at is None
        check(ledger, 2)
        assert desk.close("carton", "end of shift").word == "CARTON CLOSED"
        check(ledger, 3, passed=False)
        desk = table(boxes, ledger, size=2, pallet=1)
        onto = desk.read("PACKED-1")
        assert onto
        assert onto.word == "NOT PROVEN"
        check(ledger, 3)
        onto = desk.read("PACKED-1")
        assert onto
        assert onto.word == "PALLET CLOSED"
        check(ledger, 4, passed=False)
        (pallet,) = ledger.packing.all("pallet")
        with pytest.raises(RefusedError, match="waits for a proof on air"):
            ship_logistic_unit(ledger, pallet, "order 1")
        check(ledger, 4)
        assert ship_logistic_unit(ledger, pallet, "order 1").count == 2
        ledger.check()


def test_shipping_units_and_all_that_is_verified(boxes: Factory) -> None:
    with boxes.ledger() as ledger:
        check(ledger, 1, 2, 3)
        with pytest.raises(RefusedError) as refused:
            ledger.packages.ship("B1", ["ebK300000001", "ebK300000003"], "order 1")
        assert refused.value.problems == ("ebK300000003, ebK300000004: not proven on air",)
        assert ledger.packages.shipped("B1") == set()
        done = ledger.packages.ship("B1", None, "order 1")
        assert (done.count, done.unread, done.unproven) == (1, 0, 5)
        check(ledger, 2, passed=False)
        assert ledger.packages.ship("B1", ["ebK300000001"], "damaged", returned=True).count == 1


def test_a_batch_is_closed_when_no_verified_package_waits(boxes: Factory) -> None:
    """What was scrapped needs no proof; who takes its place does."""
    boxes.label(template="roll-50x30", again=False)
    verify_all(boxes, "B1")
    with boxes.ledger() as ledger:
        check(ledger, *range(1, 11))
        with pytest.raises(RefusedError) as refused:
            ledger.batches.close("B1", ClosingRequest())
        assert refused.value.problems == ("ebK300000011, ebK300000012: not proven on air",)
        assert ledger.device_checks.waiting_packages("B1") == {6}
        ledger.units.scrap("B1", ["ebK300000011"], "dropped")
        assert ledger.device_checks.waiting_packages("B1") == set()
        ledger.batches.close("B1", ClosingRequest())
        assert ledger.batches.closed_at("B1")


def test_what_is_flashed_after_its_proof_waits_for_another(boxes: Factory) -> None:
    """Unit 2 of package 1, and 3 and 4 of package 2: nothing of them is packed, shipped or closed until they have
    proven their keys again; a check that failed before says nothing of them either."""
    boxes.cli("program", "B1", "--format", "csv", "--out", boxes.root / "keys.csv")
    with boxes.ledger() as ledger:
        check(ledger, *range(1, 13))
        check(ledger, 4, passed=False)
        serials = [f"ebK3{number:08}" for number in (2, 3, 4)]
        reports = [UnitReport(row, name, True) for row, name in enumerate(serials, 2)]
        done = ledger.flash.report(ReportFile("results.csv", "00" * 32), reports)
        assert done.unproven == ("ebK300000002", "ebK300000003")
        checks = ledger.device_checks
        assert checks.proven("B1") == {1, *range(5, 13)}
        assert [checks.is_proven("B1", number) for number in (1, 2, 3, 4, 5)] == [True, False, False, False, True]
        assert checks.failed("B1") == {}
        assert checks.waiting_packages("B1") == {1, 2}
        with pytest.raises(RefusedError):
            ledger.packages.ship("B1", ["ebK300000001"], "order 1")
        with pytest.raises(RefusedError):
            ledger.batches.close("B1", ClosingRequest())
        devices = reconcile_devices(ledger, ledger.batches.get("B1"), boxes.root)
        assert [note.what for note in devices.notes] == [
            "3 units have not been checked on air since they were flashed, as the product requires"
        ]
    payloads = boxes.payloads()
    with at(boxes, "table-1") as ledger:
        refused = table(boxes, ledger).read(payloads[0])
        assert refused
        assert (refused.word, "ebK300000002" in refused.detail) == ("NOT PROVEN", True)
        check(ledger, 2, 3, 4)
        assert [answer.word for line in payloads[:1] if (answer := table(boxes, ledger).read(line))] == ["PACKED"]
        assert ledger.device_checks.waiting_packages("B1") == set()
        ledger.check()


@pytest.mark.sqlite
def test_a_report_asks_for_the_checks_of_its_own_units_alone(boxes: Factory) -> None:
    """A flasher reports unit after unit, in a batch of however many checks; units 2 and 9 are two places."""
    boxes.cli("program", "B1", "--format", "csv", "--out", boxes.root / "keys.csv")
    with boxes.ledger() as ledger:
        check(ledger, *range(1, 13))
        plans: list[str] = []
        real = ledger._db.rows

        def explained(query: str, values: Sequence[Any] = ()) -> list[Any]:
            if "FROM event" in query:
                plans.extend(row[3] for row in real(f"EXPLAIN QUERY PLAN {query}", values) if " event" in row[3])
            return real(query, values)

        ledger._db.rows = explained  # type: ignore[method-assign, assignment]
        reports = [UnitReport(row, f"ebK3{number:08}", True) for row, number in enumerate((2, 9), 2)]
        done = ledger.flash.report(ReportFile("results.csv", "00" * 32), reports)
        assert done.unproven == ("ebK300000002", "ebK300000009")
        assert [plan for plan in plans if "INDEX event_device" in plan] == [
            "SEARCH event USING INDEX event_device (batch=? AND <expr>>? AND <expr><?)"
        ] * 2
        assert ledger.device_checks.proven("B1") == set(range(1, 13)) - {2, 9}


def test_the_same_result_again_counts_where_the_unit_was_asked_on_air_since(boxes: Factory) -> None:
    """Units 2 and 3 were flashed and failed; 3 was asked on air between the reports, 2 before the first alone."""
    boxes.cli("program", "B1", "--format", "csv", "--out", boxes.root / "keys.csv")
    with boxes.ledger() as ledger:
        check(ledger, 2, passed=False)

        def report(digest: str, *numbers: int) -> ReportOutcome:
            reports = [UnitReport(row, f"ebK3{number:08}", False) for row, number in enumerate(numbers, 2)]
            return ledger.flash.report(ReportFile("results.csv", digest * 32), reports)

        assert report("00", 2).failed == 1
        assert report("01", 3).failed == 1
        check(ledger, 3, passed=False)
        again = report("02", 2, 3)
        assert (again.failed, again.known) == (1, 1)
        ledger.check()


def test_a_unit_in_a_scrapped_ones_place_proves_its_own_key(boxes: Factory) -> None:
    with boxes.ledger() as ledger:
        check(ledger, *range(1, 13))
    for command in (("scrap", "B1", "ebK300000002", "--reason", "dropped"), ("replace", "B1", "ebK300000002")):
        assert boxes.cli(*command, *(() if "--reason" in command else ("--reason", "dropped"))).code == 0
    verify_all(boxes, "B1")
    with at(boxes, "table-1") as ledger:
        refused = table(boxes, ledger).read(boxes.payloads()[0])
        assert refused
        assert refused.word == "NOT PROVEN"
        assert "ebK300000013" in refused.detail
        check(ledger, 13)
        packed = table(boxes, ledger).read(boxes.payloads()[0])
        assert packed
        assert packed.word == "PACKED"


def test_where_it_is_not_required_no_check_is_asked_for(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a failed one holds a box back, and no query for checks is made."""
    factory.add(oob_bytes=16)
    batch = factory.issue(3)
    verify_all(factory, "B1")
    assert REQUIRE_DEVICE not in batch.facts
    with at(factory, "table-1") as ledger:
        check(ledger, 1, passed=False)

        def asked(*_: object, **__: object) -> None:
            raise AssertionError("checks were read")

        for name in ("unproven_packages", "unproven_in", "waiting_packages", "proven_units"):
            for module in ("packages", "packing", "batches", "proofs", "device_checks"):
                monkeypatch.setattr(f"bss_mfg.ledger.{module}.{name}", asked, raising=False)
        desk = table(factory, ledger)
        words = [answer.word for line in factory.payloads()[:2] if (answer := desk.read(line))]
        assert words == ["PACKED", "CARTON CLOSED"]
        desk.close("pallet", "to the customer")
        assert ledger.packages.ship("B1", None, "order 1").count == 3


def test_a_product_that_asks_for_it_from_now_on(factory: Factory) -> None:
    """A batch keeps what its product said at issue; the same id with other words is another batch, and refused."""
    factory.add(oob_bytes=16)
    factory.issue(1, "old")
    file = factory.root / "products" / "bulb.toml"
    file.write_text(file.read_text().replace("oob_bytes = 16", "oob_bytes = 16\nrequire_device = true"))
    factory.issue(1, "new")
    with factory.ledger() as ledger:
        assert [batch.requires_device for batch in ledger.batches.all()] == [False, True]
        (told,) = [event for event in ledger.history.events("new") if event.kind == "batch issued"]
        assert told.data["require_device"] is True
    refused = factory.cli("batch", "create", "bulb", "--units", 1, "--id", "old")
    assert refused.code == 4
    assert "require device: yes, it was none" in refused.err
    file.write_text(file.read_text().replace("require_device = true", "require_device = false"))
    refused = factory.cli("batch", "create", "bulb", "--units", 1, "--id", "new")
    assert refused.code == 4
    assert "require device: none, it was yes" in refused.err
    assert "identities" not in refused.err
    assert factory.cli("batch", "create", "bulb", "--units", 1, "--id", "old").code == 0
