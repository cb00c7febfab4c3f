"""Readers of what is sent: scanners' lines, PDUs of devices, answers of printers, requests of browsers, sealed fields;
and of programming files that come back."""

from __future__ import annotations

import contextlib
import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bss_mfg import gs1
from bss_mfg.errors import ValueProblem
from tests.fuzz import wire_corpus as corpus
from tests.fuzz.reader import FuzzedReader, file_of, require, told
from tests.helpers import air


def _pieces(data: bytes) -> Iterator[bytes]:
    """Pieces that have their length in front, the last as long as it is."""
    while data:
        yield data[1 : 1 + data[0]]
        data = data[1 + data[0] :]


def _beacon(data: bytes, folder: Path) -> None:
    from bss_mfg.device.beacon import Beacon, swapped, uuid_fault

    for read in (Beacon.from_service_data, Beacon.from_mesh_beacon):
        with contextlib.suppress(ValueProblem):
            if found := read(data):
                require(data in (found.service_data, found.mesh_beacon), found)
                _ = (swapped(found.uuid), uuid_fault(found.uuid))


def _pdu(data: bytes, folder: Path) -> None:
    from bss_mfg.device.pdu import decode, encode

    require(encode(decode(data)) == data, data)


def _exchange(data: bytes, folder: Path) -> None:
    """Who has not the key proves nothing: a device that is believed said what the one with the key says."""
    way = tuple(air.WAYS)[data[0] % len(air.WAYS)] if data else "32-bytes-hmac"
    session, pieces = corpus.session(way), list(_pieces(data[1:]))
    session.begin()
    for piece in pieces:
        session.receive(piece)
    session.time_out()
    # What is reserved in Capabilities, and their numbers, are the device's to say; what was confirmed has them.
    require(not session.verdict.proven or tuple(pieces[:4]) == corpus.proof(way), session.verdict)


def _proxy(data: bytes, folder: Path) -> None:
    from bss_mfg.device.proxy_pdu import LONGEST_MESSAGE, Reassembler

    link = Reassembler()
    for piece in _pieces(data):
        message = link.add(piece)
        require(message is None or len(message) <= LONGEST_MESSAGE, message)


def _ipp(data: bytes, folder: Path) -> None:
    from bss_mfg.label.printing.ipp_messages import decode_answer
    from bss_mfg.label.printing.ipp_queue import read_printer_status

    try:
        answer = decode_answer(data)
    except ValueError:  # what the queue makes an error of its own of
        return
    repr(read_printer_status(answer)).encode()


class _Page:
    """The server of a page for phones: nobody is let in, reads of the one that is are answered."""

    origin, files, state = corpus.ORIGIN, {}, {"batch": "B1"}  # type: ignore[var-annotated]

    @property
    def access(self) -> _Page:
        return self

    def known(self, session: str) -> str | None:
        return "phone" if session == "phone" else None

    def redeem(self, token: str) -> str | None:
        return None

    def submit(self, request: Any) -> bool:
        request.answered.set_result({"answers": []})
        return True


class _Line:
    """A connection that brings a request, and takes what is answered."""

    def __init__(self, data: bytes) -> None:
        self._data, self.answer = data, bytearray()

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)

    def sendall(self, data: bytes) -> None:
        self.answer += data

    def settimeout(self, _: float) -> None:
        """It never waits."""


def _page_request(data: bytes, folder: Path) -> None:
    from bss_mfg.station.phone.handler import PhoneHandler

    line = _Line(data)
    PhoneHandler(line, ("192.0.2.9", 1), _Page())  # type: ignore[arg-type]
    answer = bytes(line.answer)
    if data.startswith((b"GET", b"POST")) and b" 200 " in answer.split(b"\r\n", 1)[0]:
        require(b"192.0.2.1:8443" in data, answer)


class _Issued:
    """The strings of a small batch."""

    starts: Sequence[str] = ("ABV:OB04;SN:G00000",)

    def is_known(self, text: str) -> bool:
        from bss_mfg.verify.scanned import strip_scanner_marks

        return strip_scanner_marks(text)[0] in corpus.ISSUED

    def by_uuid(self, value: uuid.UUID) -> str:
        return next((one for one in corpus.ISSUED if value.hex in one), "")

    def by_shape(self, length: int, same: Sequence[tuple[int, int]]) -> Sequence[str]:
        return [one for one in corpus.ISSUED if len(one) == length and all(one[a] == one[b] for a, b in same)]

    def by_parts(self, parts: Sequence[str]) -> Sequence[str]:
        return [one for one in corpus.ISSUED if any(part in one for part in parts)]


def _scanner(data: bytes, folder: Path) -> None:
    """From what a terminal gets to what is said of a read that was not issued."""
    from bss_mfg.station.keystrokes import Keystrokes
    from bss_mfg.station.own_codes import _values
    from bss_mfg.verify.keyboards.detect import detect_keyboard
    from bss_mfg.verify.scanned import WedgeLine
    from bss_mfg.verify.scanner_settings import detect_scanner_setting, detect_split

    keys, issued = Keystrokes(), _Issued()
    happened = [*keys.feed(data, 1.0), *keys.tick(2.0), *keys.rest()]
    lines = [one for one in happened if isinstance(one, str)]
    detect_split(lines[:20], issued.is_known)
    for line in lines[:20]:
        text = WedgeLine(line).text
        list(_values(text))
        for read in (gs1.read_element_string, gs1.read_digital_link):
            with contextlib.suppress(ValueError):
                elements = read(text)
                require(all(one.ai.isascii() for one in elements), elements)
        if issued.is_known(text):
            continue
        setting, keyboard = detect_scanner_setting(text, issued.is_known, issued.starts), detect_keyboard(text, issued)
        require(setting is None or issued.is_known(setting.text), setting)
        require(keyboard is None or not keyboard.text or issued.is_known(keyboard.text), keyboard)


def _unit_list(data: bytes, folder: Path) -> None:
    from bss_mfg.cli.unit_names import given_names

    for name in given_names([f"@{file_of(folder, 'units.txt', data)}"]):
        (name.text + name.where).encode()


def _programming(data: bytes, folder: Path) -> None:
    forms = tuple(corpus.programming_formats().values())
    form = forms[data[0] % len(forms)] if data else forms[0]
    for unit in form.read(data[1:]):
        require(unit.uuid and len(unit.key) in (16, 32), form.name)


def _sealed(data: bytes, folder: Path) -> None:
    suites = corpus.suites()
    suite, private, _ = suites[data[0] % len(suites)] if data else suites[0]
    require(suite.open(private, data[1:]) == corpus.PLAINTEXT, suite.scheme.kind)


WIRE_READERS: Mapping[str, FuzzedReader] = {
    "beacon": FuzzedReader(_beacon, corpus.beacons),
    "mesh-pdu": FuzzedReader(told(_pdu), corpus.pdus),
    "mesh-exchange": FuzzedReader(_exchange, corpus.exchanges),
    "proxy-pdu": FuzzedReader(told(_proxy), corpus.proxy_pdus),
    "ipp-answer": FuzzedReader(_ipp, corpus.ipp_answers),
    "page-request": FuzzedReader(_page_request, corpus.page_requests, "text"),
    "scanner-lines": FuzzedReader(_scanner, corpus.scanner_bytes, "text"),
    "unit-list": FuzzedReader(_unit_list, corpus.unit_lists, "text"),
    "programming-file": FuzzedReader(_programming, corpus.programming_files, "text"),
    "sealed-field": FuzzedReader(_sealed, corpus.sealed_fields),
}
