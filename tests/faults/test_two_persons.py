"""What two persons signed is used once, by however many at once, and whole or not at all, whenever a command dies."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bss_mfg.ledger.two_persons import TwoPersonStore
from tests.faults.killed import killed
from tests.faults.pairs import Act
from tests.helpers.factory import Factory
from tests.helpers.guarded import REOPEN, Guarded, make_guarded
from tests.helpers.persons import with_signatures
from tests.helpers.races import Command, side_by_side
from tests.needs import needs

pytestmark = needs("ssh-keygen")
OFFSETS = (-0.09, -0.06, -0.04, -0.02, -0.01, -0.005, 0, 0, 0.005, 0.01, 0.02, 0.04, 0.06, 0.09)


@pytest.fixture
def line(factory: Factory, tmp_path: Path) -> Guarded:
    return make_guarded(factory, tmp_path)


def release_again(line: Guarded) -> list[object]:
    """A release that could be done any number of times: into files that are as they were."""
    command = ["program", "B2", "--format", "bin", "--out", f"{line.stick}/", "--again", "--reason", "the stick broke"]
    return line.with_consent(command, line.request(*command), "alice", "bob")


def releases(factory: Factory) -> int:
    return sum(kind == "keys releasing" for (kind,) in factory.rows("SELECT kind FROM event WHERE batch = 'B2'"))


def test_two_at_once_use_it_once(line: Guarded) -> None:
    """At many offsets; of both, one does it."""
    command = release_again(line)
    seen = Counter[tuple[int, ...]]()
    for number, offset in enumerate(OFFSETS):
        for path in line.stick.iterdir():
            path.unlink()
        factory = line.factory.copied(line.folder / f"copy {number}")
        ended = side_by_side(factory.root, [Command(command), Command(command)], [max(-offset, 0), max(offset, 0)])
        codes = tuple(sorted(one.code for one in ended))
        seen[codes] += 1
        assert codes in {(0, 4), (0, 5)}, [one.said for one in ended]
        assert releases(factory) == 1
        assert factory.rows(
            "SELECT DISTINCT released FROM unit u JOIN batch b ON b.no = u.batch WHERE b.id = 'B2'"
        ) == [(1,)]
        assert factory.cli("ledger", "check").code == 0
    assert sum(seen.values()) == len(OFFSETS)


def test_the_mark_is_what_holds(line: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without the look at what was used, the same signatures do it a second time."""
    command = release_again(line)
    assert line.factory.cli(*command).code == 0
    assert "was used before" in line.factory.cli(*command).err
    monkeypatch.setattr(TwoPersonStore, "_uses", lambda self, batch: iter(()))
    assert line.factory.cli(*command).code == 0
    assert releases(line.factory) == 2
    found = line.factory.cli("ledger", "check")
    assert (found.code, "what was signed was used twice" in found.err) == (5, True), found.err


def test_killed_anywhere_it_is_done_or_it_is_not(line: Guarded) -> None:
    request = line.request(*REOPEN)
    command = [*REOPEN, *with_signatures(request, line.sign(request, "alice", "bob"))]
    act = Act("reopen", tuple(map(str, command)))
    whole, steps = killed(line.factory.copied(line.folder / "whole"), act, 0)
    assert whole.code == 0, whole.err
    assert steps > 10
    seen = set()
    for moment in range(1, steps + 1):
        factory = line.factory.copied(line.folder / f"killed {moment}")
        killed(factory, act, moment)
        rows = factory.rows("SELECT kind, data FROM event WHERE batch = 'B1' ORDER BY seq")
        kinds = [kind for kind, _ in rows]
        (closed,) = factory.rows("SELECT closed_at FROM batch WHERE id = 'B1'")[0]
        done = closed is None
        seen.add(done)
        assert ("act approved" in kinds, "batch reopened" in kinds) == (done, done)
        if done:
            assert kinds[-2:] == ["act approved", "batch reopened"]
            assert sorted(json.loads(rows[-1][1])["approved_by"]) == ["alice", "bob"]
        again = factory.cli(*command)
        assert again.code == 0, again.err
        assert [kind for (kind,) in factory.rows("SELECT kind FROM event")].count("batch reopened") == 1
        assert factory.cli("ledger", "check").code == 0
    assert seen == {True, False}
