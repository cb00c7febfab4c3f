"""A pipe that is closed early, as `head` does: no fault, and no way around a check's exit code."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.commands import command_line, real_environment
from tests.helpers.factory import Factory

COMMANDS = [
    ["--help"],
    ["batch", "list"],
    ["batch", "list", "--json"],
    ["batch", "show", "A", "--history"],
    ["history", "A"],
    ["history", "A", "--json"],
    ["table", "A", "--format", "csv", "--out", "-"],
    ["product", "list"],
    ["media", "list"],
    ["schema", "template"],
    ["spec", "show", "amazon-bss-ob04"],
    ["manifest", "status", "A"],
    ["doctor"],
    ["completion", "bash"],
    ["verify", "A", "{root}/batches/A/labels", "--json"],
]


def run_unread(arguments: list[str], factory: Factory, *, errors_too: bool = False) -> tuple[int, str]:
    """Exit code and standard error of a command whose standard output nobody reads."""
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        done = subprocess.run(
            command_line(*arguments), cwd=factory.root, env=real_environment(), stdout=theirs,
            stderr=theirs if errors_too else subprocess.PIPE, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(theirs)
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_nobody_reads_is_no_fault(printed: Factory, command: list[str]) -> None:
    given = [word.replace("{root}", str(printed.root)) for word in command]
    code, told = run_unread(given, printed)
    assert code == 0, told
    assert "Traceback" not in told and "Exception ignored" not in told and "pipe" not in told.lower()


def test_messages_that_nobody_reads_are_no_fault_either(printed: Factory) -> None:
    assert run_unread(["batch", "list"], printed, errors_too=True)[0] == 0
    assert run_unread(["history", "A"], printed, errors_too=True)[0] == 0


def test_a_check_that_fails_says_so_without_a_reader_too(printed: Factory) -> None:
    """`bss-mfg verify ... | head` in a script with pipefail: 0 would mean that all labels are right."""
    factory = printed
    (index,) = (factory.root / "batches" / "B" / "labels").glob("*.pdf")
    assert run_unread(["verify", "A", str(index)], factory)[0] == 1
    assert run_unread(["inspect", "ABV:OB04;PID:ebK3;"], factory)[0] == 1
    assert run_unread(["history", "nobody"], factory)[0] == 3


def test_a_command_that_works_and_prints_does_all_its_work(printed: Factory, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    code, told = run_unread(["labels", "B", "--again", "--out", str(out)], printed)
    assert code == 0, told
    assert len(list(out.glob("*.pdf"))) == 1 and len(list(out.glob("*.csv"))) == 1
