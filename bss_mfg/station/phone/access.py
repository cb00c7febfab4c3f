"""Who may use the page: a token that lets one phone in, once, and the sessions of the phones that are in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

MOST_PHONES = 16
"""Phones at one station. The seventeenth takes the place of the one that was heard of least lately."""
_BYTES = 24


class PhoneAccess:
    """Tokens and sessions of one server, for all its threads. Both are random, of 192 bits; of a session only its
    SHA-256 is kept, and where texts of the network are compared, the time that takes tells nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token = secrets.token_urlsafe(_BYTES)
        self._sessions: dict[bytes, None] = {}  # by their digest, the one heard of last at the end

    @property
    def token(self) -> str:
        """The token that lets the next phone in."""
        with self._lock:
            return self._token

    @property
    def phones(self) -> int:
        """How many phones are in."""
        with self._lock:
            return len(self._sessions)

    def redeem(self, token: str) -> str | None:
        """A new session for the right token, which is used up by that; None for any other text."""
        with self._lock:
            if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode()):
                return None
            self._token = secrets.token_urlsafe(_BYTES)
            session = secrets.token_urlsafe(_BYTES)
            while len(self._sessions) >= MOST_PHONES:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[_digest(session)] = None
            return session

    def known(self, session: str) -> str | None:
        """The name of a session, for those who keep something of it (it opens nothing); None where there is no such
        session."""
        # A dictionary's time depends on the digest, of which nobody can choose or learn a byte.
        digest = _digest(session)
        with self._lock:
            if digest not in self._sessions:
                return None
            del self._sessions[digest]
            self._sessions[digest] = None
            return digest.hex()


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode("utf-8", "replace")).digest()
