"""The devices of a batch that asks for proofs on air, by the checks in its history: what failed last differs."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.text import count_words, one_or
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.reconcile.comparison import Comparison, ComparisonBuilder, FileKind


def reconcile_devices(ledger: Ledger, batch: Batch, folder: Path) -> Comparison:
    """A unit whose last check failed is a difference; those that were never checked are a note."""
    comparison = ComparisonBuilder(FileKind.DEVICES, folder)
    proven, failed = ledger.device_checks.proven(batch.id), ledger.device_checks.failed(batch.id)
    gone = 0
    for unit in ledger.units.find(batch.id, "number", [*proven, *failed]):
        gone += unit.scrapped
        if unit.number in failed and not unit.scrapped:
            what = f"its device failed its last check on air: {failed[unit.number]}"
            comparison.add_difference(what, unit=unit.serial, package=unit.package)
    compared = len(proven) + len(failed) - gone
    counts = ledger.batches.counts(batch.id)
    if left := batch.units + counts["replaced"] - counts["scrapped"] - compared:
        who = f"{count_words(left, 'unit')} {one_or(left, 'has', 'have')} not been checked on air"
        since = f"since {one_or(left, 'it was', 'they were')} flashed, as the product requires"
        comparison.add_note(f"{who} {since}")
    return comparison.finish(compared)
