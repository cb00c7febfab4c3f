"""The store of prints: label files that were made, and what became of them at printers."""

from __future__ import annotations

import json
from typing import Any

from bss_mfg.core.text import count_words
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import (
    LABELS,
    LABELS_MADE,
    LabelFileEvent,
    LabelsNotSent,
    LabelsSending,
    SendingResult,
    read_record,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.model import LabelFile, Rect


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

        Made for the first time it counts once, however often that is said; made again or reprinted, each time.
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
        geometry.update({} if label_file.copy == 1 else {"copy": label_file.copy})
        batch = self._batches.number(label_file.batch)
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO template VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
                (label_file.template_digest, event.template, template_text),
            )
            inserted = self._db.execute(
                "INSERT INTO printed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (batch, file, sha256) DO NOTHING",
                (
                    batch,
                    label_file.file,
                    label_file.number,
                    label_file.sha256,
                    label_file.plan_digest,
                    min(numbers),
                    len(numbers),
                    label_file.start_at,
                    json.dumps(geometry),
                    label_file.template_digest,
                ),
            )
            if not inserted and event.kind is EventKind.LABELS_MADE:
                return
            if label_file.each == "package" and consecutive:
                self._db.execute(
                    "UPDATE package SET prints = prints + 1 WHERE batch = ? AND number >= ? AND number < ?",
                    (batch, numbers[0], numbers[0] + len(numbers)),
                )
            elif label_file.each == "package":
                self._db.many(
                    "UPDATE package SET prints = prints + 1 WHERE batch = ? AND number = ?",
                    [(batch, number) for number in numbers],
                )
            self._history.append(label_file.batch, event)

    def newest_labels(self, batch_id: str) -> LabelFileEvent | None:
        """What the history says of the newest package labels of a batch; None if there are none."""
        newest: LabelFileEvent | None = None
        for _, made in self._history.records(LabelFileEvent, batch_id):
            if made.each == "package":
                newest = made
        return newest

    def sent_words(self, batch_id: str) -> dict[str, str]:
        """SHA-256 of each label file that went to a printer -> how much of it, in words, of the newest time."""
        found: dict[str, str] = {}
        for event in self._history.events_of(tuple(LABELS - LABELS_MADE), batch_id):
            record = read_record(event.kind, event.data)
            if isinstance(record, LabelsSending):
                found[record.sha256] = "the run was ended while it was sent"
            elif isinstance(record, LabelsNotSent):
                found.pop(record.sha256, None)
            elif isinstance(record, SendingResult):
                found[record.sha256] = f"{count_words(record.labels, 'label')} handed over"
        return found

    def _label_files(self, batch_id: str, condition: str, values: tuple[object, ...]) -> list[LabelFile]:
        """Label files; those of one layout share its cells, so that thousands of files are little."""
        shapes: dict[str, tuple[Any, ...]] = {}
        parts: list[LabelFile] = []
        columns = "part, file, sha256, plan, first_package, packages, start_at, geometry, template"
        query = f"SELECT {columns} FROM printed WHERE batch = ? {condition}"  # noqa: S608 (fixed texts)
        for part, file, sha, plan, first, count, start_at, geometry, template in self._db.rows(
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
                    tuple(shape["numbers"]) if "numbers" in shape else None,
                )
            cells, page, modules, each, copy, numbers = shapes[geometry]
            numbers = range(first, first + count) if numbers is None else numbers
            parts.append(
                LabelFile(
                    batch_id, part, file, sha, plan, numbers, start_at, cells, page, modules, template, each, copy
                )
            )
        return parts
