"""The hunt: cases of every reader in child processes with limits, counted, and what is wrong kept as files.

`python -m tests.fuzz --cases 2000 [READER ...]` tries the next cases of each reader after those that were tried before
(`--state FILE` remembers), and writes each crash into `--found FOLDER`.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import multiprocessing
import os
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.fuzz.mutate import mutated
from tests.fuzz.reader import WrongResultError
from tests.fuzz.readers import READERS

ADDRESS_SPACE = 1 << 30
"""Bytes of memory that a child may have beyond what it has when it begins: libraries, and their threads' stacks."""
SECONDS = 5.0
"""Processor time of a case."""
_WAIT_SECONDS = 120.0
"""How long a child may say nothing: one that waits for a pipe does no work."""
_BLOCK = 2_000
"""Cases after which a child is replaced: what it caches is no part of the trial."""


class Wrong(StrEnum):
    """What a case may do wrong."""

    TRACEBACK = "traceback"
    HANG = "hang"
    MEMORY = "memory"
    DIED = "died"
    WRITE = "write outside"
    RESULT = "wrong result"


@dataclass(frozen=True)
class Finding:
    """A case that went wrong: `place` is the last line of ours in the traceback."""

    reader: str
    number: int
    wrong: Wrong
    place: str
    words: str


@dataclass
class Tally:
    """What was tried of a reader."""

    cases: int = 0
    taken: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)


@lru_cache(maxsize=len(READERS))
def seeds_of(reader: str) -> tuple[bytes, ...]:
    """What a reader's cases are made from; some keys are new in each process."""
    return READERS[reader].seeds()


def hunt(reader: str, numbers: range, *, until: float = float("inf")) -> Tally:
    """Try the cases of these numbers, as long as the clock (`time.monotonic`) is before `until`."""
    tally, begun = Tally(), time.monotonic()
    at = numbers.start
    context = multiprocessing.get_context("fork")
    shared = mmap.mmap(-1, 16)
    seeds = seeds_of(reader)
    while at < numbers.stop and time.monotonic() < until:
        stop = min(at + _BLOCK, numbers.stop)
        shared[:16] = struct.pack("<qq", at - 1, 0)
        mine, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(reader, seeds, range(at, stop), shared, theirs, until))
        child.start()
        theirs.close()
        last, seen, wrong = at - 1, time.monotonic(), None
        while True:
            if mine.poll(0.2):
                try:
                    message = mine.recv()
                except EOFError:
                    break
                if isinstance(message, Finding):
                    tally.findings.append(message)
                continue
            number = struct.unpack("<q", shared[:8])[0]
            if number != last:
                last, seen = number, time.monotonic()
            elif time.monotonic() - seen > _WAIT_SECONDS:
                wrong = Wrong.HANG
                child.kill()
                break
        child.join()
        mine.close()
        number, taken = struct.unpack("<qq", shared[:16])
        tally.taken += taken
        if wrong or child.exitcode:
            wrong = Wrong.HANG if child.exitcode == -signal.SIGPROF else wrong
            tally.findings.append(Finding(reader, number, wrong or Wrong.DIED, "", f"exit {child.exitcode}"))
            tally.cases += number + 1 - at
            at = number + 1
        else:
            tally.cases += number + 1 - at
            at = number + 1 if number + 1 < stop else stop
    tally.seconds = time.monotonic() - begun
    return tally


def _child(reader: str, seeds: Sequence[bytes], numbers: range, shared: mmap.mmap, tell: Any, until: float) -> None:
    """The child process: every case in a folder of its own, and nothing written anywhere else."""
    from bss_mfg.errors import BssError

    os.nice(5)
    structure, read = READERS[reader].structure, READERS[reader].read
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    os.chdir(folder)
    case = folder / "case"
    _warm_up(read, seeds, case)
    _limit_memory()
    watch = _WatchWrites(folder)
    taken = 0
    try:
        for number in numbers:
            shared[:16] = struct.pack("<qq", number, taken)
            if time.monotonic() > until:
                break
            data = mutated(seeds, number, structure)
            shutil.rmtree(case, ignore_errors=True)
            case.mkdir()
            wrong: tuple[Wrong, BaseException] | None = None
            watch.outside = ""
            signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of work: the machine may be busy with others
            try:
                read(data, case)
                taken += 1
            except BssError as error:
                str(error).encode("utf-8", "surrogateescape")
            except WrongResultError as error:
                wrong = (Wrong.RESULT, error)
            except MemoryError as error:
                wrong = (Wrong.MEMORY, error)
            except Exception as error:  # noqa: BLE001  (what the hunt is for)
                wrong = (Wrong.TRACEBACK, error)
            except BaseException as error:  # noqa: BLE001  (a panic of a Rust library is none of Exception)
                wrong = (Wrong.TRACEBACK, error)
            if wrong:
                tell.send(
                    Finding(reader, number, wrong[0], _place(wrong[1]), f"{type(wrong[1]).__name__}: {wrong[1]!s:.200}")
                )
            if watch.outside:
                tell.send(Finding(reader, number, Wrong.WRITE, "", watch.outside))
        signal.setitimer(signal.ITIMER_PROF, 0)
        shared[8:16] = struct.pack("<q", taken)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tell.close()
    os._exit(0)


def _warm_up(read: Callable[[bytes, Path], None], seeds: Sequence[bytes], case: Path) -> None:
    """Import what a right file needs before memory is limited: a library's own size is no file's doing."""
    for seed in seeds[:2]:
        case.mkdir(exist_ok=True)
        with contextlib.suppress(Exception):  # told by the cases
            read(seed, case)
        shutil.rmtree(case, ignore_errors=True)


def _limit_memory() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    limit = pages * resource.getpagesize() + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _WatchWrites:
    """What the case writes, removes or starts outside of its folder."""

    def __init__(self, folder: Path) -> None:
        self.outside = ""
        self._inside = (str(folder), "/dev/null", str(Path(tempfile.gettempdir())) + "/bss-mfg")
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = isinstance(mode, str) and set(mode) & set("wax+")
            if (writes or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))) and isinstance(
                path, str | bytes
            ):
                self._check(event, os.fsdecode(path))
        elif event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.chmod"):
            self._check(event, os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes | os.PathLike) else "")
        elif event in ("subprocess.Popen", "os.system", "socket.connect", "os.exec"):
            self.outside = f"{event} {arguments[:1]!r:.100}"

    def _check(self, event: str, path: str) -> None:
        if path and os.path.isabs(path) and not path.startswith(self._inside):
            self.outside = f"{event} {path[:200]}"


def _place(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/bss_mfg/" in frame.filename]
    if not frames:
        return "?"
    return f"{frames[-1].filename.rpartition('/bss_mfg/')[2]}:{frames[-1].lineno} {frames[-1].name}"


def distinct(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The first of each kind: the same wrong in the same place by the same error."""
    seen: set[tuple[str, str, str, str]] = set()
    for one in findings:
        kind = (one.reader, one.wrong, one.place, one.words.partition(":")[0])
        if kind not in seen:
            seen.add(kind)
            yield one


def keep(found: Finding, folder: Path) -> Path:
    """The case as a file: one that is put into `tests/fuzz/cases/READER` is tried by every run of the tests."""
    reader = READERS[found.reader]
    path = folder / found.reader / f"{found.wrong.value.replace(' ', '-')}-{found.number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mutated(seeds_of(found.reader), found.number, reader.structure))
    return path


def load_state(file: Path) -> dict[str, Any]:
    """How far each reader was tried in earlier runs."""
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}
