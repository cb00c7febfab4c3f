"""What a line of stations keeps beside batches: print queues, cartons and pallets, flashers, claims, published files. A
row that was changed by hand is named by `ledger check`, though chain and database are whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import queue_check
from bss_mfg.ledger.events import LabelsMade, LabelsSending, LabelsSent
from bss_mfg.ledger.flash import ReportFile, UnitReport
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_records import ClosingLabel, LogisticUnit, NewLogisticUnit
from bss_mfg.ledger.queue_records import LastGood, QueuedPrinting, QueueDraft, QueueEntry
from bss_mfg.ledger.releases import ReleaseTarget
from bss_mfg.model import LabelFile, Rect
from tests.helpers.factory import Factory
from tests.helpers.packing import hall

TWO = NewLogisticUnit(2, "39506000")


@pytest.fixture(scope="module")
def lived(new_factory: Callable[[], Factory]) -> Factory:
    """Queues, cartons, pallets and claims in every state."""
    factory = hall(new_factory())
    with factory.ledger() as ledger:
        live_at_presses(ledger)
        live_at_tables(ledger)
        live_at_flashers(factory, ledger)
    assert factory.cli("ledger", "publish").code == 0
    return factory


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


def test_what_a_line_did_holds(lived: Factory) -> None:
    assert lived.cli("ledger", "check").code == 0


LIES = {
    "press": "UPDATE queued SET press = 'press-9' WHERE no = 3",
    "labels": "UPDATE queued SET labels = 40 WHERE no = 3",
    "numbers": "UPDATE queued SET numbers = '[[3, 6]]' WHERE no = 3",
    "template": "UPDATE queued SET template_digest = 'e' WHERE no = 3",
    "printing": """UPDATE queued SET printing = replace(printing, '"start_at": 1', '"start_at": 2') WHERE no = 3""",
    "again": "UPDATE queued SET again = 0 WHERE no = 3",
    "asked by": "UPDATE queued SET operator = 'Eve' WHERE no = 3",
    "batch": "UPDATE queued SET batch = 1 WHERE no = 3",
    "taken": "UPDATE queued SET taken_at = '2026-01-01T00:00:00Z' WHERE no = 3",
    "called printed": "UPDATE queued SET outcome = 'printed', ended_at = '2026-01-01T00:00:00Z' WHERE no = 3",
    "waits again": "UPDATE queued SET outcome = NULL, ended_at = NULL WHERE no = 2",
    "called handed over": "UPDATE queued SET outcome = 'handed over' WHERE no = 1",
    "good": "UPDATE stretch SET good = 2 WHERE queued = 1 AND no = 1",
    "spoiled": "UPDATE stretch SET spoiled = 0 WHERE queued = 1 AND no = 1",
    "roll": "UPDATE stretch SET roll_ended = 0 WHERE queued = 1",
    "good of nothing sent": (
        "INSERT INTO stretch (queued, no, press, roll, numbers, labels, again, at, good) "
        "VALUES (3, 1, 'press-2', 1, '[[1, 2]]', 2, 1, '2026-01-01T00:00:00Z', 2)"
    ),
    "entry gone": "DELETE FROM queued WHERE no = 3",
    "entry more": (
        "INSERT INTO queued (no, press, batch, each, numbers, labels, template, template_digest, printing, again, "
        "operator, station, at) SELECT 4, press, batch, each, numbers, labels, template, template_digest, printing, "
        "again, operator, station, at FROM queued WHERE no = 3"
    ),
    "carton open": "UPDATE logistic_unit SET closed_at = NULL, station = 'T3' WHERE no = 2",
    "carton closed": "UPDATE logistic_unit SET closed_at = '2026-01-01T00:00:00Z' WHERE no = 4",
    "off its pallet": "UPDATE logistic_unit SET pallet = NULL WHERE no = 1",
    "on a pallet": "UPDATE logistic_unit SET pallet = 3 WHERE no = 2",
    "pallet open": "UPDATE logistic_unit SET closed_at = NULL WHERE no = 3",
    "label": "UPDATE logistic_unit SET label = 'other.pdf' WHERE no = 1",
    "label not sent": "UPDATE logistic_unit SET sent = 0 WHERE no = 2",
    "carton size": "UPDATE logistic_unit SET size = 99 WHERE no = 1",
    "pallet size": "UPDATE logistic_unit SET size = 99 WHERE no = 3",
    "SSCC": "UPDATE logistic_unit SET sscc = '395060000000009995' WHERE no = 1",
    "kind": "UPDATE logistic_unit SET kind = 'carton' WHERE no = 3",
    "carton gone": "DELETE FROM logistic_unit WHERE no = 2",
    "carton more": (
        "INSERT INTO logistic_unit (no, kind, size, station, opened_at) VALUES (9, 'carton', 2, 'T2', '2026-01-01')"
    ),
    "box in another": "UPDATE package SET carton = 4 WHERE batch = 1 AND number = 1",
    "claimed by another": "UPDATE claim SET flasher = 'two' WHERE number = 3",
    "claimed at another time": "UPDATE claim SET release = (SELECT max(event) FROM release) WHERE number = 3",
    "claim gone": "DELETE FROM claim WHERE number = 3",
    "claim more": ("INSERT INTO claim SELECT 2, 1, max(release), 'two' FROM claim"),
    "flashed otherwise": "UPDATE flashed SET passed = 1 WHERE number = 3",
    "flashed earlier": "UPDATE flashed SET event = event - 1 WHERE number = 2",
    "flashed later": "UPDATE flashed SET event = event + 1000 WHERE number = 1",
    "report gone": "DELETE FROM flashed WHERE number = 1",
    "report more": "INSERT INTO flashed VALUES (1, 4, 1, (SELECT max(event) FROM flashed))",
    "reported file gone": "DELETE FROM flash_file WHERE sha256 = (SELECT max(sha256) FROM flash_file)",
    "another key": "UPDATE flasher SET recipient = 'age1eve' WHERE name = 'one'",
    "flasher more": "INSERT INTO flasher VALUES ('eve', 'age1eve', 1)",
    "pinned key": "UPDATE product SET key_fingerprint = '" + "ab" * 32 + "' WHERE name = 'bulb'",
    "label file gone": "DELETE FROM printed WHERE file LIKE '%0002-0001.zpl'",
    "label file superseded": "UPDATE printed SET superseded_at = '2026-01-01' WHERE file LIKE '%0002-0001.zpl'",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_row_that_was_changed_by_hand_is_found(lived: Factory, tmp_path: Path, lie: str) -> None:
    """Fails without the comparison: the chain of the history is whole, and so is the database."""
    factory = lived.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        assert database.execute(LIES[lie]).rowcount > 0
    assert factory.cli("ledger", "check").code == 5


def test_a_content_that_nobody_published_is_found(lived: Factory, tmp_path: Path) -> None:
    factory = lived.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        database.execute("INSERT INTO resource VALUES (?, ?)", (hashlib.sha256(b"mine").hexdigest(), b"mine"))
    assert factory.cli("ledger", "check").code == 5


@pytest.mark.parametrize(
    ("lie", "names"),
    [
        ("press", ["number 3"]),
        ("flashed later", ["batch A, unit 1"]),
        ("report gone", ["batch A, unit 1"]),
        ("report more", ["batch A, unit 4"]),
        ("reported file gone", ["first"]),
    ],
)
def test_the_row_is_named(lived: Factory, tmp_path: Path, lie: str, names: list[str]) -> None:
    factory = lived.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        database.execute(LIES[lie])
    with factory.ledger() as ledger, pytest.raises(LedgerError) as caught:
        ledger.check()
    assert [problem.partition(":")[0] for problem in caught.value.problems] == names


def test_work_at_a_press_meanwhile_is_no_lie(lived: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry is queued between history and tables; looked at again while nobody writes, all is right."""
    real, once = queue_check.contradictions, [True]

    def interrupted(*arguments: Any) -> Any:
        if once and once.pop():
            with lived.ledger() as other:
                other.print_queue.move(3, "press-1")
            return iter(["number 3: as it looks for a moment"])
        return real(*arguments)

    monkeypatch.setattr(queue_check, "contradictions", interrupted)
    with lived.ledger() as ledger:
        ledger.check()
    assert not once
