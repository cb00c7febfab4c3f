"""What became of a run, as a document for programs."""

from __future__ import annotations

from typing import Any

from bss_mfg.ledger.ledger import Ledger
from bss_mfg.pipeline.pipeline import LabelsMade, LabelsRead, LabelsSent, LogsMade, RunOutcome, TravellerMade
from bss_mfg.verify.finding_rows import finding_row


def outcome_document(ledger: Ledger, outcome: RunOutcome) -> dict[str, Any]:
    """What became of a run, by docs/formats/json.md."""
    batch = outcome.batch
    labels = outcome.labels.files if isinstance(outcome.labels, LabelsMade) else None
    read = outcome.verify if isinstance(outcome.verify, LabelsRead) else None
    logs = outcome.manifest.paths if isinstance(outcome.manifest, LogsMade) else ()
    traveller = outcome.traveller.path if isinstance(outcome.traveller, TravellerMade) else None
    counts = ledger.batches.counts(batch.id)
    return {
        "batch": batch.id,
        "product": batch.product,
        "units": batch.units,
        "packages": batch.packages,
        "issued": outcome.issued,
        "changed": outcome.changed,
        "right": outcome.right,
        "labels": labels.labels if labels else 0,
        "pages": labels.pages if labels else 0,
        "label_files": [str(path) for path in labels.files] if labels else [],
        "index": str(labels.index) if labels else None,
        "file_verified": counts["file_verified"],
        "print_verified": counts["print_verified"],
        "faults": [finding_row(item) for item in read.faults] if read else [],
        "fault_count": read.faults.total if read else 0,
        "broken_files": [{"file": name, "reason": reason} for name, reason in (read.broken if read else ())],
        "control_logs": [str(path) for path in logs],
        "traveller": str(traveller) if traveller else None,
        "left_out": outcome.left_out,
        "sent": (
            {"to": outcome.sent.address, "labels": outcome.sent.labels}
            if isinstance(outcome.sent, LabelsSent)
            else None
        ),
        "sample": bool(labels and labels.layout.sample_mark),
    }
