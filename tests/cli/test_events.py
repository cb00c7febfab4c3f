"""The history for other systems: every event once, for a reader that keeps its position."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

import pytest

from tests.helpers.commands import Outcome, real_environment
from tests.helpers.factory import Factory


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add()
    factory.issue(3)
    factory.label()
    return factory


def test_all_events_stand_there_as_the_history_has_them(line: Factory) -> None:
    found = lines(line.cli("events"))
    assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
    of_batch = [{name: value for name, value in one.items() if name != "event_digest"} for one in found if one["batch"]]
    assert of_batch == line.cli("history", "B1", "--json").json
    with line.ledger() as ledger:
        assert all(ledger.history.digest_of(one["seq"]) == one["event_digest"] for one in found)


def test_a_reader_that_keeps_its_position_gets_each_event_once(line: Factory) -> None:
    first = lines(line.cli("events"))
    last = first[-1]
    assert lines(line.cli("events", "--since", last["seq"])) == []
    line.issue(2, "B2")
    later = lines(line.cli("events", "--since", f"{last['seq']}:{last['event_digest']}"))
    assert [one["seq"] for one in later] == list(range(last["seq"] + 1, last["seq"] + 1 + len(later)))
    assert {one["batch"] for one in later} == {"B2"}


def test_events_of_a_kind_and_of_a_batch(line: Factory) -> None:
    line.issue(2, "B2")
    assert [one["batch"] for one in lines(line.cli("events", "--kind", "batch-issued"))] == ["B1", "B2"]
    assert [one["batch"] for one in lines(line.cli("events", "--kind", "batch issued", "--batch", "B2"))] == ["B2"]
    wrong = line.cli("events", "--kind", "label-made")
    assert wrong.code == 2
    assert "labels-made" in wrong.err
    assert line.cli("events", "--batch", "B9").code == 3


@pytest.mark.sqlite
def test_a_history_that_was_restored_is_told(line: Factory) -> None:
    last = lines(line.cli("events"))[-1]
    assert line.cli("ledger", "backup", line.root / "copy.db").code == 0
    line.issue(2, "B2")
    newest = lines(line.cli("events"))[-1]
    (line.root / "ledger.db").rename(line.root / "newer.db")
    assert line.cli("ledger", "restore", line.root / "copy.db", "--skip-serials", 10, "--reason", "test").code == 0
    line.issue(2, "B3")  # as many events as before
    restored = line.cli("events", "--since", f"{newest['seq']}:{newest['event_digest']}")
    assert restored.code == 5
    assert lines(line.cli("events", "--since", f"{last['seq']}:{last['event_digest']}"))


@pytest.mark.parametrize("since", ["-1", "x", "1:", "1:zz", "1:0123", "99999999999999999999", ""])
def test_what_is_no_position_is_refused(line: Factory, since: str) -> None:
    assert line.cli("events", f"--since={since}").code == 3


def test_a_position_that_was_not_reached_yet_is_refused(line: Factory) -> None:
    told = line.cli("events", "--since", "1000")
    assert told.code == 5
    assert "--since 0" in told.err


def test_following_gives_what_comes(line: Factory) -> None:
    begun = lines(line.cli("events"))[-1]["seq"]
    running = subprocess.Popen(
        line.command("events", "--follow", "--since", begun),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=real_environment(),
    )  # fmt: skip
    assert running.stdout
    line.issue(2, "B2")
    first = json.loads(running.stdout.readline())
    assert (first["seq"], first["batch"], first["kind"]) == (begun + 1, "B2", "batch issued")
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 0, told
    assert "--since" in told


@pytest.mark.sqlite
def test_a_ledger_that_is_away_for_a_moment_is_waited_for(line: Factory) -> None:
    """It is said once, and what comes then is printed; a ledger that was restored from an older copy ends it."""
    begun, ledger, away = lines(line.cli("events"))[-1]["seq"], line.root / "ledger.db", line.root / "away.db"
    assert line.cli("ledger", "backup", line.root / "copy.db").code == 0
    running = subprocess.Popen(
        line.command("events", "--follow", "--since", begun),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=real_environment(),
    )  # fmt: skip
    assert running.stdout and running.stderr
    line.issue(2, "B2")
    assert json.loads(running.stdout.readline())["batch"] == "B2"
    ledger.rename(away)
    assert "is waited for" in running.stderr.readline()
    away.rename(ledger)
    assert "can be read again" in running.stderr.readline()
    line.issue(2, "B3")
    assert json.loads(running.stdout.readline())["batch"] == "B3"
    ledger.rename(away)
    assert line.cli("ledger", "restore", line.root / "copy.db", "--skip-serials", 10, "--reason", "test").code == 0
    _, told = running.communicate(timeout=60)
    assert running.returncode == 5, told


def test_no_event_holds_a_key(line: Factory) -> None:
    assert line.cli("program", "B1", "--format", "csv", "--out", line.root / "keys.csv").code == 0
    keys = [row.split(",") for row in (line.root / "keys.csv").read_text().splitlines()[1:]]
    said = line.cli("events").out
    assert keys
    assert not [cell for row in keys for cell in row if len(cell) in (32, 64) and cell in said.replace("-", "")]
