"""Worker processes that may crash or hang: it costs the one task, never the run. No task outlives its parent.

`ProcessExecutor` is a `concurrent.futures.Executor`, as `ProcessPoolExecutor` is; but where that one breaks with its
first dead process, here the process is replaced and only its own future fails.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from multiprocessing.util import Finalize
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from bss_mfg.core.bounds import NO_BOUNDS, WORKER_MEMORY, Bounds, begin_task, hold_memory, is_out_of_time
from bss_mfg.core.garbage import collect_rarely, rare_garbage_collection
from bss_mfg.core.log import LogSettings, current_settings, logging_to
from bss_mfg.core.process_memory import hide_memory
from bss_mfg.core.timed_executor import TASK_SECONDS, TimedExecutor
from bss_mfg.errors import BssError, from_os_error

if TYPE_CHECKING:
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection as Connection
    else:
        from multiprocessing.connection import Connection

_log = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")
P = ParamSpec("P")

START_SECONDS = 60.0
"""How long a process may take to start: the machine may be busy."""
MIN_ITEMS_FOR_PROCESSES = 4_000
"""Units or labels from which on other processes pay: they take half a second to start."""


class FailureKind(StrEnum):
    """Why a task has no result."""

    CRASHED = "crashed"
    """Its process died, or none could be started."""
    STALLED = "stalled"
    """It made no progress in the time that it had, and was stopped."""
    REFUSED = "refused"
    """It said what is wrong with what it was given, in words for people (`BssError`)."""
    FAILED = "failed"
    """It raised any other error."""


class WorkerError(Exception):
    """The process of a task crashed, or was stopped because it made no progress; `kind` says which."""

    def __init__(self, reason: str, kind: FailureKind = FailureKind.CRASHED) -> None:
        super().__init__(reason, kind)
        self.reason, self.kind = reason, kind

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why a task has no result; `reason` in words, for people."""

    kind: FailureKind
    reason: str

    @classmethod
    def of(cls, error: BssError) -> TaskFailure:
        """The failure of a task that says what is wrong."""
        return cls(FailureKind.REFUSED, f"{error.what}. {error.way_out}")

    @classmethod
    def of_any(cls, error: Exception) -> TaskFailure:
        """The same, or that something broke: whatever a file made a library raise."""
        if isinstance(error, BssError):
            return cls.of(error)
        if isinstance(error, OSError) and error.errno:
            return cls.of(from_os_error(error, "reading it"))
        # Without the error's own words: they may hold anything.
        _log.info("given up: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        what = "it is damaged, or of a kind that bss-mfg can't read. Make or scan it again."
        return cls(FailureKind.FAILED, f"it failed ({type(error).__name__}): {what}")


def attempt(work: Callable[P, Result], *arguments: P.args, **options: P.kwargs) -> Result | TaskFailure:
    """What `work` gives, or why it gives nothing. For files of others, one by one or page by page: whatever one of them
    makes a library raise costs itself, by name, and the rest goes on."""
    try:
        return work(*arguments, **options)
    except Exception as error:  # noqa: BLE001  (the boundary: no picture ends a verification)
        return TaskFailure.of_any(error)


@dataclass(frozen=True, slots=True)
class _RaisedError:
    """What a task raised, on its way back."""

    error: Exception


@dataclass(frozen=True, slots=True)
class _Told:
    """What a task says while it works."""

    what: Any


class Worker(Generic[Task, Result]):
    """One process that answers one task at a time. `make(*arguments)` is called in it, and gives the function.

    Both must be importable by name; tasks and results travel through a pipe. A `BssError` of the function is a
    `TaskFailure` of the task. After a crash or a hang the process is replaced at the next task.
    """

    def __init__(
        self,
        make: Callable[..., Callable[[Task], Result]],
        arguments: tuple[Any, ...],
        seconds: float,
        bounds: Bounds = NO_BOUNDS,
    ) -> None:
        self._make, self._arguments, self.seconds, self._bounds = make, arguments, seconds, bounds
        self._process: Any = None
        self._pipe: Connection | None = None

    def run(self, task: Task, seconds: float | None = None) -> Result | TaskFailure:
        """The answer to a task; the process is started if there is none. It is given up after `seconds`."""
        try:
            answer = self.exchange(task, self.seconds if seconds is None else seconds)
        except WorkerError as error:
            return TaskFailure(error.kind, str(error))
        if isinstance(answer, _RaisedError):
            return TaskFailure.of_any(answer.error)
        result: Result = answer
        return result

    def exchange(self, task: Task, seconds: float, tell: Callable[[Any], None] | None = None) -> Any:
        """What came back, raised errors as `_RaisedError`; `WorkerError` where nothing did. `tell` hears what the task
        says before."""
        begun = time.monotonic()
        starting = self._pipe is None
        kind = FailureKind.STALLED
        try:
            pipe = self._pipe or self._start()
            with contextlib.suppress(OSError):  # if it has died, the answer says so
                pipe.send((task, seconds))
            until = begun + seconds + (START_SECONDS if starting else 0)
            while pipe.poll(max(until - time.monotonic(), 0.0)):
                answer = pipe.recv()
                if not isinstance(answer, _Told):
                    return answer
                if tell:
                    tell(answer.what)
            reason = _stall_words(seconds)
        except (EOFError, OSError):
            kind = FailureKind.CRASHED
            if self._process is None:
                reason = "no process could be started"
            else:
                self._process.join(5)
                # A process that was new to its task has longer to start, and then ends itself (see `_serve`).
                late = time.monotonic() - begun > 2 * seconds
                code = self._process.exitcode
                if is_out_of_time(code):
                    reason, kind = _stall_words(self._bounds.seconds), FailureKind.STALLED
                elif late and code == 1:
                    reason, kind = _stall_words(seconds), FailureKind.STALLED
                else:
                    reason = f"the process crashed (exit {code})"
        _log.info("process %s: %s", self.pid, reason)
        self.close()
        raise WorkerError(reason, kind)

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        # No daemon: it may have a process of its own, as a reader of pages has. So its end is seen to here.
        process = context.Process(
            target=_worker_main, args=(theirs, self._make, self._arguments, current_settings(), self._bounds)
        )
        process.start()
        _log.info("started process %d", process.pid)
        theirs.close()
        self._process = process
        Finalize(self, process.kill, exitpriority=10)
        return self._pipe

    @property
    def pid(self) -> int | None:
        """The number of the process; None where there is none."""
        return self._process.pid if self._process is not None else None

    def kill(self) -> None:
        """End the process from another thread: whoever waits for its answer gets `WorkerError`."""
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                process.kill()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            _log.debug("ended process %d", self._process.pid)
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _stall_words(seconds: float) -> str:
    return f"it made no progress in {seconds:.0f} s and was stopped"


class ProcessExecutor(TimedExecutor):
    """Some worker processes, started when they are first needed.

    A future whose process crashed or made no progress gets `WorkerError`, and its process is replaced at the next task.
    Functions must be importable by name; arguments and results travel through pipes. Leaving it as a context ends the
    processes at once, whatever they do: no result that nobody waits for is worth a wait.
    """

    def __init__(self, count: int, seconds: float = TASK_SECONDS) -> None:
        self.count, self.seconds = count, seconds
        self._queue: SimpleQueue[_Submitted | None] = SimpleQueue()
        self._workers: list[Worker[_Call, Any]] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._idle = 0
        self._ended = False

    def submit_within(
        self, seconds: float, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[Result]:
        """As `submit`; the process is stopped if it takes longer than `seconds`."""
        return self._submit(_Submitted(Future(), _Call(fn, args, kwargs), seconds))

    def submit_telling(
        self, seconds: float, tell: Callable[[Any], None], fn: Callable[..., Result], /, *args: Any
    ) -> Future[Result]:
        """As `submit_within`; the function gets the keyword `tell`, and what it calls that with is told here while it
        works, in another thread."""
        return self._submit(_Submitted(Future(), _Call(fn, args, {}, tells=True), seconds, tell))

    def _submit(self, item: _Submitted) -> Future[Any]:
        with self._lock:
            if self._ended:
                raise RuntimeError("the processes were ended")
            self._queue.put(item)
            if self._idle:
                self._idle -= 1
            elif len(self._threads) < self.count:
                self._add()
        return item.future

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that run now."""
        return [pid for worker in self._workers if (pid := worker.pid)]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: with `wait` and without `cancel_futures` after all that was submitted, else at once."""
        with self._lock:
            if not self._ended:
                self._ended = True
                if cancel_futures or not wait:
                    self._cancel()
                for _ in self._threads:
                    self._queue.put(None)
        if cancel_futures or not wait:
            for worker in self._workers:
                worker.kill()
        if wait:
            for thread in self._threads:
                thread.join()

    def __exit__(self, *problem: object) -> None:
        self.shutdown(cancel_futures=True)

    def _cancel(self) -> None:
        while not self._queue.empty():
            if item := self._queue.get():
                item.future.cancel()

    def _add(self) -> None:
        worker: Worker[_Call, Any] = Worker(_caller, (), self.seconds, Bounds(memory=WORKER_MEMORY))
        thread = threading.Thread(target=self._work, args=(worker,), daemon=True)
        self._workers.append(worker)
        self._threads.append(thread)
        thread.start()

    def _work(self, worker: Worker[_Call, Any]) -> None:
        """One thread a process: hands it task after task."""
        try:
            while item := self._queue.get():
                if item.future.set_running_or_notify_cancel():
                    self._run_call(worker, item)
                del item
                with self._lock:
                    self._idle += self._queue.empty() and not self._ended
        finally:
            worker.close()

    def _run_call(self, worker: Worker[_Call, Any], item: _Submitted) -> None:
        future = item.future
        try:
            if self._ended:
                raise WorkerError("the run was ended")
            answer = worker.exchange(item.call, item.seconds, item.tell)
        except WorkerError as error:
            future.set_exception(error)
        except Exception as error:  # noqa: BLE001  (a task that can't be pickled: its caller must hear of it)
            future.set_exception(error)
        else:
            if isinstance(answer, _RaisedError):
                future.set_exception(answer.error)
            else:
                future.set_result(answer)


@dataclass(frozen=True, slots=True)
class _Call:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    tells: bool = False
    """Whether the function gets `tell`, by which it says what it does."""

    def __call__(self) -> Any:
        return self.function(*self.arguments, **self.options)


@dataclass(frozen=True, slots=True)
class _Submitted:
    """A call that was submitted, how long it may take, and who hears what it says."""

    future: Future[Any]
    call: _Call
    seconds: float
    tell: Callable[[Any], None] | None = None


def _caller() -> Callable[[_Call], Any]:
    return _Call.__call__


@contextmanager
def open_executor(jobs: int = 0, items: int = MIN_ITEMS_FOR_PROCESSES) -> Iterator[Executor | None]:
    """An executor of `process_count` processes, ended with the context; None for one: work is done here."""
    count = process_count(jobs, items)
    with rare_garbage_collection():
        if count == 1:
            yield None
            return
        with ProcessExecutor(count) as executor:
            yield executor


def process_count(jobs: int, items: int = MIN_ITEMS_FOR_PROCESSES) -> int:
    """How many processes work. 0 stands for one per core, or for one where there are too few items to be worth
    their start."""
    return jobs or (cores() if items >= MIN_ITEMS_FOR_PROCESSES else 1)


def cores() -> int:
    """How many processes this machine can run at once, as far as this one is allowed to."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _worker_main(
    pipe: Connection,
    make: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
    log: LogSettings,
    bounds: Bounds,
) -> None:
    """The process: reads tasks, writes results, and ends when the other side has gone."""
    # The parent decides what an interrupt means: Ctrl-C, and Ctrl-Break on Windows, go to all processes of a console.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, signal.SIG_IGN)
    # One process per core is enough: numpy's own threads on top make all of them two to three times slower.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    collect_rarely()
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(BssError):  # without its log rather than not at all
            stack.enter_context(logging_to(log))
        function = make(*arguments)
        hold_memory(bounds)
        hide_memory()  # tasks may bring keys
        _answer_tasks(pipe, function, bounds)


def _tell(pipe: Connection, what: Any) -> None:
    """Say what is done; where nobody listens any more, the result will find out."""
    with contextlib.suppress(OSError):
        pipe.send(_Told(what))


def _answer_tasks(pipe: Connection, function: Callable[[Any], Any], bounds: Bounds) -> None:
    """Read tasks and write results until the other side has gone."""
    while True:
        try:
            task, seconds = pipe.recv()
        except (EOFError, OSError):
            return
        begin_task(bounds)
        # Should the parent have died, a library that hangs would stay for ever.
        faulthandler.dump_traceback_later(seconds * 2, exit=True)
        if isinstance(task, _Call) and task.tells:
            task = replace(task, options={**task.options, "tell": partial(_tell, pipe)})
        try:
            result = function(task)
        except Exception as error:  # noqa: BLE001  (whatever it is, it belongs to who gave the task)
            result = _RaisedError(error)
        faulthandler.cancel_dump_traceback_later()
        del task
        try:
            pipe.send(result)
        except OSError:
            return
        except Exception as error:  # noqa: BLE001  (not picklable: say so instead of dying of it)
            pipe.send(_RaisedError(TypeError(f"a result can't travel between processes ({type(error).__name__})")))
        del result
