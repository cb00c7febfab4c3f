"""A line whose policy lets two persons sign, with batches for each act, and people inside and outside of the policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage

from bss_mfg.core import clock
from bss_mfg.ledger.event_chain import GENESIS, event_digest
from bss_mfg.payload.product_keys import new_development_key
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.persons import Person, requested, set_policy, with_signatures

STATION = str(pyrage.x25519.Identity.generate().to_public())
OTHER_STATION = str(pyrage.x25519.Identity.generate().to_public())
REOPEN = ("batch", "reopen", "B1", "--reason", "two boxes came back")
RETIRE = ("retire", "B3", "--acknowledged", "mail of 3 May")
REPIN = ("product", "repin", "bulb", "--reason", "Amazon rotated the key")


@dataclass(frozen=True)
class Guarded:
    """The line; `folder` is where people put files. Batch B1 is closed, B2 open, and B3 may be retired; of B1 and B2
    no key was released."""

    factory: Factory
    folder: Path
    people: dict[str, Person]

    @property
    def stick(self) -> Path:
        return self.folder / "stick"

    def release(self, batch: str = "B1", form: str = "csv", **options: str) -> list[object]:
        """A release of a batch's keys, sealed to a station unless told otherwise."""
        given = {"to": STATION, "out": f"{self.stick}/", **options}
        return [
            "program",
            batch,
            "--format",
            form,
            *(part for name, text in given.items() if text for part in (f"--{name}", text)),
        ]

    def request(self, *command: object, name: str = "request.txt") -> Path:
        """What two persons would sign of a command, in a new file."""
        return requested(self.factory, self.folder / name, *command)

    def sign(self, request: Path, *names: str) -> list[Path]:
        """These persons' signatures."""
        return [self.people[name].sign(request) for name in names]

    def with_consent(self, command: object, request: Path, *names: str) -> list[object]:
        """A command with a request that these persons sign."""
        assert isinstance(command, list | tuple)
        return [*command, *with_signatures(request, self.sign(request, *names))]

    def approved(
        self, *command: object, names: tuple[str, ...] = ("alice", "bob"), name: str = "request.txt"
    ) -> Outcome:
        """A command that two persons signed."""
        return self.factory.cli(*self.with_consent(command, self.request(*command, name=name), *names))

    def state(self) -> Any:
        """All that an act would change: the tables, the history, and what lies on the stick."""
        return (
            self.factory.rows("SELECT count(*) FROM event"),
            self.factory.rows("SELECT id, closed_at, retired_at FROM batch ORDER BY no"),
            self.factory.rows("SELECT name, key_fingerprint FROM product ORDER BY no"),
            self.factory.rows("SELECT batch, number, released FROM unit ORDER BY batch, number"),
            sorted(path.name for path in self.stick.iterdir()),
        )

    def forge(self, change: Callable[[list[list[Any]]], None], *, note: bool = False) -> None:
        """What somebody does who can write the database, and knows the chain: events changed, their digests made anew;
        with `note`, what the ledger notes of its policy, too. Triggers are dropped and put back."""
        with self.factory.database(unguarded=True) as database:
            rows = [list(row) for row in database.execute("SELECT seq, at, kind, batch, data FROM event ORDER BY seq")]
            change(rows)
            database.execute("DELETE FROM event")
            previous, policy = GENESIS, ""
            for seq, (_, at, kind, batch, data) in enumerate(rows, 1):
                previous = event_digest(previous, seq, at, kind, batch, data)
                database.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", (seq, at, kind, batch, data, previous))
                policy = f"{seq}:{previous.hex()}" if kind == "policy set" else policy
            if note:
                database.execute("DELETE FROM about WHERE name = 'two_persons'")
                if policy:
                    database.execute("INSERT INTO about VALUES ('two_persons', ?)", (policy,))


def change_data(kind: str, **values: object) -> Callable[[list[list[Any]]], None]:
    """Other values in the data of the events of a kind."""

    def change(rows: list[list[Any]]) -> None:
        for row in rows:
            if row[2] == kind:
                row[4] = json.dumps({**json.loads(row[4]), **values}, separators=(",", ":"))

    return change


def make_guarded(factory: Factory, folder: Path) -> Guarded:
    """Such a line."""
    folder.mkdir(exist_ok=True)
    (folder / "stick").mkdir()
    factory.add(oob_bytes=16)
    for batch in ("B1", "B2", "B3"):
        factory.issue(4, batch)
    assert factory.cli("program", "B3", "--format", "csv", "--out", folder / "B3.csv").code == 0
    log = ("manifest", "make", "B3", "--format", "control-log", "--out", f"{factory.root}/batches/B3/up/")
    done = factory.cli(*log)
    assert done.code == 0, done.err
    assert factory.cli("close", "B1", "--unprinted", 4, "--reason", "a trial").code == 0
    people = {name: Person.new(folder, name) for name in ("alice", "bob", "eve", "mallory")}
    people["carol"] = Person.new(folder, "carol", "ecdsa", "-b", "256")
    set_policy(factory, folder, [people[name] for name in ("alice", "bob", "carol")])
    (factory.root / "products" / "bulb.pem").write_bytes(new_development_key("p256")[1])
    return Guarded(factory, folder, people)


def hours_later(hours: int) -> str:
    """The moment so many hours from now."""
    return clock.later(clock.now(), minutes=60 * hours)
