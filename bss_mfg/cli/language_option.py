"""`--language`: before the command, and on the commands whose screens and pages operators see. `--label-language`: that
of the product's own fields on labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from bss_mfg.cli.common import App, Command

_HELP = "What operators see: en, de, es, vi, zh_CN (default: settings, BSS_MFG_LANGUAGE, the system)."


def global_language_option() -> click.Option:
    """The option before the command."""
    return click.Option(
        ["--language"], metavar="LANGUAGE", expose_value=False, callback=_remember, shell_complete=_codes, help=_HELP
    )


def language_option(function: Command) -> Command:
    """The option on a command, where it counts for more than before it."""
    return click.option(
        "--language", metavar="LANGUAGE", expose_value=False, callback=_remember, shell_complete=_codes, help=_HELP
    )(function)


def label_language_option(help_text: str) -> Callable[[Command], Command]:
    """The option of commands that draw labels. `--language`, which was its name, says what to type instead."""

    def add(function: Command) -> Command:
        old = click.option("--language", hidden=True, expose_value=False, callback=_refuse_old_name, help=help_text)
        return click.option("--label-language", metavar="LANGUAGE", help=help_text)(old(function))

    return add


def _refuse_old_name(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        from bss_mfg.core.text import printable

        raise click.UsageError(
            f"The language of the product's own fields is --label-language {printable(value, 40)}. --language is what "
            "operators see, and stands before the command."
        )


def _codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from bss_mfg.core.languages import CODES

    return [code for code in CODES if code.startswith(incomplete)]


def _remember(ctx: click.Context, _: click.Parameter, value: str | None) -> Any:
    if value is None:
        return
    from bss_mfg.core.languages import CODES, known_code

    if not known_code(value):
        raise click.BadParameter(f"{value[:40]!a} isn't one of {', '.join(CODES)}.")
    ctx.ensure_object(App).language_option = known_code(value)
