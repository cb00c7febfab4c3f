"""What is packed leaves with all that its carton or pallet holds, once that is closed, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from tests.helpers.commands import Outcome, advised, advised_in
from tests.helpers.factory import Factory, a_read
from tests.helpers.packing import at, hall, table, verify_all


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
    assert (
        f"3 packages in what doesn't leave whole: {pallet.words}, which is open at table-1, {carton.words}, "
        in done.err
    )
    assert ["pack", "--close-pallet"] in [words[:2] for words in advised(done)]
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
    assert "2 packages in what doesn't leave whole: pallet" in done.err
    assert "1 package with a unit that failed when it was flashed" in done.err
    assert "OK: 3 packages shipped" in done.err


def ship(boxes: Factory, *numbers: int, code: int = 0) -> Outcome:
    """Ship packages by the serials of their units, or all that are verified."""
    names = [f"ebK3{number:08}" for number in numbers] or ["--verified"]
    done = boxes.cli("ship", "B1", *names, "--for", "order 1")
    assert done.code == code, done.err
    return done


def shipped(boxes: Factory) -> set[int]:
    """Numbers of the packages that were shipped; the ledger agrees with its history."""
    with boxes.ledger() as ledger:
        ledger.check()
        return ledger.packages.shipped("B1")


def close(boxes: Factory, *kinds: Literal["carton", "pallet"]) -> None:
    """Close what is open at the table."""
    with at(boxes, "table-1") as ledger:
        for kind in kinds:
            table(boxes, ledger, size=2, pallet=2).close(kind, "end of shift")


@pytest.mark.parametrize("number", [1, 3])
def test_a_box_out_of_what_is_open_is_refused_by_name(boxes: Factory, number: int) -> None:
    """Number 1 lies on an open pallet, in a closed carton; 3 in an open carton. A box beside it stays, too."""
    done = ship(boxes, number, 5, code=4)
    assert f"ebK3{number:08}: in {'pallet' if number == 1 else 'carton'} " in done.err
    assert "which is open at table-1" in done.err
    assert shipped(boxes) == set()


def test_a_box_leaves_an_open_carton_as_the_message_says(boxes: Factory) -> None:
    """The way out, typed: taken out at the table, or shipped with its carton."""
    done = ship(boxes, 3, code=4)
    closing, shipping = (words for words in advised(done) if len(words) > 2)
    with at(boxes, "table-1") as ledger:
        desk = table(boxes, ledger, size=2, pallet=None)
        assert desk.read("remove") and desk.read(boxes.payloads()[2])
    ship(boxes, 3)
    assert closing == ["pack", "--close-carton", "--reason", "TEXT"]
    assert shipping[:2] == ["ship", "--carton"]
    assert shipped(boxes) == {3}


def test_a_box_out_of_a_closed_carton_is_refused_while_others_stay(boxes: Factory) -> None:
    """Its label would say more than is in it. Both together leave."""
    close(boxes, "carton", "pallet")
    done = ship(boxes, 1, code=4)
    assert "ebK300000001: in pallet " in done.err
    (pallet,) = (words for words in advised(done) if words[0] == "ship")
    assert boxes.cli(*pallet).code == 0
    assert shipped(boxes) == {1, 2, 3}


def test_all_of_a_closed_carton_may_be_named(boxes: Factory) -> None:
    with at(boxes, "table-2") as ledger:
        desk = table(boxes, ledger, size=2, pallet=None)
        for payload in boxes.payloads()[3:5]:
            desk.read(payload)
    ship(boxes, 4, code=4)
    ship(boxes, 4, 5, 6)
    assert shipped(boxes) == {4, 5, 6}


def test_what_must_stay_holds_back_what_lies_with_it(boxes: Factory) -> None:
    """A label that was read wrong since it was packed: its closed carton, and the pallet below it, stay whole."""
    close(boxes, "carton", "pallet")
    with boxes.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1, "unreadable")])
    done = ship(boxes)
    assert "2 packages in what doesn't leave whole: pallet" in done.err
    assert shipped(boxes) == {4, 5, 6}


def test_boxes_of_two_batches_in_one_carton_leave_together(factory: Factory) -> None:
    hall(factory, 2)
    with at(factory, "table-1") as ledger:
        desk = table(factory, ledger, size=2, pallet=None)
        for batch in ("A", "B"):
            assert desk.read(factory.payloads(batch)[0])
    for named in (["A", "--verified"], ["B", "--verified"]):
        done = factory.cli("ship", *named, "--for", "order 1")
        assert done.code == 0
        assert "1 package in what doesn't leave whole: carton 1. " in done.err
    (whole,) = (words for words in advised(done) if words[0] == "ship")
    assert factory.cli(*whole).code == 0
    with factory.ledger() as ledger:
        assert (ledger.packages.shipped("A"), ledger.packages.shipped("B")) == ({1, 2}, {1, 2})


@pytest.mark.parametrize("pallet_is", ["open", "closed"])
def test_a_box_leaves_its_pallet_as_the_message_says(boxes: Factory, pallet_is: str) -> None:
    """Box 1, in a closed carton on a pallet: what is advised is done in its order, and then it leaves alone."""
    if pallet_is == "closed":
        close(boxes, "carton")  # which fills the pallet
    done = ship(boxes, 1, code=4)
    commands = advised_in(done.err.split("Or take the box out:")[1])
    assert [words[:2] for words in commands] == [
        *[["pallet", "reopen"]] * (pallet_is == "closed"), ["pack"], ["carton", "reopen"], ["pack"],
    ]  # fmt: skip
    if pallet_is == "closed":
        reopen(boxes, commands[0], "table-1")
    take_out(boxes, "carton 1", "table-1")
    reopen(boxes, commands[-2], "table-2")
    take_out(boxes, boxes.payloads()[0], "table-2")
    ship(boxes, 1)
    assert shipped(boxes) == {1}


def reopen(boxes: Factory, words: Sequence[str], station: str) -> None:
    """What `carton reopen` or `pallet reopen` does at a table."""
    with at(boxes, station) as ledger:
        ledger.packing.reopen(int(words[2]), station, "one comes out")


def take_out(boxes: Factory, code: str, station: str) -> None:
    """`remove`, and what is to come out."""
    with at(boxes, station) as ledger:
        desk = table(boxes, ledger, size=2, pallet=2)
        desk.read("remove")
        answer = desk.read(code)
        assert answer and not answer.is_fault, answer
