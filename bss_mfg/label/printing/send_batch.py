"""A batch's label files to a printer: never twice by mistake, with an event in the history before and after each."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.files import read_bytes, sha256_of
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.text import count_words
from bss_mfg.errors import MissingError, RefusedError
from bss_mfg.label.make import LabelFiles
from bss_mfg.label.printing.raw_port import SendOutcome, SendResult, parse_address, send_to_raw_port, split_formats
from bss_mfg.ledger.events import LabelsCutOff, LabelsNotSent, LabelsSending, LabelsSent
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch

MAX_FILE = 1 << 32
"""Bytes."""

_EVENTS = {
    SendOutcome.SENT: LabelsSent,
    SendOutcome.CUT_OFF: LabelsCutOff,
    SendOutcome.NOT_SENT: LabelsNotSent,
}


def send_batch_labels(
    ledger: Ledger,
    batch: Batch,
    made: LabelFiles,
    address: str,
    *,
    again: bool = False,
    progress: Progress = no_progress,
) -> int:
    """Send label files to a printer's raw port, and record what was handed over; returns the number of labels.

    Files that were sent before, completely or not, are refused unless `again`. A printer that breaks off is an error
    that says after how many labels; the history has it. Each file is noted before its first byte too, so that a run
    that was killed while sending is not repeated by mistake.
    """
    parse_address(address)
    shas = {path: sha256_of(path) for path in made.files}
    if not again:
        _refuse_sent_before(ledger, batch, shas)
    total = 0
    for number, path in enumerate(made.files):
        whole = made.extents[number][0]
        language = made.layout.printer.language
        formats = split_formats(read_bytes(path, "label file", MAX_FILE), language)
        ledger.history.append(batch.id, LabelsSending(file=path.name, sha256=shas[path], address=address, total=whole))
        result = send_to_raw_port(address, formats, progress=progress)
        # A printer prints whole formats; of any other file nobody can tell what it has printed.
        labels = made.labels_in(number, result.labels) if language == "zpl" else whole if result.bytes_sent else 0
        ledger.history.append(
            batch.id,
            _EVENTS[result.outcome](
                file=path.name,
                sha256=shas[path],
                address=address,
                total=whole,
                labels=labels,
                bytes_sent=result.bytes_sent,
            ),
        )
        total += labels
        if result.outcome is not SendOutcome.SENT:
            raise _cut_off_error(result, f"{labels:,} of {whole:,} labels of {path.name}", len(made.files) - number - 1)
    return total


def _refuse_sent_before(ledger: Ledger, batch: Batch, shas: dict[Path, str]) -> None:
    before = ledger.prints.sent_words(batch.id)
    for path, sha in shas.items():
        if sha in before:
            raise RefusedError(
                f"{path.name} was sent to a printer before ({before[sha]})",
                way_out="Check what was printed. To send it again on purpose, add --again; to continue after the last "
                "good label, add --from SERIAL --again.",
            )


def _cut_off_error(result: SendResult, printed: str, files_left: int) -> MissingError:
    rest = (
        f", and {count_words(files_left, 'file')} {'was' if files_left == 1 else 'were'} not sent" if files_left else ""
    )
    return MissingError(
        f"{result.reason}: at most {printed} were printed{rest}",
        way_out="Find the last good label, then continue after it with --from SERIAL --again (the index beside the "
        "files has the order)."
        if result.outcome is SendOutcome.CUT_OFF
        else "Nothing was printed; check the printer and run the command again.",
    )
