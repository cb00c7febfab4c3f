"""What happened to one unit or one batch, out of the history of all."""

from __future__ import annotations

from collections.abc import Iterator, Set

from bss_mfg.errors import InputError
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Event


def history_of(ledger: Ledger, what: str) -> Iterator[Event]:
    """The events of a batch by its id, or those that concern a unit by its serial; `InputError` for neither."""
    if any(batch.id == what for batch in ledger.batches()):
        yield from ledger.events(what)
        return
    units = ledger.find_serial(what)
    if not units:
        raise InputError(
            f"{what[:80]!a} is neither a batch nor a serial of this ledger",
            way_out="`bss-mfg batch list` shows the batches; upper and lower case differ.",
        )
    for batch, package, unit in units:
        inside = ledger.ever_inside(batch, package)
        for event in ledger.events(batch):
            if _concerns(event, package, unit, inside):
                yield event


def _concerns(event: Event, package: int, unit: int, inside: Set[str]) -> bool:
    """Whether an event is about a unit, its package, or all of its batch."""
    data = event.data
    if event.kind == "read":
        return data.get("package") == package
    if "serials" in data:
        return any(serial in inside for serial in data["serials"])
    if event.kind.startswith("labels ") and "first" in data:
        number = unit if data.get("each") == "unit" else package
        return data.get("each") in ("carton", "batch") or data["first"] <= number < data["first"] + data["count"]
    return True
