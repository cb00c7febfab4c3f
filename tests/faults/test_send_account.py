"""One account of a command that sends: what came out over all files, what is left, and a line that goes on with it."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from bss_mfg.label.printing.formats import split_formats
from tests.helpers.commands import Outcome, advised, run_cli
from tests.helpers.factory import Factory
from tests.helpers.raw_port import END, Manners, RawPort

WAYS = ("--template", "roll-50x30", "--printer", "zpl-203")
LABELS = 60


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A batch of sixty."""
    factory.add(oob_bytes=16)
    factory.issue(LABELS)
    return factory


def labels(factory: Factory, address: str, *more: object) -> Outcome:
    return factory.cli("labels", "B1", *WAYS, "--labels-per-file", 20, "--send", address, *more)


def file_of(factory: Factory, number: int, stem: str = "labels") -> Path:
    return factory.root / "batches" / "B1" / "labels" / f"B1-{stem}-{number:04d}.zpl"


def serial(number: int) -> str:
    return f"ebK3{number:08}"


def cut_in_the_second_file(factory: Factory, port: RawPort) -> tuple[Outcome, int]:
    """A printer that is switched off in the second of three files: what was said, and how many labels it counts."""
    outcome = labels(factory, port.address)
    assert outcome.code == 6, outcome.err
    found = re.search(r"at most (\d+) of 60 labels were printed; (\d+) are left, from (\w+) on", outcome.err)
    assert found, outcome.err
    assert int(found[1]) + int(found[2]) == LABELS
    assert found[3] == serial(int(found[1]) + 1)
    return outcome, int(found[1])


def test_the_account_is_of_the_whole_command_and_its_line_goes_on(batch: Factory) -> None:
    with RawPort(cut_after=5_000, cut_in=2) as port:
        broken, most = cut_in_the_second_file(batch, port)
        assert 20 < most < 40
        assert "(B1-labels-0002.zpl, and 1 file was not sent)" in broken.err
        (command,) = advised(broken, whole=True)
        assert command[command.index("--from") + 1] == serial(most + 1)
        assert {"--again", "--send", port.address} < set(command)
        # The same command again says the same line, and sends nothing.
        again = labels(batch, port.address)
        assert again.code == 4
        assert advised(again, whole=True) == [command]
        assert len(port.received) == 2
        done = run_cli(*command)
        assert done.code == 0, done.err
        assert b"".join(port.taken(4)[2:]).count(END) == LABELS - most
        # Nothing is left: neither by the first command nor without options.
        for more in (labels(batch, port.address), batch.cli("labels", "B1", "--send", port.address)):
            assert more.code == 4, more.err
        assert len(port.received) == 4
    assert not file_of(batch, 3).exists(), "superseded"
    assert file_of(batch, 2).exists(), "it keeps the labels before the cut"


def test_a_file_cut_off_after_its_last_label_is_done_once_the_rest_was_sent(batch: Factory) -> None:
    """The printer is switched off when it has all labels of the first file: its rest lies in the other files."""
    size = len(split_formats(file_of_one(batch), "zpl"))
    assert size == 20
    with RawPort(cut_after=len(file_of_one(batch)) - 1) as port:
        broken = labels(batch, port.address)
        assert broken.code == 6
        assert "at most 20 of 60 labels were printed; 40 are left" in broken.err
        (command,) = advised(broken, whole=True)
        again = labels(batch, port.address)  # the control: the rest is still open
        assert (again.code, advised(again, whole=True)) == (4, [command])
        assert run_cli(*command).code == 0
        handed = len(port.received)
        for more in (labels(batch, port.address), batch.cli("labels", "B1", "--send", port.address)):
            assert more.code == 4, more.err
            assert "--from ebK3" not in more.err
        assert len(port.received) == handed


def file_of_one(factory: Factory) -> bytes:
    """The bytes of the first label file, from a copy of the workspace."""
    copy = factory.copied(factory.root.with_name(f"copy {uuid.uuid4()}"))
    assert copy.cli("labels", "B1", *WAYS, "--labels-per-file", 20).code == 0
    return file_of(copy, 1).read_bytes()


def test_a_repeat_goes_on_with_unsent_files(batch: Factory) -> None:
    """The printer was off from the second file on; nothing of it was printed."""

    class OffAfterTheFirst(RawPort):
        def _take(self, connection: object) -> None:  # type: ignore[override]
            super()._take(connection)  # type: ignore[arg-type]
            self._socket.close()
            self._over.set()

    with OffAfterTheFirst() as port:
        broken = labels(batch, port.address)
        assert broken.code == 6
        assert "20 of 60 labels were printed; 40 are left, from ebK300000021 on" in broken.err
        assert "Nothing was printed" not in broken.err
        ((*command,),) = advised(broken, whole=True)
        assert "--again" not in command
    with RawPort() as port:
        at = command.index("--send") + 1
        command[at] = port.address  # the printer is on again
        done = run_cli(*command)
        assert done.code == 0, done.err
        assert "Passed over: 1 file sent before, B1-labels-0001.zpl" in done.err
        assert "OK: 40 labels handed over" in done.err
        assert port.taken(2) == [file_of(batch, number).read_bytes() for number in (2, 3)]


def test_an_unfinished_sending_again_goes_on_where_it_was(batch: Factory) -> None:
    """All was sent once, and is sent once more on purpose; the printer breaks off. The files behind were sent before,
    but not this time."""
    with RawPort() as port:
        assert labels(batch, port.address).code == 0
    with RawPort(listen=False) as port:
        broken = labels(batch, port.address, "--again")
        assert broken.code == 6
        assert "0 of 60 labels" in broken.err
        assert "Nothing was printed; check the printer and run the command again" in broken.err
        (command,) = advised(broken, whole=True)
        port.listen()
        done = run_cli(*command)
        assert done.code == 0, done.err
        assert b"".join(port.taken(3)).count(END) == LABELS


def test_only_some_labels_and_a_reprint_have_lines_that_go_on(batch: Factory) -> None:
    some = [serial(number) for number in (3, 9, 11)]
    with RawPort(cut_after=1) as port:
        broken = batch.cli("labels", "B1", *WAYS, *(part for one in some for part in ("--only", one)),
                           "--send", port.address)  # fmt: skip
        assert broken.code == 6
        (command,) = advised(broken, whole=True)
        left = [word for word in command if word in some]
        assert left and left == some[len(some) - len(left) :]
        assert run_cli(*command).code == 0
        assert port.taken(2)[1].count(END) == len(left)
    with RawPort(cut_after=1) as port:
        broken = batch.cli("reprint", "B1", *some, "--reason", "it's torn", "--send", port.address)
        assert broken.code == 6
        (command,) = advised(broken, whole=True)
        assert command[command.index("--reason") + 1] == "it's torn"
        assert run_cli(*command).code == 0


def test_a_scrapped_unit_on_the_way_is_left_out_of_the_rest(batch: Factory) -> None:
    with RawPort(cut_after=1) as port:
        broken = labels(batch, port.address)
        assert broken.code == 6
        assert batch.cli("scrap", "B1", serial(50), "--reason", "dropped").code == 0
        (command,) = advised(broken, whole=True)
        done = run_cli(*command)
        assert done.code == 0, done.err
        assert "Left out: 1 package" in done.err


def test_ctrl_c_gives_the_count_and_is_remembered(batch: Factory) -> None:
    with RawPort(stall=True) as port:
        running = subprocess.Popen(
            batch.command("labels", "B1", *WAYS, "--send", port.address), stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 60
        while not port.received and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    found = re.search(r"stopped: at most (\d+) of 60 labels were printed; \d+ are left, from (\w+) on", err)
    assert found, err
    with batch.ledger() as ledger:
        *_, last = ledger.history.events("B1")
    assert (last.kind, last.data["labels"]) == ("labels cut off", int(found[1]))


def test_patience_is_a_setting_of_the_printer(batch: Factory) -> None:
    assert batch.cli("printer", "add", "zebra", "--like", "zpl-203").code == 0
    path = batch.root / "printers" / "zebra.toml"
    path.write_text(path.read_text() + "patience_s = 1\n")
    assert batch.cli("printer", "show", "zebra", "--json").json["patience_s"] == 1
    with RawPort(stall=True) as port:
        done = batch.cli("labels", "B1", "--template", "roll-50x30", "--printer", "zebra", "--send", port.address)
    assert done.code == 6
    assert "took nothing for" in done.err
    path.write_text(path.read_text().replace("patience_s = 1", "patience_s = 0"))
    assert batch.cli("printer", "show", "zebra").code == 3


def test_waiting_is_shown(batch: Factory) -> None:
    with RawPort(manners=Manners(roll_change=(20_000, 12.0))) as port:
        done = batch.cli("labels", "B1", *WAYS, "--send", port.address)
    assert done.code == 0, done.err
    assert re.search(r"waiting for the printer \(00:1\d, Ctrl-C to stop\)", done.err)


def test_what_no_printer_takes_is_not_sent(batch: Factory) -> None:
    with RawPort() as port:
        for printer in ("pdf-300", "png-300"):
            done = batch.cli("labels", "B1", "--printer", printer, "--send", port.address)
            assert done.code == 3
            assert "a raw port takes a printer's own language" in done.err
        assert not (batch.root / "batches" / "B1").exists(), "nothing was made, no folder is left"
        assert batch.cli("printer", "add", "office", "--like", "pdf-300", "--address", port.address).code == 0
        assert batch.cli("labels", "B1", "--printer", "office", "--send").code == 0, "it says that it takes PDF"


# --- run --send -----------------------------------------------------------------------------------------------------


def run(factory: Factory, address: str, *more: object) -> Outcome:
    return factory.cli("run", "bulb", "--units", LABELS, "--id", "B1", *WAYS, "--send", address, *more)


def test_a_run_sends_its_labels_once(batch: Factory) -> None:
    with RawPort() as port:
        done = run(batch, port.address, "--json")
        assert done.code == 0, done.err
        assert done.json["sent"] == {"to": port.address, "labels": LABELS}
        for again in (run(batch, port.address, "--json"), batch.cli("run", "--resume", "B1", "--json")):
            assert again.code == 0, again.err
            assert again.json["sent"]["labels"] == 0
            assert again.json["changed"] is False
        assert port.taken() == [file_of(batch, 1).read_bytes()]


def test_a_finished_run_sends_no_labels_that_others_made_since(batch: Factory) -> None:
    with RawPort() as port:
        assert run(batch, port.address).code == 0
        assert batch.cli("labels", "B1", "--again", "--labels-per-file", 20).code == 0
        again = batch.cli("run", "--resume", "B1", "--json")
        assert again.code == 0, again.err
        assert again.json["sent"] is None
        assert "labels B1 --send" in again.json["left_out"]["send"]
        assert len(port.received) == 1


def test_a_run_that_sent_its_labels_does_not_ask_to_print_them(batch: Factory) -> None:
    with RawPort() as port:
        done = run(batch, port.address)
    assert done.code == 0, done.err
    assert "they are at the printer" in done.err
    assert "print them" not in done.err


def test_a_run_that_was_cut_off_goes_on_to_its_end(batch: Factory) -> None:
    with RawPort(cut_after=40_000) as port:
        broken = run(batch, port.address)
        assert broken.code == 6
        labels_line, resume = advised(broken, whole=True)[-2:]
        assert resume[-3:] == ["run", "--resume", "B1"]
        refused = batch.cli(*resume)
        assert refused.code == 4, "the rest is not sent unasked"
        done = run_cli(*labels_line)
        assert done.code == 0, done.err
        ended = batch.cli(*resume, "--json")
        assert ended.code == 0, ended.err
        assert ended.json["sent"]["labels"] == 0
        assert ended.json["traveller"]
        assert len(port.received) == 2


def test_a_run_whose_printer_is_off_is_resumed(batch: Factory) -> None:
    with RawPort(listen=False) as port:
        broken = run(batch, port.address)
        assert broken.code == 6
        assert broken.err.count("run --resume B1") == 1, "the way out is said once"
        port.listen()
        done = batch.cli(*advised(broken)[-1], "--json")
        assert done.code == 0, done.err
        assert done.json["sent"]["labels"] == LABELS


def test_a_run_can_be_sent_later(batch: Factory) -> None:
    assert batch.cli("run", "bulb", "--units", LABELS, "--id", "B1", *WAYS).code == 0
    with RawPort() as port:
        done = batch.cli("run", "--resume", "B1", "--send", port.address, "--json")
        assert done.code == 0, done.err
        assert done.json["sent"]["labels"] == LABELS


def test_a_run_for_pdf_is_not_sent_and_nothing_is_begun(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    done = factory.cli("run", "bulb", "--units", 4, "--id", "B1", "--send", "tcp://127.0.0.1:9")
    assert done.code == 3
    assert "makes PDF files" in done.err
    assert not (factory.root / "batches" / "B1").exists()


def test_a_plan_names_the_sending(batch: Factory) -> None:
    plan = run(batch, "tcp://127.0.0.1:9", "--plan", "--json").json
    assert plan["steps"] == ["issue", "labels", "send", "manifest", "traveller"]
