"""One command run whole at a chosen moment of another: between two questions that the other asks of ledger and folders.

Where `pairs` starts two commands at about the same time, this is exact: the first stops before its n-th question (a
query of files or of the history, a folder listed, a file of the workspace opened), the second is typed and runs to its
end, and the first goes on with what it has heard so far.
"""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Callable
from pathlib import Path

from tests.faults.pairs import Act, Ended, finish, start
from tests.helpers.factory import Factory
from tests.helpers.pace import waits
from tests.helpers.statements_run import before_statements

PATIENCE = 0.2
"""Seconds after which the first goes on though the second has not ended, if that waits: for a lock of the first."""
_ASKING = {"os.listdir", "os.scandir", "open"}
"""Audit events of Python that ask something of a disk."""
_ABOUT_FILES = re.compile(r"FROM (printed|event|control_log)|(INSERT INTO|UPDATE) printed")
"""SQL statements about files that were made."""


def _count_questions(root: Path, ask: Callable[[], None]) -> None:
    """From now on, in this process, call `ask` before each question. There is no way back: the process is a child."""
    inside = str(root)
    before_statements(lambda sql: ask() if _ABOUT_FILES.search(sql) else None)

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        path = str(arguments[0]) if event in _ASKING else ""
        if path.startswith(inside) and Path(path).name.partition(".")[0] not in ("ledger", "vault", "bss-mfg"):
            ask()

    sys.addaudithook(heard)


def interposed(factory: Factory, one: Act, other: Act, moment: int) -> tuple[Ended, Ended, int]:
    """Both commands, the other before the question `moment` (from 1) of the one; how many questions that has asked. If
    it asks fewer, the other comes after it."""
    logs = [factory.root.with_name(name) for name in ("one", "other")]
    go, to_go = os.pipe()
    end, at_end = os.pipe()
    counted, to_count = os.pipe()
    asked = 0

    def wait_to_go() -> None:
        for mine in (to_go, end, counted, to_count):
            os.close(mine)
        os.read(go, 1)

    def ask() -> None:
        nonlocal asked
        asked += 1
        os.write(to_count, b"?")
        if asked == moment:
            os.write(to_go, b"!")
            patience = PATIENCE
            while not select.select([end], [], [], patience)[0] and not waits(second):
                patience = 0.01

    second = start(factory, other, 0, logs[1], wait_to_go)
    os.close(at_end)
    first = start(factory, one, 0, logs[0], lambda: _count_questions(factory.root, ask))
    for mine in (go, to_go, end, to_count):
        os.close(mine)
    with os.fdopen(counted, "rb") as questions:
        count = len(questions.read())
    return finish(first, logs[0]), finish(second, logs[1]), count
