"""Print queues and presses: what is asked for is printed once, by one press, and counted; what goes wrong ends in one
question, and nothing is printed twice or lost without being told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.label_printer import NetworkPrinter
from tests.helpers.queued import WAYS, KnownLabels, WaitingPress, prepared, press, queue, serial, shown
from tests.helpers.raw_port import RawPort

LABELS = 60


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A factory with a batch of sixty."""
    return prepared(factory, LABELS)


@pytest.fixture
def known(batch: Factory, tmp_path: Path) -> KnownLabels:
    """Its labels."""
    return KnownLabels(batch, tmp_path / "reference")


def events(factory: Factory, *kinds: str) -> list[tuple[str, dict[str, object]]]:
    with factory.ledger() as ledger:
        return [(event.kind, dict(event.data)) for event in ledger.history.events_of(kinds)]


def all_numbers() -> list[int]:
    return list(range(1, LABELS + 1))


def test_what_is_queued_is_printed_once_and_said_so(batch: Factory, known: KnownLabels) -> None:
    asked = queue(batch, "--json")
    assert asked.code == 0, asked.err
    assert (asked.json["state"], asked.json["labels"], asked.json["number"]) == ("waiting", LABELS, 1)
    assert not list(batch.root.rglob("*.zpl"))
    with NetworkPrinter() as printer:
        done = press(batch, printer.address, "--json")
        assert done.code == 0, done.err
        assert known.numbers(printer.wait_for(LABELS)) == all_numbers()
        again = press(batch, printer.address)
        assert again.code == 0
        assert len(printer.printed) == LABELS
    record = json.loads(done.out)
    assert (record["state"], record["good"], record["spoiled"]) == ("printed", LABELS, 0)
    assert shown(batch)["state"] == "printed"
    kinds = [kind for kind, _ in events(batch, "queue added", "queue taken", "queue printed")]
    assert kinds == ["queue added", "queue taken", "queue printed"]
    with batch.ledger() as ledger:
        assert ledger.batches.counts("B1")["printed"] == LABELS
        ledger.check()


def test_a_printer_that_does_not_say_has_them_handed_over(batch: Factory) -> None:
    queue(batch)
    with NetworkPrinter(answers="never") as printer:
        assert press(batch, printer.address).code == 0
        assert shown(batch)["state"] == "handed over"


def test_typed_twice_it_is_queued_once(batch: Factory) -> None:
    assert queue(batch).code == 0
    twice = queue(batch)
    assert twice.code == 4
    assert [command[:3] for command in advised(twice)] == [["queue", "show", "1"], ["queue", "cancel", "1"]]
    assert queue(batch, "--from", serial(60), press="press-9").code == 4
    assert queue(batch, "--from", serial(60), "--again", press="press-9").code == 0
    assert [entry["number"] for entry in batch.cli("queue", "list", "--json").json] == [1, 2]


def test_labels_that_were_made_are_not_queued_unknowingly(batch: Factory) -> None:
    assert batch.cli("labels", "B1", *WAYS, "--to", serial(20)).code == 0
    assert queue(batch).code == 4
    assert queue(batch, "--from", serial(21)).code == 0
    assert shown(batch)["labels"] == 40
    assert queue(batch, "--to", serial(20), "--again").code == 0


def test_labels_made_after_they_were_queued_are_not_printed_twice(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    assert batch.cli("labels", "B1", *WAYS, "--to", serial(20)).code == 0
    with NetworkPrinter() as printer:
        refused = press(batch, printer.address)
        assert refused.code == 4
        assert not printer.printed
    assert shown(batch)["state"] == "waiting"


def test_copies_follow_each_other(batch: Factory, known: KnownLabels) -> None:
    assert queue(batch, "--copies", 2, "--collate").code == 2
    assert queue(batch, "--copies", 2).code == 0
    assert shown(batch)["labels"] == 2 * LABELS
    with NetworkPrinter() as printer:
        done = press(batch, printer.address, "--roll", 51, typed=["all", "ALL"])
        assert done.code == 0, done.err
        assert known.numbers(printer.printed) == [number for number in all_numbers() for _ in range(2)]
    assert [(one["labels"], one["good"]) for one in shown(batch)["stretches"]] == [(50, 50), (50, 50), (20, 20)]


def test_a_scan_does_not_tell_copies_of_a_label_apart(batch: Factory, known: KnownLabels) -> None:
    queue(batch, "--copies", 2)
    with NetworkPrinter() as printer:
        done = press(batch, printer.address, "--roll", 100, typed=[serial(50)])
        assert done.code == 0, done.err
        printed = known.numbers(printer.printed)
    assert printed == [number for number in [*range(1, 51), *range(50, 61)] for _ in range(2)]
    assert shown(batch)["spoiled"] == 2


def test_it_pauses_at_the_end_of_a_roll_and_counts_each(batch: Factory, known: KnownLabels) -> None:
    queue(batch, "--labels-per-file", 15)
    payloads = batch.payloads()
    with NetworkPrinter() as printer:
        done = press(
            batch, printer.address, "--roll", 25, typed=[payloads[22], payloads[47], "", "nonsense", serial(60)]
        )
        assert done.code == 0, done.err
        printed = known.numbers(printer.printed)
    # 25 on the first roll, of which 24 and 25 are spoiled; 24 to 48 on the second; the rest on the third.
    assert printed == [*range(1, 26), 24, 25, *range(26, 49), *range(49, 61)]
    rolls = batch.cli("queue", "rolls", "--json").json
    assert [(one["labels"], one["spoiled"], one["ended"]) for one in rolls] == [
        (23, 2, True),
        (25, 0, True),
        (12, 0, False),
    ]
    entry = shown(batch)
    assert (entry["state"], entry["good"], entry["spoiled"]) == ("printed", LABELS, 2)
    reasons = [one["reason"] for one in entry["stretches"] if one["reason"]]
    assert reasons == [f"printed behind the last good label, {serial(23)}"]
    ((_, spoiled),) = events(batch, "queue spoiled")
    assert (spoiled["last_good"], spoiled["labels"], spoiled["roll"]) == (serial(23), 2, 1)
    ended = [(data["roll"], data["labels"], data["spoiled"]) for _, data in events(batch, "roll ended")]
    assert ended == [(1, 23, 2), (2, 25, 0)]
    (made_again,) = [data for _, data in events(batch, "labels made again")]
    assert made_again["reason"] == reasons[0]


def test_the_last_good_label_may_lie_in_an_earlier_stretch(batch: Factory, known: KnownLabels) -> None:
    queue(batch, "--labels-per-file", 10)
    with NetworkPrinter() as printer:
        done = press(batch, printer.address, "--roll", 25, typed=[serial(8), serial(33), serial(58), ""])
        assert done.code == 0, done.err
        printed = known.numbers(printer.printed)
    assert printed == [*range(1, 26), *range(9, 61)]
    assert shown(batch)["spoiled"] == 17


@pytest.mark.parametrize("cut_after", [1, 20_000, 60_000])
def test_a_printer_that_breaks_off_is_asked_about(batch: Factory, known: KnownLabels, cut_after: int) -> None:
    queue(batch)
    with RawPort(cut_after=cut_after) as port:
        stopped = press(batch, port.address)
        assert stopped.code == 130, stopped.err
        entry = shown(batch)
        assert entry["state"] == "paused"
        came_out = known.numbers(port.received[0])
        at_most = entry["at_printer"]
        assert len(came_out) <= at_most < LABELS
        last = serial(came_out[-1]) if came_out else "none"
        done = press(batch, port.address, typed=[last])
        assert done.code == 0, done.err
        assert known.numbers(port.received[0]) + known.numbers(port.received[1:]) == all_numbers()
    entry = shown(batch)
    assert (entry["state"], entry["good"]) == ("printed", LABELS)
    assert entry["spoiled"] == at_most - len(came_out)


def test_no_label_that_went_nowhere_is_taken_for_a_good_one(batch: Factory) -> None:
    queue(batch)
    with RawPort(cut_after=20_000) as port:
        assert press(batch, port.address).code == 130
        wrong = press(batch, port.address, typed=["B1", serial(61), "ABV:OB04;UPC:1;"])
        assert wrong.code == 130
        assert len(port.received) == 1
    assert shown(batch)["state"] == "paused"


def test_a_printer_without_labels_is_waited_for(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    with NetworkPrinter(roll=0) as printer:
        stopped = press(batch, printer.address)
        assert stopped.code == 130
        assert "paper out" in stopped.err
        assert (shown(batch)["state"], shown(batch)["at_printer"]) == ("taken", 0)
        printer.new_roll(30)
        # It runs out in the midst, with all labels in its memory.
        paused = press(batch, printer.address)
        assert paused.code == 130
        assert (shown(batch)["state"], shown(batch)["at_printer"]) == ("paused", LABELS)
        printer.new_roll()
        printer.wait_for(LABELS)
        done = press(batch, printer.address, typed=[serial(LABELS)])
        assert done.code == 0, done.err
        assert known.numbers(printer.printed) == all_numbers()


def test_a_press_is_one_command_at_a_time(batch: Factory) -> None:
    queue(batch)
    with batch.ledger() as ledger, ledger.print_queue.at_work("press-2"), NetworkPrinter() as printer:
        assert press(batch, printer.address).code == 5
        assert not printer.printed


def test_what_a_press_has_taken_another_takes_over_only_on_purpose(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    with RawPort(cut_after=20_000) as port:
        assert press(batch, port.address).code == 130
    with NetworkPrinter() as printer:
        assert press(batch, printer.address, name="press-3").code == 0
        assert not printer.printed
        assert batch.cli("queue", "move", 1, "press-3").code == 4
        assert press(batch, printer.address, "--take-over", 1, name="press-3").code == 2
        over = ("--take-over", 1, "--reason", "press-2 burnt down")
        with batch.ledger() as ledger, ledger.print_queue.at_work("press-2"):
            assert press(batch, printer.address, *over, name="press-3").code == 5
        done = press(batch, printer.address, *over, typed=[serial(3)], name="press-3")
        assert done.code == 0, done.err
        assert known.numbers(printer.printed) == list(range(4, LABELS + 1))
        assert press(batch, printer.address).code == 0
        assert len(printer.printed) == LABELS - 3
    taken = events(batch, "queue taken")
    assert [(data["press"], data.get("from"), data.get("reason")) for _, data in taken] == [
        ("press-2", None, None),
        ("press-3", "press-2", "press-2 burnt down"),
    ]


def test_what_waits_is_moved_and_cancelled(batch: Factory) -> None:
    queue(batch)
    assert batch.cli("queue", "move", 1, "press-3", "--json").json["press"] == "press-3"
    with NetworkPrinter() as printer:
        assert press(batch, printer.address).code == 0
        assert not printer.printed
        cancelled = batch.cli("queue", "cancel", 1, "--reason", "wrong template", "--json")
        assert (cancelled.code, cancelled.json["state"]) == (0, "cancelled")
        assert press(batch, printer.address, name="press-3").code == 0
        assert not printer.printed
    assert batch.cli("queue", "cancel", 1, "--reason", "again").code == 4
    assert batch.cli("queue", "move", 1, "press-2").code == 4
    assert batch.cli("queue", "show", 7).code == 3
    assert queue(batch).code == 0


def test_what_was_cancelled_while_it_was_paused_ends_there(batch: Factory) -> None:
    queue(batch)
    with RawPort(cut_after=20_000) as port:
        assert press(batch, port.address).code == 130
        assert batch.cli("queue", "cancel", 1, "--reason", "not needed").code == 0
        assert press(batch, port.address).code == 0
        assert len(port.received) == 1
    with batch.ledger() as ledger:
        ledger.check()


def test_another_template_of_the_same_name_is_refused(batch: Factory) -> None:
    copied = batch.cli("template", "copy", "roll-50x30", "own")
    assert copied.code == 0, copied.err
    assert batch.cli("labels", "B1", "--template", "own", "--printer", "zpl-203", "--queue", "press-2").code == 0
    file = batch.root / "templates" / "own.toml"
    before = file.read_text("utf-8")
    file.write_text(before.replace('title = "', 'title = "New ', 1), "utf-8")
    with NetworkPrinter() as printer:
        refused = press(batch, printer.address)
        assert refused.code == 4, refused.err
        assert not printer.printed
        assert shown(batch)["state"] == "waiting"
        file.write_text(before, "utf-8")
        assert press(batch, printer.address).code == 0
        assert len(printer.wait_for(LABELS)) == LABELS


def test_another_printer_than_the_one_asked_for_is_refused(batch: Factory) -> None:
    queue(batch)
    with NetworkPrinter() as printer:
        assert press(batch, printer.address, "--printer", "zpl-300").code == 4
        assert press(batch, printer.address, "--printer", "zpl-203").code == 0


def test_a_unit_that_was_scrapped_meanwhile_gets_no_label(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    assert batch.cli("scrap", "B1", serial(5), "--reason", "dropped").code == 0
    with NetworkPrinter() as printer:
        assert press(batch, printer.address).code == 0
        assert known.numbers(printer.printed) == [number for number in all_numbers() if number != 5]
    assert (shown(batch)["state"], shown(batch)["good"]) == ("printed", LABELS - 1)


def test_two_presses_share_a_batch(batch: Factory, known: KnownLabels) -> None:
    queue(batch, "--to", serial(30))
    queue(batch, "--from", serial(31), press="press-3")
    with NetworkPrinter() as one, NetworkPrinter() as other:
        assert press(batch, other.address, name="press-3").code == 0
        assert press(batch, one.address).code == 0
        assert known.numbers(one.printed) == list(range(1, 31))
        assert known.numbers(other.printed) == list(range(31, 61))


def test_the_same_labels_again_on_purpose_are_printed_again(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    with NetworkPrinter() as printer:
        assert press(batch, printer.address).code == 0
        assert queue(batch).code == 4
        assert queue(batch, "--again").code == 0
        done = press(batch, printer.address)
        assert done.code == 0, done.err
        assert known.numbers(printer.printed) == 2 * all_numbers()


def test_a_label_file_that_is_gone_is_made_again_if_it_was_never_sent(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    with RawPort(listen=False) as port:
        assert press(batch, port.address).code == 130
    (file,) = (batch.root / "batches" / "B1" / "labels").glob("*.zpl")
    file.unlink()
    with NetworkPrinter() as printer:
        done = press(batch, printer.address)
        assert done.code == 0, done.err
        assert known.numbers(printer.printed) == all_numbers()


def test_a_press_that_waits_prints_what_comes_and_passes_over_what_it_cannot(
    batch: Factory, known: KnownLabels
) -> None:
    assert batch.cli("template", "copy", "roll-50x30", "own").code == 0
    own = ("--template", "own", "--printer", "zpl-203", "--from", serial(31))
    assert batch.cli("labels", "B1", *own, "--queue", "press-2").code == 0
    file = batch.root / "templates" / "own.toml"
    file.write_text(file.read_text("utf-8").replace('title = "', 'title = "New ', 1), "utf-8")
    with NetworkPrinter() as printer, WaitingPress(batch, printer.address) as waiting:
        for number, (first, last) in enumerate([(1, 10), (11, 30)], 2):
            assert queue(batch, "--from", serial(first), "--to", serial(last)).code == 0
            entry = waiting.ended()
            assert (entry["number"], entry["state"], entry["good"]) == (number, "printed", last - first + 1)
        assert waiting.interrupt() == 0
        assert known.numbers(printer.printed) == list(range(1, 31))
    assert [entry["state"] for entry in batch.cli("queue", "list", "--json").json] == ["waiting"]


def test_a_reprint_is_printed_at_a_press_with_its_reason(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    with NetworkPrinter() as printer:
        assert press(batch, printer.address).code == 0
        torn = ("reprint", "B1", serial(17), serial(3), "--reason", "torn")
        assert batch.cli(*torn, "--queue", "press-2", "--send", printer.address).code == 2
        asked = batch.cli(*torn, "--queue", "press-2", "--json")
        assert asked.code == 0, asked.err
        assert (asked.json["labels"], asked.json["reason"], asked.json["state"]) == (2, "torn", "waiting")
        done = press(batch, printer.address)
        assert done.code == 0, done.err
        assert known.numbers(printer.wait_for(LABELS + 2))[LABELS:] == [17, 3]
    (again,) = [data for _, data in events(batch, "labels reprinted")]
    assert (again["reason"], again["serials"], again["numbers"]) == (
        "torn",
        [serial(17), serial(3)],
        [[17, 17], [3, 3]],
    )
    assert batch.rows("SELECT number FROM package WHERE prints = 2 ORDER BY number") == [(3,), (17,)]
    assert batch.cli("ledger", "check").code == 0


def test_a_reprint_that_is_spoiled_at_the_press_is_printed_again(batch: Factory, known: KnownLabels) -> None:
    queue(batch)
    with NetworkPrinter() as printer:
        assert press(batch, printer.address).code == 0
    asked = batch.cli("reprint", "B1", serial(5), serial(6), "--reason", "torn", "--queue", "press-2")
    assert asked.code == 0, asked.err
    with NetworkPrinter(roll=1) as printer:
        assert press(batch, printer.address).code == 130
        printer.new_roll()
        printer.wait_for(2)
        done = press(batch, printer.address, typed=["none"])
        assert done.code == 0, done.err
        assert known.numbers(printer.wait_for(4)) == [5, 6, 5, 6]
    reasons = [data["reason"] for _, data in events(batch, "labels reprinted")]
    assert reasons == ["torn", "no label was good"]
    assert batch.cli("ledger", "check").code == 0


def test_a_sheet_is_not_printed_as_one_label_unless_somebody_asked_for_that(batch: Factory) -> None:
    sheet = ("labels", "B1", "--template", "sheet-a4-24", "--queue", "press-2")
    assert batch.cli(*sheet, "--to", serial(24)).code == 0
    with NetworkPrinter() as printer:
        refused = press(batch, printer.address, "--printer", "zpl-203")
        assert refused.code == 4
        assert not printer.printed
        assert ["template", "list"] in advised(refused)
        named = batch.cli(*sheet, "--from", serial(25), "--to", serial(48), "--printer", "zpl-203")
        assert (named.code, "Warning" in named.err) == (0, True)
        assert batch.cli("queue", "cancel", 1, "--reason", "a sheet").code == 0
        assert press(batch, printer.address).code == 0
        assert len(printer.wait_for(1)) == 1
    direct = batch.cli("labels", "B1", "--template", "sheet-a4-24", "--printer", "zpl-203", "--again")
    assert (direct.code, "Warning" in direct.err) == (0, True)
    pdf = batch.cli("labels", "B1", "--template", "sheet-a4-24", "--printer", "pdf-300", "--again")
    assert (pdf.code, "Warning" in pdf.err) == (0, False)


def test_the_list_tells_times_in_the_zone_of_the_factory(batch: Factory) -> None:
    settings = batch.root / "bss-mfg.toml"
    settings.write_text(settings.read_text().replace('station = ""', 'station = ""\ntimezone = "Asia/Kathmandu"'))
    queue(batch)
    with batch.ledger() as ledger:
        assert ledger.print_queue.take(1, "press-2")
    assert "+05:45" in batch.cli("queue", "list").out
