"""The store of identities: which serials, Device UUIDs and OOB keys were issued, here or before bss-mfg."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from bss_mfg.core.text import first_problems
from bss_mfg.errors import LedgerError, Location
from bss_mfg.ledger.bindings import digest_of_rows
from bss_mfg.ledger.connection import Connection, Database
from bss_mfg.ledger.events import IdentitiesImported
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.identifiers import IdentifierStore
from bss_mfg.model import Identifier, ImportedIdentity

_AT_ONCE = 500
_IMPORTED = (
    "SELECT no, product, serial, uuid, key_digest FROM imported ORDER BY no",
    "SELECT imported, name, value, scope FROM identifier WHERE imported IS NOT NULL ORDER BY imported, name, value",
)


@dataclass(frozen=True, slots=True)
class ImportSource:
    """Where identities come from: product (name and number in the database), the file's name and SHA-256."""

    product: str
    product_no: int
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many identities were new, and how many known ones got MACs or other values that were not known of them."""

    new: int
    completed: int


@dataclass(frozen=True, slots=True)
class IssuedTwice:
    """A serial or MAC that two units have, which earlier versions allowed; `units` as SERIAL in BATCH."""

    name: str
    value: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """An identity that was imported: `number` in the database, none where it is new in this import."""

    number: int | None
    item: ImportedIdentity


class IdentityStore:
    """What was issued ever, so that nothing is issued twice."""

    def __init__(self, connection: Database, history: HistoryStore) -> None:
        self._db = connection
        self._history = history
        self.identifiers = IdentifierStore(connection)

    def issued_serials(self, serials: Sequence[str]) -> dict[str, str]:
        """Those of the serials that units of any product have, with where each was issued, in words. Serials that
        differ in upper and lower case only are the same: their files would be one on Windows."""
        asked: dict[str, list[str]] = {}
        for serial in serials:
            asked.setdefault(serial.lower(), []).append(serial)
        found: dict[str, str] = {}
        for some in _slices(list(asked)):
            marks = ", ".join("?" * len(some))
            rows = self._db.rows(
                f"SELECT serial, NULL FROM imported WHERE lower(serial) IN ({marks}) UNION ALL SELECT u.serial, b.id "  # noqa: S608 (fixed texts)
                f"FROM unit u JOIN batch b ON b.no = u.batch WHERE lower(u.serial) IN ({marks})",
                (*some, *some),
            )
            for issued, batch in rows:
                where = f"in batch {batch}" if batch else "before bss-mfg"
                found.update(
                    {one: where if one == issued else f"{where}, as {issued}" for one in asked[issued.lower()]}
                )
        return found

    def serials_between(self, first: str, last: str) -> set[str]:
        """The serials of all products from `first` to `last`, both included, in lower case: that is also their
        order."""
        where = "lower(serial) BETWEEN :first AND :last"
        rows = self._db.rows(
            f"SELECT lower(serial) FROM unit WHERE {where} UNION ALL SELECT lower(serial) FROM imported WHERE {where}",  # noqa: S608 (fixed texts)
            {"first": first.lower(), "last": last.lower()},
        )
        return {serial for (serial,) in rows}

    def issued_uuids(self, values: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
        """Those of the Device UUIDs that were issued, with where and to whom, in words."""
        found = self._holders("uuid", [value.bytes for value in values])
        return {uuid.UUID(bytes=raw_uuid): where for raw_uuid, where in found.items()}

    def issued_key_digests(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Those of the OOB keys' SHA-256 that were issued, with where and to whom, in words."""
        return self._holders("key_digest", digests)

    def import_numbers(self, serial: str, product: str | None = None) -> list[int]:
        """Which of all identities that were issued before, in the order of their import from 1, have this serial: one
        at most of each product, or of `product` only."""
        rows = self._db.rows(
            "SELECT no FROM imported WHERE product IN (SELECT no FROM product WHERE CAST(:product AS TEXT) IS NULL "
            "OR name = :product) AND serial = :serial ORDER BY no",
            {"serial": serial, "product": product},
        )
        return [number for (number,) in rows]

    def issued_of(self, product: str) -> Iterator[ImportedIdentity]:
        """All units that were issued of a product, each as another ledger would import it, with its MAC."""
        rows = self._db.each(
            "SELECT u.serial, u.uuid, u.key_digest, u.mac FROM unit u JOIN product p ON p.no = u.product "
            "WHERE p.name = ? ORDER BY u.batch, u.number",
            (product,),
        )
        for number, (serial, raw_uuid, digest, mac) in enumerate(rows, 1):
            identifiers = (Identifier("mac", mac.encode("ascii"), False),) if mac else ()
            yield ImportedIdentity(number, serial, uuid.UUID(bytes=raw_uuid), digest, identifiers)

    def compare_issued(self, identities: Iterable[ImportedIdentity]) -> Iterator[tuple[ImportedIdentity, bool | None]]:
        """Each identity of another ledger, and whether this one issued the same unit (True) or another one under its
        serial (False); None of a serial that was not issued here. MACs that this ledger knows are left out."""
        rows = iter(identities)
        while some := list(islice(rows, _AT_ONCE)):
            marks = ", ".join("?" * len(some))
            known = {
                serial: (raw_uuid, digest)
                for serial, raw_uuid, digest in self._db.rows(
                    f"SELECT lower(serial), uuid, key_digest FROM unit WHERE lower(serial) IN ({marks})",  # noqa: S608 (fixed texts)
                    tuple(item.serial.lower() for item in some),
                )
            }
            holders = self.identifiers.holders([one for item in some for one in item.identifiers])
            for item in some:
                unit = known.get(item.serial.lower())
                free = tuple(one for one in item.identifiers if one.key not in holders)
                assert item.uuid is not None  # noqa: S101  (of units)
                same = None if unit is None else unit == (item.uuid.bytes, item.key_digest)
                yield replace(item, identifiers=free), same

    def import_issued(self, identities: Iterable[ImportedIdentity], source: ImportSource) -> ImportCounts:
        """Remember identities that were issued before, inside the caller's transaction.

        What is known already with all its parts is passed over, MACs and other values that were not known of it are
        added; what contradicts the ledger is refused with its rows.
        """
        new, completed, rows = 0, 0, iter(identities)
        while some := list(islice(rows, _AT_ONCE)):
            known: dict[str, _Known] = {}
            added: dict[int, ImportedIdentity] = {}
            for item in some:
                one = known.get(item.serial) or self._find_imported(source.product_no, item)
                known[item.serial] = one
                more = _more(one, item, source)
                if one.number is not None and more.identifiers:
                    added[one.number] = more
            unknown = {serial: one.item for serial, one in known.items() if one.number is None}
            self._refuse_contradictions(list(unknown.values()), list(added.values()), source)
            if unknown:
                self._db.guard_imports()
            for item in unknown.values():
                self._store(item, source)
            for number, item in added.items():
                self.identifiers.claim_imported(number, item.identifiers)
            new += len(unknown)
            completed += len(added)
        if new or completed:
            self._history.append(
                None,
                IdentitiesImported(
                    product=source.product,
                    file=source.file,
                    sha256=source.sha256,
                    units=new,
                    completed=completed,
                    known=imported_digest(self._db),
                ),
            )
        return ImportCounts(new, completed)

    def issued_twice(self, most: int) -> list[IssuedTwice]:
        """The first serials (upper and lower case apart) and MACs that two units have. Walks all units."""
        found: list[IssuedTwice] = []
        for name, column in (("serial", "lower(serial)"), ("mac", "mac")):
            values = self._db.rows(
                f"SELECT {column} FROM unit WHERE mac IS NOT NULL OR :serial GROUP BY 1 HAVING count(*) > 1 "  # noqa: S608 (fixed texts)
                "ORDER BY 1 LIMIT :most",
                {"serial": name == "serial", "most": most},
            )
            for (value,) in values:
                units = self._db.rows(
                    "SELECT u.serial || ' in ' || b.id FROM unit u JOIN batch b ON b.no = u.batch "  # noqa: S608 (fixed texts)
                    f"WHERE u.{name} IS NOT NULL AND {column.replace('serial', 'u.serial')} = ? "
                    "ORDER BY u.batch, u.number",
                    (value,),
                )
                found.append(IssuedTwice(name, value, tuple(unit for (unit,) in units)))
        return found[:most]

    def _store(self, item: ImportedIdentity, source: ImportSource) -> None:
        ((number,),) = self._db.rows(
            "INSERT INTO imported (product, serial, uuid, key_digest) VALUES (?, ?, ?, ?) RETURNING no",
            (source.product_no, item.serial, item.uuid.bytes if item.uuid else None, item.key_digest),
        )
        self.identifiers.claim_imported(number, item.identifiers)

    def _holders(self, column: str, wanted: Sequence[Any]) -> dict[Any, str]:
        """Those of the values that were issued, with where and to whom, in words."""
        found: dict[Any, str] = {}
        for some in _slices(wanted):
            marks = ", ".join("?" * len(some))
            rows = self._db.rows(
                f"SELECT {column}, NULL, serial FROM imported WHERE {column} IN ({marks}) UNION ALL "  # noqa: S608 (fixed texts)
                f"SELECT u.{column}, b.id, u.serial FROM unit u JOIN batch b ON b.no = u.batch "
                f"WHERE u.{column} IN ({marks})",
                (*some, *some),
            )
            for value, batch, serial in rows:
                found[value] = f"in batch {batch} to {serial}" if batch else f"before bss-mfg to {serial}"
        return found

    def _find_imported(self, product: int, wanted: ImportedIdentity) -> _Known:
        """The identity of that serial which was imported before, or the new one itself."""
        for number, raw_uuid, digest in self._db.rows(
            "SELECT no, uuid, key_digest FROM imported WHERE product = ? AND serial = ?", (product, wanted.serial)
        ):
            identifiers = tuple(self.identifiers.of_imported(number))
            device = uuid.UUID(bytes=raw_uuid) if raw_uuid else None
            return _Known(number, ImportedIdentity(0, wanted.serial, device, digest, identifiers))
        return _Known(None, wanted)

    def _refuse_contradictions(
        self, new: Sequence[ImportedIdentity], completed: Sequence[ImportedIdentity], source: ImportSource
    ) -> None:
        serials = self.issued_serials([item.serial for item in new])
        uuids = self.issued_uuids([item.uuid for item in new if item.uuid])
        keys = self.issued_key_digests([item.key_digest for item in new if item.key_digest])
        both = [*new, *completed]
        holders = dict[tuple[str, bytes], str](
            self.identifiers.holders([one for item in both for one in item.identifiers])
        )
        found: list[tuple[int, str, str | None]] = []
        first: dict[str, ImportedIdentity] = {}
        for item in new:
            twin = first.setdefault(item.serial.lower(), item)
            where = serials.get(item.serial) or (f"in row {twin.row}, as {twin.serial}" if twin is not item else None)
            found.append((item.row, f"serial {item.serial}", where))
            found.append(
                (item.row, f"Device UUID {str(item.uuid).upper()}", uuids.get(item.uuid) if item.uuid else None)
            )
            found.append((item.row, "its OOB key", keys.get(item.key_digest) if item.key_digest else None))
        for item in both:
            for one in item.identifiers:
                found.append((item.row, one.words, holders.get(one.key)))
                holders.setdefault(one.key, f"in row {item.row}")
        problems = [f"row {row}: {what} was issued {where}" for row, what, where in found if where]
        if problems:
            raise LedgerError(
                "contradicts what the ledger knows",
                where=source.file,
                problems=first_problems(problems, 8),
                way_out="Nothing was imported. Leave out what bss-mfg issued itself, and correct the rest.",
            )


def imported_digest(connection: Connection) -> str:
    """The digest of all identities that were issued before, with their identifiers."""
    return digest_of_rows(row for query in _IMPORTED for row in connection.each(query))


def _more(known: _Known, item: ImportedIdentity, source: ImportSource) -> ImportedIdentity:
    """What an import says of an identity beyond what is known of it; `LedgerError` where it says otherwise."""
    before = known.item
    values: Mapping[str, bytes] = {one.name: one.value for one in before.identifiers}
    more = tuple(one for one in item.identifiers if one.name not in values)
    if (
        (before.uuid, before.key_digest) != (item.uuid, item.key_digest)
        or any(values.get(one.name, one.value) != one.value for one in item.identifiers)
        or (more and known.number is None)
    ):
        raise LedgerError(
            f"serial {item.serial} was imported before with other values",
            where=Location(source.file, row=item.row),
            way_out="Nothing was imported. Find out which is right, and leave the other out.",
        )
    return ImportedIdentity(item.row, item.serial, None, None, more)


def _slices(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE)]
