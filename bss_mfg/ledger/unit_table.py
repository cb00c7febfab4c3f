"""The store of tables: units as rows of chosen columns, in slices and without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import LABELS_MADE, LabelFileEvent, PackagesMoved, kinds_of, read_record
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.packing_events import PackedTogether
from bss_mfg.ledger.prints import PrintStore
from bss_mfg.ledger.unit_columns import ORDER, UNIT_COLUMNS, UNIT_SOURCE
from bss_mfg.ledger.unit_state import STATE, UnitState, scrapped_packages
from bss_mfg.model import FIELD_PREFIX

UNITS_AT_ONCE = 1_000
"""About how many units are read at once."""


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """Which units: of these states (none: all), whose package's last event lies between two moments (UTC, both
    included, as in the history; empty: no bound), and only what may leave the factory."""

    states: Sequence[UnitState] = ()
    since: str = ""
    until: str = ""
    shippable: bool = False


ALL_UNITS = UnitFilter()

_OF_PACKAGE = tuple(
    kind.value
    for kind in (
        EventKind.READ, EventKind.UNIT_SCRAPPED, EventKind.UNIT_REPLACED,
        EventKind.PACKAGE_PACKED, EventKind.PACKAGE_UNPACKED,
    )
)  # fmt: skip
"""Events that name one package."""
_PACKAGE = "CAST(json_extract(data, '$.package') AS INTEGER)"


def _column(at: int, name: str) -> str:
    """A column in SQL: of the unit, or a field that the whole batch has."""
    return f":column{at}" if name.startswith(FIELD_PREFIX) else UNIT_COLUMNS[name]


class TableStore:
    """Rows of units for tables."""

    def __init__(self, connection: Connection, history: HistoryStore, batches: BatchStore, prints: PrintStore) -> None:
        self._db = connection
        self._history = history
        self._batches = batches
        self._prints = prints

    def rows(
        self, batch_id: str, columns: Sequence[str], unit_filter: UnitFilter = ALL_UNITS
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The units of a batch, by package and place, a replaced one before the one that took its place: lists of
        rows, each with the values of `columns` in their order: `UNIT_COLUMNS`, and `fields.NAME` for fields of the
        product's and the batch's own.

        No lock is held while the caller works, and memory stays flat. `KeyError` for what is none of `COLUMNS`.
        """
        batch, number = self._batches.get(batch_id), self._batches.number(batch_id)
        given: dict[str, Any] = {
            "id": batch.id,
            "batch": number,
            "product": batch.product,
            "stage": batch.stage,
            "spec": batch.spec,
            "created_at": batch.created_at,
            "bad": "[]",
            "since": unit_filter.since,
            "until": unit_filter.until,
            **{f"state{at}": state for at, state in enumerate(unit_filter.states)},
            **{name: batch.facts.get(name, "") for name in ("title", "pid", "upc", "ean")},
            **{
                f"column{at}": batch.facts.get(name) for at, name in enumerate(columns) if name.startswith(FIELD_PREFIX)
            },
        }
        source, conditions = UNIT_SOURCE, ["1 = 1"]
        if unit_filter.states:
            states = ", ".join(f":state{at}" for at in range(len(unit_filter.states)))
            conditions.append(f"{STATE} IN ({states})")
        if unit_filter.since or unit_filter.until or "last_event_at" in columns:
            self._find_last_events(batch_id, number, batch.created_at)
            source += " JOIN temp.last_event e ON e.batch = :batch AND e.package = u.package"
            conditions += ["e.at >= :since"] if unit_filter.since else []
            conditions += ["e.at <= :until"] if unit_filter.until else []
        if unit_filter.shippable:
            conditions.append("u.scrapped = 0")
            if bad := scrapped_packages(self._db, number):
                given["bad"] = json.dumps(sorted(bad))
                conditions.append("u.package NOT IN (SELECT value FROM json_each(:bad))")
        query = (
            f"SELECT {', '.join(_column(at, name) for at, name in enumerate(columns))} FROM {source} "  # noqa: S608 (fixed texts)
            f"WHERE {' AND '.join(conditions)} {ORDER}"
        )
        each = batch.units_per_package
        packages = max(UNITS_AT_ONCE // each, 1)
        for low in range(1, batch.packages + 1, packages):
            high = min(low + packages - 1, batch.packages)
            bounds = {"low": low, "high": high, "first": (low - 1) * each + 1, "last": high * each}
            rows = self._db.rows(query, {**given, **bounds})
            if rows:
                yield rows

    def _find_last_events(self, batch_id: str, number: int, created_at: str) -> None:
        """Fill temp.last_event: of each package of a batch, when something last happened to it. It is a temporary table
        of this connection: the ledger is not written to."""
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
            f"INSERT INTO temp.last_event SELECT ?, {_PACKAGE}, max(at) FROM event "  # noqa: S608 (fixed)
            f"WHERE batch = ? AND kind IN {_OF_PACKAGE} AND {_PACKAGE} > 0 GROUP BY 2 "
            "ON CONFLICT (batch, package) DO UPDATE SET at = excluded.at WHERE excluded.at > last_event.at",
            (number, batch_id),
        )
        printed = {part.sha256: part.numbers for part in self._prints.label_files(batch_id) if part.each == "package"}
        spans: list[tuple[str, int, int, int]] = []
        for event in self._history.events_of(
            (*LABELS_MADE, *kinds_of(PackagesMoved), *kinds_of(PackedTogether)), batch_id
        ):
            record = read_record(event.kind, event.data)
            if isinstance(record, (PackagesMoved, PackedTogether)):
                spans += [(event.at, number, first, last) for first, last in record.packages]
            elif isinstance(record, LabelFileEvent):
                for some in consecutive_ranges(printed.get(record.sha256, ())):
                    spans.append((event.at, number, some[0], some[-1]))
        self._db.many(
            "UPDATE temp.last_event SET at = ? WHERE batch = ? AND package BETWEEN ? AND ? AND at < ?",
            [(*span, span[0]) for span in spans],
        )
