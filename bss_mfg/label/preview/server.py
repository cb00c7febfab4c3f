"""A page on this computer that shows a template and redraws it when its file, or artwork beside it, is saved.

It listens on 127.0.0.1, answers to that name and to localhost only, and reads no file but the template and what the
template names. Template text is hostile text: it travels as JSON and reaches the page as text, the picture as an image.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import json
import os
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from bss_mfg.core.files import read_text
from bss_mfg.core.toml_files import load_toml
from bss_mfg.errors import BssError, InputError
from bss_mfg.label.layout.design_check import CheckedDesign, Example
from bss_mfg.label.layout.findings import DesignFinding
from bss_mfg.label.preview.preview import Preview, draw_preview
from bss_mfg.label.preview.scene import Picture
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import Printer

HOST = "127.0.0.1"
_POLL = 0.2
"""Seconds from one check of the files to the next."""
_SETTLE = 0.06
"""A file that is being written is left alone until it has not changed for so many seconds."""
_ICON = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" stroke="#1769c9">
<rect x="1" y="3" width="14" height="10" rx="2" fill="#fff" stroke-width="1.5"/>
<path d="M4 6h4v4H4zM10 6.5h3M10 9.5h3"/></svg>"""
_PICTURE_RULES = "default-src 'none'; img-src data:; sandbox"


def serve_preview(path: Path, printer: Printer, example: Example, port: int, started: Callable[[str], None]) -> None:
    """Show a template on a page of this computer until Ctrl-C, which ends the page and goes on to the caller.

    `started` gets the page's address as soon as it can be opened. Port 0 is any free port; a port that can't be
    opened is an `InputError`. A template that can't be drawn ends nothing: the page says what is wrong with it.
    """
    watcher = TemplateWatcher(path, printer, example)
    try:
        server = _Server(watcher, port)
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
class PageState:
    """What the page shows at one moment: its state as JSON, and the last picture that could be drawn."""

    state_json: bytes
    picture: bytes | None


class TemplateWatcher:
    """Draws a template anew when it changes. One thread calls `refresh`; others may read `page_state` at any time."""

    def __init__(self, path: Path, printer: Printer, example: Example) -> None:
        self._path, self._printer, self._example = path, printer, example
        self._server_id = secrets.token_hex(4)
        self._version = 0
        self._beside: tuple[Path, ...] = ()
        self._seen: tuple[Any, ...] | None = None
        self._facts: dict[str, Any] = {"title": path.stem, "subject": example.title, "symbol": "", "media": ""}
        self._drawn: dict[str, Any] | None = None
        self.page_state = PageState(b"{}", None)

    def refresh(self) -> bool:
        """Draw again if a file has changed since the last call; whether one had."""
        if _stamps((self._path, *self._beside)) == self._seen:
            return False
        self._wait_until_written()
        # Stamps come before content: what is saved while we draw is seen by the next call.
        own = _stamps((self._path,))
        self._beside = _named_files(self._path, self._beside)
        self._seen = own + _stamps(self._beside)
        self._version += 1
        picture = self.page_state.picture
        findings: list[dict[str, Any]] = []
        problem: dict[str, Any] | None = None
        try:
            preview = draw_preview(
                load_template(self._path, way_out="Correct the file and save it."), self._printer, self._example
            )
            picture = preview.render("svg")
        except BssError as error:
            problem = self._problem(error)
            verdict = {"kind": "broken", "text": "Can't be drawn"}
        except Exception as error:  # noqa: BLE001  (the page outlives whatever a drawing library raises)
            defect = f"a defect of bss-mfg ({type(error).__name__})"
            problem = self._problem(BssError(defect, way_out="Please report it, with this template."))
            verdict = {"kind": "broken", "text": "Can't be drawn"}
        else:
            self._facts = _facts(preview.design)
            self._drawn = {"version": self._version, "at": _clock(time.time()), "view": _view(preview)}
            findings = [self._finding(number, item) for number, item in enumerate(preview.design.findings.items, 1)]
            verdict = _summary(preview.design)
        printer = self._printer
        state = {
            **self._facts,
            "run": self._server_id,
            "version": self._version,
            "name": self._path.stem,
            "file": str(self._path),
            "saved": _clock(_last_modified((self._path, *self._beside))),
            "printer": f"{printer.name}, {printer.dots_per_mm_x:.4g} x {printer.dots_per_mm_y:.4g} dots/mm",
            "verdict": verdict,
            "findings": findings,
            "error": problem,
            "picture": self._drawn,
        }
        self.page_state = PageState(json.dumps(state).encode("ascii"), picture)
        return True

    def _wait_until_written(self) -> None:
        before = _stamps((self._path, *self._beside))
        for _ in range(10):
            time.sleep(_SETTLE)
            after = _stamps((self._path, *self._beside))
            if after == before:
                return
            before = after

    def _finding(self, number: int, finding: DesignFinding) -> dict[str, Any]:
        return {
            "number": number,
            "severity": finding.severity,
            "what": finding.what,
            "where": self._short(str(finding.where)),
            "way_out": finding.way_out,
        }

    def _problem(self, error: BssError) -> dict[str, Any]:
        return {
            "what": error.what,
            "where": self._short(error.where),
            "problems": [self._short(text) for text in error.problems],
            "way_out": error.way_out,
            "source": self._source(error),
        }

    def _short(self, text: str) -> str:
        """Places with the file's name alone: its folder is named at the top of the page."""
        return text.replace(str(self._path), self._path.name)

    def _source(self, error: BssError) -> list[dict[str, Any]]:
        """The template's lines around the one that is wrong."""
        at = error.line
        if at is None or error.file != str(self._path):
            return []
        try:
            lines = read_text(self._path, "template").splitlines()
        except BssError:
            return []
        return [
            {"line": number, "text": lines[number - 1][:300], "here": number == at}
            for number in range(max(at - 2, 1), min(at + 2, len(lines)) + 1)
        ]


def _stamps(paths: Sequence[Path]) -> tuple[Any, ...]:
    """What changes when a file is saved."""
    stamps: list[Any] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            stamps.append((path, None))
        else:
            stamps.append((path, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(stamps)


def _named_files(path: Path, before: tuple[Path, ...]) -> tuple[Path, ...]:
    """Artwork and fonts that a template names beside itself, there or not; those of `before` if it can't be parsed."""
    try:
        data = load_toml(path, "template").data
    except (BssError, ValueError, RecursionError):
        return before
    names = {name for name in _names(data) if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,80}", name)}
    return tuple(path.parent / name for name in sorted(names))


def _names(data: dict[str, Any]) -> Iterator[str]:
    elements, fonts = data.get("element"), data.get("fonts")
    for element in elements if isinstance(elements, list) else []:
        if isinstance(element, dict) and isinstance(element.get("file"), str):
            yield element["file"]
    for file in fonts.values() if isinstance(fonts, dict) else []:
        if isinstance(file, str):
            yield file


def _last_modified(paths: Sequence[Path]) -> float:
    times = [0.0]
    for path in paths:
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times) or time.time()


def _clock(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).strftime("%H:%M:%S")


def _facts(design: CheckedDesign) -> dict[str, Any]:
    layout = design.layout
    template, plan = layout.template, layout.symbol
    media = template.definition.media
    size = f"{media.label_width:g} x {media.label_height:g} mm"
    return {
        "title": template.definition.title or template.name,
        "subject": design.example.title,
        "media": f"{size}, {media.use}" if media.use else f"{size}, {media.kind}",
        "symbol": f"{plan.columns} x {plan.rows} modules of {layout.x_dimension_mm:.3f} mm" if plan else "",
    }


def _summary(design: CheckedDesign) -> dict[str, str]:
    errors, warnings = len(design.findings.errors), len(design.findings.warnings)
    text = f"{errors} will not print" if errors else "Prints"
    return {
        "kind": "bad" if errors else "look" if warnings else "good",
        "text": text + (f", {warnings} to look at" if warnings else ""),
    }


def _view(preview: Preview) -> dict[str, float]:
    """The part of the picture that holds the labels with their rulers, in mm: the page has the rest as text."""
    scene, media = preview.scene, preview.design.layout.template.definition.media
    _, y, _, height = next(item.rect for item in scene.items if isinstance(item, Picture))
    bleed = media.bleed * height / media.label_height
    top, bottom = max(y - bleed - 14.4, 0.0), min(y + height + bleed + 6, scene.height)
    return {"width": scene.width, "height": scene.height, "top": top, "bottom": bottom}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two programs have one port
    allow_reuse_port = False

    def __init__(self, watcher: TemplateWatcher, port: int) -> None:
        self.watcher = watcher
        text = files("bss_mfg.label.preview").joinpath("server.html").read_text("utf-8")
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


class _RequestHandler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "bss-mfg", ""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Answer one of four addresses."""
        port = self.server.server_port
        ours = {f"{name}:{port}" for name in (HOST, "localhost")} | ({HOST, "localhost"} if port == 80 else set())
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower() not in ours:
            self.close_connection = True
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"This page answers to 127.0.0.1 and localhost only.\n")
            return
        shown = self.server.watcher.page_state
        route = self.path.partition("?")[0]
        if route == "/":
            self._send(HTTPStatus.OK, "text/html", self.server.page, self.server.rules)
        elif route == "/icon.svg":
            self._send(HTTPStatus.OK, "image/svg+xml", _ICON, _PICTURE_RULES)
        elif route == "/state":
            self._send(HTTPStatus.OK, "application/json", shown.state_json)
        elif route == "/preview.svg" and shown.picture is not None:
            self._send(HTTPStatus.OK, "image/svg+xml", shown.picture, _PICTURE_RULES)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing here.\n")

    def do_HEAD(self) -> None:
        """The same, without the body."""
        self.do_GET()

    def _send(self, status: HTTPStatus, kind: str, body: bytes, rules: str = "default-src 'none'") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", rules)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        """What every answer carries, refusals of the library included."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line."""
