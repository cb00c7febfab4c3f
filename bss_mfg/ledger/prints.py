"""The store of prints: label files that were made, and what became of them at printers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
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
        parts = self._parts(batch_id, "", ())
        newest = dict(
            self._db.rows(
                "SELECT json_extract(data, '$.sha256'), max(seq) FROM event WHERE batch = ? AND kind LIKE 'labels %' "
                "GROUP BY 1",
                (batch_id,),
            )
        )
        return sorted(parts, key=lambda part: (newest.get(part.sha256, 0), part.number))

    def find_by_sha256(self, batch_id: str, sha256: str) -> LabelFile | None:
        """The label file of a batch with this SHA-256, or None."""
        return next(iter(self._parts(batch_id, "AND sha256 = ?", (sha256,))), None)

    def record(
        self,
        part: LabelFile,
        template_name: str,
        template_text: str,
        kind: str = "labels made",
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Remember a label file that is in place, with the template it was made from, and count its labels.

        `kind` names the act in the history; "labels made" twice for one file counts once, any other act each time.
        """
        numbers = part.numbers
        geometry: dict[str, Any] = {"cells": part.symbol_boxes, "page": part.page_mm, "modules": part.modules}
        consecutive = isinstance(numbers, range)
        geometry.update({} if consecutive else {"numbers": list(numbers)})
        geometry.update({} if part.each == "package" else {"each": part.each})
        geometry.update({} if part.copy == 1 else {"copy": part.copy})
        batch = self._batches.number(part.batch)
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO template VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
                (part.template_digest, template_name, template_text),
            )
            inserted = self._db.execute(
                "INSERT INTO printed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (batch, file, sha256) DO NOTHING",
                (
                    batch,
                    part.file,
                    part.number,
                    part.sha256,
                    part.plan_digest,
                    min(numbers),
                    len(numbers),
                    part.start_at,
                    json.dumps(geometry),
                    part.template_digest,
                ),
            )
            if not inserted and kind == "labels made":
                return
            if part.each == "package" and consecutive:
                self._db.execute(
                    "UPDATE package SET prints = prints + 1 WHERE batch = ? AND number >= ? AND number < ?",
                    (batch, numbers[0], numbers[0] + len(numbers)),
                )
            elif part.each == "package":
                self._db.many(
                    "UPDATE package SET prints = prints + 1 WHERE batch = ? AND number = ?",
                    [(batch, number) for number in numbers],
                )
            self._history.append(
                part.batch,
                kind,
                {
                    "file": part.file,
                    "sha256": part.sha256,
                    "template": template_name,
                    "each": part.each,
                    "first": numbers[0],
                    "count": len(numbers),
                    **(more or {}),
                },
            )

    def newest(self, batch_id: str) -> dict[str, Any]:
        """What the history says of the newest package labels of a batch: template, printer; empty if there are none."""
        newest: dict[str, Any] = {}
        for event in self._history.events(batch_id):
            if event.kind.startswith("labels ") and event.data.get("each") == "package":
                newest = dict(event.data)
        return newest

    def sent(self, batch_id: str) -> dict[str, str]:
        """SHA-256 of each label file that went to a printer -> how much of it, in words, of the newest time."""
        found: dict[str, str] = {}
        for event in self._history.events(batch_id):
            if event.kind in ("labels sent", "labels cut off"):
                found[event.data["sha256"]] = f"{event.data['labels']} labels handed over"
            elif event.kind == "labels sending":
                found[event.data["sha256"]] = "the run was ended while it was sent"
            elif event.kind == "labels not sent":
                found.pop(event.data["sha256"], None)
        return found

    def _parts(self, batch_id: str, condition: str, values: tuple[object, ...]) -> list[LabelFile]:
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
