"""Ways around two persons: how each is prepared, and by which words it is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives import hashes

from bss_mfg.core import clock
from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.programming.flasher_key import register_flasher
from tests.helpers.factory import opened_file
from tests.helpers.guarded import (
    OTHER_STATION,
    REOPEN,
    REPIN,
    RETIRE,
    Guarded,
    change_data,
    hours_later,
)
from tests.helpers.persons import policy_file, with_signatures
from tests.helpers.ssh_forging import HardwareKey, RsaKey

Prepare = Callable[[Guarded], list[object]]
"""Prepares a way around, and gives the command that tries it."""


@dataclass(frozen=True)
class Way:
    """A way around: its preparation, and words of the refusal. `hours`: it is tried so much later; `only_file`: it is
    of a ledger in a file."""

    prepare: Prepare
    words: str
    hours: int = 0
    only_file: bool = False


def two(line: Guarded, command: Any, *names: str) -> list[object]:
    return line.with_consent(command, line.request(*command), *(names or ("alice", "bob")))


def signed_then(line: Guarded, signed: Any, tried: Any) -> list[object]:
    """One command's request, given to another command."""
    request = line.request(*signed)
    return line.with_consent(tried, request, "alice", "bob")


def edited(old: str, new: str, *, again: bool = False) -> Prepare:
    """A request that was changed after it was signed; with `again`, before: two persons did sign it."""

    def prepare(line: Guarded) -> list[object]:
        request = line.request(*REOPEN)
        signatures = line.sign(request, "alice", "bob")
        text = request.read_text()
        assert old in text
        request.write_text(text.replace(old, new))
        return [*REOPEN, *with_signatures(request, line.sign(request, "alice", "bob") if again else signatures)]

    return prepare


def given(make: Callable[[Guarded, Path, list[Path]], list[Path]]) -> Prepare:
    """Other signature files than Alice's and Bob's of this request."""

    def prepare(line: Guarded) -> list[object]:
        request = line.request(*REOPEN)
        return [*REOPEN, *with_signatures(request, make(line, request, line.sign(request, "alice", "bob")))]

    return prepare


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def linked(line: Guarded, _: Path, signatures: list[Path]) -> list[Path]:
    link = line.folder / "bob.sig"
    link.symlink_to(signatures[0])
    return [signatures[0], link]


def piped(line: Guarded, _: Path, signatures: list[Path]) -> list[Path]:
    os.mkfifo(line.folder / "pipe.sig")
    return [signatures[0], line.folder / "pipe.sig"]


def same_person_anew(line: Guarded, request: Path, _: list[Path]) -> list[Path]:
    """ECDSA: the second signature has other bytes."""
    first = put(line.folder / "1.sig", line.people["carol"].sign(request).read_bytes())
    second = line.people["carol"].sign(request)
    assert first.read_bytes() != second.read_bytes()
    return [first, second]


def used(line: Guarded) -> list[object]:
    command = two(line, REOPEN)
    assert line.factory.cli(*command).code == 0
    assert line.factory.cli("close", "B1", "--unprinted", 4, "--reason", "a trial").code == 0
    return command


def used_and_forgotten(line: Guarded) -> list[object]:
    """Used, and its event deleted from the database."""
    command = used(line)
    with line.factory.database(unguarded=True) as database:
        database.execute("DELETE FROM event WHERE kind = 'act approved' AND batch = 'B1'")
    return command


def used_before_a_restore(line: Guarded) -> list[object]:
    copy = line.folder / "copy.db"
    command = two(line, REOPEN)
    assert line.factory.cli("ledger", "backup", copy).code == 0
    assert line.factory.cli(*command).code == 0
    (line.factory.root / "ledger.db").unlink()
    done = line.factory.cli("ledger", "restore", copy, "--skip-serials", 5, "--reason", "again")
    assert done.code == 0, done.err
    return command


def copy_put_back_by_hand(line: Guarded) -> list[object]:
    """A copy of the ledger from before the act, put in its place with a file manager."""
    copy = line.folder / "copy.db"
    command = two(line, REOPEN)
    shutil.copy(line.factory.root / "ledger.db", copy)
    assert line.factory.cli(*command).code == 0
    shutil.copy(copy, line.factory.root / "ledger.db")
    return command


def before_the_policy(line: Guarded) -> Path:
    """A copy of the ledger as it was before the policy: cut off there, and whole."""
    copy = line.folder / "before.db"
    (seq,) = line.factory.rows("SELECT seq FROM event WHERE kind = 'policy set'")[0]
    assert line.factory.cli("ledger", "backup", copy).code == 0
    with opened_file(copy) as database:
        database.execute("DELETE FROM event WHERE seq >= ?", (seq - 1,))
        database.execute("DELETE FROM about WHERE name = 'two_persons'")
    return copy


def older_ledger(line: Guarded) -> list[object]:
    shutil.copy(before_the_policy(line), line.factory.root / "ledger.db")
    return line.release()


def restored_ledger(line: Guarded) -> list[object]:
    copy = before_the_policy(line)
    (line.factory.root / "ledger.db").unlink()
    done = line.factory.cli("ledger", "restore", copy, "--skip-serials", 5, "--reason", "older")
    assert done.code == 0, done.err
    return line.release()


def adopted_ledger(line: Guarded) -> list[object]:
    shutil.copy(before_the_policy(line), line.factory.root / "ledger.db")
    assert line.factory.cli("ledger", "adopt", "--skip-serials", 5, "--reason", "older").code == 0
    return line.release()


def older_policy(line: Guarded) -> list[object]:
    """A copy with a policy that was replaced since, put in its place by hand; its persons sign."""
    copy = line.folder / "older.db"
    shutil.copy(line.factory.root / "ledger.db", copy)
    persons = {one: line.people[one].public for one in ("eve", "mallory")}
    command = ("policy", "set", policy_file(line.folder / "new.toml", persons))
    assert line.factory.cli(*two(line, command)).code == 0
    shutil.copy(copy, line.factory.root / "ledger.db")
    return line.release()


def sql(*statements: str) -> Prepare:
    """Statements by somebody who can write the database; triggers are put back."""

    def prepare(line: Guarded) -> list[object]:
        with line.factory.database(unguarded=True) as database:
            for one in statements:
                database.execute(one)
        return line.release()

    return prepare


def forged(change: Callable[[list[list[Any]]], None], *, note: bool) -> Prepare:
    """The history changed, and its chain made anew."""

    def prepare(line: Guarded) -> list[object]:
        line.forge(change, note=note)
        return line.release()

    return prepare


def without_policy(rows: list[list[Any]]) -> None:
    rows[:] = [row for row in rows if row[2] not in ("policy set", "act approved")]


def eves_policy(line: Guarded) -> list[object]:
    """A second policy in the history, of persons whom nobody let in, in the form of the first."""
    persons = {name: " ".join(line.people[name].public.split()[:2]) for name in ("eve", "mallory")}

    def change(rows: list[list[Any]]) -> None:
        copies = [list(row) for row in rows if row[2] in ("act approved", "policy set")]
        data = json.loads(copies[1][4])
        copies[1][4] = json.dumps({**data, "persons": persons, "two_persons": []})
        rows += copies

    line.forge(change, note=True)
    return line.release()


def claimed(line: Guarded) -> list[object]:
    (line.folder / "flasher").mkdir()
    with line.factory.ledger() as ledger:
        register_flasher(line.folder / "flasher", ledger, "one")
    return [*line.release("B2", to="", out=f"{line.folder}/flasher/"), "--claim", "2", "--for", "one"]


def open_again(line: Guarded) -> list[object]:
    """A release that two persons signed and that was whole, marked as cut off; its file was carried away."""
    command = line.release()
    assert line.approved(*command).code == 0
    for path in line.stick.iterdir():
        path.unlink()
    with line.factory.database(unguarded=True) as database:
        database.execute("UPDATE release SET completed_at = NULL, written = 0")
    return command


def other_place(line: Guarded) -> list[object]:
    return signed_then(line, line.release(), line.release(out=f"{line.folder}/"))


def other_key(line: Guarded) -> list[object]:
    command = two(line, REPIN)
    (line.factory.root / "products" / "bulb.pem").write_bytes(new_development_key("p256")[1])
    return command


def of_another_ledger(name: str, text: str) -> Prepare:
    """A request that two persons signed, of another ledger."""

    def prepare(line: Guarded) -> list[object]:
        request = line.request(*REOPEN)
        request.write_text(re.sub(f"(?m)^{name}: .*$", f'{name}: "{text}"', request.read_text()))
        return [*REOPEN, *with_signatures(request, line.sign(request, "alice", "bob"))]

    return prepare


def of_another_request(line: Guarded, _: Path, signatures: list[Path]) -> list[Path]:
    other = line.request(*REOPEN, name="other.txt")
    return [signatures[0], *line.sign(other, "bob")]


def at(hours: int, line: Guarded, *command: object) -> list[object]:
    """A command with its signatures, asked for so many hours from now."""
    moment = hours_later(hours)
    with patch.object(clock, "now", lambda: moment):
        return two(line, command)


def clock_put_back(line: Guarded) -> list[object]:
    """An expired request, and the computer's clock put back into its day; the history knows better."""
    command = two(line, REOPEN)
    moment = hours_later(30)
    with patch.object(clock, "now", lambda: moment):
        assert line.factory.cli("scrap", "B2", "ebK300000005", "--reason", "dropped").code == 0
    return command


def policy_with(line: Guarded, name: str, public: str) -> None:
    """A policy with one more person, whom two have let in."""
    persons = {one: line.people[one].public for one in ("alice", "bob")} | {name: public}
    command = ("policy", "set", policy_file(line.folder / "more.toml", persons))
    assert (
        line.factory.cli(*line.with_consent(command, line.request(*command, name="more.txt"), "alice", "bob")).code == 0
    )


def untouched(line: Guarded) -> list[object]:
    key = HardwareKey()
    policy_with(line, "dave", key.public)
    request = line.request(*REOPEN)
    made = put(line.folder / "dave.sig", key.sign(request.read_bytes(), flags=0))
    return [*REOPEN, *with_signatures(request, [*line.sign(request, "alice"), made])]


def sha1(line: Guarded) -> list[object]:
    key = RsaKey.new(3072)
    policy_with(line, "dave", key.public)
    request = line.request(*REOPEN)
    made = put(line.folder / "dave.sig", key.sign(request.read_bytes(), hashes.SHA1(), b"ssh-rsa"))  # noqa: S303
    return [*REOPEN, *with_signatures(request, [*line.sign(request, "alice"), made])]


def new_policy(line: Guarded, *names: str) -> list[object]:
    persons = {one: line.people[one].public for one in ("eve", "mallory")}
    return two(line, ("policy", "set", policy_file(line.folder / "new.toml", persons, [])), *names)


WAYS: dict[str, Way] = {
    # --- who signs
    "nobody": Way(lambda line: line.release(), "two persons have to sign"),
    "one signature": Way(lambda line: two(line, REOPEN, "alice"), "is signed by 1 person, not by two"),
    "one person twice": Way(lambda line: two(line, REOPEN, "alice", "alice"), "is of alice once more"),
    "one person with two signatures": Way(given(same_person_anew), "is of carol once more"),
    "a link to one's own signature": Way(given(linked), "is of alice once more"),
    "a stranger": Way(lambda line: two(line, REOPEN, "alice", "eve"), "a key that the policy doesn't name"),
    "two strangers": Way(lambda line: two(line, REOPEN, "eve", "mallory"), "a key that the policy doesn't name"),
    "two persons and a stranger": Way(lambda line: two(line, REOPEN, "bob", "alice", "eve"), "the policy doesn't name"),
    # --- what was signed
    "another act": Way(lambda line: signed_then(line, REOPEN, RETIRE), 'signed: act: "reopen"'),
    "another batch": Way(lambda line: signed_then(line, line.release("B2"), line.release("B1")), 'signed: batch: "B2"'),
    "another station": Way(lambda line: signed_then(line, line.release(), line.release(to=OTHER_STATION)), "sealed to"),
    "in clear": Way(lambda line: signed_then(line, line.release(), line.release(to="")), "now: sealed to: none"),
    "another format": Way(
        lambda line: signed_then(line, line.release(), line.release(form="jsonl")), 'now: format: "jsonl"'
    ),
    "another place": Way(other_place, "now: path"),
    "another reason": Way(lambda line: signed_then(line, REOPEN, [*REOPEN[:-1], "for fun"]), 'now: reason: "for fun"'),
    "another acknowledgement": Way(
        lambda line: signed_then(line, RETIRE, [*RETIRE[:-1], "y"]), 'now: acknowledged: "y"'
    ),
    "another key than was signed": Way(other_key, "now: to"),
    "another ledger": Way(of_another_ledger("ledger", "eee"), "is not what would be done now"),
    "another policy": Way(of_another_ledger("policy", "eee"), "is not what would be done now"),
    "another history": Way(of_another_ledger("history", "1:" + "e" * 64), "of another history"),
    "another request": Way(given(of_another_request), "not its key's signature"),
    "a request changed since": Way(edited("two boxes", "ten boxes"), "is not what would be done now"),
    "its day made longer": Way(edited('expires: "2', 'expires: "3'), "is not what would be done now"),
    "its day made longer, and signed": Way(
        edited('expires: "2', 'expires: "3', again=True), "is not what would be done"
    ),
    "a line put in": Way(edited("mark: ", 'note: "x"\nmark: ', again=True), "is not what would be done now"),
    "a line twice": Way(edited("mark: ", 'mark: "1"\nmark: ', again=True), "says twice: mark"),
    "no request at all": Way(edited("bss-mfg request 1\n", "", again=True), "isn't a request"),
    "line ends of another system": Way(edited("\n", "\r\n", again=True), "isn't a request"),
    # --- when
    "expired": Way(lambda line: two(line, REOPEN), "expired at", hours=25),
    "of the future": Way(lambda line: at(30, line, *REOPEN), "and it is"),
    "the clock put back": Way(clock_put_back, "expired at"),
    "used": Way(used, "was used before"),
    "used, and deleted from the history": Way(used_and_forgotten, "the history was changed"),
    "used before a restore": Way(used_before_a_restore, "before this ledger was restored", only_file=True),
    "used, and an older copy put back": Way(copy_put_back_by_hand, "is an older copy", only_file=True),
    # --- the signature files
    "an empty file": Way(given(lambda line, _, s: [s[0], put(line.folder / "x", b"")]), "isn't one SSH signature"),
    "no signature": Way(
        given(lambda line, _, s: [s[0], put(line.folder / "x", b"hello\n")]), "isn't one SSH signature"
    ),
    "two in one file": Way(
        given(lambda line, _, s: [put(line.folder / "x", s[0].read_bytes() + s[1].read_bytes())]),
        "isn't one SSH signature",
    ),
    "a huge file": Way(given(lambda line, _, s: [s[0], put(line.folder / "x", b"A" * 9_999_999)]), "more than the"),
    "a pipe": Way(given(piped), "is a pipe"),
    "a folder": Way(given(lambda line, _, s: [s[0], line.folder]), "folder"),
    "a missing file": Way(given(lambda line, _, s: [s[0], line.folder / "none"]), "not found"),
    "a signature for mail": Way(
        given(lambda line, r, s: [s[0], line.people["bob"].sign(r, "file")]),
        "was made for 'file'",
    ),
    "a key in hardware that nobody touched": Way(untouched, "nobody touched"),
    "SHA-1": Way(sha1, "of the kind 'ssh-rsa'"),
    # --- the policy
    "policy deleted": Way(sql("DELETE FROM event WHERE kind = 'policy set'"), "is not the one that the ledger notes"),
    "policy's acts taken away": Way(
        sql("UPDATE event SET data = replace(data, '\"keys release\",', '') WHERE kind = 'policy set'"),
        "was changed: it is not what two persons signed",
    ),
    "policy called something else": Way(
        sql("UPDATE event SET kind = 'batch reopened' WHERE kind = 'policy set'"),
        "is not the one that the ledger notes",
    ),
    "policy's note deleted": Way(
        sql("DELETE FROM about WHERE name = 'two_persons'"), "is not the one that the ledger notes"
    ),
    "policy and its note deleted": Way(
        sql("DELETE FROM event WHERE kind = 'policy set'", "DELETE FROM about WHERE name = 'two_persons'"),
        "was in force here",
    ),
    "policy called something else, and its note deleted": Way(
        sql(
            "UPDATE event SET kind = 'ledger backed up' WHERE kind = 'policy set'",
            "DELETE FROM about WHERE name = 'two_persons'",
        ),
        "was in force here",
    ),
    "policy put among a batch's events, and its note deleted": Way(
        sql(
            "UPDATE event SET batch = 'B1' WHERE kind = 'policy set'",
            "DELETE FROM about WHERE name = 'two_persons'",
        ),
        "was in force here",
    ),
    "policy deleted, the chain made anew": Way(forged(without_policy, note=True), "was in force here"),
    "policy's acts taken away, the chain made anew": Way(
        forged(change_data("policy set", two_persons=[]), note=True),
        "was changed: it is not what two persons signed",
    ),
    "eve in the policy, the chain made anew": Way(eves_policy, "was changed: it is not what two persons signed"),
    "a ledger from before the policy": Way(older_ledger, "was in force here", only_file=True),
    "a backup from before the policy": Way(restored_ledger, "was in force here", only_file=True),
    "an adopted ledger from before the policy": Way(adopted_ledger, "was in force here", only_file=True),
    "an older policy": Way(older_policy, "was in force here", only_file=True),
    "a new policy by one": Way(lambda line: new_policy(line, "alice"), "is signed by 1 person, not by two"),
    "a new policy by its own persons": Way(lambda line: new_policy(line, "eve", "mallory"), "the policy doesn't name"),
    # --- other commands
    "claimed by a flasher": Way(claimed, "two persons have to sign"),
    "again": Way(lambda line: [*line.release(), "--again", "--reason", "x"], "two persons have to sign"),
    "a file a unit": Way(lambda line: line.release(form="bin"), "two persons have to sign"),
    "a whole release marked as cut off": Way(open_again, "this was begun without them"),
}
"""By what is tried."""
