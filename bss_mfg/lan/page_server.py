"""A page's server: one address of this computer, TLS where others can reach it.

Each connection has a thread. Nothing that a browser sends, no token and no session is written to a log.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import socket
import ssl
import sys
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, ClassVar, Self

from bss_mfg.errors import InputError
from bss_mfg.lan.addresses import host_in_url
from bss_mfg.lan.certificate import StationCertificate
from bss_mfg.lan.page_files import PageFile
from bss_mfg.lan.page_handler import PageHandler

_log = logging.getLogger(__name__)

MOST_CONNECTIONS = 160
MOST_OF_ONE_ADDRESS = 100
"""A browser opens six; all phones may be behind one router that hides their addresses."""
_HANDSHAKE_SECONDS = 10


class PageServer(ThreadingHTTPServer):
    """Listens from when it is made; `with` serves until it is left. Without a certificate it speaks no TLS, for this
    computer alone. `InputError` where the address or port can't be opened."""

    daemon_threads = True
    request_queue_size = 128
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two programs have one port
    allow_reuse_port = False
    handler: ClassVar[type[PageHandler]] = PageHandler

    def __init__(
        self, address: str, port: int, certificate: StationCertificate | None, files: Mapping[str, PageFile]
    ) -> None:
        self.files = files
        self._connections: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._context.load_cert_chain(certificate.file)
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            super().__init__((address, port), self.handler)
        except OSError as error:
            raise InputError(
                f"{host_in_url(address)}:{port} can't be opened: {error.strerror or type(error).__name__}",
                way_out="Name another port with --port, or --port 0 for any that is free; --address names another of "
                "this computer's addresses.",
            ) from error
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def server_bind(self) -> None:
        """Bind without asking a name server what this computer is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()

    @property
    def origin(self) -> str:
        """The page's address, up to its path."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host_in_url(str(self.server_address[0]))}:{self.server_port}"

    # --- connections ----------------------------------------------------------------------------------------------

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether a connection is taken: not one too many, of all or of one address."""
        with self._lock:
            if self._connections.total() >= MOST_CONNECTIONS:
                return False
            if self._connections[client_address[0]] >= MOST_OF_ONE_ADDRESS:
                return False
            self._connections[client_address[0]] += 1
        return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._connections -= collections.Counter({client_address[0]: 1})

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands here, so that one who doesn't holds up nobody else."""
        if self._context is None:
            self.handler(request, client_address, self)
            return
        request.settimeout(_HANDSHAKE_SECONDS)
        with self._context.wrap_socket(request, server_side=True) as secured:
            self.handler(secured, client_address, self)
            with contextlib.suppress(OSError):
                secured.shutdown(socket.SHUT_WR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away, or doesn't trust the certificate yet, is no error."""
        error = sys.exception()
        if not isinstance(error, (OSError, EOFError)):  # ssl.SSLError and time-outs are of these
            _log.info("a page's request failed: %s", type(error).__name__)
