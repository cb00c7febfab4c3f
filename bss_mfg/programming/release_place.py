"""Where a release goes, from what was typed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import make_folder
from bss_mfg.core.shell_words import shell_word
from bss_mfg.errors import InputError
from bss_mfg.ledger.releases import ReleaseTarget
from bss_mfg.programming.format import Format

SEALED_SUFFIX = ".age"
"""What the name of a sealed file ends in, and of no other."""

_AGE_HEADER = b"age-encryption.org/v1\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and of a format that holds a whole batch perhaps the file in it; both absolute, without symbolic links
    on the way. `renamed`: the file got `.age` behind its name."""

    folder: Path
    path: Path | None = None
    renamed: bool = False

    def is_of(self, target: ReleaseTarget) -> bool:
        """Whether a release goes here."""
        return target.path == self.path if self.path else target.folder == self.folder

    def make_folder(self) -> None:
        """Make the folder, if it may be made."""
        make_folder(self.folder)

    def require_folder(self, workspace: Path) -> None:
        """See that the folder is there, or in the workspace: elsewhere it may be a stick that is not in."""
        if self.folder.exists() or self.folder.is_relative_to(os.path.realpath(workspace)):
            return
        parents = "" if os.name == "nt" or self.folder.parent.is_dir() else "-p "
        raise InputError(
            "this folder is not there, and outside of the workspace none is made",
            where=self.folder,
            way_out=f"Is the stick in? If it is to be a new folder, make it: mkdir {parents}{quoted(self.folder)}",
        )


def is_meant_as_folder(out: str) -> bool:
    """Whether a place that was typed is a folder, whatever its name looks like."""
    return out.endswith(("/", "\\"))


def find_place(out: Path, form: Format, *, sealed: bool, folder: bool) -> Place:
    """The place that `out` names: a folder if it is one, is meant as one (`folder`) or has no suffix, else a file.

    A sealed file gets `.age` behind its name; a name that ends so is refused for one in clear."""
    if form.one_file_per == "unit" or folder or out.is_dir() or out.suffix == "":
        return Place(Path(os.path.realpath(out)))
    name = out.name
    looks_sealed = name.lower().endswith(SEALED_SUFFIX)
    if looks_sealed and not sealed:
        raise InputError(
            f"is the name of a sealed file, and nobody was named to seal it to: {name!a}",
            where=out,
            way_out=f"Call it {name[: -len(SEALED_SUFFIX)]}, or name the station's public key: --to age1...",
        )
    parent = Path(os.path.realpath(out.parent))
    renamed = sealed and not looks_sealed
    return Place(parent, parent / (name + SEALED_SUFFIX if renamed else name), renamed)


def is_sealed(path: Path) -> bool:
    """Whether a file is encrypted in the age format."""
    with path.open("rb") as file:
        return file.read(len(_AGE_HEADER)) == _AGE_HEADER


def quoted(path: Path) -> str:
    """A path as it is typed in a shell."""
    return shell_word(str(path))
