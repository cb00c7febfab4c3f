"""The store of print queues, whatever printer and operator do: no label is lost, and none is called good that isn't."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.ledger.events import LabelsCutOff, LabelsMadeAgain, LabelsNotSent, LabelsSending, LabelsSent
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.queue_records import LastGood, QueuedPrinting, QueueDraft, QueueEntry, QueueState, Stretch, place_in
from bss_mfg.model import LabelFile, Rect
from tests.helpers.factory import Factory

PACKAGES = 6
PRESS = "press-2"


def draft(copies: int = 1, *, again: bool = True) -> QueueDraft:
    how = QueuedPrinting(None, None, 960, 1, "rows", "mask", copies, "")
    return QueueDraft(PRESS, "B1", "package", [[1, PACKAGES]], "t", "d", how, again)


def make(ledger: Ledger, entry: QueueEntry, stretch: Stretch) -> dict[str, Any]:
    """Its label file, as `make_labels` records it; what events say of it."""
    name = f"B1-{stretch.stem}-0001.zpl"
    sha = hashlib.sha256(b"the same bytes").hexdigest()
    copies = entry.asked.printing.copies
    file = LabelFile(
        "B1", 1, name, sha, "p", stretch.numbers, 1, (Rect(0, 0, 1, 1),), (50, 30), 24, "d", "package", 1, copies
    )
    said = LabelsMadeAgain(file=name, sha256=sha, template="t", each="package", first=1, count=len(stretch.numbers))
    ledger.prints.record(file, "text", said)
    return {"file": name, "sha256": sha, "address": "tcp://p", "total": stretch.labels}


def send(ledger: Ledger, said: dict[str, Any], handed_over: int | None) -> None:
    """So many labels went to the printer, None: the press was killed meanwhile."""
    ledger.history.append("B1", LabelsSending(**said))
    if handed_over is None:
        return
    kind = LabelsSent if handed_over == said["total"] else LabelsCutOff if handed_over else LabelsNotSent
    ledger.history.append("B1", kind(**said, labels=handed_over, bytes_sent=handed_over))


@pytest.fixture(scope="module")
def shared(issued_factory: Factory, tmp_path_factory: pytest.TempPathFactory) -> Factory:
    return issued_factory.copied(tmp_path_factory.mktemp("queue") / "w")


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_every_label_is_good_in_the_end_and_none_is_called_good_that_is_not(
    shared: Factory, data: st.DataObject
) -> None:
    copies = data.draw(st.integers(1, 3), "copies")
    with shared.ledger() as ledger:
        queue = ledger.print_queue
        before = sum(roll.labels + roll.spoiled for roll in queue.rolls(PRESS))
        entry = queue.add(draft(copies))
        assert queue.take(entry.number, PRESS)
        really_good: Counter[int] = Counter()
        most = data.draw(st.integers(1, 14), "labels of a stretch")
        for trouble in range(40):
            stretch = queue.begin_stretch(entry.number, PRESS, most, most)
            if stretch is None:
                break
            labels = [number for number in stretch.numbers for _ in range(copies)]
            happens = st.sampled_from(["well", "cut off", "killed", "dark"] if trouble < 12 else ["well"])
            what = data.draw(happens, "what happens")
            if what == "dark":
                if data.draw(st.booleans(), "made"):
                    send(ledger, make(ledger, entry, stretch), 0)
                queue.drop(entry, "not printed")
                continue
            handed_over = len(labels) if what == "well" else data.draw(st.integers(1, len(labels)), "handed over")
            send(ledger, make(ledger, entry, stretch), None if what == "killed" else handed_over)
            good = handed_over if what == "well" else data.draw(st.integers(0, handed_over), "good")
            really_good.update(labels[:good])
            if what == "well":
                queue.settle_all(entry, printed=True)
            else:
                queue.settle(entry, LastGood(labels[good - 1], "S") if good else LastGood())
            if data.draw(st.booleans(), "a new roll"):
                queue.end_roll(PRESS)
            counted = {number for one in queue.stretches(entry.number) for number in one.good_numbers}
            assert all(really_good[number] >= copies for number in counted)
        ended, progress = queue.get(entry.number), queue.progress(queue.get(entry.number))
        assert ended.outcome is QueueState.PRINTED
        assert progress.good == PACKAGES * copies
        after = sum(roll.labels + roll.spoiled for roll in queue.rolls(PRESS))
        assert after - before == progress.good + progress.spoiled
        ledger.history.verify()


def test_what_is_begun_is_begun_once(issued: Factory) -> None:
    with issued.ledger() as ledger:
        queue = ledger.print_queue
        entry = queue.add(draft(again=False))
        with pytest.raises(RefusedError):
            queue.begin_stretch(entry.number, PRESS, 3, 3)  # it was not taken
        assert queue.take(entry.number, PRESS)
        assert not queue.take(entry.number, PRESS)
        assert queue.begin_stretch(entry.number, PRESS, 4, 2)
        with pytest.raises(LedgerError):
            queue.begin_stretch(entry.number, PRESS, 4, 2)
        (stretch,) = queue.stretches(entry.number)
        assert (stretch.numbers, stretch.again, stretch.reason) == ((1, 2), False, None)
        send(ledger, make(ledger, entry, stretch), 2)
        with pytest.raises(LedgerError):
            queue.drop(entry, "no")
        with pytest.raises(InputError):
            queue.settle(entry, LastGood(3, "S3"))
        queue.settle(entry, LastGood(2, "S2"))
        with pytest.raises(LedgerError):
            queue.settle(entry, LastGood(2, "S2"))
        with pytest.raises(RefusedError):
            queue.begin_stretch(entry.number, "press-3", 4, 2)


def test_places_are_counted_over_gaps() -> None:
    pairs = [[3, 5], [9, 9], [1, 2]]
    assert [place_in(pairs, number) for number in (3, 5, 9, 2, 6)] == [1, 3, 4, 6, None]
