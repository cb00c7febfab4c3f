"""Our grades beside a verifier's as one JSON document, and as CSV: a row for each label and parameter."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from bss_mfg.imaging.grade_scale import letter_of
from bss_mfg.report.data_reports import safe_cell
from bss_mfg.verifier_data.comparison import OVERALL, Agreement, ComparedLabel, Comparison
from bss_mfg.verifier_data.grade_values import letter_of_grade

COLUMNS = (
    "batch", "package", "serials", "parameter", "ours", "theirs", "difference", "our_letter", "their_letter",
    "our_formal", "their_formal", "below", "measured_at", "measured_by", "verifier", "export", "export_row",
)  # fmt: skip


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """What `grades compare --json` prints: docs/formats/json.md names every field."""
    parameters = comparison.find_parameters()
    return {
        "batches": list(dict.fromkeys(label.batch for label in comparison.labels)),
        "least_grades": dict(comparison.least),
        "compared": comparison.compared,
        "only_theirs": comparison.only_theirs,
        "only_ours": comparison.only_ours,
        "below": len(comparison.below),
        "agreement": [_agreement_row(one) for one in comparison.agreement],
        "labels": [_label_row(label, parameters) for label in comparison.labels],
    }


def _agreement_row(one: Agreement) -> dict[str, Any]:
    limits = one.limits
    return {
        "parameter": one.name,
        "labels": one.labels,
        "same_letter": one.same_letter,
        "differences": one.differences,
        "mean_difference": one.mean,
        "standard_deviation": one.deviation,
        "lower_limit": round(limits[0], 6) if limits else None,
        "upper_limit": round(limits[1], 6) if limits else None,
    }


def _label_row(label: ComparedLabel, parameters: Sequence[str]) -> dict[str, Any]:
    ours, theirs = label.ours, label.theirs
    differences = {name: label.difference(name) for name in parameters}
    return {
        "batch": label.batch,
        "package": label.package,
        "serials": label.serials,
        "ours": {**asdict(ours), "grades": dict(ours.grades), "letter": letter_of(ours.grade)} if ours else None,
        "theirs": {**asdict(theirs), "grades": dict(theirs.grades), "letter": letter_of_grade(theirs.grade)},
        "difference": label.difference(),
        "differences": {name: value for name, value in differences.items() if value is not None},
        "below": {"ours": label.ours_below, "theirs": label.theirs_below},
    }


def comparison_json(comparison: Comparison) -> Iterator[bytes]:
    """The document, in one piece."""
    yield (json.dumps(comparison_document(comparison), indent=2, ensure_ascii=True) + "\n").encode("ascii")


def comparison_csv(comparison: Comparison) -> Iterator[bytes]:
    """A row for each label, overall and for each parameter that either graded: all cells quoted, none a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    names = [OVERALL, *comparison.find_parameters()]
    for label in comparison.labels:
        for name in names:
            ours, theirs = label.pair(name)
            if ours is None and theirs is None:
                continue
            below = [who for who, is_it in (("ours", label.ours_below), ("theirs", label.theirs_below)) if is_it]
            cells = (
                label.batch,
                label.package,
                label.serials,
                name,
                ours,
                theirs,
                label.difference(name),
                None if ours is None else letter_of(ours),
                None if theirs is None else letter_of_grade(theirs),
                label.ours.formal if label.ours else None,
                label.theirs.formal,
                " ".join(below) if name == OVERALL else None,
                label.theirs.measured_at,
                label.theirs.measured_by,
                label.theirs.verifier,
                label.theirs.file,
                label.theirs.row,
            )
            writer.writerow([safe_cell(cell) for cell in cells])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue().encode("utf-8", "backslashreplace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "backslashreplace")
