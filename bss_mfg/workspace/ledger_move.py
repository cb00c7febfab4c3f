"""A workspace's ledger moved from its file into a database on a server. Killed anywhere, the same call goes on."""

from __future__ import annotations

from bss_mfg.core.files import move_aside, read_text, write_atomically
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.toml_files import load_toml, quote
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.moving import MovedLedger, move_ledger
from bss_mfg.ledger.place import LedgerPlace, require_url
from bss_mfg.model import Actor
from bss_mfg.workspace.workspace import CONFIG, LEDGER_TEXT, Workspace


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
