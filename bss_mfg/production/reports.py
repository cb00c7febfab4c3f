"""What a shift made, and what batches yielded: of any time, from the history alone."""

from __future__ import annotations

from bss_mfg.core.clock import TimeZone
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.production.event_counts import COUNTED_KINDS, EventCounts, count_events
from bss_mfg.production.records import BatchYield, Period, ShiftReport, YieldReport


def shift_report(ledger: Ledger, zone: TimeZone, period: Period) -> ShiftReport:
    """What each station did in each hour of a time. Memory grows with hours and stations, and a byte for each package
    that was read."""
    counts = _counted(ledger, zone, period)
    return ShiftReport(period, counts.total(), counts.by_hour(), counts.scrap_reasons(), counts.faults())


def yield_report(ledger: Ledger, zone: TimeZone, period: Period) -> YieldReport:
    """What each batch yielded in a time."""
    counts = _counted(ledger, zone, period)
    products = {batch.id: batch.product for batch in ledger.batches.all()}
    batches = tuple(
        BatchYield(batch, products.get(batch, ""), sums, counts.faults(batch), counts.scrap_reasons(batch))
        for batch, sums in counts.by_batch().items()
    )
    return YieldReport(period, counts.total(), batches, counts.scrap_reasons())


def _counted(ledger: Ledger, zone: TimeZone, period: Period) -> EventCounts:
    return count_events(ledger.history.events_of(COUNTED_KINDS, since=period.first, until=period.last), zone)
