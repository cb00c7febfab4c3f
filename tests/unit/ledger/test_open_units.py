"""What lies in a carton or on a pallet that is still open doesn't leave with all that is verified."""

from __future__ import annotations

import pytest

from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.packing import at, table, verify_all


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    """Six verified packages: 1 and 2 in a carton on an open pallet, 3 in an open carton, 4 to 6 in none."""
    factory.add()
    factory.issue(6)
    verify_all(factory, "B1")
    with at(factory, "table-1") as ledger:
        desk = table(factory, ledger, size=2, pallet=2)
        for payload in factory.payloads()[:3]:
            assert desk.read(payload)
    return factory


def test_open_cartons_and_pallets_stay_by_name(boxes: Factory) -> None:
    with boxes.ledger() as ledger:
        (pallet,) = ledger.packing.all("pallet")
        carton = next(one for one in ledger.packing.all("carton") if not one.closed_at)
    done = boxes.cli("ship", "B1", "--verified", "--for", "order 1")
    assert done.code == 0
    assert "OK: 3 packages shipped" in done.err
    assert f"3 packages in what is still open: {pallet.words}, {carton.words}" in done.err
    assert [words[:2] for words in advised(done)] == [["pack", "--close-pallet"], ["pack", "--close-carton"]]
    with boxes.ledger() as ledger:
        assert ledger.packages.shipped("B1") == {4, 5, 6}
        ledger.check()


def test_once_they_are_closed_they_leave(boxes: Factory) -> None:
    with at(boxes, "table-1") as ledger:
        desk = table(boxes, ledger, size=2, pallet=2)
        desk.close("carton", "end of shift")
    done = boxes.cli("ship", "B1", "--verified", "--for", "order 1")
    assert "OK: 6 packages shipped" in done.err
    assert "open" not in done.err


def test_what_has_failed_is_told_as_that(boxes: Factory) -> None:
    """A package is left for one reason."""
    assert boxes.cli("program", "B1", "--format", "csv", "--out", boxes.root / "keys.csv").code == 0
    assert boxes.cli("flash", "report", "-", stdin="serial,result\nebK300000003,fail\n").code == 0
    done = boxes.cli("ship", "B1", "--verified", "--for", "order 1")
    assert "2 packages in what is still open: pallet" in done.err
    assert "1 package with a unit that failed when it was flashed" in done.err
    assert "OK: 3 packages shipped" in done.err
