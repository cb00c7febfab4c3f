"""Are batches, units and their identifiers those that were issued, by what their events bind?

Events of early ledgers bind less: there the numbers of units have to be whole at least, and what the event spells out
has to be so. `unbound_batches` names those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from bss_mfg.ledger.batch_binding import KEPT_COLUMNS
from bss_mfg.ledger.bindings import Pieces, digest_of, digest_of_rows
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import BatchIssued, UnitReplaced
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions

_AT_ONCE = 2_000
_SPELLED = ("product", "units", "packages", "spec", "suite", "key_fingerprint")
_BATCHES = f"""SELECT b.no, b.id, p.name, b.units, b.packages, b.spec, b.suite, b.key_fingerprint,
    b.retired_at IS NOT NULL, {", ".join(f"b.{name}" for name in KEPT_COLUMNS)}
    FROM batch b LEFT JOIN product p ON p.no = b.product ORDER BY b.no"""  # noqa: S608 (fixed texts)
_IDENTITIES = """SELECT number, package, serial, uuid, mac, key_digest, place,
    product = (SELECT product FROM batch WHERE no = :batch)
    FROM unit WHERE batch = :batch AND number > :after ORDER BY number LIMIT :size"""
_IDENTIFIERS = """SELECT i.batch, i.unit, i.name, i.value, CASE i.scope WHEN 0 THEN 0 ELSE 1 END,
    i.scope = 0 OR i.scope = i.batch FROM identifier i WHERE i.imported IS NULL ORDER BY i.batch, i.unit, i.name"""


@dataclass(slots=True)
class Bound:
    """What the history binds of a batch: its issue, and the digests of each unit that took another's place, by its
    serial (None: of an early ledger)."""

    issued: BatchIssued
    identities: dict[str, str | None] = field(default_factory=dict)
    sealed: dict[str, str | None] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as its table has it."""

    number: int
    id: str
    retired: bool
    spelled: tuple[Any, ...]
    kept: tuple[Any, ...]


def check_bound(connection: Connection, history: HistoryStore) -> None:
    """`TamperedError` where a batch, a unit or an identifier is not the one that was issued."""
    bound, rows = bound_by(history), batch_rows(connection)
    checks: Sequence[tuple[Callable[[], Iterator[str]], str, LedgerPart]] = (
        (lambda: _wrong_batches(rows, bound), "batches are not as issued", LedgerPart.BATCHES),
        (lambda: _wrong_units(connection, rows, bound), "units are not those issued", LedgerPart.UNITS),
        (lambda: _wrong_identifiers(connection, rows, bound), "identifiers are not as issued", LedgerPart.IDENTIFIERS),
    )  # fmt: skip
    for check, what, part in checks:
        refuse_contradictions(check(), what, connection.where, part)


def unbound_batches(history: HistoryStore) -> list[str]:
    """The batches that were issued before events bound their units, in order."""
    return [event.batch or "" for event, issued in history.records(BatchIssued) if issued.identities is None]


def bound_by(history: HistoryStore) -> dict[str, Bound]:
    found = {event.batch or "": Bound(issued) for event, issued in history.records(BatchIssued)}
    for event, new in history.records(UnitReplaced):
        if not (bound := found.get(event.batch or "")):
            continue
        nothing = [None] * len(new.successors)
        bound.identities.update(zip(new.successors, new.identities or nothing, strict=False))
        bound.sealed.update(zip(new.successors, new.sealed or nothing, strict=False))
        bound.identifiers.update(zip(new.successors, new.identifiers, strict=False))
    return found


def batch_rows(connection: Connection) -> list[BatchRow]:
    rows = connection.rows(_BATCHES)
    return [BatchRow(number, id, bool(more[6]), tuple(more[:6]), tuple(more[7:])) for number, id, *more in rows]


def _wrong_batches(rows: list[BatchRow], bound: Mapping[str, Bound]) -> Iterator[str]:
    left = dict(bound)
    for row in rows:
        if (said := left.pop(row.id, None)) is None:
            yield f"batch {row.id}: the history knows nothing of it"
            continue
        issued = said.issued
        spelled = (issued.product, issued.units, issued.packages, issued.spec, issued.suite, issued.fingerprint)
        wrong = [name for name, here, then in zip(_SPELLED, row.spelled, spelled, strict=True) if here != then]
        kept = issued.kept or {}
        wrong += [
            name
            for name, here in zip(KEPT_COLUMNS, row.kept, strict=True)
            if name in kept and digest_of(here) != kept[name]
        ]
        yield from (f"batch {row.id}: its {name}" for name in wrong)
    for name in left:
        yield f"batch {name}: it is missing"


def _wrong_units(connection: Connection, rows: list[BatchRow], bound: Mapping[str, Bound]) -> Iterator[str]:
    for row in rows:
        if row.id in bound:
            yield from _wrong_units_of(connection, row, bound[row.id])


def _wrong_units_of(connection: Connection, batch: BatchRow, bound: Bound) -> Iterator[str]:
    """Memory: a serial for each piece."""
    issued, left = bound.issued, dict(bound.identities)
    pieces, first, expected = Pieces(issued.units), dict[int, str](), 1
    for number, package, serial, uuid, mac, key, place, same_product in each_unit(connection, _IDENTITIES, batch):
        if not same_product:
            yield f"batch {batch.id}, unit {number} ({serial}): its product"
        if number > issued.units:
            if serial not in left:
                yield f"batch {batch.id}, unit {number} ({serial}): the history knows nothing of it"
            elif (then := left.pop(serial)) and digest_of(number, package, serial, uuid, mac, key, place) != then:
                yield f"batch {batch.id}, unit {number} ({serial}): package, Device UUID, MAC, key or place"
            continue
        if number != expected:
            yield f"batch {batch.id}, unit {expected}: it is missing"
        expected = number + 1
        first.setdefault((number - 1) // pieces.size, str(serial))
        pieces.add(number, (package, serial, uuid, mac, key) if place is None else (place,))
    if expected <= issued.units:
        yield f"batch {batch.id}, unit {expected}: it is missing"
    for serial in left:
        yield f"batch {batch.id}, {serial}: it is missing"
    yield from (
        f"batch {batch.id}, {piece_words(pieces, piece, first)}: package, serial, Device UUID, MAC or key"
        for piece in differing(pieces, issued.identities)
    )


def _wrong_identifiers(connection: Connection, rows: list[BatchRow], bound: Mapping[str, Bound]) -> Iterator[str]:
    """Of batches whose event binds units, all have to be there; those that were added, too, are named."""
    numbers = {row.number: row for row in rows}
    left = {row.id for row in rows if row.id in bound and bound[row.id].issued.identifiers}
    late = {
        (row.id, serial)
        for row in rows
        if row.id in bound
        for serial, then in bound[row.id].identifiers.items()
        if then
    }
    for batch, found in groupby(connection.each(_IDENTIFIERS), key=itemgetter(0)):
        row, some = numbers.get(batch), list(found)
        if row is None or row.id not in bound:
            yield f"batch number {batch}: identifiers of no batch"
            continue
        said = bound[row.id]
        left.discard(row.id)
        if wrong := next((unit for _, unit, _, _, _, in_scope in some if not in_scope), None):
            yield f"batch {row.id}, unit {wrong}: the scope of an identifier"
        issued = (columns[1:5] for columns in some if columns[1] <= said.issued.units)
        if said.issued.identities is not None and digest_of_rows(issued) != said.issued.identifiers:
            yield f"batch {row.id}: MACs or other identifiers of its units"
        for unit, ones in groupby((c for c in some if c[1] > said.issued.units), key=itemgetter(1)):
            serials = connection.rows("SELECT serial FROM unit WHERE batch = ? AND number = ?", (batch, unit))
            serial = serials[0][0] if serials else ""
            late.discard((row.id, serial))
            if said.identities.get(serial) and digest_of_rows(c[1:5] for c in ones) != said.identifiers.get(serial, ""):
                yield f"batch {row.id}, {serial}: its identifiers"
    yield from (f"batch {name}: its identifiers are missing" for name in sorted(left))
    for name, serial in sorted(late):
        yield f"batch {name}, {serial}: its identifiers are missing"


def each_unit(connection: Connection, query: str, batch: BatchRow) -> Iterator[Any]:
    after = 0
    while some := connection.rows(query, {"batch": batch.number, "after": after, "size": _AT_ONCE}):
        yield from some
        after = some[-1][0]


def differing(pieces: Pieces, then: Sequence[str] | None) -> list[int]:
    """The pieces that are not as they were; none where the event doesn't say."""
    if then is None:
        return []
    now = pieces.digests()
    return [piece for piece in range(len(now)) if piece >= len(then) or now[piece] != then[piece]]


def piece_words(pieces: Pieces, piece: int, serials: Mapping[int, str]) -> str:
    first, last = pieces.units_of(piece)
    serial = f" ({serials[piece]}{'' if first == last else ' ...'})" if piece in serials else ""
    return f"unit {first}{serial}" if first == last else f"one of the units {first} to {last}{serial}"
