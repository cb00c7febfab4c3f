"""How every page of this computer answers a browser: what each answer carries, refusals of the library included."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar


class AnsweringHandler(BaseHTTPRequestHandler):
    """One connection of a browser. Pages say what they answer to which request."""

    server_version, sys_version = "bss-mfg", ""
    protocol_version = "HTTP/1.1"
    page_rules: str = "default-src 'none'"
    """The Content-Security-Policy of the next answer."""
    permissions: ClassVar[str] = "camera=(), microphone=(), geolocation=()"

    def do_GET(self) -> None:
        """What the page answers."""
        raise NotImplementedError

    def do_HEAD(self) -> None:
        """The same, without the body."""
        self.do_GET()

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
        """What every answer carries."""
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
