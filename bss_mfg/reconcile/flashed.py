"""What flashers reported of a batch: a unit that failed, and was neither reported again nor scrapped, differs."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.reconcile.comparison import Comparison, ComparisonBuilder, FileKind


def reconcile_flashed(ledger: Ledger, batch: Batch, folder: Path) -> Comparison | None:
    """A unit that failed is a difference, wherever its package is; None where nothing was reported. Units that
    nobody reported are no difference: not every line reports."""
    passed, failed = ledger.flash.passed(batch.id), ledger.flash.failed(batch.id)
    if not passed and not failed:
        return None
    comparison = ComparisonBuilder(FileKind.FLASHED, folder)
    shipped = ledger.packages.shipped(batch.id) if failed else set()
    for serial, package in failed:
        where = ", and its package was shipped" if package in shipped else ""
        comparison.add_difference(f"it failed when it was flashed{where}", unit=serial, package=package)
    return comparison.finish(passed + len(failed))
