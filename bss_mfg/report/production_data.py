"""What a shift made, or what batches yielded, as one JSON document, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from bss_mfg.core.clock import TimeZone
from bss_mfg.production.records import COUNT_NAMES, Counts, Period, ShiftReport, YieldReport
from bss_mfg.report.data_reports import safe_cell
from bss_mfg.report.production_sheet import faults_words, reasons_words

SHIFT_COLUMNS = ("hour", "station", *COUNT_NAMES, "first_pass_yield")
YIELD_COLUMNS = ("batch", "product", *COUNT_NAMES, "first_pass_yield", "faults", "scrap_reasons")


def production_document(report: ShiftReport | YieldReport, zone: TimeZone) -> dict[str, Any]:
    """What `report shift --json` and `report yield --json` print: docs/formats/json.md names every field."""
    document = {
        **_period(report.period, zone),
        "counts": counts_document(report.counts),
        "scrap_reasons": [asdict(one) for one in report.scrap_reasons],
    }
    if isinstance(report, ShiftReport):
        hours = [{"hour": one.hour, "station": one.station, **counts_document(one.counts)} for one in report.by_hour]
        return {**document, "faults": dict(report.faults), "by_hour": hours}
    batches = [
        {
            "batch": one.batch,
            "product": one.product,
            **counts_document(one.counts),
            "faults": dict(one.faults),
            "scrap_reasons": [asdict(reason) for reason in one.scrap_reasons],
        }
        for one in report.batches
    ]
    return {**document, "batches": batches}


def counts_document(counts: Counts) -> dict[str, Any]:
    """Counts with the yield, a share of 1 or null."""
    return {**asdict(counts), "first_pass_yield": _share(counts)}


def production_csv(report: ShiftReport | YieldReport) -> Iterator[bytes]:
    """A row for each hour and station, or for each batch: all cells quoted, none a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(SHIFT_COLUMNS if isinstance(report, ShiftReport) else YIELD_COLUMNS)
    for row in _rows(report):
        writer.writerow([safe_cell(cell) for cell in row])
    yield buffer.getvalue().encode("utf-8", "backslashreplace")


def _rows(report: ShiftReport | YieldReport) -> Iterator[Sequence[object]]:
    if isinstance(report, ShiftReport):
        for hour in report.by_hour:
            yield hour.hour, hour.station, *_numbers(hour.counts)
    else:
        for one in report.batches:
            words = (faults_words(one.faults), reasons_words(one.scrap_reasons))
            yield one.batch, one.product, *_numbers(one.counts), *words


def _numbers(counts: Counts) -> list[object]:
    return [*(getattr(counts, name) for name in COUNT_NAMES), _share(counts)]


def _share(counts: Counts) -> float | None:
    share = counts.first_pass_yield
    return None if share is None else round(share, 4)


def _period(period: Period, zone: TimeZone) -> dict[str, str]:
    return {"from": zone.shown(period.first), "to": zone.shown(period.last)}
