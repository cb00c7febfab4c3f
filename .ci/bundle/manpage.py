"""The manual page bss-mfg(1), from the program's own help."""

from __future__ import annotations

import re
import time

import click

from bss_mfg.cli.main import cli

_EXIT_CODES = (
    (0, "Everything asked for was done."), (1, "The check ran and found something wrong."), (2, "Usage."),
    (3, "Bad input or configuration."), (4, "Refused: it would overwrite, or issue again."),
    (5, "The ledger is busy, or contradicts."), (6, "Something is missing on this machine."),
    (70, "A defect of bss-mfg."), (130, "Interrupted; the same command continues."),
)  # fmt: skip


def man_page(version: str, seconds: int) -> str:
    """As roff, for man(1)."""
    context = click.Context(cli, info_name="bss-mfg")
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    about, _, more = (cli.help or "").partition("\n")
    lines = [
        f'.TH BSS\\-MFG 1 "{day}" "bss-mfg {version}" "User Commands"',
        ".SH NAME", f"bss\\-mfg \\- {_plain(about[0].lower() + about[1:]).rstrip('.')}",
        ".SH SYNOPSIS", r".B bss\-mfg", r"[\fIOPTION\fR]... \fICOMMAND\fR [\fIARGUMENT\fR]...",
        ".SH DESCRIPTION", *_paragraphs(f"{about}\n{more}"),
        r"\fBbss\-mfg\fR \fICOMMAND\fR \fB\-\-help\fR describes a command.",
        ".SH OPTIONS",
    ]  # fmt: skip
    records = (parameter.get_help_record(context) for parameter in cli.get_params(context))
    lines += [line for record in records if record for line in _entry(*record)]
    lines.append(".SH COMMANDS")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None and not command.hidden:
            lines += _entry(name, command.get_short_help_str(200))
    lines.append(".SH EXIT STATUS")
    lines += [line for code, text in _EXIT_CODES for line in _entry(str(code), text)]
    lines += [".SH SEE ALSO", "/usr/share/doc/bss\\-mfg/html/index.html"]
    return "\n".join(lines) + "\n"


def _entry(name: str, text: str) -> list[str]:
    return [".TP", rf"\fB{_plain(name)}\fR", _plain(text)]


def _paragraphs(text: str) -> list[str]:
    lines = []
    for paragraph in re.split(r"\n\s*\n", text.replace("\b", "").strip()):
        lines += [_plain(paragraph), ".PP"]
    return lines


def _plain(text: str) -> str:
    """Text in which roff sees no request; hyphens are those of a keyboard, for who copies a command."""
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
