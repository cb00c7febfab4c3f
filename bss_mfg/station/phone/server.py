"""The page's server: TLS on one address of this computer, for phones that were let in.

Its threads judge nothing and touch no ledger: what a phone reads goes into a queue, the one thread that owns the ledger
answers it. Nothing that a phone sends, no token and no session is written to a log.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import queue
import socket
import ssl
import sys
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.station.phone.access import PhoneAccess
from bss_mfg.station.phone.addresses import host_in_url
from bss_mfg.station.phone.certificate import StationCertificate
from bss_mfg.station.phone.handler import PhoneHandler
from bss_mfg.station.phone.page_files import page_files
from bss_mfg.station.phone.requests import PhoneRequest

_log = logging.getLogger(__name__)

MOST_CONNECTIONS = 160
MOST_OF_ONE_ADDRESS = 100
"""A browser opens six; all phones may be behind one router that hides their addresses."""
_MOST_WAITING = 64
_HANDSHAKE_SECONDS = 10


class PhoneServer(ThreadingHTTPServer):
    """Listens from when it is made; `with` serves until it is left. `InputError` where the address or port can't be
    opened."""

    daemon_threads = True
    request_queue_size = 128
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two programs have one port
    allow_reuse_port = False

    def __init__(self, address: str, port: int, certificate: StationCertificate) -> None:
        self.access = PhoneAccess()
        self.files = page_files()
        self._state: Mapping[str, object] = {}
        self._waiting: queue.Queue[PhoneRequest] = queue.Queue(_MOST_WAITING)
        self._connections: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(certificate.file)
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            super().__init__((address, port), PhoneHandler)
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

    def __enter__(self) -> PhoneServer:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()
        while (left := self.next_request(0)) is not None:
            left.answered.cancel()

    @property
    def origin(self) -> str:
        """The page's address, up to its path."""
        return f"https://{host_in_url(str(self.server_address[0]))}:{self.server_port}"

    @property
    def page_address(self) -> str:
        """The page's address with the token that lets the next phone in: behind `#`, which browsers don't send."""
        return f"{self.origin}/#{self.access.token}"

    @property
    def state(self) -> Mapping[str, object]:
        """What every phone is shown, as it was published last."""
        return self._state

    def publish(self, state: Mapping[str, object]) -> None:
        """From now on, this is what every phone is shown."""
        self._state = state

    def submit(self, request: PhoneRequest) -> bool:
        """Let a request wait for its answer; False where too many wait."""
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            return False
        return True

    def next_request(self, seconds: float) -> PhoneRequest | None:
        """The next request, to be answered by the caller; None where none came in that time."""
        try:
            return self._waiting.get(timeout=seconds) if seconds else self._waiting.get_nowait()
        except queue.Empty:
            return None

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
        request.settimeout(_HANDSHAKE_SECONDS)
        with self._context.wrap_socket(request, server_side=True) as secured:
            PhoneHandler(secured, client_address, self)
            with contextlib.suppress(OSError):
                secured.shutdown(socket.SHUT_WR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A phone that went away, or doesn't trust the certificate yet, is no error."""
        error = sys.exception()
        if not isinstance(error, (OSError, EOFError)):  # ssl.SSLError and time-outs are of these
            _log.info("a phone's request failed: %s", type(error).__name__)
