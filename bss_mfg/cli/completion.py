"""The Tab key: `completion` prints what a shell needs for it, and `answer` is what that asks while somebody types.

Names and options are click's to find; here is how the shells get them. Nothing that goes wrong may reach the line that
is being typed.
"""

from __future__ import annotations

import contextlib
import io
import os

import click
from click import shell_completion as shells
from click.shell_completion import CompletionItem

from bss_mfg.cli.common import ASKED_BY_SHELL

PROGRAM = "bss-mfg"
_BASH = r"""%(complete_func)s() {
    local IFS=$'\n' line value
    COMPREPLY=()
    while read -r line; do
        value=${line#*,}
        case ${line%%%%,*} in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("$value")
                # Quoted as names of files are, where that is needed.
                [[ $value == *[!A-Za-z0-9_.,:=@%%+/-]* ]] && compopt -o filenames ;;
        esac
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete \
        command "${1/#\~/$HOME}" 2>/dev/null)
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Bash(shells.BashComplete):
    """bash, where `=` and `:` are words of their own."""

    source_template = _BASH

    def source(self) -> str:
        """The script; which bash will read it is not known here."""
        return self.source_template % self.source_vars()

    def get_completion_args(self) -> tuple[list[str], str]:
        """What stands before, and what is being typed: of the three words of `--printer=zpl` the first and the last."""
        words = [_unquoted(word) for word in os.environ["COMP_WORDS"].split("\n")]
        at = int(os.environ["COMP_CWORD"])
        joints = [place for place, word in enumerate(words) if word == "=" and words[place - 1].startswith("--")]
        before = [word for place, word in enumerate(words[:at]) if place and place not in joints]
        return before, words[at] if at < len(words) and at not in joints else ""


def _unquoted(word: str) -> str:
    return (shells.split_arg_string(word) or [""])[0]


class _Zsh(shells.ZshComplete):
    """zsh, where `--printer=zpl` is one word and replaced as one."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """As click finds them, with the option before them that is part of the word."""
        return _with_option(super().get_completions(args, incomplete), incomplete)


class _Fish(shells.FishComplete):
    """fish, as zsh."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """As click finds them, with the option before them that is part of the word."""
        return _with_option(super().get_completions(args, incomplete), incomplete)


def _with_option(found: list[CompletionItem], typed: str) -> list[CompletionItem]:
    option, equals, _ = typed.partition("=")
    if not equals or not option.startswith("--"):
        return found
    return [CompletionItem(f"{option}={item.value}", item.type, item.help) for item in found]


_SHELLS: dict[str, type[shells.ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
_POWERSHELL = "powershell"
"""As click does it, from its version 8.5 on."""


def _shell(name: str) -> type[shells.ShellComplete] | None:
    return _SHELLS.get(name) or shells.get_completion_class(name)


def answer(cli: click.Command, asked: str) -> int:
    """Tell a shell what can be typed next, or nothing: somebody is typing, and wants no message in the line."""
    name, _, _ = asked.partition("_")
    aside = io.StringIO()  # what an option says that is typed already, as `--fault list`
    with contextlib.suppress(Exception), contextlib.redirect_stderr(aside):
        if shell := _shell(name):
            with contextlib.redirect_stdout(aside):
                found = shell(cli, {}, PROGRAM, "").complete()
            click.echo(found.encode(), nl=bool(found))
    return 0


@click.command(epilog="Example: bss-mfg completion bash")
@click.argument("shell", type=click.Choice([*_SHELLS, _POWERSHELL]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script for the Tab key of bash, zsh, fish or PowerShell.

    It completes commands, options, files, and names: products, batches, serials, templates, printers, specs, presses,
    cartons, pallets. For the file that your shell starts with: in ~/.bashrc
    `eval "$(bss-mfg completion bash)"`, in ~/.zshrc (after compinit) `eval "$(bss-mfg completion zsh)"`, in
    ~/.config/fish/config.fish `bss-mfg completion fish | source`, in PowerShell's $PROFILE
    `bss-mfg completion powershell | Out-String | Invoke-Expression`.
    """
    from bss_mfg.errors import MissingError
    from bss_mfg.installation import how_to_repair

    found = _shell(shell)
    if found is None:
        raise MissingError("the installed click knows no PowerShell", way_out=how_to_repair("click>=8.5"))
    click.echo(found(ctx.find_root().command, {}, PROGRAM, ASKED_BY_SHELL).source())
