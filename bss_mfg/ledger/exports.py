"""The store of what left the factory as files: units in control logs, Amazon's answers; of keys, `releases`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bss_mfg.core import clock
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import ManifestAnswered, ManifestMade, ManifestUploaded
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.unit_state import NOT_REPLACED, POSITION, scrapped_packages

Answer = Literal["accepted", "rejected"]
_ANSWERS: Mapping[Answer, int] = {"accepted": 1, "rejected": 2}
_LACKS = {"release": "released = 0", "manifest": "manifest IS NULL"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A control log file of a batch: how many units have it as their newest, and what became of them."""

    number: int
    file: str
    sha256: str
    at: str
    device_logs: int
    bundle_logs: int
    units: int
    waiting: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class FeedbackCounts:
    """What a feedback file changed: units by their new answer, and serials that nobody uploaded, as `unknown`."""

    accepted: int
    rejected: int
    unchanged: int
    unknown: tuple[str, ...]
    ambiguous: tuple[str, ...]
    batches: tuple[str, ...]


class ExportStore:
    """Units whose keys were never released, control logs, and Amazon's answers."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    def outputs(self, batch_id: str) -> dict[str, int]:
        """How many units that may leave the factory have a key that was released, are in no control log, or wait for
        an answer, are accepted or rejected."""
        names = ("released", "in_no_manifest", "waiting", "accepted", "rejected")
        (row,) = self._db.rows(
            "SELECT sum(released > 0), sum(manifest IS NULL), sum(manifest IS NOT NULL AND answer = 0), "
            "sum(answer = 1), sum(answer = 2) FROM unit WHERE batch = ? AND scrapped = 0",
            (self._batches.number(batch_id),),
        )
        return {name: count or 0 for name, count in zip(names, row, strict=True)}

    def count_unreleased(self, batch_id: str) -> int:
        """How many units that may leave the factory have a key that was never released."""
        (row,) = self._db.rows(
            "SELECT count(*) FROM unit WHERE batch = ? AND scrapped = 0 AND released = 0",
            (self._batches.number(batch_id),),
        )
        return int(row[0])

    def units_lacking(self, batch_id: str, what: Literal["release", "manifest"], most: int) -> tuple[int, list[str]]:
        """How many units that may leave the factory have a key that was never released, or are in no control log,
        and the serials of the first."""
        batch = self._batches.number(batch_id)
        where = f"FROM unit u WHERE batch = ? AND scrapped = 0 AND {_LACKS[what]}"
        count = int(self._db.rows(f"SELECT count(*) {where}", (batch,))[0][0])
        first = self._db.rows(f"SELECT serial {where} ORDER BY {POSITION}, number LIMIT ?", (batch, most))
        return count, [serial for (serial,) in first]

    def record_control_log(self, batch_id: str, log: ManifestMade, units: Iterable[range]) -> None:
        """Remember a control log that is in place: its units, by number, wait for an answer from now on."""
        batch = self._batches.number(batch_id)
        with self._db.transaction():
            ((number,),) = self._db.rows(
                "INSERT INTO manifest (batch, file, sha256, at, device_logs, bundle_logs) VALUES (?, ?, ?, ?, ?, ?) "
                "RETURNING no",
                (batch, log.file, log.sha256, clock.now(), log.device_logs, log.bundle_logs),
            )
            self._db.many(
                "UPDATE unit SET manifest = ?, answer = 0, answer_reason = NULL "
                "WHERE batch = ? AND number >= ? AND number < ?",
                [(number, batch, run.start, run.stop) for run in units],
            )
            self._history.append(batch_id, log)

    def record_table(self, batch_id: str, manifest: ManifestMade) -> None:
        """Remember a manifest of another format: no answer is awaited."""
        self._history.append(batch_id, manifest)

    def record_upload(self, batch_id: str, upload: ManifestUploaded) -> None:
        """Remember that a control log was uploaded."""
        self._history.append(batch_id, upload)

    def uploads(self, batch_id: str) -> list[ManifestUploaded]:
        """The uploads of a batch's control logs, in order."""
        return [upload for _, upload in self._history.records(ManifestUploaded, batch_id)]

    def control_log_digests(self, batch_id: str) -> set[str]:
        """SHA-256 of all control logs of a batch."""
        return {
            sha
            for (sha,) in self._db.rows(
                "SELECT sha256 FROM manifest WHERE batch = ?", (self._batches.number(batch_id),)
            )
        }

    def control_logs(self, batch_id: str) -> list[Manifest]:
        """The control logs of a batch in the order in which they were made, replaced units left out."""
        batch = self._batches.number(batch_id)
        counts: dict[int, Counter[int]] = {}
        for number, answer, count in self._db.rows(
            "SELECT manifest, answer, count(*) FROM unit WHERE batch = ? AND scrapped = 0 AND manifest IS NOT NULL "
            "GROUP BY 1, 2",
            (batch,),
        ):
            counts.setdefault(number, Counter())[answer] = count
        return [
            Manifest(number, file, sha, at, devices, bundles, found.total(), found[0], found[1], found[2])
            for number, file, sha, at, devices, bundles in self._db.rows(
                "SELECT no, file, sha256, at, device_logs, bundle_logs FROM manifest WHERE batch = ? ORDER BY no",
                (batch,),
            )
            for found in (counts.get(number, Counter[int]()),)
        ]

    def packages_where(self, batch_id: str, which: Literal["missing", "rejected"]) -> Iterator[int]:
        """Numbers of the packages that may leave the factory with a unit in no control log, or a rejected one."""
        condition = {"missing": "u.manifest IS NULL", "rejected": "u.answer = 2"}[which]
        batch = self._batches.number(batch_id)
        bad = scrapped_packages(self._db, batch)
        for rows in self._db.stream(
            f"SELECT DISTINCT u.package FROM unit u WHERE u.batch = ? AND {condition} AND {NOT_REPLACED} "  # noqa: S608 (fixed texts)
            "AND u.package > ? ORDER BY u.package LIMIT ?",
            (batch,),
            500,
        ):
            yield from (number for (number,) in rows if number not in bad)

    def count_unaccepted(self, batch_id: str) -> int:
        """How many units that may leave the factory nobody has accepted."""
        (row,) = self._db.rows(
            "SELECT count(*) FROM unit WHERE batch = ? AND scrapped = 0 AND answer <> 1",
            (self._batches.number(batch_id),),
        )
        return int(row[0])

    def feedback_read_at(self, sha256: str) -> str | None:
        """When a feedback file of this SHA-256 was read, or None."""
        for event, answered in self._history.records(ManifestAnswered):
            if answered.sha256 == sha256:
                return event.at
        return None

    def record_answers(
        self,
        verdicts: Mapping[str, tuple[Answer, str]],
        file: str,
        sha256: str,
        product: str | None = None,
    ) -> FeedbackCounts:
        """Write down what a feedback file says of uploaded units, by serial: (answer, reason); one event a batch.

        A serial that several products share is ambiguous unless only one of them was uploaded, or `product` is named.
        """
        unknown: list[str] = []
        ambiguous: list[str] = []
        unchanged = 0
        changes: dict[str, Counter[Answer]] = {}
        with self._db.transaction():
            for serial, (answer, reason) in verdicts.items():
                rows = self._db.rows(
                    "SELECT b.id, u.batch, u.number, u.answer, u.answer_reason FROM unit u JOIN batch b "
                    "ON b.no = u.batch JOIN product p ON p.no = u.product WHERE u.product IN (SELECT no FROM product) "
                    "AND u.serial = :serial AND u.manifest IS NOT NULL AND (:product IS NULL OR p.name = :product)",
                    {"serial": serial, "product": product},
                )
                if len(rows) != 1:
                    (ambiguous if rows else unknown).append(serial)
                    continue
                ((batch_id, batch, number, before, why),) = rows
                if (before, why or "") == (_ANSWERS[answer], reason):
                    unchanged += 1
                    continue
                self._db.execute(
                    "UPDATE unit SET answer = ?, answer_reason = ? WHERE batch = ? AND number = ?",
                    (_ANSWERS[answer], reason or None, batch, number),
                )
                changes.setdefault(batch_id, Counter())[answer] += 1
            for batch_id, counted in changes.items():
                self._history.append(batch_id, ManifestAnswered(file=file, sha256=sha256, answers=counted))
        total = sum(changes.values(), Counter[Answer]())
        return FeedbackCounts(
            total["accepted"], total["rejected"], unchanged, tuple(unknown), tuple(ambiguous), tuple(changes)
        )

    def rejected_units(self, batch_id: str, limit: int) -> list[tuple[str, str]]:
        """(serial, reason) of the first rejected units of a batch."""
        return [
            (serial, reason or "")
            for serial, reason in self._db.rows(
                "SELECT serial, answer_reason FROM unit WHERE batch = ? AND scrapped = 0 AND answer = 2 "
                "ORDER BY number LIMIT ?",
                (self._batches.number(batch_id), limit),
            )
        ]
