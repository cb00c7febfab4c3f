"""Trends: what is unusual is named, with its limit, and a dead element of the print head by its dot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bss_mfg.ledger.events import LabelRead
from bss_mfg.verify.trends import Alarm, GroupBy, Trends, trends
from tests.helpers.factory import Factory
from tests.helpers.scans import PX, cell, sheet


def read(package: int, verdict: str = "matched", grade: float | None = 3.8, x_mm: float = 20.0) -> LabelRead:
    return LabelRead(
        verdict=verdict, package=package, file="scan.png", page=1, x_mm=x_mm, y_mm=9.0, of="print", grade=grade
    )


def found(factory: Factory, by: GroupBy, *batches: str) -> Trends:
    with factory.ledger() as ledger:
        return trends(ledger, [ledger.batches.get(batch) for batch in batches], by, lambda _: 12.0)


@pytest.fixture
def five(factory: Factory) -> Factory:
    """Five batches of 20, of which D2 has four unreadable labels, and D4 grades that are lower than usual."""
    factory.add(oob_bytes=16)
    for number in range(1, 6):
        factory.issue(20, f"D{number}")
        reads = [read(package, grade=3.7 + 0.1 * (package % 3)) for package in range(1, 21)]
        if number == 2:
            reads[:4] = [read(package, "unreadable", None) for package in range(1, 5)]
        if number == 4:
            reads = [read(package, grade=2.9 + 0.1 * (package % 3)) for package in range(1, 21)]
        with factory.ledger() as ledger:
            ledger.reads.record(f"D{number}", reads)
    return factory


def test_the_batch_with_more_faults_and_the_one_with_lower_grades_are_named(five: Factory) -> None:
    names = [f"D{number}" for number in range(1, 6)]
    charts = found(five, GroupBy.BATCH, *names)
    groups = {group.name: group for group in charts.groups}
    assert list(groups) == names and charts.mean_wrong == pytest.approx(0.04)
    limit = 0.04 + 3 * (0.04 * 0.96 / 20) ** 0.5
    assert groups["D2"].most_wrong == pytest.approx(limit) and groups["D2"].share == 0.2
    assert Alarm.FAULTS in groups["D2"].alarms
    # Four unreadable ones count as 0.
    assert groups["D2"].grade == pytest.approx(sum(3.7 + 0.1 * (n % 3) for n in range(5, 21)) / 20)
    assert (groups["D2"].graded, groups["D4"].wrong) == (20, 0)
    assert groups["D1"].alarms == groups["D3"].alarms == groups["D5"].alarms == ()
    assert not charts.steady


def test_one_that_is_only_lower_is_an_alarm_of_its_grade(five: Factory) -> None:
    charts = found(five, GroupBy.BATCH, "D1", "D3", "D4", "D5")
    assert {group.name: group.alarms for group in charts.groups if group.alarms} == {"D4": (Alarm.GRADE,)}


def test_like_batches_are_steady(five: Factory) -> None:
    assert found(five, GroupBy.BATCH, "D1", "D3", "D5").steady
    assert found(five, GroupBy.DAY, "D1", "D2", "D3").groups[0].most_wrong is None  # one day: nothing is usual yet


def test_the_table_names_the_alarm(five: Factory) -> None:
    outcome = five.cli("trends")
    assert outcome.code == 1 and "UNUSUAL" in outcome.err
    [line] = [line for line in outcome.out.splitlines() if line.startswith("D2")]
    assert "FAULTS" in line and "20.0%" in line
    document = five.cli("trends", "D1", "D3", "D5", "--json")
    assert (document.code, document.json["steady"], len(document.json["groups"])) == (0, True, 3)
    assert five.cli("trends", "--product", "other").code == 0
    assert five.cli("trends", "D9").code == 3


def test_places_across_the_web_are_compared(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(60, "E")
    reads = [
        read(package, grade=1.5 if package % 4 == 2 else 3.9 - 0.1 * (package % 2), x_mm=20.0 + 50 * (package % 4))
        for package in range(1, 61)
    ]
    with factory.ledger() as ledger:
        ledger.reads.record("E", reads)
    charts = found(factory, GroupBy.PLACE, "E")
    assert [group.name for group in charts.groups] == ["20 mm", "70 mm", "120 mm", "170 mm"]
    assert [group.name for group in charts.groups if Alarm.GRADE in group.alarms] == ["120 mm"]


def test_a_dead_element_of_the_print_head_is_named_by_its_dot(printed: Factory, tmp_path: Path) -> None:
    """A white line, a dot wide, down the whole sheet: every label of the second column is still read."""
    page = sheet(printed, "A")
    rows, columns = cell(2)
    symbol = page[rows, columns]
    dark = np.flatnonzero((symbol < 128).mean(axis=0) > 0.4)
    dot = columns.start + int(np.median(dark))
    page[:, dot] = 255
    Image.fromarray(page).save(tmp_path / "scan.png", dpi=(300, 300))
    outcome = printed.cli("verify", "A", tmp_path / "scan.png", "--grade", "--json")
    counts = outcome.json["counts"]  # the line may spoil a letter of a text, too: that is another finding
    assert not any(counts[kind] for kind in counts if kind not in ("matched", "content")), counts
    trend = printed.cli("trends", "A", "--by", "printer", "--json")
    assert trend.code == 1
    [line] = trend.json["lines"]
    assert line["x_mm"] == pytest.approx((dot + 0.5) / PX, abs=0.12)
    assert line["dot"] == pytest.approx(dot + 1, abs=1) and line["labels"] >= 3
    words = printed.cli("trends", "A")
    assert f"dot {line['dot']}" in words.out and "PRINT HEAD" in words.out
