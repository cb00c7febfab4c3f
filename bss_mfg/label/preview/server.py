"""A page on this computer that shows a template and redraws it when a file that it needs is saved.

It listens on 127.0.0.1, answers to that name and to localhost only, and reads no file but the template and what the
template names. Template text is hostile text: it travels as JSON and reaches the page as text, the picture as an image.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from bss_mfg.core.languages import ENGLISH, Language
from bss_mfg.errors import BssError, InputError
from bss_mfg.label.preview.watching import ExampleSource, TemplateWatcher
from bss_mfg.label.template.printer import Printer
from bss_mfg.lan.answers import AnsweringHandler
from bss_mfg.lan.page_files import in_language

HOST = "127.0.0.1"
_POLL = 0.2
"""Seconds from one check of the files to the next."""
_ICON = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" stroke="#1769c9">
<rect x="1" y="3" width="14" height="10" rx="2" fill="#fff" stroke-width="1.5"/>
<path d="M4 6h4v4H4zM10 6.5h3M10 9.5h3"/></svg>"""
_PICTURE_RULES = "default-src 'none'; img-src data:; sandbox"


def serve_preview(
    path: Path,
    printer: Printer,
    source: ExampleSource,
    port: int,
    started: Callable[[str], None],
    language: Language = ENGLISH,
) -> None:
    """Show a template on a page of this computer until Ctrl-C, which ends the page and goes on to the caller.

    `started` gets the page's address as soon as it can be opened. Port 0 is any free port; a port that can't be
    opened is an `InputError`. A template that can't be drawn ends nothing: the page says what is wrong with it.
    """
    watcher = TemplateWatcher(path, printer, source, language)
    try:
        server = _Server(watcher, port, language)
    except OSError as error:
        raise InputError(
            f"port {port} of this computer can't be opened: {error.strerror or type(error).__name__}",
            way_out="Name another one with --port, or --port 0 for any that is free.",
        ) from error
    with server:
        watcher.refresh()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            started(f"http://{HOST}:{server.server_port}/")
            while True:
                time.sleep(_POLL)
                watcher.refresh()
        finally:
            server.shutdown()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a browser gets: the kind of the body, and its Content-Security-Policy."""

    kind: str
    body: bytes
    rules: str = AnsweringHandler.page_rules
    status: HTTPStatus = HTTPStatus.OK


def _refusal(status: HTTPStatus, words: str) -> _Answer:
    return _Answer("text/plain", f"{words}\n".encode(), status=status)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two programs have one port
    allow_reuse_port = False

    def __init__(self, watcher: TemplateWatcher, port: int, language: Language = ENGLISH) -> None:
        self.watcher = watcher
        text = in_language(files("bss_mfg.label.preview").joinpath("server.html").read_text("utf-8"), language)
        self.page = text.encode("utf-8")
        self.rules = (
            f"default-src 'none'; script-src {_hashes(text, 'script')}; style-src {_hashes(text, 'style')}; "
            "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        super().__init__((HOST, port), _RequestHandler)

    def server_bind(self) -> None:
        """Bind without asking a name server what this computer is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closed its connection is no error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def _hashes(page: str, tag: str) -> str:
    """The digests of a page's own scripts or styles, as its Content-Security-Policy names them."""
    digests = [hashlib.sha256(body.encode()).digest() for body in re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", page)]
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


class _RequestHandler(AnsweringHandler):
    server: _Server
    timeout = 60

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        """Answer one of five addresses."""
        port = self.server.server_port
        ours = {f"{name}:{port}" for name in (HOST, "localhost")} | ({HOST, "localhost"} if port == 80 else set())
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower() not in ours:
            self.close_connection = True
            self._answer(_refusal(HTTPStatus.FORBIDDEN, "This page answers to 127.0.0.1 and localhost only."))
            return
        self._answer(
            self._find(self.path.partition("?")[0]) or _refusal(HTTPStatus.NOT_FOUND, "There is nothing here.")
        )

    def _find(self, route: str) -> _Answer | None:
        shown = self.server.watcher.page_state
        match route:
            case "/":
                return _Answer("text/html", self.server.page, self.server.rules)
            case "/icon.svg":
                return _Answer("image/svg+xml", _ICON, _PICTURE_RULES)
            case "/state":
                return _Answer("application/json", shown.state_json)
            case "/preview.svg" if shown.picture is not None:
                return _Answer("image/svg+xml", shown.picture, _PICTURE_RULES)
            case "/page.png" if (page := self._whole_page()) is not None:
                return _Answer("image/png", page, _PICTURE_RULES)
        return None

    def _whole_page(self) -> bytes | None:
        try:
            return self.server.watcher.whole_page_png()
        except BssError:
            return None  # the state says what is wrong with the template

    def _answer(self, answer: _Answer) -> None:
        self.page_rules = answer.rules
        self._send(answer.status, f"{answer.kind}; charset=utf-8", answer.body)
