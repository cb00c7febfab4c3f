"""Findings as plain records, for JSON, tables and pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bss_mfg.core.text import printable_name
from bss_mfg.imaging.grade import SymbolGrade
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.outcome import Verification


def finding_rows(outcome: Verification) -> Iterator[dict[str, Any]]:
    """All findings of a verification."""
    return map(finding_row, outcome.findings)


def finding_row(item: Finding) -> dict[str, Any]:
    """One finding as a plain record."""
    return {
        "verdict": item.kind.value,
        "serials": item.serials,
        "package": item.package if item.each == "package" else None,
        "each": item.each,
        "label": item.package,
        "file": printable_name(item.file) if item.file else None,
        "page": item.page,
        "x_mm": item.x_mm,
        "y_mm": item.y_mm,
        "detail": item.detail,
        "unused_error_correction": item.unused_error_correction,
        "unseen": item.unseen,
        "of": None if item.unseen else item.of,
        "picture_read_at": item.picture_read_at or None,
        "content": [
            {
                "fault": fault.fault.value,
                "element": fault.element if fault.element >= 0 else None,
                "planned": fault.planned,
                "seen": fault.seen,
                "by_ocr": fault.by_ocr,
                "guess": fault.guess,
            }
            for fault in item.content
        ],
        "wrong_modules": len(item.defects.wrong_modules) if item.defects else None,
        "print_faults": [fault.value for fault in item.print_faults],
        "grade": _grade_row(item.grade) if item.grade else None,
    }


def _grade_row(grade: SymbolGrade) -> dict[str, Any]:
    return {
        "overall": grade.overall,
        "letter": grade.letter,
        "gradable": grade.gradable,
        "pixels_per_module": round(grade.pixels_per_module, 2),
        "aperture": grade.aperture,
        "grades": dict(grade.grades),
        "values": {name: round(value, 4) for name, value in grade.values.items()},
        "wrong_modules": len(grade.wrong_modules),
        "wrong_codewords": grade.wrong_codewords,
        "formal": grade.formal,
        "standard": grade.standard.value,
        "curve": grade.curve,
        "calibrated": grade.calibrated,
        "quiet_zone_shown": grade.quiet_zone_shown,
    }
