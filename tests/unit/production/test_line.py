"""The line as it is now: followed event by event it says the same as counted anew, and the same as other stores."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.core.clock import TimeZone
from bss_mfg.ledger.flash import ReportFile, UnitReport
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_records import NewLogisticUnit
from bss_mfg.model import Event
from bss_mfg.production.line import MOST_BATCHES, LineWatch
from bss_mfg.production.records import BatchProgress, Counts, Desk, LineState, Work
from tests.helpers.factory import Factory, a_read
from tests.helpers.shift import MOMENT, acting, at, live_a_shift, scan, serials

NOON = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
ZONE = TimeZone()
HOUR = timedelta(hours=1)


def look(factory: Factory, watch: LineWatch | None = None, now: datetime = NOON) -> LineState:
    with factory.ledger() as ledger, at(now):
        return (watch or LineWatch(ZONE, 8)).look(ledger)


@pytest.fixture(scope="module")
def lived(new_factory: Callable[[], Factory]) -> Factory:
    """A shift until noon."""
    factory = new_factory()
    live_a_shift(factory, NOON)
    return factory


def batch(state: LineState, name: str) -> BatchProgress:
    return next(one for one in state.batches if one.batch == name)


def test_a_shift_is_counted_by_station_and_hour(lived: Factory) -> None:
    state = look(lived)
    assert state.hours == tuple(f"2026-11-24T{hour:02}:00:00Z" for hour in range(5, 13))
    cells = {(one.hour[11:13], one.station): one.counts for one in state.by_hour}
    assert cells["06", "scan-1"] == Counts(right=6, first_right=6)
    assert cells["08", "scan-2"] == Counts(right=2, wrong=2, repeated=1)
    assert cells["09", "scan-2"] == Counts(scrapped=3)
    assert cells["10", "packing"] == Counts(shipped=3)
    assert cells["05", "office"] == Counts(issued=24)
    assert cells["05", "press-1"] == Counts(labels=24)
    qa = next(one for one in state.stations if one.station == "qa")
    assert (qa.counts.right, qa.counts.wrong) == (22, 2)
    assert (qa.counts.first_right, qa.counts.first_wrong) == (9, 2), "13 were read before by scan-2"
    assert qa.per_hour == 22 * 4
    assert state.counts.first_pass_yield == pytest.approx((24 + 12 + 9) / (24 + 13 + 11))


def test_what_waits_and_for_whom(lived: Factory) -> None:
    waiting = {(one.work, one.batch): (one.desk, one.count) for one in look(lived).waiting}
    assert waiting[Work.VERIFY, "DUO-03"] == (Desk.SCAN, 24)
    assert waiting[Work.VERIFY, "BULB-08"] == (Desk.SCAN, 2)
    assert waiting[Work.PROGRAM, "DUO-03"] == (Desk.FLASHER, 48)
    assert waiting[Work.SHIP, "BULB-07"] == (Desk.PACKING, 21 - 3)
    assert waiting[Work.REPLACE, "BULB-07"] == (Desk.OFFICE, 3)
    assert (Work.PRINT, "BULB-07") not in waiting


def test_scrap_reasons_the_most_first(lived: Factory) -> None:
    assert [(one.reason, one.units) for one in look(lived).scrap_reasons] == [
        ("dropped", 2),
        ("radio test failed", 1),
    ]


def test_hours_pass_out_of_sight(lived: Factory) -> None:
    """The same watch, hours later, shows what a new one shows: nothing of before."""
    watch = LineWatch(ZONE, 2)
    first = look(lived, watch)
    assert first.counts.right and first.failures
    later = NOON + 3 * HOUR
    assert look(lived, watch, later) == look(lived, LineWatch(ZONE, 2), later)
    empty = look(lived, watch, later)
    assert empty.counts == Counts()
    assert (empty.by_hour, empty.stations, empty.failures, empty.scrap_reasons) == ((), (), (), ())
    assert [one.batch for one in empty.batches], "batches stay"


def test_failures_say_what_became_of_them(lived: Factory, tmp_path: Path) -> None:
    lived = lived.copied(tmp_path / "w")
    failures = look(lived).failures
    assert [(one.verdict, one.batch, one.package, one.settled) for one in failures] == [
        ("unreadable", "BULB-08", 15, False),
        ("unreadable", "BULB-08", 14, False),
        ("wrong label", "BULB-08", 13, True),
        ("wrong label", "BULB-07", 6, True),
        ("wrong label", "BULB-07", 5, True),
    ]
    assert failures[0].serials == serials(lived, "BULB-08", [15])[0]
    watch = LineWatch(ZONE, 8)
    look(lived, watch)
    scan(lived, "scan-1", "BULB-08", NOON, [14])
    assert [one.package for one in look(lived, watch).failures if not one.settled] == [15]


def test_hours_are_those_of_the_workspace(factory: Factory) -> None:
    """Kathmandu's hours begin at a quarter past; Berlin's night of October has an hour twice."""
    factory.add(oob_bytes=16)
    with at(NOON):
        factory.issue(2, "B1")
    scan(factory, "scan-1", "B1", NOON, [1])
    with factory.ledger() as ledger, at(NOON):
        state = LineWatch(TimeZone("Asia/Kathmandu"), 2).look(ledger)
    assert state.hours == ("2026-11-24T17:00:00+05:45", "2026-11-24T18:00:00+05:45")
    assert [one.hour for one in state.by_hour if one.counts.right] == ["2026-11-24T18:00:00+05:45"]
    night = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with factory.ledger() as ledger, at(night):
        hours = LineWatch(TimeZone("Europe/Berlin"), 3).look(ledger).hours
    assert hours == ("2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00")


# --- followed and counted anew ---------------------------------------------------------------------------------------


def act(factory: Factory, draw: random.Random, moment: datetime) -> None:
    """Something that may happen at a line."""
    name = draw.choice(["B1", "B2"])
    with acting(factory, draw.choice(["scan-1", "scan-2"]), moment) as ledger:
        packages = sorted(draw.sample(range(1, 9), draw.randint(1, 4)))
        match draw.randrange(6):
            case 0:
                if packages[0] not in ledger.packages.shipped(name):
                    ledger.units.scrap(name, serials(factory, name, packages[:1]), draw.choice(["dropped", "=1+1"]))
            case 1:
                shippable = ledger.reads.verified_packages(name, packages) - ledger.packages.scrapped(name)
                shippable -= ledger.packages.shipped(name)
                if shippable:
                    ledger.packages.ship(name, serials(factory, name, sorted(shippable)), "pallet")
            case 2:
                if shipped := ledger.packages.shipped(name) - ledger.packages.scrapped(name):
                    ledger.packages.ship(name, serials(factory, name, sorted(shipped)[:1]), "back", returned=True)
            case _:
                verdicts = ["ok", "ok", "wrong label", "twice", "already", "other code"]
                ledger.reads.record(name, [a_read(package, draw.choice(verdicts)) for package in packages])


@pytest.mark.parametrize("seed", range(4))
def test_followed_it_is_as_if_counted_anew(factory: Factory, seed: int) -> None:
    draw, watch, now = random.Random(seed), LineWatch(ZONE, 3), NOON
    factory.add(oob_bytes=16)
    with at(NOON - HOUR):
        factory.issue(8, "B1")
        look(factory, watch, now)
        factory.issue(8, "B2")
    for _ in range(30):
        act(factory, draw, now)
        if draw.random() < 0.5:
            assert_same(look(factory, watch, now), look(factory, LineWatch(ZONE, 3), now))
            for name in ("B1", "B2"):
                agrees_with_other_stores(factory, batch(look(factory, watch, now), name))
        now += timedelta(minutes=draw.choice([0, 3, 40]))


def assert_same(followed: LineState, anew: LineState) -> None:
    """All but yields: what was a package's first read is forgotten by a watch that came later."""
    for name in ("head", "hours", "batches", "waiting", "scrap_reasons", "failures"):
        assert getattr(followed, name) == getattr(anew, name), name
    assert reads_only(followed) == reads_only(anew)


def reads_only(state: LineState) -> list[object]:
    return [
        (one.hour, one.station, replace(one.counts, first_right=0, first_wrong=0)) for one in state.by_hour
    ] + [(one.station, one.per_hour, one.last_at) for one in state.stations]  # fmt: skip


def agrees_with_other_stores(factory: Factory, found: BatchProgress) -> None:
    with factory.ledger() as ledger:
        counts = ledger.batches.package_counts(found.batch)
    assert found.scrapped_packages == counts.scrapped
    assert found.packages == counts.packages - counts.scrapped
    assert found.verified == counts.print_verified
    assert found.printed == counts.printed - counts.scrapped_printed


def test_a_look_reads_what_is_new(printed: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not the history again, of a batch or of all."""
    read: list[int] = []
    real = HistoryStore.events_of

    def noted(self: HistoryStore, *arguments: Any, **options: Any) -> Iterator[Event]:
        for event in real(self, *arguments, **options):
            read.append(event.seq)
            yield event

    monkeypatch.setattr(HistoryStore, "events_of", noted)
    now, watch = datetime.now(UTC), LineWatch(ZONE, 8)
    with printed.ledger() as ledger, at(now):
        watch.look(ledger)
        assert read, "the first look walks"
        read.clear()
        watch.look(ledger)
        assert read == []
        ledger.reads.record("A", [a_read(3, "ok"), a_read(4, "ok")])
        head, _ = ledger.history.head()
        assert batch(watch.look(ledger), "A").verified == 2
        assert read == [head - 1, head]


def test_of_a_large_batch_only_what_was_touched_is_asked_for(printed: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = LineWatch(ZONE, 8)
    with printed.ledger() as ledger:
        watch.look(ledger)
        asked: list[range] = []
        real = ledger.packages.marks
        monkeypatch.setattr(
            ledger.packages, "marks", lambda name, packages: (asked.append(packages), real(name, packages))[1]
        )
        ledger.reads.record("A", [a_read(7, "ok"), a_read(8, "ok"), a_read(20, "ok")])
        watch.look(ledger)
    assert asked == [range(7, 9), range(20, 21)]


def test_a_restored_ledger_is_counted_anew(issued: Factory) -> None:
    """Its numbers may be higher or lower than those of the one before: digests tell."""
    now, watch = datetime.now(UTC), LineWatch(ZONE, 8)
    copied = issued.copied(issued.root.parent / "copy")
    scan(issued, "scan-1", "B1", now, [1, 2])
    scan(copied, "scan-9", "B1", now, [3, 4, 5])
    assert batch(look(issued, watch, now), "B1").verified == 2
    assert batch(look(copied, watch, now), "B1").verified == 3
    assert look(copied, watch, now) == look(copied, LineWatch(ZONE, 8), now)
    assert look(issued, watch, now) == look(issued, LineWatch(ZONE, 8), now)


def test_the_batches_to_which_something_happened_last(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    with factory.ledger() as ledger:
        assert LineWatch(ZONE, 1).look(ledger).batches == ()
    names = [f"B{number}" for number in range(MOST_BATCHES + 2)]
    for name in names:
        factory.issue(1, name)
    watch = LineWatch(ZONE, 1)
    with factory.ledger() as ledger:
        assert shown(watch, ledger) == names[:1:-1]
        ledger.reads.record("B0", [a_read(1, "ok")])
        assert shown(watch, ledger) == ["B0", *names[:2:-1]]


def shown(watch: LineWatch, ledger: Ledger) -> Sequence[str]:
    return [one.batch for one in watch.look(ledger).batches]


def test_a_closed_batch_waits_for_nothing(issued: Factory) -> None:
    done = issued.cli("close", "B1", "--unprinted", "6", "--reason", "a trial")
    assert done.code == 0, done.err
    state = look(issued, now=datetime.now(UTC))
    assert batch(state, "B1").state == "closed"
    assert state.waiting == ()


def test_moments_are_as_the_history_writes_them() -> None:
    assert NOON.strftime(MOMENT) == "2026-11-24T12:30:00Z"


def test_what_waits_in_a_print_queue_waits_for_its_press(issued: Factory) -> None:
    watch, now = LineWatch(ZONE, 8), datetime.now(UTC)

    def printing() -> set[tuple[Work, str, int]]:
        waiting = look(issued, watch, now).waiting
        return {(one.work, one.station, one.count) for one in waiting if one.desk is Desk.PRESS}

    assert printing() == {(Work.PRINT, "", 6)}
    done = issued.cli("labels", "B1", "--template", "roll-50x30", "--printer", "zpl-203", "--queue", "press-2")
    assert done.code == 0, done.err
    assert printing() == {(Work.PRINT_QUEUED, "press-2", 6)}
    assert printing() == {(Work.PRINT_QUEUED, "press-2", 6)}, "nothing happened"
    done = issued.cli("queue", "cancel", "1", "--reason", "another template")
    assert done.code == 0, done.err
    assert printing() == {(Work.PRINT, "", 6)}


def test_what_flashers_report(issued: Factory, tmp_path: Path) -> None:
    watch, now = LineWatch(ZONE, 8), datetime.now(UTC)
    assert batch(look(issued, watch, now), "B1").flashed == 0
    done = issued.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv")
    assert done.code == 0, done.err
    names = serials(issued, "B1", range(1, 5))
    with acting(issued, "flasher-1", now) as ledger:
        reports = [UnitReport(row, name, row != 4) for row, name in enumerate(names, 2)]
        ledger.flash.report(ReportFile("flashed.csv", "a" * 64), reports)
    state = look(issued, watch, now)
    assert state == look(issued, LineWatch(ZONE, 8), now)
    one = batch(state, "B1")
    assert (one.released, one.flashed, one.flash_failed) == (6, 3, 1)
    assert [(one.work, one.count) for one in state.waiting if one.desk is Desk.FLASHER] == [(Work.FLASH_FAILED, 1)]
    counts = next(one.counts for one in state.by_hour if one.station == "flasher-1")
    assert (counts.flashed, counts.flash_failed) == (3, 1)


def test_what_is_packed_into_cartons(issued: Factory) -> None:
    """Where cartons are used, boxes wait for the packing table, and packed ones to leave."""
    watch, now = LineWatch(ZONE, 8), datetime.now(UTC)

    def packing() -> set[tuple[Work, int]]:
        state = look(issued, watch, now)
        assert state == look(issued, LineWatch(ZONE, 8), now)
        return {(one.work, one.count) for one in state.waiting if one.desk is Desk.PACKING}

    scan(issued, "scan-1", "B1", now, range(1, 7))
    assert packing() == {(Work.SHIP, 6)}
    with acting(issued, "table-1", now) as ledger:
        for package in (1, 2, 3):
            ledger.packing.pack(("B1", package), "table-1", NewLogisticUnit(12))
    assert packing() == {(Work.PACK, 3), (Work.SHIP, 3)}
    assert batch(look(issued, watch, now), "B1").packed == 3
    with acting(issued, "table-1", now) as ledger:
        ledger.packing.unpack(("B1", 3))
    assert packing() == {(Work.PACK, 4), (Work.SHIP, 2)}


def packed_counts(factory: Factory, watch: LineWatch, now: datetime) -> tuple[int, int]:
    """By what was done, as a report has it, and by boxes, as the board has it."""
    state = look(factory, watch, now)
    assert state == look(factory, LineWatch(ZONE, 8), now)
    return sum(one.counts.packed for one in state.by_hour), batch(state, "B1").packed


def test_a_box_counts_as_packed_once_and_while_it_is_in_a_carton(issued: Factory) -> None:
    """One that is taken out and packed again, by whichever station, is one box; one that came back is none."""
    watch, now = LineWatch(ZONE, 8), datetime.now(UTC)
    scan(issued, "scan-1", "B1", now, range(1, 7))
    with acting(issued, "table-1", now) as ledger:
        for package in (1, 2, 3):
            ledger.packing.pack(("B1", package), "table-1", NewLogisticUnit(12))
    assert packed_counts(issued, watch, now) == (3, 3)
    with acting(issued, "table-2", now) as ledger:
        ledger.packing.unpack(("B1", 2))
        ledger.packing.unpack(("B1", 3))
        ledger.packing.pack(("B1", 3), "table-2", NewLogisticUnit(12))
    assert packed_counts(issued, watch, now) == (2, 2)
    table = {one.station: one.counts.packed for one in look(issued, watch, now).by_hour}
    assert (table["table-1"], table["table-2"]) == (1, 1)
    with acting(issued, "office", now) as ledger:
        serial = ledger.packages.get("B1", 3).units[0].serial
        assert ledger.packages.ship("B1", [serial], "order 1", with_outer=True).count == 1  # all that carton 2 holds
    assert packed_counts(issued, watch, now) == (2, 2)
    with acting(issued, "office", now) as ledger:
        ledger.packages.ship("B1", [serial], "broken", returned=True)
    assert packed_counts(issued, watch, now) == (1, 1)
