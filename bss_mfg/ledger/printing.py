"""What was printed, sent and read: label files, and the counts of packages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bss_mfg.ledger import audit
from bss_mfg.ledger.base import consecutive_ranges
from bss_mfg.ledger.connection import translated_errors
from bss_mfg.ledger.lookup import Lookup
from bss_mfg.model import Event, LabelFile, Rect


class Printing(Lookup):
    """The tables of printing and scanning, and the history that they write."""

    def printed_parts(self, batch_id: str) -> list[LabelFile]:
        """All label files made of a batch, in the order in which they were made last."""
        parts = self._parts(batch_id, "", ())
        newest = dict(
            self._rows(
                "SELECT json_extract(data, '$.sha256'), max(seq) FROM event WHERE batch = ? AND kind LIKE 'labels %' "
                "GROUP BY 1",
                (batch_id,),
            )
        )
        return sorted(parts, key=lambda part: (newest.get(part.sha256, 0), part.number))

    def printed_as(self, batch_id: str, sha256: str) -> LabelFile | None:
        """The label file of a batch with this SHA-256, or None."""
        return next(iter(self._parts(batch_id, "AND sha256 = ?", (sha256,))), None)

    def _parts(self, batch_id: str, condition: str, values: tuple[object, ...]) -> list[LabelFile]:
        """Label files; those of one layout share its cells, so that thousands of files are little."""
        shapes: dict[str, tuple[Any, ...]] = {}
        parts: list[LabelFile] = []
        columns = "part, file, sha256, plan, first_package, packages, start_at, geometry, template"
        query = f"SELECT {columns} FROM printed WHERE batch = ? {condition}"  # noqa: S608  (fixed texts)
        for part, file, sha, plan, first, count, start_at, geometry, template in self._rows(
            query, (self._number(batch_id), *values)
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

    def record_print(
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
        batch = self._number(part.batch)
        with self.transaction():
            self._db.execute(
                "INSERT INTO template VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
                (part.template_digest, template_name, template_text),
            )
            inserted = self._db.execute(
                "INSERT INTO printed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
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
            ).rowcount
            if not inserted and kind == "labels made":
                return
            if part.each == "package" and consecutive:
                self._db.execute(
                    "UPDATE package SET prints = prints + 1 WHERE batch = ? AND number >= ? AND number < ?",
                    (batch, numbers[0], numbers[0] + len(numbers)),
                )
            elif part.each == "package":
                self._db.executemany(
                    "UPDATE package SET prints = prints + 1 WHERE batch = ? AND number = ?",
                    [(batch, number) for number in numbers],
                )
            self._note(
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

    def serials_of(self, batch_id: str, serials: Sequence[str]) -> dict[str, tuple[int, int]]:
        """(package number, place in the batch) of the given serials of a batch; unknown ones are left out."""
        batch = self._number(batch_id)
        found: dict[str, tuple[int, int]] = {}
        for serial in serials:
            for package, unit in self._rows(
                "SELECT package, coalesce(place, number) FROM unit WHERE batch = ? AND serial = ?", (batch, serial)
            ):
                found[serial] = (package, unit)
        return found

    def last_print(self, batch_id: str) -> dict[str, Any]:
        """What the history says of the newest package labels of a batch: template, printer; empty if there are none."""
        newest: dict[str, Any] = {}
        for event in self.events(batch_id):
            if event.kind.startswith("labels ") and event.data.get("each") == "package":
                newest = dict(event.data)
        return newest

    def sent(self, batch_id: str) -> dict[str, str]:
        """SHA-256 of each label file that went to a printer -> how much of it, in words, of the newest time."""
        found: dict[str, str] = {}
        for event in self.events(batch_id):
            if event.kind in ("labels sent", "labels cut off"):
                found[event.data["sha256"]] = f"{event.data['labels']} labels handed over"
            elif event.kind == "labels sending":
                found[event.data["sha256"]] = "the run was ended while it was sent"
            elif event.kind == "labels not sent":
                found.pop(event.data["sha256"], None)
        return found

    def record_reads(
        self,
        batch_id: str,
        reads: Sequence[Mapping[str, Any]],
        verified: Iterable[int],
        whole: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one event per read, and count the packages that were read right. `whole` is a label file (file,
        sha256, labels; second_reader where that one read them too) all of whose labels were read right, the last with
        these: it needn't be read again."""
        batch = self._number(batch_id)
        events: list[tuple[str, Mapping[str, Any]]] = [("read", read) for read in reads]
        if whole:
            events.append(("file verified", whole))
        with self.transaction():
            audit.append_events(self._db, self._who, batch_id, events)
            self._db.executemany(
                "UPDATE package SET verified = verified + 1 WHERE batch = ? AND number BETWEEN ? AND ?",
                [(batch, *run) for run in consecutive_ranges(verified)],
            )

    def files_verified(self, batch_id: str, second_reader: bool = False) -> set[str]:
        """SHA-256 of the label files of a batch that were once read wholly and found right; with `second_reader`, by
        that one too."""
        events = self.events_of(("file verified",), batch_id)
        return {event.data["sha256"] for event in events if event.data.get("second_reader") or not second_reader}

    def times_verified(self, batch_id: str, package: int) -> int:
        """How often a package's label was read right."""
        rows = self._rows(
            "SELECT verified FROM package WHERE batch = ? AND number = ?", (self._number(batch_id), package)
        )
        return int(rows[0][0]) if rows else 0

    def scanner_reads(self, batch_id: str, last: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """How often the hand scanner got each verdict on a batch, and its newest reads, the newest first."""
        self._number(batch_id)
        mine = "batch = ? AND kind = 'read' AND json_extract(data, '$.file') = 'scanner'"
        counts = self._rows(
            f"SELECT json_extract(data, '$.verdict'), count(*) FROM event WHERE {mine} GROUP BY 1",  # noqa: S608
            (batch_id,),
        )
        newest = self._rows(f"SELECT data FROM event WHERE {mine} ORDER BY seq DESC LIMIT ?", (batch_id, last))  # noqa: S608
        return dict(counts), [json.loads(data) for (data,) in newest]

    def events(self, batch_id: str | None = None) -> Iterator[Event]:
        """The history, of one batch or of all."""
        with translated_errors(self._path):
            yield from audit.read_events(self._db, batch_id)

    def events_of(self, kinds: Sequence[str], batch_id: str | None = None) -> Iterator[Event]:
        """The history's events of some kinds, of one batch or of all, in order."""
        with translated_errors(self._path):
            yield from audit.read_events(self._db, batch_id, kinds)
