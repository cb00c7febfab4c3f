"""Units as rows of chosen columns, in slices and without secrets: what tables are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.ledger.connection import translated_errors
from bss_mfg.ledger.life import NOT_REPLACED, UnitState
from bss_mfg.ledger.replacing import Replacing

_REPLACED = f"(u.scrapped AND NOT ({NOT_REPLACED}))"
"""Of unit `u`: another has taken its place. Only scrapped units are looked up."""
_TAKER = """(SELECT r.serial FROM unit r WHERE r.batch = u.batch AND r.package = u.package AND r.place IS NOT NULL
    AND r.place = coalesce(u.place, u.number) AND r.number > u.number ORDER BY r.number LIMIT 1)"""
_STATE = """CASE WHEN u.scrapped THEN 'scrapped' WHEN p.shipped THEN 'shipped' WHEN p.verified > 0 THEN 'verified'
    WHEN p.prints > 0 THEN 'printed' ELSE 'issued' END"""


def _of_label(column: str) -> str:
    """A value of the package's barcode as it is now; it doesn't name a replaced unit, which has none."""
    return f"CASE WHEN {_REPLACED} THEN NULL ELSE p.{column} END"


UNIT_COLUMNS: Mapping[str, str] = {
    "batch": ":id",
    "package": "u.package",
    "unit": "u.number",
    "serial": "u.serial",
    "uuid": "hex(u.uuid)",
    "mac": "u.mac",
    "payload": _of_label("payload"),
    "state": _STATE,
    "replaced_by": f"CASE WHEN u.scrapped THEN {_TAKER} END",
    "prints": _of_label("prints"),
    "verified": _of_label("verified"),
    "revision": _of_label("revision"),
    "product": ":product",
    "title": "nullif(:title, '')",
    "pid": ":pid",
    "upc": "nullif(:upc, '')",
    "ean": "nullif(:ean, '')",
    "stage": ":stage",
    "spec": ":spec",
    "created_at": ":created_at",
    "last_event_at": "e.at",
    "released": "u.released",
    "manifest": "(SELECT file FROM manifest m WHERE m.no = u.manifest)",
    "answer": "CASE u.answer WHEN 1 THEN 'accepted' WHEN 2 THEN 'rejected' ELSE iif(u.manifest, 'waiting', NULL) END",
    "answer_reason": "u.answer_reason",
}
"""Column -> what it is in SQL; docs/formats/tables.md says it in words. No sealed key, no key's digest, ever."""

INTEGER_COLUMNS = frozenset({"package", "unit", "prints", "verified", "revision", "released"})
"""Columns of whole numbers; all others are text."""

UNITS_AT_ONCE = 1_000
"""About how many units are read at once."""

_UNIT = "batch, number, package, serial, uuid, mac, scrapped, place, released, manifest, answer, answer_reason"
UNITS = f"""(SELECT {_UNIT} FROM unit WHERE batch = :batch AND number BETWEEN :first AND :last
    UNION ALL
    SELECT {_UNIT} FROM unit INDEXED BY unit_place
        WHERE batch = :batch AND place IS NOT NULL AND package BETWEEN :low AND :high) u
    JOIN package p ON p.batch = :batch AND p.number = u.package"""  # noqa: S608 (fixed text)


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """Which units: of these states (none: all), whose package's last event lies between two moments (UTC, both
    included, as in the history; empty: no bound), and only what may leave the factory."""

    states: Sequence[UnitState] = ()
    since: str = ""
    until: str = ""
    shippable: bool = False


ALL_UNITS = UnitFilter()


class Rows(Replacing):
    """Rows of units for tables."""

    def unit_rows(
        self, batch_id: str, columns: Sequence[str], wanted: UnitFilter = ALL_UNITS
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The units of a batch, by package and place, a replaced one before the one that took its place: lists of
        rows, each with the values of `columns` in their order.

        No lock is held while the caller works, and memory stays flat. `KeyError` for what is none of `COLUMNS`.
        """
        batch, number = self.batch(batch_id), self._number(batch_id)
        given: dict[str, Any] = {
            "id": batch.id, "batch": number, "product": batch.product, "stage": batch.stage, "spec": batch.spec,
            "created_at": batch.created_at, "since": wanted.since, "until": wanted.until,
            "states": json.dumps(list(wanted.states)), "bad": "[]",
            **{name: batch.facts.get(name, "") for name in ("title", "pid", "upc", "ean")},
        }  # fmt: skip
        source, conditions = UNITS, ["1"]
        if wanted.states:
            conditions.append(f"{_STATE} IN (SELECT value FROM json_each(:states))")  # noqa: S608 (fixed text)
        if wanted.since or wanted.until or "last_event_at" in columns:
            self._find_last_events(batch_id, number, batch.created_at)
            source += " JOIN temp.last_event e ON e.batch = :batch AND e.package = u.package"
            conditions += ["e.at >= :since"] if wanted.since else []
            conditions += ["e.at <= :until"] if wanted.until else []
        if wanted.shippable:
            conditions.append("NOT u.scrapped")
            if bad := self.scrapped_packages(batch_id):
                given["bad"] = json.dumps(sorted(bad))
                conditions.append("u.package NOT IN (SELECT value FROM json_each(:bad))")
        query = (
            f"SELECT {', '.join(UNIT_COLUMNS[name] for name in columns)} FROM {source} "  # noqa: S608 (fixed text)
            f"WHERE {' AND '.join(conditions)} ORDER BY coalesce(u.place, u.number), u.number"
        )
        each = batch.units_per_package
        packages = max(UNITS_AT_ONCE // each, 1)
        for low in range(1, batch.packages + 1, packages):
            high = min(low + packages - 1, batch.packages)
            bounds = {"low": low, "high": high, "first": (low - 1) * each + 1, "last": high * each}
            with translated_errors(self._path):
                rows = self._db.execute(query, {**given, **bounds}).fetchall()
            if rows:
                yield rows

    def _find_last_events(self, batch_id: str, number: int, created_at: str) -> None:
        """Fill temp.last_event: of each package of a batch, when something last happened to it. It lies in a file of
        SQLite's that goes with the connection; the ledger is not written to."""
        with translated_errors(self._path):
            self._db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS last_event (batch INTEGER, package INTEGER, at TEXT NOT NULL, "
                "PRIMARY KEY (batch, package)) WITHOUT ROWID"
            )
            self._db.execute("DELETE FROM temp.last_event WHERE batch = ?", (number,))
            self._db.execute(
                "INSERT INTO temp.last_event SELECT batch, number, ? FROM package WHERE batch = ?",
                (created_at, number),
            )
            self._db.execute(
                "INSERT INTO temp.last_event SELECT ?, json_extract(data, '$.package'), at FROM event WHERE batch = ? "
                "AND kind IN ('read', 'unit scrapped', 'unit replaced') AND json_extract(data, '$.package') > 0 "
                "ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
                (number, batch_id),
            )
        printed = {part.sha256: part.numbers for part in self.printed_parts(batch_id) if part.each == "package"}
        spans: list[tuple[str, int, int, int]] = []
        labels = ("labels made", "labels made again", "labels reprinted")
        for event in self.events_of((*labels, "packages shipped", "packages returned"), batch_id):
            if event.kind not in labels:
                spans += [(event.at, number, first, last) for first, last in event.data["packages"]]
            elif isinstance(numbers := printed.get(event.data["sha256"], range(0)), range):
                spans += [(event.at, number, numbers.start, numbers.stop - 1)]
            else:
                spans += [(event.at, number, package, package) for package in numbers]
        with translated_errors(self._path):
            self._db.executemany(
                "UPDATE temp.last_event SET at = max(at, ?) WHERE batch = ? AND package BETWEEN ? AND ?", spans
            )
