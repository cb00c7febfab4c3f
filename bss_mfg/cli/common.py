"""What all commands share: the workspace they work in, who acts, messages, JSON."""

from __future__ import annotations

import difflib
import functools
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bss_mfg.cli.broken_lines import fitted, hanging
from bss_mfg.cli.page_code import coloured_code
from bss_mfg.cli.parameters import WholeNumber, refuse_unknown_command
from bss_mfg.cli.streams import reader_left
from bss_mfg.cli.terminal import styled, terminal_of, toned
from bss_mfg.core.process_memory import hide_memory
from bss_mfg.core.shell_words import shell_line
from bss_mfg.core.text import for_terminal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from bss_mfg.core.clock import TimeZone
    from bss_mfg.core.languages import Language
    from bss_mfg.core.shared_lock import Patience
    from bss_mfg.errors import BssError
    from bss_mfg.label.template.printer import Printer
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.vault import Vault
    from bss_mfg.model import Actor, Secret
    from bss_mfg.workspace.actor import FoundActor
    from bss_mfg.workspace.config import WorkspaceConfig
    from bss_mfg.workspace.vault_key_storage import AskPassphrase
    from bss_mfg.workspace.workspace import Workspace

ASKED_BY_SHELL = "_BSS_MFG_COMPLETE"
"""The variable of the environment by which a shell asks what can be typed next."""

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class App:
    """The global options, and what follows from them."""

    workspace_option: str | None = None
    debug: bool = False
    operator: str = ""
    """As --operator names it; empty: as the environment, the station or the account does."""
    language_option: str = ""
    """As --language names it; empty: as the station, the workspace or the environment does."""

    @functools.cached_property
    def workspace(self) -> Workspace:
        """The workspace, found once."""
        from bss_mfg.workspace.workspace import Workspace, environment

        return Workspace.find(self.workspace_option, Path.cwd(), environment())

    @property
    def any_workspace(self) -> Workspace | None:
        """The workspace, or None where there is none here and none was named: for what needs none."""
        from bss_mfg.errors import NoWorkspaceError

        try:
            return self.workspace
        except NoWorkspaceError:
            return None

    @property
    def signs_checkpoints(self) -> bool:
        """Whether a workspace was worked in that has a site key."""
        return "workspace" in vars(self) and self.workspace.site_key_file.is_file()

    @property
    def templates_folder(self) -> Path | None:
        """The folder of the workspace's own templates; None without a workspace."""
        return self.any_workspace.templates_folder if self.any_workspace else None

    def template_file(self, name: str) -> Path:
        """The file of a template: of the workspace, if there is one, or one that comes with bss-mfg, or a path."""
        from bss_mfg.workspace.template_files import template_file

        return template_file(name, self.templates_folder)

    @property
    def actor(self) -> Actor:
        """Who acts, with the names of the workspace's settings."""
        return self.find_actor(self.workspace.config()).actor

    def find_actor(self, config: WorkspaceConfig | None = None) -> FoundActor:
        """Who acts, and where each name comes from; a workspace that is to be made has no settings yet."""
        from bss_mfg.workspace.actor import NO_NAMES, find_actor, workspace_names
        from bss_mfg.workspace.workspace import environment

        return find_actor(environment(), self.operator, workspace=workspace_names(config) if config else NO_NAMES)

    @property
    def zone(self) -> TimeZone:
        """The time zone that people go by in this workspace."""
        return self.workspace.zone

    @functools.cached_property
    def language(self) -> Language:
        """What operators see; all else is English."""
        from bss_mfg.workspace.actor import operators_language

        return operators_language(self.language_option, self.any_workspace.config() if self.any_workspace else None)

    def vault(self, ledger: Ledger) -> Vault:
        """The open vault, to be left with `with`; asks for its passphrase if it has one."""
        hide_memory()
        return self.workspace.open_vault(ledger, self.ask, self.patience)

    @property
    def patience(self) -> Patience:
        """How long others who work with the workspace's keys are waited for; the operator is told."""
        from bss_mfg.core.shared_lock import Patience

        return Patience(tell=lambda: say("Waiting for another command that works with this workspace's keys ..."))

    @property
    def ask_file_only(self) -> AskPassphrase | None:
        """As `ask`, where a file holds the passphrase; None where somebody would have to type it."""
        from bss_mfg.workspace.vault_key_storage import ENV_VARIABLE, ask_passphrase_file
        from bss_mfg.workspace.workspace import environment

        return ask_passphrase_file if environment().get(ENV_VARIABLE) else None

    def ask(self, what: str, new: bool) -> Secret:
        """A passphrase: from the file that BSS_MFG_PASSPHRASE_FILE names, else typed without being shown."""
        from bss_mfg.model import Secret
        from bss_mfg.workspace.vault_key_storage import ENV_VARIABLE, ask_passphrase_file
        from bss_mfg.workspace.workspace import environment

        if environment().get(ENV_VARIABLE) or not sys.stdin.isatty():
            return ask_passphrase_file(what, new)
        prompt = f"{'New passphrase' if new else 'Passphrase'} for {what}"
        return Secret(click.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True).encode())

    def printer(self, name: str) -> Printer:
        """A printer of the workspace, if there is one, or a built-in one."""
        from bss_mfg.label.from_workspace import named_printer

        return named_printer(self.any_workspace, name)


pass_app = click.make_pass_decorator(App, ensure=True)


def json_option(function: Command) -> Command:
    """`--json`: one documented document on stdout instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document (docs/formats/json.md).")(
        function
    )


def jobs_option(function: Command) -> Command:
    """`--jobs`: how many processes work."""
    return click.option(
        "--jobs",
        type=WholeNumber(0, 64),
        default=0,
        help="Worker processes; 0: one per core where that pays. The results are the same.",
    )(function)


def print_json(document: object) -> None:
    """The document on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=True))


def print_blocks(blocks: Iterable[bytes]) -> None:
    """Text that comes in pieces, on stdout, for as long as somebody reads it."""
    for block in blocks:
        click.echo(block, nl=False)
        if reader_left():
            return


def say(text: str, *, bell: bool = False, colour: str | None = None, bold: bool = False) -> None:
    """A message for people, on stderr; as broad as the terminal, which obeys nothing in it but our own `bell`,
    `colour`, `bold`, and the colours of its first word and of a page's code. The commands that it advises can be typed
    here."""
    context = click.get_current_context(silent=True)
    app = context.find_object(App) if context else None
    shown = terminal_of(sys.stderr)
    words = fitted(for_terminal(_as_typed(app, text) if app else text), shown.width if shown else 0)
    if colour or bold:
        words = styled(words, shown, colour=colour, bold=bold)
    else:
        words = toned(coloured_code(words, shown), shown)
    click.echo(words + ("\a" if bell else ""), err=True)


def print_text(text: object = "", *, nl: bool = True, exact: bool = False) -> None:
    """A result on stdout, in which a terminal finds nothing to obey: titles, reasons, names of files are others'. With
    `exact`, what is no terminal gets the text as it is: a file's own."""
    words = str(text)
    click.echo(words if exact and not sys.stdout.isatty() else for_terminal(words), nl=nl)


def print_words(text: str) -> None:
    """A result in sentences on stdout: at a terminal broken between words, with its first word in a colour. What is to
    be copied as it is takes `print_text`."""
    shown = terminal_of(sys.stdout)
    click.echo(toned(fitted(for_terminal(text), shown.width if shown else 0), shown))


def print_table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...]) -> None:
    """Aligned columns on stdout."""
    head, rows = _harmless(head), [_harmless(row) for row in rows]
    if shown := terminal_of(sys.stdout):
        from bss_mfg.cli.terminal_table import draw_table

        draw_table(rows, head, shown)
        return
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    for row in [head, *rows]:
        print_text("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _harmless(row: tuple[str, ...]) -> tuple[str, ...]:
    """A row's cells as they will be seen, so that columns stay aligned."""
    return tuple(for_terminal(cell) for cell in row)


def print_details(pairs: list[tuple[str, str]]) -> None:
    """Named values on stdout, aligned."""
    shown = terminal_of(sys.stdout)
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        print_text(hanging(f"{name + ':':<{width + 1}} ", for_terminal(value), shown.width if shown else 0))


def shown_path(path: Path) -> str:
    """A path as short as it can be from here."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith(f"..{os.sep}..") else relative


def typed(app: App, *words: str) -> str:
    """A command as it has to be typed here to do it: a message that advises it is a line to copy."""
    workspace = ["--workspace", app.workspace_option] if app.workspace_option else []
    given = ["bss-mfg", *workspace, *words, *(["--operator", app.operator] if app.operator else [])]
    return shell_line(given)


_ADVISED = re.compile(r"(?<=`)bss-mfg (?=[a-z])(?!(init|demo)\b)")
"""A command in a workspace, as advice quotes it."""


def typed_here(app: App, error: BssError) -> BssError:
    """An error whose advice can be copied: what knows no command line says `bss-mfg labels B1`, and means this
    workspace, by the name that it was given."""
    if not app.workspace_option:
        return error
    told = copy(error)
    told.way_out = _as_typed(app, error.way_out)
    return told


def _as_typed(app: App, text: str) -> str:
    """The text with the workspace in each command that it advises."""
    if not app.workspace_option:
        return text
    start = f"{typed(App(app.workspace_option))} "
    return _ADVISED.sub(lambda _: start, text)


class DefaultGroup(click.Group):
    """A group whose first word may be left out: what is no command of it is an argument of the `default` one, unless it
    looks like a command with a letter wrong."""

    def __init__(self, *arguments: Any, default: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.default = default

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and what the first argument of the default one can be."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            return found
        command = self.commands[self.default]
        first = next(param for param in command.params if isinstance(param, click.Argument))
        with command.make_context(self.default, [], parent=ctx, resilient_parsing=True) as inner:
            return [*found, *first.shell_complete(inner, incomplete)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            if difflib.get_close_matches(args[0], self.commands, n=1, cutoff=0.8):
                refuse_unknown_command(args[0], self.commands, ctx, self.default)
            args = [self.default, *args]
        return super().parse_args(ctx, args)
