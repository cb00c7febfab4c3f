"""Sending to a printer's raw port: real sockets that take, refuse, stall and break off; labels never go out twice
without being asked for, and the history has what was handed over."""

from __future__ import annotations

import csv
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.core.text import count_words
from bss_mfg.label.printing.formats import split_formats
from bss_mfg.label.printing.raw_port import TRIES
from bss_mfg.label.printing.sending import PrintJob, SendResult
from bss_mfg.label.printing.ways import open_way
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.raw_port import END, RawPort

LABELS = 60


WAYS = ("--template", "roll-50x30", "--printer", "zpl-203")


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A factory with a batch of sixty."""
    factory.add(oob_bytes=16)
    factory.issue(LABELS)
    return factory


def labels(factory: Factory, address: str, *more: str) -> Outcome:
    return factory.cli("labels", "B1", *WAYS, "--send", address, *more)


def history(factory: Factory) -> list[tuple[str, Mapping[str, Any]]]:
    """What the ledger has of how sending ended, in order."""
    with factory.ledger() as ledger:
        return [
            (event.kind, event.data)
            for event in ledger.history.events("B1")
            if event.kind in ("labels sent", "labels cut off")
        ]


def file_of(factory: Factory, stem: str = "labels") -> Path:
    return factory.root / "batches" / "B1" / "labels" / f"B1-{stem}-0001.zpl"


def serials(factory: Factory) -> list[str]:
    """The serials in the order of the labels, from the index beside the files."""
    with (factory.root / "batches" / "B1" / "labels" / "B1-labels.csv").open(newline="") as index:
        return [row["serials"] for row in csv.DictReader(index)]


def test_a_printer_gets_the_file_octet_for_octet(batch: Factory) -> None:
    with RawPort() as port:
        done = labels(batch, port.address, "--json")
        assert done.code == 0, done.err
        (data,) = port.taken()
    assert data == file_of(batch).read_bytes()
    assert data.count(END) == LABELS
    assert done.json["sent"] == {"to": port.address, "labels": LABELS, "printed": LABELS, "printer": "ready"}
    ((kind, event),) = history(batch)
    assert kind == "labels sent"
    assert (event["labels"], event["of"], event["octets"]) == (LABELS, LABELS, len(data))
    assert (event["to"], event["file"]) == (port.address, file_of(batch).name)


def test_a_file_is_not_sent_twice(batch: Factory) -> None:
    with RawPort() as port:
        assert labels(batch, port.address).code == 0
        again = labels(batch, port.address)
        assert again.code == 4
        assert f"B1-labels-0001.zpl was sent to a printer before ({LABELS} labels handed over)" in again.err
        assert "--again" in again.err
        assert "--from SERIAL" in again.err
        assert len(port.received) == 1, "the printer is not even called"
        assert [kind for kind, _ in history(batch)] == ["labels sent"]
        on_purpose = labels(batch, port.address, "--again")
        assert on_purpose.code == 0, on_purpose.err
        one, two = port.taken(2)
    assert one == two == file_of(batch).read_bytes()
    assert [kind for kind, _ in history(batch)] == ["labels sent", "labels sent"]


def test_labels_made_before_can_be_sent_later(batch: Factory) -> None:
    made = batch.cli("labels", "B1", *WAYS)
    assert made.code == 0, made.err
    assert history(batch) == []
    stamp = file_of(batch).stat().st_mtime_ns
    with RawPort() as port:
        sent = labels(batch, port.address)
        assert sent.code == 0, sent.err
        assert port.taken() == [file_of(batch).read_bytes()]
    assert file_of(batch).stat().st_mtime_ns == stamp


def test_every_file_of_a_run_is_sent_in_order(batch: Factory) -> None:
    with RawPort() as port:
        done = labels(batch, port.address, "--labels-per-file", "25", "--json")
        assert done.code == 0, done.err
        files = port.taken(3)
    assert files == [Path(path).read_bytes() for path in done.json["files"]]
    assert [data.count(END) for data in files] == [25, 25, 10]
    assert done.json["sent"]["labels"] == LABELS
    assert [event["labels"] for _, event in history(batch)] == [25, 25, 10]


def test_a_printer_that_wakes_up_late_is_called_again(batch: Factory) -> None:
    """Two connections are refused, the third one is taken: nothing is lost and nothing is sent twice."""
    waits: list[float] = []
    with RawPort(listen=False) as port:

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                port.listen()

        result = open_way(port.address, sleep=sleep).send(PrintJob([b"one^XZ\n", b"two^XZ\n"]))
        assert port.taken() == [b"one^XZ\ntwo^XZ\n"]
    assert result == SendResult(2, 14)
    assert len(waits) == 2
    assert waits[1] > waits[0] > 0, "each wait is longer than the one before"

    with RawPort(listen=False) as port:

        def listen_late() -> None:
            # The index is written last of all before the printer is called.
            deadline = time.monotonic() + 60
            while not file_of(batch).with_name("B1-labels.csv").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.6)
            port.listen()

        late = threading.Thread(target=listen_late)
        late.start()
        done = labels(batch, port.address)
        late.join()
        assert done.code == 0, done.err
        assert port.taken() == [file_of(batch).read_bytes()]


def test_nothing_listens(batch: Factory) -> None:
    """No connection: no label is out, so nothing is recorded and the same command may simply be run again."""
    with RawPort(listen=False) as port:
        done = labels(batch, port.address)
        assert done.code == 6
        host = port.address.removeprefix("tcp://")
        assert f"no connection to {host} in {TRIES} tries (connection refused)" in done.err
        assert "Nothing was printed; check the printer and run the command again" in done.err
        assert "Traceback" not in done.err
        assert history(batch) == []
        assert file_of(batch).exists()
        port.listen()
        assert labels(batch, port.address).code == 0
        assert port.taken() == [file_of(batch).read_bytes()]


@pytest.mark.parametrize("cut_after", [1, 40_000, 100_000])
def test_a_printer_that_breaks_off(batch: Factory, cut_after: int) -> None:
    """The count is an upper bound of what can lie in the tray; going on takes a look and an explicit serial."""
    with RawPort(cut_after=cut_after) as port:
        broken = labels(batch, port.address)
        assert broken.code == 6
        assert "Traceback" not in broken.err
        (data,) = port.taken()
        whole = file_of(batch).read_bytes()
        assert data == whole[:cut_after]
        found = re.search(rf"at most (\d+) of {LABELS} labels were printed; .* \(B1-labels-0001\.zpl\)", broken.err)
        assert found, broken.err
        most, complete = int(found[1]), data.count(b"^XZ")
        # What the printer has is never more; what was under way is no more than the buffers hold.
        assert complete <= most < LABELS
        assert (most - complete) * len(whole) / LABELS < 100_000
        assert "broke the connection off" in broken.err
        assert "--from SERIAL --again" in broken.err
        ((kind, event),) = history(batch)
        assert kind == "labels cut off"
        assert (event["labels"], event["of"]) == (most, LABELS)
        assert cut_after <= event["octets"] < len(whole)

        refused = labels(batch, port.address)
        assert refused.code == 4
        assert (
            f"B1-labels-0001.zpl was sent to a printer before ({count_words(most, 'label')} handed over)" in refused.err
        )
        assert "--from SERIAL --again" in refused.err
        assert len(port.received) == 1
        assert len(history(batch)) == 1

        serial = serials(batch)[complete]
        rest = labels(batch, port.address, "--from", serial, "--again")
        assert rest.code == 0, rest.err
        _, tail = port.taken(2)
    assert tail == file_of(batch, f"labels-from-{serial}").read_bytes()
    # Together with the good ones of the first try, every label once, and the same dots as the first time.
    assert split_formats(data, "zpl")[:complete] + split_formats(tail, "zpl") == split_formats(whole, "zpl")
    kind, event = history(batch)[-1]
    assert (kind, event["labels"]) == ("labels sent", LABELS - complete)


def test_files_after_a_break_are_not_sent(batch: Factory) -> None:
    with RawPort(cut_after=10_000) as port:
        broken = labels(batch, port.address, "--labels-per-file", "20")
        assert broken.code == 6
        assert re.search(
            r"of 60 labels were printed; .* \(B1-labels-0001\.zpl, and 2 files were not sent\)", broken.err
        )
        assert len(port.taken()) == 1
    assert [(kind, event["file"]) for kind, event in history(batch)] == [("labels cut off", "B1-labels-0001.zpl")]


def test_labels_are_counted_on_sheets_too(factory: Factory) -> None:
    """A format is a page; with 24 labels on it, "at most 1 label" would be far from an upper bound."""
    factory.add(oob_bytes=16)
    factory.issue(26)
    with RawPort() as port:
        done = factory.cli(
            "labels", "B1", "--template", "sheet-a4-24", "--printer", "zpl-203", "--send", port.address, "--json"
        )
        assert done.code == 0, done.err
        assert port.taken()[0].count(END) == done.json["pages"] == 2
    assert done.json["sent"]["labels"] == 26
    assert history(factory)[0][1]["labels"] == 26


def test_a_label_can_be_reprinted_and_sent_as_often_as_needed(batch: Factory) -> None:
    """A reprint has its own reason and its own file; that its dots went out before is what a reprint is."""
    assert batch.cli("labels", "B1", *WAYS).code == 0
    serial = serials(batch)[3]
    with RawPort() as port:
        for number in (1, 2):
            done = batch.cli("reprint", "B1", serial, "--reason", f"torn {number}", "--send", port.address)
            assert done.code == 0, done.err
        one, two = port.taken(2)
    assert one == two
    assert one.count(END) == 1


BAD = (
    "http://127.0.0.1:9100",
    "127.0.0.1:9100",
    "tcp://",
    "tcp://:9100",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:65536",
    "tcp://127.0.0.1:",
    "tcp://two words:9100",
    "tcp://127.0.0.1:9100/queue",
    "tcp://user@127.0.0.1:9100",
)


@pytest.mark.parametrize("address", [BAD[0], BAD[4]])
def test_a_bad_address_is_an_error_of_input(batch: Factory, address: str) -> None:
    done = labels(batch, address)
    assert done.code == 3
    assert "a printer address" in done.err
    assert address in done.err
    assert history(batch) == []


@pytest.mark.parametrize("address", ["", "printer"])
def test_no_address_is_never_taken_for_not_sending(batch: Factory, address: str) -> None:
    """`--send "$PRINTER"` with an empty variable, and `--send` for a printer without address."""
    done = labels(batch, address)
    assert done.code in (2, 3), done.err
    assert "address" in done.err
