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
    """A terminal of 80 x 24 with a program in it, to be left with `with`. A dumb one shows no colours."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], kind: str = "dumb"
    ) -> None:
        self.shown = ""
        self._read = 0
        self.process, self._ours = pty.fork()
        if not self.process:
            os.chdir(folder)
            os.execvpe(command[0], list(command), {**environment, "TERM": kind})  # noqa: S606 (the program of the test)
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
            assert self._has_more(ends), self.shown
            more = self._more()
            assert more, self.shown
            self.shown += more
        begun, self._read = self._read, self._read + found.end()
        return self.shown[begun : self._read]

    def ended(self) -> int:
        """The exit code, once it has ended."""
        assert self._ends_before(time.monotonic() + PATIENCE), self.shown
        return self._exit_code()

    def interrupted(self) -> int:
        """The exit code after Ctrl-C. Typed again after a second: one that comes when Python has written its question
        and doesn't read yet, is heard with the next key."""
        for _ in range(int(PATIENCE)):
            self.type("\x03")
            if self._ends_before(time.monotonic() + 1):
                return self._exit_code()
        raise AssertionError(self.shown)

    def _exit_code(self) -> int:
        _, status = os.waitpid(self.process, 0)
        self.process = 0
        return os.waitstatus_to_exitcode(status)

    def _ends_before(self, ends: float) -> bool:
        """Whether it closes the terminal; what it shows until then is read."""
        while self._has_more(ends):
            more = self._more()
            if not more:
                return True
            self.shown += more
        return False

    def _has_more(self, ends: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(ends - time.monotonic(), 0))
        return bool(ready)

    def _more(self) -> str:
        try:
            return os.read(self._ours, 4096).decode(errors="replace")
        except OSError:  # Linux' way to say that the other end is closed
            return ""
