"""A webhook: each event is a POST with a CloudEvent in structured mode, signed as Standard Webhooks 1.0.0 says.

The receiver answers 2xx once it has the event. Until then the same event comes again, with the same `id`, so a receiver
that keeps the ids it has seen has each event once.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import socket
import threading
import time
from typing import Any

import urllib3

from bss_mfg.errors import InputError
from bss_mfg.integration.event_documents import CLOUD_EVENT_TYPE, cloud_event, event_id
from bss_mfg.integration.receivers import (
    ANSWER_S,
    SECRET_START,
    Credentials,
    DeliveryTrouble,
    ReceiverAddress,
    tls_context,
    tls_words,
)
from bss_mfg.model import Event, Secret

_LATER = frozenset({408, 425, 429})
_LONGEST_WAIT_S = 3600.0
_LONGEST_ANSWER = 1 << 16
"""Bytes of an answer that are read so that its connection can be used again; what they say doesn't matter."""


class Webhook:
    """A receiver over HTTP. The connection is kept for the next event."""

    def __init__(self, address: ReceiverAddress, credentials: Credentials, ledger_id: str) -> None:
        self._address, self._ledger_id = address, ledger_id
        self._key = signing_key(credentials.secret) if credentials.secret else None
        self._connection: Any = None  # the newest
        timeout = urllib3.Timeout(ANSWER_S)
        self._pool: urllib3.HTTPConnectionPool = (
            urllib3.HTTPSConnectionPool(
                address.host, address.port, timeout=timeout, maxsize=1, ssl_context=tls_context(credentials)
            )
            if address.has_tls
            else urllib3.HTTPConnectionPool(address.host, address.port, timeout=timeout, maxsize=1)
        )
        self._pool.ConnectionCls = self._connect  # type: ignore[assignment]  # it is called only

    def deliver(self, event: Event) -> None:
        """Send the event; it was taken where the answer is 2xx."""
        body = cloud_event(event, self._ledger_id)
        address = self._address
        target = f"{address.path}{f'?{address.query}' if address.query else ''}"
        headers = {"Content-Type": CLOUD_EVENT_TYPE, **self._signed(event_id(event), body)}
        deadline = threading.Timer(ANSWER_S, self._cut)  # timeouts are of each read: an answer may come in drips
        deadline.daemon = True
        deadline.start()
        try:
            answer = self._pool.urlopen(
                "POST", target, body=body, headers=headers, retries=False, redirect=False, preload_content=False
            )
            status = answer.status
            with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
                answer.read(_LONGEST_ANSWER, decode_content=False)
            answer.close()  # the connection, too, where there is more
        except urllib3.exceptions.HTTPError as error:
            raise DeliveryTrouble(f"no answer from {address.place} ({_kind_of(error)})") from None
        finally:
            deadline.cancel()
        if 200 <= status < 300:
            return
        if status >= 500 or status in _LATER:
            raise DeliveryTrouble(f"{address.place} answered {status}", _wait_s(answer.headers.get("Retry-After")))
        raise InputError(
            f"the receiver refused event {event.seq:,} with HTTP status {status}",
            where=address.place,
            way_out="Check the address and the secret, and what the receiver logged. Then run the same command again: "
            "it continues with this event.",
        )

    def close(self) -> None:
        """Leave the connection."""
        self._pool.close()

    def _connect(self, *arguments: Any, **options: Any) -> Any:
        self._connection = type(self._pool).ConnectionCls(*arguments, **options)
        return self._connection

    def _cut(self) -> None:
        """Whoever waits for more of an answer finds it ended."""
        if self._connection is not None and self._connection.sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._connection.sock, socket.SHUT_RDWR)  # not TLS's, which is read elsewhere

    def _signed(self, name: str, body: bytes) -> dict[str, str]:
        """The headers of Standard Webhooks: HMAC-SHA256 over id, time and body."""
        moment = str(int(time.time()))
        headers = {"webhook-id": name, "webhook-timestamp": moment}
        if self._key is None:
            return headers
        digest = hmac.digest(self._key, f"{name}.{moment}.".encode() + body, "sha256")
        return {**headers, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def signing_key(secret: Secret) -> bytes:
    """The key in a secret of Standard Webhooks (`whsec_` and base64 of 24 to 64 bytes); `InputError` for any other."""
    text = secret.reveal().decode("ascii", "replace").strip()
    try:
        key = base64.b64decode(text.removeprefix(SECRET_START), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(SECRET_START) or not 24 <= len(key) <= 64:
        raise InputError(
            "the webhook's secret isn't `whsec_` and base64 of 24 to 64 bytes",
            way_out="Name a file that is not there with --secret-file: it is made, for the receiver to copy.",
        )
    return key


def _kind_of(error: Exception) -> str:
    """What went wrong, in the name of the error: a library's words may quote anything."""
    inner = getattr(error, "reason", None) or error
    if isinstance(inner, urllib3.exceptions.SSLError):
        return tls_words(inner.args[0] if inner.args else None)
    words = {
        "NewConnectionError": "no connection",
        "NameResolutionError": "its name is unknown",
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": "no answer in time",
        "ProtocolError": "the connection was cut",
    }
    return words.get(type(inner).__name__, type(inner).__name__)


def _wait_s(header: str | None) -> float:
    """Seconds that an answer asks to wait (RFC 9110, section 10.2.3); a date counts for nothing."""
    return min(float(header), _LONGEST_WAIT_S) if header and header.isdecimal() else 0.0
