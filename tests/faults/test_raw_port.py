"""A printer's raw port: addresses, what it took, when it is given up."""

from __future__ import annotations

import socket
import sys
import time

import pytest

from bss_mfg.errors import InputError
from bss_mfg.label.printing.formats import split_formats
from bss_mfg.label.printing.sending import PATIENT, Patience, PrintJob, SendOutcome, SendResult
from bss_mfg.label.printing.ways import open_way
from bss_mfg.label.template.printer_address import parse_address
from tests.helpers.pace import PATIENCE, is_soon
from tests.helpers.raw_port import END, Manners, RawPort


def send_to_raw_port(address: str, formats: list[bytes], patience: Patience = PATIENT) -> SendResult:
    """Send to a printer that is not asked for its state."""
    return open_way(address).send(PrintJob(formats), patience=patience)


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
    "ipp://",
    "ipp://host:0/ipp/print",
    "ipp://host/two words",
    "cups://",
    "cups://two words",
    "usb:lp0",
    "lp:",
    "winspool:",
    "winspool:  ",
    "ftp://host",
)


@pytest.mark.parametrize("address", BAD)
def test_bad_addresses_are_named(address: str) -> None:
    with pytest.raises(InputError, match="a printer address") as caught:
        parse_address(address)
    assert "tcp://HOST:9100" in str(caught.value)


def test_good_addresses() -> None:
    for text, host, port in (
        ("tcp://printer-3.line.example", "printer-3.line.example", 9100),
        ("tcp://10.0.0.7:6101/", "10.0.0.7", 6101),
        ("tcp://[fe80::1]:9100", "fe80::1", 9100),
    ):
        found = parse_address(text)
        assert (found.scheme, found.host, found.port) == ("tcp", host, port)
    for text, scheme, host, port, path in (
        ("ipp://10.0.0.7", "ipp", "10.0.0.7", 631, "/ipp/print"),
        ("ipps://[fe80::1]:8631/printers/a-b.c", "ipps", "fe80::1", 8631, "/printers/a-b.c"),
        ("cups://zebra_2", "ipp", "localhost", 631, "/printers/zebra_2"),
        ("cups://office:8631/zebra", "ipp", "office", 8631, "/printers/zebra"),
    ):
        found = parse_address(text)
        assert (found.scheme, found.host, found.port, found.path) == (scheme, host, port, path)
    for text, scheme, name in (
        ("usb:/dev/usb/lp0", "device", "/dev/usb/lp0"),
        ("lp:/dev/lp0", "device", "/dev/lp0"),
        ("winspool:Zebra ZD420 (2)", "winspool", "Zebra ZD420 (2)"),
    ):
        found = parse_address(text)
        assert (found.scheme, found.name) == (scheme, name)


def test_a_printer_that_never_hangs_up_has_taken_everything() -> None:
    with RawPort(hold=True) as port:
        assert send_to_raw_port(port.address, [b"one^XZ\n"], patience=Patience(goodbye_s=0.3)) == SendResult(1, 7)
        assert port.received == [b"one^XZ\n"]


def test_a_printer_that_stalls_is_given_up() -> None:
    with RawPort(stall=True) as port:
        result = send_to_raw_port(
            port.address, [bytes(10_000) + END] * 1000, patience=Patience(silence_s=0.5, poll_s=0.1)
        )
    assert result.outcome is SendOutcome.CUT_OFF
    assert "timed out" in result.reason
    assert 0 < result.bytes_sent < 10_004_000
    assert result.labels <= result.bytes_sent // 10_003 + 1


class Taking:
    """A connection that takes so many bytes and breaks."""

    def __init__(self, bytes_taken: int) -> None:
        self._left = bytes_taken

    def send(self, data: memoryview) -> int:
        taken = min(len(data), self._left)
        if not taken:
            raise ConnectionResetError(104, "Connection reset by peer")
        self._left -= taken
        return taken

    def setsockopt(self, *_: object) -> None:
        pass

    def settimeout(self, _: float) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("bytes_taken", "most"), [(1, 0), (5, 0), (6, 1), (7, 1), (12, 1), (13, 2), (20, 3)])
def test_a_label_counts_from_its_last_command_on(monkeypatch: pytest.MonkeyPatch, bytes_taken: int, most: int) -> None:
    """Its line end need not have gone out: the bound is an upper one at every single byte."""
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: Taking(bytes_taken))
    result = send_to_raw_port("tcp://printer", split_formats(b"one^XZ\ntwo^XZ\nend^XZ\n", "zpl"))
    assert (result.labels, result.bytes_sent) == (most, bytes_taken)


LABEL = bytes(2_000) + END
QUICK = Patience(silence_s=5, label_s=1.0, pause_s=0.2, goodbye_s=0.5, poll_s=0.05)


def test_a_roll_change_is_waited_for_without_limit() -> None:
    told: list[float] = []
    patience = Patience(poll_s=0.05, pause_s=0.1, label_s=1.0, goodbye_s=0.5, tell=told.append)
    with RawPort(manners=Manners(roll_change=(20_000, 2.0))) as port:
        assert send_to_raw_port(port.address, [LABEL] * 60, patience=patience) == SendResult(60, 60 * len(LABEL))
        assert port.received == [LABEL * 60]
    assert max(told) > 1.0


def test_a_roll_change_at_the_end_is_waited_for_too() -> None:
    """What this machine still keeps is not lost when the program ends."""
    with RawPort(manners=Manners(roll_change=(1, 2.0))) as port:
        begun = time.monotonic()
        result = send_to_raw_port(port.address, [LABEL] * 6, patience=Patience(poll_s=0.05, goodbye_s=0.5))
        assert result == SendResult(6, 6 * len(LABEL))
        if sys.platform.startswith("linux"):
            assert time.monotonic() - begun > 1.0
            assert port.received == [LABEL * 6]


@pytest.mark.parametrize("deaf", [False, True])
def test_a_printer_that_talks_without_end(deaf: bool) -> None:
    with RawPort(manners=Manners(talks=True, deaf=deaf)) as port:
        begun = time.monotonic()
        assert send_to_raw_port(port.address, [LABEL] * 60, patience=QUICK) == SendResult(60, 60 * len(LABEL))
        assert is_soon(time.monotonic() - begun, 30)
        assert port.received == [LABEL * 60]


def test_a_printer_that_takes_hardly_anything_is_given_up() -> None:
    """Each piece is progress, so no silence is long; but no label comes of it."""
    label = bytes(2_000_000) + END
    with RawPort(manners=Manners(read_at_once=200, pause_s=0.02)) as port:
        result = send_to_raw_port(port.address, [label], patience=QUICK)
    assert result.outcome is SendOutcome.CUT_OFF
    assert "takes hardly anything" in result.reason
    assert result.labels == 0


def test_a_slow_printer_that_finishes_labels_is_let_be() -> None:
    with RawPort(manners=Manners(read_at_once=2_000, pause_s=0.02)) as port:
        assert send_to_raw_port(port.address, [LABEL] * 100, patience=QUICK).outcome is SendOutcome.SENT


def test_a_printer_that_hangs_up_in_the_midst_of_a_label() -> None:
    with RawPort(manners=Manners(close_after=30_000)) as port:
        result = send_to_raw_port(port.address, [LABEL] * 100, patience=QUICK)
    assert result.outcome is SendOutcome.CUT_OFF
    assert "broke the connection off" in result.reason
    assert result.bytes_sent >= 30_000
    assert 15 <= result.labels < 100


def test_a_printer_that_shuts_its_own_side_still_gets_everything() -> None:
    with RawPort(manners=Manners(half_closes=True)) as port:
        assert send_to_raw_port(port.address, [LABEL] * 60, patience=QUICK) == SendResult(60, 60 * len(LABEL))
        deadline = time.monotonic() + PATIENCE
        while port.received != [LABEL * 60] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert port.received == [LABEL * 60]


def test_a_printer_switched_off_while_the_rest_waits_here_is_noticed() -> None:
    """Everything was handed to the system, and nothing of it will ever be taken."""
    with RawPort(cut_after=1, manners=Manners(pause_s=0.5)) as port:
        begun = time.monotonic()
        result = send_to_raw_port(port.address, [LABEL] * 6, patience=Patience(silence_s=20, poll_s=0.05))
        assert is_soon(time.monotonic() - begun, 10)
    assert result.outcome is SendOutcome.CUT_OFF
    assert "connection reset by peer" in result.reason


def test_ctrl_c_gives_the_count() -> None:
    def stop(seconds: float) -> None:
        if seconds > 0.3:
            raise KeyboardInterrupt

    with RawPort(stall=True) as port:
        result = send_to_raw_port(port.address, [LABEL] * 1_000, patience=Patience(poll_s=0.05, tell=stop))
    assert result.outcome is SendOutcome.STOPPED
    assert 0 < result.labels < 1_000
    assert result.bytes_sent // len(LABEL) == result.labels
