"""Checks on air in the ledger: attempts are counted and limited, the last check of a unit counts."""

from __future__ import annotations

import pytest

from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.device_checks import MOST_ATTEMPTS
from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.ledger.flash import ReportFile, ReportOutcome, UnitReport
from bss_mfg.ledger.unit_history import history_of
from tests.helpers.factory import Factory


def outcome(unit: int, passed: bool) -> DeviceChecked:
    return DeviceChecked(unit=unit, passed=passed, verdict="proven" if passed else "no-answer", awaited="random")


@pytest.fixture
def batch(factory: Factory) -> Factory:
    factory.add()
    factory.issue(12)
    return factory


def test_each_unit_has_attempts_of_its_own(batch: Factory) -> None:
    """Unit 1 is not unit 11 or 12."""
    with batch.ledger() as ledger:
        checks = ledger.device_checks
        for _ in range(MOST_ATTEMPTS):
            checks.begin("B1", 11)
        assert [checks.attempts("B1", number) for number in (1, 11, 12)] == [0, MOST_ATTEMPTS, 0]
        with pytest.raises(RefusedError):
            checks.begin("B1", 11)
        checks.begin("B1", 1)
        checks.begin("B1", 11, "another antenna")
        assert [checks.attempts("B1", number) for number in (1, 11, 12)] == [1, MOST_ATTEMPTS + 1, 0]
        with pytest.raises(RefusedError):
            checks.begin("B1", 11)


def report(batch: Factory, row: int, result: str, name: str = "ebK300000011") -> ReportOutcome:
    """What a file says of a unit in a row; each row is another file."""
    with batch.ledger() as ledger:
        return ledger.flash.report(ReportFile("results.csv", f"{row:064}"), [UnitReport(row, name, result == "pass")])


def test_attempts_are_counted_since_the_unit_was_flashed(batch: Factory) -> None:
    """Also where the report says what was known: after checks it tells that the unit was flashed again."""
    batch.cli("program", "B1", "--format", "csv", "--out", batch.root / "keys.csv")

    def tried(number: int) -> int:
        with batch.ledger() as ledger:
            for _ in range(MOST_ATTEMPTS):
                ledger.device_checks.begin("B1", 11)
            ledger.device_checks.end("B1", outcome(11, False))
            with pytest.raises(RefusedError):
                ledger.device_checks.begin("B1", 11)
            return ledger.device_checks.attempts("B1", number)

    for row, result in enumerate(("pass", "pass", "fail", "fail"), 2):
        assert tried(11) == MOST_ATTEMPTS
        done = report(batch, row, result)
        assert (done.passed + done.failed, done.known, done.unproven) == (1, 0, ())
        with batch.ledger() as ledger:
            assert (ledger.device_checks.attempts("B1", 11), ledger.device_checks.failed("B1")) == (0, {})
    assert report(batch, 9, "fail").known == 1
    assert tried(1) == 0
    with batch.ledger() as ledger:
        ledger.check()


def test_the_refusal_of_another_check_names_the_unit(batch: Factory) -> None:
    with batch.ledger() as ledger:
        for _ in range(MOST_ATTEMPTS):
            ledger.device_checks.begin("B1", 11)
        with pytest.raises(RefusedError) as refused:
            ledger.device_checks.begin("B1", 11)
    assert refused.value.where == "batch B1, ebK300000011"


def test_the_last_check_counts(batch: Factory) -> None:
    with batch.ledger() as ledger:
        for unit, passed in ((1, True), (2, False), (2, True), (3, True), (3, False)):
            ledger.device_checks.end("B1", outcome(unit, passed))
        assert ledger.device_checks.proven("B1") == {1, 2}


def test_a_unit_has_its_own_checks_in_its_history(batch: Factory) -> None:
    with batch.ledger() as ledger:
        ledger.device_checks.begin("B1", 1)
        ledger.device_checks.end("B1", outcome(1, True))
        kinds = [event.kind for event in history_of(ledger, "ebK300000001")]
        others = [event.kind for event in history_of(ledger, "ebK300000002")]
        assert kinds[-2:] == ["device checking", "device checked"]
        assert not {"device checking", "device checked"} & set(others)
        ledger.check()


def test_an_unknown_batch(batch: Factory) -> None:
    with batch.ledger() as ledger, pytest.raises(InputError):
        ledger.device_checks.begin("B2", 1)


def test_a_verdict_of_an_earlier_version_is_still_told(batch: Factory) -> None:
    """`only-hmac` isn't found any more; histories have it."""
    with batch.ledger() as ledger:
        earlier = DeviceChecked(unit=1, passed=False, verdict="only-hmac", awaited="capabilities")
        ledger.device_checks.end("B1", earlier)
        assert ledger.device_checks.failed("B1") == {1: "only-hmac"}
        assert list(history_of(ledger, "ebK300000001"))[-1].data["verdict"] == "only-hmac"
        ledger.check()
    assert "only-hmac" in batch.cli("history", "ebK300000001", "--json").out
