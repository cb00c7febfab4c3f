"""Cartons and pallets leave the factory, or come back, with all that is in them."""

from __future__ import annotations

from itertools import groupby

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packages import Shipment
from bss_mfg.ledger.packing_records import LogisticUnit, close_first, off_pallet_words


def ship_logistic_unit(ledger: Ledger, unit: LogisticUnit, reference: str, *, returned: bool = False) -> Shipment:
    """Mark all packages of a closed carton or pallet as shipped, or as returned, of whatever batches they are: all or
    none, by the rules of `PackageStore.ship`. A carton leaves with its pallet. What comes back is in no carton then."""
    with ledger.transaction():
        contents = ledger.packing.contents(unit)
        if why := _why_not(ledger, unit, empty=not contents):
            raise RefusedError(
                f"{unit.words} can't be {'returned' if returned else 'shipped'}: {why}",
                way_out="Nothing was changed.",
            )
        moved = []
        for batch_id, places in groupby(contents, key=lambda place: place[0]):
            serials = [ledger.packages.get(batch_id, number).units[0].serial for _, number in places]
            moved.append(ledger.packages.ship(batch_id, serials, reference, returned=returned, with_outer=True))
    return Shipment(sum(one.count for one in moved), tuple(move for one in moved for move in one.before))


def _why_not(ledger: Ledger, unit: LogisticUnit, *, empty: bool) -> str:
    now = ledger.packing.get(unit.number) or unit
    if empty:
        return "it is empty"
    if not now.closed_at:
        return f"it is open, at {now.station}: there {close_first(now)}"
    if now.pallet is None:
        return ""
    return f"it is on pallet {now.pallet}: ship that, or take it off ({off_pallet_words(now.words)})"
