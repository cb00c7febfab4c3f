"""The desks of a shift, each a process with a station's folder of its own, that works until the shift is over and may
be killed at any moment: begun again, it looks at what it wrote down, and does what is not done.

What goes from hand to hand is what other desks wrote down: a desk asks the ledger for nothing but its own act, and for
what is printed on labels.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from bss_mfg.errors import LedgerError, MissingError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Actor
from bss_mfg.station.packing import PackingTable
from bss_mfg.station.packing_answers import PackWord
from bss_mfg.station.returns import ReturnsDesk, ReturnsRequest
from bss_mfg.station.station import Station
from bss_mfg.workspace.workspace import Workspace
from tests.faults.shift_account import (
    ASKED,
    DONE,
    Box,
    Key,
    Notebook,
    Reader,
    Serials,
    comes_back,
    fail_for_good,
    flashes,
    is_dropped,
    is_mended,
    to_scrap,
)
from tests.helpers.factory import Factory
from tests.helpers.packing import table as packing_table
from tests.helpers.queued import WAYS

OPERATOR = "ada"
TROUBLE = "trouble"
AT_ONCE = 20
"""What a desk does before it looks round."""
BUSY = (5, 6)
"""Exit codes of a command that changed nothing, for the ledger was busy or gone."""


@dataclass(frozen=True)
class Site:
    """Where a shift is lived, and how large it is."""

    folder: Path
    boxes: int
    batch: int
    """Boxes of a batch; the last one may have fewer."""
    per_box: int = 1
    """Units in a box."""
    claim: int = 25
    carton: int = 12
    pallet: int = 5
    roll: int = 400
    desks: tuple[tuple[str, int], ...] = (
        ("office", 2), ("press", 4), ("flash", 4), ("scan", 4), ("pack", 3), ("scrap", 1), ("ship", 1), ("returns", 1),
    )  # fmt: skip

    @property
    def notes(self) -> Path:
        """What the desks wrote down."""
        return self.folder / "notes"

    @property
    def names(self) -> list[str]:
        """All desks."""
        return [f"{kind}-{number + 1}" for kind, count in self.desks for number in range(count)]

    def count(self, kind: str) -> int:
        """How many desks of a kind there are."""
        return dict(self.desks)[kind]

    def station(self, name: str) -> Path:
        """A desk's own folder."""
        return self.folder / "stations" / name

    @property
    def batches(self) -> dict[str, int]:
        """The batches of the shift, with their boxes."""
        firsts = range(0, self.boxes, self.batch)
        return {f"B{at + 1:03}": min(self.batch, self.boxes - first) for at, first in enumerate(firsts)}

    def address(self, press: str) -> str:
        """Where a press's printer is."""
        return (self.folder / f"{press}.address").read_text()


class Desk:
    """A desk. `work` does some of what there is to do, and says whether there was something."""

    kind: ClassVar[str]

    def __init__(self, site: Site, name: str) -> None:
        self.site, self.name, self._parent = site, name, os.getppid()
        self.number = int(name.rpartition("-")[2])
        root = site.station(name)
        self.factory = Factory(Workspace.find(str(root), root, {}))
        self.book = Notebook(site.notes, name)
        self.open: dict[Key, None] = {}
        self.done: dict[Key, dict[str, Any]] = {}
        for note in Reader(site.notes, self.kind).new():
            if note.desk == name and note.state == ASKED:
                self.open[note.key] = None
            elif note.desk == name and note.state == DONE:
                self.open.pop(note.key, None)
                self.done[note.key] = note.facts
        self._readers: dict[str, Reader] = {}
        self._boxes: dict[str, dict[int, tuple[Serials, str]]] = {}

    def run(self) -> None:
        """Work until the shift is over."""
        while not self.is_over:
            try:
                with self._ledger() as ledger, self.place(ledger):
                    self.begin(ledger)
                    while not self.is_over:
                        if not self.work(ledger):
                            time.sleep(0.1)
            except (LedgerError, MissingError) as error:
                self.book.note(TROUBLE, (type(error).__name__,), what=error.what)
                time.sleep(0.3)

    @property
    def is_over(self) -> bool:
        return (self.site.folder / "over").exists() or os.getppid() != self._parent

    def _ledger(self) -> Ledger:
        return self.factory.workspace.open_ledger(Actor(OPERATOR, self.name, "test"))

    def place(self, ledger: Ledger) -> contextlib.AbstractContextManager[None]:
        """What only one session of this desk may have."""
        return contextlib.nullcontext()

    def begin(self, ledger: Ledger) -> None:
        """Look round, once the ledger is there."""

    def work(self, ledger: Ledger) -> bool:
        raise NotImplementedError

    # --- what desks do ------------------------------------------------------------------------------------------------

    def act(self, key: Key, do: Callable[[bool], dict[str, Any] | None]) -> None:
        """Do something, told whether it was tried before and nobody knows how that ended."""
        again = key in self.open
        self.book.note(ASKED, key)
        self.open[key] = None
        self.done[key] = do(again) or {}
        self.book.note(DONE, key, **self.done[key])
        self.open.pop(key)

    def typed(self, *arguments: object, may: tuple[int, ...] = ()) -> int:
        """Type a command; the exit code, 0 or one of those that may be. What may be tried again is `LedgerError`."""
        done = self.factory.cli("--operator", OPERATOR, *arguments)
        if done.code in BUSY:
            raise LedgerError(f"{arguments[0]}: {done.err.strip()}")
        assert done.code == 0 or done.code in may, (arguments, done)
        return done.code

    def news(self, kind: str, act: str) -> Iterator[tuple[Key, dict[str, Any]]]:
        """What desks of a kind have done since, each once: the rest of its key, and facts."""
        reader = self._readers.setdefault(f"{kind} {act}", Reader(self.site.notes, kind))
        for note in reader.new():
            if note.state == DONE and note.key[0] == act:
                yield note.key[1:], note.facts

    def label(self, ledger: Ledger, box: Box) -> tuple[Serials, str]:
        """What is printed on a box's label: its serials, and its barcode string."""
        batch, number = box
        if batch not in self._boxes:
            packages = ledger.packages.stream(batch)
            self._boxes[batch] = {one.number: ([unit.serial for unit in one.units], one.payload) for one in packages}
        return self._boxes[batch][number]


class Office(Desk):
    """Issues batches, and puts their labels into the queues of the presses."""

    kind = "office"

    def work(self, ledger: Ledger) -> bool:
        for at, (batch, boxes) in enumerate(self.site.batches.items()):
            if at % self.site.count("office") + 1 != self.number or ("queue", batch) in self.done:
                continue
            issue = ("batch", "create", "bulb", "--units", boxes * self.site.per_box, "--id", batch)
            queue = ("labels", batch, *WAYS, "--queue", f"press-{at % self.site.count('press') + 1}")
            for key, words in ((("issue", batch), issue), (("queue", batch), queue)):
                if key not in self.done:
                    self.act(key, lambda again, words=words: self._type(words, again))
            return True
        return False

    def _type(self, words: tuple[object, ...], again: bool) -> None:
        """What was done before is refused when it is typed again."""
        self.typed(*words, may=(4,) if again else ())


class Flasher(Desk):
    """Claims units, flashes what is in the sealed files, and reports; then flashes those again that did not pass."""

    kind = "flash"

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._out = self.factory.root / "sealed"
        self._out.mkdir(exist_ok=True)
        self._batches: dict[str, None] = {}

    def work(self, ledger: Ledger) -> bool:
        self._batches.update({batch: None for (batch,), _ in self.news("office", "issue")})
        for batch in self._batches:
            if ("all claimed", batch) in self.done:
                continue
            words = ["program", batch, "--format", "csv", "--out", f"{self._out}/"]
            code = self.typed(*words, "--claim", self.site.claim, "--for", self.name, may=(4,))
            if code == 4:
                self.act(("all claimed", batch), lambda again: None)
            self._flash()
            return True
        self._flash()
        return False

    def _flash(self) -> None:
        import pyrage

        secret = (self.factory.root / "flasher.key").read_text().splitlines()[-1]
        for file in sorted(self._out.glob("*.age")):
            key, again_key = ("flash", file.name), ("flash again", file.name)
            if again_key in self.done:
                continue
            plain = pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(secret)])
            rows = list(csv.DictReader(io.StringIO(plain.decode())))
            if key not in self.done:
                said = {row["serial"]: flashes(row["serial"]) for row in rows}
                units = [[row["serial"], row["uuid"]] for row in rows]
                self.act(key, lambda again, file=file, said=said, units=units: self._report(file, said, units))
            said = {row["serial"]: True for row in rows if is_mended(row["serial"])}
            name = file.with_suffix(".again")
            self.act(again_key, lambda again, name=name, said=said: self._report(name, said, list(said)))

    def _report(self, file: Path, said: dict[str, bool], units: list[Any]) -> dict[str, Any]:
        results = self.factory.root / f"{file.name}.results.csv"
        rows = [f"{serial},{'pass' if passed else 'fail'}\n" for serial, passed in said.items()]
        results.write_text("serial,result\n" + "".join(rows))
        if said:
            self.typed("flash", "report", results)
        return {"units": units}


class Scanner(Desk):
    """Reads the labels of boxes that come from the presses: its share of each batch."""

    kind = "scan"

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._waiting: list[Box] = []
        self._station: tuple[str, Station] | None = None

    def begin(self, ledger: Ledger) -> None:
        self._station = None

    def work(self, ledger: Ledger) -> bool:
        for (batch,), _ in self.news("press", "printed"):
            numbers = range(1, self.site.batches[batch] + 1)
            mine = [(batch, number) for number in numbers if number % self.site.count("scan") + 1 == self.number]
            self._waiting += [box for box in mine if ("scan", *box) not in self.done]
        some = self._waiting[:AT_ONCE]
        for box in some:
            station = self._at(ledger, box[0])
            self.act(("scan", *box), lambda again, box=box, station=station: self._read(ledger, station, box, again))
            self._waiting.remove(box)
        return bool(some)

    def _at(self, ledger: Ledger, batch: str) -> Station:
        if self._station is None or self._station[0] != batch:
            self._station = batch, Station(ledger, ledger.batches.get(batch))
        return self._station[1]

    def _read(self, ledger: Ledger, station: Station, box: Box, again: bool) -> dict[str, Any]:
        serials, payload = self.label(ledger, box)
        answer = station.read(payload)
        assert answer, box
        right = ("OK", "TWICE", "ALREADY") if again else ("OK",)
        assert answer.word in right and answer.package == box[1], (box, again, answer)
        return {"serials": serials}


class Scrapper(Desk):
    """Scraps what was dropped once its label was read, and what never passed, once a table has refused it."""

    kind = "scrap"

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._boxes_read: list[Box] = []
        self._refused: set[Box] = set()

    def work(self, ledger: Ledger) -> bool:
        self._boxes_read += [(batch, number) for (batch, number), _ in self.news("scan", "scan")]
        self._refused |= {(batch, number) for (batch, number), _ in self.news("pack", "refused")}
        left = []
        for box in self._boxes_read:
            serials, _ = self.label(ledger, box)
            bad = to_scrap(serials)
            if not bad or ("scrap", *box) in self.done:
                continue
            if not is_dropped(serials) and box not in self._refused:
                left.append(box)
                continue
            words = ("scrap", box[0], *bad, "--reason", "dropped" if is_dropped(serials) else "failed its test")
            self.act(("scrap", *box), lambda again, words=words: self._type(words, again))
        worked, self._boxes_read = len(left) < len(self._boxes_read), left
        return worked

    def _type(self, words: tuple[object, ...], again: bool) -> None:
        self.typed(*words, may=(3, 4) if again else ())


class Packer(Desk):
    """Packs its share of the boxes that were read and flashed, and those that came back; tries those, too, that hold a
    unit which never passes."""

    kind = "pack"

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._flashed: set[str] = set()
        self._waiting: list[tuple[Box, int]] = []
        self._table: PackingTable | None = None
        self._calls: list[int] = []

    def place(self, ledger: Ledger) -> contextlib.AbstractContextManager[None]:
        return ledger.packing.table(self.name)

    def begin(self, ledger: Ledger) -> None:
        self._table = packing_table(self.factory, ledger, self.site.carton, self.site.pallet)
        list(self._table.resume())

    def work(self, ledger: Ledger) -> bool:
        for _, facts in self.news("flash", "flash"):
            self._flashed |= {serial for serial, _ in facts["units"] if not is_mended(serial)}
        for _, facts in self.news("flash", "flash again"):
            self._flashed |= set(facts["units"])
        for kind, act, turn in (("scan", "scan", 0), ("returns", "return", 1)):
            for (batch, number), _ in self.news(kind, act):
                if number % self.site.count("pack") + 1 == self.number:
                    self._waiting.append(((batch, number), turn))
        self._calls += [number for (number,), _ in self.news("foreman", "last call")]
        for key in [key for key in self.open if key[0] == "last call"]:  # before another box comes
            self.act(key, lambda again: self._close())
        hands = [((key[1], key[2]), key[3]) for key in self.open if key[0] == "pack"]  # what it had in its hands
        count = 0
        left = []
        for box, turn in hands + [one for one in self._waiting if one not in hands]:
            key = ("pack", *box, turn)
            serials, payload = self.label(ledger, box)
            if key in self.done or ("refused", *box) in self.done or is_dropped(serials):
                continue
            if not self._flashed.issuperset(serials) or count >= AT_ONCE:
                left.append((box, turn))
                continue
            count += 1
            if fail_for_good(serials):
                self.act(("refused", *box), lambda again, payload=payload: self._refuse(payload))
            else:
                self.act(key, lambda again, payload=payload: self._pack(payload, again))
        self._waiting = left
        for number in self._calls:
            if ("last call", number) not in self.done:
                self.act(("last call", number), lambda again: self._close())
        return bool(count)

    def _pack(self, payload: str, again: bool) -> None:
        assert self._table
        answer = self._table.read(payload)
        packed = {PackWord.PACKED, PackWord.CARTON_CLOSED, PackWord.PALLET_CLOSED}
        known = {PackWord.TWICE, PackWord.SHIPPED}  # it closed a pallet, which left before the table was begun again
        assert answer and answer.word in (packed | known if again else packed), (again, answer)

    def _refuse(self, payload: str) -> None:
        assert self._table
        answer = self._table.read(payload)
        assert answer and answer.word == PackWord.FLASH_FAILED, answer

    def _close(self) -> None:
        assert self._table
        for kind in ("carton", "pallet"):
            answer = self._table.close(kind, "end of shift")  # type: ignore[arg-type]
            assert answer.word in (PackWord.CARTON_CLOSED, PackWord.PALLET_CLOSED, PackWord.REFUSED), answer


class Shipper(Desk):
    """Ships pallets, by the labels that stand on them."""

    kind = "ship"

    def work(self, ledger: Ledger) -> bool:
        for file in sorted(self.site.folder.glob("stations/pack-*/packing/pallet-*")):
            number = int(file.stem.rpartition("-")[2])
            unit = ledger.packing.get(number)
            if ("ship", number) in self.done or unit is None or not unit.closed_at:
                continue  # its label is put in place just before it is closed
            words = ("ship", "--pallet", number, "--for", f"order {number}")
            table = file.parts[-3]
            self.act(
                ("ship", number), lambda again, words=words, table=table: {"from": table, "code": self.typed(*words)}
            )
            return True
        return False


class Returns(Desk):
    """Takes back what customers send back, and reads its label again."""

    kind = "returns"

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._sold: list[Box] = []

    def work(self, ledger: Ledger) -> bool:
        for (batch, number, turn), _ in self.news("pack", "pack"):
            if turn or ("return", batch, number) in self.done:
                continue
            if comes_back(self.label(ledger, (batch, number))[0]):
                self._sold.append((batch, number))
        if not self._sold:
            return False
        shipped = {batch: ledger.packages.shipped(batch) for batch in {batch for batch, _ in self._sold}}
        desk = ReturnsDesk(ledger, ReturnsRequest("sent back", verify=True))
        here = [box for box in self._sold if box[1] in shipped[box[0]] or ("return", *box) in self.open]
        for box in here:
            self.act(("return", *box), lambda again, box=box: self._take(desk, self.label(ledger, box)[1], again))
            self._sold.remove(box)
        return bool(here)

    def _take(self, desk: ReturnsDesk, payload: str, again: bool) -> None:
        answer = desk.read(payload)
        known = {PackWord.VERIFIED_AGAIN} | ({PackWord.NOT_SHIPPED} if again else set())
        assert answer and answer.word in known, (again, answer)
