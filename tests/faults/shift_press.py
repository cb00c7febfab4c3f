"""The presses of a shift, and their printers, which live in a process of their own and are never killed: what has come
out of them lies in their trays."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bss_mfg.errors import MissingError
from bss_mfg.label.printing.ask_printer import printer_state
from bss_mfg.label.printing.formats import split_formats
from bss_mfg.label.printing.press_station import AskLastGood, Ended, NewRoll, Press, PressSetup, PressWork, PrintNext
from bss_mfg.label.printing.sending import PATIENT
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.queue_records import LastGood, Stretch
from tests.faults.shift_account import chance
from tests.faults.shift_desks import Desk, Site
from tests.helpers.label_printer import NetworkPrinter

SMEARS, SMEARED = 150, 3
"""Of a thousand stretches, how many end in labels that are thrown away, and how many these are."""


def digest(label: bytes) -> str:
    return hashlib.sha256(label.strip()).hexdigest()


class Tray:
    """What came out of a printer: a line for each label, in order."""

    def __init__(self, folder: Path, press: str) -> None:
        self._path = folder / f"{press}.tray"

    def lay(self, labels: Iterable[bytes]) -> None:
        with self._path.open("a") as file:
            file.writelines(f"{digest(label)}\n" for label in labels)

    def labels(self) -> list[str]:
        """The digests of all labels that ever lay there."""
        return self._path.read_text().splitlines() if self._path.exists() else []


class TrayPrinter(NetworkPrinter):
    """A printer over a tray. A label that breaks off with its connection is forgotten."""

    def __init__(self, tray: Tray) -> None:
        super().__init__(roll=1 << 30, label_s=0.0005)
        self._tray, self._laid = tray, 0

    def _take(self, connection: socket.socket) -> None:
        self._received = b""
        super()._take(connection)

    def state(self) -> bytes:
        """Who hears that all is printed finds it in the tray."""
        with self._lock:
            self._tray.lay(self.printed[self._laid :])
            self._laid = len(self.printed)
        return super().state()


def run_printers(site: Site) -> None:
    """The printers of all presses, until the shift is over."""
    with contextlib.ExitStack() as stack:
        for name in site.names:
            if name.startswith("press"):
                printer = stack.enter_context(TrayPrinter(Tray(site.folder, name)))
                (site.folder / f"{name}.address").write_text(printer.address)
        (site.folder / "printers are on").touch()
        parent = os.getppid()
        while not (site.folder / "printers off").exists() and os.getppid() == parent:
            time.sleep(0.1)


class Printing(Desk):
    """A press, and who works there: looks into the tray where it is asked for the last good label, and throws away what
    is smeared."""

    kind = "press"

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._address = site.address(name)
        self._tray = Tray(site.folder, name)

    def place(self, ledger: Ledger) -> contextlib.AbstractContextManager[None]:
        return ledger.print_queue.at_work(self.name)

    def begin(self, ledger: Ledger) -> None:
        setup = PressSetup(self.name, "zpl-203", self._address, self.site.roll)
        self._press = Press(self.factory.workspace, ledger, setup)
        for entry in ledger.print_queue.entries(press=self.name):
            if entry.outcome and ("printed", entry.asked.batch) not in self.done:
                self.act(("printed", entry.asked.batch), lambda again: None)  # it lies there, whoever was killed

    def work(self, ledger: Ledger) -> bool:
        entry = self._press.next_entry()
        if entry is None:
            ledger.print_queue.wait(0.5)
            return False
        work = self._press.prepare(entry)
        if entry.taken_at or ledger.print_queue.take(entry.number, self.name):
            while self._step(work):
                pass
        return True

    def _step(self, work: PressWork) -> bool:
        step = work.step()
        match step:
            case Ended():
                self.act(("printed", work.batch.id), lambda again: None)
                return False
            case NewRoll():
                work.end_roll()
            case PrintNext():
                self._print(work, step.stretch)
            case AskLastGood():
                self._answer(work, step.stretch)
        return True

    def _print(self, work: PressWork, stretch: Stretch) -> None:
        sent = work.print_stretch(stretch, PATIENT)
        if sent and not work.roll_is_used_up and chance(stretch.stem, "smear") >= SMEARS:
            work.count_all(sent)

    def _answer(self, work: PressWork, stretch: Stretch) -> None:
        """Say which label was the last good one."""
        while True:
            with contextlib.suppress(MissingError):
                state = printer_state(self._address, "zpl")
                if state and state.is_idle:
                    break
            time.sleep(0.02)
        key = ("look", work.batch.id, stretch.stem)
        if key not in self.done:
            self.act(key, lambda again: self._look(work, stretch))
        number = self.done[key]["last"]
        work.count(work.last_good([self._serial(work.batch.id, number)]) if number else LastGood())
        if work.roll_is_used_up:
            work.end_roll()

    def _serial(self, batch: str, number: int) -> str:
        with self._ledger() as ledger:
            return self.label(ledger, (batch, number))[0][0]

    def _look(self, work: PressWork, stretch: Stretch) -> dict[str, Any]:
        """What came out of a stretch, by the label file that was sent: the number of its last good label, and those of
        labels that are thrown away."""
        labels: list[bytes] = []
        for file in sorted(work.folder.glob(f"{work.batch.id}-{stretch.stem}*.zpl")):
            labels += split_formats(file.read_bytes(), "zpl")
        numbers = dict(zip(map(digest, labels), stretch.numbers, strict=True))
        tray = self._tray.labels()
        before = max((facts["tray"] for key, facts in self.done.items() if key[0] == "look"), default=0)
        out = [numbers[label] for label in tray[before:] if label in numbers]
        smeared = min(SMEARED, len(out)) if chance(stretch.stem, "smear") < SMEARS else 0
        good, thrown = out[: len(out) - smeared], out[len(out) - smeared :]
        return {"last": good[-1] if good else None, "thrown": thrown, "tray": len(tray)}
