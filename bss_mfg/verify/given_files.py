"""The files that a verification is given: named ones as they are, folders as what is readable in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import sha256_of
from bss_mfg.core.text import count_words, listing
from bss_mfg.errors import InputError
from bss_mfg.imaging.sources import SUFFIXES
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, LabelScope
from bss_mfg.printer_languages import RAW_SUFFIXES
from bss_mfg.verify.batch_labels import KnownLabels, known_labels
from bss_mfg.verify.picture_folders import is_system_file, list_folder

_LISTINGS = 10
"""How often folders are listed anew because labels were made meanwhile."""


@dataclass(frozen=True, slots=True)
class FilesToVerify:
    """Files to read, and the names of label files that should lie with others in a folder, and don't; both by what
    was `known` of the batch's label files at the moment in which the folders were looked into."""

    files: tuple[Path, ...]
    lost: tuple[Path, ...]
    known: KnownLabels
    passed_over: tuple[Path, ...] = ()
    """Files of an operating system, and hidden ones in folders: they are not read."""


def expand_folders(ledger: Ledger, batch: Batch, paths: Sequence[Path], each: LabelScope = "package") -> FilesToVerify:
    """Files as given, folders replaced by the readable files in them, in name order. Of those, label files that were
    superseded are left out: who wants them read names them.

    What the ledger knows and what lies in the folders are of one moment: where labels are made or moved away between
    these two questions, both are asked again.
    """
    known = known_labels(ledger, batch.id, each)
    for left in reversed(range(_LISTINGS)):
        found: FilesToVerify | InputError
        try:
            found = _expand(batch, paths, known)
        except InputError as error:
            found = error
        before, known = known, known_labels(ledger, batch.id, each)
        if known == before or not left:
            break
    if isinstance(found, InputError):
        raise found
    return found


def _expand(batch: Batch, paths: Sequence[Path], labels: KnownLabels) -> FilesToVerify:
    in_force = labels.in_force
    known = {file.file for file in in_force.files}
    superseded = {file.file: file.sha256 for file in in_force.superseded}
    remade = f"`bss-mfg labels {batch.id} --again` makes lost label files again, with the same bytes"
    files: list[Path] = []
    lost: list[Path] = []
    passed_over: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = list_folder(path)
            passed_over += found.passed_over
            inside = [
                item
                for item in found.readable
                if item.name not in superseded or sha256_of(item) != superseded[item.name]
            ]
            if not inside:
                raise _nothing_to_verify(batch, path, [name for name in known if _readable(name)], remade)
            files += inside
            names = {item.name for item in inside}
            if names & known:  # else it holds pictures of printed labels
                lost += [path / name for name in sorted(known - names) if _readable(name)]
        elif path.exists():
            (passed_over if is_system_file(path) else files).append(path)
        else:
            way_out = f"Check the path; {remade}." if path.name in known else "Check the path."
            raise InputError("is not there", where=path, way_out=way_out)
    return FilesToVerify(tuple(files), tuple(lost), labels, tuple(passed_over))


def refuse_no_labels(ledger: Ledger, batch: Batch, each: LabelScope) -> None:
    """`InputError` where no label of a kind was made of a batch: there is nothing to compare with."""
    if not ledger.prints.in_force(batch.id, each).files:
        raise InputError(
            f"no labels of {each}s were made of it",
            where=f"batch {batch.id}",
            way_out=f'Make them with a template that has each = "{each}": `bss-mfg labels {batch.id} --template NAME`.',
        )


def _nothing_to_verify(batch: Batch, folder: Path, known: Sequence[str], remade: str) -> InputError:
    """A folder without a file to read. Label files are missing only where the batch's own should be: in an empty
    folder, or in one that has others of its files."""
    names = [item.name for item in folder.iterdir()]
    ours = not names or any(name.startswith(f"{batch.id}-") for name in names)
    made = f" ({_some(known)} should be there: {remade})" if known and ours else ""
    raw = sorted({name.rpartition(".")[2].upper() for name in names if name.lower().endswith(RAW_SUFFIXES)})
    return InputError(
        f"holds no file that can be verified{made}",
        where=folder,
        way_out=f"{listing(raw)} files can't be read back here: scan the printed labels (`bss-mfg scan {batch.id}`)."
        if raw and not made
        else "Known: PDF, PNG, JPEG, TIFF ...",
    )


def _readable(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _some(names: Iterable[str]) -> str:
    first, *more = sorted(names)
    return f"{first} and {count_words(len(more), 'more', 'more')}" if more else first
