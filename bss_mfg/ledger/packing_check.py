"""Are cartons and pallets what the history says of them? What is in a carton follows with its packages, in `replay`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import kinds_of, read_record
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.packing_events import (
    CartonClosed,
    CartonOffPallet,
    CartonOnPallet,
    CartonReopened,
    OnePackage,
    PackagePacked,
    PackedTogether,
    PackingLabelSent,
    PalletClosed,
    PalletReopened,
)
from bss_mfg.ledger.packing_records import UnitKind
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions

_KINDS = (*kinds_of(PackedTogether), *kinds_of(OnePackage), *kinds_of(PackingLabelSent))
_AT_ONCE = 2_000


@dataclass(slots=True)
class _Unit:
    """What the history makes of a carton or pallet. `sscc` is None until it was closed for the first time, `size` where
    it was begun before events had it: the history does not have them."""

    kind: UnitKind
    closed: bool = False
    pallet: int = 0
    label: str = ""
    sent: bool = False
    sscc: str | None = None
    size: int | None = None


def check_packing(connection: Connection, history: HistoryStore) -> None:
    """`LedgerError` where a carton or pallet is not what its events say."""
    refuse_contradictions(
        _contradictions(connection, history),
        "cartons and pallets are not as their history says",
        connection.where,
        LedgerPart.PACKING,
    )


def _contradictions(connection: Connection, history: HistoryStore) -> Iterator[str]:
    said = _replay(history)
    for rows in connection.stream(
        "SELECT no, kind, closed_at IS NOT NULL, coalesce(pallet, 0), coalesce(label, ''), sent, coalesce(sscc, ''), "
        "size FROM logistic_unit WHERE no > ? ORDER BY no LIMIT ?",
        (),
        _AT_ONCE,
    ):
        for number, kind, closed, pallet, label, sent, sscc, size in rows:
            unit = said.pop(number, None)
            if unit is None:
                yield f"{kind} {number}: the history knows nothing of it"
                continue
            here = _Unit(kind, bool(closed), pallet, label, bool(sent))
            here.sscc = None if unit.sscc is None else sscc
            here.size = None if unit.size is None else size
            for name in ("kind", "closed", "pallet", "label", "sent", "sscc", "size"):
                value, then = getattr(here, name), getattr(unit, name)
                if value != then:
                    yield f"{kind} {number}: {name} {value or 'no'}, by the history {then or 'no'}"
    for number, unit in said.items():
        yield f"{unit.kind} {number}: it is missing"


def _replay(history: HistoryStore) -> dict[int, _Unit]:
    units: dict[int, _Unit] = {}
    for event in history.events_of(_KINDS):
        _follow(units, read_record(event.kind, event.data))
    return units


def _follow(units: dict[int, _Unit], record: EventRecord) -> None:
    """An act on several batches has an event for each: to follow it twice changes nothing."""

    def known(number: int, kind: UnitKind) -> _Unit:
        return units.setdefault(number, _Unit(kind))

    match record:
        case PackagePacked() if record.size is not None:
            known(record.carton, "carton").size = record.size
        case OnePackage():
            known(record.carton, "carton")
        case CartonClosed():
            _close(known(record.carton, "carton"), record)
        case PalletClosed():
            _close(known(record.pallet, "pallet"), record)
        case CartonReopened():
            _reopen(known(record.carton, "carton"))
        case PalletReopened():
            _reopen(known(record.pallet, "pallet"))
        case CartonOnPallet():
            pallet = known(record.pallet, "pallet")
            pallet.size = pallet.size if record.size is None else record.size
            known(record.carton, "carton").pallet = record.pallet
        case CartonOffPallet():
            known(record.carton, "carton").pallet = 0
        case PackingLabelSent() if record.number in units:
            units[record.number].sent = True


def _close(unit: _Unit, record: CartonClosed | PalletClosed) -> None:
    unit.closed, unit.sent, unit.label, unit.sscc = True, False, record.label, record.sscc or ""


def _reopen(unit: _Unit) -> None:
    unit.closed, unit.sent = False, False
