"""Programming files written, remembered in the ledger, and destroyed with their batch's keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bss_mfg.errors import RefusedError
from bss_mfg.export.programming.lines import CSV
from bss_mfg.export.programming.model import About
from bss_mfg.files import destroy, left_over, place, sha256_of, take_away
from bss_mfg.ledger.store import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch


def write_programming_csv(ledger: Ledger, vault: Vault, batch: Batch, path: Path) -> int:
    """Write the CSV (0600, never over another file) and note it in the history; returns the number of units."""
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        about = About(batch.id, batch.facts.get("pid", ""), "", "")  # the CSV has no room for marks
        for line in CSV.write(ledger.units_with_keys(batch.id, vault), about):
            yield line
            count += 1

    sha = place(path, counted())
    released = {"file": path.name, "format": "csv", "units": count - 1, "sha256": sha}
    ledger.note(batch.id, "keys released", released)
    return count - 1


def lying_exports(ledger: Ledger, batch: Batch, folder: Path) -> list[Path]:
    """Programming exports of a batch that still lie somewhere in a folder, found by what the history says of them."""
    released = {
        event.data["file"]: event.data.get("sha256") for event in ledger.events_of(("keys released",), batch.id)
    }
    return [
        path
        for name, sha in released.items()
        for path in sorted(folder.rglob(name))
        if path.is_file() and sha in (None, sha256_of(path))
    ]


def retire_batch(
    ledger: Ledger, batch: Batch, acknowledged: str, root: Path, *, delete_exports: bool
) -> tuple[bool, list[Path]]:
    """Destroy a batch's keys: (whether they were there, the files that were destroyed with them).

    `RefusedError` while a programming export lies in the workspace `root` and `delete_exports` is not said. What killed
    commands left half-written may hold keys, and goes in any case.
    """
    lying = lying_exports(ledger, batch, root)
    if lying and not delete_exports:
        raise RefusedError(
            f"{len(lying):,} programming files with its OOB keys lie in the workspace",
            where=f"batch {batch.id}",
            problems=[str(path.relative_to(root)) for path in lying[:10]],
            way_out="Nothing was changed. Take them away, or add --delete-exports to destroy them.",
        )
    new = ledger.retire(batch.id, acknowledged)
    for path in lying:
        destroy(path)
    return new, [*lying, *(path for path in left_over(root) if take_away(path))]
