"""The store of control logs' names, and of the units in them that Amazon must be told to forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bss_mfg.core.text import first_problems
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import ManifestWithdrawn
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.unit_state import POSITION, SUCCESSOR

UnitAnswer = Literal["waiting", "accepted", "rejected"]
_ANSWERS: Sequence[UnitAnswer] = ("waiting", "accepted", "rejected")
_MOST_NAMED = 8
_LISTED_SCRAPPED = "u.scrapped <> 0 AND u.manifest IS NOT NULL AND u.withdrawn = 0"


@dataclass(frozen=True, slots=True)
class ToWithdraw:
    """A unit that stands in a control log and was scrapped since: its newest control log, what Amazon last answered,
    and the serial of the unit that took its place, if one did."""

    serial: str
    manifest: str
    answer: UnitAnswer
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """Serials whose withdrawal was written down, those of which it was before, and the batches that were changed."""

    new: tuple[str, ...]
    before: tuple[str, ...]
    batches: tuple[str, ...]


class ControlLogStore:
    """Names, each used once in a workspace: an upload and an answer know a control log by nothing else."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    def take_name(self, batch_id: str, name: str, folder: str) -> bool:
        """Take a name for a control log that is about to be written; False where it is taken.

        What a killed command took for the same batch and folder, and wrote no whole file of, is taken over.
        """
        batch = self._batches.number(batch_id)
        if (free := self._is_free(batch, name, folder)) is not None:
            return free
        with self._db.transaction():
            if (free := self._is_free(batch, name, folder)) is None:
                self._db.execute("INSERT INTO control_log_name VALUES (?, ?, ?)", (name.lower(), batch, folder))
        return free is not False

    def batch_of_name(self, name: str) -> str | None:
        """The batch whose control log has a name, in whatever upper and lower case; None where the name is free."""
        rows = self._db.rows(
            "SELECT b.id FROM control_log_name n JOIN batch b ON b.no = n.batch WHERE n.name = ?", (name.lower(),)
        )
        return rows[0][0] if rows else None

    def to_withdraw(self, batch_id: str) -> list[ToWithdraw]:
        """The units of a batch that stand in a control log, were scrapped, and whose withdrawal nobody has
        acknowledged."""
        rows = self._db.rows(
            f"SELECT u.serial, m.file, u.answer, {SUCCESSOR} FROM unit u JOIN manifest m ON m.no = u.manifest "  # noqa: S608 (fixed texts)
            f"WHERE u.batch = ? AND {_LISTED_SCRAPPED} ORDER BY {POSITION}, u.number",
            (self._batches.number(batch_id),),
        )
        return [ToWithdraw(serial, file, _ANSWERS[answer], successor) for serial, file, answer, successor in rows]

    def count_to_withdraw(self, batch_id: str) -> int:
        """How many they are."""
        query = f"SELECT count(*) FROM unit u WHERE u.batch = ? AND {_LISTED_SCRAPPED}"  # noqa: S608 (fixed texts)
        return int(self._db.rows(query, (self._batches.number(batch_id),))[0][0])

    def withdraw(self, serials: Sequence[str], reference: str, product: str | None = None) -> Withdrawals:
        """Write down that Amazon was told to forget scrapped units; one event a batch. All or none: what is no such
        unit is refused."""
        changed: dict[str, list[str]] = {}
        before: list[str] = []
        unknown: list[str] = []
        refused: list[str] = []
        with self._db.transaction():
            for serial in dict.fromkeys(serials):
                rows = self._db.rows(
                    "SELECT b.id, u.scrapped, u.manifest, u.withdrawn FROM unit u JOIN batch b ON b.no = u.batch "
                    "JOIN product p ON p.no = u.product WHERE u.product IN (SELECT no FROM product) "
                    "AND u.serial = :serial AND (CAST(:product AS TEXT) IS NULL OR p.name = :product)",
                    {"serial": serial, "product": product},
                )
                if len(rows) != 1:
                    unknown.append(f"{serial[:80]!a} is {'of several products' if rows else 'no unit of this ledger'}")
                    continue
                ((batch_id, scrapped, manifest, withdrawn),) = rows
                if withdrawn:
                    before.append(serial)
                elif not scrapped or manifest is None:
                    refused.append(f"{serial} {'is in no control log' if scrapped else 'was not scrapped'}")
                else:
                    changed.setdefault(batch_id, []).append(serial)
            _refuse(unknown, refused)
            for batch_id, some in changed.items():
                batch = self._batches.number(batch_id)
                self._db.many(
                    "UPDATE unit SET withdrawn = 1 WHERE batch = ? AND serial = ?", [(batch, one) for one in some]
                )
                self._history.append(batch_id, ManifestWithdrawn(serials=some, reference=reference))
        new = tuple(serial for some in changed.values() for serial in some)
        return Withdrawals(new, tuple(before), tuple(changed))

    def _is_free(self, batch: int, name: str, folder: str) -> bool | None:
        """Whether a name that somebody took may be taken over; None where nobody took it."""
        rows = self._db.rows(
            "SELECT n.batch, n.folder, EXISTS (SELECT 1 FROM manifest WHERE lower(file) = n.name) "
            "FROM control_log_name n WHERE n.name = ?",
            (name.lower(),),
        )
        return (rows[0][:2] == (batch, folder) and not rows[0][2]) if rows else None


def _refuse(unknown: Sequence[str], refused: Sequence[str]) -> None:
    if unknown:
        raise InputError(
            "not all of these name one unit",
            problems=first_problems(unknown, _MOST_NAMED, total=len(unknown)),
            way_out="Nothing was written down. Upper and lower case differ; --product says whose serials they are.",
        )
    if refused:
        raise RefusedError(
            "not all of these units are to be withdrawn",
            problems=first_problems(refused, _MOST_NAMED, total=len(refused)),
            way_out="Nothing was written down. `bss-mfg manifest status BATCH` shows those of a batch.",
        )
