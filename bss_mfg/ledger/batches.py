"""The store of batches: issued once, never changed, closed when every label is accounted for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bss_mfg.core import clock
from bss_mfg.core.text import did_you_mean, one_or
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.approvals import Consent
from bss_mfg.ledger.batch_binding import BatchBinding, kept_columns
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.events import BatchClosed, BatchIssued, BatchReopened
from bss_mfg.ledger.flash_failures import failed_error, failed_packages
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.known_names import other_meaning
from bss_mfg.ledger.package_counts import PackageCounts, count_packages, unprinted_packages
from bss_mfg.ledger.policies import Act
from bss_mfg.ledger.proofs import unproven_error, waiting_packages
from bss_mfg.ledger.sealed_rows import SealedRows
from bss_mfg.ledger.two_persons import TwoPersonStore
from bss_mfg.ledger.unit_state import INSERT_UNIT, NOT_REPLACED, POSITION, scrapped_packages
from bss_mfg.model import FIELD_PREFIX, Batch

BatchState = Literal["open", "closed", "retired"]

_BATCH_COLUMNS = """b.id, p.name, b.stage, b.units, b.packages, b.units_per_package, b.created_at, b.spec, b.spec_text,
    b.suite, b.key_fingerprint, b.template, b.facts, b.longest_payload"""


@dataclass(frozen=True, slots=True)
class Balance:
    """A batch's labels: `printed`; `verified`, the newest print was read right, and not scrapped; `scrapped` with a
    label that was printed, replaced ones too; `in_hand`: labels that lie unused at the line."""

    packages: int
    printed: int
    verified: int
    scrapped: int
    in_hand: int
    never_printed: int = 0
    """Packages without a label, scrapped ones apart; replaced ones whose new label was not printed are among them."""

    @property
    def difference(self) -> int:
        """Labels that were printed and are nowhere; negative where more turned up than were printed."""
        return self.printed - self.verified - self.scrapped - self.in_hand


@dataclass(frozen=True, slots=True)
class ClosingRequest:
    """What is said when a batch is closed: labels that lie unused (None: none, or as it was closed before), and how
    many packages were left without a label on purpose, with the reason."""

    in_hand: int | None = None
    unprinted: int = 0
    reason: str | None = None


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
    bound_key: str = ""
    """The digest of its wrapped data key."""
    identifiers: str = ""
    """The digest of its units' identifiers."""
    vault_key: str = ""
    """How the vault key is kept under which its data key is wrapped."""


def _own_fields(batch: Batch) -> dict[str, str]:
    """The product's and the batch's own fields, by name."""
    return {
        name.removeprefix(FIELD_PREFIX): text for name, text in batch.facts.items() if name.startswith(FIELD_PREFIX)
    }


_NEWEST = 2_000
"""Batches among which one is looked for that was mistyped."""


class BatchStore:
    """Batches, with what was asked for, what they hold and whether they are closed or retired."""

    def __init__(self, connection: Database, history: HistoryStore, two_persons: TwoPersonStore) -> None:
        self._db = connection
        self._history = history
        self._two_persons = two_persons

    def all(self) -> list[Batch]:
        """All batches in the order of issue."""
        return [
            _batch(row)
            for row in self._db.rows(
                f"SELECT {_BATCH_COLUMNS} FROM batch b JOIN product p ON p.no = b.product ORDER BY b.no"  # noqa: S608 (fixed texts)
            )
        ]

    def find(
        self, products: Sequence[str] = (), states: Sequence[BatchState] = (), since: str = "", until: str = ""
    ) -> list[Batch]:
        """The batches of these products in these states (none: of all), issued between two moments (UTC, both included,
        as in the history; empty: no bound), in the order of issue."""
        return [
            batch
            for batch in self.all()
            if batch.created_at >= since
            and (not until or batch.created_at <= until)
            and (not products or batch.product in products)
            and (not states or self.state(batch.id) in states)
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

    def find_id(self, batch_id: str) -> str | None:
        """The id of the batch whose id is this one, or differs from it in upper and lower case only: their folders
        would be one on Windows. None where there is no such batch."""
        rows = self._db.rows("SELECT id FROM batch WHERE lower(id) = ? ORDER BY id <> ?", (batch_id.lower(), batch_id))
        return rows[0][0] if rows else None

    def counts(self, batch_id: str) -> dict[str, int]:
        """How many packages of a batch there are, were printed, had their label file read back right, their newest
        print read right, were shipped, packed, and packed and not shipped; how many units were scrapped and replaced,
        and how many packages hold a scrapped unit."""
        batch = self.number(batch_id)
        found = asdict(count_packages(self._db, batch))
        scrapped, replaced = self._db.rows("SELECT sum(scrapped), count(place) FROM unit WHERE batch = ?", (batch,))[0]
        names = ("packages", "printed", "file_verified", "print_verified", "shipped", "packed", "packed_not_shipped")
        return {
            **{name: found[name] for name in names},
            "scrapped": scrapped or 0,
            "scrapped_packages": found["scrapped"],
            "replaced": replaced,
        }

    def package_counts(self, batch_id: str) -> PackageCounts:
        """How far its packages are."""
        return count_packages(self._db, self.number(batch_id))

    def store(self, new: NewBatch, slices: Iterable[SealedRows]) -> None:
        """Write a whole batch inside the caller's transaction: its packages and units in slices, keys sealed."""
        batch = new.batch
        facts = json.dumps(dict(batch.facts))
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
                facts,
                batch.longest_payload,
                new.wrapped_key,
                new.recovery_key,
            ),
        )
        content, binding = hashlib.sha256(), BatchBinding(batch.units)
        with self._db.bulk_load():
            for packages, units in slices:
                content.update(b"".join([digest for _, _, digest in packages]))
                binding.add(units)
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
                fields=_own_fields(batch) or None,
                require_device=batch.requires_device or None,
                vault_key=new.vault_key or None,
                kept=kept_columns(batch, new.request_digest, facts),
                identities=binding.identities.digests(),
                sealed=binding.sealed.digests(),
                identifiers=new.identifiers,
                data_key=new.bound_key,
                next_serial=new.next_number,
            ),
        )

    def balance(self, batch_id: str, in_hand: int = 0) -> Balance:
        """Where the batch's labels are."""
        found = count_packages(self._db, self.number(batch_id))
        return Balance(
            packages=found.packages,
            printed=found.printed + found.superseded,
            verified=found.print_verified,
            scrapped=found.scrapped_printed + found.superseded,
            in_hand=in_hand,
            never_printed=found.unprinted,
        )

    def close(self, batch_id: str, request: ClosingRequest) -> Balance:
        """Close a batch whose labels balance. `RefusedError` with the difference if they don't.

        To close it again as it was closed changes nothing; with another number in hand it is closed anew, while that
        balances.
        """
        with self._db.transaction():
            before = self._closed_as(batch_id)
            if before and request.in_hand in (None, before.in_hand) and request.unprinted in (0, before.never_printed):
                return before
            found = self.balance(batch_id, request.in_hand or 0)
            self._refuse_imbalance(batch_id, found, request)
            self._refuse_failed(batch_id)
            self._refuse_unproven(batch_id)
            self._db.execute("UPDATE batch SET closed_at = ? WHERE id = ?", (clock.now(), batch_id))
            self._history.append(
                batch_id,
                BatchClosed(
                    printed=found.printed,
                    verified=found.verified,
                    scrapped=found.scrapped,
                    in_hand=found.in_hand,
                    unprinted=found.never_printed,
                    reason=request.reason,
                ),
            )
        return found

    def reopen(self, batch_id: str, reason: str, consent: Consent = None) -> bool:
        """Open a closed batch again; False where it is open. `RefusedError` where two persons have to sign it, and
        didn't."""
        with self._db.transaction():
            if not self.closed_at(batch_id):
                self._two_persons.refuse_asking(consent)
                return False
            reopened = self._two_persons.require(Act.REOPEN, batch_id, BatchReopened(reason=reason), consent)
            self._db.execute("UPDATE batch SET closed_at = NULL WHERE id = ?", (batch_id,))
            self._history.append(batch_id, reopened)
        self._two_persons.note(reopened)
        return True

    def _closed_as(self, batch_id: str) -> Balance | None:
        """The balance that a batch was closed with; None while it is open."""
        closed = [record for _, record in self._history.records(BatchClosed, batch_id)]
        if not self.closed_at(batch_id) or not closed:
            return None
        then = closed[-1]
        now = self.balance(batch_id)
        return Balance(now.packages, then.printed, then.verified, then.scrapped, then.in_hand, then.unprinted)

    def _refuse_imbalance(self, batch_id: str, found: Balance, request: ClosingRequest) -> None:
        """`RefusedError` where labels are missing or too many, or packages without a label were not told."""
        if found.difference:
            word = one_or(abs(found.difference), "is", "are") + (" missing" if found.difference > 0 else " too many")
            raise RefusedError(
                f"its labels don't balance: {found.printed:,} labels printed, {found.verified:,} verified (the printed "
                f"label read right), {found.scrapped:,} scrapped, {found.in_hand:,} in hand: "
                f"{abs(found.difference):,} {word}",
                where=f"batch {batch_id}",
                way_out=f"Scan the printed labels that were not scanned (`bss-mfg scan {batch_id}` shows which), scrap "
                "what was destroyed (`bss-mfg scrap`), count what is unused (--in-hand), and close again.",
            )
        if found.never_printed == request.unprinted:
            return
        some = self._unprinted_serials(batch_id, 10)
        told = f", and --unprinted says {request.unprinted:,}" if request.unprinted else ""
        again = f"bss-mfg close {batch_id}" + (f" --in-hand {found.in_hand}" if found.in_hand else "")
        has = one_or(found.never_printed, "has", "have")
        raise RefusedError(
            f"{found.never_printed:,} of its {found.packages:,} packages {has} no printed label{told}",
            where=f"batch {batch_id}",
            problems=some,
            way_out=(
                f"Print them: `bss-mfg reprint {batch_id} {some[0].split(', ')[0]} --reason TEXT` prints one, "
                f"`bss-mfg labels {batch_id}` a batch that has none. If they get no label on purpose: "
                f"`{again} --unprinted {found.never_printed} --reason TEXT`."
                if some
                else f"Leave out --unprinted: `{again}`."
            ),
        )

    def _refuse_failed(self, batch_id: str) -> None:
        """`RefusedError` where a verified package that is still here holds a unit that failed when it was flashed: once
        the batch is closed, it could not be scrapped."""
        batch = self.number(batch_id)
        failed = failed_packages(self._db, batch)
        if left := failed.keys() - (scrapped_packages(self._db, batch) if failed else set()):
            raise failed_error(batch_id, [failed[number] for number in sorted(left)])

    def _refuse_unproven(self, batch_id: str) -> None:
        """`RefusedError` where the batch asks for proofs on air, and a verified package waits for one."""
        if not self.get(batch_id).requires_device:
            return
        batch = self.number(batch_id)
        if left := sorted(waiting_packages(self._db, batch_id, batch)):
            raise unproven_error(batch_id, [self._serials_in(batch, number) for number in left[:10]], len(left))

    def _unprinted_serials(self, batch_id: str, limit: int) -> list[str]:
        """The serials of the first packages without a label, those of one package joined with a comma."""
        batch = self.number(batch_id)
        return [", ".join(self._serials_in(batch, number)) for number in unprinted_packages(self._db, batch, limit)]

    def _serials_in(self, batch: int, package: int) -> list[str]:
        """The serials of a package."""
        query = f"SELECT serial FROM unit u WHERE batch = ? AND package = ? AND {NOT_REPLACED} ORDER BY {POSITION}"  # noqa: S608 (fixed texts)
        return [serial for (serial,) in self._db.rows(query, (batch, package))]

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
                way_out="A closed batch is neither printed nor changed; it can still be verified and exported. "
                f"`bss-mfg batch reopen {batch_id} --reason TEXT` opens it again.",
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
        way_out=hint
        or f"{_near_ids(connection, batch_id)}`bss-mfg batch list` shows the ids; upper and lower case differ.",
    )


def _near_ids(connection: Database, batch_id: str) -> str:
    """The ids that are most like it, of the newest batches: who mistypes one most often means one of these."""
    rows = connection.rows("SELECT id FROM batch ORDER BY no DESC LIMIT ?", (_NEWEST,))
    return did_you_mean(batch_id, [found for (found,) in rows])


def _batch(row: Sequence[Any]) -> Batch:
    values = list(row)
    values[12] = json.loads(values[12])
    return Batch(*values)
