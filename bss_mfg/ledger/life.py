"""What becomes of units after issue: scrapped ones, and batches that are closed with their books balanced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger import audit
from bss_mfg.ledger.printing import Printing


@dataclass(frozen=True, slots=True)
class Balance:
    """A batch's packages: `printed` at least once; `verified` at least once and not scrapped; `scrapped` with a label
    that was printed; `in_hand`: labels that lie unused at the line."""

    packages: int
    printed: int
    verified: int
    scrapped: int
    in_hand: int

    @property
    def difference(self) -> int:
        """Labels that were printed and are nowhere; negative where more turned up than were printed."""
        return self.printed - self.verified - self.scrapped - self.in_hand


class Life(Printing):
    """The states of units and batches. Scrapped is for ever: an identity is never issued again."""

    def scrap(self, batch_id: str, serials: Sequence[str], reason: str) -> list[str]:
        """Scrap units; gives those that were not scrapped before. All of them or none: `InputError` names strangers."""
        self.refuse_closed(batch_id)
        batch = self._number(batch_id)
        known = self.serials_of(batch_id, serials)
        if strangers := [serial for serial in dict.fromkeys(serials) if serial not in known]:
            raise InputError(
                f"{len(strangers):,} serials are not in this batch",
                where=f"batch {batch_id}",
                problems=[f"{serial[:80]!a}" for serial in strangers[:10]],
                way_out="Nothing was changed. Upper and lower case differ.",
            )
        with self.transaction():
            new = [
                serial
                for serial, (_, unit) in known.items()
                if self._db.execute(
                    "UPDATE unit SET scrapped = 1 WHERE batch = ? AND number = ? AND scrapped = 0", (batch, unit)
                ).rowcount
            ]
            entries = [
                ("unit scrapped", {"serials": [serial], "package": known[serial][0], "reason": reason})
                for serial in new
            ]
            audit.append(self._db, self._who, batch_id, entries)
        return new

    def scrapped_packages(self, batch_id: str) -> set[int]:
        """Numbers of the packages with a scrapped unit."""
        rows = self._rows("SELECT DISTINCT package FROM unit WHERE batch = ? AND scrapped", (self._number(batch_id),))
        return {number for (number,) in rows}

    def is_scrapped(self, batch_id: str, package: int) -> bool:
        """Whether a unit of a package was scrapped."""
        rows = self._rows(
            "SELECT max(u.scrapped) FROM unit u JOIN batch b ON b.no = u.batch WHERE b.id = ?1 AND u.number BETWEEN "
            "(?2 - 1) * b.units_per_package + 1 AND ?2 * b.units_per_package",
            (batch_id, package),
        )
        return bool(rows[0][0])

    def balance(self, batch_id: str, in_hand: int = 0) -> Balance:
        """Where the batch's labels are."""
        scrapped = "number IN (SELECT package FROM unit WHERE unit.batch = package.batch AND scrapped)"
        row = self._rows(
            f"SELECT count(*), sum(prints > 0), sum(verified > 0 AND NOT {scrapped}), "  # noqa: S608 (fixed text)
            f"sum(prints > 0 AND {scrapped}) FROM package WHERE batch = ?",
            (self._number(batch_id),),
        )[0]
        return Balance(row[0], row[1] or 0, row[2] or 0, row[3] or 0, in_hand)

    def close(self, batch_id: str, in_hand: int) -> Balance:
        """Close a batch whose books balance; again is no change. `RefusedError` with the difference otherwise."""
        found = self.balance(batch_id, in_hand)
        if self.closed_at(batch_id):
            then = [event.data["in_hand"] for event in self.events_of(("batch closed",), batch_id)]
            return replace(found, in_hand=then[-1])
        if found.difference:
            word = "are missing" if found.difference > 0 else "are too many"
            raise RefusedError(
                f"its books don't balance: {found.printed:,} packages printed, {found.verified:,} verified, "
                f"{found.scrapped:,} scrapped, {found.in_hand:,} labels in hand: {abs(found.difference):,} {word}",
                where=f"batch {batch_id}",
                way_out="Scan what was not scanned, scrap what was destroyed (`bss-mfg scrap`), count what lies unused "
                "(--in-hand), and close again. `bss-mfg scan` shows what is missing.",
            )
        with self.transaction():
            self._db.execute("UPDATE batch SET closed_at = ? WHERE id = ?", (audit.now(), batch_id))
            self._note(
                batch_id,
                "batch closed",
                {"printed": found.printed, "verified": found.verified, "scrapped": found.scrapped, "in_hand": in_hand},
            )
        return found

    def closed_at(self, batch_id: str) -> str | None:
        """When a batch was closed; None while it is open."""
        rows = self._rows("SELECT closed_at FROM batch WHERE no = ?", (self._number(batch_id),))
        return str(rows[0][0]) if rows[0][0] else None

    def refuse_closed(self, batch_id: str) -> None:
        """`RefusedError` for a batch that was closed."""
        if closed := self.closed_at(batch_id):
            raise RefusedError(
                f"was closed at {closed}",
                where=f"batch {batch_id}",
                way_out="A closed batch is neither printed nor changed; it can still be verified and exported.",
            )
