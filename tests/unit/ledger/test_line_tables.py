"""What a line of stations keeps beside batches: print queues, cartons and pallets, flashers, claims, published files. A
row that was changed by hand is named by `ledger check`, though chain and database are whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.core import clock
from bss_mfg.errors import LedgerError
from bss_mfg.ledger import queue_check
from bss_mfg.ledger.packing_records import LogisticUnit
from tests.helpers.factory import Factory
from tests.helpers.line_life import TWO, live_at_flashers, live_at_presses, live_at_tables
from tests.helpers.packing import hall


@pytest.fixture(scope="module")
def lived(new_factory: Callable[[], Factory]) -> Factory:
    """Queues, cartons, pallets and claims in every state."""
    factory = hall(new_factory())
    with factory.ledger() as ledger:
        live_at_presses(ledger)
        live_at_tables(ledger)
        live_at_flashers(factory, ledger)
        ledger.prints.supersede([ledger.prints.made_files("B")[0].file])
    assert factory.cli("ledger", "publish").code == 0
    assert factory.cli("close", "C").code == 0
    return factory


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
MOMENTS = {
    "batch issued later": "UPDATE batch SET created_at = '2999-01-01T00:00:00Z' WHERE id = 'A'",
    "batch issued a year earlier": "UPDATE batch SET created_at = '2026-01-01T00:00:00Z' WHERE id = 'A'",
    "batch closed later": "UPDATE batch SET closed_at = '2999-01-01T00:00:00Z' WHERE id = 'C'",
    "carton begun earlier": "UPDATE logistic_unit SET opened_at = '2026-01-01T00:00:00Z' WHERE no = 4",
    "pallet begun later": "UPDATE logistic_unit SET opened_at = '2999-01-01T00:00:00Z' WHERE no = 3",
    "carton closed earlier": "UPDATE logistic_unit SET closed_at = '2026-01-01T00:00:00Z' WHERE no = 2",
    "closed at no time": "UPDATE logistic_unit SET closed_at = 'yesterday' WHERE no = 2",
    "pallet closed later": "UPDATE logistic_unit SET closed_at = '2999-01-01T00:00:00Z' WHERE no = 3",
    "released earlier": "UPDATE release SET at = '2026-01-01T00:00:00Z'",
    "asked for earlier": "UPDATE queued SET at = '2026-01-01T00:00:00Z' WHERE no = 3",
    "taken earlier": "UPDATE queued SET taken_at = '2026-01-01T00:00:00Z' WHERE no = 1",
    "cancelled later": "UPDATE queued SET ended_at = '2999-01-01T00:00:00Z' WHERE no = 2",
    "printed before it was asked for": "UPDATE stretch SET at = '2026-01-01T00:00:00Z' WHERE queued = 1 AND no = 1",
    "printed after its end": "UPDATE stretch SET at = '2999-01-01T00:00:00Z' WHERE queued = 1 AND no = 1",
    "superseded earlier": "UPDATE printed SET superseded_at = '2026-01-01T00:00:00Z' WHERE superseded_at IS NOT NULL",
}
LIES |= MOMENTS


@pytest.mark.parametrize("lie", LIES)
def test_a_row_that_was_changed_by_hand_is_found(lived: Factory, tmp_path: Path, lie: str) -> None:
    """Fails without the comparison: the chain of the history is whole, and so is the database."""
    factory = lived.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        assert database.execute(LIES[lie]).rowcount > 0
    assert factory.cli("ledger", "check").code == 5


@pytest.mark.parametrize("lie", ["carton closed earlier", "pallet begun later", "printed after its end"])
def test_without_the_comparison_a_wrong_moment_passes(
    lived: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    """The control: nothing else looks at them."""
    factory = lived.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        database.execute(LIES[lie])
    monkeypatch.setattr("bss_mfg.ledger.ledger.check_row_times", lambda *_: None)
    with factory.ledger() as ledger:
        ledger.check()


def test_a_clock_that_was_set_back_is_told_and_damages_nothing(
    lived: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year earlier, then right again: one step back. A minute is what clocks of stations may differ by."""
    factory = lived.copied(tmp_path / "w")
    now = datetime.now(UTC)
    for moment in (now - timedelta(minutes=1), now - timedelta(days=365)):
        assert factory.cli("ledger", "check", "--json").json["steps_back"] == 0
        with monkeypatch.context() as patched, factory.ledger() as ledger:
            patched.setattr(clock, "now", lambda moment=moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
            assert isinstance(ledger.packing.pack(("A", 6), "T1", TWO), LogisticUnit)
            assert isinstance(ledger.packing.unpack(("A", 6)), LogisticUnit)
    told = factory.cli("ledger", "check", "--json")
    assert (told.code, told.json["steps_back"]) == (0, 1)
    assert told.json["first_step_back"]["at"].startswith(str(now.year - 1))
    assert "a station's clock was wrong" in factory.cli("ledger", "check").err


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
