"""What can be typed for an argument or option, for the shell's Tab key: each function is a `shell_complete` of click.

None of them opens a vault, waits for a ledger or imports what a command needs: somebody waits with a finger on a key.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from bss_mfg.workspace.known_names import KnownNames, Names

Suggest = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def known_names(ctx: click.Context) -> KnownNames:
    """The names of the workspace that a command line means."""
    from bss_mfg.errors import BssError
    from bss_mfg.workspace.finding import find_root
    from bss_mfg.workspace.known_names import KnownNames
    from bss_mfg.workspace.workspace import environment

    try:
        return KnownNames(find_root(ctx.find_root().params.get("workspace_option"), Path.cwd(), environment()))
    except (BssError, OSError):
        return KnownNames(None)


def _suggest(names: Callable[[KnownNames], Names]) -> Suggest:
    """Suggestions out of names; a path is completed as one."""

    def suggest(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
        return _path(typed) or _items(names(known_names(ctx)), typed)

    return suggest


def _path(typed: str) -> list[CompletionItem]:
    """That what is typed is completed as a path, where it looks like one."""
    from click.shell_completion import CompletionItem

    looks_so = "/" in typed or os.sep in typed or typed.startswith(("~", "."))
    return [CompletionItem(typed, type="file")] if looks_so else []


def _items(names: Names, typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, help=words or None) for name, words in names.items() if name.startswith(typed)]


def folders(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Folders, by the shell."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(typed, type="dir")]


def _printers(names: KnownNames) -> Names:
    from bss_mfg.label.template.printer import BUILT_IN

    return {**dict.fromkeys(names.printers(), "of this workspace"), **dict.fromkeys(BUILT_IN, "")}


def _verifier_mappings(names: KnownNames) -> Names:
    from bss_mfg.verifier_data.mapping import FOLDER, mapping_names

    return dict.fromkeys(mapping_names(names.root / FOLDER if names.root else None), "")


def serials(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Serials of the batch that the command line names before them."""
    # Where the line ends with an option that has no value yet, click has assigned no argument.
    batch = ctx.params.get("batch_id") or next(iter(ctx.args), "")
    return _items(known_names(ctx).serials(typed, str(batch)), typed)


def serials_or_files(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Serials once something is typed that begins some, else files."""
    from click.shell_completion import CompletionItem

    found = serials(ctx, param, typed) if typed and not _path(typed) else []
    return found or [CompletionItem(typed, type="file")]


def serials_and_batches(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Batches, and once something is typed serials of all of them, too."""
    names = known_names(ctx)
    return _items({**names.batches(), **(names.serials(typed) if typed else {})}, typed)


batches = _suggest(lambda names: names.batches())
products = _suggest(lambda names: names.products())
templates = _suggest(lambda names: names.templates())
printers = _suggest(_printers)
own_printers = _suggest(lambda names: names.printers())
specs = _suggest(lambda names: names.specs())
presses = _suggest(lambda names: names.presses())
waiting = _suggest(lambda names: names.waiting())
flashers = _suggest(lambda names: names.flashers())
cartons = _suggest(lambda names: names.logistic_units("carton"))
pallets = _suggest(lambda names: names.logistic_units("pallet"))
LOGISTIC_UNITS = {"carton": cartons, "pallet": pallets}
verifier_mappings = _suggest(_verifier_mappings)
