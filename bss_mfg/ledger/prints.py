"""The store of prints: label files that were made, and what became of them at printers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from bss_mfg.core import clock
from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.core.text import count_words
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.bindings import digest_of
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import (
    LABELS,
    LABELS_AT_PRINTER,
    LabelFileEvent,
    LabelFileSuperseded,
    LabelsNotSent,
    LabelsReprinted,
    LabelsSending,
    LabelsSent,
    LabelsToSendAgain,
    SendingResult,
    read_record,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.labels_in_force import LabelsInForce, MadeFile, labels_in_force
from bss_mfg.ledger.unit_state import scrapped_packages
from bss_mfg.model import LabelFile, Rect


@dataclass(frozen=True, slots=True)
class SendState:
    """How far a label file went to a printer, the newest time: `labels` were handed over at most, None where nobody
    knows: the command ended while it sent."""

    sent: bool
    labels: int | None

    @property
    def words(self) -> str:
        """As people read it."""
        if self.labels is None:
            return "the run was ended while it was sent"
        return f"{count_words(self.labels, 'label')} handed over"


class PrintStore:
    """Label files of batches."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches

    def label_files(self, batch_id: str) -> list[LabelFile]:
        """All label files made of a batch, in the order in which they were made last."""
        parts = self._label_files(batch_id, "", ())
        newest = dict(
            self._db.rows(
                "SELECT json_extract(data, '$.sha256'), max(seq) FROM event WHERE batch = ? "  # noqa: S608 (fixed texts)
                f"AND kind IN ({', '.join('?' * len(LABELS))}) GROUP BY 1",
                (batch_id, *LABELS),
            )
        )
        return sorted(parts, key=lambda part: (newest.get(part.sha256, 0), part.number))

    def find_by_sha256(self, batch_id: str, sha256: str) -> LabelFile | None:
        """The label file of a batch with this SHA-256, or None."""
        return next(iter(self._label_files(batch_id, "AND sha256 = ?", (sha256,))), None)

    def unprinted(self, batch_id: str) -> set[int]:
        """Numbers of the packages of whose present label no file was made: never, or not since a unit was replaced."""
        rows = self._db.rows(
            "SELECT number FROM package WHERE batch = ? AND prints = 0", (self._batches.number(batch_id),)
        )
        return {number for (number,) in rows}

    def record(self, label_file: LabelFile, template_text: str, event: LabelFileEvent) -> None:
        """Remember a label file that is in place, with the template it was made from, and count its labels.

        Made for the first time it counts once, however often that is said; made again or reprinted, each time. What was
        read of an earlier print proves nothing of this one. Inside the transaction that is open, or in one of its own.
        """
        numbers = label_file.numbers
        geometry: dict[str, Any] = {
            "cells": label_file.symbol_boxes,
            "page": label_file.page_mm,
            "modules": label_file.modules,
        }
        consecutive = isinstance(numbers, range)
        geometry.update({} if consecutive else {"numbers": list(numbers)})
        geometry.update({} if label_file.each == "package" else {"each": label_file.each})
        geometry.update({"companions": label_file.companions} if label_file.companions else {})
        tolerance = label_file.registration_tolerance
        geometry.update({} if tolerance is None else {"registration_tolerance": tolerance})
        geometry.update({} if label_file.copy == 1 else {"copy": label_file.copy})
        geometry.update({} if label_file.repeat == 1 else {"repeat": label_file.repeat})
        batch = self._batches.number(label_file.batch)
        with nullcontext() if self._db.in_transaction else self._db.transaction():
            self._db.execute(
                "INSERT INTO template VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
                (label_file.template_digest, event.template, template_text),
            )
            row = (
                label_file.number,
                label_file.plan_digest,
                min(numbers),
                len(numbers),
                label_file.start_at,
                json.dumps(geometry),
                label_file.template_digest,
            )
            inserted = self._db.execute(
                "INSERT INTO printed (batch, file, sha256, part, plan, first_package, packages, start_at, geometry, "
                "template) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (batch, file, sha256) DO NOTHING",
                (batch, label_file.file, label_file.sha256, *row),
            )
            if not inserted and event.kind is EventKind.LABELS_MADE:
                return
            self._db.execute(
                "UPDATE printed SET superseded_at = NULL WHERE batch = ? AND file = ? AND sha256 = ?",
                (batch, label_file.file, label_file.sha256),
            )
            if label_file.each == "package" and consecutive:
                self._db.execute(
                    "UPDATE package SET prints = prints + 1, print_verified = 0 "
                    "WHERE batch = ? AND number >= ? AND number < ?",
                    (batch, numbers[0], numbers[0] + len(numbers)),
                )
            elif label_file.each == "package":
                self._db.many(
                    "UPDATE package SET prints = prints + 1, print_verified = 0 WHERE batch = ? AND number = ?",
                    [(batch, number) for number in numbers],
                )
            kept = digest_of(*row, template_text)
            self._history.append(label_file.batch, event.with_values(kept=kept))

    def template_text(self, digest: str) -> str | None:
        """The text of a template that labels were made from, by its digest, or None."""
        return next((text for (text,) in self._db.rows("SELECT text FROM template WHERE digest = ?", (digest,))), None)

    def refuse_outdated(self, batch_id: str, numbers: Sequence[int], revisions: Mapping[int, int]) -> None:
        """`RefusedError` where a package that was drawn has another barcode by now (`revisions` are those drawn that
        are not the first), holds a scrapped unit, or was shipped."""
        batch = self._batches.number(batch_id)
        now: dict[int, tuple[int, int]] = {}
        query = (
            "SELECT number, revision, shipped FROM package WHERE batch = ? AND number BETWEEN ? AND ? "
            "AND (revision <> 1 OR shipped <> 0)"
        )
        for some in consecutive_ranges(numbers):
            now.update({number: (*rest,) for number, *rest in self._db.rows(query, (batch, some[0], some[-1]))})
        scrapped = scrapped_packages(self._db, batch).intersection(numbers)
        changed = {
            **{number: "was shipped" for number, (_, shipped) in now.items() if shipped},
            **{
                number: "has a new barcode"
                for number in now.keys() | revisions.keys()
                if now.get(number, (1, 0))[0] != revisions.get(number, 1)
            },
            **dict.fromkeys(scrapped, "holds a scrapped unit"),
        }
        if changed:
            raise RefusedError(
                f"{count_words(len(changed), 'package')} changed while labels were drawn",
                where=f"batch {batch_id}",
                problems=[f"package {number} {what}" for number, what in sorted(changed.items())[:10]],
                way_out="What is finished stays, and this file was not written. Run the command again to continue.",
            )

    def newest_labels(self, batch_id: str) -> LabelFileEvent | None:
        """What the history says of the newest package labels of a batch; None if there are none."""
        newest: LabelFileEvent | None = None
        for _, made in self._history.records(LabelFileEvent, batch_id):
            if made.each == "package":
                newest = made
        return newest

    def last_print(self, batch_id: str, each: str = "package") -> LabelFileEvent | None:
        """What the history says of how a batch's labels were made last: what reprints say counts only where there is
        nothing else, for a torn label may have been printed anywhere."""
        newest: LabelFileEvent | None = None
        for _, made in self._history.records(LabelFileEvent, batch_id):
            if made.each == each and (
                not isinstance(made, LabelsReprinted) or isinstance(newest, LabelsReprinted | None)
            ):
                newest = made
        return newest

    def made_files(self, batch_id: str) -> list[MadeFile]:
        """All label files of a batch with what was said when each was made last, in this order."""
        newest: dict[tuple[str, str], tuple[int, LabelFileEvent]] = {}
        for event, made in self._history.records(LabelFileEvent, batch_id):
            newest[made.file, made.sha256] = event.seq, made
        files = [
            MadeFile(file, *newest[file.file, file.sha256])
            for file in self._label_files(batch_id, "", ())
            if (file.file, file.sha256) in newest
        ]
        return sorted(files, key=lambda made: (made.seq, made.file.number))

    def in_force(self, batch_id: str, each: str = "package") -> LabelsInForce:
        """Which label of a batch is to be found in which file by now."""
        with self._db.moment():
            made = [made for made in self.made_files(batch_id) if made.file.each == each]
            scrapped = scrapped_packages(self._db, self._batches.number(batch_id)) if each == "package" else ()
        return labels_in_force(made, scrapped)

    def supersede(self, files: Sequence[LabelFile]) -> None:
        """Remember that files are not to be printed any more: all of their labels were made again in others."""
        with self._db.transaction():
            for file in files:
                changed = self._db.execute(
                    "UPDATE printed SET superseded_at = ? "
                    "WHERE batch = ? AND file = ? AND sha256 = ? AND superseded_at IS NULL",
                    (clock.now(), self._batches.number(file.batch), file.file, file.sha256),
                )
                if changed:
                    said = LabelFileSuperseded(file=file.file, sha256=file.sha256, count=file.labels)
                    self._history.append(file.batch, said)

    def send_states(self, batch_id: str) -> dict[str, SendState]:
        """SHA-256 of each label file that went to a printer -> how far, the newest time."""
        return {sha: state for (_, sha), state in self._send_states(batch_id, by_name=False).items()}

    def send_states_by_name(self, batch_id: str) -> dict[tuple[str, str], SendState]:
        """As `send_states`, by name and SHA-256: of files with the same bytes and names of their own each counts."""
        return self._send_states(batch_id, by_name=True)

    def _send_states(self, batch_id: str, *, by_name: bool) -> dict[tuple[str, str], SendState]:
        found: dict[tuple[str, str], SendState] = {}
        for event in self._history.events_of(tuple(LABELS_AT_PRINTER), batch_id):
            record = read_record(event.kind, event.data)
            assert isinstance(record, LabelsSending | LabelsToSendAgain | SendingResult)  # noqa: S101 (their kinds)
            file = (record.file if by_name else "", record.sha256)
            if isinstance(record, LabelsSending):
                found[file] = SendState(sent=False, labels=None)
            elif isinstance(record, LabelsNotSent | LabelsToSendAgain):
                found.pop(file, None)
            else:
                found[file] = SendState(isinstance(record, LabelsSent), record.labels)
        return found

    def _label_files(self, batch_id: str, condition: str, values: tuple[object, ...]) -> list[LabelFile]:
        """Label files; those of one layout share its cells, so that thousands of files are little."""
        shapes: dict[str, tuple[Any, ...]] = {}
        parts: list[LabelFile] = []
        columns = "part, file, sha256, plan, first_package, packages, start_at, geometry, template, superseded_at"
        query = f"SELECT {columns} FROM printed WHERE batch = ? {condition} ORDER BY file, sha256"  # noqa: S608 (fixed texts)
        for part, file, sha, plan, first, count, start_at, geometry, template, gone in self._db.rows(
            query, (self._batches.number(batch_id), *values)
        ):
            if geometry not in shapes:
                shape = json.loads(geometry)
                shapes[geometry] = (
                    tuple(Rect(*cell) for cell in shape["cells"]),
                    (shape["page"][0], shape["page"][1]),
                    shape["modules"],
                    shape.get("each", "package"),
                    shape.get("copy", 1),
                    shape.get("repeat", 1),
                    tuple(shape["numbers"]) if "numbers" in shape else None,
                    tuple(Rect(*area) for area in shape.get("companions", ())),
                    shape.get("registration_tolerance"),
                )
            cells, page, modules, each, copy, repeat, numbers, companions, tolerance = shapes[geometry]
            numbers = range(first, first + count) if numbers is None else numbers
            parts.append(
                LabelFile(
                    batch_id,
                    part,
                    file,
                    sha,
                    plan,
                    numbers,
                    start_at,
                    cells,
                    page,
                    modules,
                    template,
                    each,
                    copy,
                    repeat,
                    gone,
                    companions,
                    tolerance,
                )
            )
        return parts
