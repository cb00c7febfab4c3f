"""`close` says what is missing, by number and name; what is left unprinted is said on purpose; `batch reopen`."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.helpers.factory import Factory, a_read


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Six packages; the labels of 1 to 4 were printed, and of 1 to 3 read."""
    factory.add(oob_bytes=16)
    factory.issue(6)
    factory.label(template="roll-50x30", numbers=(1, 2, 3, 4), again=False)
    with factory.ledger() as ledger:
        ledger.reads.record("B1", [a_read(package) for package in (1, 2, 3)])
    return factory


def closings(factory: Factory) -> list[dict[str, Any]]:
    """What the history says of each closing."""
    names = ("printed", "verified", "scrapped", "in_hand", "unprinted", "reason")
    with factory.ledger() as ledger:
        events = list(ledger.history.events_of(("batch closed",), "B1"))
    return [{name: event.data[name] for name in names if name in event.data} for event in events]


def test_a_batch_that_was_never_printed_is_not_closed(factory: Factory) -> None:
    factory.add()
    factory.issue(3)
    refused = factory.cli("close", "B1")
    assert refused.code == 4
    assert "3 of its 3 packages have no printed label: ebK300000001; ebK300000002; ebK300000003" in refused.err
    assert factory.cli("batch", "show", "B1", "--json").json["closed_at"] is None


def test_packages_without_a_label_are_named_and_can_be_left_on_purpose(line: Factory) -> None:
    refused = line.cli("close", "B1", "--in-hand", 1)
    assert refused.code == 4
    assert "2 of its 6 packages have no printed label: ebK300000005; ebK300000006" in refused.err
    wrong = line.cli("close", "B1", "--in-hand", 1, "--unprinted", 1, "--reason", "not sold")
    assert wrong.code == 4
    assert "2 of its 6 packages have no printed label, and --unprinted says 1" in wrong.err
    assert line.cli("close", "B1", "--in-hand", 1, "--unprinted", 2).code == 2
    assert line.cli("close", "B1", "--in-hand", 1, "--reason", "not sold").code == 2
    (typed,) = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(close .*?)`", refused.err)
    done = line.cli(*shlex.split(typed))  # the way out works
    assert done.code == 0, done.err
    assert "2 packages never printed" in done.err
    assert closings(line) == [
        {"printed": 4, "verified": 3, "scrapped": 0, "in_hand": 1, "unprinted": 2, "reason": "TEXT"}
    ]
    too_many = line.cli("close", "B1", "--in-hand", 1, "--unprinted", 3, "--reason", "x")
    assert too_many.code == 4


def test_the_way_out_prints_what_was_not(line: Factory) -> None:
    refused = line.cli("close", "B1", "--in-hand", 1)
    reprint = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(reprint .*?)`", refused.err)[0]
    assert line.cli(*shlex.split(reprint), "--template", "roll-50x30").code == 0
    assert "1 of its 6 packages has no printed label: ebK300000006" in line.cli("close", "B1", "--in-hand", 2).err


def test_unprinted_that_are_none_are_refused(line: Factory) -> None:
    line.label(template="roll-50x30", numbers=(5, 6), again=False, stem="more")
    refused = line.cli("close", "B1", "--in-hand", 3, "--unprinted", 2, "--reason", "x")
    assert refused.code == 4
    (typed,) = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(close .*?)`", refused.err)
    assert line.cli(*shlex.split(typed)).code == 0


def test_what_is_scrapped_needs_no_label(line: Factory) -> None:
    line.cli("scrap", "B1", "ebK300000005", "ebK300000006", "--reason", "dropped")
    done = line.cli("close", "B1", "--in-hand", 1, "--json")
    assert done.code == 0, done.err
    assert (done.json["printed"], done.json["scrapped"], done.json["never_printed"]) == (4, 0, 0)


def test_the_number_in_hand_can_be_corrected(line: Factory) -> None:
    close = ("close", "B1", "--unprinted", 2, "--reason", "not sold", "--in-hand")
    assert line.cli(*close, 1).code == 0
    assert line.cli(*close, 1).code == 0  # typed twice
    assert len(closings(line)) == 1
    wrong = line.cli(*close, 0)
    assert wrong.code == 4
    assert "1 is missing" in wrong.err
    with line.ledger() as ledger:
        ledger.reads.record("B1", [a_read(4)])  # it turned up
    done = line.cli(*close, 0)
    assert done.code == 0, done.err
    assert [(one["verified"], one["in_hand"]) for one in closings(line)] == [(3, 1), (4, 0)]
    assert "0 in hand" in line.cli("close", "B1").err


def test_a_closed_batch_is_opened_again(line: Factory) -> None:
    assert line.cli("close", "B1", "--in-hand", 1, "--unprinted", 2, "--reason", "not sold").code == 0
    refused = line.cli("scrap", "B1", "ebK300000001", "--reason", "dropped")
    assert refused.code == 4
    (typed,) = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(batch reopen .*?)`", refused.err)
    assert line.cli("batch", "reopen", "B1", "--reason", " ").code == 2
    done = line.cli(*shlex.split(typed))
    assert (done.code, "is open again" in done.err) == (0, True)
    again = line.cli(*shlex.split(typed))
    assert (again.code, "was open; nothing was changed" in again.err) == (0, True)
    assert line.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    assert line.cli("close", "B1").code == 4  # in hand and unprinted are said anew
    assert line.cli("close", "B1", "--in-hand", 1, "--unprinted", 2, "--reason", "not sold").code == 0
    with line.ledger() as ledger:
        assert [event.data["reason"] for event in ledger.history.events_of(("batch reopened",))] == ["TEXT"]
        ledger.check()
    assert line.cli("batch", "reopen", "NONE", "--reason", "x").code == 3
