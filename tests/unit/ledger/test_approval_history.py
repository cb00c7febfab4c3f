"""`ledger check` verifies anew what two persons signed: by their keys, and not by the chain, which others can make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from tests.helpers.factory import Factory
from tests.helpers.guarded import REOPEN, REPIN, RETIRE, Guarded, change_data, make_guarded
from tests.needs import needs

pytestmark = needs("ssh-keygen")
Change = Callable[[list[list[Any]]], None]


@pytest.fixture
def line(factory: Factory, tmp_path: Path) -> Guarded:
    """Each act was done, by two persons."""
    made = make_guarded(factory, tmp_path)
    for number, command in enumerate((REOPEN, RETIRE, REPIN, tuple(made.release()))):
        done = made.approved(*command, name=f"{number}.txt")
        assert done.code == 0, done.err
    assert factory.cli("ledger", "check").code == 0
    return made


def without_approval(kind: str) -> Change:
    """The approval right before an act of this kind is left out."""

    def change(rows: list[list[Any]]) -> None:
        at = next(at for at, row in enumerate(rows) if row[2] == kind and "request" in json.loads(row[4]))
        assert rows[at - 1][2] == "act approved"
        del rows[at - 1]

    return change


def of_another_act(rows: list[list[Any]]) -> None:
    """The reopening gets the approval of the retirement."""
    signed = {json.loads(row[4])["act"]: row for row in rows if row[2] == "act approved"}
    signed["reopen"][4] = signed["retire"][4]


def a_second_reopening(rows: list[list[Any]]) -> None:
    """The reopening with its approval once more."""
    at = next(at for at, row in enumerate(rows) if row[2] == "batch reopened")
    rows += [list(row) for row in rows[at - 1 : at + 1]]


def unsigned(rows: list[list[Any]]) -> None:
    """A reopening that says nothing of who signed it."""
    rows.append([0, rows[-1][1], "batch reopened", "B1", json.dumps({"reason": "x", "operator": "x"})])


def of_another_type(rows: list[list[Any]]) -> None:
    change_data("act approved", signatures=[1, 2])(rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_approval("batch reopened"), "two persons had to sign it, and did not"),
        (without_approval("batch retired"), "two persons had to sign it, and did not"),
        (without_approval("key repinned"), "two persons had to sign it, and did not"),
        (without_approval("keys releasing"), "two persons had to sign it, and did not"),
        (without_approval("policy set"), "two persons had to sign it, and did not"),
        (unsigned, "two persons had to sign it, and did not"),
        (change_data("batch reopened", reason="another"), "it is not what two persons signed"),
        (change_data("keys releasing", path="/elsewhere"), "it is not what two persons signed"),
        (change_data("batch reopened", approved_by={"alice": "SHA256:x"}), "it names others than those who signed it"),
        (change_data("batch reopened", request="0" * 64), "it names others than those who signed it"),
        (change_data("act approved", signatures={}), "is signed by 0 persons"),
        (of_another_act, "two persons had to sign it|it is not what two persons signed"),
        (a_second_reopening, "what was signed was used twice"),
        (of_another_type, "it can't be read"),
    ],
)  # fmt: skip
def test_a_forged_act_is_named(line: Guarded, change: Change, words: str) -> None:
    line.forge(change, note=True)
    with line.factory.ledger() as ledger:
        ledger.history.verify()  # the chain holds
        with pytest.raises(TamperedError, match=words) as found:
            check(ledger)
    assert found.value.part is LedgerPart.APPROVALS


def check(ledger: Any) -> None:
    from bss_mfg.ledger.approval_history import check_approvals

    check_approvals(ledger._db, ledger.history)
