"""What a shift made, or batches yielded, as a sheet for every kind of file: a headline, numbers, tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.text import count_words
from bss_mfg.production.records import Counts, HourCounts, Period, ScrapReason, ShiftReport, YieldReport, sum_counts
from bss_mfg.report.wording import Tone

GOOD_YIELD, FAIR_YIELD = 0.98, 0.9
"""First-pass yields from which on a number is green or amber; the board draws the same lines."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its words."""

    number: str
    words: str
    tone: Tone = "soft"


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table; the first `texts` columns are words, the others numbers."""

    head: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1


@dataclass(frozen=True, slots=True)
class HourBar:
    """Right and wrong reads of all stations in an hour."""

    hour: str
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class ProductionSheet:
    """The sheet; `bars` are the hours of a shift."""

    title: str
    headline: str
    tone: Tone
    about: str
    tiles: Sequence[Tile]
    tables: Sequence[SheetTable]
    bars: Sequence[HourBar] = ()


_CELLS = ("issued", "labels", "right", "wrong", "again", "yield", "flashed", "scrapped", "packed", "shipped")


def yield_words(counts: Counts) -> str:
    """The first-pass yield, rounded down so that 100 % means all; a dash where nothing was read."""
    share = counts.first_pass_yield
    if share is None:
        return "-"
    return "100%" if share == 1 else f"{int(share * 1000) / 10:.1f}%"


def shift_sheet(report: ShiftReport, zone: TimeZone) -> ProductionSheet:
    """A shift."""
    columns = ("Hour", "Station", *_CELLS)
    rows = [[_hour_words(one.hour), one.station or "(no name)", *_cells(one.counts)] for one in report.by_hour]
    return ProductionSheet(
        title="Shift report",
        headline=_headline(report.counts),
        tone=_tone(report.counts),
        about=_about(report.period, zone),
        tiles=_tiles(report.counts),
        tables=[
            SheetTable("By station", ("Station", *columns[2:]), _station_rows(report.by_hour)),
            SheetTable("By hour", columns, rows, texts=2),
            *_reason_tables(report.scrap_reasons, report.faults),
        ],
        bars=[
            HourBar(_hour_words(hour), sum(one.counts.right for one in some), sum(one.counts.wrong for one in some))
            for hour, some in ((hour, list(some)) for hour, some in groupby(report.by_hour, lambda one: one.hour))
        ],
    )


def yield_sheet(report: YieldReport, zone: TimeZone) -> ProductionSheet:
    """Yields of batches."""
    columns = ("Batch", "Product", "read", "right first", "yield", "wrong", "scrapped", "Faults", "Scrapped for")
    rows = [
        [
            one.batch,
            one.product,
            f"{one.counts.first_right + one.counts.first_wrong:,}",
            f"{one.counts.first_right:,}",
            yield_words(one.counts),
            f"{one.counts.wrong:,}",
            f"{one.counts.scrapped:,}",
            faults_words(one.faults),
            reasons_words(one.scrap_reasons),
        ]
        for one in report.batches
    ]
    return ProductionSheet(
        title="Yield report",
        headline=_headline(report.counts),
        tone=_tone(report.counts),
        about=_about(report.period, zone),
        tiles=_tiles(report.counts),
        tables=[SheetTable("By batch", columns, rows, texts=2), *_reason_tables(report.scrap_reasons, {})],
    )


def faults_words(faults: Mapping[str, int]) -> str:
    """What reads were called, in a cell."""
    return "; ".join(f"{verdict} {number:,}" for verdict, number in faults.items())


def reasons_words(reasons: Iterable[ScrapReason]) -> str:
    """Why units were scrapped, in a cell."""
    return "; ".join(f"{one.reason} {one.units:,}" for one in reasons)


def _headline(counts: Counts) -> str:
    if counts.first_pass_yield is None:
        return "No printed label was read"
    return f"{yield_words(counts)} right at the first read"


def _tone(counts: Counts) -> Tone:
    share = counts.first_pass_yield
    if share is None:
        return "soft"
    return "good" if share >= GOOD_YIELD else "warn" if share >= FAIR_YIELD else "bad"


def _about(period: Period, zone: TimeZone) -> str:
    return f"From {_moment_words(period.first, zone)} to {_moment_words(period.last, zone)}"


def _moment_words(moment: str, zone: TimeZone) -> str:
    return zone.shown(moment).replace("T", " ")


def _tiles(counts: Counts) -> list[Tile]:
    read = counts.first_right + counts.first_wrong
    return [
        Tile(f"{counts.issued:,}", "units issued"),
        Tile(f"{counts.labels:,}", "labels made"),
        Tile(f"{read:,}", "packages read"),
        Tile(yield_words(counts), "first-pass yield", _tone(counts)),
        Tile(f"{counts.wrong:,}", "wrong reads", "bad" if counts.wrong else "soft"),
        Tile(f"{counts.scrapped:,}", "units scrapped"),
        *([Tile(f"{counts.packed:,}", "packages packed")] if counts.packed else []),
        Tile(f"{counts.shipped:,}", "packages shipped"),
    ]


def _station_rows(by_hour: Sequence[HourCounts]) -> list[list[str]]:
    names = sorted({one.station for one in by_hour})
    return [
        [name or "(no name)", *_cells(sum_counts(one.counts for one in by_hour if one.station == name))]
        for name in names
    ]


def _cells(counts: Counts) -> list[str]:
    numbers = (counts.issued, counts.labels, counts.right, counts.wrong, counts.repeated)
    rest = (counts.flashed, counts.scrapped, counts.packed, counts.shipped)
    return [*(_number(one) for one in numbers), yield_words(counts), *(_number(one) for one in rest)]


def _number(number: int) -> str:
    return f"{number:,}" if number else "-"


def _hour_words(hour: str) -> str:
    return hour[:16].replace("T", " ")


def _reason_tables(reasons: Sequence[ScrapReason], faults: Mapping[str, int]) -> list[SheetTable]:
    found = []
    if faults:
        rows = [[verdict, f"{number:,}"] for verdict, number in faults.items()]
        head = f"What was wrong ({count_words(sum(faults.values()), 'read')})"
        found.append(SheetTable(head, ("Read", "times"), rows))
    if reasons:
        rows = [[one.reason, f"{one.units:,}"] for one in reasons]
        head = f"Why units were scrapped ({count_words(sum(one.units for one in reasons), 'unit')})"
        found.append(SheetTable(head, ("Reason", "units"), rows))
    return found
