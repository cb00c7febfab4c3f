"""What the history gets of a verification: each read, and each picture that was searched."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.events import FileVerified, LabelRead, PictureRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.verify.findings import Finding, FindingKind


def record_reads(
    ledger: Ledger,
    batch: Batch,
    findings: Sequence[Finding],
    verified: FileVerified | None,
    pictures: Sequence[PictureRead],
) -> list[tuple[int, Finding]]:
    """Write down what was read of some pages, the pages that we did not draw, and a label file that was read wholly and
    found right, inside of a transaction. What was recorded, each with the number of its event."""
    recorded = [item for item in findings if item.kind is not FindingKind.MISSING]
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
        for item in recorded
    ]
    if reads or verified or pictures:
        ledger.reads.record(batch.id, reads, verified, pictures)
    newest = ledger.history.head()[0] - (verified is not None)  # the reads come before that one
    if pictures:  # named for the wrong batch, they were there all the same
        for other in sorted({item.other_batch for item in findings if item.other_batch} - {batch.id}):
            ledger.history.append(other, *pictures)
    return list(enumerate(recorded, newest - len(recorded) + 1))
