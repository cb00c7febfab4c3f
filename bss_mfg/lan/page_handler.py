"""One connection of a browser to a page on the network: the checks that all such pages make of a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import ClassVar, Protocol, cast

from bss_mfg.lan.answers import AnsweringHandler
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


class PageHandler(AnsweringHandler):
    """Answers `GET` of the page's files; pages say what else they answer."""

    timeout = 30
    page_rules = PAGE_RULES
    longest_body: ClassVar[int] = 1000
    """Bytes of the longest message that the page sends."""

    @property
    def _page(self) -> PageService:
        return cast(PageService, self.server)

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        """A file of the page, or what the page answers itself."""
        try:
            self._check_host()
            if (file := self._page.files.get(self.path)) is not None:
                self._send(HTTPStatus.OK, file.kind, file.body)
            else:
                self._answer_get(self.path)
        except RefusedRequestError as refused:
            self._refuse(refused)

    def do_POST(self) -> None:  # noqa: N802 (the library's name)
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
