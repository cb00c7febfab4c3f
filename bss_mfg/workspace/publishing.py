"""The files that all stations share are published into the ledger, and held against it before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.text import listing, printable_name
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.events import FilesPublished
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.published_files import PublishedSet, set_digest
from bss_mfg.workspace.known_private_keys import holds_private_key
from bss_mfg.workspace.shared_files import (
    Difference,
    FileDifference,
    content,
    differences,
    digests,
    is_shared_path,
    shared_files,
)
from bss_mfg.workspace.workspace import Workspace

_MOST_NAMED = 5
_TAKEN_BACK = frozenset({Difference.MISSING, Difference.OLD})


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing a workspace's files changes, or changed: `files` is how many there are then; paths in order."""

    files: int
    changed: tuple[str, ...]
    withdrawn: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return bool(self.changed or self.withdrawn)


CheckTemplate = Callable[[Path], object]
"""Reads a template's file as if to draw with it; `InputError` where it is wrong."""


def publish(
    workspace: Workspace,
    ledger: Ledger,
    check_template: CheckTemplate,
    *,
    take_back: bool = False,
    write: bool = True,
) -> Publication:
    """Let all stations work with this workspace's files; without `write` only say what that would change.

    `InputError` for a file that is wrong, or holds a private key. `RefusedError` where it would undo what others have
    published since, unless that is to be taken back.
    """
    before = ledger.published.current()
    files = _checked_files(workspace, check_template)
    made = digests(files)
    changed = tuple(sorted(path for path, sha256 in made.items() if before.files.get(path) != sha256))
    withdrawn = tuple(sorted(set(before.files) - set(made)))
    if not take_back and before.files:
        _refuse_taking_back(workspace, ledger, before)
    done = Publication(len(files), changed, withdrawn)
    if write and done.changes:
        event = FilesPublished(files=len(files), digest=set_digest(made), changed=changed, withdrawn=withdrawn)
        ledger.published.publish(before, files, event)
    return done


def require_published(workspace: Workspace, ledger: Ledger) -> None:
    """`RefusedError` where files were published, and those of this workspace are others: what it would issue or draw
    is not what other stations would."""
    found = workspace_differences(workspace, ledger)
    if found:
        files = "a file here is" if len(found) == 1 else f"{len(found)} files here are"
        raise RefusedError(
            f"{files} not as published for all stations: {listing([str(one) for one in found], _MOST_NAMED)}",
            where=workspace.root,
            way_out="Nothing was changed. `bss-mfg station update` fetches what is published; if this workspace is "
            "where it is made: `bss-mfg ledger publish`.",
        )


def workspace_differences(workspace: Workspace, ledger: Ledger) -> list[FileDifference]:
    """Where a workspace's files are not as published; none where nothing was."""
    published = ledger.published.current()
    if not published.files or not differences(workspace, published, frozenset()):
        return []
    return differences(workspace, published, ledger.published.known())


def _refuse_taking_back(workspace: Workspace, ledger: Ledger, before: PublishedSet) -> None:
    """A file that is missing here, or is as it was once, is not what somebody here decided."""
    lost = [one for one in differences(workspace, before, ledger.published.known()) if one.kind in _TAKEN_BACK]
    if lost:
        raise RefusedError(
            f"would take back what was published since: {listing([str(one) for one in lost], _MOST_NAMED)}",
            where=workspace.root,
            way_out="Nothing was changed. `bss-mfg station update` fetches it. To take it back: "
            "`bss-mfg ledger publish --take-back`.",
        )


def _checked_files(workspace: Workspace, check_template: CheckTemplate) -> Mapping[str, bytes]:
    """All shared files, each product and spec loaded as a batch would, each template as labels would."""
    for product in workspace.product_names():
        workspace.spec(workspace.product(product).product.spec)
    for template in sorted(workspace.templates_folder.glob("*.toml")):
        check_template(template)
    files = {path: content(workspace, path) for path in shared_files(workspace)}
    _refuse_twins(files)
    for path, data in files.items():
        if not is_shared_path(workspace.root, path):
            raise InputError(
                f"can't be published by its name '{printable_name(path[-80:])}'",
                where=workspace.root / path,
                way_out="Give it, and its folder, a name of at most 60 characters that Windows takes, too.",
            )
        if holds_private_key(data):
            raise InputError(
                "holds a private key, which no station gets",
                where=workspace.root / path,
                way_out="Nothing was published. Move the key out of this file.",
            )
    return files


def _refuse_twins(paths: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for path in paths:
        if (other := seen.setdefault(path.lower(), path)) != path:
            raise InputError(
                f"differs from {printable_name(other)} in upper and lower case only: on Windows they are one file",
                where=path,
                way_out="Rename one of them.",
            )
