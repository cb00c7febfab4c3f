"""Cartons and pallets in the ledger: what goes in, what is refused, and that no kill and no second table spoils it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bss_mfg import gs1
from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.events import kinds_of, read_record
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.package_way import way_of
from bss_mfg.ledger.packing_events import OnePackage
from bss_mfg.ledger.packing_records import ClosingLabel, LogisticUnit, NewLogisticUnit, PackRefusal, Place, Refused
from bss_mfg.ledger.shipping import ship_logistic_unit
from bss_mfg.station.closing import Closer
from bss_mfg.station.packing import PackingTable
from bss_mfg.station.packing_answers import PackWord
from tests.helpers import shift
from tests.helpers.factory import Factory, a_read
from tests.helpers.packing import at, ended, hall, in_fork, killed_at, table, verify_all

TWO = NewLogisticUnit(2, "39506000")


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    return hall(factory)


@pytest.fixture
def ledger(boxes: Factory) -> Iterator[Ledger]:
    with at(boxes, "T1") as ledger:
        yield ledger


def packed(ledger: Ledger, *places: Place, station: str = "T1", new: NewLogisticUnit = TWO) -> LogisticUnit:
    """Packages in the open carton of a table."""
    for place in places:
        carton = ledger.packing.pack(place, station, new)
        assert isinstance(carton, LogisticUnit), carton
    return carton


def refusal(answer: LogisticUnit | Refused) -> PackRefusal:
    assert isinstance(answer, Refused)
    return answer.kind


def close(factory: Factory, ledger: Ledger, unit: LogisticUnit, reason: str = "") -> LogisticUnit:
    return Closer(ledger, table(factory, ledger, pallet=None)._setup).close(unit, reason).unit


def test_a_carton_takes_boxes_of_any_batch_of_one_product(ledger: Ledger) -> None:
    carton = packed(ledger, ("A", 1), ("B", 1))
    assert carton.full
    assert ledger.packing.contents(carton) == [("A", 1), ("B", 1)]
    assert carton.sscc == gs1.sscc(f"39506000{carton.number:09}")
    assert refusal(ledger.packing.pack(("A", 2), "T1", TWO)) is PackRefusal.FULL


def unverify(ledger: Ledger) -> None:
    ledger.reads.record("A", [a_read(1, "mismatched")])


def scrap(ledger: Ledger) -> None:
    ledger.units.scrap("A", ["ebK300000001"], "dropped")


def ship(ledger: Ledger) -> None:
    ledger.packages.ship("A", ["ebK300000001"], "order 1")


def pack_here(ledger: Ledger) -> None:
    packed(ledger, ("A", 1))


def pack_there(ledger: Ledger) -> None:
    packed(ledger, ("A", 1), station="T2")


def pack_plug(ledger: Ledger) -> None:
    packed(ledger, ("C", 1))


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (unverify, PackRefusal.NOT_VERIFIED),
        (scrap, PackRefusal.SCRAPPED),
        (ship, PackRefusal.SHIPPED),
        (pack_here, PackRefusal.TWICE),
        (pack_there, PackRefusal.IN_ANOTHER),
        (pack_plug, PackRefusal.OTHER_PRODUCT),
    ],
)
def test_what_may_not_go_in_is_refused_by_kind_and_changes_nothing(ledger: Ledger, before, why) -> None:  # type: ignore[no-untyped-def]
    before(ledger)
    head = ledger.history.head()
    assert refusal(ledger.packing.pack(("A", 1), "T1", TWO)) is why
    assert ledger.history.head() == head


def test_a_carton_holds_one_market(boxes: Factory) -> None:
    file = boxes.root / "products" / "plug.toml"
    file.write_text(file.read_text().replace('"EU"', '"US"'))
    boxes.issue(2, "D", "plug")
    verify_all(boxes, "D")
    with at(boxes, "T1") as ledger:
        packed(ledger, ("C", 1))
        assert refusal(ledger.packing.pack(("D", 1), "T1", TWO)) is PackRefusal.OTHER_MARKET


def test_the_database_itself_keeps_a_package_in_one_carton_and_cartons_no_larger_than_they_are(
    boxes: Factory, ledger: Ledger
) -> None:
    first, other = packed(ledger, ("A", 1)), packed(ledger, ("B", 1), station="T2")
    assert (first.number, other.number) == (1, 2)
    forbidden = [
        "UPDATE package SET carton = 2 WHERE carton = 1",
        "UPDATE package SET carton = 2 WHERE number IN (3, 4)",
        "UPDATE package SET carton = 4711 WHERE number = 3",
        "UPDATE logistic_unit SET pallet = 2 WHERE no = 1",
        "UPDATE logistic_unit SET sscc = '395060000000000177' WHERE no = 1",
        "DELETE FROM logistic_unit WHERE no = 1",
        "INSERT INTO logistic_unit (no, kind, size, station, opened_at) VALUES (99, 'carton', 2, 'T1', 'now')",
    ]
    for statement in forbidden:
        with pytest.raises(Exception, match=r"carton|SSCC|UNIQUE|unique"), boxes.database() as database:
            database.execute(statement)


def test_a_carton_is_closed_once_whole_or_for_a_reason(boxes: Factory, ledger: Ledger) -> None:
    carton = packed(ledger, ("A", 1))
    with pytest.raises(RefusedError, match="holds 1 of 2"):
        close(boxes, ledger, carton)
    closed = close(boxes, ledger, carton, "end of batch")
    assert closed.closed_at
    assert (boxes.root / "packing" / str(closed.label)).is_file()
    with pytest.raises(RefusedError, match="was closed"):
        close(boxes, ledger, carton, "again")
    assert packed(ledger, ("A", 2)).number > carton.number


def test_a_label_that_says_something_else_closes_nothing(boxes: Factory, ledger: Ledger) -> None:
    carton = packed(ledger, ("A", 1))
    closer = Closer(ledger, table(boxes, ledger)._setup)
    label = closer._drawn(carton, ledger.packing.contents(carton))
    packed(ledger, ("A", 2))
    assert not ledger.packing.close(carton.number, label)
    assert not (boxes.root / "packing").exists()


def test_what_was_scrapped_in_a_carton_keeps_it_open_until_it_is_taken_out(boxes: Factory, ledger: Ledger) -> None:
    carton = packed(ledger, ("A", 1), ("A", 2))
    ledger.units.scrap("A", ["ebK300000002"], "dropped")
    with pytest.raises(RefusedError) as refused:
        close(boxes, ledger, carton)
    assert refused.value.problems == ("ebK300000002 was scrapped",)
    ledger.packing.unpack(("A", 2))
    packed(ledger, ("A", 3))
    assert close(boxes, ledger, carton).closed_at


def test_closing_asks_as_often_however_much_is_inside(
    boxes: Factory, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All other stations wait meanwhile."""
    asked: list[str] = []
    real = type(ledger._db).rows
    monkeypatch.setattr(
        type(ledger._db), "rows", lambda self, sql, *more: [asked.append(sql), real(self, sql, *more)][1]
    )
    counts = []
    for contents in ((1,), (2, 3, 4, 5, 6)):
        carton = packed(ledger, *(("A", number) for number in contents), new=NewLogisticUnit(len(contents), "39506000"))
        label = ClosingLabel(ledger.packing.contents(carton), "file", "", lambda: None)
        asked.clear()
        assert ledger.packing.close(carton.number, label)
        counts.append(len(asked))
    assert counts[0] == counts[1] > 0


def test_a_pallet_ships_all_at_once_and_what_comes_back_is_in_no_carton(boxes: Factory, ledger: Ledger) -> None:
    carton = close(boxes, ledger, packed(ledger, ("A", 1), ("B", 1)))
    pallet = ledger.packing.put_on_pallet(carton.number, "T1", TWO)
    assert isinstance(pallet, LogisticUnit)
    with pytest.raises(RefusedError, match="open"):
        ship_logistic_unit(ledger, pallet, "order 1")
    with pytest.raises(RefusedError, match="on pallet"):
        ship_logistic_unit(ledger, carton, "order 1")
    pallet = close(boxes, ledger, pallet, "end of order")
    assert ship_logistic_unit(ledger, pallet, "order 1").count == 2
    assert ship_logistic_unit(ledger, pallet, "order 1").count == 0
    with pytest.raises(RefusedError, match="shipped"):
        ledger.packing.reopen(pallet.number, "T1", "why not")
    ledger.packages.ship("A", ["ebK300000001"], "torn", returned=True)
    assert ledger.packing.carton_of(("A", 1)) is None
    assert ledger.packing.contents(carton) == [("B", 1)]
    kinds = [step.kind for step in way_of(ledger, "A", 1)]
    assert kinds == ["issued", "packed", "carton closed", "on pallet", "pallet closed", "shipped", "returned"]
    ledger.check()


def test_the_way_is_in_the_order_in_which_it_was_gone_within_a_second_too(boxes: Factory, ledger: Ledger) -> None:
    """Moments are told to the second, and all of this happens in one."""
    with shift.at(datetime(2026, 11, 24, 6, tzinfo=UTC)):
        carton = close(boxes, ledger, packed(ledger, ("A", 1), ("A", 2)))
        ship_logistic_unit(ledger, carton, "order 1")
        ledger.packages.ship("A", ["ebK300000001"], "torn", returned=True)
        ledger.reads.record("A", [a_read(1)])
        packed(ledger, ("A", 1))
    kinds = [step.kind for step in way_of(ledger, "A", 1)]
    assert kinds == ["issued", "packed", "carton closed", "shipped", "returned", "verified", "packed"]


def test_all_or_nothing_leaves_with_a_pallet(boxes: Factory, ledger: Ledger) -> None:
    carton = close(boxes, ledger, packed(ledger, ("A", 1), ("B", 1)))
    ledger.units.scrap("B", [next(ledger.packages.stream("B", 1, 1)).units[0].serial], "dropped")
    with pytest.raises(RefusedError):
        ship_logistic_unit(ledger, carton, "order 1")
    assert ledger.packages.shipped("A") == set()


def test_a_carton_is_reopened_off_its_pallet_alone_and_where_none_is_open(boxes: Factory, ledger: Ledger) -> None:
    carton = close(boxes, ledger, packed(ledger, ("A", 1), ("B", 1)))
    ledger.packing.put_on_pallet(carton.number, "T1", TWO)
    with pytest.raises(RefusedError, match="on pallet"):
        ledger.packing.reopen(carton.number, "T1", "wrong box")
    ledger.packing.take_off_pallet(carton.number)
    packed(ledger, ("A", 2))
    with pytest.raises(RefusedError, match="is open at T1"):
        ledger.packing.reopen(carton.number, "T1", "wrong box")
    assert ledger.packing.reopen(carton.number, "T3", "wrong box").station == "T3"
    assert isinstance(ledger.packing.unpack(("B", 1)), LogisticUnit)


def test_a_table_that_lies_is_found_by_the_check(boxes: Factory, ledger: Ledger) -> None:
    packed(ledger, ("A", 1))
    with boxes.database(unguarded=True) as database:
        database.execute("UPDATE package SET carton = NULL")
    with pytest.raises(LedgerError):
        ledger.check()


def test_one_session_packs_at_a_table(boxes: Factory, ledger: Ledger) -> None:
    with ledger.packing.table("T1"), at(boxes, "T1") as other:
        with pytest.raises(LedgerError, match="another session packs at T1"), other.packing.table("T1"):
            pass
        with other.packing.table("T2"):
            pass


@pytest.mark.parametrize("offset", [0.0, 0.002, 0.005, 0.01, 0.02, 0.04])
def test_two_tables_at_once_pack_each_box_once(boxes: Factory, offset: float) -> None:
    payloads = [*boxes.payloads("A"), *boxes.payloads("B")]
    start = time.monotonic() + 0.3

    def pack_all(station: str, wait: float) -> None:
        with at(boxes, station) as ledger:
            own = table(boxes, ledger, 3, None)
            time.sleep(max(start + wait - time.monotonic(), 0))
            for payload in payloads:
                answer = own.read(payload)
                assert answer
                assert answer.word in (PackWord.PACKED, PackWord.CARTON_CLOSED, PackWord.IN_ANOTHER, PackWord.TWICE)

    children = [in_fork(lambda: pack_all("T1", 0)), in_fork(lambda: pack_all("T2", offset))]
    assert [ended(child) for child in children] == [0, 0]
    with at(boxes, "T1") as ledger:
        held = [place for carton in ledger.packing.all("carton") for place in ledger.packing.contents(carton)]
        assert sorted(held) == sorted((batch, number) for batch in "AB" for number in range(1, 7))
        codes = Counter(unit.sscc for unit in ledger.packing.all("carton"))
        assert set(codes.values()) == {1}
        ledger.check()


def test_killed_before_any_statement_a_carton_is_closed_once(boxes: Factory) -> None:
    """The second box of a carton closes it, and the carton its pallet: at each moment of that the table is killed."""
    payloads = boxes.payloads("A")
    with at(boxes, "T1") as ledger:
        assert table(boxes, ledger, 2, 1).read(payloads[0])

    def second(ledger: Ledger) -> None:
        table(boxes, ledger, 2, 1).read(payloads[1])

    moments = 0
    while killed_at(boxes, "T1", moments, second):
        moments += 7  # some hundred statements lie between; their transactions are few
        with at(boxes, "T1") as ledger:
            units = ledger.packing.all("carton") + ledger.packing.all("pallet")
            assert len(units) <= 2
            assert (
                len([place for unit in units if unit.kind == "carton" for place in ledger.packing.contents(unit)]) <= 2
            )
    with at(boxes, "T1") as ledger:
        own = table(boxes, ledger, 2, 1)
        list(own.resume())
        ((carton,), (pallet,)) = ledger.packing.all("carton"), ledger.packing.all("pallet")
        assert carton.closed_at
        assert pallet.closed_at
        assert ledger.packing.contents(pallet) == [("A", 1), ("A", 2)]
        closed = [event for event in ledger.history.events("A") if event.kind in ("carton closed", "pallet closed")]
        assert [event.kind for event in closed] == ["carton closed", "pallet closed"]
        ledger.check()
    assert moments > 30


class Hall(RuleBasedStateMachine):
    """Two tables pack, take out, close, reopen, ship and take back, and are killed in the midst; a model says what must
    be where."""

    start: Factory
    """What the test gives it: a hall that it may use up."""

    def __init__(self) -> None:
        super().__init__()
        self.ledgers = {name: at(self.start, name) for name in ("T1", "T2")}
        self.model: dict[Place, int | None] = {}
        self.gone: set[Place] = set()

    @initialize()
    def look(self) -> None:
        ledger = self.ledgers["T1"]
        self.payloads = {(batch, one.number): one.payload for batch in "ABC" for one in ledger.packages.stream(batch)}
        self.model = {place: ledger.packing.carton_of(place) for place in self.payloads}
        self.gone = {(batch, number) for batch in "ABC" for number in ledger.packages.shipped(batch)}

    def table(self, name: str, ledger: Ledger | None = None) -> PackingTable:
        return table(self.start, ledger or self.ledgers[name], 2, 2)

    tables = st.sampled_from(["T1", "T2"])
    places = st.tuples(st.sampled_from("ABC"), st.integers(1, 6))

    @rule(name=tables, place=places)
    def scan(self, name: str, place: Place) -> None:
        store = self.ledgers[name].packing
        before = store.open_at("carton", name)
        answer = self.table(name).read(self.payloads[place])
        assert answer
        verified = self.ledgers[name].reads.times_verified(*place) > 0
        product = "plug" if place[0] == "C" else "bulb"
        inside = [one for one, carton in self.model.items() if before and carton == before.number]
        other = bool(inside) and (inside[0][0] == "C") != (product == "plug")
        free = self.model[place] is None and place not in self.gone and verified and not other
        assert free == (answer.word not in _REFUSED), answer
        if free:
            self.model[place] = store.carton_of(place)
            assert self.model[place] is not None
            assert before is None or self.model[place] == before.number

    @rule(name=tables, place=places)
    def take_out(self, name: str, place: Place) -> None:
        own = self.table(name)
        carton = self.model[place] and self.ledgers[name].packing.get(self.model[place] or 0)
        own.read("remove")
        answer = own.read(self.payloads[place])
        assert answer
        may = bool(carton) and not carton.closed_at  # type: ignore[union-attr]
        assert (answer.word == PackWord.REMOVED) == may
        if may:
            self.model[place] = None

    @rule(name=tables, kind=st.sampled_from(["carton", "pallet"]))
    def close(self, name: str, kind: str) -> None:
        unit = self.ledgers[name].packing.open_at(kind, name)  # type: ignore[arg-type]
        answer = self.table(name).read(f"close {kind} end of order")
        assert answer
        if unit is None or not unit.held:
            assert answer.word == PackWord.REFUSED

    @rule(name=tables, number=st.integers(1, 12))
    def reopen(self, name: str, number: int) -> None:
        unit = self.ledgers[name].packing.get(number)
        if unit is None:
            return
        open_here = self.ledgers[name].packing.open_at(unit.kind, name)
        shipped = any(place in self.gone for place in self.ledgers[name].packing.contents(unit))
        may = bool(unit.closed_at) and unit.pallet is None and open_here is None and not shipped
        try:
            self.ledgers[name].packing.reopen(number, name, "look")
        except RefusedError:
            assert not may
        else:
            assert may

    @rule(number=st.integers(1, 12))
    def ship(self, number: int) -> None:
        ledger = self.ledgers["T1"]
        unit = ledger.packing.get(number)
        if unit is None:
            return
        contents = ledger.packing.contents(unit)
        try:
            ship_logistic_unit(ledger, unit, "order")
        except RefusedError:
            assert not contents or not unit.closed_at or unit.pallet
        else:
            self.gone |= set(contents)

    @rule(which=st.integers(0, 5))
    def take_back(self, which: int) -> None:
        if not self.gone:  # no precondition: what is drawn must not depend on the walks before
            return
        batch, number = place = sorted(self.gone)[which % len(self.gone)]
        ledger = self.ledgers["T1"]
        ledger.packages.ship(batch, [ledger.packages.get(batch, number).units[0].serial], "back", returned=True)
        self.gone.discard(place)
        self.model[place] = None
        if number % 2:
            ledger.reads.record(batch, [a_read(number)])

    @rule(name=tables, place=places, moment=st.integers(0, 60))
    def killed(self, name: str, place: Place, moment: int) -> None:
        killed_at(self.start, name, moment, lambda ledger: void(self.table(name, ledger).read(self.payloads[place])))
        now = self.ledgers[name].packing.carton_of(place)
        assert now == self.model[place] or self.model[place] is None
        self.model[place] = now
        list(self.table(name).resume())

    @invariant()
    def all_is_where_it_was_put(self) -> None:
        store = self.ledgers["T2"].packing
        cartons = store.all("carton")
        held = {place: one.number for one in cartons for place in store.contents(one)}
        assert held == {place: carton for place, carton in self.model.items() if carton is not None}
        assert all(one.held <= one.size for one in (*cartons, *store.all("pallet")))
        assert all(one.closed_at for one in cartons if one.pallet)
        codes = [one.sscc for one in (*cartons, *store.all("pallet"))]
        assert len(codes) == len(set(codes))

    def teardown(self) -> None:
        ledger = self.ledgers["T1"]
        ledger.check()
        now: dict[Place, int] = {}
        for event in ledger.history.events_of(kinds_of(OnePackage)):
            record = read_record(event.kind, event.data)
            assert isinstance(record, OnePackage)
            now[str(event.batch), record.package] = record.carton
        assert all(now[place] == carton for place, carton in self.model.items() if carton is not None)
        for one in self.ledgers.values():
            one.__exit__()


_REFUSED = frozenset(
    {
        PackWord.TWICE, PackWord.IN_ANOTHER, PackWord.SHIPPED, PackWord.OTHER_PRODUCT, PackWord.NOT_VERIFIED,
        PackWord.FULL,
    }
)  # fmt: skip


def void(_: object) -> None:
    """Pass a result over."""


def test_any_order_of_acts_leaves_each_box_where_it_was_put(boxes: Factory) -> None:
    """All walks go on in one hall, in which boxes are packed, shipped and taken back already."""

    class Own(Hall):
        start = boxes

    Own.TestCase.settings = hypothesis.settings(max_examples=12, stateful_step_count=25, deadline=None)
    random.seed(0)
    Own.TestCase().runTest()
