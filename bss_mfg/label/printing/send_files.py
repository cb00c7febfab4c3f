"""Label files of a batch to a printer, with the history told before and after."""

from __future__ import annotations

from bss_mfg.core.files import read_bytes, sha256_of
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import MissingError, RefusedError
from bss_mfg.label.make import LabelFiles
from bss_mfg.label.printing.raw_port import parse_address, send_to_raw_port, split_formats
from bss_mfg.ledger.events import LabelsCutOff, LabelsNotSent, LabelsSending, LabelsSent
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch

MAX_FILE = 1 << 32


def send_label_files(
    ledger: Ledger,
    batch: Batch,
    made: LabelFiles,
    address: str,
    *,
    again: bool = False,
    progress: Progress = no_progress,
) -> int:
    """Send label files to a printer's raw port, and record what was handed over; returns the number of labels.

    Files that went out before, wholly or not, are refused unless `again`. A printer that breaks off is an error that
    says after how many labels; the history has it. Each file is noted before its first octet too, so that a run that
    was killed while sending is not repeated unawares.
    """
    parse_address(address)
    before = ledger.prints.sent(batch.id)
    shas = {path: sha256_of(path) for path in made.files}
    if not again and (gone := [path for path in made.files if shas[path] in before]):
        raise RefusedError(
            f"{gone[0].name} was sent to a printer before ({before[shas[gone[0]]]})",
            way_out="Look at what was printed. To send it again on purpose, add --again; to go on after the last good "
            "label, add --from SERIAL --again.",
        )
    language = made.layout.printer.language
    total = 0
    for number, path in enumerate(made.files):
        formats = split_formats(read_bytes(path, "label file", MAX_FILE), language)
        whole = made.extents[number][0]
        ledger.history.append(batch.id, LabelsSending(file=path.name, sha256=shas[path], address=address, total=whole))
        result = send_to_raw_port(address, formats, progress=progress)
        # A printer prints whole formats; of any other file nobody can tell what it has printed.
        labels = made.labels_in(number, result.labels) if language == "zpl" else whole if result.bytes_sent else 0
        outcome = LabelsSent if not result.failure else LabelsCutOff if result.bytes_sent else LabelsNotSent
        ledger.history.append(
            batch.id,
            outcome(
                file=path.name,
                sha256=shas[path],
                address=address,
                total=whole,
                labels=labels,
                bytes_sent=result.bytes_sent,
            ),
        )
        total += labels
        if result.failure:
            rest = len(made.files) - number - 1
            raise MissingError(
                f"{result.failure}: at most {labels} of {whole} labels of {path.name} were printed"
                + (f", and {rest} files were not sent" if rest else ""),
                way_out="Look at the last good label, then go on after it with --from SERIAL --again (the index beside "
                "the files has the order)."
                if result.bytes_sent
                else "Nothing was printed; check the printer and run the command again.",
            )
    return total
