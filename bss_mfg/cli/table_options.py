"""The options of commands that read a table which others made: which sheet, and what to pass over."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from bss_mfg.cli.common import Command, say, shown_path

if TYPE_CHECKING:
    from bss_mfg.core.read_tables import PassedOver


def table_options(function: Command) -> Command:
    """`--sheet` and `--ignore`; the command gets them as `table`."""

    @click.option(
        "--sheet",
        metavar="NAME",
        help="The sheet of an XLSX file to read, with all that is hidden in it "
        "(default: the only one that holds anything, if nothing in the file is hidden).",
    )
    @click.option(
        "--ignore", multiple=True, metavar="NAME", help="A further column that the file may have; repeat for more."
    )
    @functools.wraps(function)
    def command(*arguments: Any, sheet: str | None, ignore: tuple[str, ...], **options: Any) -> Any:
        from bss_mfg.core.read_tables import TableOptions

        return function(*arguments, table=TableOptions(sheet, ignore), **options)

    return cast(Command, command)


def say_passed_over(file: Path, passed_over: PassedOver) -> None:
    """What was blank in a table, where anything was."""
    if words := str(passed_over):
        say(f"Note: {shown_path(file)}: {words} passed over")
