"""Finding what was issued: batches, packages and units, barcode strings, serials, Device UUIDs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.base import LedgerBase, unknown_batch
from bss_mfg.ledger.checking import payload_digest
from bss_mfg.model import Batch, Package, Unit

_BATCH_COLUMNS = """b.id, p.name, b.stage, b.units, b.packages, b.units_per_package, b.created_at, b.spec, b.spec_text,
    b.suite, b.key_fingerprint, b.template, b.facts, b.longest_payload"""


class Lookup(LedgerBase):
    """Questions to the ledger about what was issued."""

    def batches(self) -> list[Batch]:
        """All batches in the order of issue."""
        return [_batch(row) for row in self._rows(
            f"SELECT {_BATCH_COLUMNS} FROM batch b JOIN product p ON p.no = b.product ORDER BY b.no"  # noqa: S608
        )]  # fmt: skip

    def batch(self, batch_id: str) -> Batch:
        """One batch by its id; `InputError` if there is none."""
        rows = self._rows(
            f"SELECT {_BATCH_COLUMNS} FROM batch b JOIN product p ON p.no = b.product WHERE b.id = ?",  # noqa: S608
            (batch_id,),
        )
        if not rows:
            raise unknown_batch(batch_id)
        return _batch(rows[0])

    def packages(self, batch_id: str, first: int = 1, count: int | None = None) -> Iterator[Package]:
        """The packages of a batch in order, from number `first` on, without keys; memory stays flat. A barcode string
        that is not the one that was issued is a `LedgerError`."""
        batch = self._number(batch_id)
        last = first + count if count is not None else 1 << 62
        for rows in self._stream(
            "SELECT number, payload, revision, digest FROM package WHERE batch = ? AND number < ? AND number > ? "
            "ORDER BY number LIMIT ?",
            (batch, last),
            500,
            after=first - 1,
        ):
            units = self._units_by_package(batch, rows[0][0], rows[-1][0])
            for number, payload, revision, digest in rows:
                if payload_digest(payload) != digest:
                    raise LedgerError(
                        f"the barcode string of package {number} of batch {batch_id} was changed in the ledger",
                        where=str(self._path),
                        way_out="Keep the file as evidence and restore the last good backup.",
                    )
                yield Package(number, payload, tuple(units[number]), revision)

    def _units_by_package(self, batch: int, first: int, last: int) -> dict[int, list[Unit]]:
        found: dict[int, list[Unit]] = {}
        for package, number, serial, octets, mac, scrapped in self._rows(
            "SELECT package, number, serial, uuid, mac, scrapped FROM unit WHERE batch = ? AND number BETWEEN "
            "(SELECT (? - 1) * units_per_package + 1 FROM batch WHERE no = ?) AND "
            "(SELECT ? * units_per_package FROM batch WHERE no = ?) ORDER BY number",
            (batch, first, batch, last, batch),
        ):
            unit = Unit(number, serial, uuid.UUID(bytes=octets), mac, None, bool(scrapped))
            found.setdefault(package, []).append(unit)
        for package, place, number, serial, octets, mac, scrapped in self._rows(
            "SELECT package, place, number, serial, uuid, mac, scrapped FROM unit INDEXED BY unit_place "
            "WHERE batch = ? AND place IS NOT NULL AND package BETWEEN ? AND ? ORDER BY number",
            (batch, first, last),
        ):
            members = found[package]
            members[(place - 1) % len(members)] = Unit(
                number, serial, uuid.UUID(bytes=octets), mac, None, bool(scrapped)
            )
        return found

    def find_payload(self, payload: str) -> tuple[str, int] | None:
        """(batch id, package number) of a barcode string, or None. Ours are ASCII; a read may hold any octets."""
        if not payload.isascii():
            return None
        rows = self._rows(
            "SELECT b.id, k.number FROM package k JOIN batch b ON b.no = k.batch WHERE k.digest = ? AND k.payload = ?",
            (payload_digest(payload), payload),
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def find_superseded(self, payload: str) -> tuple[str, int] | None:
        """(batch id, package number) of a barcode string that its package had before a unit of it was replaced."""
        if not payload.isascii():
            return None
        rows = self._rows(
            "SELECT b.id, s.number FROM superseded s JOIN batch b ON b.no = s.batch "
            "WHERE s.digest = ? AND s.payload = ?",
            (payload_digest(payload), payload),
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def find_beginning(self, batch_id: str, text: str) -> tuple[int, int] | None:
        """(package number, length of its whole string) of the one package of a batch whose string begins with `text`;
        None where there is none, or more than one. Walks the batch: for reads that failed, not for every one."""
        if not text.isascii():
            return None
        rows = self._rows(
            "SELECT number, length(payload) FROM package WHERE batch = ? AND substr(payload, 1, ?) = ? LIMIT 2",
            (self._number(batch_id), len(text), text),
        )
        return (rows[0][0], rows[0][1]) if len(rows) == 1 else None

    def find_uuid(self, value: uuid.UUID) -> tuple[str, int, str] | None:
        """(batch id, package number, serial) of a Device UUID, or None."""
        rows = self._rows(
            "SELECT b.id, u.package, u.serial FROM unit u JOIN batch b ON b.no = u.batch WHERE u.uuid = ?",
            (value.bytes,),
        )
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def counts(self, batch_id: str) -> dict[str, int]:
        """How many packages of a batch there are, were printed, verified and shipped, and how many units were scrapped
        and replaced."""
        batch = self._number(batch_id)
        packages = self._rows(
            "SELECT count(*), sum(prints > 0), sum(verified > 0), sum(shipped) FROM package WHERE batch = ?", (batch,)
        )[0]
        units = self._rows("SELECT sum(scrapped), count(place) FROM unit WHERE batch = ?", (batch,))[0]
        names = ("packages", "printed", "verified", "shipped", "scrapped", "replaced")
        return {name: number or 0 for name, number in zip(names, (*packages, *units), strict=True)}

    def never_verified(self, batch_id: str, limit: int) -> list[str]:
        """Serials of the first packages whose label was never read right."""
        batch = self._number(batch_id)
        return [
            next(self.packages(batch_id, number, 1)).serials_text
            for (number,) in self._rows(
                "SELECT number FROM package WHERE batch = ? AND verified = 0 ORDER BY number LIMIT ?", (batch, limit)
            )
        ]

    def find_serial(self, serial: str) -> list[tuple[str, int, int]]:
        """(batch id, package number, place in the batch) of all units with this serial: one at most of each product."""
        rows = self._rows(
            "SELECT b.id, u.package, coalesce(u.place, u.number) FROM unit u JOIN batch b ON b.no = u.batch "
            "WHERE u.product IN (SELECT no FROM product) AND u.serial = ? ORDER BY b.no",
            (serial,),
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def serials_with(self, device: uuid.UUID) -> list[str]:
        """The serial of the unit with a Device UUID, issued here or before: one at most."""
        rows = self._rows(
            "SELECT serial FROM unit WHERE uuid = ?1 UNION SELECT serial FROM imported WHERE uuid = ?1", (device.bytes,)
        )
        return [serial for (serial,) in rows]

    def imports_of(self, serial: str) -> list[int]:
        """Which of all identities that were issued before, in the order of their import from 1, have this serial: one
        at most of each product."""
        rows = self._rows(
            "SELECT no FROM imported WHERE product IN (SELECT no FROM product) AND serial = ? ORDER BY no", (serial,)
        )
        return [number for (number,) in rows]

    def ever_inside(self, batch_id: str, package: int) -> set[str]:
        """The serials of all units that a package ever held, scrapped and replaced ones too."""
        batch = self._number(batch_id)
        rows = self._rows(
            "SELECT u.serial FROM unit u JOIN batch b ON b.no = u.batch WHERE u.batch = ?1 "
            "AND u.number BETWEEN (?2 - 1) * b.units_per_package + 1 AND ?2 * b.units_per_package AND u.package = ?2 "
            "UNION SELECT serial FROM unit INDEXED BY unit_place WHERE batch = ?1 AND place IS NOT NULL "
            "AND package = ?2",
            (batch, package),
        )
        return {serial for (serial,) in rows}

    def known_serials(self, product: int, serials: Sequence[str]) -> dict[str, str]:
        """Those of the serials that a product's units have, with where each was issued, in words."""
        return self._known("serial", "product = ? AND", (product,), serials)

    def serials_between(self, product: int, first: str, last: str) -> bool:
        """Whether a product has a serial from `first` to `last`, both included, in the order of their octets."""
        where = "WHERE product = ?1 AND serial BETWEEN ?2 AND ?3"
        query = f"SELECT EXISTS (SELECT 1 FROM unit {where}) OR EXISTS (SELECT 1 FROM imported {where})"  # noqa: S608
        return bool(self._rows(query, (product, first, last))[0][0])

    def known_uuids(self, values: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
        """Those of the Device UUIDs that were issued, with where, in words."""
        found = self._known("uuid", "", (), [value.bytes for value in values])
        return {uuid.UUID(bytes=octets): where for octets, where in found.items()}

    def known_keys(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Those of the OOB keys' SHA-256 that were issued, with where, in words."""
        return self._known("key_digest", "", (), digests)

    def _known(self, column: str, condition: str, values: tuple[object, ...], wanted: Sequence[Any]) -> dict[Any, str]:
        found: dict[Any, str] = {}
        for at in range(0, len(wanted), 500):
            some = wanted[at : at + 500]
            marks = ", ".join("?" * len(some))
            ours = (
                f"SELECT u.{column}, b.id FROM unit u JOIN batch b ON b.no = u.batch "  # noqa: S608  (fixed names)
                f"WHERE {condition.replace('product', 'u.product')} u.{column} IN ({marks})"
            )
            theirs = f"SELECT {column} FROM imported WHERE {condition} {column} IN ({marks})"  # noqa: S608  (fixed)
            found.update({value: "before bss-mfg" for (value,) in self._rows(theirs, (*values, *some))})
            found.update({value: f"in batch {batch}" for value, batch in self._rows(ours, (*values, *some))})
        return found

    def request_of(self, batch: str) -> str | None:
        """The digest of the arguments a batch was created with, or None if there is no such batch."""
        rows = self._rows("SELECT request FROM batch WHERE id = ?", (batch,))
        return rows[0][0] if rows else None


def _batch(row: Sequence[Any]) -> Batch:
    values = list(row)
    try:
        values[12] = json.loads(values[12])
    except ValueError:
        raise LedgerError(
            f"batch {values[0]} has facts that can't be read",
            way_out="The ledger was damaged: keep it aside and restore the last good backup.",
        ) from None
    return Batch(*values)
