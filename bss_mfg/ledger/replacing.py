"""New units in the places of scrapped ones, and identities that others issued before."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.checking import payload_digest
from bss_mfg.ledger.keys import Keys
from bss_mfg.ledger.schema import NOT_IMPORTED
from bss_mfg.ledger.vault import DataKey, key_digest
from bss_mfg.model import ImportedIdentity, Package

INSERT_UNIT = """INSERT INTO unit
    (batch, number, package, product, serial, uuid, mac, sealed_key, key_digest, place, extra)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class Replacing(Keys):
    """The two ways by which identities come into a ledger besides issuing a batch."""

    def taken_by(self, batch_id: str, serials: Sequence[str]) -> dict[str, str]:
        """Serials of a batch whose places others have taken, with the serial of the first who did."""
        batch, found = self._number(batch_id), {}
        for serial in serials:
            rows = self._rows(
                "SELECT r.serial FROM unit u JOIN unit r ON r.batch = u.batch AND r.package = u.package "
                "AND r.place IS NOT NULL AND r.place = coalesce(u.place, u.number) AND r.number > u.number "
                "WHERE u.batch = ? AND u.serial = ? ORDER BY r.number LIMIT 1",
                (batch, serial),
            )
            if rows:
                found[serial] = str(rows[0][0])
        return found

    def refuse_to_replace(self, batch_id: str, states: Mapping[str, Any]) -> None:
        """`RefusedError` for units that were not scrapped."""
        self._refuse_move(batch_id, states, "replace", "Scrap them first: `bss-mfg scrap`.")

    def oob_octets(self, batch_id: str, serial: str) -> int:
        """How many octets a unit's OOB key has."""
        rows = self._rows(
            "SELECT length(sealed_key) FROM unit WHERE batch = ? AND serial = ?", (self._number(batch_id), serial)
        )
        return int(rows[0][0]) - 16

    def next_unit_number(self, batch_id: str) -> int:
        """The number of the next unit that is issued into a batch: a number never comes back."""
        return int(self._rows("SELECT max(number) FROM unit WHERE batch = ?", (self._number(batch_id),))[0][0]) + 1

    def store_replacement(
        self, batch_id: str, product: int, package: Package, places: Mapping[str, int], old: Sequence[str],
        data_key: DataKey, reason: str,
    ) -> None:  # fmt: skip
        """Put a package's new barcode string and new units in, inside the caller's transaction.

        `package` is as it will be, with its `revision`; `places` tells the place in the batch of each new serial.
        """
        batch, digest = self._number(batch_id), payload_digest(package.payload)
        self._db.execute(
            "INSERT INTO superseded SELECT batch, number, revision, payload, digest, prints, verified FROM package "
            "WHERE batch = ? AND number = ? AND revision = ?",
            (batch, package.number, package.revision - 1),
        )
        self._db.execute(
            "UPDATE package SET payload = ?, digest = ?, revision = ?, prints = 0, verified = 0 "
            "WHERE batch = ? AND number = ?",
            (package.payload, digest, package.revision, batch, package.number),
        )
        new = [unit for unit in package.units if unit.serial in places]
        for unit in new:
            if unit.key is None:
                raise ValueError("a unit is issued with its key")
            self._db.execute(
                INSERT_UNIT,
                (batch, unit.number, package.number, product, unit.serial, unit.uuid.bytes, unit.mac,
                 data_key.seal(unit.number, unit.uuid.bytes, unit.key), key_digest(unit.key), places[unit.serial],
                 data_key.seal_extra(unit.number, unit.uuid.bytes, unit.extra)),
            )  # fmt: skip
        self._note(
            batch_id, "unit replaced",
            {"serials": list(old), "by": [unit.serial for unit in new], "package": package.number,
             "revision": package.revision, "content": digest.hex(), "reason": reason},
        )  # fmt: skip

    def set_next_serial(self, product: int, number: int) -> None:
        """Go on with the running serials of a product from `number`, inside the caller's transaction."""
        self._db.execute("UPDATE product SET next_serial = ? WHERE no = ?", (number, product))

    # --- before bss-mfg -------------------------------------------------------------------------------------------

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
                before = unknown.get(item.serial) or self._imported(product, item.serial)
                if before is None:
                    unknown[item.serial] = item
                elif (before.uuid, before.key_digest) != (item.uuid, item.key_digest):
                    raise LedgerError(
                        f"serial {item.serial} stands there with other values than it was imported with",
                        where=f"{source}, row {item.row}",
                        way_out="Nothing was imported. Find out which is right, and leave the other out.",
                    )
            self._refuse_contradictions(product, list(unknown.values()), source)
            if unknown:
                self._db.execute(NOT_IMPORTED)
            self._db.executemany(
                "INSERT INTO imported (product, serial, uuid, key_digest) VALUES (?, ?, ?, ?)",
                [(product, item.serial, item.uuid.bytes if item.uuid else None, item.key_digest)
                 for item in unknown.values()],
            )  # fmt: skip
            new += len(unknown)
        if new:
            self._note(None, "identities imported", {"product": name, "file": source, "sha256": sha256, "units": new})
        return new

    def _imported(self, product: int, serial: str) -> ImportedIdentity | None:
        for octets, digest in self._rows(
            "SELECT uuid, key_digest FROM imported WHERE product = ? AND serial = ?", (product, serial)
        ):
            return ImportedIdentity(0, serial, uuid.UUID(bytes=octets) if octets else None, digest)
        return None

    def _refuse_contradictions(self, product: int, items: Sequence[ImportedIdentity], source: str) -> None:
        serials = self.known_serials(product, [item.serial for item in items])
        uuids = self.known_uuids([item.uuid for item in items if item.uuid])
        keys = self.known_keys([item.key_digest for item in items if item.key_digest])
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
            more = [f"and {len(problems) - 8} more"] if len(problems) > 8 else []
            raise LedgerError(
                "contradicts what the ledger knows",
                where=source,
                problems=[*problems[:8], *more],
                way_out="Nothing was imported. Leave out what bss-mfg issued itself, and correct the rest.",
            )


def refuse_partial_replacement(package: Package, wanted: Sequence[str]) -> None:
    """`RefusedError` where another scrapped unit of the package is left without a successor."""
    left = [unit.serial for unit in package.units if unit.scrapped and unit.serial not in wanted]
    if left:
        raise RefusedError(
            f"package {package.number} holds another scrapped unit: {', '.join(left)}",
            way_out="Nothing was changed. Replace all scrapped units of a package in one command.",
        )
