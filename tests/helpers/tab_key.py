"""The Tab key in tests: what a shell would offer, and real shells at a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers import ROOT
from tests.helpers.commands import Outcome, run_cli
from tests.helpers.pace import PATIENCE

SHELLS: Mapping[str, Sequence[str]] = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
}
BEFORE = {"bash": "", "zsh": "autoload -U compinit && compinit -D -u\n"}


def asked(*words: object, cwd: Path | None = None, **more: str) -> Outcome:
    """What bash is answered for the last of these words behind `bss-mfg`, which are quoted as one types them; `more` of
    the environment."""
    line = ["bss-mfg", *(str(word) if word in ("", "=") else shlex.quote(str(word)) for word in words)]
    question = {"COMP_WORDS": "\n".join(line), "COMP_CWORD": str(len(line) - 1)}
    return run_cli(cwd=cwd, env={"_BSS_MFG_COMPLETE": "bash_complete", **question, **more})


def offered(*words: object, cwd: Path | None = None) -> list[str]:
    """What the Tab key offers for the last of these words; nothing is said besides."""
    done = asked(*words, cwd=cwd)
    assert done.code == 0 and not done.err, done.err
    return [line.partition(",")[2] for line in done.out.splitlines()]


def type_in_shell(shell: str, folder: Path, bin_folder: Path, lines: Sequence[str]) -> list[list[str]]:
    """Type lines, with Tab keys in them, into a shell at a terminal; the words that `bss-mfg` then got of each."""
    log = bin_folder / "called"
    program = bin_folder / "bss-mfg"
    program.write_text(
        f"#!/bin/sh\n"
        f'if [ -n "$_BSS_MFG_COMPLETE" ] || [ "$1" = completion ]; then exec "{sys.executable}" -m bss_mfg "$@"; fi\n'
        f"for word; do printf '%s\\037' \"$word\"; done >> '{log}'; echo >> '{log}'; echo \"called $#\"\n"
    )
    program.chmod(0o755)
    process, terminal = pty.fork()
    if not process:
        os.chdir(folder)
        path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
        os.execvpe(SHELLS[shell][0], SHELLS[shell], environment)  # noqa: S606 (it is a shell)
    try:
        os.write(terminal, f'{BEFORE[shell]}eval "$(bss-mfg completion {shell})"; echo rea""dy\n'.encode())
        _read_until(terminal, "ready")
        for line in lines:
            os.write(terminal, f"{line}\n".encode())
            _read_until(terminal, r"called \d")
    finally:
        os.close(terminal)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    return [line.split("\037")[:-1] for line in log.read_text().splitlines()]


def _read_until(terminal: int, pattern: str) -> str:
    """What a terminal shows, until something is in it."""
    shown, ends = "", time.monotonic() + PATIENCE
    while not re.search(pattern, shown):
        ready, _, _ = select.select([terminal], [], [], max(ends - time.monotonic(), 0))
        assert ready, shown
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown
