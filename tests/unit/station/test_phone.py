"""The page for phones: who is let in, what is taken from the network, what a label counts that is seen many times."""

from __future__ import annotations

import base64
import datetime as dt
import json
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.errors import InputError
from bss_mfg.lan.addresses import host_in_url, own_address
from bss_mfg.lan.certificate import station_certificate
from bss_mfg.lan.page_server import MOST_OF_ONE_ADDRESS
from bss_mfg.station.answers import ScanAnswer, ScanWord, Tone
from bss_mfg.station.phone.access import MOST_PHONES, PhoneAccess
from bss_mfg.station.phone.desk import DeskNames, PhoneDesk
from bss_mfg.station.phone.handler import COOKIE
from bss_mfg.station.phone.messages import MOST_BODY, BadMessageError, PhoneRead, parse_reads, parse_token
from bss_mfg.station.phone.page_files import page_files
from bss_mfg.station.phone.server import PhoneServer
from bss_mfg.station.phone.sightings import Sightings
from bss_mfg.station.station import PrintedSymbol, Station
from tests.helpers.factory import Factory
from tests.helpers.page_client import PageClient

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)


def message(content: bytes, sightings: object = 1, **other: object) -> dict[str, object]:
    return {
        "content": base64.b64encode(content).decode(), "symbology": "]d1", "sightings": sightings,
        "mirrored": False, "inverted": False, **other,
    }  # fmt: skip


# --- who is let in ---------------------------------------------------------------------------------------------------


def test_a_token_lets_one_phone_in_once() -> None:
    access = PhoneAccess()
    token = access.token
    assert access.redeem(token + "x") is None
    assert access.redeem("") is None
    assert access.token == token, "a wrong one uses nothing up"
    session = access.redeem(token)
    assert session
    assert access.redeem(token) is None
    assert access.token != token
    assert access.known(session) == access.known(session)
    assert access.known(session + "x") is None
    assert session not in (access.known(session) or ""), "the name of a session doesn't open it"


def test_the_phone_not_heard_of_for_longest_makes_room() -> None:
    access = PhoneAccess()
    sessions = [access.redeem(access.token) or "" for _ in range(MOST_PHONES)]
    assert access.known(sessions[0])
    assert access.redeem(access.token)
    assert access.phones == MOST_PHONES
    assert access.known(sessions[0])
    assert access.known(sessions[1]) is None


# --- certificate and address -----------------------------------------------------------------------------------------


def test_the_certificate_is_kept_until_it_ends_or_the_address_changes(tmp_path: Path) -> None:
    first = station_certificate(tmp_path, "192.168.1.20", NOW)
    assert stat.S_IMODE(first.file.stat().st_mode) == 0o600
    assert station_certificate(tmp_path, "192.168.1.20", NOW + dt.timedelta(days=365)).fingerprint == first.fingerprint
    assert station_certificate(tmp_path, "192.168.1.20", NOW + dt.timedelta(days=380)).fingerprint != first.fingerprint
    here = station_certificate(tmp_path, "10.0.0.7", NOW)
    assert here.shown_fingerprint.replace(":", "").lower() == here.fingerprint
    here.file.write_text("spoilt")
    assert station_certificate(tmp_path, "10.0.0.7", NOW).fingerprint not in (first.fingerprint, here.fingerprint)


def test_a_key_of_another_certificate_is_not_served(tmp_path: Path) -> None:
    one = station_certificate(tmp_path / "1", "10.0.0.7", NOW)
    two = station_certificate(tmp_path / "2", "10.0.0.7", NOW)
    begin = "-----BEGIN CERTIFICATE-----"
    key, other = one.file.read_text().partition(begin)[0], two.file.read_text().partition(begin)[2]
    one.file.write_text(key + begin + other)
    assert station_certificate(tmp_path / "1", "10.0.0.7", NOW).fingerprint not in (one.fingerprint, two.fingerprint)


@pytest.mark.parametrize(
    "named",
    [
        "0.0.0.0",  # noqa: S104
        "::",
        "224.0.0.1",
        "station.local",
        "",
        "1.2.3",
    ],
)
def test_only_an_address_of_one_computer_is_listened_on(named: str) -> None:
    with pytest.raises(InputError):
        own_address(named)


def test_an_address_stands_in_a_url_as_it_must() -> None:
    assert host_in_url(own_address("fd00::1")) == "[fd00::1]"
    assert host_in_url(own_address("127.0.0.1")) == "127.0.0.1"


# --- messages --------------------------------------------------------------------------------------------------------


def test_every_byte_of_a_symbol_arrives() -> None:
    content = bytes(range(256)) + b"\r\n\t"
    (read,) = parse_reads(json.dumps({"reads": [message(content, 3, mirrored=True)]}).encode())
    assert read == PhoneRead(PrintedSymbol(content, "]d1", mirrored=True), 3)


@pytest.mark.parametrize(
    "document",
    [
        [], {}, {"reads": {}}, {"reads": [1]}, {"reads": [message(b"")]}, {"reads": [message(b"A" * 4001)]},
        {"reads": [message(b"A", 0)]}, {"reads": [message(b"A", 100)]}, {"reads": [message(b"A", True)]},
        {"reads": [message(b"A", 1.0)]}, {"reads": [{**message(b"A"), "content": "===="}]},
        {"reads": [{**message(b"A"), "content": "é"}]}, {"reads": [message(b"A", symbology="]d1]d1")]},
        {"reads": [message(b"A", mirrored=1)]}, {"reads": [message(b"A")] * 65},
    ],
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_refused(document: object) -> None:
    with pytest.raises(BadMessageError):
        parse_reads(json.dumps(document).encode())


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b'{"token": 1}', b'{"token": "' + b"A" * 101 + b'"}'])
def test_what_is_no_token_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessageError):
        parse_token(body)


# --- one label, many pictures ----------------------------------------------------------------------------------------


class StationOfPaper:
    """Says OK, then ALREADY, until labels are scrapped."""

    def __init__(self) -> None:
        self.read: list[PrintedSymbol] = []
        self.scrapped: set[PrintedSymbol] = set()

    def read_symbol(self, symbol: PrintedSymbol) -> ScanAnswer:
        """Judge and record a symbol."""
        self.read.append(symbol)
        if symbol in self.scrapped:
            return ScanAnswer(Tone.BAD, ScanWord.SCRAPPED, "")
        return ScanAnswer(Tone.GOOD, ScanWord.OK if self.read.count(symbol) == 1 else ScanWord.ALREADY, "")

    def still_right(self, symbol: PrintedSymbol) -> bool:
        """Whether a symbol that was right is so now."""
        return symbol not in self.scrapped


def test_a_label_is_read_once_however_often_a_phone_tells_of_it() -> None:
    station = StationOfPaper()
    sightings = Sightings(station, 2)
    label = PrintedSymbol(b"A", "]d1")
    assert [sightings.answer("p", PhoneRead(label))[0].word for _ in range(3)] == ["OK"] * 3
    answer, new = sightings.answer("p", PhoneRead(label, 3))
    assert (answer.word, len(new), len(station.read)) == ("ALREADY", 2, 3)
    assert sightings.answer("p", PhoneRead(label, 1))[0].word == "OK", "a message that was late"
    sightings.answer("p", PhoneRead(PrintedSymbol(b"A", "]d1", mirrored=True)))
    sightings.answer("another", PhoneRead(label))
    assert len(station.read) == 5


def test_a_label_that_was_scrapped_meanwhile_is_not_shown_as_right() -> None:
    station = StationOfPaper()
    sightings = Sightings(station, 2)
    label = PrintedSymbol(b"A", "]d1")
    sightings.answer("p", PhoneRead(label, 2))
    station.scrapped.add(label)
    answer, new = sightings.answer("p", PhoneRead(label, 2))
    assert (answer.word, [item.word for item in new]) == ("SCRAPPED", ["SCRAPPED"])
    assert sightings.answer("p", PhoneRead(label, 1)) == (answer, []), "recorded once"


# --- the server ------------------------------------------------------------------------------------------------------


class Phone(PageClient):
    """A client that trusts the station's certificate, and nothing else."""

    def __init__(self, server: PhoneServer, file: Path) -> None:
        super().__init__(server, file)
        self.server = server

    def enter(self) -> None:
        """Use the token that is shown."""
        status, _, headers = self.ask("POST", "/session", {"token": self.server.access.token})
        assert status == 200
        self.cookie = headers["Set-Cookie"].partition(";")[0]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[PhoneServer, Path]]:
    certificate = station_certificate(tmp_path, "127.0.0.1", dt.datetime.now(dt.UTC))
    with PhoneServer("127.0.0.1", 0, certificate) as server:
        server.publish({"batch": "B1"})
        yield server, certificate.file


def test_a_token_becomes_a_cookie_that_nothing_else_gets(served: tuple[PhoneServer, Path]) -> None:
    phone = Phone(*served)
    assert phone.ask("GET", "/state")[0] == 401
    assert phone.ask("POST", "/reads", {"reads": []})[0] == 401
    assert phone.ask("POST", "/session", {"token": "x"})[0] == 403
    token = phone.server.access.token
    status, said, headers = phone.ask("POST", "/session", {"token": token})
    assert (status, said) == (200, {"batch": "B1"})
    pair, *marks = headers["Set-Cookie"].split("; ")
    assert pair.startswith(f"{COOKIE}=")
    assert set(marks) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"}
    phone.cookie = pair
    assert phone.ask("GET", "/state")[1] == {"batch": "B1"}
    assert phone.ask("POST", "/session", {"token": token})[0] == 403
    phone.cookie = pair[:-1]
    assert phone.ask("GET", "/state")[0] == 401


@pytest.mark.parametrize("host", ["station.example", "localhost", "127.0.0.1", "127.0.0.1:1", "-"])
def test_the_page_answers_to_its_own_address_only(served: tuple[PhoneServer, Path], host: str) -> None:
    assert Phone(*served).ask("GET", "/", Host=host)[0] == 403


def test_other_sites_and_odd_messages_are_refused(served: tuple[PhoneServer, Path]) -> None:
    for headers, status in (
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "-"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Transfer_Encoding": "chunked"}, 415),
        ({"Content_Length": "-"}, 411),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": str(MOST_BODY + 1)}, 413),
        ({"Content_Length": "9" * 40}, 413),
    ):
        phone = Phone(*served)
        phone.enter()
        assert phone.ask("POST", "/reads", {"reads": []}, **headers)[0] == status, headers
        phone.http.close()
    phone = Phone(*served)
    phone.enter()
    assert phone.ask("POST", "/reads", b"{")[0] == 400
    assert phone.ask("POST", "/elsewhere", {})[0] == 404


def test_the_page_is_whole_and_may_load_nothing_from_elsewhere(served: tuple[PhoneServer, Path]) -> None:
    phone = Phone(*served)
    for path, file in page_files().items():
        status, body, headers = phone.ask("GET", path)
        assert (status, headers["Content-Type"]) == (200, file.kind)
        assert body == file.body or headers.get_content_type() == "application/json"
        rules = headers["Content-Security-Policy"]
        assert "default-src 'none'" in rules
        assert "http" not in rules and "unsafe-inline" not in rules and "'unsafe-eval'" not in rules
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    for path in ("/../access.py", "/%2e%2e/access.py", "/handler.py", "/?x"):
        assert phone.ask("GET", path)[0] == 404, path


def test_the_wasm_reader_is_the_one_its_script_was_made_for() -> None:
    import hashlib

    files = page_files()
    digest = hashlib.sha256(files["/zxing_reader.wasm"].body).hexdigest()
    assert digest.encode() in files["/zxing_reader.js"].body
    assert digest.encode() in files["/LICENSE-zxing-wasm.txt"].body


def test_one_who_does_not_shake_hands_holds_up_nobody(served: tuple[PhoneServer, Path]) -> None:
    server, _ = served
    held = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(3)]
    plain = socket.create_connection(("127.0.0.1", server.server_port))
    plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert Phone(*served).ask("GET", "/")[0] == 200
    for connection in (*held, plain):
        connection.close()


def test_one_address_gets_no_more_than_its_share_of_connections(served: tuple[PhoneServer, Path]) -> None:
    server, _ = served
    held = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(MOST_OF_ONE_ADDRESS)]
    with closing(socket.create_connection(("127.0.0.1", server.server_port), timeout=20)) as late:
        assert late.recv(1) == b"", "closed at once"
    for connection in held:
        connection.close()


def test_a_port_that_is_taken_is_named(served: tuple[PhoneServer, Path], tmp_path: Path) -> None:
    server, _ = served
    certificate = station_certificate(tmp_path, "127.0.0.1", dt.datetime.now(dt.UTC))
    with pytest.raises(InputError) as refused:
        PhoneServer("127.0.0.1", server.server_port, certificate)
    assert "--port" in refused.value.way_out


# --- the desk --------------------------------------------------------------------------------------------------------


class DoneError(Exception):
    """Ends the desk, as Ctrl-C does."""


def test_several_phones_read_into_one_ledger(issued: Factory, tmp_path: Path) -> None:
    """Each read goes through the station, in the thread that owns the ledger, and is recorded before it is answered."""
    certificate = station_certificate(tmp_path, "127.0.0.1", dt.datetime.now(dt.UTC))
    payloads = [text.encode() for text in issued.payloads()]
    server = PhoneServer("127.0.0.1", 0, certificate)
    said: dict[int, list[tuple[str, str]]] = {}
    counts: list[dict[str, int]] = []

    def phone_reads(number: int) -> None:
        phone = Phone(server, certificate.file)
        phone.enter()
        found = []
        # Three of its own, told twice; then one with a CR in its symbol, which a wedge would have added.
        own = payloads[3 * number : 3 * number + 3]
        for contents in (own, own, [own[0] + b"\r"]):
            status, answer, _ = phone.ask("POST", "/reads", {"reads": [message(content) for content in contents]})
            assert status == 200, answer
            found += [(item["tone"], item["word"]) for item in answer["answers"]]
        counts.append(answer["counts"])
        said[number] = found

    def phones() -> None:
        for number in range(2):
            phone_reads(number)
        done.set()
        Phone(server, certificate.file).enter()

    def token_changed() -> None:
        if done.is_set():
            raise DoneError

    done = threading.Event()
    told: list[ScanAnswer] = []
    with issued.ledger() as ledger, server:
        desk = PhoneDesk(server, Station(ledger, ledger.batches.get("B1")), DeskNames("B1", "bench", "Ann"))
        thread = threading.Thread(target=phones)
        thread.start()
        with pytest.raises(DoneError):
            desk.serve(told.append, token_changed)
        thread.join()
        for number in range(2):
            assert said[number] == [("good", "OK")] * 6 + [("bad", "WRONG LABEL")]
        assert len(told) == 8
        assert counts[-1]["packages"] == 6
        reads = [event for event in ledger.history.events("B1") if event.kind == "read"]
        assert [event.data["verdict"] for event in reads] == 2 * ["ok", "ok", "ok", "wrong label"]
        assert {event.data["station"] for event in reads} == {ledger.actor.station}


# --- symbols ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "word", "says"),
    [
        ({}, "OK", ""),
        ({"after": b"\r"}, "WRONG LABEL", "encodes more"),
        ({"after": b"\t"}, "WRONG LABEL", "encodes more"),
        ({"before": b"]d1"}, "WRONG LABEL", "encodes more"),
        ({"symbology": "]d2"}, "WRONG LABEL", "GS1"),
        ({"symbology": "]Q1"}, "WRONG LABEL", "another kind of symbol"),
        ({"mirrored": True}, "WRONG LABEL", "mirrored"),
        ({"inverted": True}, "WRONG LABEL", "light on dark"),
        ({"before": b"\xff"}, "OTHER LABEL", ""),
        ({"batch": "B2", "mirrored": True}, "OTHER LABEL", "belongs to batch B2"),
    ],
)
def test_a_symbol_is_judged_byte_for_byte_and_by_its_print(
    issued: Factory, change: dict[str, Any], word: str, says: str
) -> None:
    issued.issue(1, "B2")
    content = issued.payloads(change.get("batch", "B1"))[0].encode()
    symbol = PrintedSymbol(
        change.get("before", b"") + content + change.get("after", b""),
        change.get("symbology", "]d1"),
        change.get("mirrored", False),
        change.get("inverted", False),
    )
    with issued.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"))
        answer = station.read_symbol(symbol)
        assert answer.word == word, answer
        assert says in answer.detail
        assert station.counts.verified == (word == "OK")
