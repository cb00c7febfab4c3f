"""Work in bounded tasks on any `concurrent.futures.Executor`: at most a few in flight, results in order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from bss_mfg.core.processes import FailureKind, TaskFailure, WorkerError
from bss_mfg.core.timed_executor import TimedExecutor
from bss_mfg.errors import MissingError

_log = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")

IN_FLIGHT = 3
"""Tasks per process that are handed out and not yet taken: one at work, one ready, one done."""
WAIT_SECONDS = 0.5
"""Windows tells a waiting thread of Ctrl-C only when it wakes."""


def run(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    executor: Executor | None = None,
    *,
    seconds: float | Callable[[Task], float] | None = None,
    attempts: int = 2,
    tell: Callable[[Any], None] | None = None,
) -> Iterator[tuple[Task, Result | TaskFailure]]:
    """Call a pure function on each task and yield (task, result) in the order of the tasks.

    Without an executor the work is done here, one task at a time. With one, only a few tasks are held at once, so
    memory stays flat at any number of tasks. A task whose process died, or was stopped after its `seconds` (on a
    `TimedExecutor`), is tried again, `attempts` times in all; then its result is a `TaskFailure`, and the rest goes
    on. What the function raises is raised here.

    With `tell` the function gets it as a keyword, and may call it with what it does, here or in a process of a
    `ProcessExecutor`; then it is called in any thread. Other executors have no way to tell.
    """
    if executor is None:
        call: Callable[..., Result] = function
        if tell is not None:
            call = partial(call, tell=tell)
        for task in tasks:
            yield task, call(task)
        return

    def submit(task: Task) -> Future[Result]:
        try:
            if isinstance(executor, TimedExecutor):
                limit = seconds(task) if callable(seconds) else executor.seconds if seconds is None else seconds
                if tell is not None:
                    return executor.submit_telling(limit, tell, function, task)
                return executor.submit_within(limit, function, task)
            return executor.submit(function, task)
        except BrokenExecutor as error:  # by an earlier task: this one fails by its own name
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken

    most = IN_FLIGHT * executor_width(executor)
    waiting: deque[tuple[Task, Future[Result]]] = deque()
    coming = iter(tasks)
    try:
        while True:
            for task in islice(coming, most - len(waiting)):
                waiting.append((task, submit(task)))
            if not waiting:
                return
            task, future = waiting.popleft()
            result: Result | TaskFailure = _result(future, partial(submit, task), attempts)
            yield task, result
            del task, future, result
    finally:
        for _, future in waiting:
            future.cancel()


def run_or_raise(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    executor: Executor | None = None,
    *,
    describe: Callable[[Task], str],
    where: str,
    way_out: str = "Run the command again; with --jobs 1 no other process is used.",
) -> Iterator[tuple[Task, Result]]:
    """As `run`, of work that is worth nothing unless all of it is done: `MissingError` says by
    `describe` what a process did when it died."""
    for task, result in run(function, tasks, executor):
        if isinstance(result, TaskFailure):
            raise MissingError(
                f"a process died while it {describe(task)}", where=where, problems=[result.reason], way_out=way_out
            )
        yield task, result


def executor_width(executor: Executor | None) -> int:
    """How many tasks an executor works on at once, as far as it says; without one, one."""
    return int(getattr(executor, "count", 0) or getattr(executor, "_max_workers", 0) or 1)


def _result(future: Future[Any], again: Callable[[], Future[Any]], attempts: int) -> Any:
    while True:
        try:
            return _wait(future)
        except (WorkerError, BrokenExecutor) as error:
            attempts -= 1
            if attempts <= 0:
                kind = error.kind if isinstance(error, WorkerError) else FailureKind.CRASHED
                _log.info("a task is given up: %s", error)
                return TaskFailure(kind, str(error))
            _log.info("a task is tried again: %s", error)
        future = again()


def _wait(future: Future[Result]) -> Result:
    while True:
        try:
            return future.result(timeout=WAIT_SECONDS)
        except TimeoutError:
            if future.done():  # the task's own
                raise


def chunk_ranges(total: int, size: int, first_size: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Cut `total` items (numbered from 1) into chunks: (chunk number, first item, count)."""
    first, number = 1, 1
    while first <= total:
        count = min(first_size if number == 1 and first_size else size, total - first + 1)
        yield number, first, count
        first += count
        number += 1
