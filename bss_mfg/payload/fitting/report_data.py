"""A fit's outcome as a JSON document; it holds nothing that is secret."""

from __future__ import annotations

from typing import Any

from bss_mfg.payload.fitting.report import FitReport


def report_document(report: FitReport) -> dict[str, Any]:
    """What `spec fit --json` prints (docs/formats/json.md)."""
    return {
        "explanations": report.explanations,
        "specs": [spec.model_dump(mode="json", exclude_defaults=True) for spec in report.specs],
        "questions": [
            {"key": one.key, "readings": list(one.readings), "vary": one.vary.value} for one in report.questions
        ],
        "forms": [
            {
                "key": one.key, "formats": list(one.formats), "bytes": list(one.sizes),
                "possible": list(one.possible), "excluded": list(one.excluded),
            }
            for one in report.forms
        ],
        "nearest": [
            {
                "key": one.key, "stage": one.stage.name.lower().replace("_", "-"), "detail": one.detail,
                "other_order": one.other_order,
            }
            for one in report.nearest
        ],
        "not_found": list(report.unplaced),
        "wrong_values": [{"sample": one.sample, "unit": one.unit, "source": one.source} for one in report.wrong],
        "notes": list(report.notes),
        "tried": report.tried,
        "seconds": round(report.seconds, 2),
    }  # fmt: skip
