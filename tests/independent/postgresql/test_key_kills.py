"""Killed at any call that changes a file, who makes, changes or destroys keys of a ledger on a server loses none, and
reveals none: the same command typed again ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace.vault_files import waiting_files
from tests.faults.test_vault_kills import keys_of
from tests.helpers import strace
from tests.helpers.factory import Factory, make_factory
from tests.helpers.postgres import Server
from tests.needs import needs

pytestmark = [needs("postgresql"), needs("strace")]


def all_opens(one: Factory, before: dict[tuple[str, str], bytes]) -> None:
    """No key was lost, and each has one file."""
    assert keys_of(one) == before
    assert key_files(one) == ["B1", "LATER"]


def all_opens_and_is_issued(one: Factory, before: dict[tuple[str, str], bytes]) -> None:
    """A batch more, and no file of one that was rolled back."""
    found = keys_of(one)
    assert {key: value for key, value in found.items() if key[0] != "NEW"} == before
    assert len(found) == len(before) + 3
    assert key_files(one) == ["B1", "LATER", "NEW"]


def is_retired(one: Factory, before: dict[tuple[str, str], bytes]) -> None:
    """The keys of B1 are gone, those of the other batch are not, and nothing marks that it was under way."""
    assert one.rows("SELECT count(*) FROM event WHERE kind = 'batch retired'") == [(1,)]
    assert one.rows("SELECT count(*) FROM unit WHERE sealed_key IS NOT NULL AND batch = 1") == [(0,)]
    assert key_files(one) == ["LATER"]
    assert sorted(path.suffix for path in (one.root / "keys").iterdir() if path.name != "ledger-id") == [".key"]
    assert one.cli("program", "B1", "--format", "csv", "--out", one.root / "again.csv").code == 4
    assert one.cli("program", "LATER", "--format", "csv", "--out", one.root / "later.csv").code == 0


@dataclass(frozen=True)
class Act:
    """A command; the `{0}` stands for the folder beside the workspace."""

    arguments: tuple[str, ...]
    ends: Callable[[Factory, dict[tuple[str, str], bytes]], None] = all_opens


ACTS = {
    "issue": Act(("batch", "create", "bulb", "--units", "3", "--id", "NEW"), all_opens_and_is_issued),
    "rekey": Act(("vault", "rekey")),
    "recipient": Act(("vault", "recipient", "{0}/officer.pub")),
    "retire": Act(("retire", "B1", "--acknowledged", "letter"), is_retired),
}


def key_files(factory: Factory) -> list[str]:
    """The batches that the key files are of, in order; one with two files comes twice."""
    return sorted(path.name.rpartition(".")[0].rpartition(".")[0] for path in (factory.root / "keys").glob("*.key"))


@pytest.mark.parametrize("name", ACTS)
def test_killed_anywhere_no_key_is_lost(memory: Path, server: Server, name: str) -> None:
    act, factory = ACTS[name], make_factory(memory / "start", server.new_database(f"kills_{name}"))
    factory.add(oob_bytes=16)
    factory.issue(2)
    factory.issue(1, "LATER")
    _, public = new_development_key("p256")
    (memory / "officer.pub").write_bytes(public)
    assert factory.cli("manifest", "make", "B1", "--out", memory / "log.txt").code == 0
    assert factory.cli("program", "B1", "--format", "csv", "--out", memory / "keys.csv").code == 0
    keys = keys_of(factory)
    arguments = [one.replace("{0}", str(memory)) for one in act.arguments]
    copies = iter(range(10_000))

    @contextmanager
    def copied() -> Iterator[Factory]:
        one = factory.copied(memory / f"w{next(copies)}")
        yield one
        server.drop_database(one.workspace.ledger_place.url.partition("?")[0].rpartition("/")[2])

    with copied() as one:
        strace.warm_up(one.root, arguments)
        act.ends(one, keys)
    with copied() as one:
        points = [point for point in strace.calls(one.root, arguments) if point[0] in strace.CHANGING]
    assert len(points) > 5
    for point in points:
        with copied() as one:
            strace.run(one.root, arguments, strace=strace.fault(*point, "signal=KILL"))
            again = strace.run(one.root, arguments)
            assert again.code == 0, (point, again)
            act.ends(one, keys)
            assert one.cli("ledger", "check").code == 0, point
            assert waiting_files(one.workspace.vault_file) == [], point
