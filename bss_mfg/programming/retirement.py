"""A batch retired: its OOB keys destroyed, with the programming files that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import destroy, leftover_files, remove_leftover, sha256_of
from bss_mfg.core.text import count_words
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.events import KeysReleased
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.programming.index import find_indexes


@dataclass(frozen=True, slots=True)
class Retirement:
    """What a retirement did: whether the keys were there, and the files that were destroyed."""

    keys_destroyed: bool
    files: tuple[Path, ...]


def exports_on_disk(ledger: Ledger, batch: Batch, folder: Path) -> list[Path]:
    """Programming files of a batch that are still somewhere below a folder: by the history, and by their indexes."""
    released = {
        release.file: release.sha256
        for _, release in ledger.history.records(KeysReleased, batch.id)
        if release.file is not None
    }
    found = {
        path
        for name, sha in released.items()
        for path in folder.rglob(name)
        if path.is_file() and sha in (None, sha256_of(path))
    }
    for path, index in find_indexes(folder, batch.id):
        found |= {file for item in index.files if (file := path.with_name(item.file)).is_file()}
    return sorted(found)


def retire_batch(
    ledger: Ledger, batch: Batch, acknowledged: str | None, root: Path, *, delete_exports: bool
) -> Retirement:
    """Destroy a batch's keys and, with `delete_exports`, its programming files.

    `acknowledged` says by what the manifest was acknowledged, where not every unit was accepted by a feedback file.
    `RefusedError` while a programming file is in the workspace `root` and `delete_exports` is not set. What killed
    commands left half-written may hold keys, and goes in any case.
    """
    exports = exports_on_disk(ledger, batch, root)
    if exports and not delete_exports:
        raise RefusedError(
            f"the workspace holds {count_words(len(exports), 'programming file')} with its OOB keys",
            where=f"batch {batch.id}",
            problems=[str(path.relative_to(root)) for path in exports[:10]],
            way_out="Nothing was changed. Move them away, or add --delete-exports to destroy them.",
        )
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
    destroyed = open_keys(ledger).retire(batch.id, acknowledged or "feedback files")
    for path in exports:
        destroy(path)
    leftovers = (path for path in leftover_files(root) if remove_leftover(path))
    return Retirement(destroyed, (*exports, *leftovers))
