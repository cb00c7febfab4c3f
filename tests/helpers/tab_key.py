"""The Tab key in tests: what a shell would offer, and real shells at a terminal."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers import ROOT
from tests.helpers.commands import Outcome, run_cli
from tests.helpers.terminal import Terminal

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
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    with Terminal(SHELLS[shell], folder, {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}) as terminal:
        terminal.type(f'{BEFORE[shell]}eval "$(bss-mfg completion {shell})"; echo rea""dy\n')
        terminal.until("ready")
        for line in lines:
            terminal.type(f"{line}\n")
            terminal.until(r"called \d")
    return [line.split("\037")[:-1] for line in log.read_text().splitlines()]
