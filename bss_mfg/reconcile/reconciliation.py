"""One batch reconciled: each kind of file compared with the ledger, in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import iter_files
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import InputError
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import KeysReleased
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.manifest.log_mapping import LogMapping
from bss_mfg.model import Batch
from bss_mfg.payload.product_keys import PrivateKey, fingerprint
from bss_mfg.printer_languages import RAW_SUFFIXES
from bss_mfg.reconcile.batch_records import BatchRecords
from bss_mfg.reconcile.comparison import Comparison, ComparisonBuilder, Difference, FileKind
from bss_mfg.reconcile.control_logs import reconcile_control_logs
from bss_mfg.reconcile.devices import reconcile_devices
from bss_mfg.reconcile.flashed import reconcile_flashed
from bss_mfg.reconcile.label_files import READABLE, reconcile_labels
from bss_mfg.reconcile.programming_files import reconcile_programming

_NOT_OF_FILES = frozenset({FileKind.FLASHED, FileKind.DEVICES})
_COMPARISONS = 3
"""How often a batch is compared whose files are made meanwhile."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The outcome: a comparison of programming files, of labels and of control logs, in this order; of what was flashed
    where that was reported, and of devices where the batch asks for proofs on air."""

    batch: Batch
    folder: Path
    retired: bool
    comparisons: tuple[Comparison, ...]

    @property
    def difference_count(self) -> int:
        """How many differences there are."""
        return sum(comparison.differences.total for comparison in self.comparisons)

    @property
    def differences(self) -> Iterator[Difference]:
        """Those that were kept."""
        return (one for comparison in self.comparisons for one in comparison.differences)

    @property
    def agrees(self) -> bool:
        """Whether something was compared and nothing differs."""
        files = (comparison for comparison in self.comparisons if comparison.kind not in _NOT_OF_FILES)
        return not self.difference_count and any(comparison.compared for comparison in files)


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """What is reconciled: all files of `batch` below `folder`.

    Without a `mapping` control logs are passed over, and that is noted. With `private_key`, a development key, barcodes
    are opened too.
    """

    batch: Batch
    folder: Path
    mapping: LogMapping | None
    private_key: PrivateKey | None = None


def reconcile(
    ledger: Ledger,
    vault: Vault,
    request: ReconcileRequest,
    *,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> Reconciliation:
    """Compare programming files, label files and control logs with the ledger. Writes nothing.

    Files that are made, or moved away, between a look at the ledger and one at the folder would differ: where something
    does and the batch's history went on meanwhile, all is compared anew.

    Work goes to the processes of `executor`, and with it the batch's data key. `InputError` where the
    folder is not there, or the key is not the one that the batch was encrypted to.
    """
    batch, folder, private_key = request.batch, request.folder, request.private_key
    if not folder.is_dir():
        raise InputError("is not a folder", where=str(folder), way_out="Name the batch's files with --folder DIR.")
    if private_key is not None and fingerprint(private_key.public_key()) != batch.key_fingerprint:
        raise InputError(
            f"the private key is not the one of batch {batch.id}",
            way_out=f"Its public key has the fingerprint {batch.key_fingerprint}.",
        )
    for left in reversed(range(_COMPARISONS)):
        before = ledger.history.newest(batch.id, apart_from=EventKind.READ)
        found: Reconciliation | InputError
        try:
            found = _compare(ledger, vault, request, executor, progress)
        except InputError as error:  # a file that was moved away, perhaps
            found = error
        is_right = isinstance(found, Reconciliation) and not found.difference_count
        if is_right or not left or ledger.history.newest(batch.id, apart_from=EventKind.READ) == before:
            break
    if isinstance(found, InputError):
        raise found
    return found


def _compare(
    ledger: Ledger, vault: Vault, request: ReconcileRequest, executor: Executor | None, progress: Progress
) -> Reconciliation:
    batch, folder, mapping, private_key = request.batch, request.folder, request.mapping, request.private_key
    recorded = ledger.exports.control_logs(batch.id)
    files = files_to_compare(folder, {log.file for log in recorded})
    records = BatchRecords(ledger, batch)
    retired = ledger.batches.retired_at(batch.id) is not None
    data_key = None if retired else open_keys(ledger).data_key(batch.id, vault).to_bytes()
    releases = [release for _, release in ledger.history.records(KeysReleased, batch.id)]
    comparisons = (
        reconcile_programming(folder, records, data_key, releases, executor),
        reconcile_labels(
            folder, files, records, key=private_key, data_key=data_key, executor=executor, progress=progress
        ),
        reconcile_control_logs(folder, files, records, mapping, recorded, executor)
        if mapping
        else _skipped_comparison(folder),
        *filter(None, [reconcile_flashed(ledger, batch, folder)]),
        *([reconcile_devices(ledger, batch, folder)] if batch.requires_device else []),
    )
    return Reconciliation(batch, folder, retired, comparisons)


def files_to_compare(folder: Path, control_logs: set[str]) -> list[Path]:
    """The files of a folder that may be labels, control logs, or sidecars; programming files are not held."""
    return sorted(
        path
        for path in iter_files(folder)
        if path.suffix.lower() in (*READABLE, *RAW_SUFFIXES, ".json")
        or path.name in control_logs
        or path.name.startswith("C_CONTROL_LOG_")
    )


def _skipped_comparison(folder: Path) -> Comparison:
    comparison = ComparisonBuilder(FileKind.CONTROL_LOGS, folder)
    comparison.add_note("not compared: there is no control log mapping for this batch's spec (`bss-mfg spec show`)")
    return comparison.finish(0)
