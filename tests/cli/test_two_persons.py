"""Two persons sign what the policy says: the act as it will be done, once, within a day; the history holds who did."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pyrage
import pytest

from bss_mfg.core import clock
from bss_mfg.ledger.policies import Act
from tests.helpers import ROOT
from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory
from tests.helpers.guarded import REOPEN, REPIN, RETIRE, Guarded, hours_later, make_guarded
from tests.helpers.keys import good_pem
from tests.helpers.persons import Person, approved, keygen_accepts, policy_file, run, set_policy
from tests.needs import needs

pytestmark = needs("ssh-keygen")
SPEC = "amazon-bss-ob04"


@pytest.fixture
def line(factory: Factory, tmp_path: Path) -> Guarded:
    return make_guarded(factory, tmp_path)


def last(line: Guarded, kind: str) -> dict[str, object]:
    rows = line.factory.rows("SELECT kind, data FROM event ORDER BY seq")
    found: dict[str, object] = json.loads([data for one, data in rows if one == kind][-1])
    return found


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (REOPEN, "batch reopened"), (RETIRE, "batch retired"), (REPIN, "key repinned"), (None, "keys releasing"),
    ],
    ids=["reopen", "retire", "repin", "release"],
)  # fmt: skip
def test_an_act_waits_for_two_persons_and_is_theirs(line: Guarded, act: tuple[str, ...] | None, kind: str) -> None:
    command = act or line.release()
    before = line.state()
    refused = line.factory.cli(*command)
    assert refused.code == 4, refused.err
    assert "two persons have to sign this act" in refused.err and "--request FILE" in refused.err
    request = line.request(*command)
    assert line.state() == before
    done = line.factory.cli(*line.with_consent(command, request, "alice", "carol"))
    assert done.code == 0, done.err
    event, signed = last(line, kind), last(line, "act approved")
    keys = {name: line.people[name] for name in ("alice", "carol")}
    assert event["approved_by"] == {name: fingerprint(one) for name, one in keys.items()}
    assert signed["text"] == request.read_text()
    for name, one in keys.items():  # whoever has the history can verify them, without bss-mfg
        made = signed["signatures"][name]  # type: ignore[index]
        assert keygen_accepts(line.folder, one.public, made.encode(), request.read_bytes())
    assert line.factory.cli("ledger", "check").code == 0
    if act is None or act[0] != "product":
        told = line.factory.cli("history", command[1] if command[0] != "batch" else "B1").out
        assert ", ".join(f"{name} {fingerprint(one)}" for name, one in keys.items()) in told
        assert "BEGIN SSH" not in told


def fingerprint(person: Person) -> str:
    from bss_mfg.transparency.ssh_signatures import SshKey

    return SshKey.parse(person.public).fingerprint


def test_what_they_read_is_all_that_counts(line: Guarded) -> None:
    """A line for each value, so who reads it knows: what, of which batch, which units, where to, sealed to whom."""
    said = line.request(*line.release(reason="")).read_text().splitlines()
    for text in ('act: "keys release"', 'batch: "B1"', "numbers: [[1, 4]]", 'format: "csv"', "clear reason: none"):
        assert text in said
    assert any(one.startswith('sealed to: ["age1') for one in said)
    hidden = ("batch", "reopen", "B1", "--reason", "ok\u202e\nact: retire \u0007 für")
    (reason,) = [one for one in line.request(*hidden, name="2.txt").read_text().splitlines() if "reason" in one]
    assert reason == r'reason: "ok\u202e\nact: retire \u0007 für"'


def test_a_release_that_was_cut_off_is_continued(line: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    from bss_mfg.ledger.releases import ReleaseStore

    command = line.release()
    signed = line.with_consent(command, line.request(*command), "alice", "bob")

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ReleaseStore, "record", cut_off)
        assert line.factory.cli(*signed).code == 130
    assert line.factory.cli(*line.release(to="")).code == 4
    done = line.factory.cli(*command)
    assert done.code == 0, done.err
    assert "completed a release that was cut off" in done.err


def test_a_policy_is_changed_by_two_of_the_one_in_force(line: Guarded) -> None:
    fewer = policy_file(
        line.folder / "new.toml", {name: line.people[name].public for name in ("eve", "mallory")}, ["reopen"]
    )
    assert line.factory.cli("policy", "set", fewer).code == 4
    assert line.approved("policy", "set", fewer, names=("eve", "mallory")).code == 4
    assert line.approved("policy", "set", fewer, names=("bob", "carol"), name="2.txt").code == 0
    shown = line.factory.cli("policy", "show", "--json").json
    assert (shown["two_persons"], sorted(shown["persons"])) == (["reopen"], ["eve", "mallory"])
    assert line.factory.cli(*line.release()).code == 0  # not signed any more
    assert line.approved(*REOPEN, name="3.txt").code == 4
    assert line.approved(*REOPEN, names=("mallory", "eve"), name="4.txt").code == 0
    same = line.factory.cli("policy", "set", fewer)
    assert (same.code, "nothing was changed" in same.err) == (0, True)
    assert line.factory.cli("ledger", "check").code == 0


def test_what_is_shown_is_a_policy_file(line: Guarded) -> None:
    shown = line.factory.cli("policy", "show")
    (line.folder / "shown.toml").write_text(shown.out)
    assert "nothing was changed" in line.factory.cli("policy", "set", line.folder / "shown.toml").err


def test_without_a_policy_nothing_is_to_be_signed(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    assert "there is no policy" in factory.cli("policy", "show").err
    asked = factory.cli(
        "program", "B1", "--format", "csv", "--out", tmp_path / "k.csv", "--request", tmp_path / "r.txt"
    )
    assert (asked.code, (tmp_path / "k.csv").exists(), (tmp_path / "r.txt").exists()) == (4, False, False)
    assert "nobody has to sign this" in asked.err
    assert factory.cli("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv").code == 0


@pytest.mark.parametrize(
    "options", [["--request", "a", "--approved", "b", "--signature", "c"], ["--approved", "b"], ["--signature", "c"]]
)
def test_options_that_say_nothing_together_are_usage_errors(line: Guarded, options: list[str]) -> None:
    assert line.factory.cli(*REOPEN, *options).code == 2


def test_a_spec_counts_once_two_persons_have_confirmed_it(factory: Factory, tmp_path: Path) -> None:
    """Its file alone, which anybody may write, lets nothing be issued."""
    (tmp_path / "amazon.pem").write_bytes(good_pem())
    add = ("product", "add", "prod", "--pid", "ebK3", "--public-key", tmp_path / "amazon.pem", "--stage", "production")
    assert factory.cli(*add).code == 0
    assert factory.cli("spec", "copy", SPEC).code == 0
    confirm = ("spec", "confirm", SPEC, "--document", "Guide 3.2")
    assert factory.cli(*confirm).code == 0
    by_one = (factory.root / "specs" / f"{SPEC}.toml").read_bytes()
    people = [Person.new(tmp_path, name) for name in ("alice", "bob")]
    set_policy(factory, tmp_path, people, [Act.SPEC_CONFIRM])
    create = ("batch", "create", "prod", "--units", 2)
    run = ("run", "prod", "--units", 2, "--id", "R")
    for command in (create, run):
        refused = factory.cli(*command)
        assert (refused.code, "two persons have to confirm it" in refused.err) == (4, True), refused.err
    assert factory.rows("SELECT count(*) FROM batch") == [(0,)]
    assert factory.cli(*confirm).code == 4
    assert (factory.root / "specs" / f"{SPEC}.toml").read_bytes() == by_one
    done = approved(factory, tmp_path / "spec.txt", people, *confirm)
    assert done.code == 0, done.err
    assert factory.cli(*create).code == 0
    spec = factory.root / "specs" / f"{SPEC}.toml"
    spec.write_text(spec.read_text().replace('title = "', 'title = "Our ', 1))
    assert factory.cli(*create).code in (3, 4)


def test_a_confirmation_that_only_the_database_says_lets_nothing_be_issued(factory: Factory, tmp_path: Path) -> None:
    """An event appended by somebody who can write the database, chained as it should be, that says two had signed."""
    (tmp_path / "amazon.pem").write_bytes(good_pem())
    add = ("product", "add", "prod", "--pid", "ebK3", "--public-key", tmp_path / "amazon.pem", "--stage", "production")
    assert factory.cli(*add).code == 0
    assert factory.cli("spec", "copy", SPEC).code == 0
    people = {name: Person.new(tmp_path, name) for name in ("alice", "bob")}
    assert factory.cli("spec", "confirm", SPEC, "--document", "Guide 3.2").code == 0
    (tmp_path / "stick").mkdir()
    set_policy(factory, tmp_path, list(people.values()), [Act.SPEC_CONFIRM])

    def confirmed(rows: list[list[Any]]) -> None:
        said = json.loads(next(row[4] for row in rows if row[2] == "spec confirmed"))
        signed = {"request": "0" * 64, "approved_by": {"alice": "SHA256:a", "bob": "SHA256:b"}, **said}
        rows.append([0, rows[-1][1], "spec confirmed", None, json.dumps(signed)])

    Guarded(factory, tmp_path, people).forge(confirmed)
    refused = factory.cli("batch", "create", "prod", "--units", 2)
    assert (refused.code, "two persons have to confirm it" in refused.err) == (4, True), refused.err


def test_a_request_holds_for_a_day(line: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    command = line.with_consent(REOPEN, line.request(*REOPEN), "alice", "bob")
    later = hours_later(23)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert line.factory.cli(*command).code == 0


@pytest.mark.sqlite
def test_an_older_ledger_in_its_place_gets_its_policy_back(line: Guarded, tmp_path: Path) -> None:
    """Where a copy from before the policy was put back on purpose, the same policy is set again, and holds."""
    kept = tmp_path / "policy.toml"
    with line.factory.database(unguarded=True) as database:
        (seq,) = database.execute("SELECT seq FROM event WHERE kind = 'policy set'").fetchone()
        database.execute("DELETE FROM event WHERE seq >= ?", (seq - 1,))
        database.execute("DELETE FROM about WHERE name = 'two_persons'")
    assert line.factory.cli("ledger", "adopt", "--skip-serials", 10, "--reason", "lost").code == 0
    refused = line.factory.cli(*REOPEN)
    assert (refused.code, "a policy of two persons was in force here" in refused.err) == (4, True)
    assert "was in force here" in line.factory.cli("policy", "show").err
    done = line.approved("policy", "set", kept, name="again.txt")
    assert done.code == 0, done.err
    assert line.factory.cli(*REOPEN).code == 4
    assert line.approved(*REOPEN, name="then.txt").code == 0
    assert line.factory.cli("ledger", "check").code == 0


def test_sealed_keys_open_for_the_station_that_was_signed(line: Guarded) -> None:
    mine = pyrage.x25519.Identity.generate()
    done = line.approved(*line.release(to=str(mine.to_public())))
    assert done.code == 0, done.err
    (file,) = line.stick.glob("*.age")
    assert pyrage.decrypt(file.read_bytes(), [mine])


def test_the_page_can_be_typed(factory: Factory, tmp_path: Path) -> None:
    """docs/two-persons.md, with the keys of two persons."""
    factory.add(oob_bytes=16)
    factory.issue(2, "bulb-2026-11")
    people = {name: Person.new(tmp_path, name) for name in ("alice", "bob")}
    policy_file(factory.root / "two-persons.toml", {name: one.public for name, one in people.items()})
    page = (ROOT / "docs" / "two-persons.md").read_text("utf-8")
    blocks = [block for block in page.split("```")[1::2] if block.startswith("\n")]
    lines = [line for block in blocks for line in block.strip().splitlines()]
    assert len(lines) == 10
    for line in lines:
        words = shlex.split(line)
        if words[0] == "ssh-keygen":
            command, _, files = line.partition(" < ")
            request, signature = files.split(" > ")
            name = command.rpartition("KEY-OF-")[2].lower()
            made = run(*shlex.split(command)[:-1], people[name].key, stdin=(factory.root / request).read_bytes())
            (factory.root / signature).write_bytes(made)
            continue
        assert words[0] == "bss-mfg"
        done = run_cli(*words[1:], cwd=factory.root)
        assert done.code == 0, (line, done.err)
    assert (factory.root / "keys.csv").is_file()


def test_the_page_shows_the_acts_that_there_are(factory: Factory) -> None:
    page = (ROOT / "docs" / "two-persons.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z ]+)` \| (?:`program`|`retire`|`product|`spec|`batch)", page, re.M) == list(Act)
