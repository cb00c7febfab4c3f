"""What happened to one unit or one batch, out of the history of all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from bss_mfg.core.text import UUID_TEXT
from bss_mfg.errors import InputError
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import (
    DeviceChecked,
    DeviceChecking,
    FileVerified,
    FlashReported,
    GradeMeasured,
    IdentitiesImported,
    KeysReleased,
    KeysReleasing,
    LabelFileEvent,
    LabelFileSuperseded,
    LabelRead,
    LabelsReprinted,
    LabelsSending,
    LabelsToSendAgain,
    ManifestAnswered,
    ManifestMade,
    ManifestUploaded,
    ManifestWithdrawn,
    PackagesMoved,
    PictureRead,
    QueueEvent,
    SendingResult,
    UnitReplaced,
    UnitScrapped,
    read_record,
)
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_events import OnePackage, PackedTogether
from bss_mfg.model import Event


def history_of(ledger: Ledger, what: str) -> Iterator[Event]:
    """The events of a batch by its id, or those that concern one unit by its serial, Device UUID or PRODUCT/SERIAL.

    Of an identity that was issued before bss-mfg that is its import. `InputError` for anything else, and for a serial
    that two devices have, which ledgers of earlier versions may hold.
    """
    if any(batch.id == what for batch in ledger.batches.all()):
        yield from ledger.history.events(what)
        return
    named, _, serial = what.rpartition("/")
    product = named or None
    if UUID_TEXT.fullmatch(what) and (found := ledger.units.serials_of_uuid(uuid.UUID(what))):
        ((product, serial),) = found
    elif product is None and len(products := ledger.units.products_of_serial(serial)) > 1:
        raise InputError(
            f"the serial {serial} is that of {len(products)} devices, one of each product",
            problems=products,
            way_out="Name one: " + " or ".join(f"`bss-mfg history {name}/{serial}`" for name in products) + ".",
        )
    units = ledger.units.find_by_serial(serial, product)
    imports = ledger.identities.import_numbers(serial, product)
    if not units and not imports:
        raise InputError(
            f"{what[:80]!a} is neither a batch nor a serial or Device UUID of this ledger",
            way_out="`bss-mfg batch list` shows the batches; upper and lower case differ.",
        )
    yield from _imports(ledger, imports)
    for batch, package, unit in units:
        inside = ledger.units.serials_ever_in(batch, package)
        (own,) = ledger.units.find(batch, "serial", [serial])
        manifests = [made for _, made in ledger.history.records(ManifestMade, batch)]
        holding = {made.file for made in manifests if _is_in_manifest(made, own.number, package)}
        elsewhere = {made.file for made in manifests} - holding
        labels = _LabelsElsewhere.of(ledger, batch, package, unit, inside)
        for event in ledger.history.events(batch):
            if (
                _releases(event, own.number)
                and not _is_of_manifests(event, elsewhere)
                and not labels.have(event)
                and _concerns(event, package, unit, inside)
            ):
                yield event


@dataclass(frozen=True, slots=True)
class _LabelsElsewhere:
    """Label files of a batch, by name and SHA-256, and entries of print queues that have no label of a unit."""

    files: Set[tuple[str, str]]
    entries: Set[int]

    @classmethod
    def of(cls, ledger: Ledger, batch: str, package: int, unit: int, inside: Set[str]) -> _LabelsElsewhere:
        """Those that have none of this unit, or of its package."""
        made = [record for _, record in ledger.history.records(LabelFileEvent, batch)]
        own = {(one.file, one.sha256) for one in made if _has_label(one, package, unit, inside)}
        entries = [one for one in ledger.print_queue.entries() if one.asked.batch == batch]
        return cls(
            {(one.file, one.sha256) for one in made} - own,
            {one.number for one in entries if not _is_label_among(one.asked.each, one.asked.pairs, package, unit)},
        )

    def have(self, event: Event) -> bool:
        """Whether an event is about one of these."""
        record = read_record(event.kind, event.data)
        if isinstance(record, _OF_LABEL_FILES):
            return (record.file, record.sha256) in self.files
        return isinstance(record, QueueEvent) and record.entry in self.entries


_OF_LABEL_FILES = (LabelFileSuperseded, LabelsToSendAgain, LabelsSending, SendingResult, FileVerified)


_OF_NUMBERED_UNITS = (
    EventKind.KEYS_RELEASING,
    EventKind.KEYS_RELEASED,
    EventKind.FLASH_REPORTED,
    EventKind.DEVICE_CHECKING,
    EventKind.DEVICE_CHECKED,
)

SESSION_GAP_S = 3_600
"""Seconds without a read after which a hand scanner's session is another."""


@dataclass(frozen=True, slots=True)
class ReadSession:
    """The reads of one file, or of one session of a hand scanner, by one operator at one station: the first of them,
    how many, and how many were wrong. So are the measurements of one verifier's export, of which none is wrong."""

    first: Event
    reads: int = 0
    wrong: int = 0
    last_at: str = ""


def in_sessions(events: Iterable[Event], is_wrong: Callable[[str], bool]) -> Iterator[Event | ReadSession]:
    """A history with its reads told by sessions. A session ends with what else happens, or with a long pause. Pages
    that were searched are told where nothing of their file was read."""
    running: dict[tuple[object, ...], ReadSession] = {}
    empty: dict[tuple[object, ...], Event] = {}
    """The first page of each file that was searched, of which no read came yet."""
    for event in events:
        record = read_record(event.kind, event.data)
        if isinstance(record, PictureRead):
            searched = EventKind.READ, record.file, event.data.get("operator"), event.data.get("station")
            if searched not in running:
                empty.setdefault(searched, event)
            continue
        if not isinstance(record, (LabelRead, GradeMeasured)):
            yield from empty.values()
            yield from running.values()
            empty.clear()
            running.clear()
            yield event
            continue
        key = event.kind, record.file, event.data.get("operator"), event.data.get("station")
        empty.pop(key, None)
        before = running.get(key)
        if before and _seconds_between(before.last_at, event.at) > SESSION_GAP_S:
            yield from running.values()
            running.clear()
            before = None
        so_far = before or ReadSession(event)
        wrong = so_far.wrong + (isinstance(record, LabelRead) and is_wrong(record.verdict))
        running[key] = replace(so_far, reads=so_far.reads + 1, wrong=wrong, last_at=event.at)
    yield from empty.values()
    yield from running.values()


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _imports(ledger: Ledger, numbers: Sequence[int]) -> Iterator[Event]:
    """The imports that brought the identities with these numbers: numbers run on from import to import."""
    first = 1
    for event, imported in ledger.history.records(IdentitiesImported) if numbers else ():
        behind = first + imported.units
        if any(first <= number < behind for number in numbers):
            yield event
        first = behind


def _releases(event: Event, number: int) -> bool:
    """Whether an event, if it is a release of keys, a report of a flasher or a check on air, is one of the unit with
    this number; old ones don't say."""
    if event.kind not in _OF_NUMBERED_UNITS:
        return True
    record = read_record(event.kind, event.data)
    if isinstance(record, (DeviceChecking, DeviceChecked)):
        return record.unit == number
    if isinstance(record, FlashReported):
        return _is_among(number, [*record.passed, *record.failed])
    numbers = record.numbers if isinstance(record, (KeysReleasing, KeysReleased)) else None
    return numbers is None or _is_among(number, numbers)


def _is_in_manifest(made: ManifestMade, number: int, package: int) -> bool:
    """Whether a manifest has a device log of the unit, or a bundle log of its package; old ones don't say."""
    if made.numbers is None:
        return True
    return _is_among(number, made.numbers) or _is_among(package, made.bundles or ())


def _is_among(number: int, ranges: Sequence[Sequence[int]]) -> bool:
    return any(first <= number <= last for first, last in ranges)


def _is_of_manifests(event: Event, files: Set[str]) -> bool:
    """Whether an event is about these manifests alone: that one was made or uploaded, or that they were answered."""
    if event.kind not in (EventKind.MANIFEST_MADE, EventKind.MANIFEST_UPLOADED, EventKind.MANIFEST_ANSWERED):
        return False
    record = read_record(event.kind, event.data)
    if isinstance(record, (ManifestMade, ManifestUploaded)):
        return record.file in files
    return isinstance(record, ManifestAnswered) and bool(record.logs) and set(record.logs or ()) <= files


def _concerns(event: Event, package: int, unit: int, inside: Set[str]) -> bool:
    """Whether an event is about a unit, its package, or all of its batch."""
    record = read_record(event.kind, event.data)
    if isinstance(record, (LabelRead, GradeMeasured)):
        return record.package == package
    if isinstance(record, PictureRead):
        return False  # its reads are
    if isinstance(record, OnePackage):
        return record.package == package
    if isinstance(record, (PackagesMoved, PackedTogether)):
        return any(first <= package <= last for first, last in record.packages)
    if isinstance(record, LabelFileEvent):
        return _has_label(record, package, unit, inside)
    if isinstance(record, (UnitScrapped, UnitReplaced, ManifestWithdrawn)) and record.serials is not None:
        return any(serial in inside for serial in record.serials)
    return True


def _has_label(made: LabelFileEvent, package: int, unit: int, inside: Set[str]) -> bool:
    """Whether a label file has a label of a unit or its package, by the serials that a reprint was asked for."""
    if isinstance(made, LabelsReprinted) and made.serials is not None:
        return any(serial in inside for serial in made.serials)
    return _is_label_among(made.each, made.ranges, package, unit)


def _is_label_among(each: str, ranges: Sequence[Sequence[int]], package: int, unit: int) -> bool:
    """Whether labels have one of a unit or its package; those of cartons and batches belong to all."""
    return each in ("carton", "batch") or _is_among(unit if each == "unit" else package, ranges)
