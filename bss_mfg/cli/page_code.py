"""The code by which a phone finds a page."""

from __future__ import annotations

import io

import click


def terminal_code(address: str) -> str:
    """A QR Code of an address, for a terminal."""
    import segno

    drawn = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(drawn, border=2, compact=True)
    # Light on dark in these very colours, whatever those of the terminal are: some phones read no negative.
    return "\n".join(click.style(line, fg="bright_white", bg="black") for line in drawn.getvalue().splitlines())
