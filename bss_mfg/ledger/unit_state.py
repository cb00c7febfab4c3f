"""A unit's state, derived in this one place: what it is in SQL, and what may follow.

A unit is issued, printed, verified, shipped; `TRANSITIONS` says what may follow. A scrapped unit stays scrapped.
*Verified* is the printed label: that a label file was read back right is another fact, and no state.
Texts of SQL speak of unit `u` and its package `p`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.connection import Connection

UnitState = Literal["issued", "printed", "verified", "shipped", "scrapped"]
UnitAction = Literal["print", "verify", "ship", "take back", "scrap", "replace"]

TRANSITIONS: Mapping[UnitState, Mapping[UnitAction, UnitState]] = {
    "issued": {"print": "printed", "verify": "verified", "scrap": "scrapped"},
    "printed": {"print": "printed", "verify": "verified", "scrap": "scrapped"},
    "verified": {"print": "printed", "verify": "verified", "ship": "shipped", "scrap": "scrapped"},
    "shipped": {"verify": "shipped", "take back": "printed"},
    "scrapped": {"replace": "scrapped"},
}
"""What may be done in each state, and the state after it. A replaced unit stays scrapped; another takes its place.
A bad read of a printed label takes a unit back from verified. A label that other software printed was never printed by
the ledger: without its good read such a unit is issued again."""

STATE = """CASE WHEN u.scrapped <> 0 THEN 'scrapped' WHEN p.shipped <> 0 THEN 'shipped'
    WHEN p.print_verified > 0 THEN 'verified' WHEN p.prints > 0 THEN 'printed' ELSE 'issued' END"""
"""The state of a unit, out of what is stored of it and its package."""

POSITION = "coalesce(u.place, u.number)"
"""A unit's place in its batch: of one that took a scrapped one's place, the number of the first unit there."""

_SUCCESSORS = f"""FROM unit r WHERE r.batch = u.batch AND r.package = u.package AND r.place IS NOT NULL
    AND r.place = {POSITION} AND r.number > u.number"""
NOT_REPLACED = f"NOT EXISTS (SELECT 1 {_SUCCESSORS})"
"""No other unit has taken the unit's place."""
REPLACED = f"(u.scrapped <> 0 AND NOT ({NOT_REPLACED}))"
"""Another has taken its place. Only scrapped units are looked up."""
SUCCESSOR = f"(SELECT r.serial {_SUCCESSORS} ORDER BY r.number LIMIT 1)"
"""The serial of the first unit that took the unit's place, or null."""

WITH_PACKAGE = "unit u JOIN package p ON p.batch = u.batch AND p.number = u.package"

INSERT_UNIT = """INSERT INTO unit
    (batch, number, package, product, serial, uuid, mac, sealed_key, key_digest, place, extra, seal)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 2)"""

_DONE: Mapping[UnitAction, str] = {
    "print": "printed",
    "verify": "verified",
    "ship": "shipped",
    "take back": "taken back",
    "scrap": "scrapped",
    "replace": "replaced",
}


def unit_states(connection: Connection, batch: int, serials: Sequence[str]) -> dict[str, UnitState]:
    """The states of units of a batch (by its number in the database); unknown serials are left out."""
    query = f"SELECT {STATE} FROM {WITH_PACKAGE} WHERE u.batch = ? AND u.serial = ?"  # noqa: S608 (fixed texts)
    found: dict[str, UnitState] = {}
    for serial in dict.fromkeys(serials):
        for (state,) in connection.rows(query, (batch, serial)):
            found[serial] = state
    return found


def scrapped_packages(connection: Connection, batch: int) -> set[int]:
    """Numbers of the packages of a batch with a scrapped unit whose place nobody took."""
    query = f"SELECT DISTINCT package FROM unit u WHERE batch = ? AND scrapped <> 0 AND {NOT_REPLACED}"  # noqa: S608 (fixed texts)
    return {number for (number,) in connection.rows(query, (batch,))}


def refuse_transition(batch_id: str, states: Mapping[str, UnitState], action: UnitAction, way_out: str) -> None:
    """`RefusedError` where `action` may not follow the state of one of the units, given by serial."""
    if wrong := [serial for serial, state in states.items() if action not in TRANSITIONS[state]]:
        raise RefusedError(
            f"a unit that is {states[wrong[0]]} can't be {_DONE[action]}",
            where=f"batch {batch_id}",
            problems=[f"{serial} is {states[serial]}" for serial in wrong[:10]],
            way_out=f"Nothing was changed. {way_out}",
        )
