"""One connection of a phone: the page's files for anybody, reads and counts for phones that were let in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import CancelledError
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from bss_mfg.station.phone.messages import MOST_BODY, BadMessageError, parse_reads, parse_token
from bss_mfg.station.phone.page_files import PAGE_RULES
from bss_mfg.station.phone.requests import PhoneRequest, PhoneService

COOKIE = "__Host-bss-mfg"
"""The prefix makes browsers refuse it without Secure, and for any other host."""
_ANSWER_SECONDS = 60
"""How long a phone waits for the ledger."""


class _RefusedError(Exception):
    """Ends a request with a status, and a reason for the page."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class PhoneHandler(BaseHTTPRequestHandler):
    """Answers `GET` of the page's files and of /state, `POST` of /session and /reads."""

    server_version, sys_version = "bss-mfg", ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    @property
    def _service(self) -> PhoneService:
        return cast(PhoneService, self.server)

    def do_GET(self) -> None:
        """A file of the page, or where the station stands."""
        try:
            self._check_host()
            if self.path == "/state":
                self._session()
                self._send_json(self._service.state)
            elif (file := self._service.files.get(self.path)) is not None:
                self._send(HTTPStatus.OK, file.kind, file.body)
            else:
                raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        except _RefusedError as refused:
            self._refuse(refused)

    def do_HEAD(self) -> None:
        """The same, without the body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Let a phone in, or take what it reads."""
        try:
            self._check_host()
            body = self._body()
            if self.path == "/session":
                self._open_session(body)
            elif self.path == "/reads":
                self._take_reads(self._session(), body)
            else:
                raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        except BadMessageError:
            self._refuse(_RefusedError(HTTPStatus.BAD_REQUEST, "the message can't be understood"))
        except _RefusedError as refused:
            self._refuse(refused)

    # --- what is asked ----------------------------------------------------------------------------------------------

    def _open_session(self, body: bytes) -> None:
        session = self._service.access.redeem(parse_token(body))
        if session is None:
            raise _RefusedError(HTTPStatus.FORBIDDEN, "this code was used already, or is an old one")
        cookie = f"{COOKIE}={session}; Path=/; Secure; HttpOnly; SameSite=Strict"
        self._send_json(self._service.state, {"Set-Cookie": cookie})

    def _take_reads(self, phone: str, body: bytes) -> None:
        request = PhoneRequest(phone, parse_reads(body))
        if not self._service.submit(request):
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the station is busy")
        try:
            answer = request.answered.result(_ANSWER_SECONDS)
        except (CancelledError, TimeoutError):
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the station doesn't answer") from None
        self._send_json(answer)

    def _session(self) -> str:
        """Which phone asks."""
        try:
            cookies = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            cookies = SimpleCookie()
        phone = self._service.access.known(cookies[COOKIE].value) if COOKIE in cookies else None
        if phone is None:
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, "this phone was not let in")
        return phone

    def _check_host(self) -> None:
        """The page answers to its own address only: no other name may lead a browser here (DNS rebinding)."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or f"https://{hosts[0].strip().lower()}" != self._service.origin:
            self.close_connection = True
            raise _RefusedError(HTTPStatus.FORBIDDEN, f"this page answers to {self._service.origin} only")

    def _body(self) -> bytes:
        """The body of a request that a page of ours sent: JSON, from this origin, not too long."""
        self.close_connection = True  # unless the body is read to its end
        if self.headers.get("Origin") != self._service.origin:
            raise _RefusedError(HTTPStatus.FORBIDDEN, "this is not asked by the station's page")
        if self.headers.get_content_type() != "application/json" or "Transfer-Encoding" in self.headers:
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "JSON only")
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "its length must be told")
        if len(lengths[0]) > 9 or int(lengths[0]) > MOST_BODY:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long")
        body = self.rfile.read(int(lengths[0]))
        if len(body) < int(lengths[0]):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "cut off")
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        return body

    # --- answers ----------------------------------------------------------------------------------------------------

    def _send_json(self, document: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(document, ensure_ascii=True).encode(), headers)

    def _refuse(self, refused: _RefusedError) -> None:
        body = json.dumps({"reason": refused.reason}, ensure_ascii=True).encode()
        self._send(refused.status, "application/json", body)

    def _send(self, status: HTTPStatus, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        """What every answer carries, refusals of the library included."""
        self.send_header("Content-Security-Policy", PAGE_RULES)
        self.send_header("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line, and may hold what none should."""
