"""The program at a terminal, for pictures and casts: the real command in a real pseudo-terminal, the same twice.

What would differ from run to run is fixed here, and only that: random numbers come from a seed, the clock stands still
for the length of a command, and `MACHINE_BOUND` writes one value for what the machine decides (seconds, speeds, ports).
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import sys
import termios
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pyte
from pictures_made import BEGIN, repeatable
from pyte.screens import Char

from bss_mfg.cli import start
from bss_mfg.cli.broken_lines import hanging

PATIENCE_S = 120
PROMPT, HOME = "$ ", "/srv"
DEMO_COLUMNS = 104
MACHINE_BOUND = (
    (re.compile(r"(?m)(?<=/)(\d[\d,]*)(?:\x1b\[[\d;]*m)* +[\d,]+/(?:s|min) *(?=\r?$)"), r"\1"),  # behind a bar
    (re.compile(r" +[\d,]+\.\d s(?!\S)"), lambda found: "0.1 s".rjust(len(found[0]))),  # of `run`
    (re.compile(r" +[\d,.]+/s\b"), lambda found: " " * len(found[0])),
    (re.compile(r"\b(product key|issue|labels|verify|manifest|program|reconcile|devices) \d+\.\d\d\b"), r"\1 0.10"),
    (
        re.compile(r"(?m)^(seconds: +)([^\r\n]+(?:\r\n {10,}[^\r\n]+)*)"),  # of `demo`, broken by longer numbers
        lambda found: hanging(found[1], " ".join(found[2].split()), DEMO_COLUMNS).replace("\n", "\r\n"),
    ),
    (re.compile(r"(?<=CONTROL_LOG_)\d{14}"), f"{BEGIN:%Y%m%d%H%M%S}"),
    (re.compile(r"(?<=tcp-client:127\.0\.0\.1:)\d+"), "9127"),
    (re.compile(r"(?<=tcp://)127\.0\.0\.1:\d+"), "10.0.0.7:9100"),
    (re.compile(r"\b\d+/min\b"), "12/min"),
    (re.compile(r"(?m)(?<=/)(\d+)  \S+: (?:reading|grading|comparing|strong)[^\r\n]*"), r"\1"),
    (re.compile(r"(?m)^waiting for the printer[^\n]*\n"), ""),
)
"""What the machine decides, and what is shown for it. The first command of a folder is typed a minute after `BEGIN`,
each one more a minute later."""


_REDRAWN = re.compile(r"[^\r\n]*\r(?![\r\n])(?:\x1b\[2K)?|[ \r]+(?=\r\n)")


def masked(text: str) -> str:
    """The text with one value for what the machine decides. Of a line that was drawn several times the last state
    alone: a slow machine draws it more often, and with what takes so long."""
    text = _REDRAWN.sub("", text)
    for pattern, shown in MACHINE_BOUND:
        text = pattern.sub(shown, text)
    return text


@dataclass(frozen=True)
class Output:
    """What the terminal was sent at once; `typed`: by whoever sits at it."""

    text: str
    typed: bool = False


@dataclass
class Terminal:
    """A terminal in a folder, with what was typed into it and what the program answered. The folder where it begins is
    shown as `HOME`."""

    folder: Path
    columns: int = 96
    rows: int = 40
    outputs: list[Output] = field(default_factory=list)
    _typed: int = 0

    def __post_init__(self) -> None:
        self._home = str(self.folder)
        self._screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.Stream(self._screen)

    def quiet(self, *lines: str) -> None:
        """Commands that are not shown and must end well."""
        for line in lines:
            with self._started(line) as program:
                program.until_ended(code=0)

    def type(self, line: str, code: int = 0) -> None:
        """A command that is shown with all that it prints; `code` is how it has to end."""
        self._show(Output(PROMPT))
        self._show(Output(masked(f"\x1b[1m{line}\x1b[0m\r\n"), typed=True))
        if line.startswith("cd "):
            self.folder /= line.removeprefix("cd ")
            return
        with self._started(line) as program:
            text = program.until_ended(code)
        self._show(Output(masked(text.replace(self._home, HOME))))

    @contextmanager
    def open(self, line: str, *, shown: bool = True, moment: datetime | None = None) -> Iterator[Program]:
        """A command that runs on meanwhile; what it shows until then is on the screen at the end."""
        if shown:
            self._show(Output(f"{PROMPT}\x1b[1m{line}\x1b[0m\r\n", typed=True))
        with self._started(line, moment) as program:
            yield program
            if shown:
                self._show(Output(masked(program.shown)))

    def lines(self) -> list[list[Char]]:
        """The screen's characters without the empty lines below them. `ValueError` if something was scrolled away."""
        if self._scrolled():
            raise ValueError(f"more than {self.rows} lines:\n" + "\n".join(self._screen.display))
        cells = [[line[column] for column in range(self.columns)] for line in self._buffer()]
        while cells and not any(char.data.strip() or char.bg != "default" for char in cells[-1]):
            cells.pop()
        return cells

    def _buffer(self) -> list[Mapping[int, Char]]:
        return [self._screen.buffer[row] for row in range(self.rows)]

    def _scrolled(self) -> bool:
        first = "".join(output.text for output in self.outputs[:2])
        whole_screen = any("\x1b[2J" in output.text or "\x1b[H" in output.text for output in self.outputs)
        shown = re.sub(r"\x1b\[[\d;]*m", "", first).split("\r\n")[0]
        return not whole_screen and self._screen.display[0].rstrip() != shown[: self.columns].rstrip()

    def _show(self, output: Output) -> None:
        self.outputs.append(output)
        self._stream.feed(output.text)

    @contextmanager
    def _started(self, line: str, moment: datetime | None = None) -> Iterator[Program]:
        self._typed += 1
        moment = moment or BEGIN + timedelta(minutes=self._typed)
        program = Program(shlex.split(line)[1:], self.folder, (self.columns, self.rows), moment, f"{self._typed}")
        try:
            yield program
        finally:
            program.close()


class Program:
    """bss-mfg in a terminal of its own, in a forked process: it costs its work and no start."""

    def __init__(
        self, words: list[str], folder: Path, size: tuple[int, int], moment: datetime, seed: str
    ) -> None:  # fmt: skip
        self.shown, self._read, self.words = "", 0, words
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._process = os.fork()
        if not self._process:
            os.close(self._ours)
            os.login_tty(theirs)
            _be_the_program(words, folder, moment, seed)
        os.close(theirs)

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._ours, text.encode())

    def until(self, pattern: str) -> str:
        """Wait until something new is shown; what was shown up to it."""
        ends = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.shown[self._read :])):
            if not self._more(ends):
                raise ValueError(f"bss-mfg {shlex.join(self.words)} did not show {pattern}:\n{self.shown}")
        begun, self._read = self._read, self._read + found.end()
        return self.shown[begun : self._read]

    def until_ended(self, code: int) -> str:
        """All that it shows."""
        ends = time.monotonic() + PATIENCE_S
        while self._more(ends):
            pass
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        if (ended := os.waitstatus_to_exitcode(status)) != code:
            raise ValueError(f"bss-mfg {shlex.join(self.words)} ended with {ended}:\n{self.shown}")
        return self.shown

    def close(self) -> None:
        """End it, if it runs yet."""
        if self._process:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0
        os.close(self._ours)

    def _more(self, ends: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(ends - time.monotonic(), 0))
        if not ready:
            return False
        try:
            more = os.read(self._ours, 65536)
        except OSError:  # Linux' way to say that the other end is closed
            return False
        self.shown += more.decode(errors="replace")
        return bool(more)


def _be_the_program(words: list[str], folder: Path, moment: datetime, seed: str) -> NoReturn:
    """The forked process: bss-mfg from its beginning to its end."""
    try:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        os.chdir(folder)
        for name in [name for name in os.environ if name.startswith(("BSS_MFG_", "LC_"))]:
            del os.environ[name]
        os.environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "BSS_MFG_OPERATOR": "Ann"}
        sys.argv = ["bss-mfg", *words]
        with repeatable(f"{seed} {shlex.join(words)}", moment):
            start()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 (the forked process must not go on as its parent)
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
