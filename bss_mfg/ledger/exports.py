"""The store of what left the factory as files: units in control logs, Amazon's answers; of keys, `releases`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bss_mfg.core import clock
from bss_mfg.core.ranges import range_pairs
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import ManifestAnswered, ManifestMade, ManifestUploaded
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.unit_state import NOT_REPLACED, POSITION, scrapped_packages
from bss_mfg.model import Event

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
class AnswerFile:
    """A feedback file: its name and SHA-256, and when it was written, in seconds since 1970. It is the answer to the
    newest control log of each unit, or to `control_log` only. `product` says whose serials they are, where several
    products share some."""

    name: str
    sha256: str
    written_at: float
    control_log: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackCounts:
    """What a feedback file changed: units by their new answer, and serials that nobody uploaded, as `unknown`.

    `outdated` are those that it says nothing of: it answers an earlier control log than their newest, `newer` ones.
    `rejected_batches` are those of all units that it rejects.
    """

    accepted: int
    rejected: int
    unchanged: int
    unknown: tuple[str, ...]
    ambiguous: tuple[str, ...]
    outdated: tuple[str, ...]
    newer: tuple[str, ...]
    batches: tuple[str, ...]
    rejected_batches: tuple[str, ...]


class _Tally:
    """What becomes of the answers of a file."""

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self.ambiguous: list[str] = []
        self.outdated: dict[str, str] = {}
        self.unchanged = 0
        self.changes: dict[str, Counter[Answer]] = {}
        self.numbers: dict[str, dict[Answer, list[int]]] = {}
        self.reasons: dict[str, dict[str, list[int]]] = {}
        self.logs: dict[str, dict[str, None]] = {}
        self.rejected_batches: dict[str, None] = {}

    def counts(self) -> FeedbackCounts:
        """All of it."""
        total = sum(self.changes.values(), Counter[Answer]())
        return FeedbackCounts(
            accepted=total["accepted"],
            rejected=total["rejected"],
            unchanged=self.unchanged,
            unknown=tuple(self.unknown),
            ambiguous=tuple(self.ambiguous),
            outdated=tuple(self.outdated),
            newer=tuple(dict.fromkeys(self.outdated.values())),
            batches=tuple(self.changes),
            rejected_batches=tuple(self.rejected_batches),
        )


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
            "SELECT count(*) FILTER (WHERE released > 0), count(*) FILTER (WHERE manifest IS NULL), "
            "count(*) FILTER (WHERE manifest IS NOT NULL AND answer = 0), count(*) FILTER (WHERE answer = 1), "
            "count(*) FILTER (WHERE answer = 2) FROM unit WHERE batch = ? AND scrapped = 0",
            (self._batches.number(batch_id),),
        )
        return dict(zip(names, row, strict=True))

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
        """When a feedback file of this SHA-256 was read last, or None."""
        read = self._last_reading(sha256)
        return read.at if read else None

    def record_answers(self, verdicts: Mapping[str, tuple[Answer, str]], file: AnswerFile) -> FeedbackCounts:
        """Write down what a feedback file says of uploaded units, by serial: (answer, reason); one event a batch.

        An answer is that to a unit's newest control log. A file that was read before that was made, and was not
        written since, answers an earlier one, and is not counted again. A serial that several products share is
        ambiguous unless only one of them was uploaded, or the file's product is named.
        """
        tally = _Tally()
        with self._db.transaction():
            too_new = self._unanswerable(file)
            for serial, (answer, reason) in verdicts.items():
                rows = self._db.rows(
                    "SELECT b.id, u.batch, u.number, u.answer, u.answer_reason, m.file FROM unit u JOIN batch b "
                    "ON b.no = u.batch JOIN product p ON p.no = u.product JOIN manifest m ON m.no = u.manifest "
                    "WHERE u.product IN (SELECT no FROM product) AND u.serial = :serial "
                    "AND (CAST(:product AS TEXT) IS NULL OR p.name = :product)",
                    {"serial": serial, "product": file.product},
                )
                if len(rows) != 1:
                    (tally.ambiguous if rows else tally.unknown).append(serial)
                    continue
                ((batch_id, batch, number, before, why, log),) = rows
                if log in too_new or file.control_log not in (None, log):
                    tally.outdated[serial] = log
                    continue
                if answer == "rejected":
                    tally.rejected_batches[batch_id] = None
                if (before, why or "") == (_ANSWERS[answer], reason):
                    tally.unchanged += 1
                    continue
                self._db.execute(
                    "UPDATE unit SET answer = ?, answer_reason = ? WHERE batch = ? AND number = ?",
                    (_ANSWERS[answer], reason or None, batch, number),
                )
                tally.changes.setdefault(batch_id, Counter())[answer] += 1
                tally.numbers.setdefault(batch_id, {}).setdefault(answer, []).append(number)
                if reason:
                    tally.reasons.setdefault(batch_id, {}).setdefault(reason, []).append(number)
                tally.logs.setdefault(batch_id, {})[log] = None
            for batch_id, counted in tally.changes.items():
                logs = list(tally.logs[batch_id])
                answered = ManifestAnswered(
                    file=file.name,
                    sha256=file.sha256,
                    answers=counted,
                    logs=logs,
                    units=_ranges(tally.numbers[batch_id]),
                    reasons=_ranges(tally.reasons.get(batch_id, {})) or None,
                )
                self._history.append(batch_id, answered)
        return tally.counts()

    def _last_reading(self, sha256: str) -> Event | None:
        """The event of the last reading of a feedback file that changed something."""
        found = [event for event, answered in self._history.records(ManifestAnswered) if answered.sha256 == sha256]
        return found[-1] if found else None

    def _unanswerable(self, file: AnswerFile) -> set[str]:
        """The control logs that were made after a file was read, unless it was written anew since: it can't be the
        answer to these."""
        read = self._last_reading(file.sha256)
        if read is None or file.control_log is not None:
            return set()
        made_at: dict[str, str] = dict(self._db.rows("SELECT file, at FROM manifest"))
        return {
            made.file
            for event, made in self._history.records(ManifestMade)
            if event.seq > read.seq and made.file in made_at and clock.seconds_of(made_at[made.file]) > file.written_at
        }

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


def _ranges(numbers: Mapping[Any, list[int]]) -> dict[str, list[list[int]]]:
    """Numbers of units as [first, last] of consecutive ones, by what they are listed under."""
    return {str(name): range_pairs(sorted(listed)) for name, listed in numbers.items()}
