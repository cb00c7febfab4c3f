"""What a line of stations does: print queues, cartons and pallets, flashers and claims, in every state."""

from __future__ import annotations

import hashlib
from typing import Any

from bss_mfg.ledger.events import LabelsMade, LabelsSending, LabelsSent
from bss_mfg.ledger.flash import ReportFile, UnitReport
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_records import ClosingLabel, LogisticUnit, NewLogisticUnit
from bss_mfg.ledger.queue_records import LastGood, QueuedPrinting, QueueDraft, QueueEntry
from bss_mfg.ledger.releases import ReleaseTarget
from bss_mfg.model import LabelFile, Rect
from tests.helpers.factory import Factory

TWO = NewLogisticUnit(2, "39506000")


def live_at_presses(ledger: Ledger) -> None:
    """Entry 1 was printed, with a spoiled label and a roll that ended; 2 was taken over and cancelled; 3 waits."""
    queue = ledger.print_queue
    how = QueuedPrinting(None, None, 960, 1, "rows", "mask", 1, "")
    first, second, _ = (
        queue.add(QueueDraft(f"press-{n}", "B", "package", [[1, 4]], "t", "d", how, n > 1)) for n in (1, 2, 2)
    )
    assert queue.take(first.number, "press-1")
    print_stretch(ledger, first)
    queue.settle(first, LastGood(1, "S1"))
    queue.end_roll("press-1")
    for _ in range(2):
        print_stretch(ledger, first)
        queue.settle_all(first, printed=True)
    assert queue.begin_stretch(first.number, "press-1", 2, 2) is None
    queue.take_over(second.number, "press-1", "press-2 is dark")
    queue.cancel(second.number, "not needed")


def print_stretch(ledger: Ledger, entry: QueueEntry) -> None:
    """Two labels of an entry go to the printer."""
    stretch = ledger.print_queue.begin_stretch(entry.number, "press-1", 2, 2)
    assert stretch
    name = f"B-{stretch.stem}-0001.zpl"
    sha = hashlib.sha256(name.encode()).hexdigest()
    box = (Rect(0, 0, 1, 1),)
    file = LabelFile("B", 1, name, sha, "p", stretch.numbers, 1, box, (50, 30), 24, "d", "package", 1, 1)
    ledger.prints.record(
        file, "text", LabelsMade(file=name, sha256=sha, template="t", each="package", first=1, count=2)
    )
    said: dict[str, Any] = {"file": name, "sha256": sha, "address": "tcp://p", "total": stretch.labels}
    ledger.history.append("B", LabelsSending(**said))
    ledger.history.append("B", LabelsSent(**said, labels=stretch.labels, bytes_sent=9))


def live_at_tables(ledger: Ledger) -> None:
    """Carton 1 is closed on a closed pallet, 3; 2 was opened again and closed; 4 is open; their labels were sent but
    the last."""
    store = ledger.packing

    def close(unit: LogisticUnit, reason: str = "") -> None:
        label = ClosingLabel(store.contents(unit), f"{unit.kind}-{unit.number}.pdf", "ab" * 32, lambda: None)
        assert store.close(unit.number, label, reason)
        store.note_sent(store.get(unit.number) or unit, "tcp://p")

    for first in (1, 3):
        for number in (first, first + 1):
            carton = store.pack(("A", number), "T1", TWO)
            assert isinstance(carton, LogisticUnit)
        close(carton)
    pallet = store.put_on_pallet(1, "T1", TWO)
    assert isinstance(pallet, LogisticUnit)
    close(pallet, "short")
    store.reopen(2, "T1", "look inside")
    close(store.get(2) or carton)
    assert isinstance(store.pack(("A", 5), "T1", TWO), LogisticUnit)


def live_at_flashers(factory: Factory, ledger: Ledger) -> None:
    """Flasher one has units 1 to 4 of A, two the others. Unit 2 failed and passed later, 3 failed."""
    for name, numbers in (("one", range(1, 5)), ("two", range(5, 7))):
        ledger.flash.register(name, f"age1{name}")
        target = ReleaseTarget(
            factory.root / f"{name}.csv.age", "batch", "csv", sealed_to=(f"age1{name}",), flasher=name
        )
        ledger.releases.begin("A", target, (numbers,))
    serials = [unit.serial for unit in ledger.units.find("A", "number", [1, 2, 3])]
    for name, results in (("first", (True, False, False)), ("second", (True, True, False))):
        reports = [UnitReport(row, *one) for row, one in enumerate(zip(serials, results, strict=True), 2)]
        ledger.flash.report(ReportFile(name, hashlib.sha256(name.encode()).hexdigest()), reports)
