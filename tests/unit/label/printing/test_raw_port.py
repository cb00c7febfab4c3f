"""A printer's raw port: addresses, what it took, when it is given up."""

from __future__ import annotations

import socket

import pytest

from bss_mfg.errors import InputError
from bss_mfg.label.printing.raw_port import SendOutcome, SendResult, parse_address, send_to_raw_port, split_formats
from tests.helpers.raw_port import END, RawPort

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


@pytest.mark.parametrize("address", BAD)
def test_bad_addresses_are_named(address: str) -> None:
    with pytest.raises(InputError, match="a printer address") as caught:
        parse_address(address)
    assert "tcp://HOST:9100" in str(caught.value)


def test_good_addresses() -> None:
    assert parse_address("tcp://printer-3.line.example") == ("printer-3.line.example", 9100)
    assert parse_address("tcp://10.0.0.7:6101/") == ("10.0.0.7", 6101)
    assert parse_address("tcp://[fe80::1]:9100") == ("fe80::1", 9100)


def test_a_printer_that_never_hangs_up_has_taken_everything() -> None:
    with RawPort(hold=True) as port:
        assert send_to_raw_port(port.address, [b"one^XZ\n"], timeout_s=0.3) == SendResult(1, 7)
        assert port.received == [b"one^XZ\n"]


def test_a_printer_that_stalls_is_given_up() -> None:
    with RawPort(stall=True) as port:
        result = send_to_raw_port(port.address, [bytes(10_000) + END] * 1000, timeout_s=0.5)
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

    def __enter__(self) -> Taking:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("bytes_taken", "most"), [(1, 0), (5, 0), (6, 1), (7, 1), (12, 1), (13, 2), (20, 3)])
def test_a_label_counts_from_its_last_command_on(monkeypatch: pytest.MonkeyPatch, bytes_taken: int, most: int) -> None:
    """Its line end need not have gone out: the bound is an upper one at every single byte."""
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: Taking(bytes_taken))
    result = send_to_raw_port("tcp://printer", split_formats(b"one^XZ\ntwo^XZ\nend^XZ\n", "zpl"))
    assert (result.labels, result.bytes_sent) == (most, bytes_taken)
