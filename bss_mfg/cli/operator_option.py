"""`--operator`: before the command, and on every command that changes something."""

from __future__ import annotations

import functools
from collections.abc import Callable
from copy import copy
from typing import Any

import click

from bss_mfg.cli.common import App
from bss_mfg.core.text import NAME_RULE, is_plain_name

READS = frozenset(
    {
        "audit verify",
        "batch list",
        "batch show",
        "checkpoint show",
        "completion",
        "doctor",
        "flash list",
        "history",
        "inspect",
        "ledger backup",
        "ledger check",
        "manifest status",
        "mapping check",
        "mapping fit",
        "media list",
        "open",
        "policy show",
        "preflight",
        "printer list",
        "printer show",
        "printer status",
        "printer test-page",
        "product list",
        "product show",
        "queue list",
        "queue rolls",
        "queue show",
        "reconcile",
        "record verifier",
        "record verify",
        "schema",
        "spec check",
        "spec explain",
        "spec list",
        "spec show",
        "station check",
        "table",
        "template list",
        "template preview",
        "vault status",
    }
)
"""Commands that write neither into the ledger nor into the workspace; all others take --operator."""


def operator_option() -> click.Option:
    """The option itself. What it names goes to the `App`; on the command it counts for more than before it."""
    return click.Option(
        ["--operator"],
        metavar="NAME",
        expose_value=False,
        callback=_remember,
        help="Who does it, for the history (default: BSS_MFG_OPERATOR, the station's settings, the account).",
    )


def with_operator(words: str, command: click.Command) -> click.Command:
    """A command, or a group with all commands of it, that takes the option where it should; `words` are what is typed
    to call it."""
    if isinstance(command, click.Group):
        group = copy(command)
        group.commands = {name: with_operator(f"{words} {name}", one) for name, one in command.commands.items()}
        return group
    if words in READS:
        return command
    changing = copy(command)
    changing.params = [*command.params, operator_option()]
    changing.callback = _with_checkpoint(command.callback)
    return changing


def _with_checkpoint(callback: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """What a command does, and the checkpoint that is due after it, where one is signed here."""
    if callback is None:
        return None

    @functools.wraps(callback)
    def act(*arguments: Any, **options: Any) -> Any:
        done = callback(*arguments, **options)
        if (app := click.get_current_context().find_object(App)) and app.signs_checkpoints:
            from bss_mfg.cli.checkpoint import sign_due

            sign_due(app)
        return done

    return act


def _remember(ctx: click.Context, _: click.Parameter, value: str | None) -> Any:
    if value is None:
        return
    if not is_plain_name(value):
        raise click.BadParameter(f"{value[:80]!a} can't be used: {NAME_RULE}.")
    ctx.ensure_object(App).operator = value.strip()
