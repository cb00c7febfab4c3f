"""One connection of the board: the page for anybody who reaches it, what it shows for whoever was let in.

Updates are server-sent events (HTML, section 9.2): the whole document each time that it changed, and a beat in between
by which the page knows that it is up to date.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Protocol, cast

from bss_mfg.board.access import BoardAccess
from bss_mfg.board.publication import Publication
from bss_mfg.lan.page_handler import PageHandler, RefusedRequestError

COOKIE = "__Host-bss-mfg-board"
"""The prefix makes browsers refuse it without Secure, and for any other host."""
_COOKIE_SECONDS = 400 * 24 * 3600
"""The longest that browsers keep one: a screen that was switched off is in again."""
BEAT_SECONDS = 5.0
_PICTURES = "/picture/"


class BoardService(Protocol):
    """What a connection needs of its server. Without an access there is no token to ask for."""

    access: BoardAccess | None
    publication: Publication


class BoardHandler(PageHandler):
    """Answers `GET` of the page's files, /events and /picture/NUMBER, `POST` of /session."""

    @property
    def _board(self) -> BoardService:
        return cast(BoardService, self.server)

    def _answer_get(self, path: str) -> None:
        if path == "/events":
            self._check_access()
            self._send_events()
        elif path.startswith(_PICTURES):
            self._check_access()
            picture = self._board.publication.now.pictures.get(path)
            if picture is None:
                super()._answer_get(path)
            else:
                self._send(HTTPStatus.OK, "image/png", picture)
        else:
            super()._answer_get(path)

    def _answer_post(self, path: str, body: bytes) -> None:
        access = self._board.access
        if path != "/session" or access is None:
            super()._answer_post(path, body)
            return
        if not access.is_token(_token(body)):
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, "this link is an old one")
        cookie = f"{COOKIE}={access.session}; Path=/; Max-Age={_COOKIE_SECONDS}; Secure; HttpOnly; SameSite=Strict"
        self._send_json({}, {"Set-Cookie": cookie})

    def _check_access(self) -> None:
        access = self._board.access
        if access and not access.is_session(self._cookie(COOKIE) or ""):
            raise RefusedRequestError(HTTPStatus.UNAUTHORIZED, "this browser was not let in")

    def _send_events(self) -> None:
        """Documents as they come, until the browser goes or the board ends."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        publication, seen = self._board.publication, 0
        while self.command != "HEAD" and not publication.ended:
            if news := publication.wait(seen, BEAT_SECONDS):
                seen = news.number
                self.wfile.write(b"event: line\ndata: " + news.body + b"\n\n")
            beat = json.dumps({"age": round(publication.age, 1)}).encode()
            self.wfile.write(b"event: beat\ndata: " + beat + b"\n\n")
            self.wfile.flush()


def _token(body: bytes) -> str:
    """The token that a browser shows; empty for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    match document:
        case {"token": str(token)} if len(token) <= 100:
            return token
    return ""
