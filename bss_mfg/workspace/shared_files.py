"""The files of a workspace that all stations share: what is issued, and what labels are drawn with.

Products and their public keys, specs with mappings and samples, templates with artwork and fonts, printers, mappings of
verifiers, and the workspace's settings that are not one station's own: time zone, template and language, how cartons
are numbered and labelled, when flashers are overdue. A station may have printers of its own.
Private keys, vault keys and keys are never among them.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bss_mfg.core.files import read_bytes, sha256_of
from bss_mfg.core.models import FileModel
from bss_mfg.core.named_paths import existing_path_inside, is_plain_name, path_inside
from bss_mfg.core.text import printable_name
from bss_mfg.core.toml_files import load_toml, to_text
from bss_mfg.errors import LedgerError
from bss_mfg.ledger.published_files import MAX_FILE, PublishedSet
from bss_mfg.workspace.config import WorkspaceConfig
from bss_mfg.workspace.finding import CONFIG
from bss_mfg.workspace.print_settings import PrintSettings
from bss_mfg.workspace.template_files import files_named_by
from bss_mfg.workspace.workspace import Workspace

FOLDERS = ("products", "specs", "templates", "printers", "verifiers")
_SHARED_TABLES = ("packing", "flash")
"""Tables of settings that stations share, their printers apart."""
_MOST_NAMED = 60
"""Characters of a path's name: what every file system takes with an ending of ours behind it."""


class Difference(StrEnum):
    """How a file differs from the published one."""

    MISSING = "missing"
    """It is published, and not here."""
    OLD = "old"
    """As it was published once; another one counts now."""
    EDITED = "edited"
    """It is not the published one, and never was."""
    WITHDRAWN = "withdrawn"
    """It was published once and is no longer."""
    UNPUBLISHED = "unpublished"
    """It was never published."""


LOST_BY_UPDATING = frozenset({Difference.EDITED, Difference.UNPUBLISHED})
"""What lies here alone."""


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file that is not as published: its path in the workspace, with `/`."""

    path: str
    kind: Difference

    def __str__(self) -> str:
        return f"{printable_name(self.path)} ({self.kind})"


def shared_settings(config: WorkspaceConfig) -> bytes:
    """Those of a workspace's settings that all stations share, as the text that is published of bss-mfg.toml: which
    printer a station prints on is its own."""
    top = {"timezone": config.timezone, "template": config.print.template, "language": config.print.language}
    tables = {name: _without_printer(getattr(config, name)) for name in _SHARED_TABLES}
    return to_text({**{name: value for name, value in top.items() if value}, **tables}).encode()


def with_shared_settings(config: WorkspaceConfig, text: bytes) -> WorkspaceConfig:
    """A workspace's settings with those that all stations share, as `shared_settings` has them."""
    shared: dict[str, Any] = tomllib.loads(text.decode())
    chosen = PrintSettings(
        printer=config.print.printer, template=shared.get("template"), language=shared.get("language")
    )
    changes: dict[str, Any] = {"timezone": shared.get("timezone", ""), "print": chosen}
    for name in _SHARED_TABLES:
        own = getattr(config, name)
        printer = own.model_dump(include={"printer"})
        changes[name] = type(own)(**{**shared.get(name, {}), **printer})
    return config.model_copy(update=changes)


def _without_printer(table: FileModel) -> dict[str, Any]:
    return table.model_dump(exclude_defaults=True, exclude={"printer"})


def shared_files(workspace: Workspace) -> Iterator[str]:
    """The paths of a workspace's shared files. `InputError` for a file that can't be read as what it is."""
    yield CONFIG
    root = workspace.root
    for path in _toml_files(root):
        yield path.relative_to(root).as_posix()
        document = load_toml(path, "file")
        if path.parent == root / "products":
            named = [str(document.data.get("public_key", ""))]
        elif path.parent == root / "templates":
            named = files_named_by(document.data)
        else:
            continue
        for name in filter(None, named):
            file = existing_path_inside(path.parent, name, "file", path)
            if file.is_file():
                yield file.relative_to(root).as_posix()


def content(workspace: Workspace, path: str) -> bytes:
    """What would be published of a file."""
    if path == CONFIG:
        return shared_settings(workspace.config())
    return read_bytes(workspace.root / path, "file", MAX_FILE)


def differences(workspace: Workspace, published: PublishedSet, known: frozenset[str]) -> list[FileDifference]:
    """Where a workspace is not as published; `known` are the digests of all that ever was. A station's own printers
    are none."""
    found = []
    for path, sha256 in published.files.items():
        here = _digest(workspace, path)
        if here is None:
            found.append(FileDifference(path, Difference.MISSING))
        elif here != sha256:
            found.append(FileDifference(path, Difference.OLD if here in known else Difference.EDITED))
    for file in _toml_files(workspace.root):
        path = file.relative_to(workspace.root).as_posix()
        if path not in published.files and file.parent != workspace.root / "printers":
            once = sha256_of(file) in known
            found.append(FileDifference(path, Difference.WITHDRAWN if once else Difference.UNPUBLISHED))
    return found


def place_of(root: Path, path: str) -> Path:
    """Where a published file lies in a workspace. `LedgerError` for a path that is none of a shared file: what a ledger
    says is not trusted with the rest of a disk."""
    parts = path.split("/")
    if not (len(parts) > 1 and parts[0] in FOLDERS and all(map(_is_harmless, parts))):
        raise LedgerError(
            f"the published path '{printable_name(path[:80])}' is not one of a shared file",
            way_out="Nothing was written. Someone changed the ledger by hand: `bss-mfg ledger check`.",
        )
    return path_inside(root, path, "published file", "ledger")


def is_shared_path(root: Path, path: str) -> bool:
    """Whether a file may be published by its path."""
    try:
        return path == CONFIG or bool(place_of(root, path))
    except LedgerError:
        return False


def _is_harmless(name: str) -> bool:
    return is_plain_name(name) and len(name) <= _MOST_NAMED and name[0] != "."


def _toml_files(root: Path) -> Iterator[Path]:
    """All TOML files in the shared folders; specs have them in folders of their own, too."""
    for folder in FOLDERS:
        yield from sorted((root / folder).glob("**/*.toml" if folder == "specs" else "*.toml"))


def _digest(workspace: Workspace, path: str) -> str | None:
    """The SHA-256 of a file as it is here; None where it is not."""
    if path == CONFIG:
        there = (workspace.root / CONFIG).is_file()
        return hashlib.sha256(shared_settings(workspace.config())).hexdigest() if there else None
    place = place_of(workspace.root, path)
    return sha256_of(place) if place.is_file() else None


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each."""
    return {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
