"""The account of a shift next to its ledger: what differs, in words."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator

from bss_mfg.label.printing.formats import split_formats
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import LabelFileEvent, LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.package_way import way_of
from bss_mfg.ledger.unit_history import history_of
from tests.faults.shift_account import Account, Box, flashes, is_dropped, is_mended, to_scrap
from tests.faults.shift_desks import Site
from tests.faults.shift_press import Tray, digest
from tests.helpers.factory import Factory
from tests.helpers.queued import WAYS

PACKED = ["packed", "carton closed", "on pallet", "pallet closed", "shipped"]
_SERIALS = "SELECT b.id, u.package, u.serial, u.uuid FROM unit u JOIN batch b ON b.no = u.batch"


def balance(site: Site, account: Account, factory: Factory) -> list[str]:
    """All that is wrong."""
    wrong = balance_counts(site, account, factory)
    with factory.ledger() as ledger:
        ledger.check()
        wrong += _ways(site, account, ledger)
        for batch in site.batches:
            wrong += _told(account, ledger, (batch, 1 + int(batch[1:]) % site.batches[batch]))
    return [*wrong, *_printed(site, account, factory)]


def balance_counts(site: Site, account: Account, factory: Factory) -> list[str]:
    """What is wrong with the acts themselves, whichever way each box went."""
    with factory.ledger() as ledger:
        return [
            *_issued(site, account, factory),
            *_flashed(account, factory),
            *_history(ledger),
            *_reads(account, ledger),
            *_packed(site, account, ledger),
            *_gone(account, ledger),
        ]


def _differ(what: str, said: set[object] | set[Box], known: set[object] | set[Box]) -> Iterator[str]:
    """What desks said of something, and what the ledger knows."""
    if only := said - known:
        yield f"{what}: the ledger does not know {len(only)}, as {sorted(only, key=str)[:3]}"
    if only := known - said:
        yield f"{what}: only the ledger knows {len(only)}, as {sorted(only, key=str)[:3]}"


def _issued(site: Site, account: Account, factory: Factory) -> Iterator[str]:
    """Every unit was issued once, without a gap; every act that was begun was ended."""
    rows = factory.rows(
        "SELECT count(*), count(DISTINCT uuid), count(DISTINCT serial), count(DISTINCT key_digest) FROM unit"
    )
    issued = site.boxes * site.per_box
    if rows != [(issued,) * 4]:
        yield f"units, UUIDs, serials, keys: {rows}"
    if factory.rows("SELECT next_serial FROM product") != [(issued + 1,)]:
        yield "serials have a gap"
    units = dict(factory.rows("SELECT b.id, count(*) FROM unit u JOIN batch b ON b.no = u.batch GROUP BY b.id"))
    if units != {batch: boxes * site.per_box for batch, boxes in site.batches.items()} or set(units) != {
        key[0] for key in account.of("issue")
    }:
        yield f"batches: {units}"
    read = {(batch, package, serial) for batch, package, serial, _ in factory.rows(_SERIALS)}
    yield from _differ(
        "labels read", {(*box, serial) for box, serials in account.serials.items() for serial in serials}, read
    )  # type: ignore[arg-type]
    if account.open:
        yield f"not ended: {sorted(account.open, key=str)[:5]}"


def _history(ledger: Ledger) -> Iterator[str]:
    """Complete and in order: numbers without a gap, moments that never go back."""
    seq, before = 0, ""
    for event in ledger.history.events():
        if event.seq != seq + 1:
            yield f"event {event.seq} follows {seq}"
        if event.at < before:
            yield f"event {event.seq} is of {event.at}, the one before of {before}"
        seq, before = event.seq, event.at


def _reads(account: Account, ledger: Ledger) -> Iterator[str]:
    """Each read that was answered is there, and none that nobody began; of each box its first was right."""
    there: Counter[Box] = Counter()
    for event, read in ledger.history.records(LabelRead):
        if str(event.data["station"]).startswith("scan"):
            there[event.batch or "", read.package or 0] += 1
            if there[event.batch or "", read.package or 0] == 1 and read.verdict != "ok":
                yield f"{event.batch} {read.package} was read first as {read.verdict}"
    for key in account.of("scan"):
        box = key[0], key[1]
        if not 1 <= there[box] <= account.asked["scan", *box]:
            yield f"{box} was read {account.asked['scan', *box]} times, and {there[box]} are known"
    yield from _differ("read", account.boxes("scan"), set(there))


def _packed(site: Site, account: Account, ledger: Ledger) -> Iterator[str]:
    """Pallets and cartons hold what was put into them, at the table where that was done; but for what came back."""
    back = account.boxes("return")
    first = {(key[0], key[1]) for key in account.of("pack") if key[2] == 0}
    again = {(key[0], key[1]) for key in account.of("pack") if key[2] == 1}
    yield from _differ("packed again", again, back)
    yield from _differ("packed", first | account.boxes("scrap"), account.boxes("scan"))
    by_table: dict[str, list[int]] = defaultdict(list)
    for pallet in ledger.packing.all("pallet"):
        by_table[pallet.station].append(pallet.number)
    for table in (name for name in site.names if name.startswith("pack")):
        made = account.pallets(table, site.carton, site.pallet)
        numbers = by_table.pop(table, [])
        if len(made) != len(numbers):
            yield f"{table} made {len(made)} pallets, and {len(numbers)} are known"
        gone: set[Box] = set()
        for pallet_number, cartons in zip(numbers, made, strict=False):
            known = [set(ledger.packing.contents(carton)) for carton in ledger.packing.cartons_on(pallet_number)]
            for said, holds in itertools.zip_longest(map(set, cartons), known, fillvalue=set[Box]()):
                left = said - holds
                if holds - said or not left <= back or left & gone:
                    yield f"{table}, pallet {pallet_number}: {sorted(said ^ holds)[:4]}"
                gone |= left
    if by_table:
        yield f"pallets of {sorted(by_table)}"


def _gone(account: Account, ledger: Ledger) -> Iterator[str]:
    """What was scrapped, shipped and taken back."""
    serials, flashed = account.serials, account.flashed
    due = {box for box, some in serials.items() if is_dropped(some) or flashed.keys() & to_scrap(some)}
    yield from _differ("scrapped", account.boxes("scrap"), due)
    yield from _differ("refused at a table", account.boxes("refused"), account.failing)
    batches = [batch.id for batch in ledger.batches.all()]
    yield from _differ(
        "scrapped", account.boxes("scrap"), _boxes({one: ledger.packages.scrapped(one) for one in batches})
    )
    yield from _differ("shipped", account.boxes("pack"), _boxes({one: ledger.packages.shipped(one) for one in batches}))
    pallets = {pallet.number for pallet in ledger.packing.all("pallet")}
    yield from _differ("pallets", {key[0] for key in account.of("ship")}, set(pallets))
    yield from _differ("came back", account.boxes("return"), account.coming_back)


def _boxes(numbers: dict[str, set[int]]) -> set[Box]:
    return {(batch, number) for batch, some in numbers.items() for number in some}


def _flashed(account: Account, factory: Factory) -> Iterator[str]:
    """Each unit was in one sealed file, with the UUID that it was issued with, and counts as what was reported."""
    listed = [tuple(unit) for note in account.of("flash").values() for unit in note.facts["units"]]
    if len(listed) != len({serial for serial, _ in listed}):
        yield "a unit was in two sealed files"
    known = {(serial, bytes(uuid).hex()) for *_, serial, uuid in factory.rows(_SERIALS)}
    yield from _differ("flashed", {(serial, uuid.replace("-", "").lower()) for serial, uuid in listed}, known)  # type: ignore[arg-type]
    query = "SELECT u.serial, f.passed FROM flashed f JOIN unit u ON u.batch = f.batch AND u.number = f.number"
    said = {(serial, int(flashes(serial) or is_mended(serial))) for serial, _ in listed}
    yield from _differ("reported", said, set(factory.rows(query)))  # type: ignore[arg-type]


def _ways(site: Site, account: Account, ledger: Ledger) -> Iterator[str]:
    """The way of each box, as `returns` and `history` tell it, is the way that it went."""
    scrapped, back = account.boxes("scrap"), account.boxes("return")
    for batch, boxes in site.batches.items():
        files: Counter[int] = Counter()
        for _, made in ledger.history.records(LabelFileEvent, batch):
            files.update(number for first, last in made.ranges for number in range(first, last + 1))
        for number in range(1, boxes + 1):
            box = batch, number
            way = ["issued", *["printed"] * files[number]]
            if box in scrapped:
                way += ["verified", *["scrapped"] * len(to_scrap(account.serials[box]))]
            elif box in back:
                way += [*PACKED, "returned", "verified", *PACKED]
            else:
                way += ["verified", *PACKED]
            told = [step.kind for step in way_of(ledger, batch, number)]
            if told != way:
                yield f"the way of {box} is told as {told}, and was {way}"


def _told(account: Account, ledger: Ledger, box: Box) -> Iterator[str]:
    """What `history` tells of a unit is what was done with it."""
    back, scrapped = box in account.boxes("return"), box in account.boxes("scrap")
    times = 0 if scrapped else 1 + back
    expected = {
        EventKind.BATCH_ISSUED: 1,
        EventKind.KEYS_RELEASING: 1,
        EventKind.KEYS_RELEASED: 1,
        EventKind.FLASH_REPORTED: 1 + is_mended(account.serials[box][0]),
        EventKind.UNIT_SCRAPPED: len(to_scrap(account.serials[box])),
        EventKind.PACKAGE_PACKED: times,
        EventKind.CARTON_CLOSED: times,
        EventKind.PALLET_CLOSED: times,
        EventKind.PACKAGES_SHIPPED: times,
        EventKind.PACKAGES_RETURNED: int(back),
    }
    events = list(history_of(ledger, account.serials[box][0]))
    told = Counter(event.kind for event in events)
    if found := {kind: told[kind] for kind, count in expected.items() if told[kind] != count}:
        yield f"of {box} is told {found}"
    if [event.seq for event in events] != sorted(event.seq for event in events):
        yield f"the history of {box} is told in no order"


def _printed(site: Site, account: Account, factory: Factory) -> Iterator[str]:
    """Of each box one good label came out of the printers, and whatever else did was thrown away. The labels are drawn
    again, in a copy of the ledger, to know which is whose."""
    copy = factory.copied(site.folder / "copy")
    with copy.database(unguarded=True) as database:  # so that all have a label again
        database.execute("UPDATE unit SET scrapped = 0")
        database.execute("UPDATE package SET shipped = 0")
    whose: dict[str, Box] = {}
    for batch in site.batches:
        done = copy.cli("labels", batch, *WAYS, "--labels-per-file", 10_000, "--again")
        assert done.code == 0, done.err
        for file in sorted((copy.root / "batches" / batch / "labels").glob("*.zpl")):
            labels = split_formats(file.read_bytes(), "zpl")
            whose |= {digest(label): (batch, number) for number, label in enumerate(labels, 1)}
    out: Counter[Box] = Counter()
    for press in (name for name in site.names if name.startswith("press")):
        for label in Tray(site.folder, press).labels():
            out[whose.get(label, (press, 0))] += 1
    for key, note in account.of("look").items():
        out.subtract((key[0], number) for number in note.facts["thrown"])
    for box in account.boxes("scan"):
        if out[box] != 1:
            yield f"{out[box]} good labels of {box} came out"
    yield from _differ("printed", set(+out), account.boxes("scan"))
