"""One connection of a phone: the page's files for anybody, reads and counts for phones that were let in."""

from __future__ import annotations

from concurrent.futures import CancelledError
from http import HTTPStatus
from typing import cast

from bss_mfg.lan.page_handler import PageHandler, RefusedRequestError
from bss_mfg.station.phone.messages import MOST_BODY, BadMessageError, parse_reads, parse_token
from bss_mfg.station.phone.page_files import BUSY, NOT_LET_IN, NOT_UNDERSTOOD, OLD_CODE, PAGE_RULES, SILENT
from bss_mfg.station.phone.requests import PhoneRequest, PhoneService

COOKIE = "__Host-bss-mfg"
"""The prefix makes browsers refuse it without Secure, and for any other host."""
_ANSWER_SECONDS = 60
"""How long a phone waits for the ledger."""


class PhoneHandler(PageHandler):
    """Answers `GET` of the page's files and of /state, `POST` of /session and /reads."""

    page_rules = PAGE_RULES
    permissions = "camera=(self), microphone=(), geolocation=()"
    longest_body = MOST_BODY

    @property
    def _service(self) -> PhoneService:
        return cast(PhoneService, self.server)

    def _answer_get(self, path: str) -> None:
        """Where the station stands."""
        if path != "/state":
            super()._answer_get(path)
        self._session()
        self._send_json(self._service.state)

    def _answer_post(self, path: str, body: bytes) -> None:
        """Let a phone in, or take what it reads."""
        try:
            if path == "/session":
                self._open_session(body)
            elif path == "/reads":
                self._take_reads(self._session(), body)
            else:
                super()._answer_post(path, body)
        except BadMessageError:
            raise RefusedRequestError(HTTPStatus.BAD_REQUEST, NOT_UNDERSTOOD) from None

    def _open_session(self, body: bytes) -> None:
        session = self._service.access.redeem(parse_token(body))
        if session is None:
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, OLD_CODE)
        cookie = f"{COOKIE}={session}; Path=/; Secure; HttpOnly; SameSite=Strict"
        self._send_json(self._service.state, {"Set-Cookie": cookie})

    def _take_reads(self, phone: str, body: bytes) -> None:
        request = PhoneRequest(phone, parse_reads(body))
        if not self._service.submit(request):
            raise RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
        try:
            answer = request.answered.result(_ANSWER_SECONDS)
        except (CancelledError, TimeoutError):
            raise RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE, SILENT) from None
        self._send_json(answer)

    def _session(self) -> str:
        """Which phone asks."""
        session = self._cookie(COOKIE)
        phone = None if session is None else self._service.access.known(session)
        if phone is None:
            raise RefusedRequestError(HTTPStatus.UNAUTHORIZED, NOT_LET_IN)
        return phone
