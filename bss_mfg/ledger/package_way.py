"""The way of one package: issued, printed, read, packed, shipped, returned. Found without walking its batch's reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bss_mfg.core.languages import COMMA, joined, phrase
from bss_mfg.core.text import printable_name
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import (
    LabelFileEvent,
    PackagesMoved,
    PackagesReturned,
    UnitReplaced,
    UnitScrapped,
    read_record,
)
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_events import (
    CartonClosed,
    CartonOffPallet,
    CartonOnPallet,
    CartonReopened,
    OnePackage,
    PackagePacked,
    PackedTogether,
    PalletClosed,
    PalletReopened,
)
from bss_mfg.model import Event


@dataclass(frozen=True, slots=True)
class WayStep:
    """Something that happened to a package: when (UTC), a kind that programs know, and words."""

    at: str
    kind: str
    words: str


def way_of(ledger: Ledger, batch_id: str, package: int) -> list[WayStep]:
    """What happened to a package, in order; of its reads the one that proves its newest printed label."""
    steps = [(event.seq, _step(event, record)) for event, record in _events(ledger, batch_id, package)]
    if proof := ledger.reads.proof_of(batch_id, package):
        seq, read = proof
        words = phrase("label read right by {operator} at {station}", operator=read.operator, station=read.station)
        steps.append((seq, WayStep(read.at, "verified", words)))
    issued = WayStep(
        ledger.batches.get(batch_id).created_at, "issued", phrase("issued in batch {batch}", batch=batch_id)
    )
    return [issued, *(step for _, step in sorted(steps, key=lambda found: found[0]))]


def _events(ledger: Ledger, batch_id: str, package: int) -> Iterator[tuple[Event, EventRecord]]:
    history = ledger.history
    for event, made in history.records(LabelFileEvent, batch_id):
        if made.each in (None, "package") and any(first <= package <= last for first, last in made.ranges):
            yield event, made
    for event, moved in history.records(PackagesMoved, batch_id):
        if any(first <= package <= last for first, last in moved.packages):
            yield event, moved
    for record_type in (UnitScrapped, UnitReplaced):
        for event in history.events_with(batch_id, record_type, "package", package):
            yield event, read_record(event.kind, event.data)
    cartons: set[int] = set()
    for event in history.events_with(batch_id, OnePackage, "package", package):
        one = read_record(event.kind, event.data)
        assert isinstance(one, OnePackage)  # noqa: S101 (asked for)
        cartons.add(one.carton)
        yield event, one
    pallets: set[int] = set()
    for carton in cartons:
        for event, record in _together(ledger, batch_id, "carton", carton, package):
            pallets |= {record.pallet} if isinstance(record, CartonOnPallet) else set()
            yield event, record
    for pallet in pallets:
        for event, record in _together(ledger, batch_id, "pallet", pallet, package):
            if isinstance(record, (PalletClosed, PalletReopened)):
                yield event, record


def _together(
    ledger: Ledger, batch_id: str, name: str, number: int, package: int
) -> Iterator[tuple[Event, PackedTogether]]:
    """What happened to a carton or pallet while the package was in it."""
    for event in ledger.history.events_with(batch_id, PackedTogether, name, number):
        record = read_record(event.kind, event.data)
        assert isinstance(record, PackedTogether)  # noqa: S101 (asked for)
        if any(first <= package <= last for first, last in record.packages):
            yield event, record


def _step(event: Event, record: EventRecord) -> WayStep:
    """An event as a step."""
    kind, words = _told(record)
    return WayStep(event.at, kind, words)


def _told(record: EventRecord) -> tuple[str, str]:
    match record:
        case LabelFileEvent():
            return "printed", phrase("label made: {file}", file=printable_name(record.file))
        case PackagesReturned():
            return "returned", _for(phrase("came back"), record.reference)
        case PackagesMoved():
            return "shipped", _for(phrase("shipped"), record.reference)
        case UnitScrapped():
            return "scrapped", _for(phrase("{serials} scrapped", serials=", ".join(record.serials)), record.reason)
        case UnitReplaced():
            both = {"serials": ", ".join(record.serials), "successors": ", ".join(record.successors)}
            return "replaced", phrase("{serials} replaced by {successors}", **both)
        case PackagePacked():
            return "packed", phrase("packed in carton {carton}", carton=record.carton)
        case OnePackage():
            return "unpacked", phrase("taken out of carton {carton}", carton=record.carton)
        case CartonClosed():
            return "carton closed", _for(
                _sscc(phrase("carton {number} closed", number=record.carton), record.sscc), record.reason
            )
        case CartonReopened():
            return "carton reopened", _for(phrase("carton {number} opened again", number=record.carton), record.reason)
        case CartonOnPallet():
            return "on pallet", phrase("put on pallet {pallet}", pallet=record.pallet)
        case CartonOffPallet():
            return "off pallet", phrase("taken off pallet {pallet}", pallet=record.pallet)
        case PalletClosed():
            return "pallet closed", _for(
                _sscc(phrase("pallet {number} closed", number=record.pallet), record.sscc), record.reason
            )
        case PalletReopened():
            return "pallet reopened", _for(phrase("pallet {number} opened again", number=record.pallet), record.reason)
    raise AssertionError(record)


def _for(what: str, reason: str) -> str:
    return phrase("{what} ({reason})", what=what, reason=printable_name(reason)) if reason else what


def _sscc(what: str, sscc: str | None) -> str:
    return joined(COMMA, (what, f"SSCC {sscc}")) if sscc else what
