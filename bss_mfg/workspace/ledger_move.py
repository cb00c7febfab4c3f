"""A workspace's ledger moved from its file into a database on a server, and back. Killed anywhere, the same call goes
on."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.files import move_aside, read_text, write_atomically
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.toml_files import load_toml, parse_toml, quote
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.moving import MovedLedger, move_ledger, move_ledger_back
from bss_mfg.ledger.place import LedgerPlace, require_url
from bss_mfg.model import Actor
from bss_mfg.workspace.finding import CONFIG
from bss_mfg.workspace.workspace import LEDGER_TEXT, Workspace


def move_to_server(
    workspace: Workspace, url: str, actor: Actor, progress: Progress = no_progress
) -> MovedLedger | None:
    """Move the ledger into the database of a URL, work with that one from then on, and keep the file aside; None where
    that was done before."""
    settings, now = workspace.root / CONFIG, workspace.ledger_place.url
    target = LedgerPlace(workspace.root, require_url(url, "--to"))
    if now and now != url:
        raise RefusedError(
            "the ledger is in another database already",
            where=workspace.ledger_place.words,
            way_out="Nothing was changed. The server's own tools move it (`pg_dump`, `pg_restore`); `url` in "
            f"{CONFIG} says where it is.",
        )
    if not now and "ledger" in load_toml(settings, "workspace settings").data:
        raise InputError(
            "has a table [ledger] without a URL already", where=settings, way_out="Delete it there; it is made anew."
        )
    moved = None
    if workspace.ledger_file.exists() or not now:
        file = LedgerPlace(workspace.root)
        with Ledger.open(file, actor):
            pass  # one of an earlier version is brought up to date
        moved = move_ledger(file, target, progress)
    if not now:
        text = read_text(settings, "workspace settings").rstrip("\n")
        write_atomically(settings, [f"{text}\n{LEDGER_TEXT.format(url=quote(url))}".encode()], replace=True)
    if workspace.ledger_file.exists():
        move_aside(workspace.ledger_file, ".moved")
    return moved


def move_to_file(workspace: Workspace, to: Path, actor: Actor, progress: Progress = no_progress) -> MovedLedger | None:
    """Move the ledger from its database into ledger.db, and work with that one from then on; None where that was done
    before. `InputError` where `to` is another file."""
    if (to.name != str(to) and to.resolve() != workspace.ledger_file) or to.name != workspace.ledger_file.name:
        raise InputError(
            "a workspace's ledger is its own file ledger.db",
            where=to,
            way_out="`--to ledger.db` moves it there; `bss-mfg ledger backup` copies it. A database is named as "
            "postgresql://USER@HOST/DATABASE.",
        )
    if not workspace.ledger_place.url:
        return None
    settings = workspace.root / CONFIG
    text = _without_table(read_text(settings, "workspace settings"))
    if "ledger" in parse_toml(text, str(settings)).data:
        raise InputError(
            "says where the ledger is in a way that this program can't take out",
            where=settings,
            way_out="Nothing was changed. Write it as a table of its own: `[ledger]`, and `url = ...` in a line below.",
        )
    with Ledger.open(workspace.ledger_place, actor):
        pass  # one of an earlier version is brought up to date
    moved = move_ledger_back(workspace.ledger_place, LedgerPlace(workspace.root), progress)
    write_atomically(settings, [text.encode()], replace=True)
    return moved


def _without_table(settings: str) -> str:
    """Settings without the table that says where the ledger is; what stands behind its last line stays."""
    kept: list[str] = []
    table: list[str] | None = None
    for line in settings.splitlines():
        if line.lstrip().startswith("["):
            kept += table or []
            table = [] if line.strip() == "[ledger]" else None
            if table is not None:
                continue
        if table is None:
            kept.append(line)
        else:
            table = [] if "=" in line.partition("#")[0] else [*table, line]
    return "\n".join([*kept, *(table or [])]).rstrip("\n") + "\n"
