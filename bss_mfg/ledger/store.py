"""The ledger: what was issued, printed, scanned, exported. Plain records in, plain records out."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import audit, checking
from bss_mfg.ledger.connection import CACHE_KIB, ISSUING_CACHE_KIB, connect, migrate, translated_errors
from bss_mfg.ledger.issued import Asking
from bss_mfg.ledger.replacing import INSERT_UNIT
from bss_mfg.ledger.sealed import SealedRows
from bss_mfg.ledger.vault import DataKey, Vault
from bss_mfg.model import Actor, Batch


class Ledger(Asking):
    """An open ledger.db. Reading methods return records; writing ones commit before they return."""

    @classmethod
    def create(cls, path: Path, who: Actor, vault: Vault) -> Ledger:
        """Make a new ledger that remembers the id of its vault key."""
        ledger = cls(connect(path, create=True), path, who)
        with ledger.transaction():
            ledger._db.execute(
                "INSERT INTO about VALUES ('ledger_id', ?), ('vault_id', ?)", (str(uuid.uuid4()), vault.id)
            )
            ledger._note(None, "workspace created", {})
        return ledger

    @classmethod
    def open(cls, path: Path, who: Actor) -> Ledger:
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

    def next_serial(self, name: str) -> tuple[int | None, int]:
        """(number, next running serial) of a product as it is now, or (None, the first) before its first batch."""
        rows = self._rows("SELECT no, next_serial FROM product WHERE name = ?", (name,))
        return (rows[0][0], rows[0][1]) if rows else (None, self._first_serial())

    def product_number(self, name: str, pid: str, fingerprint: str) -> tuple[int, int]:
        """(number, next running serial) of a product; pins the key at first use. Inside a transaction."""
        row = self._db.execute(
            "SELECT no, next_serial, key_fingerprint, pid FROM product WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            first = self._first_serial()
            cursor = self._db.execute(
                "INSERT INTO product (name, pid, key_fingerprint, next_serial) VALUES (?, ?, ?, ?)",
                (name, pid, fingerprint, first),
            )
            self._note(None, "key pinned", {"product": name, "fingerprint": fingerprint})
            return int(cursor.lastrowid or 0), first
        if row[2] != fingerprint:
            raise LedgerError(
                f"the public key of product {name} has changed: earlier batches used {row[2][:16]}..., the file holds "
                f"{fingerprint[:16]}...",
                way_out=f"If Amazon really issued a new key, run `bss-mfg product repin {name} --reason TEXT`; "
                "else put the old key file back.",
            )
        return int(row[0]), int(row[1])

    def _first_serial(self) -> int:
        """The first running number of a product that is new to this ledger."""
        rows = self._rows("SELECT value FROM about WHERE name = 'first_serial'")
        return int(rows[0][0]) if rows else 1

    # --- issuing --------------------------------------------------------------------------------------------------

    def issue(
        self,
        batch: Batch,
        request: str,
        product_no: int,
        next_serial: int,
        wrapped_key: bytes,
        data_key: DataKey,
        slices: Iterable[SealedRows],
    ) -> None:
        """Write a whole batch inside the caller's transaction: its packages and units in slices, keys sealed."""
        recipient = self.recipient()
        cursor = self._db.execute(
            """INSERT INTO batch (id, product, request, stage, units, packages, units_per_package, created_at, spec,
               spec_text, suite, key_fingerprint, template, facts, longest_payload, wrapped_key, recovery_key)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (batch.id, product_no, request, batch.stage, batch.units, batch.packages, batch.units_per_package,
             batch.created_at, batch.spec, batch.spec_text, batch.suite, batch.key_fingerprint, batch.template,
             json.dumps(dict(batch.facts)), batch.longest_payload, wrapped_key,
             recipient.seal(data_key) if recipient else None),
        )  # fmt: skip
        number = cursor.lastrowid
        self._db.execute(f"PRAGMA cache_size = -{ISSUING_CACHE_KIB}")
        content = hashlib.sha256()
        for packages, units in slices:
            content.update(b"".join([digest for _, _, digest in packages]))
            self._db.executemany(
                "INSERT INTO package (batch, number, payload, digest) VALUES (?, ?, ?, ?)",
                [(number, *row) for row in packages],
            )
            self._db.executemany(
                INSERT_UNIT,
                [(number, *row[:2], product_no, *row[2:7], None, row[7]) for row in units],
            )
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._db.execute("UPDATE product SET next_serial = ? WHERE no = ?", (next_serial, product_no))
        self._note(
            batch.id,
            "batch issued",
            {"product": batch.product, "units": batch.units, "packages": batch.packages, "content": content.hexdigest(),
             "spec": batch.spec, "suite": batch.suite, "key": batch.key_fingerprint},
        )  # fmt: skip

    # --- history --------------------------------------------------------------------------------------------------

    def head(self) -> tuple[int, str]:
        """Number and digest (hex) of the newest event: what a traveller sheet and a manifest carry."""
        with translated_errors(self._path):
            seq, digest = audit.chain_head(self._db)
        return seq, digest.hex()

    def verify_history(self) -> int:
        """Walk the hash chain; the number of events, `LedgerError` at the first that does not hold."""
        with translated_errors(self._path):
            return audit.verify_history(self._db)

    def digest_of(self, seq: int) -> str | None:
        """The digest (hex) of an event; None where there is none."""
        rows = self._rows("SELECT digest FROM event WHERE seq = ?", (seq,))
        return rows[0][0].hex() if rows else None

    def copy_into(self, target: sqlite3.Connection, pages: int) -> None:
        """Copy everything into an empty database, as it stands at one moment."""
        with translated_errors(self._path):
            self._db.backup(target, pages=pages)

    def note_restored(self, data: Mapping[str, Any], skip_serials: int) -> None:
        """Write down that this is a copy put back, and leave out some running numbers of every product: those that the
        copy does not know yet may have been issued, too."""
        with self.transaction():
            self._db.execute("UPDATE product SET next_serial = next_serial + ?", (skip_serials,))
            self._db.execute(
                "INSERT INTO about VALUES ('first_serial', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (str(self._first_serial() + skip_serials),),
            )
            self._note(None, "ledger restored", {**data, "skipped_serials": skip_serials})

    def check(self) -> int:
        """SQLite's own check, foreign keys, the hash chain, and each batch's barcode strings against what its issue
        wrote into the history; returns the number of events."""
        with translated_errors(self._path):
            events = checking.check(self._db, self._path)
            for batch in self.batches():
                checking.check_payloads(self._db, self._path, batch.id)
            return events
