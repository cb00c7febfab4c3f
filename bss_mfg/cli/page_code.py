"""The code by which a phone finds a page."""

from __future__ import annotations

import io
import re

import click

from bss_mfg.cli.terminal import Terminal

_CODE_LINE = re.compile(r"^(?=.*[█▀▄])[█▀▄ ]{21,}$", re.MULTILINE)


def terminal_code(address: str) -> str:
    """A QR Code of an address, for a terminal; `coloured_code` gives it its colours."""
    import segno

    drawn = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(drawn, border=2, compact=True)
    return drawn.getvalue().rstrip("\n")


def coloured_code(text: str, terminal: Terminal | None) -> str:
    """A text that is shown, with the lines of a code light on dark in these very colours, whatever those of the
    terminal are: some phones read no negative. Without colours where the terminal may show none."""
    if terminal is None or not terminal.colours:
        return text
    return _CODE_LINE.sub(lambda line: click.style(line[0], fg="bright_white", bg="black"), text)
