"""Our grades beside a verifier's: the pairs are of one label, and the agreement is what others compute."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from bss_mfg.imaging.grade_scale import letter_of
from bss_mfg.ledger.events import GradeMeasured, LabelRead
from bss_mfg.model import Batch
from bss_mfg.report.agreement_plot import HEIGHT, WIDTH, plot_of
from bss_mfg.report.comparison_data import comparison_csv, comparison_document, comparison_json
from bss_mfg.report.comparison_html import comparison_html
from bss_mfg.report.comparison_pdf import MOST_LABELS, comparison_pdf
from bss_mfg.verifier_data.comparison import (
    OVERALL,
    Agreement,
    ComparedLabel,
    Comparison,
    Ours,
    Theirs,
    agreement_of,
    compare,
)
from bss_mfg.verifier_data.grade_values import Grade
from tests.helpers.factory import Factory

TENTHS = st.integers(0, 40).map(lambda tenths: tenths / 10)


def graded(package: int, grade: float | None, file: str = "scan.png", **more: object) -> LabelRead:
    settings: dict[str, object] = {"verdict": "matched", "of": "print", "page": 1, "x_mm": 1.0, "y_mm": 1.0, **more}
    return LabelRead(package=package, file=file, grade=grade, **settings)


def measured(package: int, grade: Grade, at: str = "", **more: object) -> GradeMeasured:
    settings: dict[str, object] = {"file": "e.csv", "sha256": "0", "row": package, "mapping": "own", **more}
    return GradeMeasured(package=package, grade=grade, measured_at=at, **settings)


def label(package: int, ours: float | None, theirs: Grade, serials: str = "S") -> ComparedLabel:
    own = None if ours is None else Ours(ours, {"modulation": ours}, "4.0/10/660/45", "2026-11-28T00:00:00Z", "a.png")
    other = Theirs(theirs, {"modulation": theirs}, "", "", "", "", "e.csv", package)
    return ComparedLabel("B1", package, serials, own, other, None, None)


def comparison(labels: list[ComparedLabel]) -> Comparison:
    found = [one for name in (OVERALL, "modulation") if (one := agreement_of(name, labels)).labels]
    return Comparison(labels, found, 0, {})


@given(st.lists(st.tuples(TENTHS, TENTHS), min_size=2, max_size=40))
def test_limits_of_agreement_are_mean_and_deviation_of_the_differences(pairs: list[tuple[float, float]]) -> None:
    found = agreement_of(OVERALL, [label(number, *pair) for number, pair in enumerate(pairs)])
    differences = np.array([ours - theirs for ours, theirs in pairs])
    assert found.mean == pytest.approx(differences.mean(), abs=1e-5)
    assert found.deviation == pytest.approx(differences.std(ddof=1), abs=1e-5)
    half = 1.96 * differences.std(ddof=1)
    assert found.limits == pytest.approx((differences.mean() - half, differences.mean() + half), abs=1e-4)
    assert found.same_letter == sum(letter_of(ours) == letter_of(theirs) for ours, theirs in pairs)


def test_letters_count_as_letters_only() -> None:
    found = agreement_of(OVERALL, [label(1, 3.4, "B"), label(2, 3.6, "B"), label(3, 2.0, 1.5), label(4, None, "A")])
    assert found == Agreement(OVERALL, 3, 2, 1, 0.5, None)
    assert found.limits is None and agreement_of(OVERALL, []).mean is None
    assert plot_of([label(3, 2.0, 1.5)], found) is None


def test_the_newest_of_both_counts_and_of_one_label(issued: Factory) -> None:
    with issued.ledger() as ledger:
        batch = ledger.batches.get("B1")
        ledger.reads.record("B1", [graded(1, 2.0), graded(1, 3.0, grades={"modulation": 3.1}, formal="3.0/10/660/45")])
        ledger.reads.record("B1", [graded(1, None), graded(2, 3.5, of="file"), graded(3, 3.5)])
        ledger.history.append(
            "B1", measured(1, 2.5, "2026-11-28T10:00:00Z"), measured(1, 1.0, "2026-11-27T10:00:00Z"), measured(2, "C")
        )
        found = compare(ledger, [batch], {"B1": 2.0})
    first, second = found.labels
    assert first.ours and (first.ours.grade, first.ours.grades, first.ours.formal) == (
        3.0, {"modulation": 3.1}, "3.0/10/660/45",
    )  # fmt: skip
    assert (first.theirs.grade, first.difference(), first.serials) == (2.5, 0.5, "ebK300000001")
    assert (first.ours_below, first.theirs_below, first.below) == (False, False, False)
    assert (second.ours, second.theirs_below, second.below) == (None, None, False)  # C is 1.5 to 2.4
    assert (found.compared, found.only_theirs, found.only_ours) == (1, 1, 1)


def test_what_was_before_a_replacement_is_of_another_label(issued: Factory) -> None:
    with issued.ledger() as ledger:
        ledger.reads.record("B1", [graded(1, 3.0), graded(2, 3.0)])
        ledger.history.append("B1", measured(1, 2.5), measured(2, 2.5))
    assert issued.cli("scrap", "B1", "ebK300000001", "--reason", "torn").code == 0
    assert issued.cli("replace", "B1", "ebK300000001", "--reason", "torn").code == 0
    with issued.ledger() as ledger:
        found = compare(ledger, [ledger.batches.get("B1")], {})
    assert [one.package for one in found.labels] == [2]


def test_a_box_has_all_its_serials_and_batches_come_in_their_order(issued: Factory) -> None:
    batch: Batch = issued.issue(4, "D1", "duo")
    with issued.ledger() as ledger:
        ledger.history.append("D1", measured(2, 3.0))
        ledger.history.append("B1", measured(6, 1.0))
        found = compare(ledger, [batch, ledger.batches.get("B1")], {"D1": 3.5})
    assert [(one.batch, one.package, one.serials.count("ebK3"), one.theirs_below) for one in found.labels] == [
        ("D1", 2, 2, True), ("B1", 6, 1, None),
    ]  # fmt: skip


@settings(max_examples=20)  # each makes a page
@given(st.lists(st.tuples(st.none() | TENTHS, TENTHS | st.sampled_from("ABCDF")), max_size=12))
def test_every_report_holds_every_grade(pairs: list[tuple[float | None, Grade]]) -> None:
    made = comparison([label(number, *pair) for number, pair in enumerate(pairs, 1)])
    document = json.loads(b"".join(comparison_json(made)))
    assert document == comparison_document(made)
    assert [(one["ours"] and one["ours"]["grade"], one["theirs"]["grade"]) for one in document["labels"]] == pairs
    rows = list(csv.DictReader(io.StringIO(b"".join(comparison_csv(made)).decode())))
    for row, (ours, theirs) in zip([row for row in rows if row["parameter"] == OVERALL], pairs, strict=True):
        assert (row["ours"], row["theirs"]) == ("" if ours is None else str(ours), str(theirs))
        if row["difference"]:
            assert float(row["difference"]) == pytest.approx(float(ours or 0) - float(theirs), abs=1e-6)
    page = html.fromstring(b"".join(comparison_html(made, "now", "1")))
    cells = page.xpath("//table[@class='pairs-table']/tbody/tr")
    assert len(cells) == len(pairs)
    for cell, (ours, theirs) in zip(cells, pairs, strict=True):
        shown = [chip.text for chip in cell.xpath("td[3]/span")]
        assert shown == ["–" if ours is None else f"{ours:.1f}", theirs if isinstance(theirs, str) else f"{theirs:.1f}"]


@given(st.lists(st.tuples(TENTHS, TENTHS), min_size=2, max_size=30))
def test_the_plot_has_every_label_inside_its_box(pairs: list[tuple[float, float]]) -> None:
    labels = [label(number, *pair) for number, pair in enumerate(pairs)]
    plot = plot_of(labels, agreement_of(OVERALL, labels))
    assert plot and sum(count for *_, count in plot.dots) == len(pairs)
    for x, y, _ in plot.dots:
        assert plot.left <= x <= plot.right <= WIDTH and 0 < y < plot.foot + 1 < HEIGHT
    assert all(0 < y <= plot.foot + 1 for y, *_ in plot.levels)


def test_hostile_texts_stay_texts() -> None:
    hostile = "<script>alert(1)</script>"
    theirs = Theirs(3.0, {}, "3.0/10/660", hostile, '=cmd|"/c calc"!A1', "\u202e", "e\udcff.csv", 2)
    made = Comparison([ComparedLabel("B1", 1, "S", None, theirs, None, None)], [], 0, {})
    page = b"".join(comparison_html(made, "now", "1"))
    assert b"<script" not in page
    assert b"\"'=cmd" in b"".join(comparison_csv(made))
    assert b"".join(comparison_pdf(made, "now", "1")).startswith(b"%PDF")


def test_a_pdf_of_many_labels_has_those_that_differ_most() -> None:
    import pypdfium2

    labels = [label(number, 3.0, 2.9, f"S{number:05}") for number in range(1, MOST_LABELS + 200)]
    labels.append(label(99_999, 4.0, 0.0, "FARTHEST"))
    document = pypdfium2.PdfDocument(b"".join(comparison_pdf(comparison(labels), "now", "1")))
    texts = [page.get_textpage().get_text_bounded() for page in document]
    assert "FARTHEST" in "".join(texts[:2])
    assert f"{200:,} more labels" in texts[0] + texts[1]
