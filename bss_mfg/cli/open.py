"""open: a batch's sheets, report, index, traveller or folder in the system's viewer, and the board in the browser."""

from __future__ import annotations

import platform
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, pass_app, print_text, say, shown_path, typed

if TYPE_CHECKING:
    from bss_mfg.core.viewer import Shown

_BOARD = "board"
_WHAT = ("sheet", "report", "index", "traveller", "folder", _BOARD)


@click.command("open", epilog="Example: bss-mfg open bulb-2026-11 report")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("what", type=click.Choice(_WHAT), required=False)
@click.option("--path", "only_path", is_flag=True, help="Only print where it is; open nothing.")
@pass_app
def open_(app: App, batch_id: str, what: str | None, only_path: bool) -> None:
    """Open what a batch has: in the system's viewer, or in the browser.

    Without a word it is the sheets, or the newest report if that is newer. The path is always printed; where nobody
    sits at a screen, only that. Files with keys are never opened. `board` is the page of this ledger's board, if one
    runs on this computer.
    """
    if what == _BOARD:
        targets = shown = [_board_address(app, batch_id)]
    else:
        paths = _paths(app, batch_id, what)
        targets, shown = list(map(str, paths)), list(map(shown_path, paths))
    for line in shown:
        print_text(line)
    if not only_path:
        _show(targets)


def _paths(app: App, batch_id: str, what: str | None) -> list[Path]:
    from bss_mfg.workspace.batch_outputs import Output, newest_output, outputs

    with app.workspace.open_ledger(app.actor) as ledger:
        known = ledger.batches.get(batch_id).id
        if what is None:
            return newest_output(app.workspace, ledger, known)
        return outputs(app.workspace, ledger, known, Output(what))


def _board_address(app: App, batch_id: str) -> str:
    """The page of the board of this workspace's ledger, which runs on this computer."""
    from bss_mfg.board.place import find_board, mark_of
    from bss_mfg.cli.board import DEFAULT_PORT, LOOPBACK
    from bss_mfg.errors import InputError

    with app.workspace.open_ledger(app.actor) as ledger:
        ledger.batches.get(batch_id)
        mark = mark_of(ledger.settings.ledger_id())
    origin = find_board(app.workspace.root, mark, [f"http://{LOOPBACK}:{DEFAULT_PORT}"])
    if origin is None:
        raise InputError(
            "no board of this ledger runs on this computer",
            way_out=f"`{typed(app, 'board', '--port', '0')}` in another window starts one.",
        )
    return f"{origin}/"


def _show(targets: list[str]) -> None:
    """Show the first; the others lie beside it."""
    from bss_mfg.core.viewer import Shown, show
    from bss_mfg.errors import MissingError
    from bss_mfg.workspace.batch_outputs import VIEWABLE
    from bss_mfg.workspace.workspace import environment

    first = targets[0]
    is_page, path = "://" in first, Path(first)
    if not is_page and path.is_file() and path.suffix.lower() not in VIEWABLE:
        say(f"These are {path.suffix.lstrip('.').upper()} data for a printer, which no viewer shows.")
        return
    shown = show(first, environment())
    if shown is Shown.NO_VIEWER:
        raise MissingError(
            "this computer has no program that opens it", where=first, way_out=f"Open it yourself{_install()}."
        )
    say(_outcome(shown, first, is_page))
    if len(targets) > 1:
        say(f"{len(targets) - 1:,} more lie beside it.")


def _outcome(shown: Shown, first: str, is_page: bool) -> str:
    from bss_mfg.core.viewer import Shown

    if shown is Shown.SHOWN:
        return "OK: it is on the screen"
    if is_page:
        return "There is no screen here: open that address in a browser of this computer."
    whole = ["-r"] if Path(first).is_dir() else []
    copy = shlex.join(["scp", *whole, f"{platform.node()}:{Path(first).resolve()}", "."])
    return f"There is no screen here. From another computer: `{copy}`"


def _install() -> str:
    return ", or install one: `sudo apt-get install xdg-utils` (Debian)" if sys.platform == "linux" else ""
