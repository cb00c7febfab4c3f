"""The store of products: their pinned keys and running serial numbers."""

from __future__ import annotations

from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import KeyPinned, KeyRepinned, LedgerRestored
from bss_mfg.ledger.history import HistoryStore


class ProductStore:
    """Products that batches were issued of."""

    def __init__(self, connection: Connection, history: HistoryStore) -> None:
        self._db = connection
        self._history = history

    def key_fingerprint(self, product: str) -> str | None:
        """The key fingerprint that the product's batches are bound to, or None before its first batch."""
        rows = self._db.rows("SELECT key_fingerprint FROM product WHERE name = ?", (product,))
        return rows[0][0] if rows else None

    def repin_key(self, product: str, fingerprint: str, reason: str) -> None:
        """Bind a product to another key, on purpose and on record."""
        with self._db.transaction():
            old = self.key_fingerprint(product)
            self._db.execute("UPDATE product SET key_fingerprint = ? WHERE name = ?", (fingerprint, product))
            self._history.append(None, KeyRepinned(product=product, before=old, after=fingerprint, reason=reason))

    def next_number(self, name: str) -> int:
        """The next running serial of a product as it is now."""
        rows = self._db.rows("SELECT next_serial FROM product WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else self._first_serial()

    def register(self, name: str, pid: str, fingerprint: str) -> tuple[int, int]:
        """(number, next running serial) of a product; pins the key at first use. Inside a transaction."""
        rows = self._db.rows("SELECT no, next_serial, key_fingerprint FROM product WHERE name = ?", (name,))
        if not rows:
            self._refuse_twin(name)
            first = self._first_serial()
            ((number,),) = self._db.rows(
                "INSERT INTO product (name, pid, key_fingerprint, next_serial) VALUES (?, ?, ?, ?) RETURNING no",
                (name, pid, fingerprint, first),
            )
            self._history.append(None, KeyPinned(product=name, fingerprint=fingerprint))
            return number, first
        ((number, next_number, pinned),) = rows
        if pinned != fingerprint:
            raise LedgerError(
                f"the public key of product {name} has changed: earlier batches used {pinned[:16]}..., the file holds "
                f"{fingerprint[:16]}...",
                way_out=f"If Amazon really issued a new key, run `bss-mfg product repin {name} --reason TEXT`; "
                "else put the old key file back.",
            )
        return number, next_number

    def set_next_number(self, product: int, number: int) -> None:
        """Go on with the running serials of a product from `number`, inside the caller's transaction."""
        self._db.execute("UPDATE product SET next_serial = ? WHERE no = ?", (number, product))

    def record_restore(self, restored: LedgerRestored) -> None:
        """Write down that this is a copy put back, and leave out as many running numbers of every product as it says:
        those that the copy does not know yet may have been issued, too."""
        with self._db.transaction():
            self._db.execute("UPDATE product SET next_serial = next_serial + ?", (restored.skipped_serials,))
            self._db.execute(
                "INSERT INTO about VALUES ('first_serial', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (str(self._first_serial() + restored.skipped_serials),),
            )
            self._history.append(None, restored)

    def _refuse_twin(self, name: str) -> None:
        rows = self._db.rows("SELECT name FROM product WHERE lower(name) = ?", (name.lower(),))
        if rows:
            raise RefusedError(
                f"product {name} differs from {rows[0][0]}, which has batches, in upper and lower case only",
                way_out=f"Give the product's file its old name, {rows[0][0]}.toml, or quite another one.",
            )

    def _first_serial(self) -> int:
        """The first running number of a product that is new to this ledger."""
        rows = self._db.rows("SELECT value FROM about WHERE name = 'first_serial'")
        return int(rows[0][0]) if rows else 1
