"""One connection of a browser: checks that all pages make of a request, and what every answer carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Protocol, cast

from bss_mfg.lan.page_files import PageFile

PAGE_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of a page: nothing but this server."""


class RefusedRequestError(Exception):
    """Ends a request with a status, and a reason for the page."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class PageService(Protocol):
    """What a connection needs of its server."""

    files: Mapping[str, PageFile]

    @property
    def origin(self) -> str:
        """The page's address, up to its path."""


class PageHandler(BaseHTTPRequestHandler):
    """Answers `GET` of the page's files; pages say what else they answer."""

    server_version, sys_version = "bss-mfg", ""
    protocol_version = "HTTP/1.1"
    timeout = 30
    page_rules: ClassVar[str] = PAGE_RULES
    permissions: ClassVar[str] = "camera=(), microphone=(), geolocation=()"
    longest_body: ClassVar[int] = 1000
    """Bytes of the longest message that the page sends."""

    @property
    def _page(self) -> PageService:
        return cast(PageService, self.server)

    def do_GET(self) -> None:
        """A file of the page, or what the page answers itself."""
        try:
            self._check_host()
            if (file := self._page.files.get(self.path)) is not None:
                self._send(HTTPStatus.OK, file.kind, file.body)
            else:
                self._answer_get(self.path)
        except RefusedRequestError as refused:
            self._refuse(refused)

    def do_HEAD(self) -> None:
        """The same, without the body."""
        self.do_GET()

    def do_POST(self) -> None:
        """What the page sends."""
        try:
            self._check_host()
            self._answer_post(self.path, self._body())
        except RefusedRequestError as refused:
            self._refuse(refused)

    def _answer_get(self, path: str) -> None:
        raise RefusedRequestError(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _answer_post(self, path: str, body: bytes) -> None:
        raise RefusedRequestError(HTTPStatus.NOT_FOUND, "there is nothing here")

    # --- what is asked ----------------------------------------------------------------------------------------------

    def _cookie(self, name: str) -> str | None:
        """The value of a cookie."""
        try:
            cookies = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return None
        return cookies[name].value if name in cookies else None

    def _check_host(self) -> None:
        """The page answers to its own address only: no other name may lead a browser here (DNS rebinding)."""
        hosts = self.headers.get_all("Host", [])
        scheme = self._page.origin.partition("://")[0]
        if len(hosts) != 1 or f"{scheme}://{hosts[0].strip().lower()}" != self._page.origin:
            self.close_connection = True
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, f"this page answers to {self._page.origin} only")

    def _body(self) -> bytes:
        """The body of a request that a page of ours sent: JSON, from this origin, not too long."""
        self.close_connection = True  # unless the body is read to its end
        if self.headers.get("Origin") != self._page.origin:
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, "this is not asked by the station's page")
        if self.headers.get_content_type() != "application/json" or "Transfer-Encoding" in self.headers:
            raise RefusedRequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "JSON only")
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise RefusedRequestError(HTTPStatus.LENGTH_REQUIRED, "its length must be told")
        if len(lengths[0]) > 9 or int(lengths[0]) > self.longest_body:
            raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long")
        body = self.rfile.read(int(lengths[0]))
        if len(body) < int(lengths[0]):
            raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "cut off")
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        return body

    # --- answers ----------------------------------------------------------------------------------------------------

    def _send_json(self, document: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(document, ensure_ascii=True).encode(), headers)

    def _refuse(self, refused: RefusedRequestError) -> None:
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
        self.send_header("Content-Security-Policy", self.page_rules)
        self.send_header("Permissions-Policy", self.permissions)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line, and may hold what none should."""
