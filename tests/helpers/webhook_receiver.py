"""A web server that takes events as another system does, and fails on purpose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat

TAKE, REFUSE, BUSY, CUT, TAKE_AND_CUT, WRONG = "take", "refuse", "busy", "cut", "take and cut", "wrong"
STATUS = {TAKE: 204, REFUSE: 503, BUSY: 429, WRONG: 401}


@dataclass(frozen=True)
class Request:
    """One POST: its path, headers and body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookReceiver:
    """What came, and what was taken of it."""

    port: int = 0
    taken: list[Request] = field(default_factory=list)
    requests: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/bss"


@contextmanager
def webhook_receiver(*behaviour: str) -> Iterator[WebhookReceiver]:
    """A receiver on loopback that does what `behaviour` says with one request after the other, and then takes all."""
    receiver, steps, lock = WebhookReceiver(), chain(behaviour, repeat(TAKE)), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                step = next(steps)
                receiver.requests += 1
                if step in (TAKE, TAKE_AND_CUT):
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    receiver.taken.append(Request(self.path, headers, body))
            if step in (CUT, TAKE_AND_CUT):
                self.close_connection = True
                return
            self.send_response(STATUS[step])
            if step == BUSY:
                self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
