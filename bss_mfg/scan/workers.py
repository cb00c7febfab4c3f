"""Work in processes that may crash or hang: it costs the one job, never the run."""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bss_mfg.errors import BssError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Job = TypeVar("Job")
Result = TypeVar("Result")

START_SECONDS = 60.0
"""How long a process may take to start: the machine may be busy."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a job has no result, in words."""

    reason: str


class Worker(Generic[Job, Result]):
    """One process that answers one job at a time. `make(*arguments)` is called in it, and gives the function.

    Both must be importable by name; jobs and results travel through a pipe. A `BssError` of the function is a
    `Failed` of the job. After a crash or a hang the process is replaced at the next job.
    """

    def __init__(
        self, make: Callable[..., Callable[[Job], Result]], arguments: tuple[Any, ...], seconds: float
    ) -> None:
        self._make, self._arguments, self.seconds = make, arguments, seconds
        self._process: Any = None
        self._pipe: Connection | None = None
        self._deadline = self._given = 0.0

    @property
    def pipe(self) -> Connection | None:
        """What becomes readable when the job is done or the process has died."""
        return self._pipe

    @property
    def left(self) -> float:
        """Seconds until the job in hand is given up."""
        return self._deadline - time.monotonic()

    def give(self, job: Job) -> None:
        """Hand over a job; the process is started if there is none."""
        starting = self._pipe is None
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._make, self._arguments, self.seconds))
            self._process.start()
            theirs.close()
        self._given = time.monotonic()
        self._deadline = self._given + self.seconds + (START_SECONDS if starting else 0)
        with contextlib.suppress(OSError):  # if it has died, `take` says so
            self._pipe.send(job)

    def take(self) -> Result | Failed:
        """The answer to the job in hand; waits for it until its time is up."""
        if self._pipe is None:
            return Failed("no process could be started")
        try:
            if self._pipe.poll(max(self.left, 0)):
                result: Result | Failed = self._pipe.recv()
                return result
            reason = self._stalled
        except (EOFError, OSError):
            self._process.join(5)
            # A process that was new to its job has longer to start, and then ends itself (see `_serve`).
            late = time.monotonic() - self._given > 2 * self.seconds
            code = self._process.exitcode
            reason = self._stalled if late and code == 1 else f"the reader crashed (exit {code})"
        self.close()
        return Failed(reason)

    @property
    def _stalled(self) -> str:
        return f"the reader made no progress in {self.seconds:.0f} s and was stopped"

    def ask(self, job: Job) -> Result | Failed:
        """`give` and `take`."""
        self.give(job)
        return self.take()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


class Pool(Generic[Job, Result]):
    """Some workers. Leave it as a context: its processes end with it."""

    def __init__(
        self, make: Callable[..., Callable[[Job], Result]], arguments: tuple[Any, ...], seconds: float, count: int
    ) -> None:
        self._workers = [Worker(make, arguments, seconds) for _ in range(count)]

    def __enter__(self) -> Pool[Job, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | Failed]]:
        """Every job with its result, in the order of the jobs. A few are held at once, so memory stays flat."""
        from multiprocessing.connection import wait

        coming = enumerate(jobs)
        idle = list(self._workers)
        busy: dict[Any, tuple[Worker[Job, Result], int, Job]] = {}
        done: dict[int, tuple[Job, Result | Failed]] = {}
        following, ended = 0, False
        try:
            while True:
                # Work is handed out before results are, so that no worker waits for the caller.
                while idle and not ended and len(done) < 4 * len(self._workers):
                    following_job = next(coming, None)
                    if following_job is None:
                        ended = True
                        break
                    worker = idle.pop()
                    worker.give(following_job[1])
                    busy[worker.pipe] = (worker, *following_job)
                while following in done:
                    yield done.pop(following)
                    following += 1
                if not busy:
                    if ended:
                        return
                    continue
                left = min(worker.left for worker, _, _ in busy.values())
                ready = set(wait(list(busy), timeout=max(left, 0)))
                for pipe, (worker, number, job) in list(busy.items()):
                    if pipe in ready or worker.left <= 0:
                        del busy[pipe]
                        done[number] = (job, worker.take())
                        idle.append(worker)
        finally:
            # The caller may stop early: what is still at work has no one to answer to.
            for worker, _, _ in busy.values():
                worker.close()


def _serve(
    pipe: Connection, make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...], seconds: float
) -> None:
    """The process: reads jobs, writes results, and ends when the other side has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    # One process per core is enough: numpy's own threads on top make all of them two to three times slower.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    function = make(*arguments)
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        # Should the parent have died, a library that hangs would stay for ever.
        faulthandler.dump_traceback_later(seconds * 2, exit=True)
        try:
            result = function(job)
        except BssError as error:
            result = Failed(f"{error.what}. {error.way_out}")
        faulthandler.cancel_dump_traceback_later()
        pipe.send(result)
