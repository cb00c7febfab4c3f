"""A packing table and a returns desk that were killed: what is scanned again is known, and done whole or not at all."""

from __future__ import annotations

import pytest

from bss_mfg.ledger.ledger import Ledger
from bss_mfg.station.packing_answers import PackWord
from bss_mfg.station.returns import ReturnsDesk, ReturnsRequest
from tests.helpers.factory import Factory
from tests.helpers.packing import at, hall, killed_at, table


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    return hall(factory)


def test_the_box_that_filled_a_carton_is_known_to_its_table(boxes: Factory) -> None:
    """Who got no answer, since the table was killed, scans it again: it is no second box with one label."""
    one, two, three, *_ = boxes.payloads("A")
    with at(boxes, "T1") as here, at(boxes, "T2") as there:
        assert words(boxes, here, one, two) == [PackWord.PACKED, PackWord.CARTON_CLOSED]
        assert words(boxes, here, two, one) == [PackWord.TWICE, PackWord.TWICE]
        assert words(boxes, there, two) == [PackWord.IN_ANOTHER]
        assert words(boxes, here, three, two) == [PackWord.PACKED, PackWord.IN_ANOTHER]


def words(boxes: Factory, ledger: Ledger, *scanned: str) -> list[str]:
    """What a table answers, of cartons with two boxes."""
    own = table(boxes, ledger, 2, None)
    return [answer.word for one in scanned if (answer := own.read(one))]


def test_killed_before_any_statement_a_box_comes_back_and_is_read_again_or_neither(boxes: Factory) -> None:
    (payload, *_) = boxes.payloads("A")
    with at(boxes, "T1") as ledger:
        ledger.packages.ship("A", ["ebK300000001"], "order 1")

    def take_back(ledger: Ledger) -> None:
        ReturnsDesk(ledger, ReturnsRequest("torn", verify=True)).read(payload)

    moments = 0
    while killed_at(boxes, "desk", moments, take_back):
        moments += 1
        with at(boxes, "T1") as ledger:
            came_back = not ledger.packages.shipped("A")
            assert came_back == any(event.kind == "packages returned" for event in ledger.history.events("A"))
            assert ledger.reads.times_verified("A", 1), f"killed before statement {moments}"
    assert moments > 10
    with at(boxes, "T1") as ledger:
        assert not ledger.packages.shipped("A")
        assert [event.kind for event in ledger.history.events("A")][-2:] == ["packages returned", "read"]
        ledger.check()
