"""The store of batches: issued once, never changed, closed when every label is accounted for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bss_mfg.core import clock
from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.events import BatchClosed, BatchIssued
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.known_names import other_meaning
from bss_mfg.ledger.sealed_rows import SealedRows
from bss_mfg.ledger.unit_state import INSERT_UNIT, scrapped_packages
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT
from bss_mfg.model import Batch

BatchState = Literal["open", "closed", "retired"]

_BATCH_COLUMNS = """b.id, p.name, b.stage, b.units, b.packages, b.units_per_package, b.created_at, b.spec, b.spec_text,
    b.suite, b.key_fingerprint, b.template, b.facts, b.longest_payload"""


@dataclass(frozen=True, slots=True)
class Balance:
    """A batch's labels: `printed` at least once; `verified` at least once and not scrapped; `scrapped` with a label
    that was printed, replaced ones too; `in_hand`: labels that lie unused at the line."""

    packages: int
    printed: int
    verified: int
    scrapped: int
    in_hand: int
    never_printed: int = 0
    """Packages without a label, scrapped ones apart."""

    @property
    def difference(self) -> int:
        """Labels that were printed and are nowhere; negative where more turned up than were printed."""
        return self.printed - self.verified - self.scrapped - self.in_hand


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch to store: what was asked for (SHA-256), its product's number in the database, the running number that
    the product goes on with, and the data key as it is stored: wrapped, and sealed to the officer if there is one."""

    batch: Batch
    request_digest: str
    product_no: int
    next_number: int
    wrapped_key: bytes
    recovery_key: bytes | None


class BatchStore:
    """Batches, with what was asked for, what they hold and whether they are closed or retired."""

    def __init__(self, connection: Database, history: HistoryStore) -> None:
        self._db = connection
        self._history = history

    def all(self) -> list[Batch]:
        """All batches in the order of issue."""
        return [
            _batch(row)
            for row in self._db.rows(
                f"SELECT {_BATCH_COLUMNS} FROM batch b JOIN product p ON p.no = b.product ORDER BY b.no"  # noqa: S608 (fixed texts)
            )
        ]

    def get(self, batch_id: str) -> Batch:
        """One batch by its id; `InputError` if there is none."""
        rows = self._db.rows(
            f"SELECT {_BATCH_COLUMNS} FROM batch b JOIN product p ON p.no = b.product WHERE b.id = ?",  # noqa: S608 (fixed texts)
            (batch_id,),
        )
        if not rows:
            raise unknown_batch(self._db, batch_id)
        return _batch(rows[0])

    def request_digest(self, batch: str) -> str | None:
        """The digest of the arguments a batch was created with, or None if there is no such batch."""
        rows = self._db.rows("SELECT request FROM batch WHERE id = ?", (batch,))
        return rows[0][0] if rows else None

    def counts(self, batch_id: str) -> dict[str, int]:
        """How many packages of a batch there are, were printed, verified and shipped, and how many units were scrapped
        and replaced."""
        batch = self.number(batch_id)
        packages = self._db.rows(
            "SELECT count(*), sum(prints > 0), sum(verified > 0), sum(shipped) FROM package WHERE batch = ?", (batch,)
        )[0]
        units = self._db.rows("SELECT sum(scrapped), count(place) FROM unit WHERE batch = ?", (batch,))[0]
        names = ("packages", "printed", "verified", "shipped", "scrapped", "replaced")
        return {name: number or 0 for name, number in zip(names, (*packages, *units), strict=True)}

    def store(self, new: NewBatch, slices: Iterable[SealedRows]) -> None:
        """Write a whole batch inside the caller's transaction: its packages and units in slices, keys sealed."""
        batch = new.batch
        ((number,),) = self._db.rows(
            """INSERT INTO batch (id, product, request, stage, units, packages, units_per_package, created_at, spec,
               spec_text, suite, key_fingerprint, template, facts, longest_payload, wrapped_key, recovery_key)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING no""",
            (
                batch.id,
                new.product_no,
                new.request_digest,
                batch.stage,
                batch.units,
                batch.packages,
                batch.units_per_package,
                batch.created_at,
                batch.spec,
                batch.spec_text,
                batch.suite,
                batch.key_fingerprint,
                batch.template,
                json.dumps(dict(batch.facts)),
                batch.longest_payload,
                new.wrapped_key,
                new.recovery_key,
            ),
        )
        content = hashlib.sha256()
        with self._db.bulk_load():
            for packages, units in slices:
                content.update(b"".join([digest for _, _, digest in packages]))
                self._db.many(
                    "INSERT INTO package (batch, number, payload, digest) VALUES (?, ?, ?, ?)",
                    [(number, *row) for row in packages],
                )
                self._db.many(
                    INSERT_UNIT,
                    [(number, *row[:2], new.product_no, *row[2:7], None, row[7]) for row in units],
                )
        self._db.execute("UPDATE product SET next_serial = ? WHERE no = ?", (new.next_number, new.product_no))
        self._history.append(
            batch.id,
            BatchIssued(
                product=batch.product,
                units=batch.units,
                packages=batch.packages,
                content=content.hexdigest(),
                spec=batch.spec,
                suite=batch.suite,
                fingerprint=batch.key_fingerprint,
            ),
        )

    def balance(self, batch_id: str, in_hand: int = 0) -> Balance:
        """Where the batch's labels are."""
        batch = self.number(batch_id)
        bad = scrapped_packages(self._db, batch)
        packages, printed, verified = self._db.rows(
            "SELECT count(*), sum(prints > 0), sum(verified > 0) FROM package WHERE batch = ?", (batch,)
        )[0]
        old = self._db.rows("SELECT count(*) FROM superseded WHERE batch = ? AND prints > 0", (batch,))[0][0]
        of_bad = [
            self._db.rows(
                "SELECT prints > 0, verified > 0 FROM package WHERE batch = ? AND number = ?", (batch, number)
            )[0]
            for number in bad
        ]
        return Balance(
            packages,
            (printed or 0) + old,
            (verified or 0) - sum(row[1] for row in of_bad),
            sum(row[0] for row in of_bad) + old,
            in_hand,
            packages - (printed or 0) - sum(1 - row[0] for row in of_bad),
        )

    def close(self, batch_id: str, in_hand: int) -> Balance:
        """Close a batch whose labels balance; closing it again changes nothing. `RefusedError` with the difference if
        they don't."""
        with self._db.transaction():
            found = self.balance(batch_id, in_hand)
            if self.closed_at(batch_id):
                then = [closed.in_hand for _, closed in self._history.records(BatchClosed, batch_id)]
                return replace(found, in_hand=then[-1])
            if found.difference:
                word = "are missing" if found.difference > 0 else "are too many"
                raise RefusedError(
                    f"its labels don't balance: {found.printed:,} labels printed, {found.verified:,} verified, "
                    f"{found.scrapped:,} scrapped, {found.in_hand:,} in hand: {abs(found.difference):,} {word}",
                    where=f"batch {batch_id}",
                    way_out="Scan what was not scanned, scrap what was destroyed (`bss-mfg scrap`), count what is "
                    "unused (--in-hand), and close again. `bss-mfg scan` shows what is missing.",
                )
            self._db.execute("UPDATE batch SET closed_at = ? WHERE id = ?", (clock.now(), batch_id))
            self._history.append(
                batch_id,
                BatchClosed(printed=found.printed, verified=found.verified, scrapped=found.scrapped, in_hand=in_hand),
            )
        return found

    def state(self, batch_id: str) -> BatchState:
        """Whether a batch is open, closed, or retired, which comes last."""
        if self.retired_at(batch_id):
            return "retired"
        return "closed" if self.closed_at(batch_id) else "open"

    def closed_at(self, batch_id: str) -> str | None:
        """When a batch was closed; None while it is open."""
        return self._time_of(batch_id, "closed_at")

    def retired_at(self, batch_id: str) -> str | None:
        """When a batch's keys were destroyed; None while they are there."""
        return self._time_of(batch_id, "retired_at")

    def refuse_closed(self, batch_id: str) -> None:
        """`RefusedError` for a batch that was closed."""
        if closed := self.closed_at(batch_id):
            raise RefusedError(
                f"was closed at {closed}",
                where=f"batch {batch_id}",
                way_out="A closed batch is neither printed nor changed; it can still be verified and exported.",
            )

    def refuse_retired(self, batch_id: str) -> None:
        """`RefusedError` for a batch whose keys were destroyed."""
        if retired := self.retired_at(batch_id):
            raise RefusedError(
                f"was retired at {retired}: its OOB keys were destroyed",
                where=f"batch {batch_id}",
                way_out="Its labels can still be printed and verified; its keys are gone for good.",
            )

    def number(self, batch_id: str) -> int:
        """A batch's number in the database; `InputError` if there is none."""
        rows = self._db.rows("SELECT no FROM batch WHERE id = ?", (batch_id,))
        if not rows:
            raise unknown_batch(self._db, batch_id)
        return int(rows[0][0])

    def _time_of(self, batch_id: str, column: str) -> str | None:
        found = self._db.rows(f"SELECT {column} FROM batch WHERE no = ?", (self.number(batch_id),))[0][0]  # noqa: S608 (fixed texts)
        return str(found) if found else None


def unknown_batch(connection: Database, batch_id: str) -> InputError:
    """The error for a batch id that is not in the ledger."""
    hint = other_meaning(connection, batch_id, wanted="batch")
    return InputError(
        f"there is no batch {batch_id[:80]!a} in this ledger",
        way_out=hint or "`bss-mfg batch list` shows the ids; upper and lower case differ.",
    )


def _batch(row: Sequence[Any]) -> Batch:
    values = list(row)
    try:
        values[12] = json.loads(values[12])
    except ValueError:
        raise LedgerError(
            f"batch {values[0]} has facts that can't be read",
            way_out=f"The ledger was damaged. {RESTORE_WAY_OUT}",
        ) from None
    return Batch(*values)
