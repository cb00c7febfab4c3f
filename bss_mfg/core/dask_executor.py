"""Tasks on the machines of a Dask cluster (https://distributed.dask.org), by the door that processes have, too.

A worker that dies, or a scheduler that is started anew, costs no task: what was lost is sent again. Only where no
scheduler or worker is there for a while, the run ends, and can be resumed.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from bss_mfg.core.dask_worker import SAME_VERSIONS, Answer, Job, run_job, versions
from bss_mfg.core.portable_tasks import Part, PartSource, StaysHereError, pack
from bss_mfg.core.processes import ProcessExecutor, WorkerError
from bss_mfg.core.timed_executor import TASK_SECONDS, TimedExecutor
from bss_mfg.errors import BssError, InputError, MissingError
from bss_mfg.installation import how_to_add

if TYPE_CHECKING:
    from distributed import Client

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
P = ParamSpec("P")

CONNECT_SECONDS = 10.0
"""How long a scheduler may take to answer at first."""
ABSENT_SECONDS = 60.0
"""How long a run waits for a scheduler that went away, or for a first worker."""
_LOST_TIMES = 5
"""How often a task is sent again that was lost with the machine that had it."""
_LOOK_SECONDS = 2.0
_PARTS_HELD = 16
"""Files that the cluster holds at once, for tasks that name them again."""


class DaskExecutor(TimedExecutor):
    """The workers of a Dask scheduler. `source` says what travels beside tasks; those that must not travel are done by
    `near`. Leaving it as a context drops what is still waited for."""

    def __init__(self, address: str, source: PartSource, near: ProcessExecutor, seconds: float = TASK_SECONDS) -> None:
        self._address = scheduler_address(address)
        self._source, self._near, self.seconds = source, near, seconds
        self._lock = threading.RLock()
        self._sent: set[_Sent] = set()
        self._parts: OrderedDict[str, Any] = OrderedDict()
        self._ended = threading.Event()
        self._client = self._connect(CONNECT_SECONDS)
        self.count = self._threads() or 1
        self._watch = threading.Thread(target=self._look_after, daemon=True)
        self._watch.start()

    def submit_within(
        self, seconds: float, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[Result]:
        """Have a function called by a worker, or by a process of this machine if the task must not travel."""
        try:
            if kwargs:
                raise StaysHereError
            call = pack(fn, args, self._source)
        except StaysHereError:
            return self._near.submit_within(seconds, fn, *args, **kwargs)
        sent = _Sent(Job(call, seconds, versions()))
        sent.mine.add_done_callback(lambda _: self._drop(sent))
        with self._lock:
            self._sent.add(sent)
        self._send(sent)
        return sent.mine

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster: with `wait` and without `cancel_futures` after all that was submitted."""
        if wait and not cancel_futures:
            while self._sent:
                time.sleep(0.05)
        self._ended.set()
        for sent in self._all_sent():
            sent.mine.cancel()
        self._watch.join()
        with contextlib.suppress(Exception):  # it may be gone
            self._client.close(timeout=2)

    def __exit__(self, *problem: object) -> None:
        self.shutdown(cancel_futures=True)

    # --- sending ------------------------------------------------------------------------------------------------------

    def _send(self, sent: _Sent) -> None:
        """Hand a task to the scheduler; where that is not there, `_look_after` does it later."""
        try:
            with self._lock:
                parts = [self._held(part) for part in sent.job.call.parts]
                theirs = self._client.submit(run_job, sent.job, *parts, pure=False, retries=0)
                sent.theirs = theirs
            theirs.add_done_callback(lambda done: self._answered(sent, done))
        except BssError as error:
            _fail(sent, error)
        except Exception as error:  # noqa: BLE001  (of a library, about a connection)
            _log.info("a task could not be sent: %s", type(error).__name__)
            self._note_lost(sent)

    def _held(self, part: Part) -> Any:
        """The bytes of a part, as the cluster holds them."""
        held = self._parts.pop(part.sha256, None)
        if held is None or held.status != "finished":
            [held] = self._client.scatter([self._source.read(part)], hash=False, timeout=CONNECT_SECONDS)
        self._parts[part.sha256] = held
        while len(self._parts) > _PARTS_HELD:
            self._parts.popitem(last=False)
        return held

    def _answered(self, sent: _Sent, theirs: Any) -> None:
        """Called by Dask, in a thread of its own, with whatever became of a task."""
        if sent.theirs is not theirs or sent.mine.cancelled():
            return
        try:
            error = theirs.exception(timeout=CONNECT_SECONDS) if theirs.status == "error" else None
            answer: Answer | None = theirs.result(timeout=CONNECT_SECONDS) if theirs.status == "finished" else None
        except Exception as problem:  # noqa: BLE001  (the result was lost with its worker)
            _log.info("a task was lost: %s", type(problem).__name__)
            error = answer = None
        if answer is not None:
            if answer.error is None:
                _set(sent, pickle.loads(answer.result))  # noqa: S301  (of the cluster that runs our pickles)
            else:
                _fail(sent, answer.error)
        elif type(error).__name__ == "KilledWorker":
            _fail(sent, WorkerError("several workers died while they worked on it"))
        elif isinstance(error, ImportError):
            _fail(sent, _without_us(self._address))
        else:
            if error is not None:
                _log.info("a task was lost: %s", type(error).__name__)
            self._note_lost(sent)

    def _note_lost(self, sent: _Sent) -> None:
        sent.lost += 1
        sent.theirs = None
        if sent.lost > _LOST_TIMES:
            _fail(sent, WorkerError("the machines that worked on it were lost"))

    def _drop(self, sent: _Sent) -> None:
        with self._lock:
            self._sent.discard(sent)
            theirs, sent.theirs = sent.theirs, None
        if sent.mine.cancelled() and theirs is not None:
            with contextlib.suppress(Exception):  # the scheduler may be gone
                theirs.cancel()

    def _all_sent(self) -> list[_Sent]:
        with self._lock:
            return list(self._sent)

    # --- the cluster --------------------------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Send what was lost again, once there is a scheduler; end the run where nobody works for a while."""
        since = time.monotonic()
        while not self._ended.wait(_LOOK_SECONDS):
            try:
                if self._client.status != "running":
                    self._reconnect()
                if self._threads() or not self._sent:
                    since = time.monotonic()
                for sent in self._all_sent():
                    if sent.theirs is None:
                        self._send(sent)
            except Exception as error:  # noqa: BLE001  (of a library, about a connection)
                _log.info("the scheduler doesn't answer: %s", type(error).__name__)
            if time.monotonic() - since > ABSENT_SECONDS:
                absent = MissingError(
                    "no worker is there to do the work",
                    where=self._address,
                    way_out="Start the scheduler and its workers, and run the command again; what is finished stays.",
                )
                for sent in self._all_sent():
                    _fail(sent, absent)

    def _threads(self) -> int:
        return sum(self._client.nthreads().values())

    def _reconnect(self) -> None:
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)
        client = self._connect(_LOOK_SECONDS)
        with self._lock:
            self._client = client
            self._parts.clear()
            for sent in self._sent:
                sent.theirs = None

    def _connect(self, seconds: float) -> Client:
        try:
            from distributed import Client
            from distributed.security import Security
        except ImportError:
            raise MissingError(
                "work on other machines needs Dask",
                way_out=f"{how_to_add('dask')} Without `--executor` this computer does it alone.",
            ) from None
        is_tls = self._address.startswith("tls:")
        security = Security(require_encryption=True) if is_tls else None
        if security is not None and not security.tls_client_cert:
            raise InputError(
                "a scheduler on another machine takes a certificate of who sends it work, and Dask knows of none",
                where=self._address,
                way_out="Name its files in Dask's own settings (~/.config/dask/bss-mfg.yaml): "
                "distributed.comm.tls.ca-file, .client.cert and .client.key.",
            )
        try:
            return Client(self._address, timeout=seconds, security=security, set_as_default=False, name="bss-mfg")
        except (OSError, TimeoutError) as error:
            raise MissingError(
                "no Dask scheduler answers",
                where=self._address,
                way_out="Start it there (`dask scheduler`), or correct the address; without --executor the work "
                "is done here.",
            ) from error


@dataclass(eq=False)
class _Sent:
    """A task that was submitted, and its future at Dask; None while nobody works on it."""

    job: Job
    mine: Future[Any] = field(default_factory=Future)
    theirs: Any = None
    lost: int = 0


def _set(sent: _Sent, result: Any) -> None:
    with contextlib.suppress(InvalidStateError):  # it has an answer
        if sent.mine.set_running_or_notify_cancel():
            sent.mine.set_result(result)


def _fail(sent: _Sent, error: Exception) -> None:
    with contextlib.suppress(InvalidStateError):
        if sent.mine.set_running_or_notify_cancel():
            sent.mine.set_exception(error)


def _without_us(address: str) -> InputError:
    return InputError(
        "a Dask worker has no bss-mfg, or another one",
        where=address,
        way_out=SAME_VERSIONS,
    )


def scheduler_address(url: str) -> str:
    """The address of a scheduler as Dask names it, of `dask://HOST:PORT`, `tls://…` or `tcp://…`.

    A scheduler and its workers run whatever they are sent, so off this machine both sides have to prove by certificates
    who they are: `InputError` for anything else.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if parts.scheme not in ("dask", "tls", "tcp") or not host or port is None:
        raise InputError(
            f"{url[:80]!a} isn't the address of a Dask scheduler",
            where="--executor",
            way_out="Name it as dask://HOST:8786.",
        )
    is_near = host == "localhost"
    with contextlib.suppress(ValueError):
        is_near = is_near or ipaddress.ip_address(host).is_loopback
    if parts.scheme == "tcp" and not is_near:
        raise InputError(
            "a scheduler on another machine is spoken with by TLS alone: it runs whatever it is sent",
            where=url[:80],
            way_out="Give it certificates, and name it as tls://HOST:PORT (docs/stations.md).",
        )
    scheme = "tls" if parts.scheme == "tls" or not is_near else "tcp"
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}"
