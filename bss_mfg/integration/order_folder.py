"""A folder in which other systems put orders: each is carried out once, whenever this is killed and whoever asks again.

What makes it so is the ledger: an order's number is its batch's id, and a batch is issued once. So a file is worked
through from its start after a kill; what was done is found done. Only then it leaves the folder.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bss_mfg.core.busy_files import is_open_elsewhere
from bss_mfg.core.files import make_folder, move_exclusively, read_bytes, remove_file, write_atomically
from bss_mfg.core.waiting_locks import name_lock
from bss_mfg.errors import BssError, InputError, RefusedError, from_os_error
from bss_mfg.integration.orders import JSON_SUFFIX, TABLE_SUFFIXES, Order, OrderRow, failure_record, read_orders

_log = logging.getLogger(__name__)

SETTLE_S = 2.0
"""How long a file must lie unchanged before it is read: who writes it may not be done."""
_LONG_AGO_S = 86_400.0
"""A file that is older than this has been written, whatever the clock of the computer that wrote it."""
_LOCK = ".bss-mfg"
_FOLDERS = ("results", "errors", "done", "failed")
_LONGEST_NAME = 255  # bytes; of most file systems


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of an order: its result for the system that gave it, or the error."""

    row: OrderRow
    result: dict[str, Any] | None = None
    error: BssError | None = None


Work = Callable[[Order], dict[str, Any]]
"""Carries an order out, or finds that it was: its result. `InputError` and `RefusedError` where the order is wrong; any
other `BssError` where it may succeed later."""


class OrderFolder:
    """The folder: orders come into it and leave to `done` or `failed`; `results` and `errors` are for who gave them."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._seen: dict[Path, tuple[_State, float]] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Held while its orders are worked on; `LedgerError` where another command does. Its folders are made."""
        if not self.path.is_dir():
            raise InputError("there is no such folder", where=self.path, way_out="Make it, or name another one.")
        self._make_folders()
        with name_lock(self.path / _LOCK, f"another command watches {self.path} already", 0.0):
            yield

    def waiting(self) -> list[Path]:
        """Files of orders that lie unchanged for long enough, the oldest first."""
        return [path for path, settled in self._files() if settled]

    def settling(self) -> bool:
        """Whether there are files that were changed just now: they are read when they have settled."""
        return any(not settled for _, settled in self._files())

    def _make_folders(self) -> None:
        for name in _FOLDERS:
            make_folder(self.path / name)

    def _files(self) -> list[tuple[Path, bool]]:
        """Files of orders, the oldest first, and whether each has settled. That a file is new is seen here: the clock
        of the computer that writes it may be another."""
        now, seen, found = self._clock(), {}, []
        for path in self._listed():
            state = _State.of(path)
            if state is None:
                continue
            before, since = self._seen.get(path, (None, now))
            seen[path] = state, since if state == before else now
            settled = now - seen[path][1] >= SETTLE_S or time.time() - state.changed_ns / 1e9 > _LONG_AGO_S
            if not (settled and is_open_elsewhere(path)):  # it waits for a later look until it is closed
                found.append((state.changed_ns, path, settled))
        self._seen = seen
        return [(path, settled) for _, path, settled in sorted(found)]

    def _listed(self) -> list[Path]:
        try:
            names = [path for path in self.path.iterdir() if not path.name.startswith((".", "~$"))]
        except OSError as error:  # a share that is not there for a while
            raise from_os_error(error, "looking for orders", self.path) from error
        return [path for path in names if path.suffix.lower() in (JSON_SUFFIX, *TABLE_SUFFIXES)]

    def work_through(self, path: Path, work: Work) -> Iterator[OrderOutcome]:
        """Carry out the orders of a file, and put it away. An error that may pass is raised; the file stays then,
        and so does one that was written anew meanwhile: it has other orders."""
        failures: list[dict[str, Any]] = []
        done: set[str] = set()
        self._make_folders()
        state = _State.of(path)
        try:
            rows = read_orders(path)
        except InputError as error:
            rows = [OrderRow(0, "", error)]
        for row in rows:
            outcome = self._carry_out(row, work)
            if outcome.error:
                failures.append(failure_record(row, outcome.error))
            else:
                done.add(row.name)
            yield outcome
        self._tell_errors(path.name, failures, done)
        self._put_away(path, state, failed=bool(failures))

    def _carry_out(self, row: OrderRow, work: Work) -> OrderOutcome:
        if isinstance(row.order, InputError):
            return OrderOutcome(row, error=row.order)
        try:
            result = {"order": row.order.order, **work(row.order)}
        except (InputError, RefusedError) as error:
            return OrderOutcome(row, error=error)
        _write_json(self.path / "results" / f"{row.order.order}.json", result)
        return OrderOutcome(row, result=result)

    def _tell_errors(self, name: str, failures: Sequence[dict[str, Any]], done: Set[str]) -> None:
        """What failed is told before its file leaves: a kill between the two tells it once more. An order that was
        carried out has no error any more, whichever file it failed in before; of a name that comes each day, what
        failed on another day stays."""
        folder = self.path / "errors"
        own = folder / _fitting(name, ".json")
        again = {one["order"] for one in failures} | {None}
        before = [one for one in _read_errors(own) if one.get("order") not in again]
        _write_errors(own, [*(one for one in before if one["order"] not in done), *failures])
        for path in sorted(folder.glob("*.json")) if done else []:
            found = _read_errors(path)
            left = [one for one in found if one.get("order") not in done]
            if len(left) < len(found):
                _write_errors(path, left)

    def _put_away(self, path: Path, state: _State | None, *, failed: bool) -> None:
        target = self.path / ("failed" if failed else "done")
        if _State.of(path) != state:
            _log.info("%s is another file by now", path.name)
            return
        number = 1
        while True:
            name = path.name if number == 1 else _fitting(path.stem, f"-{number}{path.suffix}")
            try:
                move_exclusively(path, target / name)
                break
            except RefusedError:
                if (target / name).samefile(path):  # of a move that was killed half way
                    break
                number += 1
        remove_file(path)
        _log.info("%s went to %s/%s", path.name, target.name, name)


@dataclass(frozen=True, slots=True)
class _State:
    """By what a file is known to be the same, unchanged."""

    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> _State | None:
        """That of a file; None where there is none, or what has its name is no file."""
        try:
            state = path.lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise from_os_error(error, "looking for orders", path) from error
        return cls(state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None


def _fitting(stem: str, end: str) -> str:
    """A file's name; it has less of `stem` where it would be too long."""
    while len(os.fsencode(stem + end)) > _LONGEST_NAME:
        stem = stem[:-1]
    return stem + end


def _read_errors(path: Path) -> list[dict[str, Any]]:
    """The orders that a file of errors tells of; none where it tells of none, or isn't one of ours any more."""
    try:
        found = json.loads(read_bytes(path, "errors of orders")) if path.is_file() else []
    except (ValueError, RecursionError, InputError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _write_errors(path: Path, errors: Sequence[dict[str, Any]]) -> None:
    if errors:
        _write_json(path, errors)
    else:
        remove_file(path)


def _write_json(path: Path, document: object) -> None:
    write_atomically(path, [(json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode()], replace=True)
