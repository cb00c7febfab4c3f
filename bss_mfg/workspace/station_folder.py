"""A station's own folder: a workspace whose ledger is on a server, with the files that are published there.

Killed anywhere, the same call goes on: each file is put in its place in one stroke, and the settings come last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import make_folder, read_bytes, read_text, remove_file, write_atomically
from bss_mfg.core.home_folder import expanded
from bss_mfg.core.text import listing
from bss_mfg.core.toml_files import to_text
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.network_drives import refuse_network
from bss_mfg.ledger.place import LedgerPlace, require_url
from bss_mfg.ledger.published_files import MAX_FILE, PublishedSet
from bss_mfg.model import Actor
from bss_mfg.workspace.config import LedgerSettings, WorkspaceConfig
from bss_mfg.workspace.finding import CONFIG
from bss_mfg.workspace.shared_files import (
    FOLDERS,
    LOST_BY_UPDATING,
    FileDifference,
    differences,
    place_of,
    with_shared_settings,
)
from bss_mfg.workspace.workspace import Workspace

_ASIDE = ".own"
"""The ending of a station's own file that was set aside."""
_MOST_NAMED = 5
_HEAD = "# A station of bss-mfg; `bss-mfg station init` wrote this. The password lies in a password file (~/.pgpass).\n"


@dataclass(frozen=True, slots=True)
class NewStation:
    """A station that is to be made: its folder, its name and operator in the history (empty: the account), and the URL
    of its ledger."""

    folder: Path
    name: str
    operator: str
    url: str


@dataclass(frozen=True, slots=True)
class UpdatedFiles:
    """What was fetched, removed, and set aside: paths in the workspace; of the last as they are called now."""

    fetched: tuple[str, ...]
    removed: tuple[str, ...]
    set_aside: tuple[str, ...]


Prepare = Callable[[Path, Ledger], object]
"""Makes what a kind of station has besides, in its folder."""


def make_station(
    new: NewStation, actor: Actor, environment: Mapping[str, str], prepare: Prepare | None = None
) -> tuple[Workspace, UpdatedFiles]:
    """Make a station's folder with what is published. `RefusedError` for a workspace, or files of somebody's own;
    `InputError` where nothing is published."""
    root = expanded(new.folder).resolve()
    if outer := next((folder for folder in (root, *root.parents) if (folder / CONFIG).is_file()), None):
        raise RefusedError(
            "is already a workspace" if outer == root else f"lies inside the workspace {outer}",
            where=root,
            way_out="Nothing was changed. `bss-mfg station update` fetches what is published into a workspace; or "
            "name a folder outside of it.",
        )
    if not require_url(new.url):
        raise InputError(
            "a station works with a ledger on a server",
            where="--ledger",
            way_out="Name its database: postgresql://USER@HOST/DATABASE.",
        )
    config = WorkspaceConfig(format=1, station=new.name, operator=new.operator, ledger=LedgerSettings(url=new.url))
    workspace = Workspace(root, root / "vault.key")
    with Ledger.open(LedgerPlace(root, new.url), actor) as ledger:
        published = _require_published_set(ledger)
        found = [one for one in differences(workspace, published, ledger.published.known()) if one.path != CONFIG]
        _refuse_own_files(root, found, "Name an empty folder.")
        make_folder(root)
        refuse_network(workspace.ledger_file)
        for name in (*FOLDERS, "batches"):
            make_folder(root / name)
        done = _replace_files(workspace, ledger, published, found)
        settings = _settings_text(ledger, published, config)
        if prepare:
            prepare(root, ledger)
    write_atomically(root / CONFIG, [settings.encode()])
    return Workspace.find(str(root), root, environment), done


def update_station(workspace: Workspace, ledger: Ledger, *, set_aside: bool = False) -> UpdatedFiles:
    """Bring a workspace's files to what is published. What lies here alone stops that before anything is changed, or is
    set aside under another name. `InputError` where nothing is published."""
    published = _require_published_set(ledger)
    found = differences(workspace, published, ledger.published.known())
    if not set_aside:
        _refuse_own_files(
            workspace.root,
            found,
            f"`bss-mfg station update --set-aside` keeps them beside the published ones, as NAME{_ASIDE}; `bss-mfg "
            "ledger publish` publishes them for all stations.",
        )
    return _replace_files(workspace, ledger, published, found)


def _require_published_set(ledger: Ledger) -> PublishedSet:
    published = ledger.published.current()
    if not published.files:
        raise InputError(
            "nothing is published in this ledger",
            where=ledger.place.words,
            way_out="Publish it in the workspace where products and templates are made: `bss-mfg ledger publish`.",
        )
    return published


def _refuse_own_files(root: Path, found: Sequence[FileDifference], way_out: str) -> None:
    if own := [str(one) for one in found if one.kind in LOST_BY_UPDATING]:
        raise RefusedError(
            f"has files of its own: {listing(own, _MOST_NAMED)}", where=root, way_out=f"Nothing was changed. {way_out}"
        )


def _replace_files(
    workspace: Workspace, ledger: Ledger, published: PublishedSet, found: Sequence[FileDifference]
) -> UpdatedFiles:
    fetched, removed, aside = [], [], []
    for one in found:
        path = workspace.root / CONFIG if one.path == CONFIG else place_of(workspace.root, one.path)
        sha256 = published.files.get(one.path)
        keeps = one.kind in LOST_BY_UPDATING
        data: bytes | None
        if one.path == CONFIG:
            config = workspace.config()
            data = _settings_text(ledger, published, config).encode()
            keeps = read_text(path, "workspace settings") != _text_of(config)  # with remarks, or in another order
        else:
            data = ledger.published.content(sha256) if sha256 else None
        if keeps:
            aside.append(_keep_aside(path).relative_to(workspace.root).as_posix())
        if data is None:
            remove_file(path)
            removed.append(one.path)
        else:
            make_folder(path.parent)
            write_atomically(path, [data], replace=True)
            fetched.append(one.path)
    return UpdatedFiles(tuple(fetched), tuple(removed), tuple(aside))


def _keep_aside(path: Path) -> Path:
    """Copy a file beside itself under a name that nobody loads."""
    number = 0
    while (target := path.with_name(f"{path.name}{_ASIDE}{f'-{number}' if number else ''}")).exists():
        number += 1
    write_atomically(target, [read_bytes(path, "file", MAX_FILE)])
    return target


def _settings_text(ledger: Ledger, published: PublishedSet, config: WorkspaceConfig) -> str:
    """A station's settings with those that are published."""
    sha256 = published.files.get(CONFIG)
    return _text_of(with_shared_settings(config, ledger.published.content(sha256) if sha256 else b""))


def _text_of(config: WorkspaceConfig) -> str:
    """Settings as the text of their file."""
    return _HEAD + to_text(config.model_dump(exclude_defaults=True, exclude_none=True))
