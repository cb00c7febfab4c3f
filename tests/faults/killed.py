"""A command that kills itself at a chosen moment of its work: before the n-th thing that it does to files or asks of
its ledger. Moments are counted, not timed, so they fall into the work however slow or busy the machine is."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.faults.pairs import Act, Ended, finish, start
from tests.helpers.factory import Factory
from tests.helpers.statements_run import before_statements

_CHANGES = {"open", "os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate", "os.chmod", "os.utime"}
"""Audit events of Python that are about one file."""


def killed(factory: Factory, one: Act, moment: int, folders: Sequence[Path] = ()) -> tuple[Ended, int]:
    """Type a command that ends by SIGKILL before its step `moment` (from 1; 0: never). A step is what it does to a file
    of the workspace or of other `folders`, or a statement. How it ended, and how many steps it took."""
    taken, to_count = os.pipe()
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(to_count, b".")

    log = factory.root.with_name("killed")
    child = start(factory, one, 0, log, lambda: _before_steps((factory.root, *folders), step))
    os.close(to_count)
    with os.fdopen(taken, "rb") as counted:
        count = len(counted.read())
    return finish(child, log), count


def spread(steps: int, kills: int) -> Iterator[int]:
    """So many moments, over all steps of a command."""
    return (1 + number * (steps - 1) // max(kills - 1, 1) for number in range(kills))


def _before_steps(folders: Sequence[Path], step: Callable[[], None]) -> None:
    """From now on, in this process, call `step` before each. There is no way back: the process is a child."""
    inside = tuple(map(str, folders))
    before_statements(lambda _: step())

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event in _CHANGES and str(arguments[0]).startswith(inside):
            step()

    sys.addaudithook(heard)
