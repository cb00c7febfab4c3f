"""A unit that failed when it was flashed is neither packed nor shipped, until a later report says otherwise."""

from __future__ import annotations

import hashlib

import pytest

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.batches import ClosingRequest
from bss_mfg.ledger.flash import ReportFile, UnitReport
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.shipping import ship_logistic_unit
from bss_mfg.station.packing_answers import DeskAnswer, PackWord
from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.packing import at, table, verify_all


def serial(number: int) -> str:
    return f"ebK3{number:08}"


def report(ledger: Ledger, *units: int, passed: bool) -> None:
    """What a flasher says of units of batch B1."""
    said = [UnitReport(row, serial(unit), passed) for row, unit in enumerate(units, 2)]
    content = hashlib.sha256(f"{ledger.history.head()} {said}".encode()).hexdigest()
    ledger.flash.report(ReportFile("results.csv", content), said)


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    """Six verified packages of two units each, whose keys were released."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(12)
    assert factory.cli("program", "B1", "--format", "csv", "--out", factory.root / "keys.csv").code == 0
    verify_all(factory, "B1")
    return factory


def told(answer: DeskAnswer | None) -> tuple[str, str]:
    assert answer
    return answer.word, answer.detail


def test_a_box_with_a_failed_unit_is_packed_once_it_passed(boxes: Factory) -> None:
    """What nobody reported is packed: not every line reports. Units 1 and 2 lie in package 1, 11 in package 6."""
    payloads = boxes.payloads()
    with at(boxes, "table-1") as ledger:
        desk = table(boxes, ledger)
        report(ledger, 2, 3, passed=True)
        report(ledger, 2, 11, passed=False)
        for place, failed, whole in ((0, 2, 1), (5, 11, 12)):
            word, detail = told(desk.read(payloads[place]))
            assert word == PackWord.FLASH_FAILED
            assert serial(failed) in detail
            assert serial(whole) not in detail
        assert told(desk.read(payloads[1]))[0] == PackWord.PACKED
        report(ledger, 2, passed=True)
        assert told(desk.read(payloads[0]))[0] == PackWord.CARTON_CLOSED
        ledger.check()


def test_what_failed_after_it_was_packed_does_not_leave(boxes: Factory) -> None:
    """Neither is its carton closed or put on a pallet, nor that closed or shipped. Open again, it is taken out."""
    payloads = boxes.payloads()
    with at(boxes, "table-1") as ledger:
        desk = table(boxes, ledger, size=2, pallet=None)
        desk.read(payloads[0])
        report(ledger, 2, passed=False)
        word, detail = told(desk.read(payloads[1]))
        assert word == PackWord.REFUSED
        assert f"{serial(2)} failed when flashed" in detail
        report(ledger, 2, passed=True)
        assert desk.close("carton", "end of shift").word == PackWord.CARTON_CLOSED
        report(ledger, 3, passed=False)
        desk = table(boxes, ledger, size=2, pallet=1)
        assert told(desk.read("PACKED-1"))[0] == PackWord.FLASH_FAILED
        report(ledger, 3, passed=True)
        assert told(desk.read("PACKED-1"))[0] == PackWord.PALLET_CLOSED
        report(ledger, 4, passed=False)
        (pallet,) = ledger.packing.all("pallet")
        with pytest.raises(RefusedError, match="failed when it was flashed"):
            ship_logistic_unit(ledger, pallet, "order 1")
        with pytest.raises(RefusedError):
            ledger.packages.ship("B1", [serial(1), serial(3)], "order 1")
        ledger.packing.reopen(pallet.number, "table-1", "a failed unit")
        (carton,) = ledger.packing.all("carton")
        ledger.packing.take_off_pallet(carton.number)
        ledger.packing.reopen(carton.number, "table-1", "a failed unit")
        desk = table(boxes, ledger, size=2, pallet=1)
        assert desk.close("carton", "end of shift").word == PackWord.REFUSED
        ledger.packing.unpack(("B1", 2))
        assert desk.close("carton", "end of shift").word == PackWord.PALLET_CLOSED
        assert told(desk.read(payloads[1]))[0] == PackWord.FLASH_FAILED
        ledger.check()


def test_shipping_units_and_all_that_is_verified(boxes: Factory) -> None:
    with boxes.ledger() as ledger:
        report(ledger, 3, 8, passed=False)
        with pytest.raises(RefusedError) as refused:
            ledger.packages.ship("B1", [serial(1), serial(4)], "order 1")
        assert refused.value.problems == (f"{serial(3)}: reported as failed",)
        assert ledger.packages.shipped("B1") == set()
    done = boxes.cli("ship", "B1", "--verified", "--for", "order 1")
    assert done.code == 0
    assert "4 packages shipped" in done.err
    assert f"2 packages with a unit that failed when it was flashed: {serial(3)}, {serial(8)}" in done.err
    assert advised(done)[1] == ["scrap", "B1", serial(3), "--reason", "TEXT"]
    assert reconciled(boxes) == [(serial(3), 2), (serial(8), 4)]
    with boxes.ledger() as ledger:
        report(ledger, 1, passed=False)  # in the field; what comes back is not asked
        assert ledger.packages.ship("B1", [serial(1)], "broken", returned=True).count == 1


def test_a_file_with_the_bytes_of_an_older_one_does_not_count_and_that_is_told(boxes: Factory) -> None:
    """Failed, passed, failed again, each in a file of one row: the third was dropped without a word."""
    done = []
    for result in ("fail,", "pass,", "fail,", "fail,2"):
        (boxes.root / "results.csv").write_text(f"serial,result,test\n{serial(1)},{result}\n")
        done.append(boxes.cli("flash", "report", boxes.root / "results.csv", "--json"))
    assert [one.json["outdated"] for one in done] == [[], [], [serial(1)], []]
    assert [one.json["failed"] for one in done] == [1, 0, 0, 1]
    assert serial(1) in done[2].err
    assert boxes.rows("SELECT passed FROM flashed") == [(0,)]


def test_a_report_names_what_failed_and_has_left(boxes: Factory) -> None:
    """It was told as any other: nobody would have called the pallet back."""
    assert boxes.cli("ship", "B1", serial(1), "--for", "order 1").code == 0
    (boxes.root / "results.csv").write_text(f"serial,result\n{serial(2)},fail\n{serial(3)},fail\n{serial(4)},pass\n")
    done = boxes.cli("flash", "report", boxes.root / "results.csv", "--json")
    assert (done.code, done.json["failed"], done.json["shipped"]) == (1, 2, [serial(2)])
    (where,) = advised(done)
    assert "order 1" in boxes.cli(*where).out
    assert boxes.cli("flash", "report", boxes.root / "results.csv").code == 0  # known before


def reconciled(factory: Factory) -> list[tuple[str, int]]:
    """The units and packages whose flashing differs."""
    found = factory.cli("reconcile", "B1", "--folder", factory.root, "--json")
    assert found.code == 1
    (flashed,) = [kind for kind in found.json["kinds"] if kind["kind"] == "flashed"]
    return [(one["unit"], one["package"]) for one in flashed["differences"]]


def test_a_batch_is_closed_when_what_failed_was_scrapped_or_passed(boxes: Factory) -> None:
    """Once it is closed, nothing in it could be scrapped. What left before it was called failed does not hinder."""
    boxes.label(template="roll-50x30", again=False)
    verify_all(boxes, "B1")
    with boxes.ledger() as ledger:
        ledger.packages.ship("B1", [serial(1)], "order 1")
        report(ledger, 2, 3, 5, 12, passed=False)
        report(ledger, 3, passed=True)
        with pytest.raises(RefusedError) as refused:
            ledger.batches.close("B1", ClosingRequest())
        assert refused.value.problems == (f"{serial(5)}: reported as failed", f"{serial(12)}: reported as failed")
        report(ledger, 5, passed=True)
    refused_again = boxes.cli("close", "B1")
    assert refused_again.code == 4
    (_, scrap) = advised(refused_again)
    assert boxes.cli(*scrap).code == 0
    assert boxes.cli("close", "B1").code == 0


def test_whoever_takes_a_failed_unit_s_place_has_not_failed(boxes: Factory) -> None:
    with boxes.ledger() as ledger:
        report(ledger, 2, passed=False)
    for command in ("scrap", "replace"):
        assert boxes.cli(command, "B1", serial(2), "--reason", "failed").code == 0
    verify_all(boxes, "B1")
    with at(boxes, "table-1") as ledger:
        assert told(table(boxes, ledger).read(boxes.payloads()[0]))[0] == PackWord.PACKED
    assert boxes.cli("program", "B1", "--format", "csv", "--out", boxes.root / "more.csv", "--again",
                     "--reason", "replaced").code == 0  # fmt: skip
    with at(boxes, "table-1") as ledger:
        report(ledger, 13, passed=False)
        with pytest.raises(RefusedError, match="failed when it was flashed"):
            ledger.packages.ship("B1", [serial(13)], "order 1")
