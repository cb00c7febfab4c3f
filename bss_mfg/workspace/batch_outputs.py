"""What a batch has that people look at: sheets, index, reports, traveller. Never a file that keys were released to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from enum import StrEnum
from pathlib import Path

from bss_mfg.core.files import sha256_of
from bss_mfg.core.folders import written_at
from bss_mfg.core.shell_words import shell_word
from bss_mfg.errors import InputError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile
from bss_mfg.workspace.workspace import Workspace

_LABELS = "labels"
_WHOLE = "batch"
"""What a label is for that is of a batch as a whole, as a traveller is."""
VIEWABLE = frozenset({".pdf", ".png", ".html", ".csv"})
"""What the viewers of most computers show; a label printer's language is no picture."""


class Output(StrEnum):
    """A kind of what a batch has."""

    SHEET = "sheet"
    REPORT = "report"
    INDEX = "index"
    TRAVELLER = "traveller"
    FOLDER = "folder"


def newest_output(workspace: Workspace, ledger: Ledger, batch_id: str) -> list[Path]:
    """What there is to look at first: the sheets, or the newest report where it is newer than all of them."""
    folder = workspace.batch_folder(batch_id)
    sheets, reports = (_found(ledger, batch_id, folder, kind) for kind in (Output.SHEET, Output.REPORT))
    newest = _newest_first([*sheets, *reports])[:1]
    if not newest:
        raise _missing(Output.SHEET, batch_id, folder)
    return newest if newest[0] in reports else sorted(sheets)


def outputs(workspace: Workspace, ledger: Ledger, batch_id: str, kind: Output) -> list[Path]:
    """The files of a kind that a batch has: in the order of their names; of reports the newest only. `InputError` where
    there is none, with the command that makes one."""
    folder = workspace.batch_folder(batch_id)
    found = _found(ledger, batch_id, folder, kind)
    if not found:
        raise _missing(kind, batch_id, folder)
    return _newest_first(found)[:1] if kind is Output.REPORT else sorted(found)


def _found(ledger: Ledger, batch_id: str, folder: Path, kind: Output) -> list[Path]:
    """Those of a kind that hold no keys, whatever the files with keys are called, and whatever copies of them."""
    made = ledger.prints.label_files(batch_id)
    found = _FINDERS[kind](folder, made)
    if kind is Output.FOLDER:
        return found
    released = list(ledger.releases.completed(batch_id))
    names = {release.file for release in released}
    names |= {release.target.path.name for release in ledger.releases.open(batch_id)}
    digests = {release.sha256 for release in released if release.sha256}
    ours = {one.file for one in made}

    def has_keys(path: Path) -> bool:
        return path.name in names or (bool(digests) and path.name not in ours and sha256_of(path) in digests)

    return [path for path in found if not has_keys(path)]


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (-written_at(path), str(path)))


def _files(folder: Path, *patterns: str) -> list[Path]:
    """Files themselves: a link could lead anywhere."""
    return [path for pattern in patterns for path in folder.glob(pattern) if path.is_file() and not path.is_symlink()]


def _sheets(folder: Path, made: Sequence[LabelFile]) -> list[Path]:
    """Labels, but for those of the batch as a whole."""
    return _named(folder, {one.file for one in made if one.each != _WHOLE})


def _indexes(folder: Path, made: Sequence[LabelFile]) -> list[Path]:
    """What lists the labels of a run lies beside them, with their name but for the number."""
    return _named(folder, {f"{one.file.rpartition('-')[0]}.csv" for one in made if one.each != _WHOLE})


def _travellers(folder: Path, made: Sequence[LabelFile]) -> list[Path]:
    return _named(folder, {one.file for one in made if one.each == _WHOLE})


def _named(folder: Path, names: Set[str]) -> list[Path]:
    """The files of these names among a batch's labels; whatever else lies there is not ours."""
    return [path for path in _files(folder / _LABELS, "*") if path.name in names]


def _reports(folder: Path, _: Sequence[LabelFile]) -> list[Path]:
    return [*_files(folder, "*.html", "*.pdf"), *_files(folder / "reports", "*.html", "*.pdf")]


_FINDERS: Mapping[Output, Callable[[Path, Sequence[LabelFile]], list[Path]]] = {
    Output.SHEET: _sheets,
    Output.REPORT: _reports,
    Output.INDEX: _indexes,
    Output.TRAVELLER: _travellers,
    Output.FOLDER: lambda folder, _: [folder] if folder.is_dir() else [],
}


def _missing(kind: Output, batch_id: str, folder: Path) -> InputError:
    names = {
        Output.SHEET: ("no labels", f"`bss-mfg labels {batch_id}` makes them"),
        Output.INDEX: ("no index of its labels", f"`bss-mfg labels {batch_id}` makes it with the labels"),
        Output.REPORT: (
            "no report",
            f"`bss-mfg verify {batch_id} SCANS --report {shell_word(str(folder / 'report.html'))}` makes one",
        ),
        Output.TRAVELLER: ("no traveller", f"`bss-mfg labels {batch_id} --template traveller-a4 --again` makes one"),
        Output.FOLDER: ("no folder", f"`bss-mfg labels {batch_id}` makes it with the labels"),
    }
    what, way_out = names[kind]
    return InputError(
        f"batch {batch_id} has {what}" + ("" if kind is Output.FOLDER else " in its folder"),
        where=folder,
        way_out=f"{way_out}. What was made with --out elsewhere is not known here.",
    )
