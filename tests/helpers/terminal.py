"""A program at a terminal, as somebody types at it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers.pace import PATIENCE


class Terminal:
    """A terminal of 80 x 24 with a program in it, to be left with `with`."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.shown = ""
        self._read = 0
        self.process, self._ours = pty.fork()
        if not self.process:
            os.chdir(folder)
            os.execvpe(command[0], list(command), {**environment, "TERM": "dumb"})  # noqa: S606 (the program of the test)
        if sys.platform != "win32":
            import fcntl
            import termios

            fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self._ours)

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._ours, text.encode())

    def until(self, pattern: str) -> str:
        """What it shows from where this ended last, until something is in it."""
        ends = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.shown[self._read :])):
            ready, _, _ = select.select([self._ours], [], [], max(ends - time.monotonic(), 0))
            assert ready, self.shown
            more = self._more()
            assert more, self.shown
            self.shown += more
        begun, self._read = self._read, self._read + found.end()
        return self.shown[begun : self._read]

    def interrupt(self) -> int:
        """Ctrl-C, until it has ended; its exit code. As a person does: one that comes between the question and Python's
        wait for the answer is heard with the next key."""
        for _ in range(int(PATIENCE / 5)):
            self.type("\x03")
            while select.select([self._ours], [], [], 5)[0]:
                if not (more := self._more()):
                    return self.ended()
                self.shown += more
        raise AssertionError(self.shown)

    def ended(self) -> int:
        """The exit code, once it has ended."""
        while more := self._more():
            self.shown += more
        _, status = os.waitpid(self.process, 0)
        self.process = 0
        return os.waitstatus_to_exitcode(status)

    def _more(self) -> str:
        try:
            return os.read(self._ours, 4096).decode(errors="replace")
        except OSError:  # Linux' way to say that the other end is closed
            return ""
