"""What a batch has that people look at: sheets, index, reports, traveller. Never a file that keys were released to."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from bss_mfg.core.folders import written_at
from bss_mfg.errors import InputError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.workspace.workspace import Workspace

_LABELS = "labels"
_TRAVELLER = "batch-labels"
"""In the names of the labels that are of a batch as a whole."""
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
    """Those of a kind that hold no keys, whatever the files with keys are called."""
    released = list(ledger.releases.completed(batch_id))
    names = {name for release in released for name in (release.file, release.folder) if name}
    begun = {release.target.path.name for release in ledger.releases.open(batch_id)}
    return [path for path in _FINDERS[kind](folder) if not {path.name, path.parent.name} & (names | begun)]


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (-written_at(path), str(path)))


def _files(folder: Path, *patterns: str) -> list[Path]:
    """Files themselves: a link could lead anywhere."""
    return [path for pattern in patterns for path in folder.glob(pattern) if path.is_file() and not path.is_symlink()]


def _sheets(folder: Path) -> list[Path]:
    indexes = {path.stem for path in _indexes(folder)}
    return [
        path
        for path in _files(folder / _LABELS, "*")
        if path.suffix != ".csv" and any(path.name.startswith(f"{index}-") for index in indexes)
    ]


def _indexes(folder: Path) -> list[Path]:
    return [path for path in _files(folder / _LABELS, "*.csv") if not path.stem.endswith(_TRAVELLER)]


def _travellers(folder: Path) -> list[Path]:
    return [path for path in _files(folder / _LABELS, f"*{_TRAVELLER}-*") if path.suffix in VIEWABLE]


def _reports(folder: Path) -> list[Path]:
    return [*_files(folder, "*.html", "*.pdf"), *_files(folder / "reports", "*.html", "*.pdf")]


_FINDERS: Mapping[Output, Callable[[Path], list[Path]]] = {
    Output.SHEET: _sheets,
    Output.REPORT: _reports,
    Output.INDEX: _indexes,
    Output.TRAVELLER: _travellers,
    Output.FOLDER: lambda folder: [folder] if folder.is_dir() else [],
}


def _missing(kind: Output, batch_id: str, folder: Path) -> InputError:
    names = {
        Output.SHEET: ("no labels", f"`bss-mfg labels {batch_id}` makes them"),
        Output.INDEX: ("no index of its labels", f"`bss-mfg labels {batch_id}` makes it with the labels"),
        Output.REPORT: (
            "no report",
            f"`bss-mfg verify {batch_id} SCANS --report {shlex.quote(str(folder / 'report.html'))}` makes one",
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
