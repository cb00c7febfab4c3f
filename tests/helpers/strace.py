"""Commands run in a forked child under strace: killed at a system call, or a call made to fail.

The parent has everything imported and warm (`warm_up`), so a point costs a fork and not an interpreter. Counting starts
when strace has attached: the child stops itself first.
"""

from __future__ import annotations

import collections
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.commands import run_cli

CHANGING = ("openat", "write", "pwrite64", "ftruncate", "link", "rename", "unlink", "mkdir")
"""The calls that change files. What a killed process leaves is decided by which of these it had made, so a kill at any
other call leaves what a kill at the next of these leaves (files are lost by power cuts, not by kills: powercut.py)."""
SYNCING = ("fsync", "fdatasync")


@dataclass(frozen=True)
class Ran:
    """What became of a command: its exit code, or the negative signal number; and what it said."""

    code: int
    out: str
    err: str

    @property
    def acknowledged(self) -> bool:
        """Whether the operator was told that it is done."""
        return "OK:" in self.err


def warm_up(root: Path, arguments: Sequence[object], stdin: str = "") -> None:
    """Run a command undisturbed and in this process, so that no fork imports what it needs."""
    done = run_cli("--workspace", root, *arguments, stdin=stdin)
    assert done.code == 0, done.err


def run(root: Path, arguments: Sequence[object], *, stdin: str = "", strace: Sequence[str] = ()) -> Ran:
    """Run `bss-mfg --workspace ROOT ARGUMENTS` in a forked child, under strace if options are given."""
    files = [root.with_name(f"{root.name}.{name}") for name in ("in", "out", "err")]
    files[0].write_text(stdin)
    code = attach(fork(lambda: _command(root, arguments), files), strace)
    return Ran(code, files[1].read_text(), files[2].read_text())


def fork(act: Callable[[], int | None], files: Sequence[Path] = ()) -> int:
    """A child that stops itself, and does something when it is told to go on; `files` are its standard streams."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        return child
    code = 99
    try:
        if files:
            os.dup2(os.open(files[0], os.O_RDONLY), 0)
            for number in (1, 2):
                os.dup2(os.open(files[number], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            sys.stdin = os.fdopen(0, "r", closefd=False)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        os.kill(os.getpid(), signal.SIGSTOP)
        code = act() or 0
        with contextlib.suppress(OSError):
            sys.stdout.flush()
    finally:
        os._exit(code)


def _command(root: Path, arguments: Sequence[object]) -> int:
    from bss_mfg.cli.main import main

    try:
        main(["--workspace", str(root), *map(str, arguments)])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def attach(child: int, strace: Sequence[str]) -> int:
    """Let a stopped child go on, traced if options are given: its exit code, or the negative signal number."""
    tracer = None
    if strace:
        tracer = subprocess.Popen(
            ["strace", "-f", *strace, "-p", str(child)], stderr=subprocess.PIPE, text=True, errors="replace"
        )
        assert tracer.stderr is not None
        for line in tracer.stderr:
            if "attached" in line:
                break
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    if tracer:
        tracer.communicate()
    return os.waitstatus_to_exitcode(status)


def calls(
    root: Path, arguments: Sequence[object], stdin: str = "", spared: Path | None = None
) -> list[tuple[str, int]]:
    """The calls of an undisturbed run that change or sync something, as (call, how often it was called until then);
    those in a folder of others' are `spared`. A command that is not warm is refused: each of its points would import
    anew."""
    log, wanted = root.with_name(f"{root.name}.strace"), (*CHANGING, *SYNCING)
    done = run(root, arguments, stdin=stdin, strace=["-y", "-o", str(log), "-e", f"trace={','.join(wanted)}"])
    assert done.code == 0, done
    imported = re.findall(r'([^/"]+)\.pyc"', log.read_text(errors="replace"))
    assert not imported, f"warm_up does not run what this needs: {imported}"
    found, counts = [], collections.Counter[str]()
    for line in log.read_text(errors="replace").splitlines():
        if called := re.match(r"\d+ +(\w+)\((.*)", line):
            counts[called[1]] += 1
            if spared and str(spared) in called[2]:
                continue
            if called[1] != "openat" or "O_CREAT" in called[2] or "O_TRUNC" in called[2]:
                found.append((called[1], counts[called[1]]))
    return found


def count(root: Path, arguments: Sequence[object], call: str) -> int:
    """How often an undisturbed run makes a call."""
    log = root.with_name(f"{root.name}.strace")
    done = run(root, arguments, strace=["-o", str(log), "-e", f"trace={call}"])
    assert done.code == 0, done
    return sum(f" {call}(" in line for line in log.read_text(errors="replace").splitlines())


def fault(call: str, number: int, what: str) -> list[str]:
    """strace's options for one fault at the given occurrence of a call: `signal=KILL`, `error=ENOSPC` ..."""
    return ["-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}"]
