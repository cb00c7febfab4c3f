"""Labels put into the queue of a press, once it is sure that they can be printed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from bss_mfg.core.ranges import range_pairs
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.label.file_plan import LabelRequest, drawing_facts, plan_label_files
from bss_mfg.label.from_workspace import PrintChoice, named_template
from bss_mfg.label.template.printer import Printer
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.queue_records import QueuedPrinting, QueueDraft, QueueEntry
from bss_mfg.model import Batch
from bss_mfg.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ForPress:
    """Which press is to print; `printer_named`: whether a printer was asked for, else any printer of the press will
    do."""

    press: str
    printer_named: bool = False


def queue_labels(
    workspace: Workspace, ledger: Ledger, batch: Batch, how: PrintChoice, request: LabelRequest, to: ForPress
) -> QueueEntry:
    """Put labels of a batch into the queue of a press. Nothing is made or issued: the press does it, with the same
    template or not at all.

    `RefusedError` where labels were made before or wait in a queue already, unless `request.again` or a reprint says
    that they are to be printed once more. `InputError` where
    they can't be laid out, or the press could not find the template by its name.
    """
    request, is_reprint = replace(request, collate=request.copies == 1), request.purpose == "reprint"
    template = how.template
    if named_template(workspace, template.name).digest != template.digest:
        raise InputError(
            f"the template {template.name} is not one of this workspace, so a press can't find it",
            way_out="Put its file into the folder `templates` of the workspace, and name it there.",
        )
    plan = plan_label_files(ledger, batch, template, how.printer, Path(), request)
    numbers = [number for file in plan.files for number in file.numbers]
    if not numbers:
        raise RefusedError(
            "has no label to print: all its packages were shipped or hold a scrapped unit", where=f"batch {batch.id}"
        )
    printing = QueuedPrinting(
        printer=how.printer.name if to.printer_named else None,
        printer_digest=printer_digest(how.printer) if to.printer_named else None,
        labels_per_file=request.labels_per_file,
        start_at=request.start_at,
        order=request.order,
        symbols=request.symbols,
        copies=request.copies,
        language=request.language,
        reprint=(request.reason or "") if is_reprint else "",
    )
    each = template.definition.each
    pairs = range_pairs(numbers)
    again = request.again or is_reprint
    draft = QueueDraft(to.press, batch.id, each, pairs, template.name, template.digest, printing, again)
    return ledger.print_queue.add(draft)


def printer_digest(printer: Printer) -> str:
    """SHA-256 (hex) of what of a printer decides the bytes of labels."""
    return hashlib.sha256(json.dumps(drawing_facts(printer), sort_keys=True).encode()).hexdigest()
