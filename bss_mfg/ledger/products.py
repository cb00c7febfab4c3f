"""The store of products: their pinned keys and running serial numbers."""

from __future__ import annotations

from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.ledger.approvals import Consent
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import KeyPinned, KeyRepinned, LedgerAdopted, LedgerRestored
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.home import Home
from bss_mfg.ledger.next_numbers import NextNumbers, skip_logistic_units
from bss_mfg.ledger.policies import Act
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions
from bss_mfg.ledger.two_persons import TwoPersonStore
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT

LOGISTIC_UNITS_SKIPPED = 10_000
"""Numbers of cartons and pallets that are left out besides: what was packed since a copy was made may have been issued
long before."""


class ProductStore:
    """Products that batches were issued of."""

    def __init__(self, connection: Connection, history: HistoryStore, home: Home, two_persons: TwoPersonStore) -> None:
        self._db = connection
        self._history = history
        self._home = home
        self._two_persons = two_persons

    def key_fingerprint(self, product: str) -> str | None:
        """The key fingerprint that the product's batches are bound to, or None before its first batch."""
        rows = self._db.rows("SELECT key_fingerprint FROM product WHERE name = ?", (product,))
        return rows[0][0] if rows else None

    def repin_key(self, product: str, fingerprint: str, reason: str, consent: Consent = None) -> str:
        """Bind a product to another key, on purpose and on record; the fingerprint it was bound to before.

        Where that is the same one nothing is changed. `InputError` before the product's first batch, or without a
        reason; `RefusedError` where two persons have to sign it, and didn't.
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
            if old == fingerprint:
                self._two_persons.refuse_asking(consent)
                return old
            repinned = KeyRepinned(product=product, before=old, after=fingerprint, reason=reason)
            repinned = self._two_persons.require(Act.REPIN, None, repinned, consent)
            self._db.execute("UPDATE product SET key_fingerprint = ? WHERE name = ?", (fingerprint, product))
            self._history.append(None, repinned)
        self._two_persons.note(repinned)
        return old

    def check(self) -> None:
        """`LedgerError` where a product is bound to another key than its history says."""
        said = self._pinned()
        here = dict(self._db.rows("SELECT name, key_fingerprint FROM product"))
        wrong = sorted(name for name in here.keys() | said.keys() if here.get(name) != said.get(name))
        refuse_contradictions(
            (f"product {name}: its key" for name in wrong),
            "pinned keys are not as their history says",
            self._db.where,
            LedgerPart.PRODUCTS,
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
            self._history.append(None, KeyPinned(product=name, fingerprint=fingerprint, pid=pid))
            return number, first
        ((number, next_number, pinned),) = rows
        self._refuse_other_pin(name, pinned)
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
            said = event.with_values(next_serials=numbers, first_serial=first, first_logistic_unit=logistic_units)
            self._history.append(None, said)
        return NextNumbers(numbers, first, logistic_units)

    def _pinned(self) -> dict[str, str]:
        """The fingerprint of the key that each product is bound to, by the history."""
        said: dict[str, str] = {}
        for _, record in self._history.records_of((KeyPinned, KeyRepinned), ""):
            if isinstance(record, KeyPinned):
                said[record.product] = record.fingerprint
            elif isinstance(record, KeyRepinned):
                said[record.product] = record.after
        return said

    def _refuse_other_pin(self, name: str, pinned: str) -> None:
        """`LedgerError` where the key that a product is bound to is not the one that the history names: whoever wrote
        it there, and put his key file in place, would read all barcode strings to come."""
        said = self._pinned()
        if said.get(name) != pinned:
            raise LedgerError(
                f"product {name} is bound to another key than its history says",
                where=self._db.where,
                way_out=f"Nothing was issued. Something other than bss-mfg changed the ledger. {RESTORE_WAY_OUT}",
            )
        for event, record in self._history.records(KeyRepinned, ""):
            if record.product == name:
                self._two_persons.refuse_unsigned_pin(event, record)

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
