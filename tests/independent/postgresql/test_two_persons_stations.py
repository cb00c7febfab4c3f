"""A policy of two persons on a server: an admin sets it, each station asks for it, and it moves with its ledger."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from bss_mfg.ledger.event_chain import event_digest
from tests.helpers.factory import Factory
from tests.helpers.persons import Person, approved, policy_file, set_policy
from tests.independent.postgresql.moves import moved
from tests.independent.postgresql.test_roles import Staffed, staffed  # noqa: F401
from tests.needs import needs

pytestmark = [needs("postgresql"), needs("ssh-keygen")]
REPIN = ("product", "repin", "bulb", "--reason", "x")


@pytest.fixture
def people(tmp_path: Path) -> list[Person]:
    return [Person.new(tmp_path, name) for name in ("alice", "bob")]


def release(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "stick").mkdir(exist_ok=True)
    return ("program", "B1", "--format", "csv", "--out", f"{tmp_path}/stick/")


def test_a_moved_ledger_keeps_its_policy(filed: Factory, url: str, tmp_path: Path, people: list[Person]) -> None:
    set_policy(filed, tmp_path, people)
    before = filed.cli("policy", "show", "--json").json
    moved(filed, url)
    assert filed.cli("policy", "show", "--json").json == before
    command = (*release(tmp_path), "--again", "--reason", "moved")
    assert filed.cli(*command).code == 4
    assert approved(filed, tmp_path / "r.txt", people, *command).code == 0
    assert filed.cli("ledger", "check").code == 0


def test_a_station_for_keys_needs_both_signatures_and_sets_no_policy(
    staffed: Staffed,  # noqa: F811
    tmp_path: Path,
    people: list[Person],
) -> None:
    admin, keys = staffed.factory, staffed.station("keys")
    file = policy_file(tmp_path / "own.toml", {one.name: one.public for one in people})
    refused = approved(keys, tmp_path / "own.txt", people, "policy", "set", file)
    assert refused.code in (3, 4, 5), refused.err
    assert admin.cli("policy", "show", "--json").json["policy"] is None
    set_policy(admin, tmp_path, people)
    assert keys.cli(*release(tmp_path)).code == 4
    done = approved(keys, tmp_path / "r.txt", people, *release(tmp_path))
    assert done.code == 0, done.err
    assert (keys.root / "ledger.db.policy").is_file()


@pytest.mark.parametrize("kind", ["policy set", "act approved"])
def test_an_event_that_an_operator_wrote_by_hand_ends_no_policy(
    staffed: Staffed,  # noqa: F811
    tmp_path: Path,
    people: list[Person],
    kind: str,
) -> None:
    """Its role may append to the history; what counts is who signed, and what the ledger notes."""
    set_policy(staffed.factory, tmp_path, people)
    persons = {one.name: " ".join(one.public.split()[:2]) for one in people}
    said = {
        "policy set": {"persons": persons, "two_persons": []},
        "act approved": {"act": "x", "text": "", "signatures": {}},
    }
    data = json.dumps(said[kind])
    with staffed.connect("operator") as connection:
        ((seq, digest),) = connection.execute("SELECT seq, digest FROM event ORDER BY seq DESC LIMIT 1").fetchall()
        assert isinstance(seq, int) and isinstance(digest, bytes)
        at = "2026-01-01T00:00:00Z"
        new = event_digest(digest, seq + 1, at, kind, None, data)
        connection.execute("INSERT INTO event VALUES (%s, %s, %s, NULL, %s, %s)", (seq + 1, at, kind, data, new))
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE about SET value = 'x' WHERE name = 'two_persons'")
    refused = staffed.station("keys").cli(*release(tmp_path))
    assert refused.code in (4, 5), refused.err
    assert not list((tmp_path / "stick").iterdir())
