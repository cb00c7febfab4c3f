"""The sheet that explains a spec as a document for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bss_mfg.report.spec_sheet import Span, SpecSheet
from bss_mfg.report.spec_words import Statement


def spec_sheet_document(sheet: SpecSheet) -> dict[str, Any]:
    """What `spec explain --json` prints."""
    return {
        "spec": sheet.spec.name,
        "origin": sheet.file.origin,
        "digest": sheet.digest,
        "confirmation": sheet.state,
        "samples": list(sheet.samples),
        "units": len(sheet.anatomy.units),
        "string": sheet.anatomy.text,
        "symbol": sheet.matrix.size if sheet.matrix else None,
        "fields": [
            {
                "key": row.key,
                "status": row.status,
                "evidence": row.evidence,
                "left": list(row.left),
                "holds": row.holds,
                "written": row.written,
                "value": row.value,
            }
            for row in sheet.fields
        ],
        "encrypted": [
            {
                "key": block.key,
                "scheme": dict(block.facts),
                "insecure": list(block.warnings),
                "plaintext": _spans(block.plaintext),
                "sealed": _spans(block.sealed),
                "text": block.text,
            }
            for block in sheet.blocks
        ],
        "sizes": [
            {
                "units": row.units,
                "oob_bytes": row.oob_bytes if sheet.spec.holds_oob else None,
                "plaintext_bytes": None if row.problem else row.plaintext,
                "characters": None if row.problem else row.characters,
                "modules": row.modules or None,
                "problem": row.problem,
            }
            for row in sheet.sizes
        ],
        "assumed": _statements(sheet.statements),
        "proven": _statements(sheet.shown),
    }


def _statements(statements: Sequence[Statement]) -> list[dict[str, str]]:
    return [{"of": one.of, "what": one.what, "words": one.words} for one in statements]


def _spans(spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [
        {
            "what": span.piece.kind,
            "name": span.piece.name,
            "unit": span.piece.unit or None,
            "start": span.start,
            "bytes": span.size,
        }
        for span in spans
    ]
