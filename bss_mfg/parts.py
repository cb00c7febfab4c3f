"""Work in bounded parts on any `concurrent.futures.Executor`: at most a few in flight, results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def run(
    function: Callable[[Job], Result], jobs: Iterable[Job], executor: Executor | None = None, in_flight: int = 4
) -> Iterator[tuple[Job, Result]]:
    """Call a pure function on each job and yield (job, result) in the order of the jobs.

    Without an executor the work is done here, one job at a time. With one, at most `in_flight` jobs are held at once,
    so memory stays flat at any number of jobs.
    """
    if executor is None:
        for job in jobs:
            yield job, function(job)
        return
    waiting: deque[tuple[Job, Future[Result]]] = deque()
    for job in jobs:
        waiting.append((job, executor.submit(function, job)))
        if len(waiting) >= in_flight:
            done, future = waiting.popleft()
            yield done, future.result()
    while waiting:
        done, future = waiting.popleft()
        yield done, future.result()


def cut(total: int, size: int, first_size: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Cut `total` items (numbered from 1) into parts: (part number, first item, count)."""
    first, number = 1, 1
    while first <= total:
        count = min(first_size if number == 1 and first_size else size, total - first + 1)
        yield number, first, count
        first += count
        number += 1
