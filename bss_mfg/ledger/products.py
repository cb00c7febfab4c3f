"""The store of products: their pinned keys and running serial numbers."""

from __future__ import annotations

from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import KeyPinned, KeyRepinned, LedgerAdopted, LedgerRestored, read_record
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.home import Home
from bss_mfg.ledger.integrity import refuse_contradictions
from bss_mfg.ledger.next_numbers import NextNumbers, skip_logistic_units

LOGISTIC_UNITS_SKIPPED = 10_000
"""Numbers of cartons and pallets that are left out besides: what was packed since a copy was made may have been issued
long before."""


class ProductStore:
    """Products that batches were issued of."""

    def __init__(self, connection: Connection, history: HistoryStore, home: Home) -> None:
        self._db = connection
        self._history = history
        self._home = home

    def key_fingerprint(self, product: str) -> str | None:
        """The key fingerprint that the product's batches are bound to, or None before its first batch."""
        rows = self._db.rows("SELECT key_fingerprint FROM product WHERE name = ?", (product,))
        return rows[0][0] if rows else None

    def repin_key(self, product: str, fingerprint: str, reason: str) -> str:
        """Bind a product to another key, on purpose and on record; the fingerprint it was bound to before.

        Where that is the same one nothing is changed. `InputError` before the product's first batch, or without a
        reason.
        """
        if not reason.strip():
            raise InputError("a key is changed without a reason", way_out="Say why: the history keeps it.")
        with self._db.transaction():
            old = self.key_fingerprint(product)
            if old is None:
                raise InputError(
                    f"no batch of {product} was issued yet, so no key is pinned",
                    way_out="Issue the first batch: no key has to be accepted.",
                )
            if old != fingerprint:
                self._db.execute("UPDATE product SET key_fingerprint = ? WHERE name = ?", (fingerprint, product))
                self._history.append(None, KeyRepinned(product=product, before=old, after=fingerprint, reason=reason))
        return old

    def check(self) -> None:
        """`LedgerError` where a product is bound to another key than its history says."""
        said: dict[str, str] = {}
        for event in self._history.events_of((EventKind.KEY_PINNED, EventKind.KEY_REPINNED)):
            record = read_record(event.kind, event.data)
            if isinstance(record, KeyPinned):
                said[record.product] = record.fingerprint
            elif isinstance(record, KeyRepinned):
                said[record.product] = record.after
        here = dict(self._db.rows("SELECT name, key_fingerprint FROM product"))
        wrong = sorted(name for name in here.keys() | said.keys() if here.get(name) != said.get(name))
        refuse_contradictions(
            (f"product {name}: its key" for name in wrong), "pinned keys are not as their history says", self._db.where
        )

    def next_number(self, name: str) -> int:
        """The next running serial of a product as it is now."""
        rows = self._db.rows("SELECT next_serial FROM product WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else self._first_serial()

    def register(self, name: str, pid: str, fingerprint: str) -> tuple[int, int]:
        """(number, next running serial) of a product; pins the key at first use. `RefusedError` in a copy of the
        ledger. Inside a transaction."""
        self._home.require()
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
                way_out=f"If Amazon really issued a new key, run `bss-mfg product repin {name} --reason TEXT`, and "
                "then the same command again; else put the old key file back.",
            )
        return number, next_number

    def set_next_number(self, product: int, number: int) -> None:
        """Go on with the running serials of a product from `number`, inside the caller's transaction."""
        self._db.execute("UPDATE product SET next_serial = ? WHERE no = ?", (number, product))

    def issue_here(self, event: LedgerRestored | LedgerAdopted, known: NextNumbers) -> NextNumbers:
        """Write down that this copy was put back, or takes the place of another, and leave out as many running numbers
        of every product as it says, after those that are `known` to have come; the numbers it goes on with. Of products
        that the copy does not know yet, too: they may have been issued."""
        skip = event.skipped_serials
        with self._db.transaction():
            self._home.note()
            here = dict(self._db.rows("SELECT name, next_serial FROM product ORDER BY no"))
            numbers = {name: max(number, known.products.get(name, 1)) + skip for name, number in here.items()}
            self._db.many(
                "UPDATE product SET next_serial = ? WHERE name = ?", [(n, name) for name, n in numbers.items()]
            )
            new = [number for name, number in known.products.items() if name not in here]
            first = max(self._first_serial(), known.first, *new) + skip
            self._db.execute(
                "INSERT INTO about VALUES ('first_serial', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (str(first),),
            )
            logistic_units = skip_logistic_units(self._db, known, skip + LOGISTIC_UNITS_SKIPPED)
            self._history.append(None, event)
        return NextNumbers(numbers, first, logistic_units)

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
