"""Where events are sent: addresses of receivers, and what one of them has to be able to do."""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import secrets
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from bss_mfg.core.files import read_bytes, require_safe_name, write_atomically
from bss_mfg.errors import InputError
from bss_mfg.model import Event, Secret

ANSWER_S = 30.0
"""How long a receiver's answer is waited for."""
_PORTS = {"https": 443, "http": 80, "mqtts": 8883, "mqtt": 1883}
_WITHOUT_TLS = ("http", "mqtt")


class DeliveryTrouble(Exception):  # noqa: N818  (no error: it is tried again)
    """A receiver did not take an event, and may do so later: why, in words, and after how many seconds it wants to be
    asked again (0: it doesn't say)."""

    def __init__(self, words: str, wait_s: float = 0.0) -> None:
        super().__init__(words)
        self.words, self.wait_s = words, wait_s


class Receiver(Protocol):
    """Who takes events, one after the other."""

    def deliver(self, event: Event) -> None:
        """Returns once the receiver has said that it has the event; `DeliveryTrouble` where it may take it later, a
        `BssError` where it never will."""

    def close(self) -> None:
        """Leave the connection."""


@dataclass(frozen=True, slots=True)
class ReceiverAddress:
    """The address of a receiver. `path` begins with `/`; of MQTT it is the start of all topics."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @property
    def is_mqtt(self) -> bool:
        """Whether it is an MQTT broker."""
        return self.scheme.startswith("mqtt")

    @property
    def has_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme not in _WITHOUT_TLS

    @property
    def place(self) -> str:
        """For people: without the query, which may hold a token."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    @property
    def name(self) -> str:
        """By which it is known where it was given no name: its host, as far as that can be a file's name."""
        return f"receiver-{re.sub('[^A-Za-z0-9]+', '-', self.host).strip('-')}"[:64] if self._odd else self.host

    @property
    def _odd(self) -> bool:
        try:
            require_safe_name(self.host, "name of a receiver")
        except InputError:
            return True
        return False

    @classmethod
    def parse(cls, text: str, *, clear: bool = False) -> ReceiverAddress:
        """From `https://HOST/PATH`, `mqtts://HOST/TOPIC`, or the same without TLS where that is this computer or
        `clear` allows it; else `InputError`."""
        try:
            parts = urlsplit(text)
            scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        except ValueError:
            scheme, host, port = "", "", None
        if scheme not in _PORTS or not host:
            raise InputError(
                f"{_without_password(text)!a} isn't the address of a receiver",
                way_out="Give https://HOST/PATH of a webhook, or mqtts://HOST/TOPIC of an MQTT broker.",
            )
        if parts.username is not None or parts.password is not None:
            raise InputError(
                "the receiver's address holds a user or a password, which others on this computer can see",
                way_out="Leave it out, and name the user with --user and a file of the password with --secret-file.",
            )
        address = cls(scheme, host, port or _PORTS[scheme], _path(parts, scheme, text), parts.query)
        if not address.has_tls and not clear and not _is_this_computer(host):
            raise InputError(
                f"{address.place} has no TLS: whoever is in the network reads and changes what is sent",
                way_out=f"Give {scheme}s://{host}, or allow it with --clear.",
            )
        return address


def _path(parts: SplitResult, scheme: str, text: str) -> str:
    if not scheme.startswith("mqtt"):
        return parts.path or "/"
    topic = parts.path.strip("/")
    if any(mark in text for mark in "#+?\0"):
        raise InputError(
            f"{text[:80]!a} can't begin a topic",
            way_out="Give mqtts://HOST/TOPIC, without '#', '+' and '?'.",
        )
    return f"/{topic or 'bss-mfg'}"


def _without_password(text: str) -> str:
    return text.rpartition("@")[2][:80]


def _is_this_computer(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a receiver is shown: `secret` signs what goes to a webhook, or is the password of an MQTT `user`.
    `authority` is a PEM file of certificates that are trusted instead of the system's."""

    secret: Secret | None = None
    user: str = ""
    authority: Path | None = None


def tls_context(credentials: Credentials) -> ssl.SSLContext:
    """TLS that trusts the system's authorities, or the one that was named."""
    try:
        return ssl.create_default_context(cafile=str(credentials.authority) if credentials.authority else None)
    except (OSError, ssl.SSLError):
        raise InputError(
            "no certificates can be read from it",
            where=credentials.authority or "",
            way_out="Give a PEM file of the authority that signed the receiver's certificate.",
        ) from None


def tls_words(error: object) -> str:
    """Why a connection with TLS failed. OpenSSL's words of a certificate quote nothing of the receiver's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.rstrip(".")
        return f"its certificate isn't trusted: {reason}; --authority FILE trusts an authority of your own"
    return "TLS failed"


SECRET_START = "whsec_"  # noqa: S105  (not a secret: how one begins)
_LONGEST_SECRET = 4096


def new_signing_secret(file: Path) -> None:
    """Make a file (0600) with a new secret of Standard Webhooks 1.0.0: `whsec_` and 32 random bytes as base64."""
    text = f"{SECRET_START}{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    write_atomically(file, [text.encode()], private=True)


def read_secret(file: Path) -> Secret:
    """The secret or password in a file, without its line end; `InputError` where it is empty or others may read it."""
    text = read_bytes(file, "secret file", _LONGEST_SECRET).rstrip(b"\r\n")
    if os.name != "nt" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise InputError("others may read the secret in it", where=file, way_out=f"`chmod 600 {file}` shuts them out.")
    if not text:
        raise InputError("holds no secret", where=file, way_out="Put it there, in one line.")
    return Secret(text)
