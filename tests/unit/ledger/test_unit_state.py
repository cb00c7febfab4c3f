"""A unit's state is derived in one place: the text of SQL says what a model in Python says."""

from __future__ import annotations

import random
import sqlite3
from itertools import product
from pathlib import Path

import pytest

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.events import LabelsMadeAgain
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.sqlite import SqliteConnection
from bss_mfg.ledger.unit_state import TRANSITIONS, UnitAction, UnitState, refuse_transition, unit_states
from bss_mfg.model import LabelFile, Rect
from tests.helpers.factory import Factory, a_read

FLAGS = list(product((0, 1), (0, 1), (0, 2), (0, 3)))


def state_of(scrapped: int, shipped: int, verified: int, prints: int) -> UnitState:
    if scrapped:
        return "scrapped"
    if shipped:
        return "shipped"
    if verified:
        return "verified"
    return "printed" if prints else "issued"


def test_every_combination_of_what_is_stored_is_one_state() -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE unit (batch, number, package, serial, scrapped, place)")
    database.execute("CREATE TABLE package (batch, number, shipped, print_verified, prints)")
    for number, (scrapped, shipped, verified, prints) in enumerate(FLAGS):
        database.execute("INSERT INTO unit VALUES (1, ?, ?, ?, ?, NULL)", (number, number, f"S{number}", scrapped))
        database.execute("INSERT INTO package VALUES (1, ?, ?, ?, ?)", (number, shipped, verified, prints))
    found = unit_states(SqliteConnection(database, Path("ledger.db")), 1, [f"S{n}" for n in range(len(FLAGS))])
    assert list(found.values()) == [state_of(*flags) for flags in FLAGS]
    assert len(FLAGS) == 16
    database.close()


@pytest.mark.parametrize("state", list(TRANSITIONS))
@pytest.mark.parametrize("action", ["print", "verify", "ship", "take back", "scrap", "replace"])
def test_what_may_not_follow_is_refused(state: UnitState, action: UnitAction) -> None:
    if action in TRANSITIONS[state]:
        refuse_transition("B1", {"S1": state}, action, "")
        return
    with pytest.raises(RefusedError) as refused:
        refuse_transition("B1", {"S1": state}, action, "")
    assert list(refused.value.problems) == [f"S1 is {state}"]


def act(ledger: Ledger, action: UnitAction, package: int, serial: str) -> None:
    """One act on a package of one unit."""
    if action == "print":
        shape = (Rect(1.0, 1.0, 9.0, 9.0),)
        made = LabelFile(
            "B1", 1, f"{package}.pdf", "0" * 64, "", range(package, package + 1), 1, shape, (50, 30), 20, "t"
        )
        said = LabelsMadeAgain(file=made.file, sha256=made.sha256, template="t", each="package", first=package, count=1)
        ledger.prints.record(made, "", said)
    elif action == "verify":
        ledger.reads.record("B1", [a_read(package)])
    elif action in ("ship", "take back"):
        ledger.packages.ship("B1", [serial], "", returned=action == "take back")
    else:
        ledger.units.scrap("B1", [serial], "test")


def test_acts_lead_where_the_transitions_say(factory: Factory) -> None:
    """Packages live random lives; each act that may follow leads to the state that is written down, and `unit table`,
    `units.states` and `packages.scrapped` say the same of it."""
    lives, pick = 40, random.Random(7)
    factory.add()
    factory.issue(lives)
    taken: set[tuple[UnitState, UnitAction]] = set()
    printed: set[str] = set()
    with factory.ledger() as ledger:
        states: dict[str, UnitState] = {}
        for number in range(1, lives + 1):
            serial = ledger.packages.get("B1", number).units[0].serial
            states[serial] = "issued"
            for _ in range(6):
                may = [action for action in TRANSITIONS[states[serial]] if action != "replace"]
                if not may:
                    break
                action = pick.choice(may)
                act(ledger, action, number, serial)
                taken.add((states[serial], action))
                states[serial] = TRANSITIONS[states[serial]][action]
                printed |= {serial} if action == "print" else set()
                if action == "take back" and serial not in printed:
                    states[serial] = "issued"  # its label was printed by other software
                assert ledger.units.states("B1", [serial]) == {serial: states[serial]}
        told = dict(row for rows in ledger.tables.rows("B1", ("serial", "state")) for row in rows)
        assert told == states
        assert {unit.serial for unit in ledger.units.find("B1", "serial", list(states)) if unit.scrapped} == {
            serial for serial, state in states.items() if state == "scrapped"
        }
        assert len(ledger.packages.scrapped("B1")) == list(states.values()).count("scrapped")
    everything = {(state, action) for state, actions in TRANSITIONS.items() for action in actions}
    assert taken == everything - {("scrapped", "replace")}
