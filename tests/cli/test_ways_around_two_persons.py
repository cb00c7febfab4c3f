"""Ways around two persons: each is refused, in words that name it, and nothing was done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.core import clock
from bss_mfg.errors import BssError
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.policies import Act
from bss_mfg.ledger.releases import ReleaseTarget
from bss_mfg.programming.registry import formats
from bss_mfg.programming.release import release_keys
from bss_mfg.programming.retirement import retire_batch
from tests.helpers.cut_off import cut_off_releases
from tests.helpers.factory import Factory
from tests.helpers.guarded import REOPEN, REPIN, Guarded, hours_later, make_guarded
from tests.helpers.persons import ALL_ACTS, Person, approved, policy_file, set_policy
from tests.helpers.ssh_forging import HardwareKey, RsaKey
from tests.helpers.ways_around import WAYS
from tests.needs import needs

pytestmark = needs("ssh-keygen")


@pytest.fixture
def line(factory: Factory, tmp_path: Path) -> Guarded:
    return make_guarded(factory, tmp_path)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.sqlite] if way.only_file else []) for name, way in WAYS.items()]
)
def test_a_way_around_is_refused(line: Guarded, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    way = WAYS[name]
    command = way.prepare(line)
    before = line.state()
    moment = hours_later(way.hours)
    if way.hours:
        monkeypatch.setattr(clock, "now", lambda: moment)
    refused = line.factory.cli(*command)
    assert refused.code in (3, 4, 5), (refused.code, refused.err)
    assert way.words in refused.err, refused.err
    assert line.state() == before


def test_a_signature_that_lacks_takes_no_new_request(line: Guarded) -> None:
    """The refusal advised one, though what one person signed is good for the other, too."""
    request = line.request(*REOPEN)
    refused = line.factory.cli(*line.with_consent(REOPEN, request, "alice"))
    assert (refused.code, "policy show" in refused.err, "a new request" in refused.err) == (4, True, False), refused
    assert line.factory.cli(*line.with_consent(REOPEN, request, "alice", "bob")).code == 0


def test_thirty_ways_and_more_were_tried() -> None:
    assert len(WAYS) >= 30


def test_what_two_persons_sign_is_done(line: Guarded) -> None:
    """The negative control of the table: the same commands, signed, are done."""
    assert line.approved(*REOPEN).code == 0
    assert line.approved(*line.release(), name="2.txt").code == 0


@pytest.mark.parametrize(
    "act",
    [
        lambda line, ledger: ledger.batches.reopen("B1", "x"),
        lambda line, ledger: ledger.products.repin_key("bulb", "e" * 64, "x"),
        lambda line, ledger: open_keys(ledger).retire("B3", "x"),
        lambda line, ledger: retire_batch(
            line.factory.workspace, ledger, ledger.batches.get("B3"), "x", delete_exports=True
        ),
        lambda line, ledger: release_keys(
            ledger, line.factory.workspace.open_vault(), ledger.batches.get("B2"), formats()["csv"], line.stick
        ),
        lambda line, ledger: ledger.releases.begin(
            "B2", ReleaseTarget(line.stick / "k.csv", "batch", "csv"), [range(1, 5)]
        ),
    ],
    ids=["reopen", "repin", "destroy keys", "retire", "release", "begin"],
)
def test_a_program_of_ones_own_is_refused_too(line: Guarded, act: Callable[..., object]) -> None:
    """The ledger asks, not the command line."""
    before = line.state()
    with line.factory.ledger() as ledger, pytest.raises(BssError, match="two persons have to sign"):
        act(line, ledger)
    assert line.state() == before


@pytest.mark.parametrize(
    ("persons", "acts", "words"),
    [
        ({"alice": "alice"}, ALL_ACTS, "names 1 person"),
        ({}, ALL_ACTS, "names 0 persons"),
        ({"alice": "alice", "bob": "alice"}, ALL_ACTS, "have one key"),
        ({"alice": "alice", "Alice": "bob"}, ALL_ACTS, "are one name"),
        ({"alice": "alice", "bob\u202e": "bob"}, ALL_ACTS, "isn't a name"),
        ({"alice": "alice", "bob": "rsa1024"}, ALL_ACTS, "weak key"),
        ({"alice": "alice", "bob": "rsa2048"}, ALL_ACTS, "weak key"),
        ({"alice": "alice", "bob": "nonsense"}, ALL_ACTS, "isn't a public SSH key"),
        ({"alice": "alice", "bob": "bob"}, ["keys"], "isn't one of the acts"),
        ({"alice": "alice", "bob": "bob"}, ["policy set"], "isn't one of the acts"),
    ],
)
def test_a_policy_by_which_one_could_be_two_is_refused(
    factory: Factory, tmp_path: Path, persons: dict[str, str], acts: list[str], words: str
) -> None:
    keys = {name: Person.new(tmp_path, name).public for name in ("alice", "bob")}
    keys |= {"rsa1024": RsaKey.new(1024).public, "rsa2048": RsaKey.new(2048).public, "nonsense": "alice"}
    file = policy_file(tmp_path / "policy.toml", {name: keys[key] for name, key in persons.items()}, acts)
    refused = factory.cli("policy", "set", file, "--request", tmp_path / "policy.txt")
    assert (refused.code, words in refused.err) == (3, True), refused.err
    assert not (tmp_path / "policy.txt").exists()


def test_a_key_in_hardware_that_was_touched_counts(line: Guarded) -> None:
    """The negative control of the one that nobody touched."""
    key = HardwareKey()
    persons = {"alice": line.people["alice"].public, "dave": key.public}
    policy = policy_file(line.folder / "more.toml", persons, [Act.REOPEN])
    assert line.approved("policy", "set", policy, name="more.txt").code == 0
    request = line.request(*REOPEN)
    (line.folder / "dave.sig").write_bytes(key.sign(request.read_bytes(), flags=1))
    signatures = [*line.sign(request, "alice"), line.folder / "dave.sig"]
    options = ["--approved", request, *(part for one in signatures for part in ("--signature", one))]
    assert line.factory.cli(*REOPEN, *options).code == 0


def test_the_settings_have_no_say(line: Guarded) -> None:
    """What two persons sign stands in the history, not in a file that anybody may write."""
    command = line.release()
    settings = line.factory.root / "bss-mfg.toml"
    settings.write_text(f"{settings.read_text()}\n[policy]\ntwo_persons = []\n")
    refused = line.factory.cli(*command)
    assert (refused.code, "there is no such field" in refused.err) == (3, True), refused.err
    assert not list(line.stick.iterdir())


def test_a_pin_and_a_spec_that_only_the_database_says_are_refused(line: Guarded) -> None:
    """Events appended by somebody who can write the database, chained as they should be: nothing is issued by them."""
    (old,) = line.factory.rows("SELECT key_fingerprint FROM product WHERE name = 'bulb'")[0]
    new = line.factory.workspace.product("bulb").key.fingerprint

    def repinned(rows: list[list[object]]) -> None:
        said = {"product": "bulb", "from": old, "to": new, "reason": "x", "request": "0" * 64, "operator": "x"}
        rows.append([0, rows[-1][1], "key repinned", None, json.dumps(said)])

    line.forge(repinned)
    with line.factory.database(unguarded=True) as database:
        database.execute(f"UPDATE product SET key_fingerprint = '{new}' WHERE name = 'bulb'")  # noqa: S608
    refused = line.factory.cli("batch", "create", "bulb", "--units", 2)
    assert (refused.code, "without the signatures of two persons" in refused.err) == (5, True), refused.err


def test_a_repinned_key_that_two_signed_is_issued_with(line: Guarded) -> None:
    assert line.approved(*REPIN).code == 0
    assert line.factory.cli("batch", "create", "bulb", "--units", 2).code == 0


@pytest.mark.sqlite
def test_a_copy_of_the_workspace_does_nothing_that_was_signed(line: Guarded) -> None:
    """Neither as it is, nor once it was adopted: what was signed is of before."""
    command = line.with_consent(REOPEN, line.request(*REOPEN), "alice", "bob")
    copy = line.factory.left_behind(line.folder / "copy")
    refused = copy.cli(*command)
    assert (refused.code, "was copied or moved" in refused.err) == (4, True), refused.err
    assert copy.cli("ledger", "adopt", "--skip-serials", 5, "--reason", "moved").code == 0
    refused = copy.cli(*command)
    assert (refused.code, "before this ledger was restored or adopted" in refused.err) == (4, True), refused.err
    assert copy.rows("SELECT count(*) FROM event WHERE kind = 'batch reopened'") == [(0,)]
    assert line.factory.cli(*command).code == 0


def test_what_was_begun_alone_is_not_ended_alone(factory: Factory, tmp_path: Path) -> None:
    """A release that was cut off before there was a policy: its keys don't leave by the same command any more."""
    factory.add(oob_bytes=16)
    factory.issue(4, "B1")
    (tmp_path / "stick").mkdir()
    command = ("program", "B1", "--format", "csv", "--out", f"{tmp_path}/stick/")
    with cut_off_releases():
        factory.cli(*command)
    for path in (tmp_path / "stick").iterdir():
        path.unlink()
    people = [Person.new(tmp_path, name) for name in ("alice", "bob")]
    set_policy(factory, tmp_path, people)
    refused = factory.cli(*command)
    assert (refused.code, "this was begun without them" in refused.err) == (4, True), refused.err
    assert not list((tmp_path / "stick").iterdir())
    again = (*command[:-1], f"{tmp_path}/", "--again", "--reason", "cut off")
    done = approved(factory, tmp_path / "r.txt", people, *again)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    "data", [{}, {"act": 1, "text": 2, "signatures": 3}, {"act": "x", "text": "", "signatures": {}}]
)
def test_what_no_request_can_be_stands_in_nobodys_way(line: Guarded, data: dict[str, object]) -> None:
    """An approval in the history that says nothing, by somebody who can write there: named, and no defect."""

    def nothing(rows: list[list[object]]) -> None:
        rows.append([0, rows[-1][1], "act approved", "B1", json.dumps(data)])

    line.forge(nothing)
    assert line.approved(*REOPEN).code == 0
    found = line.factory.cli("ledger", "check")
    assert (found.code, "act approved, batch B1" in found.err) == (5, True), found.err


@pytest.mark.sqlite
@pytest.mark.parametrize("event", ["1e999", "NaN", "-1", "1" + "0" * 30, "[]", '"5"'])
def test_a_note_of_the_policy_with_odd_numbers_lets_nothing_out(line: Guarded, event: str) -> None:
    note = line.factory.root / "ledger.db.policy"
    said = {**json.loads(note.read_text()), "event": 0}
    note.write_text(json.dumps(said).replace('"event": 0', f'"event": {event}'))
    refused = line.factory.cli(*line.release())
    assert refused.code in (3, 4), refused.err
    assert not list(line.stick.iterdir())


def test_a_pin_of_before_the_newest_policy_is_weighed_by_the_one_of_its_time(line: Guarded) -> None:
    """Somebody who can write the database appends a pin that nobody signed, and two persons set a policy later."""
    (old,) = line.factory.rows("SELECT key_fingerprint FROM product WHERE name = 'bulb'")[0]
    new = line.factory.workspace.product("bulb").key.fingerprint

    def repinned(rows: list[list[object]]) -> None:
        said = {"product": "bulb", "from": old, "to": new, "reason": "x", "operator": "x"}
        rows.append([0, rows[-1][1], "key repinned", None, json.dumps(said)])

    line.forge(repinned)
    with line.factory.database(unguarded=True) as database:
        database.execute(f"UPDATE product SET key_fingerprint = '{new}' WHERE name = 'bulb'")  # noqa: S608
    persons = {one: line.people[one].public for one in ("alice", "bob")}
    policy = policy_file(line.folder / "new.toml", persons, ALL_ACTS)
    assert line.approved("policy", "set", policy, name="new.txt").code == 0
    refused = line.factory.cli("batch", "create", "bulb", "--units", 2)
    assert (refused.code, "without the signatures of two persons" in refused.err) == (5, True), refused.err
