"""A folder in which other systems put orders: each is carried out once, whenever this is killed and whoever asks again.

What makes it so is the ledger: an order's number is its batch's id, and a batch is issued once. So a file is worked
through from its start after a kill; what was done is found done. Only then it leaves the folder.
"""

from __future__ import annotations

import json
import logging
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bss_mfg.core.files import make_folder, move_exclusively, remove_file, write_atomically
from bss_mfg.core.waiting_locks import name_lock
from bss_mfg.errors import BssError, InputError, RefusedError
from bss_mfg.integration.orders import JSON_SUFFIX, TABLE_SUFFIXES, Order, OrderRow, failure_record, read_orders

_log = logging.getLogger(__name__)

SETTLE_S = 2.0
"""How long a file must lie unchanged before it is read: who writes it may not be done."""
_LOCK = ".bss-mfg"


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

    def __init__(self, path: Path, settle_s: float = SETTLE_S) -> None:
        self.path = path
        self._settle_s = settle_s

    @contextmanager
    def held(self) -> Iterator[None]:
        """Held while its orders are worked on; `LedgerError` where another command does. Its folders are made."""
        if not self.path.is_dir():
            raise InputError("there is no such folder", where=self.path, way_out="Make it, or name another one.")
        for name in ("results", "errors", "done", "failed"):
            make_folder(self.path / name)
        with name_lock(self.path / _LOCK, f"another command watches {self.path} already", 0.0):
            yield

    def waiting(self) -> list[Path]:
        """Files of orders that lie unchanged for long enough, the oldest first."""
        return [path for path, settled in self._files() if settled]

    def settling(self) -> bool:
        """Whether there are files that were changed just now: they are read when they have settled."""
        return any(not settled for _, settled in self._files())

    def _files(self) -> list[tuple[Path, bool]]:
        """Files of orders, the oldest first, and whether each has settled."""
        now, found = time.time(), []
        for path in self.path.iterdir():
            if path.name.startswith((".", "~$")) or path.suffix.lower() not in (JSON_SUFFIX, *TABLE_SUFFIXES):
                continue
            try:
                state = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(state.st_mode):
                settled = not 0 <= now - state.st_mtime < self._settle_s
                found.append((state.st_mtime_ns, path, settled))
        return [(path, settled) for _, path, settled in sorted(found)]

    def work_through(self, path: Path, work: Work) -> Iterator[OrderOutcome]:
        """Carry out the orders of a file, and put it away. An error that may pass is raised; the file stays then."""
        failures: list[dict[str, Any]] = []
        try:
            rows = read_orders(path)
        except InputError as error:
            rows = [OrderRow(0, "", error)]
        for row in rows:
            outcome = self._carry_out(row, work)
            if outcome.error:
                failures.append(failure_record(row, outcome.error))
            yield outcome
        self._put_away(path, failures)

    def _carry_out(self, row: OrderRow, work: Work) -> OrderOutcome:
        if isinstance(row.order, InputError):
            return OrderOutcome(row, error=row.order)
        try:
            result = {"order": row.order.order, **work(row.order)}
        except (InputError, RefusedError) as error:
            return OrderOutcome(row, error=error)
        _write_json(self.path / "results" / f"{row.order.order}.json", result)
        return OrderOutcome(row, result=result)

    def _put_away(self, path: Path, failures: list[dict[str, Any]]) -> None:
        """What failed is told before the file leaves: a kill between the two tells it once more."""
        target = self.path / ("failed" if failures else "done")
        if failures:
            _write_json(self.path / "errors" / f"{path.name}.json", failures)
        number = 1
        while True:
            name = path.name if number == 1 else f"{path.stem}-{number}{path.suffix}"
            try:
                move_exclusively(path, target / name)
                break
            except RefusedError:
                if (target / name).samefile(path):  # of a move that was killed half way
                    break
                number += 1
        remove_file(path)
        _log.info("%s went to %s/%s", path.name, target.name, name)


def _write_json(path: Path, document: object) -> None:
    write_atomically(path, [(json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode()], replace=True)
