"""Label files whose labels were all made again: remembered as superseded, and moved out of the way of the printer.

The ledger hears of it first. What is superseded follows from what the ledger has of label files, so whatever a killed
command left undone, the next one does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bss_mfg.core.files import is_complete, sha256_of
from bss_mfg.core.folders import move_into
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, LabelFile

SUPERSEDED_FOLDER = "superseded"
"""In the folder of the label files."""


def settle_superseded(ledger: Ledger, batch: Batch, folders: Iterable[Path]) -> tuple[Path, ...]:
    """Remember what was superseded since, and move it from `folders` into their `superseded/`; the new paths."""
    new: list[LabelFile] = []
    gone: list[LabelFile] = []
    for each in ("package", "unit", "carton", "batch"):
        found = ledger.prints.in_force(batch.id, each)
        gone += found.superseded
        new += [file for file in found.superseded if not file.superseded_at]
    if new:
        ledger.prints.supersede(new)
    if not gone:
        return ()
    in_use = {(file.file, file.sha256) for file in ledger.prints.label_files(batch.id) if not file.superseded_at}
    moved: list[Path] = []
    for folder in dict.fromkeys(folders):
        for file in gone:
            path = folder / file.file
            if (file.file, file.sha256) in in_use or not is_complete(path) or sha256_of(path) != file.sha256:
                continue
            moved.append(move_into(path, folder / SUPERSEDED_FOLDER))
            _move_index(path, folder, in_use)
    return tuple(moved)


def _move_index(path: Path, folder: Path, in_use: set[tuple[str, str]]) -> None:
    """The index of a run goes with the last of its files."""
    stem = path.stem.rpartition("-")[0]
    index = folder / f"{stem}.csv"
    of_run = [name for name, _ in in_use if name.startswith(f"{stem}-") and name.removeprefix(f"{stem}-")[:4].isdigit()]
    if is_complete(index) and not of_run and not stem.endswith("-labels"):
        move_into(index, folder / SUPERSEDED_FOLDER)
