"""Commands: typed in this process, which costs their work and no start, or in a process of their own."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

import pytest

from tests.helpers import ROOT
from tests.helpers.pace import is_soon

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGPIPE", "SIGHUP") if hasattr(signal, name)]


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


def advised(outcome: Outcome, *, whole: bool = False) -> list[list[str]]:
    """The commands that a message advises, without `bss-mfg` and the workspace: arguments for `Factory.cli`; `whole`:
    with the workspace, for `run_cli`."""
    return advised_in(outcome.err, whole=whole)


def advised_in(text: str, *, whole: bool = False) -> list[list[str]]:
    """As `advised`, of any text; `whole`: with the workspace, as it is typed."""
    lines = [shlex.split(line) for line in re.findall(r"`bss-mfg ([^`]+)`", text)]
    return [line if whole or line[0] != "--workspace" else line[2:] for line in lines]


def run_process(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str | bytes = "",
    timeout: float = 300,
) -> Outcome:  # fmt: skip
    """Run the real command, `python -m bss_mfg`, in a process of its own: for what a process has of its own (its
    environment before Python starts, signals, terminals, how it ends) and as the proof that it starts at all."""
    done = subprocess.run(
        command_line(*arguments),
        cwd=cwd, env=real_environment(env), input=_bytes(stdin), capture_output=True, timeout=timeout, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, _text(done.stdout), _text(done.stderr))


def command_line(*arguments: object) -> list[str]:
    """What starts the real command, for `subprocess`."""
    return [sys.executable, "-m", "bss_mfg", *map(str, arguments)]


def real_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process that finds this source tree wherever it runs."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **(more or {})}


def run_cli(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str | bytes = "",
    timeout: float = 300,
) -> Outcome:  # fmt: skip
    """Run a command in this process as if it were one of its own; see `run_process`.

    It goes through `bss_mfg.cli.main.main`, the function that the installed command calls. Its standard streams are
    files behind the descriptors 0, 1 and 2, so what its own processes say is heard too. What it changes of the process
    (folder, environment, umask, garbage collector, signals, warnings, logging) is put back.
    """
    # What decides before Python's first line, or for the whole process, is for run_process.
    assert not {name for name in env or {} if name.startswith(("PYTHON", "LD_"))}, env
    from bss_mfg.cli.main import main

    given = [str(argument) for argument in arguments]
    with _standard_streams(stdin) as (out, err), _as_a_process_of_its_own(given, cwd, env or {}, timeout):
        try:
            main(given)
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        sys.stdout.flush()
        sys.stderr.flush()
        return Outcome(code, *(_text(_content(file)) for file in (out, err)))


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _text(data: bytes) -> str:
    return io.TextIOWrapper(io.BytesIO(data), "utf-8").read()  # with one kind of line end


@contextlib.contextmanager
def _standard_streams(stdin: str | bytes) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Files as standard streams, in Python and below it."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    before, kept = (sys.stdin, sys.stdout, sys.stderr), [os.dup(number) for number in range(3)]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(_bytes(stdin))
        files[0].seek(0)
        try:
            for number, file in enumerate(files):
                os.dup2(file.fileno(), number)
            # What can't be decoded or encoded is met as by a process under the same locale.
            errors = getattr(sys.__stdin__, "errors", "strict")
            sys.stdin = open(0, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
            sys.stdout = open(1, "w", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            yield files[1], files[2]
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
            for number, old in enumerate(kept):
                os.dup2(old, number)
                os.close(old)


@contextlib.contextmanager
def _as_a_process_of_its_own(
    given: list[str], cwd: Path | None, env: Mapping[str, str], timeout: float
) -> Iterator[None]:
    """Everything of this process that a command may change, put back afterwards."""
    folder, variables, words = Path.cwd(), dict(os.environ), sys.argv
    mask, collector, collects = os.umask(0o022), gc.get_threshold(), gc.isenabled()
    loggers = [(logger, logger.level, logger.handlers[:]) for logger in (logging.root, logging.getLogger("bss_mfg"))]
    main_thread = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    os.umask(mask)
    try:
        with warnings.catch_warnings(), _guarded(given, timeout if main_thread else 0):
            _warnings_as_in_a_process()
            os.chdir(cwd or folder)
            os.environ.update(env)
            sys.argv = ["bss-mfg", *given]
            yield
    finally:
        sys.argv = words
        os.chdir(folder)
        os.umask(mask)
        if dict(os.environ) != variables:
            os.environ.clear()
            os.environ.update(variables)
        gc.set_threshold(*collector)
        (gc.enable if collects else gc.disable)()
        for logger, level, its in loggers:
            logger.setLevel(level)
            logger.handlers[:] = its
        for number, handler in handlers.items() if main_thread else ():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


def _warnings_as_in_a_process() -> None:
    """Python's own filters, and warnings on stderr, whatever pytest does with them."""
    warnings.resetwarnings()
    for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", kind)

    def show(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, file: object = None,
        line: str | None = None,
    ) -> None:  # fmt: skip
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))

    warnings.showwarning = show


@contextlib.contextmanager
def _guarded(given: list[str], timeout: float) -> Iterator[None]:
    """A command that hangs fails its test, as one in a process of its own does."""
    if not timeout or not hasattr(signal, "SIGALRM"):
        yield
        return

    def hangs(number: int, frame: FrameType | None) -> None:
        pytest.fail(f"bss-mfg {' '.join(given)} takes longer than {timeout:g} seconds")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def interrupted(running: subprocess.Popen[str]) -> str:
    """What a command says that gets a Ctrl-C now; it ends at once, and with the code for it."""
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert is_soon(time.monotonic() - begun, 3)  # a second on a quiet machine
    assert running.returncode == 130
    return told
