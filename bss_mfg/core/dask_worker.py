"""What a Dask worker does with a task of ours: in a process of its own, whose crash or hang costs the one task.

The worker itself only unpacks: pictures are read by libraries that may crash and that no two threads may call at once.
"""

from __future__ import annotations

import multiprocessing
import platform
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bss_mfg.core.portable_tasks import PackedCall, Part, pickled_result, put_part
from bss_mfg.core.processes import ProcessExecutor
from bss_mfg.core.temporary_files import temporary_files
from bss_mfg.errors import InputError, MissingError

_DRAWN_AND_READ_BY = (
    "bss-mfg", "fonttools", "lxml", "numpy", "pikepdf", "pillow", "pylibdmtx", "pypdfium2", "reportlab", "segno",
    "uharfbuzz", "zint-bindings", "zxing-cpp",
)  # fmt: skip
"""What decides how labels look, and how they are read: the same versions give the same bytes."""
SAME_VERSIONS = "Install the same versions on all machines: `pip freeze` here, `pip install -r` there."
"""The way out for a worker that has others."""
_KEPT = 8
"""Ledgers and folders that stay on a worker, for the tasks that come."""


@dataclass(frozen=True, slots=True)
class Job:
    """A task as it travels: how long it may take, in seconds, and with which versions it was made."""

    call: PackedCall
    seconds: float
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a job gave: a result, pickled where it was made and opened by who asked; or what it raised."""

    result: bytes = b""
    error: Exception | None = None


@cache
def versions() -> Mapping[str, str]:
    """The versions of all that decides a task's result, by name."""
    found = {"Python": platform.python_version().rpartition(".")[0]}
    for name in _DRAWN_AND_READ_BY:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def run_job(job: Job, *data: bytes) -> Answer:
    """Run a job on this worker; `data` are the bytes of its parts. What it raises is its answer: whatever is raised
    here is no fault of the task."""
    try:
        _refuse_other_versions(job.versions)
        return Answer(_desk().run(job, data))
    except Exception as error:  # noqa: BLE001  (it travels to who asked)
        return Answer(error=error)


def _refuse_other_versions(wanted: Mapping[str, str]) -> None:
    own = versions()
    other = [
        f"{name} {own.get(name, 'none')} (here {value})" for name, value in wanted.items() if own.get(name) != value
    ]
    if other:
        raise InputError(
            "a Dask worker has other versions, and labels could come out otherwise",
            where=f"worker on {platform.node()}",
            problems=other,
            way_out=SAME_VERSIONS,
        )


class _Desk:
    """A worker's own files, gone with it, and its processes: as many as it has threads."""

    def __init__(self) -> None:
        from distributed import get_worker

        if multiprocessing.current_process().daemon:
            raise MissingError(
                "was started under a nanny, which lets no worker have processes",
                where=f"worker on {platform.node()}",
                way_out="Start it with `dask worker --no-nanny`.",
            )
        self._kept: OrderedDict[str, tuple[ExitStack, Path]] = OrderedDict()
        threads = get_worker().state.nthreads
        self._processes = ProcessExecutor(threads)
        self._at_work = threading.Semaphore(threads)
        self._lock = threading.Lock()

    def run(self, job: Job, data: Sequence[bytes]) -> bytes:
        """What a job gives, pickled. It leaves its thread when a process works on it: so the next job is fetched,
        unpacked and ready for that process while it works, and no process waits for the scheduler."""
        from distributed import secede

        with temporary_files({}) as own:
            places = [
                self._keep(part, content) if part.stays else put_part(part, content, own)
                for part, content in zip(job.call.parts, data, strict=True)
            ]
            result = self._processes.submit_within(job.seconds, pickled_result, job.call, places)
            with self._at_work:  # as many as there are processes, which take jobs in the same order
                secede()
                return result.result()

    def _keep(self, part: Part, content: bytes) -> Path:
        """Put a part that other tasks name, too; of those the newest stay."""
        with self._lock:
            if part.sha256 not in self._kept:
                end = ExitStack()
                self._kept[part.sha256] = end, put_part(part, content, end.enter_context(temporary_files({})))
            self._kept.move_to_end(part.sha256)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)[1][0].close()
            return self._kept[part.sha256][1]


_desk = cache(_Desk)
