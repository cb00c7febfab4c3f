"""A TPM whose answers are given: it proves and encrypts them as the one with the root key does, so that what is behind
the proof is reached, too."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import struct
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.workspace import tpm2_commands as ours
from bss_mfg.workspace.tpm2_device import Channel, _Pipe
from tests.fuzz.key_corpus import root_key

_LOAD, _UNSEAL, _START_SESSION = 0x157, 0x15E, 0x176


class PlayedTpm:
    """Gives the answers of `data` in order, each as long as it says it is; `auth` is what the PIN makes, empty
    without one."""

    def __init__(self, data: bytes, auth: bytes) -> None:
        self._data, self._auth = data, auth
        self._waiting = b""
        self._key = self._nonce = b""

    def channel(self, path: Path) -> Channel:
        """As one on a socket."""
        return _Pipe(path, self._take, self._give, lambda: None)

    def _give(self, most: int) -> bytes:
        given, self._waiting = self._waiting[:most], self._waiting[most:]
        return given

    def _take(self, sent: bytes) -> None:
        size = max(int.from_bytes(self._data[2:6], "big"), 1)
        answer, self._data = self._data[:size], self._data[size:]
        command = int.from_bytes(sent[6:10], "big")
        with contextlib.suppress(ValueError, IndexError, struct.error):
            if command == _START_SESSION:
                self._begin(sent, answer)
            elif command in (_LOAD, _UNSEAL) and answer[6:10] == bytes(4):
                answer = self._proven(command, sent, answer)
        self._waiting = answer

    def _begin(self, sent: bytes, answer: bytes) -> None:
        """Agree on the session's key (Part 1, 11.4.10.3 and C.6.1)."""
        nonce, at = _sized(sent, 18)
        point, _ = _sized(sent, at)
        x, after = _sized(point, 0)
        y, _ = _sized(point, after)
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
        shared = root_key().exchange(ec.ECDH(), numbers.public_key())
        own = root_key().public_key().public_numbers().x.to_bytes(32, "big")
        salt = hashlib.sha256(struct.pack(">I", 1) + shared + b"SECRET\0" + x + own).digest()
        theirs, _ = _sized(answer, 14)
        self._key, self._nonce = ours._kdf(salt, b"ATH", theirs, nonce), theirs

    def _proven(self, command: int, sent: bytes, answer: bytes) -> bytes:
        """The answer with its HMAC, its first parameter encrypted where that was asked for."""
        at = 14 + (4 if command == _LOAD else 0)
        size = int.from_bytes(answer[at - 4 : at], "big")
        said, after = answer[at : at + size], at + size
        nonce, end = _sized(answer, after)
        flags = answer[end : end + 1]
        theirs, _ = _sized(sent, 22)  # head, handle, length of the area, session
        key = self._key + (self._auth if command == _UNSEAL else b"")
        if command == _UNSEAL:
            said = ours._first_changed(said, key, nonce, theirs, encrypt=True)
        digest = hashlib.sha256(struct.pack(">II", 0, command) + said).digest()
        proof = hmac.digest(key, digest + nonce + theirs + flags, "sha256")
        return answer[:at] + said + answer[after : end + 1] + struct.pack(">H", 32) + proof + answer[end + 35 :]


def _sized(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    if end > len(data):
        raise ValueError("cut")
    return data[at + 2 : end], end
