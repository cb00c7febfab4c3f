"""What a printer says of itself, before labels are sent and after: nothing goes to one that can't print, what came out
is counted, and whatever it answers or does not answer, the command ends. Each ends with every label on paper once, by
the command that the message gives."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

import pytest

from bss_mfg.label.printing.formats import split_formats
from bss_mfg.label.printing.sending import Patience, PrintJob, SendOutcome
from bss_mfg.label.printing.ways import open_way
from tests.helpers.commands import Outcome, advised, run_cli
from tests.helpers.factory import Factory
from tests.helpers.label_printer import WORDS, LabelPrinter, NetworkPrinter, TerminalPrinter
from tests.helpers.pace import is_soon

LABELS = 24
WAYS = ("--template", "roll-50x30", "--printer", "zpl-203")
PRINTERS: tuple[type[NetworkPrinter | TerminalPrinter], ...] = (NetworkPrinter, TerminalPrinter)


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A batch of two dozen."""
    factory.add(oob_bytes=16)
    factory.issue(LABELS)
    return factory


def labels(factory: Factory, address: str, *more: object) -> Outcome:
    return factory.cli("labels", "B1", *WAYS, "--send", address, *more)


def whole(factory: Factory) -> list[bytes]:
    """The labels of the batch, in order."""
    return split_formats((factory.root / "batches" / "B1" / "labels" / "B1-labels-0001.zpl").read_bytes(), "zpl")


def open_head(printer: LabelPrinter) -> None:
    printer.head_open = True


def no_paper(printer: LabelPrinter) -> None:
    printer.roll = 0


def no_ribbon(printer: LabelPrinter) -> None:
    printer.ribbon_out = True


def pause(printer: LabelPrinter) -> None:
    printer.paused = True


def repair(printer: LabelPrinter) -> None:
    printer.head_open = printer.ribbon_out = printer.paused = False
    printer.new_roll()


@pytest.mark.parametrize("kind", PRINTERS)
@pytest.mark.parametrize(
    ("trouble", "name"),
    [(open_head, "head or cover open"), (no_paper, "paper out"), (no_ribbon, "ribbon out"), (pause, "paused")],
)
def test_nothing_goes_to_a_printer_that_can_not_print(
    batch: Factory, kind: type[NetworkPrinter | TerminalPrinter], trouble: Callable[[LabelPrinter], None], name: str
) -> None:
    with kind() as printer:
        trouble(printer)
        refused = labels(batch, printer.address)
        assert refused.code == 6
        assert f"says: {name}: 0 of {LABELS} labels were printed" in refused.err
        assert "Nothing was printed" in refused.err
        repair(printer)
        assert printer.printed == []
        (command,) = advised(refused, whole=True)
        done = run_cli(*command)
        assert done.code == 0, done.err
        assert printer.wait_for(LABELS) == whole(batch)
    assert f"{LABELS} labels handed over to {printer.address}, and printed" in done.err


def test_who_knows_better_than_the_printer_sends_unasked(batch: Factory) -> None:
    assert batch.cli("printer", "add", "old", "--like", "zpl-203").code == 0
    path = batch.root / "printers" / "old.toml"
    path.write_text(path.read_text() + "ask_status = false\n")
    with NetworkPrinter() as printer:
        printer.paused = True
        done = batch.cli("labels", "B1", *WAYS[:2], "--printer", "old", "--send", printer.address, "--json")
        assert done.code == 0, done.err
        assert done.json["sent"] == {"to": printer.address, "labels": LABELS, "printed": None, "printer": None}
        assert printer.asked == 0


def test_the_roll_ends_with_labels_in_the_printers_memory(batch: Factory) -> None:
    """Everything is handed over; how many came out is told, and nothing is to be sent again."""
    with NetworkPrinter(roll=7) as printer:
        done = labels(batch, printer.address)
        assert done.code == 0, done.err
        assert f"{LABELS - 7} of them not printed yet; the printer says: paper out. Put in a new roll." in done.err
        assert "Leave it on: it has the rest" in done.err
        assert len(printer.printed) == 7
        assert labels(batch, printer.address).code == 4
        printer.new_roll()
        assert printer.wait_for(LABELS) == whole(batch)


def test_the_count_is_in_the_document(batch: Factory) -> None:
    with NetworkPrinter(roll=7) as printer:
        done = labels(batch, printer.address, "--labels-per-file", 10, "--json")
    assert done.json["sent"] == {"to": printer.address, "labels": LABELS, "printed": 7, "printer": "paper out"}


def test_a_roll_that_ends_before_the_printer_has_everything_is_waited_for(batch: Factory) -> None:
    with NetworkPrinter(roll=5, memory=2) as printer:
        change = threading.Timer(2.5, printer.new_roll)
        change.start()
        done = labels(batch, printer.address)
        change.join()
        assert done.code == 0, done.err
        assert printer.wait_for(LABELS) == whole(batch)


def test_after_a_power_cut_the_last_good_label_is_scanned(batch: Factory) -> None:
    """What was in the printer's memory is gone, so the count is an upper bound; a scan says where to go on."""
    with NetworkPrinter(power_cut_after=6, label_s=0.02) as printer:
        broken = labels(batch, printer.address)
        assert broken.code == 6
        assert f"of {LABELS} labels were printed" in broken.err
        assert "scan the last good label, --after SCAN --again" in broken.err
        good = len(printer.wait_for(6))
        (command,) = advised(broken, whole=True)
        at = command.index("--from")
        scan = batch.payloads()[good - 1]
        done = run_cli(*command[:at], "--after", scan, *command[at + 2 :])
        assert done.code == 0, done.err
        assert printer.wait_for(LABELS) == whole(batch)
        last = batch.cli("labels", "B1", "--after", batch.payloads()[-1], "--again")
        assert last.code == 3
        assert "is the last one" in last.err


def test_ctrl_c_while_the_printer_prints_what_it_has_stops_nothing() -> None:
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    jobs = [b"^XA^XZ\n"] * 9
    with NetworkPrinter(label_s=0.1) as printer:
        result = open_way(printer.address, "zpl").send(PrintJob(jobs), patience=Patience(tell=stop))
        assert (result.outcome, result.labels) == (SendOutcome.SENT, 9)
        assert result.status and result.status.waiting
        assert printer.wait_for(9) == jobs


def test_one_that_is_switched_off_while_it_prints_has_told_how_many_are_left() -> None:
    """All labels were handed over, so that many is the upper bound; the printer's last word bounds it from below."""
    with NetworkPrinter(power_cut_after=3, label_s=0.3) as printer:
        result = open_way(printer.address, "zpl").send(PrintJob([b"^XA^XZ\n"] * 9))
        assert (result.outcome, result.labels) == (SendOutcome.CUT_OFF, 9)
        told = re.search(r"broke the connection off .* when it had (\d) labels left to print", result.reason)
        assert told, result.reason
        assert 9 - int(told[1]) <= len(printer.printed) <= 9


LARGE = [b"^XA" + b"0" * 2_000 + b"^XZ\n"] * 60


def test_paper_that_ends_on_the_way_is_heard_of_while_it_waits() -> None:
    heard: list[str] = []
    with NetworkPrinter(roll=3, memory=30, taking_s=0.02) as printer:
        change = threading.Timer(2.0, printer.new_roll)
        change.start()
        result = open_way(printer.address, "zpl").send(
            PrintJob(LARGE), patience=Patience(poll_s=0.05, hear=heard.append)
        )
        change.join()
        assert (result.outcome, result.labels) == (SendOutcome.SENT, 60)
        assert printer.wait_for(60) == LARGE
    assert heard == ["paper out", ""]


def test_one_that_is_given_up_on_the_way_had_said_why() -> None:
    with NetworkPrinter(roll=3, memory=30, taking_s=0.02) as printer:
        result = open_way(printer.address, "zpl").send(PrintJob(LARGE), patience=Patience(silence_s=1.0, poll_s=0.05))
        assert result.outcome is SendOutcome.CUT_OFF
        assert result.reason.endswith("(timed out); it had said: paper out")
        assert 3 == len(printer.printed) <= result.labels < 60


def test_questions_on_the_way_do_not_slow_down_or_disturb() -> None:
    for answers in ("well", "slowly"):
        with NetworkPrinter(taking_s=0.005, answers=answers) as printer:
            result = open_way(printer.address, "zpl").send(PrintJob(LARGE), patience=Patience(poll_s=0.01))
            assert (result.outcome, result.labels) == (SendOutcome.SENT, 60)
            assert printer.wait_for(60) == LARGE
            assert printer.asked > 3
            assert result.status and result.status.is_idle


def test_one_that_prints_nothing_more_is_not_waited_for_without_end() -> None:
    """It has labels, says that it is ready, and prints none: as one that waits for each label to be taken."""
    with NetworkPrinter(label_s=60) as printer:
        begun = time.monotonic()
        quick = Patience(poll_s=0.05, settle_s=0.3, goodbye_s=0.1)
        result = open_way(printer.address, "zpl").send(PrintJob([b"^XA^XZ\n"] * 9), patience=quick)
        assert is_soon(time.monotonic() - begun, 10)
        assert result.outcome is SendOutcome.SENT
        assert result.status and result.status.waiting == 9
        assert printer.printed == []


@pytest.mark.parametrize("answers", ["never", "garbage", "slowly", "endlessly"])
def test_whatever_a_printer_answers_everything_is_printed(batch: Factory, answers: str) -> None:
    with NetworkPrinter(answers=answers) as printer:
        begun = time.monotonic()
        done = labels(batch, printer.address, "--json")
        assert is_soon(time.monotonic() - begun, 60)
        assert done.code == 0, done.err
        assert printer.wait_for(LABELS) == whole(batch)
        assert done.json["sent"]["printed"] == (LABELS if answers == "slowly" else None)
        assert printer.asked >= 1


def test_one_that_does_not_answer_is_asked_once_a_command(batch: Factory) -> None:
    with NetworkPrinter(answers="never") as printer:
        assert labels(batch, printer.address, "--labels-per-file", 8).code == 0
        assert printer.wait_for(LABELS) == whole_of(batch, 3)
        assert printer.asked == 1


def whole_of(factory: Factory, files: int) -> list[bytes]:
    folder = factory.root / "batches" / "B1" / "labels"
    parts = [(folder / f"B1-labels-{number:04}.zpl").read_bytes() for number in range(1, files + 1)]
    return split_formats(b"".join(parts), "zpl")


# --- every language -------------------------------------------------------------------------------------------------


OTHERS = [language for language in WORDS if language != "zpl"]


def in_language(factory: Factory, language: str, address: str, *more: object) -> Outcome:
    return factory.cli("labels", "B1", *WAYS[:2], "--printer", f"{language}-203", "--send", address, *more)


@pytest.mark.parametrize("language", OTHERS)
def test_a_printer_of_any_language_without_paper_gets_nothing(batch: Factory, language: str) -> None:
    with NetworkPrinter(language) as printer:
        no_paper(printer)
        refused = in_language(batch, language, printer.address)
        assert refused.code == 6, refused.err
        assert "says: paper out" in refused.err
        repair(printer)
        assert printer.printed == []
        (command,) = advised(refused, whole=True)
        done = run_cli(*command)
        assert done.code == 0, done.err
        (file,) = (batch.root / "batches" / "B1" / "labels").glob("B1-labels-0001.*")
        assert b"".join(printer.wait_for(LABELS)) == file.read_bytes()
        assert (", and printed" in done.err) is (language != "epl2"), "EPL2 does not say whether it prints"


@pytest.mark.parametrize("language", [one for one in OTHERS if one != "epl2"])
def test_a_power_cut_in_any_language_has_a_true_count_and_a_way_on(batch: Factory, language: str) -> None:
    """Not in EPL2: its printers don't say whether they print, so that all labels are handed over before the cut."""
    with NetworkPrinter(language, power_cut_after=6, label_s=0.02) as printer:
        broken = in_language(batch, language, printer.address)
        assert broken.code == 6, broken.err
        found = re.search(rf"at most (\d+) of {LABELS} labels were printed", broken.err)
        assert found, broken.err
        good = len(printer.wait_for(6))
        assert good <= int(found[1]) <= LABELS
        (command,) = advised(broken, whole=True)
        at = command.index("--from")
        done = run_cli(*command[:at], "--after", batch.payloads()[good - 1], *command[at + 2 :])
        assert done.code == 0, done.err
        (file,) = (batch.root / "batches" / "B1" / "labels").glob("B1-labels-0001.*")
        assert b"".join(printer.wait_for(LABELS)) == file.read_bytes()


@pytest.mark.parametrize("kind", PRINTERS)
def test_both_directions_of_a_wire_carry_tspl(batch: Factory, kind: type[NetworkPrinter | TerminalPrinter]) -> None:
    with kind("tspl", roll=9) as printer:
        done = in_language(batch, "tspl", printer.address, "--json")
        assert done.code == 0, done.err
        assert done.json["sent"]["printer"] == "paper out"
        assert done.json["sent"]["printed"] is None, "it does not say how many"
        assert len(printer.wait_for(9)) == 9


# --- printer status -------------------------------------------------------------------------------------------------


def test_a_printer_tells_its_state(factory: Factory) -> None:
    with NetworkPrinter() as printer:
        assert factory.cli("printer", "add", "line1", "--like", "zpl-203", "--address", printer.address).code == 0
        ready = factory.cli("printer", "status", "line1")
        assert (ready.code, ready.out) == (0, f"line1 at {printer.address}: ready\n")
        no_paper(printer)
        open_head(printer)
        told = factory.cli("printer", "status", "line1", "--json")
        assert told.code == 1
        assert told.json == {
            "name": "line1",
            "language": "zpl",
            "address": printer.address,
            "known": True,
            "state": "paper out, head or cover open",
            "problems": ["paper out", "head or cover open"],
            "waiting": 0,
        }
        assert "Put in a new roll. Close it." in told.err
        assert printer.printed == []


def test_a_printer_that_does_not_say_or_is_not_there(factory: Factory) -> None:
    with NetworkPrinter(answers="never") as printer:
        unknown = factory.cli("printer", "status", "zpl-203", "--address", printer.address)
        assert (unknown.code, unknown.out) == (0, f"zpl-203 at {printer.address}: unknown; it does not say\n")
    gone = factory.cli("printer", "status", "zpl-203", "--address", printer.address)
    assert gone.code == 6
    assert "no connection" in gone.err
    assert factory.cli("printer", "status", "zpl-203").code == 2
    windows = factory.cli("printer", "status", "zpl-203", "--address", "winspool:Zebra ZD420")
    assert windows.code == 3
    assert "which this system is not" in windows.err
