"""A console of rich on one of our streams. Loaded when something is drawn: rich takes longer to load than many commands
to run."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console, ConsoleDimensions

from bss_mfg.cli.terminal import Terminal, width_of

_MOST_LINES = 1000


class TerminalConsole(Console):
    """Takes text as it is: what others wrote is no markup and no emoji. It is as broad as its stream's terminal is now,
    whatever COLUMNS says."""

    def __init__(self, stream: TextIO, terminal: Terminal) -> None:
        self._stream = stream
        super().__init__(
            file=stream,
            force_terminal=True,
            color_system="auto" if terminal.colours else None,
            no_color=not terminal.colours,
            markup=False,
            emoji=False,
            highlight=False,
        )

    @property
    def size(self) -> ConsoleDimensions:
        """A terminal breaks no table for its height."""
        return ConsoleDimensions(width_of(self._stream) - self.legacy_windows, _MOST_LINES)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        """Only the terminal says how broad it is."""

    def show_cursor(self, show: bool = True) -> bool:
        """Never hidden: a command that is killed would leave the terminal without one."""
        return False
