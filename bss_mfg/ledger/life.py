"""What becomes of units after issue: scrapped, shipped, and batches that are closed with their books balanced.

A unit is issued, printed, verified, shipped; what may follow what stands in `MOVES`. Scrapped is for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bss_mfg.core.clock import now
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger import audit
from bss_mfg.ledger.printing import Printing

UnitState = Literal["issued", "printed", "verified", "shipped", "scrapped"]
UnitAction = Literal["print", "verify", "ship", "take back", "scrap", "replace"]

TRANSITIONS: Mapping[UnitState, Mapping[UnitAction, UnitState]] = {
    "issued": {"print": "printed", "verify": "verified", "scrap": "scrapped"},
    "printed": {"print": "printed", "verify": "verified", "scrap": "scrapped"},
    "verified": {"print": "verified", "verify": "verified", "ship": "shipped", "scrap": "scrapped"},
    "shipped": {"verify": "shipped", "take back": "verified"},
    "scrapped": {"replace": "scrapped"},
}
"""What may be done in each state, and the state after it. A replaced unit stays scrapped; another takes its place."""

NOT_REPLACED = """NOT EXISTS (SELECT 1 FROM unit r WHERE r.batch = u.batch AND r.package = u.package
    AND r.place IS NOT NULL AND r.place = coalesce(u.place, u.number) AND r.number > u.number)"""
"""Of unit `u`: no other unit has taken its place."""


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


class Life(Printing):
    """The states of units and batches."""

    def states(self, batch_id: str, serials: Sequence[str]) -> dict[str, UnitState]:
        """The state of units of a batch; `InputError` names strangers."""
        batch, found = self._number(batch_id), dict[str, UnitState]()
        for serial in dict.fromkeys(serials):
            for scrapped, shipped, verified, prints in self._rows(
                "SELECT u.scrapped, p.shipped, p.verified, p.prints FROM unit u "
                "JOIN package p ON p.batch = u.batch AND p.number = u.package WHERE u.batch = ? AND u.serial = ?",
                (batch, serial),
            ):
                found[serial] = (
                    "scrapped" if scrapped else "shipped" if shipped else "verified" if verified
                    else "printed" if prints else "issued"
                )  # fmt: skip
        if strangers := [serial for serial in dict.fromkeys(serials) if serial not in found]:
            raise InputError(
                f"{len(strangers):,} serials are not in this batch",
                where=f"batch {batch_id}",
                problems=[f"{serial[:80]!a}" for serial in strangers[:10]],
                way_out="Nothing was changed. Upper and lower case differ.",
            )
        return found

    def _refuse_move(self, batch_id: str, states: Mapping[str, UnitState], act: UnitAction, way_out: str) -> None:
        if wrong := [serial for serial, state in states.items() if act not in TRANSITIONS[state]]:
            raise RefusedError(
                f"a unit that is {states[wrong[0]]} can't be {_DONE[act]}",
                where=f"batch {batch_id}",
                problems=[f"{serial} is {states[serial]}" for serial in wrong[:10]],
                way_out=f"Nothing was changed. {way_out}",
            )

    def scrap(self, batch_id: str, serials: Sequence[str], reason: str) -> list[str]:
        """Scrap units; gives those that were not scrapped before. All of them or none."""
        self.refuse_closed(batch_id)
        batch = self._number(batch_id)
        with self.transaction():
            states = self.states(batch_id, serials)
            new = [serial for serial, state in states.items() if state != "scrapped"]
            self._refuse_move(
                batch_id, {serial: states[serial] for serial in new}, "scrap",
                "If it came back, say so first: `bss-mfg ship --returned`.",
            )  # fmt: skip
            known = self.serials_of(batch_id, new)
            self._db.executemany(
                "UPDATE unit SET scrapped = 1 WHERE batch = ? AND serial = ?", [(batch, serial) for serial in new]
            )
            entries = [
                ("unit scrapped", {"serials": [serial], "package": known[serial][0], "reason": reason})
                for serial in new
            ]
            audit.append_events(self._db, self._who, batch_id, entries)
        return new

    def ship(self, batch_id: str, serials: Sequence[str] | None, reference: str, *, returned: bool = False) -> int:
        """Mark the packages of units as shipped, or all verified ones; with `returned`, as back from shipping.

        How many packages changed. All or none: only a verified package is shipped, with all of its units. `reference`
        is for the history; empty: none is kept.
        """
        batch = self._number(batch_id)
        act: UnitAction = "take back" if returned else "ship"
        with self.transaction():
            if serials is None:
                rows = self._rows(
                    "SELECT number FROM package WHERE batch = ? AND shipped = 0 AND verified > 0 ORDER BY number",
                    (batch,),
                )
                scrapped = self.scrapped_packages(batch_id)
                packages = [number for (number,) in rows if number not in scrapped]
            else:
                numbers = {package for package, _ in self.serials_of(batch_id, serials).values()}
                self.states(batch_id, serials)
                inside = [unit.serial for number in numbers for unit in next(self.packages(batch_id, number, 1)).units]
                states = self.states(batch_id, [*serials, *inside])
                done: UnitState = "verified" if returned else "shipped"
                left = {serial: state for serial, state in states.items() if state != done}
                self._refuse_move(batch_id, left, act, "Only a package whose label was read right is shipped.")
                changed = {package for package, _ in self.serials_of(batch_id, list(left)).values()}
                packages = sorted(changed)
            self._db.executemany(
                "UPDATE package SET shipped = ? WHERE batch = ? AND number = ?",
                [(not returned, batch, number) for number in packages],
            )
            if packages:
                kind = "packages returned" if returned else "packages shipped"
                why = {"for": reference} if reference else {}
                self._note(batch_id, kind, {"packages": range_pairs(packages), "count": len(packages), **why})
        return len(packages)

    def scrapped_packages(self, batch_id: str) -> set[int]:
        """Numbers of the packages with a scrapped unit whose place nobody took."""
        rows = self._rows(
            f"SELECT DISTINCT package FROM unit u WHERE batch = ? AND scrapped AND {NOT_REPLACED}",  # noqa: S608 (fixed text)
            (self._number(batch_id),),
        )
        return {number for (number,) in rows}

    def shipped_packages(self, batch_id: str) -> set[int]:
        """Numbers of the packages that were shipped."""
        rows = self._rows("SELECT number FROM package WHERE batch = ? AND shipped", (self._number(batch_id),))
        return {number for (number,) in rows}

    def is_scrapped(self, batch_id: str, package: int) -> bool:
        """Whether a package holds a scrapped unit whose place nobody took."""
        return next(self.packages(batch_id, package, 1)).scrapped

    def balance(self, batch_id: str, in_hand: int = 0) -> Balance:
        """Where the batch's labels are."""
        batch, bad = self._number(batch_id), self.scrapped_packages(batch_id)
        packages, printed, verified = self._rows(
            "SELECT count(*), sum(prints > 0), sum(verified > 0) FROM package WHERE batch = ?", (batch,)
        )[0]
        old = self._rows("SELECT count(*) FROM superseded WHERE batch = ? AND prints > 0", (batch,))[0][0]
        of_bad = [
            self._rows("SELECT prints > 0, verified > 0 FROM package WHERE batch = ? AND number = ?", (batch, number))[
                0
            ]
            for number in bad
        ]
        return Balance(
            packages, (printed or 0) + old, (verified or 0) - sum(row[1] for row in of_bad),
            sum(row[0] for row in of_bad) + old, in_hand,
            packages - (printed or 0) - sum(1 - row[0] for row in of_bad),
        )  # fmt: skip

    def close(self, batch_id: str, in_hand: int) -> Balance:
        """Close a batch whose books balance; again is no change. `RefusedError` with the difference otherwise."""
        with self.transaction():
            found = self.balance(batch_id, in_hand)
            if self.closed_at(batch_id):
                then = [event.data["in_hand"] for event in self.events_of(("batch closed",), batch_id)]
                return replace(found, in_hand=then[-1])
            if found.difference:
                word = "are missing" if found.difference > 0 else "are too many"
                raise RefusedError(
                    f"its books don't balance: {found.printed:,} labels printed, {found.verified:,} verified, "
                    f"{found.scrapped:,} scrapped, {found.in_hand:,} in hand: {abs(found.difference):,} {word}",
                    where=f"batch {batch_id}",
                    way_out="Scan what was not scanned, scrap what was destroyed (`bss-mfg scrap`), count what lies "
                    "unused (--in-hand), and close again. `bss-mfg scan` shows what is missing.",
                )
            self._db.execute("UPDATE batch SET closed_at = ? WHERE id = ?", (now(), batch_id))
            self._note(
                batch_id,
                "batch closed",
                {"printed": found.printed, "verified": found.verified, "scrapped": found.scrapped, "in_hand": in_hand},
            )
        return found

    def closed_at(self, batch_id: str) -> str | None:
        """When a batch was closed; None while it is open."""
        return self._when(batch_id, "closed_at")

    def retired_at(self, batch_id: str) -> str | None:
        """When a batch's keys were destroyed; None while they are there."""
        return self._when(batch_id, "retired_at")

    def _when(self, batch_id: str, column: str) -> str | None:
        found = self._rows(f"SELECT {column} FROM batch WHERE no = ?", (self._number(batch_id),))[0][0]  # noqa: S608
        return str(found) if found else None

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
                way_out="Its labels can still be printed and verified; keys can't be had any more.",
            )


_DONE: Mapping[UnitAction, str] = {
    "print": "printed", "verify": "verified", "ship": "shipped", "take back": "taken back", "scrap": "scrapped",
    "replace": "replaced",
}  # fmt: skip


def range_pairs(numbers: Sequence[int]) -> list[list[int]]:
    """Sorted numbers as [first, last] of each run: thousands of packages are one short event."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return spans
