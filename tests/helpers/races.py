"""Two commands on one workspace, the second at a chosen moment of the first."""

from __future__ import annotations

import importlib
import os
import select
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers.pace import PATIENCE, waits


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    said: str


@dataclass(frozen=True)
class Command:
    """A command in a workspace. `pause` names a function (`module:name` or `module:Class.name`) before whose first call
    the command waits until the other one has ended, or has run for `patience` seconds and waits itself."""

    arguments: Sequence[object]
    pause: str = ""


def one_inside_the_other(
    root: Path, outer: Command, inner: Command, patience: float = 0.7, between: Callable[[], None] = lambda: None
) -> tuple[Ended, Ended]:
    """Run `inner` while `outer` pauses, after something happened in `between`."""
    assert outer.pause
    paused, go_on = os.pipe(), os.pipe()

    def wait_there() -> None:
        os.write(paused[1], b".")
        os.read(go_on[0], 1)

    first = _start(root, outer, "outer", wait_there)
    os.close(paused[1])
    readable, _, _ = select.select([paused[0]], [], [], PATIENCE)
    assert readable, "the outer command neither paused nor ended"
    reached = os.read(paused[0], 1)
    between()
    second = _start(root, inner, "inner")
    codes: dict[int, int] = {}
    end = time.monotonic() + patience
    while second not in codes and (time.monotonic() < end or not waits(second)):
        _poll(second, codes)
        time.sleep(0.005)
    os.write(go_on[1], b".")
    codes = {**{child: _wait(child) for child in (first, second) if child not in codes}, **codes}
    for handle in (paused[0], *go_on):
        os.close(handle)
    assert reached, f"{outer.pause} was never called: {_said(root, 'outer')}"
    return Ended(codes[first], _said(root, "outer")), Ended(codes[second], _said(root, "inner"))


def side_by_side(root: Path, commands: Sequence[Command], offsets: Sequence[float]) -> list[Ended]:
    """Run commands at once, each begun so many seconds after a common start."""
    start = time.monotonic() + 0.02

    def begin(offset: float) -> Callable[[], None]:
        return lambda: time.sleep(max(start + offset - time.monotonic(), 0))

    children = [
        _start(root, command, str(at), before=begin(offset))
        for at, (command, offset) in enumerate(zip(commands, offsets, strict=True))
    ]
    codes = [_wait(child) for child in children]
    return [Ended(code, _said(root, str(at))) for at, code in enumerate(codes)]


def _said(root: Path, name: str) -> str:
    return root.with_name(f"{root.name}.{name}.said").read_text()


def _start(
    root: Path, command: Command, name: str, wait_there: Callable[[], None] | None = None,
    before: Callable[[], None] = lambda: None,
) -> int:  # fmt: skip
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        said = os.open(root.with_name(f"{root.name}.{name}.said"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        if command.pause and wait_there:
            _pause_before(command.pause, wait_there)
        before()
        code = _run(root, command.arguments)
        sys.stdout.flush()
    finally:
        os._exit(code)


def _run(root: Path, arguments: Sequence[object]) -> int:
    from bss_mfg.cli.main import main

    try:
        main(["--debug", "--workspace", str(root), *map(str, arguments)])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _pause_before(point: str, wait_there: Callable[[], None]) -> None:
    module, _, name = point.partition(":")
    owner: Any = importlib.import_module(module)
    *classes, name = name.split(".")
    for one in classes:
        owner = getattr(owner, one)
    real, waited = getattr(owner, name), []

    def paused(*arguments: Any, **options: Any) -> Any:
        if not waited:
            waited.append(True)
            wait_there()
        return real(*arguments, **options)

    setattr(owner, name, paused)


def _poll(child: int, codes: dict[int, int]) -> None:
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        codes[child] = os.waitstatus_to_exitcode(status)


def _wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
