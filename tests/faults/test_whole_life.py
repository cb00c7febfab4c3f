"""The whole life of units, in any order, with crashes and restored copies in between: the books balance at every step.

The machine types commands as an operator would and predicts their exit codes; a model in plain Python says what must
be true after each.
"""

from __future__ import annotations

import contextlib
import copy
import io
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bss_mfg.cli.main import main
from bss_mfg.ledger import sqlite
from tests.helpers.factory import Factory, make_factory

STEPS, EXAMPLES = 52, 40
ACTS = [
    *["create", "reprint", "scrap", "replace", "ship", "export", "retire"] * 2, *["print", "scan"] * 4, "close",
    "rekey", "back up", "restore",
]  # fmt: skip
"""What an operator does, as often as it stands here."""
PER_PACKAGE = 2


@dataclass
class Box:
    """A package as it must be."""

    units: list[str]
    payload: str = ""
    prints: int = 0
    verified: int = 0
    shipped: bool = False
    revision: int = 1
    old: list[tuple[str, int]] = field(default_factory=list)
    """(barcode string, prints) before each replacement."""


@dataclass
class Made:
    """A batch as it must be."""

    boxes: list[Box]
    closed: bool = False
    retired: bool = False
    programmed: bool = False
    released: set[str] = field(default_factory=set)
    logged: bool = False


@dataclass
class Books:
    """All of it, as it can be put back with a copy of the ledger."""

    batches: dict[str, Made] = field(default_factory=dict)
    scrapped: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    next_serial: int = 1


class Life(RuleBasedStateMachine):
    """A factory, and its books."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.factory: Factory = make_factory(self.folder / "w")
        self.factory.add(oob_bytes=16, units_per_package=PER_PACKAGE)
        self.books = Books()
        self.saved: Books | None = None
        self.skipped_to = 1
        self.count = 0
        self.serials: set[str] = set()
        self.uuids: set[bytes] = set()
        self.keys: set[bytes] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # --- typing commands ------------------------------------------------------------------------------------------

    def typed(self, *arguments: object, stdin: str = "") -> int:
        """The exit code of a command; never a defect."""
        said, kept = io.StringIO(), sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
                main(["--workspace", str(self.factory.root), *map(str, arguments)])
        except SystemExit as ended:
            code = int(ended.code or 0)
        else:
            code = 0
        finally:
            sys.stdin = kept
        assert code in (0, 1, 4), (arguments, code, said.getvalue())
        return code

    def crashed(self, statement: int, *arguments: object) -> None:
        """Type a command that is killed before its n-th SQL statement."""
        child = os.fork()
        if child == 0:
            left, real = [statement], sqlite.connect

            def counted(path: Path, *, create: bool = False) -> sqlite.SqliteConnection:
                opened = real(path, create=create)

                def one(_: str) -> None:
                    left[0] -= 1
                    if left[0] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)

                opened._database.set_trace_callback(one)
                return opened

            import bss_mfg.ledger.ledger as opening

            opening.connect = counted  # type: ignore[attr-defined]
            with contextlib.suppress(BaseException):
                self.typed(*arguments)
            os._exit(0)
        os.waitpid(child, 0)

    def name(self, what: str) -> str:
        self.count += 1
        return f"{what}{self.count}"

    @property
    def boxes(self) -> list[tuple[str, Box]]:
        return [(batch, box) for batch, made in self.books.batches.items() for box in made.boxes]

    def pick(self, number: int) -> tuple[str, Made, Box]:
        batch, box = self.boxes[number % len(self.boxes)]
        return batch, self.books.batches[batch], box

    def bad(self, box: Box) -> bool:
        return any(serial in self.books.scrapped for serial in box.units)

    def issued(self, batch: str, boxes: int) -> None:
        """Take a new batch into the books: its identities were never seen before."""
        first = self.books.next_serial
        serials = [f"ebK3{number:08d}" for number in range(first, first + boxes * PER_PACKAGE)]
        made = [Box(serials[at : at + PER_PACKAGE]) for at in range(0, len(serials), PER_PACKAGE)]
        self.books.batches[batch] = Made(made)
        self.books.next_serial += len(serials)
        with self.factory.ledger() as ledger:
            for box, package in zip(made, ledger.packages.stream(batch), strict=True):
                box.payload = package.payload
        self.never_before(serials)

    def never_before(self, serials: list[str]) -> None:
        with sqlite3.connect(self.factory.root / "ledger.db") as db:
            for serial in serials:
                (uuid, key), *more = db.execute("SELECT uuid, key_digest FROM unit WHERE serial = ?", (serial,))
                assert more == []
                assert serial not in self.serials
                assert uuid not in self.uuids
                assert key not in self.keys
                self.serials.add(serial)
                self.uuids.add(uuid)
                self.keys.add(key)

    # --- the acts -------------------------------------------------------------------------------------------------

    @initialize()
    def first_batch(self) -> None:
        self.create(2, 0, False)

    @rule(
        act=st.sampled_from(ACTS), number=st.integers(0, 1 << 16), yes=st.booleans(), small=st.integers(0, 3),
        crash=st.one_of(st.just(0), st.integers(1, 60)),
    )  # fmt: skip
    def act(self, act: str, number: int, yes: bool, small: int, crash: int) -> None:
        """One rule for all acts: of many rules, Hypothesis leaves most out for the length of an example."""
        match act:
            case "create" if len(self.books.batches) < 4:
                self.create(small % 3 + 1, crash, yes)
            case "print":
                self.print(number)
            case "reprint":
                self.reprint(number)
            case "scrap":
                self.scrap(number, crash)
            case "replace":
                self.replace(number, crash)
            case "ship":
                self.ship(number, yes, crash)
            case "close":
                self.close(number, small, crash)
            case "export":
                self.export(number, yes)
            case "retire":
                self.retire(number, crash)
            case "rekey":
                self.rekey()
            case "back up":
                self.back_up()
            case "restore" if self.saved:
                self.restore(small)
            case _:
                self.scan(number, yes and small == 0)

    def create(self, boxes: int, crash: int, again: bool) -> None:
        command = ("batch", "create", "bulb", "--units", boxes * PER_PACKAGE, "--id", self.name("B"))
        if crash:
            self.crashed(crash, *command)
        for _ in range(1 + again):
            assert self.typed(*command) == 0
        self.issued(str(command[-1]), boxes)

    def print(self, number: int) -> None:
        batch, made, _ = self.pick(number)
        going = [box for box in made.boxes if not self.bad(box) and not box.shipped]
        if not going:
            return
        out = self.folder / self.name("labels")
        code = self.typed("labels", batch, "--template", "minimal", "--again", "--out", out)
        assert code == (4 if made.closed else 0)
        for box in going if code == 0 else []:
            box.prints += 1

    def reprint(self, number: int) -> None:
        batch, made, box = self.pick(number)
        command = ("reprint", batch, box.units[number % PER_PACKAGE], "--template", "minimal", "--reason", "torn")
        refused = made.closed or self.bad(box) or box.shipped
        assert self.typed(*command) == (4 if refused else 0)
        box.prints += not refused

    def scan(self, number: int, old: bool) -> None:
        batch, _, box = self.pick(number)
        if old and box.old:
            assert self.typed("scan", batch, "--plain", stdin=f"{box.old[-1][0]}\n") == 1
            return
        code = self.typed("scan", batch, "--plain", stdin=f"{box.payload}\n")
        assert code == (1 if self.bad(box) else 0)
        if code == 0 and not box.verified:
            box.verified = 1

    def scrap(self, number: int, crash: int) -> None:
        batch, made, box = self.pick(number)
        serial = box.units[number % PER_PACKAGE]
        command = ("scrap", batch, serial, "--reason", "dropped")
        if crash:
            self.crashed(crash, *command)
        refused = made.closed or (box.shipped and serial not in self.books.scrapped)
        assert self.typed(*command) == (4 if refused else 0)
        if not refused:
            self.books.scrapped.add(serial)

    def replace(self, number: int, crash: int) -> None:
        waiting = [
            at for at, (batch, box) in enumerate(self.boxes) if self.bad(box) and not self.books.batches[batch].closed
        ]
        batch, made, box = self.pick(waiting[number % len(waiting)] if waiting and number % 4 else number)
        wanted = [serial for serial in box.units if serial in self.books.scrapped] or [box.units[0]]
        command = ("replace", batch, *wanted, "--reason", "dropped")
        if crash:
            self.crashed(crash, *command)
        refused = made.closed or made.retired or not self.bad(box)
        assert self.typed(*command) == (4 if refused else 0)
        if refused:
            return
        box.old.append((box.payload, box.prints))
        box.prints = box.verified = 0
        box.revision += 1
        new = []
        for serial in wanted:
            new.append(f"ebK3{self.books.next_serial:08d}")
            self.books.next_serial += 1
            self.books.replaced[serial] = new[-1]
            box.units[box.units.index(serial)] = new[-1]
        made.programmed = made.logged = False
        with self.factory.ledger() as ledger:
            box.payload = next(ledger.packages.stream(batch, made.boxes.index(box) + 1, 1)).payload
        assert box.payload not in [payload for payload, _ in box.old]
        self.never_before(new)
        assert self.typed(*command) == 0  # typed twice, replaced once

    def ship(self, number: int, back: bool, crash: int) -> None:
        batch, made, box = self.pick(number)
        command: tuple[object, ...] = ("ship", batch, "--verified", "--for", "pallet")
        if back:
            command = ("ship", batch, box.units[0], "--returned", "--for", "pallet")
        if crash:
            self.crashed(crash, *command)
        code = self.typed(*command)
        if back:
            assert code == (0 if box.shipped or (box.verified and not self.bad(box)) else 4)
            box.shipped = False
            return
        assert code == 0
        for one in made.boxes:
            one.shipped = one.shipped or bool(one.verified and not self.bad(one))

    def difference(self, made: Made) -> int:
        """Labels that were printed and are neither verified nor scrapped."""
        old = sum(prints > 0 for box in made.boxes for _, prints in box.old)
        printed = sum(box.prints > 0 for box in made.boxes) + old
        verified = sum(box.verified > 0 for box in made.boxes if not self.bad(box))
        scrapped = sum(box.prints > 0 for box in made.boxes if self.bad(box)) + old
        return printed - verified - scrapped

    def close(self, number: int, off: int, crash: int) -> None:
        batch, made, _ = self.pick(number)
        off = off if made.closed else off // 3  # mostly what balances
        in_hand = max(self.difference(made), 0) + off
        command = ("close", batch, "--in-hand", in_hand)
        if crash:
            self.crashed(crash, *command)
        balanced = self.difference(made) == in_hand
        assert self.typed(*command) == (0 if balanced or made.closed else 4)
        made.closed = made.closed or balanced

    def export(self, number: int, control_log: bool) -> None:
        batch, made, _ = self.pick(number)
        out = self.folder / self.name("out")
        if control_log:
            assert self.typed("manifest", batch, "--format", "control-log", "--out", out) == 0
            made.logged = True
        else:
            inside = {serial for box in made.boxes for serial in box.units} - self.books.scrapped
            allowed = not made.retired and bool(inside - made.released)
            out.mkdir()
            assert self.typed("program", batch, "--format", "csv", "--out", out) == (0 if allowed else 4)
            if allowed:
                made.released |= inside
                made.programmed = True

    def retire(self, number: int, crash: int) -> None:
        batch, made, _ = self.pick(number)
        command = ("retire", batch, "--acknowledged", "feedback")
        if crash:
            self.crashed(crash, *command)
        allowed = made.retired or (made.programmed and made.logged)
        assert self.typed(*command) == (0 if allowed else 4)
        made.retired = made.retired or allowed

    def rekey(self) -> None:
        assert self.typed("vault", "rekey") == 0

    # --- copies ---------------------------------------------------------------------------------------------------

    def back_up(self) -> None:
        (self.folder / "copy.db").unlink(missing_ok=True)
        assert self.typed("ledger", "backup", self.folder / "copy.db") == 0
        shutil.copy(self.factory.root / "vault.key", self.folder / "copy.key")
        self.saved = copy.deepcopy(self.books)

    def restore(self, more: int) -> None:
        """The ledger is damaged, and a copy put back: what was issued since never comes again."""
        assert self.saved is not None
        assert self.typed("ledger", "restore", self.folder / "copy.db", "--skip-serials", 0, "--reason", "no") == 4
        ledger = self.factory.root / "ledger.db"
        ledger.write_bytes(ledger.read_bytes()[:3000])
        skip = self.books.next_serial - self.saved.next_serial + more
        command = ("ledger", "restore", self.folder / "copy.db", "--skip-serials", skip, "--reason", "disk")
        assert self.typed(*command) == 0
        shutil.copy(self.folder / "copy.key", self.factory.root / "vault.key")
        self.books = copy.deepcopy(self.saved)
        # The same copy put back twice skips from where the first time has led.
        self.books.next_serial = self.skipped_to = max(self.books.next_serial, self.skipped_to) + skip

    # --- what holds at every step ---------------------------------------------------------------------------------

    @invariant()
    def the_books_balance(self) -> None:
        type(self).steps += 1
        if not self.books.batches:
            return  # before the first
        with self.factory.ledger() as ledger:
            ledger.check()
            assert [batch.id for batch in ledger.batches.all()] == list(self.books.batches)
            for batch, made in self.books.batches.items():
                packages = list(ledger.packages.stream(batch))
                assert [package.payload for package in packages] == [box.payload for box in made.boxes]
                assert [[unit.serial for unit in package.units] for package in packages] == [
                    box.units for box in made.boxes
                ]
                assert ledger.batches.counts(batch) == {
                    "packages": len(made.boxes), "printed": sum(box.prints > 0 for box in made.boxes),
                    "verified": sum(box.verified > 0 for box in made.boxes),
                    "shipped": sum(box.shipped for box in made.boxes),
                    "scrapped": len(self.books.scrapped & self.ever(made)),
                    "replaced": sum(box.revision - 1 > 0 for box in made.boxes) and len(
                        [old for old in self.books.replaced if old in self.ever(made)]
                    ),
                }  # fmt: skip
                assert ledger.batches.balance(batch).difference == self.difference(made)
                assert bool(ledger.batches.closed_at(batch)) == made.closed
                assert bool(ledger.batches.retired_at(batch)) == made.retired
                for box in made.boxes:
                    state = (
                        "shipped" if box.shipped else "verified" if box.verified else "printed" if box.prints
                        else "issued"
                    )  # fmt: skip
                    assert ledger.units.states(batch, box.units) == {
                        serial: "scrapped" if serial in self.books.scrapped else state for serial in box.units
                    }

    def ever(self, made: Made) -> set[str]:
        """All units that a batch ever held."""
        found = {serial for box in made.boxes for serial in box.units}
        before = {new: old for old, new in self.books.replaced.items()}
        for serial in list(found):
            while serial in before:
                serial = before[serial]
                found.add(serial)
        return found


def test_the_books_balance_over_any_life() -> None:
    Life.steps = 0
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
        _min_steps=STEPS,  # else Hypothesis ends some lives early, as the constants in our code have it
    )  # fmt: skip
    assert Life.steps >= 2_000, Life.steps


def test_the_machine_finds_a_forgotten_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: where a closed batch may be changed, the books stop balancing."""
    from bss_mfg.ledger.batches import BatchStore

    monkeypatch.setattr(BatchStore, "refuse_closed", lambda self, batch: None)
    with pytest.raises(AssertionError), quiet():
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck), print_blob=False, phases=[Phase.generate],
            ),
        )  # fmt: skip


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
