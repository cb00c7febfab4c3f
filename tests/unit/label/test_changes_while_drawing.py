"""Labels are drawn from what the ledger said a moment ago: whoever changes the batch meanwhile is noticed, by one of
the two, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.errors import RefusedError
from bss_mfg.label import make
from tests.helpers.factory import Factory, a_read


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Three files of two labels."""
    factory.add(oob_bytes=16)
    factory.issue(6)
    return factory


def files(factory: Factory) -> set[str]:
    return {path.name for path in (factory.root / "batches/B1/labels").glob("*.pdf")}


def between(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Do something after a file was drawn and before it is put in place."""
    real = make.make_label_file

    def drawn(task: make.LabelFileTask) -> make.MadeLabelFile:
        made = real(task)
        if task.name == name:
            act()
        return made

    monkeypatch.setattr(make, "make_label_file", drawn)


def make_all(line: Factory, **wanted: object) -> None:
    line.label(template="roll-50x30", labels_per_file=2, again=False, **wanted)  # type: ignore[arg-type]


ACTS: dict[str, Callable[[Factory], object]] = {
    "scrap": lambda line: line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped"),
    "replace": lambda line: (
        line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped"),
        line.cli("replace", "B1", "ebK300000003", "--reason", "dropped"),
    ),
    "ship": lambda line: line.cli("ship", "B1", "ebK300000003", "--for", "pallet 17"),
    "close": lambda line: line.cli("close", "B1", "--in-hand", 1, "--unprinted", 3, "--reason", "x"),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_changed_while_a_file_was_drawn_is_not_printed(
    line: Factory, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    with line.ledger() as ledger:
        ledger.reads.record("B1", [a_read(3)])  # printed by others, so it can be shipped
    between(monkeypatch, "B1-labels-0002.pdf", lambda: ACTS[act](line))
    if act == "close":
        between(monkeypatch, "B1-labels-0002.pdf", lambda: close_rightly(line))
    with pytest.raises(RefusedError) as refused:
        make_all(line)
    assert files(line) == {"B1-labels-0001.pdf"}
    with line.ledger() as ledger:
        assert [part.file for part in ledger.prints.label_files("B1")] == ["B1-labels-0001.pdf"]
        assert ledger.batches.counts("B1")["printed"] == (3 if act != "replace" else 2)
        ledger.check()
    assert ("was closed at" in refused.value.what) == (act == "close")
    monkeypatch.undo()
    if act == "close":
        assert line.cli("batch", "reopen", "B1", "--reason", "labels were on their way").code == 0
    make_all(line)  # the way out: the same again
    assert len(files(line)) == 3
    with line.ledger() as ledger:
        ledger.check()


def close_rightly(line: Factory) -> None:
    """Two printed labels of the first file in hand, one read; three were never printed."""
    done = line.cli("close", "B1", "--in-hand", 2, "--unprinted", 3, "--reason", "sold elsewhere")
    assert done.code == 0, done.err


@pytest.mark.parametrize("act", ["scrap", "replace", "ship", "close"])
def test_what_changes_after_a_file_is_in_place_finds_it_printed(
    line: Factory, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """The other order: the label is there, and counted."""
    make_all(line)
    with line.ledger() as ledger:
        ledger.reads.record("B1", [a_read(package) for package in range(1, 7)])
    assert ACTS[act](line)
    with line.ledger() as ledger:
        assert ledger.batches.balance("B1").printed == 6
        ledger.check()


def test_the_history_says_which_labels_a_file_holds(line: Factory) -> None:
    line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped")
    line.label(template="roll-50x30", labels_per_file=4, again=False)
    line.label(template="roll-50x30", numbers=(6, 2), again=False, purpose="reprint", stem="reprint-001")
    with line.ledger() as ledger:
        told = [event.data.get("numbers") for event in ledger.history.events_of(("labels made", "labels reprinted"))]
        ledger.check()
    assert told == [[[1, 2], [4, 4]], None, [[6, 6], [2, 2]]]


def test_a_kill_between_file_and_ledger_is_taken_up(line: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is in place, the transaction was not committed."""
    from bss_mfg.ledger.prints import PrintStore

    real = PrintStore.record

    def killed(self: PrintStore, *arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PrintStore, "record", killed)
    with pytest.raises(KeyboardInterrupt):
        make_all(line)
    assert files(line) == {"B1-labels-0001.pdf"}
    monkeypatch.setattr(PrintStore, "record", real)
    make_all(line)
    with line.ledger() as ledger:
        assert ledger.batches.counts("B1")["printed"] == 6
        ledger.check()


def test_closed_is_closed_for_whoever_asked_before(
    line: Factory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """scrap and replace ask inside their transaction, too: what was open a moment ago is asked again."""
    from bss_mfg.ledger.batches import BatchStore

    asked: list[bool] = []
    real = BatchStore.refuse_closed

    def noted(self: BatchStore, batch_id: str) -> None:
        asked.append(self._db.in_transaction)
        real(self, batch_id)

    monkeypatch.setattr(BatchStore, "refuse_closed", noted)
    assert line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped").code == 0
    assert line.cli("replace", "B1", "ebK300000003", "--reason", "dropped").code == 0
    assert asked == [True, True]
