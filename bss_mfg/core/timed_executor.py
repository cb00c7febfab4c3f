"""What our executors have beyond `concurrent.futures.Executor`: a width, and a limit of time for a task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

Result = TypeVar("Result")
P = ParamSpec("P")

TASK_SECONDS = 600.0
"""How long a task may take, unless told otherwise."""


class TimedExecutor(Executor):
    """Works on `count` tasks at once, each for at most `seconds`; a future whose worker died or was stopped gets
    `WorkerError`."""

    count: int
    seconds: float

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """Have `fn(*args, **kwargs)` called by a worker."""
        return self.submit_within(self.seconds, fn, *args, **kwargs)

    @abstractmethod
    def submit_within(
        self, seconds: float, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[Result]:
        """As `submit`; the worker is stopped if it takes longer than `seconds`."""

    def submit_telling(
        self, seconds: float, tell: Callable[[Any], None], fn: Callable[..., Result], /, *args: Any
    ) -> Future[Result]:
        """As `submit_within`; where the executor has a way for it, `tell` hears what the function says while it
        works, in another thread: the function gets it as a keyword."""
        del tell
        return self.submit_within(seconds, fn, *args)
