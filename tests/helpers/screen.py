"""What stands on a terminal's screen when a command has ended: the real command in a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyte
from pyte.screens import Char

from tests.helpers.commands import real_environment
from tests.helpers.pace import PATIENCE

ROWS = 100


@dataclass(frozen=True)
class Shown:
    """What was sent to the terminal, what stands on its screen, and how the command ended."""

    sent: str
    screen: pyte.Screen
    code: int

    @property
    def lines(self) -> list[str]:
        """The lines of the screen, without the empty ones below."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    def cells(self, word: str) -> list[Char]:
        """The characters of a word, where it first stands."""
        row = next(number for number, line in enumerate(self.screen.display) if word in line)
        begin = self.screen.display[row].index(word)
        return [self.screen.buffer[row][column] for column in range(begin, begin + len(word))]

    @property
    def moved(self) -> bool:
        """Whether the cursor was moved other than by writing on."""
        return "\x1b" in self.sent or "\r" in self.sent.replace("\r\n", "")


Meanwhile = Callable[[subprocess.Popen[bytes], bytes], None]


def on_screen(
    command: Sequence[object], columns: int = 80, *, meanwhile: Meanwhile | None = None, **environment: str
) -> Shown:
    """A command at a terminal of so many columns; `meanwhile` is told what it has shown so far."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    usual = {name: value for name, value in real_environment().items() if name not in ("NO_COLOR", "COLUMNS")}
    running = subprocess.Popen(
        [str(word) for word in command],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**usual, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(theirs)
    sent = b""
    while True:
        if not select.select([ours], [], [], PATIENCE)[0]:
            running.kill()
            raise TimeoutError(f"nothing more came after: {sent[-500:]!r}")
        try:
            more = os.read(ours, 65536)
        except OSError:  # Linux: all of the other side is closed
            break
        if not more:
            break
        sent += more
        if meanwhile:
            meanwhile(running, sent)
    os.close(ours)
    code = running.wait(timeout=PATIENCE)
    screen = pyte.Screen(columns, ROWS)
    text = sent.decode("utf-8")
    pyte.Stream(screen).feed(text)
    return Shown(text, screen, code)


def screen_of(text: str, columns: int = 80) -> list[str]:
    """The lines that stand on a screen which was sent a text."""
    screen = pyte.Screen(columns, ROWS)
    pyte.Stream(screen).feed(text.replace("\r\n", "\n").replace("\n", "\r\n"))
    return "\n".join(line.rstrip() for line in screen.display).rstrip().split("\n")
