"""What a verification found, as the history has it."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.events import FileVerified, LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.verify.findings import Finding, FindingKind


def record_reads(ledger: Ledger, batch: Batch, findings: Sequence[Finding], verified: FileVerified | None) -> None:
    """Record what was found of labels, and, in the same transaction, the file in which all of them are right."""
    reads = [
        LabelRead(
            verdict=item.kind.value,
            package=item.package,
            file=item.file,
            page=item.page,
            x_mm=item.x_mm,
            y_mm=item.y_mm,
            detail=item.detail,
            of=item.of,
            told=item.told,
            grade=item.grade.overall if item.grade else None,
            light_lines=list(item.grade.light_lines) or None if item.grade else None,
            grades=dict(item.grade.grades) or None if item.grade else None,
            formal=item.grade.formal if item.grade else "",
        )
        for item in findings
        if item.kind is not FindingKind.MISSING
    ]
    if reads or verified:
        ledger.reads.record(batch.id, reads, verified)
