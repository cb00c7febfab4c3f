"""The states of a batch follow from its history: derived by walking it, they are what the tables hold, and a table that
says otherwise is named."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.errors import BssError, LedgerError
from bss_mfg.ledger import replay
from bss_mfg.ledger.backup import inspect_copy
from bss_mfg.ledger.events import LabelRead, ReadSubject
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.read_effects import ReadEffect, effect_of
from bss_mfg.station.answers import ScanWord
from bss_mfg.verify.findings import FindingKind
from tests.helpers.factory import Factory


def a_read_of(package: int, verdict: str, of: ReadSubject) -> LabelRead:
    return LabelRead(verdict=verdict, package=package, file="x", page=1, x_mm=None, y_mm=None, of=of)


def test_each_verdict_has_its_effect() -> None:
    right = {FindingKind.MATCHED, ScanWord.OK.lower(), ScanWord.COMPLETE.lower()}
    wrong = {
        FindingKind.UNREADABLE, FindingKind.MISMATCHED, FindingKind.MISPRINTED, FindingKind.CONTENT,
        FindingKind.BELOW_GRADE, ScanWord.WRONG_LABEL.lower(), ScanWord.SCRAPPED.lower(),
    }  # fmt: skip
    words = {*map(str, FindingKind), *(word.lower() for word in ScanWord)}
    for word in words:
        expected = ReadEffect.RIGHT if word in right else ReadEffect.WRONG if word in wrong else ReadEffect.NONE
        assert effect_of(word) is expected, word


@pytest.fixture(scope="module")
def lived(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of eight packages of two after a random life."""
    factory = new_factory()
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(16)
    chance = random.Random(5)
    for step in range(80):
        with factory.ledger() as ledger:
            package = ledger.packages.get("B1", chance.randrange(1, 9))
            serial = package.units[chance.randrange(2)].serial
        try:
            act(factory, chance, package.number, serial, step)
        except BssError:
            continue  # what may not be done
    assert factory.cli("retire", "B1", "--acknowledged", "letter").code in (0, 4)
    return factory


def act(factory: Factory, chance: random.Random, number: int, serial: str, step: int) -> None:
    match chance.choice(["print", "reprint", "scrap", "replace", "ship", "back", *["read"] * 4]):
        case "print":
            factory.label(template="minimal", folder=factory.root / f"labels-{step}", labels_per_file=5)
        case "reprint":
            numbers = (number, number % 8 + 1)
            factory.label(template="minimal", numbers=numbers, purpose="reprint", stem=f"reprint-{step:03d}")
        case "scrap":
            factory.cli("scrap", "B1", serial, "--reason", "dropped")
        case "replace":
            factory.cli("scrap", "B1", serial, "--reason", "dropped")
            factory.cli("replace", "B1", serial, "--reason", "dropped")
        case "ship":
            factory.cli("ship", "B1", "--verified", "--for", f"pallet {step}")
        case "back":
            factory.cli("ship", "B1", serial, "--returned")
        case _:
            verdicts = chance.choices(["matched", "ok", "unreadable", "wrong label", "already", "duplicate"], k=3)
            with factory.ledger() as ledger:
                ledger.reads.record(
                    "B1",
                    [a_read_of(chance.randrange(1, 9), word, chance.choice(["file", "print"])) for word in verdicts],
                )


def test_the_tables_hold_what_the_history_says(lived: Factory) -> None:
    with lived.ledger() as ledger:
        ledger.check()
        counts = ledger.batches.counts("B1")
    assert min(counts[name] for name in ("printed", "file_verified", "print_verified", "scrapped", "replaced")) > 0


def test_the_counts_are_those_of_the_history(lived: Factory) -> None:
    with lived.ledger() as ledger:
        states = replay.replay_batch(ledger._db, 1, "B1")
        counts = ledger.batches.counts("B1")
        assert counts["shipped"] == sum(states.shipped)
        assert counts["file_verified"] == sum(times > 0 for times in states.file_verified)
        assert counts["scrapped"] == sum(states.scrapped)
        assert [ledger.reads.times_verified("B1", number) for number in range(1, 9)] == list(states.print_verified[1:])


LIES = {
    "prints": "UPDATE package SET prints = prints + 1 WHERE number = 3",
    "file": "UPDATE package SET file_verified = CASE file_verified WHEN 0 THEN 1 ELSE 0 END WHERE number = 3",
    "print": "UPDATE package SET print_verified = CASE print_verified WHEN 0 THEN 1 ELSE 0 END WHERE number = 3",
    "shipped": "UPDATE package SET shipped = 1 - shipped WHERE number = 3",
    "scrapped": "UPDATE unit SET scrapped = 1 - scrapped WHERE number = 5",
    "closed": "UPDATE batch SET closed_at = CASE WHEN closed_at IS NULL THEN '2026-01-01T00:00:00Z' END",
    "superseded": "UPDATE superseded SET prints = prints + 1 WHERE revision = 1",
    "print of superseded": (
        "UPDATE superseded SET print_verified = CASE print_verified WHEN 0 THEN 1 ELSE 0 END WHERE revision = 1"
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_table_that_says_otherwise_is_named(lived: Factory, tmp_path: Path, lie: str) -> None:
    """Fails without the replay: the chain of the history is whole, and so is the database."""
    factory = lived.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        assert database.execute(LIES[lie]).rowcount > 0
    done = factory.cli("ledger", "check")
    assert done.code == 5
    assert "batch B1 is not as its history says" in done.err
    if "package" in LIES[lie]:
        assert "package 3" in done.err
    if factory.workspace.ledger_file.exists():
        assert factory.cli("ledger", "restore", factory.root / "ledger.db", "--check").code == 5
        with pytest.raises(LedgerError):
            inspect_copy(factory.root / "ledger.db")


def test_a_check_does_not_take_others_work_for_a_lie(lived: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that comes between the history and the tables; seen again while nobody writes, all is right."""
    real, once = replay.replay_batch, [True]

    def interrupted(*arguments: object) -> replay.BatchStates:
        states = real(*arguments)  # type: ignore[arg-type]
        if once and once.pop():
            with lived.ledger() as other:
                other.reads.record("B1", [a_read_of(n, "matched", "print") for n in range(1, 9)])
                other.reads.record("B1", [a_read_of(n, "unreadable", "file") for n in range(1, 9)])
        return states

    monkeypatch.setattr(replay, "replay_batch", interrupted)
    with lived.ledger() as ledger:
        ledger.check()
    assert not once


def test_memory_does_not_grow_with_the_history(factory: Factory) -> None:
    """Ten bytes a package and one a unit; events come and go."""
    factory.add(oob_bytes=16)
    factory.issue(3_000)
    with factory.ledger() as ledger:
        for _ in range(4):
            ledger.reads.record("B1", [a_read_of(number, "matched", "print") for number in range(1, 3_001)])
        events = ledger.history.head()[0]
        assert events > 12_000
        tracemalloc.start()
        replay.contradictions(ledger._db, 1, "B1")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4_000_000, peak
    assert events * 300 > 3_000_000


@pytest.mark.sqlite
def test_a_ledger_that_was_never_checked_so_is(tmp_path: Path, lived: Factory) -> None:
    """A copy made by `ledger backup` is checked so, too."""
    assert lived.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    with Ledger.open(tmp_path / "copy.db", lived.ledger().actor) as ledger:
        assert ledger.check() > 0
