"""The board's server: who may look, what is handed on, and how a browser learns that the numbers are fresh."""

from __future__ import annotations

import datetime as dt
import errno
import json
import stat
import threading
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.board.access import FILE, BoardAccess
from bss_mfg.board.handler import COOKIE
from bss_mfg.board.place import FILE as ADDRESS
from bss_mfg.board.place import noted
from bss_mfg.board.publication import Publication
from bss_mfg.board.server import BoardServer, page_files
from bss_mfg.lan.certificate import StationCertificate, station_certificate
from tests.helpers.page_client import PageClient


@pytest.fixture
def certificate(tmp_path: Path) -> StationCertificate:
    return station_certificate(tmp_path, "127.0.0.1", dt.datetime.now(dt.UTC))


@pytest.fixture
def shared(tmp_path: Path, certificate: StationCertificate) -> Iterator[tuple[BoardServer, PageClient]]:
    """A board for the network, and a client that was not let in."""
    with BoardServer("127.0.0.1", 0, certificate, BoardAccess.of(tmp_path)) as server:
        server.publication.publish(b'{"n": 1}', {"/picture/7": b"PNG"})
        yield server, PageClient(server, certificate.file)
        server.publication.end()


@pytest.fixture
def own() -> Iterator[BoardServer]:
    """A board for this computer."""
    with BoardServer("127.0.0.1", 0, None, None) as server:
        yield server
        server.publication.end()


def events(client: PageClient, count: int) -> list[tuple[str, Any]]:
    """The first events that a browser hears; the connection ends with that."""
    headers = {"Host": client.origin.partition("://")[2], "Cookie": client.cookie}
    client.http.request("GET", "/events", headers=headers)
    answer: HTTPResponse = client.http.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
    found = []
    while len(found) < count:
        name = answer.readline().decode().removeprefix("event: ").strip()
        found.append((name, json.loads(answer.readline().decode().removeprefix("data: "))))
        assert answer.readline() == b"\n"
    client.http.close()
    return found


def test_nobody_looks_without_the_token(shared: tuple[BoardServer, PageClient]) -> None:
    server, client = shared
    for path in ("/events", "/picture/7"):
        assert client.ask("GET", path)[0] == 401
    for token in ("", "x", server.access.token[:-1] if server.access else "", ["x"], None, "A" * 101):
        assert client.ask("POST", "/session", {"token": token})[0] == 403, token
    assert client.ask("POST", "/session", b"{")[0] == 403
    client.cookie = f"{COOKIE}=x"
    assert client.ask("GET", "/events")[0] == 401


def test_the_token_lets_a_browser_in_for_as_long_as_it_holds(
    shared: tuple[BoardServer, PageClient], tmp_path: Path, certificate: StationCertificate
) -> None:
    server, client = shared
    assert server.access
    token = server.access.token
    assert server.page_address == f"{server.origin}/#{token}"
    status, said, headers = client.ask("POST", "/session", {"token": token})
    assert (status, said) == (200, {})
    client.cookie, *marks = headers["Set-Cookie"].split("; ")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} < set(marks)
    assert token not in client.cookie
    assert client.ask("GET", "/picture/7")[1] == b"PNG"
    again = BoardAccess.of(tmp_path)
    assert again == server.access, "a board that is started again knows it"
    with BoardServer("127.0.0.1", 0, certificate, BoardAccess.of(tmp_path, renew=True)) as renewed:
        late = PageClient(renewed, certificate.file)
        late.cookie = client.cookie
        assert late.ask("GET", "/picture/7")[0] == 401
        assert late.ask("POST", "/session", {"token": token})[0] == 403


def test_the_token_is_its_owners(tmp_path: Path) -> None:
    token = BoardAccess.of(tmp_path).token
    assert len(token) >= 32
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    (tmp_path / FILE).write_text("")
    assert BoardAccess.of(tmp_path).token not in ("", token), "an empty file lets nobody in"


def test_a_token_goes_over_tls_only(tmp_path: Path, certificate: StationCertificate) -> None:
    for pair in ((certificate, None), (None, BoardAccess.of(tmp_path))):
        with pytest.raises(ValueError, match="TLS"):
            BoardServer("127.0.0.1", 0, *pair)


def test_a_board_of_this_computer_needs_no_token(own: BoardServer) -> None:
    own.publication.publish(b'{"n": 1}', {})
    assert own.page_address.startswith("http://127.0.0.1:")
    assert events(PageClient(own), 1) == [("line", {"n": 1})]
    assert PageClient(own).ask("POST", "/session", {"token": "x"})[0] == 404


@pytest.mark.parametrize("host", ["board.example", "localhost", "127.0.0.1", "-"])
def test_it_answers_to_its_own_address_only(own: BoardServer, host: str) -> None:
    for path in ("/", "/events"):
        assert PageClient(own).ask("GET", path, Host=host)[0] == 403


def test_the_page_is_whole_and_may_load_nothing_from_elsewhere(own: BoardServer) -> None:
    client = PageClient(own)
    for path, file in page_files().items():
        status, body, headers = client.ask("GET", path)
        assert (status, headers["Content-Type"], body) == (200, file.kind, file.body)
        rules = headers["Content-Security-Policy"]
        assert "default-src 'none'" in rules
        assert "http" not in rules and "unsafe" not in rules
        assert headers["Cache-Control"] == "no-store"
        assert b"://" not in body.replace(b"http://www.w3.org/2000/svg", b""), path
    for path in ("/../access.py", "/handler.py", "/?x", "/picture/", "/picture/7", "/picture/../board-token", "/state"):
        assert client.ask("GET", path)[0] == 404, path


def test_a_browser_hears_what_is_there_and_what_comes(own: BoardServer) -> None:
    own.publication.publish(b'{"n": 1}', {})
    heard: list[tuple[str, Any]] = []
    listener = threading.Thread(target=lambda: heard.extend(events(PageClient(own), 4)))
    listener.start()
    while not own.publication.waiting:  # until it has heard the first
        listener.join(0.01)
    own.publication.publish(b'{"n": 2}', {})
    listener.join(20)
    assert [(name, said) for name, said in heard if name == "line"] == [("line", {"n": 1}), ("line", {"n": 2})]
    assert [set(said) for name, said in heard if name == "beat"] == [{"age"}, {"age"}]


def test_the_age_is_that_of_the_last_look() -> None:
    now = [100.0]
    publication = Publication(lambda: now[0])
    publication.publish(b"{}", {})
    now[0] = 130.0
    assert publication.age == 30
    publication.confirm()
    assert publication.age == 0
    assert publication.now.number == 1, "nothing new to show"
    assert publication.wait(1, 0) is None
    publication.publish(b"{}", {})
    assert publication.wait(1, 0) == publication.now


def test_who_waits_goes_when_the_board_ends() -> None:
    publication = Publication()
    waiter = threading.Thread(target=lambda: publication.wait(0, 60))
    waiter.start()
    publication.end()
    waiter.join(20)
    assert not waiter.is_alive()


def test_a_note_of_the_address_that_cannot_be_taken_back_stays_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "no", str(self))

    with noted(tmp_path, "http://127.0.0.1:1"):
        monkeypatch.setattr(Path, "unlink", refused)
    assert (tmp_path / ADDRESS).exists()
