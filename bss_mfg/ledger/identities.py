"""The store of identities: which serials, Device UUIDs and OOB keys were issued, here or before bss-mfg."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from bss_mfg.core.text import first_problems
from bss_mfg.errors import LedgerError, Location
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.events import IdentitiesImported
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.model import ImportedIdentity


class IdentityStore:
    """What was issued ever, so that nothing is issued twice."""

    def __init__(self, connection: Database, history: HistoryStore) -> None:
        self._db = connection
        self._history = history

    def issued_serials(self, product: int, serials: Sequence[str]) -> dict[str, str]:
        """Those of the serials that a product's units have, with where each was issued, in words."""
        return self._serials_by_value("serial", "product = ? AND", (product,), serials)

    def issued_uuids(self, values: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
        """Those of the Device UUIDs that were issued, with where, in words."""
        found = self._serials_by_value("uuid", "", (), [value.bytes for value in values])
        return {uuid.UUID(bytes=raw_uuid): where for raw_uuid, where in found.items()}

    def issued_key_digests(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Those of the OOB keys' SHA-256 that were issued, with where, in words."""
        return self._serials_by_value("key_digest", "", (), digests)

    def has_serial_between(self, product: int, first: str, last: str) -> bool:
        """Whether a product has a serial from `first` to `last`, both included, in the order of their bytes."""
        where = "WHERE product = :product AND serial BETWEEN :first AND :last"
        query = f"SELECT EXISTS (SELECT 1 FROM unit {where}) OR EXISTS (SELECT 1 FROM imported {where})"  # noqa: S608 (fixed texts)
        return bool(self._db.rows(query, {"product": product, "first": first, "last": last})[0][0])

    def import_numbers(self, serial: str) -> list[int]:
        """Which of all identities that were issued before, in the order of their import from 1, have this serial: one
        at most of each product."""
        rows = self._db.rows(
            "SELECT no FROM imported WHERE product IN (SELECT no FROM product) AND serial = ? ORDER BY no", (serial,)
        )
        return [number for (number,) in rows]

    def import_issued(
        self, product: int, name: str, identities: Iterable[ImportedIdentity], source: str, sha256: str
    ) -> int:
        """Remember identities that were issued before, inside the caller's transaction; how many are new.

        What is known already with all its parts is passed over; what contradicts the ledger is refused with its rows.
        """
        new, rows = 0, iter(identities)
        while some := list(islice(rows, 500)):
            unknown: dict[str, ImportedIdentity] = {}
            for item in some:
                before = unknown.get(item.serial) or self._find_imported(product, item.serial)
                if before is None:
                    unknown[item.serial] = item
                elif (before.uuid, before.key_digest) != (item.uuid, item.key_digest):
                    raise LedgerError(
                        f"serial {item.serial} was imported before with other values",
                        where=Location(source, row=item.row),
                        way_out="Nothing was imported. Find out which is right, and leave the other out.",
                    )
            self._refuse_contradictions(product, list(unknown.values()), source)
            if unknown:
                self._db.guard_imports()
            self._db.many(
                "INSERT INTO imported (product, serial, uuid, key_digest) VALUES (?, ?, ?, ?)",
                [
                    (product, item.serial, item.uuid.bytes if item.uuid else None, item.key_digest)
                    for item in unknown.values()
                ],
            )
            new += len(unknown)
        if new:
            self._history.append(None, IdentitiesImported(product=name, file=source, sha256=sha256, units=new))
        return new

    def _serials_by_value(
        self, column: str, condition: str, values: tuple[object, ...], wanted: Sequence[Any]
    ) -> dict[Any, str]:
        found: dict[Any, str] = {}
        for at in range(0, len(wanted), 500):
            some = wanted[at : at + 500]
            marks = ", ".join("?" * len(some))
            ours = (
                f"SELECT u.{column}, b.id FROM unit u JOIN batch b ON b.no = u.batch "  # noqa: S608 (fixed texts)
                f"WHERE {condition.replace('product', 'u.product')} u.{column} IN ({marks})"
            )
            theirs = f"SELECT {column} FROM imported WHERE {condition} {column} IN ({marks})"  # noqa: S608 (fixed texts)
            found.update({value: "before bss-mfg" for (value,) in self._db.rows(theirs, (*values, *some))})
            found.update({value: f"in batch {batch}" for value, batch in self._db.rows(ours, (*values, *some))})
        return found

    def _find_imported(self, product: int, serial: str) -> ImportedIdentity | None:
        for raw_uuid, digest in self._db.rows(
            "SELECT uuid, key_digest FROM imported WHERE product = ? AND serial = ?", (product, serial)
        ):
            return ImportedIdentity(0, serial, uuid.UUID(bytes=raw_uuid) if raw_uuid else None, digest)
        return None

    def _refuse_contradictions(self, product: int, items: Sequence[ImportedIdentity], source: str) -> None:
        serials = self.issued_serials(product, [item.serial for item in items])
        uuids = self.issued_uuids([item.uuid for item in items if item.uuid])
        keys = self.issued_key_digests([item.key_digest for item in items if item.key_digest])
        problems = [
            f"row {item.row}: {what} was issued {where}"
            for item in items
            for what, where in (
                (f"serial {item.serial}", serials.get(item.serial)),
                (f"Device UUID {str(item.uuid).upper()}", uuids.get(item.uuid) if item.uuid else None),
                ("its OOB key", keys.get(item.key_digest) if item.key_digest else None),
            )
            if where
        ]
        if problems:
            raise LedgerError(
                "contradicts what the ledger knows",
                where=source,
                problems=first_problems(problems, 8),
                way_out="Nothing was imported. Leave out what bss-mfg issued itself, and correct the rest.",
            )
