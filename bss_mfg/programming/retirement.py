"""A batch retired: its OOB keys destroyed, with the programming files that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import destroy, leftover_files, remove_leftover
from bss_mfg.core.shared_lock import PATIENCE, Patience
from bss_mfg.core.text import count_words
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.approvals import Consent
from bss_mfg.ledger.batch_lock import BatchWork
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.releases import Release
from bss_mfg.model import Batch
from bss_mfg.programming.open_releases import half_written
from bss_mfg.programming.released_files import FilesOnDisk, find_released_files
from bss_mfg.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Retirement:
    """What a retirement did: whether the keys were there, the files that were destroyed, and those that changed under
    its hands and were left. `cut_off` are releases that were never completed: their files may lie where they went."""

    keys_destroyed: bool
    files: tuple[Path, ...]
    left: tuple[Path, ...]
    cut_off: tuple[Release, ...]


def retire_batch(
    workspace: Workspace,
    ledger: Ledger,
    batch: Batch,
    acknowledged: str | None,
    *,
    delete_exports: bool,
    unflashed: str | None = None,
    consent: Consent = None,
    patience: Patience = PATIENCE,
) -> Retirement:
    """Destroy a batch's keys and, with `delete_exports`, its programming files in the workspace.

    `acknowledged` says by what the manifest was acknowledged, where not every unit was accepted by a feedback file;
    `unflashed` why keys may go of which nobody has said that they work: units that were claimed and not reported, or
    failed.
    `RefusedError` while a programming file is in the workspace and `delete_exports` is not set, or while a file there
    looks like one and nothing proves it; and where two persons have to sign it, without a `consent` of theirs. What
    killed commands left half-written, there or where a release of this batch went, may hold keys, and goes in any case.
    Others who work with the workspace's keys are waited for.
    """
    with workspace.exclusive_keys(patience), ledger.locked(batch.id, BatchWork.KEYS):
        _refuse_moved_file(workspace)
        found = find_released_files(workspace, ledger, batch)
        _refuse_files(workspace.root, batch, found, delete_exports=delete_exports)
        if (
            acknowledged is None
            and not ledger.batches.retired_at(batch.id)
            and (left := ledger.exports.count_unaccepted(batch.id))
        ):
            raise RefusedError(
                f"no feedback file has accepted {left:,} of its units",
                where=f"batch {batch.id}",
                way_out="Read Amazon's answer with `bss-mfg manifest acknowledge FILE`, or say --acknowledged TEXT.",
            )
        if unflashed is None and not ledger.batches.retired_at(batch.id):
            _refuse_unflashed(ledger, batch)
        destroyed = open_keys(ledger).retire(batch.id, acknowledged or "feedback files", unflashed, consent)
        gone = [path for path, sha256 in found.proven.items() if destroy(path, sha256)]
        cut_off = ledger.releases.open(batch.id)
        halves = dict.fromkeys([*leftover_files(workspace.root), *half_written(cut_off)])
        leftovers = [path for path in halves if remove_leftover(path)]
        kept = tuple(path for path in found.proven if path not in gone)
        return Retirement(destroyed, (*sorted(gone), *leftovers), kept, tuple(cut_off))


def _refuse_unflashed(ledger: Ledger, batch: Batch) -> None:
    """Refuse to retire while a flasher has units of which it has said nothing, or which failed."""
    unreported, failed = ledger.flash.unsettled(batch.id)
    if unreported or failed:
        raise RefusedError(
            f"{count_words(unreported, 'unit')} of it claimed by flashers and not reported, {failed:,} failed",
            where=f"batch {batch.id}",
            way_out=f"Nothing was changed. `bss-mfg flash list {batch.id}` shows them: report them (`flash report`), "
            "scrap those that failed; or say why they need no keys any more, --unflashed TEXT.",
        )


def _refuse_moved_file(workspace: Workspace) -> None:
    """Refuse to retire while a file that the ledger was moved from, or was to be moved to, lies in the workspace: it
    holds data keys."""
    for moved in workspace.left_ledger_files():
        raise RefusedError(
            "is not the ledger, which was moved, and holds the keys of its batches",
            where=moved,
            way_out="Nothing was changed. Delete it, or move it to where backups are kept; until that one is destroyed "
            "too, who has it and the vault key has the keys.",
        )


def _refuse_files(root: Path, batch: Batch, found: FilesOnDisk, *, delete_exports: bool) -> None:
    """Refuse to retire while files hold keys, or may do."""
    if found.paths and not delete_exports:
        raise RefusedError(
            f"the workspace holds {count_words(len(found.paths), 'programming file')} with its OOB keys",
            where=f"batch {batch.id}",
            problems=[str(path.relative_to(root)) for path in found.paths[:10]],
            way_out="Nothing was changed. Move them away, or add --delete-exports to destroy them.",
        )
    if found.doubtful:
        raise RefusedError(
            f"{count_words(len(found.doubtful), 'file')} of the workspace may hold its OOB keys, and nothing proves it",
            where=f"batch {batch.id}",
            problems=[f"{one.path.relative_to(root)} {one.why}" for one in found.doubtful[:10]],
            way_out="Nothing was changed. Look at them, move or delete them yourself, and retire again.",
        )
