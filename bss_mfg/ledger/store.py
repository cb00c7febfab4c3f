"""The ledger: what was issued, printed, scanned, exported. Plain records in, plain records out."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import audit, checking
from bss_mfg.ledger.base import unknown_batch
from bss_mfg.ledger.checking import payload_digest
from bss_mfg.ledger.connection import CACHE_KIB, ISSUING_CACHE_KIB, connect, errors, migrate
from bss_mfg.ledger.life import Life
from bss_mfg.ledger.vault import DataKey, Vault, key_digest
from bss_mfg.model import Batch, Package, Unit, Who

_BATCH_COLUMNS = """b.id, p.name, b.stage, b.units, b.packages, b.units_per_package, b.created_at, b.spec, b.spec_text,
    b.suite, b.key_fingerprint, b.template, b.facts, b.longest_payload"""

_INSERT_UNIT = """INSERT INTO unit (batch, number, package, product, serial, uuid, mac, sealed_key, key_digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class Ledger(Life):
    """An open ledger.db. Reading methods return records; writing ones commit before they return."""

    @classmethod
    def create(cls, path: Path, who: Who, vault: Vault) -> Ledger:
        """Make a new ledger that remembers the id of its vault key."""
        ledger = cls(connect(path, create=True), path, who)
        with ledger.transaction():
            ledger._db.execute(
                "INSERT INTO about VALUES ('ledger_id', ?), ('vault_id', ?)", (str(uuid.uuid4()), vault.id)
            )
            ledger._note(None, "workspace created", {})
        return ledger

    @classmethod
    def open(cls, path: Path, who: Who) -> Ledger:
        """Open an existing ledger; one of an earlier version is brought up to date."""
        connection = connect(path)
        migrate(connection, path, who)
        return cls(connection, path, who)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    # --- product keys ---------------------------------------------------------------------------------------------

    def pinned_fingerprint(self, product: str) -> str | None:
        """The key fingerprint that the product's batches are bound to, or None before its first batch."""
        rows = self._rows("SELECT key_fingerprint FROM product WHERE name = ?", (product,))
        return rows[0][0] if rows else None

    def repin(self, product: str, fingerprint: str, reason: str) -> None:
        """Bind a product to another key, on purpose and on record."""
        with self.transaction():
            old = self.pinned_fingerprint(product)
            self._db.execute("UPDATE product SET key_fingerprint = ? WHERE name = ?", (fingerprint, product))
            self._note(None, "key repinned", {"product": product, "from": old, "to": fingerprint, "reason": reason})

    def product_number(self, name: str, pid: str, fingerprint: str) -> tuple[int, int]:
        """(number, next running serial) of a product; pins the key at first use. Inside a transaction."""
        row = self._db.execute(
            "SELECT no, next_serial, key_fingerprint, pid FROM product WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            cursor = self._db.execute(
                "INSERT INTO product (name, pid, key_fingerprint) VALUES (?, ?, ?)", (name, pid, fingerprint)
            )
            self._note(None, "key pinned", {"product": name, "fingerprint": fingerprint})
            return int(cursor.lastrowid or 0), 1
        if row[2] != fingerprint:
            raise LedgerError(
                f"the public key of product {name} has changed: earlier batches used {row[2][:16]}..., the file holds "
                f"{fingerprint[:16]}...",
                way_out=f"If Amazon really issued a new key, run `bss-mfg product repin {name} --reason TEXT`; "
                "else put the old key file back.",
            )
        return int(row[0]), int(row[1])

    # --- issuing --------------------------------------------------------------------------------------------------

    def issue(
        self, batch: Batch, request: str, product_no: int, next_serial: int, wrapped_key: bytes,
        data_key: DataKey, packages: Iterable[Package],
    ) -> None:  # fmt: skip
        """Write a whole batch inside the caller's transaction; units carry their keys, which are sealed here."""
        cursor = self._db.execute(
            """INSERT INTO batch (id, product, request, stage, units, packages, units_per_package, created_at, spec,
               spec_text, suite, key_fingerprint, template, facts, longest_payload, wrapped_key)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (batch.id, product_no, request, batch.stage, batch.units, batch.packages, batch.units_per_package,
             batch.created_at, batch.spec, batch.spec_text, batch.suite, batch.key_fingerprint, batch.template,
             json.dumps(dict(batch.facts)), batch.longest_payload, wrapped_key),
        )  # fmt: skip
        number = cursor.lastrowid
        self._db.execute(f"PRAGMA cache_size = -{ISSUING_CACHE_KIB}")
        content = hashlib.sha256()
        units: list[tuple[object, ...]] = []
        strings: list[tuple[object, ...]] = []

        def flush() -> None:
            self._db.executemany("INSERT INTO package (batch, number, payload, digest) VALUES (?, ?, ?, ?)", strings)
            self._db.executemany(_INSERT_UNIT, units)
            strings.clear()
            units.clear()

        for package in packages:
            digest = payload_digest(package.payload)
            content.update(digest)
            strings.append((number, package.number, package.payload, digest))
            for unit in package.units:
                if unit.key is None:
                    raise ValueError("a unit is issued with its key")
                sealed = data_key.seal(unit.number, unit.uuid.bytes, unit.key)
                units.append(
                    (number, unit.number, package.number, product_no, unit.serial, unit.uuid.bytes, unit.mac, sealed,
                     key_digest(unit.key))
                )  # fmt: skip
            if len(strings) >= 500:
                flush()
        flush()
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._db.execute("UPDATE product SET next_serial = ? WHERE no = ?", (next_serial, product_no))
        self._note(
            batch.id,
            "batch issued",
            {"product": batch.product, "units": batch.units, "packages": batch.packages, "content": content.hexdigest(),
             "spec": batch.spec, "suite": batch.suite, "key": batch.key_fingerprint},
        )  # fmt: skip

    def known_serials(self, product: int, serials: Sequence[str]) -> dict[str, str]:
        """Those of the serials that a product's units have, with the batch of each."""
        return self._known("u.product = ? AND u.serial", (product,), serials)

    def known_uuids(self, values: Sequence[uuid.UUID]) -> dict[uuid.UUID | None, str]:
        """Those of the Device UUIDs that were issued, with the batch of each."""
        found = self._known("u.uuid", (), [value.bytes for value in values])
        return {uuid.UUID(bytes=octets): batch for octets, batch in found.items()}

    def _known(self, column: str, values: tuple[object, ...], wanted: Sequence[Any]) -> dict[Any, str]:
        found: dict[Any, str] = {}
        name = column.rpartition(".")[2]
        for at in range(0, len(wanted), 500):
            some = wanted[at : at + 500]
            query = (
                f"SELECT u.{name}, b.id FROM unit u JOIN batch b ON b.no = u.batch "  # noqa: S608  (fixed names)
                f"WHERE {column} IN ({', '.join('?' * len(some))})"
            )
            found.update(self._rows(query, (*values, *some)))
        return found

    def check_vault(self, vault: Vault) -> None:
        """Refuse a vault key that this ledger was not made with."""
        expected = self._rows("SELECT value FROM about WHERE name = 'vault_id'")[0][0]
        if vault.id != expected:
            raise LedgerError(
                f"the vault key ({vault.id}) is not the one of this ledger ({expected})",
                way_out="Use the workspace's own vault.key; nothing was changed.",
            )

    def request_of(self, batch: str) -> str | None:
        """The digest of the arguments a batch was created with, or None if there is no such batch."""
        rows = self._rows("SELECT request FROM batch WHERE id = ?", (batch,))
        return rows[0][0] if rows else None

    # --- looking up -----------------------------------------------------------------------------------------------

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
        """The packages of a batch in order, from number `first` on, without keys; memory stays flat."""
        batch = self._number(batch_id)
        last = first + count if count is not None else 1 << 62
        for rows in self._stream(
            "SELECT number, payload FROM package WHERE batch = ? AND number < ? AND number > ? ORDER BY number LIMIT ?",
            (batch, last),
            500,
            after=first - 1,
        ):
            units = self._units_by_package(batch, rows[0][0], rows[-1][0])
            for number, payload in rows:
                yield Package(number, payload, tuple(units[number]))

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
        """How many packages of a batch there are, were printed and verified at least once, and how many units were
        scrapped."""
        row = self._rows(
            "SELECT count(*), sum(prints > 0), sum(verified > 0) FROM package WHERE batch = ?",
            (self._number(batch_id),),
        )[0]
        scrapped = self._rows("SELECT count(*) FROM unit WHERE batch = ? AND scrapped", (self._number(batch_id),))
        return {"packages": row[0], "printed": row[1] or 0, "verified": row[2] or 0, "scrapped": scrapped[0][0]}

    def never_verified(self, batch_id: str, limit: int) -> list[str]:
        """Serials of the first packages whose label was never read right."""
        batch = self._number(batch_id)
        return [
            next(self.packages(batch_id, number, 1)).serials
            for (number,) in self._rows(
                "SELECT number FROM package WHERE batch = ? AND verified = 0 ORDER BY number LIMIT ?", (batch, limit)
            )
        ]

    # --- secrets --------------------------------------------------------------------------------------------------

    def units_with_keys(self, batch_id: str, vault: Vault) -> Iterator[Unit]:
        """The units of a batch that are not scrapped, with their OOB keys opened, in order. Only `export.programming`
        calls this."""
        self.check_vault(vault)
        number, wrapped = self._rows("SELECT no, wrapped_key FROM batch WHERE id = ?", (batch_id,))[0]
        data_key = vault.data_key(batch_id, wrapped)
        for rows in self._stream(
            "SELECT number, serial, uuid, mac, sealed_key FROM unit WHERE batch = ? AND scrapped = 0 AND number > ? "
            "ORDER BY number LIMIT ?",
            (number,),
            500,
        ):
            for unit, serial, octets, mac, sealed in rows:
                yield Unit(unit, serial, uuid.UUID(bytes=octets), mac, data_key.open(unit, octets, sealed))

    # --- history --------------------------------------------------------------------------------------------------

    def head(self) -> tuple[int, str]:
        """Number and digest (hex) of the newest event: what a traveller sheet and a manifest carry."""
        with errors(self._path):
            seq, digest = audit.head(self._db)
        return seq, digest.hex()

    def verify_history(self) -> int:
        """Walk the hash chain; the number of events, `LedgerError` at the first that does not hold."""
        with errors(self._path):
            return audit.verify(self._db)

    def digest_of(self, seq: int) -> str | None:
        """The digest (hex) of an event; None where there is none."""
        rows = self._rows("SELECT digest FROM event WHERE seq = ?", (seq,))
        return rows[0][0].hex() if rows else None

    def copy_into(self, target: sqlite3.Connection, pages: int) -> None:
        """Copy everything into an empty database, as it stands at one moment."""
        with errors(self._path):
            self._db.backup(target, pages=pages)

    def note_restored(self, data: Mapping[str, Any], skip_serials: int) -> None:
        """Write down that this is a copy put back, and leave out some running numbers of every product."""
        with self.transaction():
            self._db.execute("UPDATE product SET next_serial = next_serial + ?", (skip_serials,))
            self._note(None, "ledger restored", {**data, "skipped_serials": skip_serials})

    def find_serial(self, serial: str) -> list[tuple[str, int, int]]:
        """(batch id, package number, unit number) of all units with this serial: one at most of each product."""
        rows = self._rows(
            "SELECT b.id, u.package, u.number FROM unit u JOIN batch b ON b.no = u.batch WHERE u.serial = ? "
            "ORDER BY b.no",
            (serial,),
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def check(self) -> int:
        """SQLite's own check, foreign keys, the hash chain, and each batch's barcode strings against what its issue
        wrote into the history; returns the number of events."""
        with errors(self._path):
            events = checking.check(self._db, self._path)
            for batch in self.batches():
                checking.check_content(self._db, self._path, batch.id)
            return events


def _batch(row: Sequence[Any]) -> Batch:
    values = list(row)
    values[12] = json.loads(values[12])
    return Batch(*values)
