"""Printers behind device files: what is none, FIFOs that are read well and badly, a serial port that keeps bytes."""

from __future__ import annotations

import os
import pty
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bss_mfg.label.printing.sending import Patience, PrintJob, SendOutcome, SendResult
from bss_mfg.label.printing.ways import open_way
from tests.helpers.pace import PATIENCE
from tests.helpers.raw_port import END

LABEL = bytes(range(256)) * 8 + END
QUICK = Patience(silence_s=1.0, poll_s=0.05, goodbye_s=0.2, answer_s=0.3)


def send(path: object, labels: int, patience: Patience = QUICK, language: str = "") -> SendResult:
    return open_way(f"lp:{path}", language).send(PrintJob([LABEL] * labels), patience=patience)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A FIFO."""
    path = tmp_path / "lp0"
    os.mkfifo(path)
    return path


class Reader:
    """A program that reads a FIFO as `reads` says, in a thread."""

    def __init__(self, path: Path, reads: Callable[[int, list[bytes]], None]) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.got: list[bytes] = []
        os.set_blocking(self._descriptor, True)
        self._thread = threading.Thread(target=lambda: reads(self._descriptor, self.got))

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(PATIENCE)


def to_the_end(descriptor: int, got: list[bytes]) -> None:
    time.sleep(0.1)  # until there is a writer
    while piece := os.read(descriptor, 4096):
        got.append(piece)
    os.close(descriptor)


def slowly(descriptor: int, got: list[bytes]) -> None:
    time.sleep(0.7)
    to_the_end(descriptor, got)


def half(descriptor: int, got: list[bytes]) -> None:
    time.sleep(0.1)
    while sum(map(len, got)) < 30_000:
        got.append(os.read(descriptor, 4096))
    os.close(descriptor)


@pytest.mark.parametrize("reads", [to_the_end, slowly])
def test_a_fifo_gets_every_byte(fifo: Path, reads: Callable[[int, list[bytes]], None]) -> None:
    patient = replace(QUICK, silence_s=30)  # a busy machine wakes the reader late
    with Reader(fifo, reads) as reader:
        assert send(fifo, 60, patient, language="zpl") == SendResult(60, 60 * len(LABEL))
    assert b"".join(reader.got).replace(b"~HS\r\n", b"") == LABEL * 60


def test_a_reader_that_leaves_in_the_midst(fifo: Path) -> None:
    with Reader(fifo, half) as reader:
        result = send(fifo, 100)
    assert result.outcome is SendOutcome.CUT_OFF
    assert "broke the connection off" in result.reason
    assert sum(map(len, reader.got)) // len(LABEL) <= result.labels < 100


def test_a_reader_that_leaves_with_the_last_labels_in_the_fifo(fifo: Path) -> None:
    """Everything was handed to the system, and nobody will take the end of it."""
    with Reader(fifo, half):
        result = send(fifo, 25)
    assert result.outcome is SendOutcome.CUT_OFF
    assert result.labels <= 25


def test_a_reader_that_stalls_is_given_up(fifo: Path) -> None:
    descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = send(fifo, 100)
    finally:
        os.close(descriptor)
    assert result.outcome is SendOutcome.CUT_OFF
    assert "took nothing for" in result.reason
    assert result.labels == result.bytes_sent // len(LABEL)


def test_a_fifo_that_nobody_reads(fifo: Path) -> None:
    result = send(fifo, 1)
    assert (result.outcome, result.bytes_sent) == (SendOutcome.NOT_SENT, 0)
    assert "nothing reads it" in result.reason


def test_what_is_no_device(tmp_path: Path) -> None:
    file = tmp_path / "labels.zpl"
    file.write_bytes(b"mine")
    for path, words in (
        (file, "neither a character device nor a FIFO"),
        (tmp_path, "neither"),
        (tmp_path / "no", "no such"),
    ):
        result = send(path, 1)
        assert result.outcome is SendOutcome.NOT_SENT
        assert words in result.reason
    assert file.read_bytes() == b"mine"


def test_a_serial_port_changes_no_byte() -> None:
    """A terminal would turn line feeds into two characters, and 03 into an interrupt."""
    ours, theirs = pty.openpty()
    got: list[bytes] = []

    def read() -> None:
        while sum(map(len, got)) < 20 * len(LABEL):
            got.append(os.read(ours, 4096))

    reader = threading.Thread(target=read)
    reader.start()
    result = send(os.ttyname(theirs), 20)
    reader.join(PATIENCE)
    os.close(theirs)
    os.close(ours)
    assert (result.outcome, result.labels) == (SendOutcome.SENT, 20)
    assert b"".join(got) == LABEL * 20


def test_a_printer_in_the_null_device_takes_everything() -> None:
    assert send("/dev/null", 3).outcome is SendOutcome.SENT
