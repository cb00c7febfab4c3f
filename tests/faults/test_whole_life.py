"""The whole life of units, in any order, with crashes and restored copies in between: the books balance at every step.

The machine types commands as an operator would and predicts their exit codes; a model in plain Python says what must
be true after each. Labels are drawn, their files read back, and pictures of them taken, some of them spoiled: no
package is shipped, and none counts as verified when its batch is closed, unless a scan has seen its newest label.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import os
import shutil
import signal
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from PIL import Image

from bss_mfg.cli.main import main
from bss_mfg.ledger import read_effects, reads, sqlite
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.page import PageReader
from bss_mfg.verify.picture_ages import PictureAges
from bss_mfg.verify.verification import verify
from tests.helpers.amount import sized
from tests.helpers.copies import remove_line
from tests.helpers.factory import Factory, make_factory
from tests.helpers.pictures import pdfium
from tests.helpers.prints import DPI, spoil
from tests.helpers.repeatable import chosen_seed
from tests.helpers.statements_run import before_statements

STEPS, EXAMPLES = 52, sized(full=40, usual=15)
ACTS = [
    *["create", "reprint", "scrap", "replace", "export", "retire"] * 2, *["print", "photo", "old photo"] * 3,
    *["scan"] * 6, *["ship"] * 4, "close", "close", "read file", "reopen", "rekey", "back up", "restore",
]  # fmt: skip
"""What an operator does, as often as it stands here."""
PER_PACKAGE = 2


@dataclass
class Box:
    """A package as it must be."""

    units: list[str]
    payload: str = ""
    prints: int = 0
    drawn_right: bool = False
    """Whether its label file was read back right, and not wrong since."""
    seen: bool = False
    """Whether a scan saw its newest label, and none saw it wrong since."""
    shipped: bool = False
    returned: bool = False
    came_back: int = 0
    """How often it was returned."""
    revision: int = 1
    old: list[tuple[str, int]] = field(default_factory=list)
    """(barcode string, prints) before each replacement."""

    @property
    def label(self) -> tuple[int, int, int]:
        """What its newest label is known by: a picture from before another one shows nothing of it."""
        return self.prints, self.revision, self.came_back


@dataclass
class Made:
    """A batch as it must be."""

    boxes: list[Box]
    closed: bool = False
    closed_as: tuple[int, int] = (0, 0)
    """Labels in hand, and packages without a label, as was said when it was closed."""
    retired: bool = False
    programmed: bool = False
    released: set[str] = field(default_factory=set)
    logged: bool = False


@dataclass
class Photo:
    """A picture that was verified: its file, which barcode strings and labels it shows by package, and whose label was
    spoiled in it."""

    picture: Path
    batch: str
    payloads: dict[int, str]
    labels: dict[int, tuple[int, int, int]]
    spoiled: int


@dataclass
class Books:
    """All of it, as it can be put back with a copy of the ledger."""

    batches: dict[str, Made] = field(default_factory=dict)
    scrapped: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    next_serial: int = 1
    album: list[Photo] = field(default_factory=list)


class Life(RuleBasedStateMachine):
    """A factory, and its books. Of all lives together: `examples` at once, at least `least_steps` steps, and of each
    thing that has to happen at least `least`."""

    examples, least_steps, least = EXAMPLES, 50 * EXAMPLES, EXAMPLES // 10
    steps = 0
    shipped_boxes = closed_batches = spoiled_labels = named_spoiled = outdated_labels = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.factory: Factory = self.new_factory(self.folder / "w")
        self.factory.add(oob_bytes=16, units_per_package=PER_PACKAGE)
        self.books = Books()
        self.saved: Books | None = None
        self.skipped_to = 1
        self.count = 0
        self.serials: set[str] = set()
        self.uuids: set[bytes] = set()
        self.keys: set[bytes] = set()
        self.papers: dict[str, Path] = {}
        """Label files by their SHA-256, wherever they lie."""
        self.shown: dict[str, dict[int, str]] = {}
        """The barcode strings that each label file shows, by package."""

    def new_factory(self, root: Path) -> Factory:
        """Where it works."""
        return make_factory(root)

    def teardown(self) -> None:
        remove_line(self.folder)

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
            left = [statement]

            def one(_: str) -> None:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            before_statements(one)
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
        with self.factory.database() as db:
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
                self.close(number, small, crash, told=yes or number % 3 > 0)
            case "reopen":
                self.reopen(number)
            case "read file":
                self.read_file(number)
            case "photo":
                self.photo(number, spoiled=yes and small > 0)
            case "old photo" if self.books.album:
                self.old_photo(number, anew=yes)
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
            box.seen = False
        self.note_drawn(batch)

    def reprint(self, number: int) -> None:
        batch, made, box = self.pick(number)
        command = ("reprint", batch, box.units[number % PER_PACKAGE], "--template", "minimal", "--reason", "torn")
        refused = made.closed or self.bad(box) or box.shipped
        assert self.typed(*command) == (4 if refused else 0)
        box.prints += not refused
        box.seen = box.seen and refused
        self.note_drawn(batch)

    def scan(self, number: int, wrong: bool) -> None:
        batch, _, box = self.pick(number)
        if wrong:  # a label from before a replacement, or one that the scanner cuts off
            text = box.old[-1][0] if box.old else box.payload[:-9]
            assert self.typed("scan", batch, "--plain", stdin=f"{text}\n") == 1
            box.seen = False
            return
        code = self.typed("scan", batch, "--plain", stdin=f"{box.payload}\n")
        assert code == (1 if self.bad(box) or box.seen else 0)  # a label seen before: the same twice, or two boxes?
        box.seen = not self.bad(box)

    # --- prints and pictures of them ------------------------------------------------------------------------------

    def newest_file(self, batch: str, number: int) -> LabelFile | None:
        """The file that a package's newest label lies in."""
        with self.factory.ledger() as ledger:
            files = [part for part in ledger.prints.label_files(batch) if number in part.numbers]
        return files[-1] if files else None

    def paper(self, file: LabelFile) -> Path:
        """Where a label file lies by now."""
        if not self.papers.get(file.sha256, Path("none")).exists():
            self.papers = {
                hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(self.folder.rglob("*.pdf"))
            }
        return self.papers[file.sha256]

    def read(self, batch: str, file: Path) -> tuple[list[Finding], Verification]:
        """What `verify` finds in a file, in this process."""
        with self.factory.ledger() as ledger:
            outcome = verify(ledger, ledger.batches.get(batch), [file], VerifyOptions(partial=True))
            assert outcome.pages and not outcome.broken
            return [item for item in outcome.findings if not item.unseen], outcome

    def is_current(self, box: Box, payload: str) -> bool:
        return box.payload == payload and not self.bad(box)

    def drawn_payloads(self, file: LabelFile) -> dict[int, str]:
        """The barcode strings that a label file shows, by package: those of when it was drawn."""
        return self.shown[file.sha256]

    def note_drawn(self, batch: str) -> None:
        """Remember what each new label file of a batch shows."""
        with self.factory.ledger() as ledger:
            for part in ledger.prints.label_files(batch):
                if part.sha256 not in self.shown:
                    self.shown[part.sha256] = {
                        number: self.books.batches[batch].boxes[number - 1].payload for number in part.numbers
                    }

    def read_file(self, number: int) -> None:
        """Our own file read back: no scan, whatever it shows."""
        batch, made, box = self.pick(number)
        file = self.newest_file(batch, made.boxes.index(box) + 1)
        if file is None:
            return
        self.read(batch, self.paper(file))
        for package, payload in self.drawn_payloads(file).items():
            one = made.boxes[package - 1]
            one.drawn_right = self.is_current(one, payload)

    def photo(self, number: int, spoiled: bool) -> None:
        """A picture of the page with a package's newest label, as a scanner takes it; spoiled, that label can't be
        read."""
        batch, made, box = self.pick(number)
        package = made.boxes.index(box) + 1
        file = self.newest_file(batch, package)
        if file is None:
            return
        page = file.place_of(package).page
        pixels = np.array(pdfium(self.paper(file), DPI, page))
        if spoiled:
            spoil(pixels, file, package)
        self.count += 1
        pixels[-1, -16:] = 255 - np.unpackbits(np.array([self.count], ">u2").view(np.uint8))  # no two are alike
        picture = self.folder / f"photo-{self.count}.png"
        Image.fromarray(pixels).save(picture, dpi=(DPI, DPI))
        found, outcome = self.read(batch, picture)
        payloads = {one: self.drawn_payloads(file)[one] for one in file.packages_on(page)}
        labels = {one: made.boxes[one - 1].label for one in payloads}
        self.books.album.append(Photo(picture, batch, payloads, labels, package if spoiled else 0))
        assert {item.of for item in found} <= {"print"}
        wrong = {item.package for item in found if item.kind in (FindingKind.UNREADABLE, FindingKind.MISMATCHED)}
        for one in file.packages_on(page):
            other = made.boxes[one - 1]
            if spoiled and one == package:
                # Named, or its page is: nobody may think that all was read and right.
                assert not outcome.passed
                assert one in wrong or outcome.not_understood, "a spoiled label that nobody hears of"
                # One from before a replacement is not known by its likeness: only its page is told.
                counts = self.drawn_payloads(file)[one] == other.payload
                type(self).spoiled_labels += counts
                type(self).named_spoiled += counts and one in wrong
                other.seen = other.seen and one not in wrong
            else:
                other.seen = self.is_current(other, self.drawn_payloads(file)[one])

    def old_photo(self, number: int, anew: bool) -> None:
        """A picture that was verified before, or the same pixels in another file: it says of labels that were not made
        again what it said, and nothing of the others."""
        photo = self.books.album[number % len(self.books.album)]
        picture = photo.picture
        if anew:
            picture = self.folder / "anew.bmp"
            with Image.open(photo.picture) as pixels:
                pixels.save(picture, dpi=(DPI, DPI))
        findings, _ = self.read(photo.batch, picture)
        found = {item.package: item.kind for item in findings}
        for package, payload in photo.payloads.items():
            box = self.books.batches[photo.batch].boxes[package - 1]
            if photo.labels[package] != box.label:
                assert found.get(package, FindingKind.OLD_PICTURE) is FindingKind.OLD_PICTURE
                type(self).outdated_labels += 1
            elif package == photo.spoiled:
                wrong = found.get(package) in (FindingKind.UNREADABLE, FindingKind.MISMATCHED)
                box.seen = box.seen and not wrong
            else:
                box.seen = self.is_current(box, payload)

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
        box.prints, box.drawn_right, box.seen = 0, False, False
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
            assert code == (0 if box.shipped or box.returned else 4)
            if box.shipped:
                box.shipped, box.returned, box.seen = False, True, False
                box.came_back += 1
            return
        assert code == 0
        with self.factory.ledger() as ledger:
            gone = ledger.packages.shipped(batch)
        for package, one in enumerate(made.boxes, 1):
            if package in gone and not one.shipped:
                assert one.seen, "shipped, and no scan has seen its newest label"
                type(self).shipped_boxes += 1
            if one.seen and not self.bad(one) and not one.shipped:
                one.shipped, one.returned = True, False

    def difference(self, made: Made) -> int:
        """Labels that were printed, and that no scan has seen; scrapped ones apart."""
        return sum((box.prints > 0 or box.seen) and not box.seen for box in made.boxes if not self.bad(box))

    def unprinted(self, made: Made) -> int:
        """Packages that have no label, and need one."""
        return sum(not box.prints and not box.seen for box in made.boxes if not self.bad(box))

    def close(self, number: int, off: int, crash: int, told: bool) -> None:
        batch, made, _ = self.pick(number)
        in_hand, left = self.difference(made) + off // 3, self.unprinted(made) if told else 0
        command: tuple[object, ...] = ("close", batch, "--in-hand", in_hand)
        if left:
            command += ("--unprinted", left, "--reason", "not sold")
        if crash:
            self.crashed(crash, *command)
        as_before = made.closed and in_hand == made.closed_as[0] and left in (0, made.closed_as[1])
        balanced = self.difference(made) == in_hand and self.unprinted(made) == left
        assert self.typed(*command) == (0 if balanced or as_before else 4)
        if balanced and not as_before:
            unseen = [box for box in made.boxes if not self.bad(box) and not box.seen]
            assert len(unseen) == in_hand + left, "closed, and no scan has seen its newest label"
            made.closed, made.closed_as = True, (in_hand, left)
            type(self).closed_batches += 1

    def reopen(self, number: int) -> None:
        batch, made, _ = self.pick(number)
        assert self.typed("batch", "reopen", batch, "--reason", "one came back") == 0
        made.closed = False

    def export(self, number: int, control_log: bool) -> None:
        batch, made, _ = self.pick(number)
        out = self.folder / self.name("out")
        if control_log:
            assert self.typed("manifest", batch, "--format", "control-log", "--out", f"{out}.txt") == 0
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
                    "packages": len(made.boxes),
                    "printed": sum(box.prints > 0 or box.seen for box in made.boxes),
                    "file_verified": sum(box.drawn_right for box in made.boxes),
                    "print_verified": sum(box.seen and not self.bad(box) for box in made.boxes),
                    "shipped": sum(box.shipped for box in made.boxes),
                    "scrapped": len(self.books.scrapped & self.ever(made)),
                    "packed": 0,
                    "packed_not_shipped": 0,
                    "scrapped_packages": sum(self.bad(box) for box in made.boxes),
                    "replaced": sum(box.revision - 1 > 0 for box in made.boxes) and len(
                        [old for old in self.books.replaced if old in self.ever(made)]
                    ),
                }  # fmt: skip
                assert ledger.batches.balance(batch).difference == self.difference(made)
                assert bool(ledger.batches.closed_at(batch)) == made.closed
                assert bool(ledger.batches.retired_at(batch)) == made.retired
                for box in made.boxes:
                    state = (
                        "shipped" if box.shipped else "verified" if box.seen else "printed" if box.prints
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


def live(life: type[Life], number: int = 0) -> None:
    """Many lives; others by another number."""
    others = 0 if chosen_seed() == "0" else 1_000 * zlib.crc32(chosen_seed().encode())
    run_state_machine_as_test(
        seed(number + others)(life),
        settings=settings(
            max_examples=life.examples, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck), print_blob=False, phases=[Phase.generate],
        ),
        _min_steps=STEPS,  # else Hypothesis ends some lives early, as the constants in our code have it
    )  # fmt: skip


@pytest.fixture
def life() -> type[Life]:
    """A factory whose ledger is a file."""
    return Life


def test_the_books_balance_over_any_life(life: type[Life]) -> None:
    life.steps = life.shipped_boxes = life.closed_batches = life.spoiled_labels = life.named_spoiled = 0
    life.outdated_labels = 0
    counts: tuple[int, ...] = ()
    for number in range(4):  # chance decides which acts come: with few of one kind, little was tried
        live(life, number)
        counts = (life.shipped_boxes, life.closed_batches, life.named_spoiled, life.outdated_labels)
        if min(counts) >= life.least:
            break
    assert life.steps >= life.least_steps, life.steps
    assert min(counts) >= life.least, counts
    assert life.named_spoiled >= 0.8 * life.spoiled_labels, (life.named_spoiled, life.spoiled_labels)


def forget_closing(patch: pytest.MonkeyPatch) -> None:
    """A closed batch may be changed."""
    from bss_mfg.ledger.batches import BatchStore

    patch.setattr(BatchStore, "refuse_closed", lambda self, batch: None)


def take_files_for_prints(patch: pytest.MonkeyPatch) -> None:
    """Our own file read back counts as a scan."""
    patch.setattr(PageReader, "_subject", lambda self, page: "print")


def forget_bad_reads(patch: pytest.MonkeyPatch) -> None:
    """A wrong read takes nothing back."""
    real = read_effects.effect_of

    def mild(verdict: str) -> read_effects.ReadEffect:
        found = real(verdict)
        return found if found is read_effects.ReadEffect.RIGHT else read_effects.ReadEffect.NONE

    patch.setattr(reads, "effect_of", mild)
    patch.setattr("bss_mfg.ledger.replay.effect_of", mild)


def keep_the_proof_over_a_return(patch: pytest.MonkeyPatch) -> None:
    """What came back leaves again unread."""
    real = sqlite.SqliteConnection.many

    def many(self: sqlite.SqliteConnection, sql: str, rows: object) -> None:
        real(self, sql.replace("shipped = 0, print_verified = 0", "shipped = 0"), rows)  # type: ignore[arg-type]

    patch.setattr(sqlite.SqliteConnection, "many", many)
    patch.setattr(Ledger, "check", lambda self: 0)


def believe_old_pictures(patch: pytest.MonkeyPatch) -> None:
    """A picture shows whatever label its package has by now."""
    patch.setattr(PictureAges, "outdated", lambda self, age, packages: {})


@pytest.mark.parametrize(
    "forget",
    [forget_closing, take_files_for_prints, forget_bad_reads, keep_the_proof_over_a_return, believe_old_pictures],
)
def test_the_machine_finds_a_forgotten_rule(
    monkeypatch: pytest.MonkeyPatch, forget: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Negative controls: each rule that is taken out is missed."""
    forget(monkeypatch)
    with pytest.raises(AssertionError), quiet():
        live(Life)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
