"""Ciphers with their tags: a plaintext under keys that are already there, and back.

Whatever is wrong with a ciphertext (tag, padding, length), `open_sealed` raises the one `ValueError`, so that nobody
learns which it was. A MAC is checked before anything is decrypted.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Engine
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hmac import HMAC

from bss_mfg.payload.schemes.derivation import hash_algorithm
from bss_mfg.payload.schemes.descriptions import MacDescription
from bss_mfg.payload.schemes.terms import is_aead

_BLOCK = 16


class Keys(NamedTuple):
    """What a plaintext is sealed with; `key` of `xor` is as long as the text."""

    key: bytes
    iv: bytes
    mac_key: bytes = b""
    aad: bytes = b""

    def __repr__(self) -> str:
        return "Keys(...)"


class Sealed(NamedTuple):
    """A ciphertext and its tag, which is empty where there is none."""

    ciphertext: bytes
    tag: bytes


@dataclass(frozen=True, slots=True)
class Cipher:
    """A cipher by its name in a spec, with the bytes of its tag, and a MAC beside one that has none."""

    name: str
    tag_bytes: int
    mac: MacDescription | None = None

    @property
    def tag_size(self) -> int:
        """Bytes of the tag."""
        if is_aead(self.name):
            return self.tag_bytes
        return mac_size(self.mac) if self.mac else 0

    def ciphertext_size(self, plaintext: int) -> int:
        """Bytes that a plaintext of so many gets: PKCS#7 adds 1 to 16 to fill a block."""
        return (plaintext // _BLOCK + 1) * _BLOCK if self.name.endswith("-cbc") else plaintext

    def seal(self, plaintext: bytes, keys: Keys) -> Sealed:
        """Encrypt, and authenticate as described."""
        if self.name.endswith("-gcm"):
            return self._seal_gcm(plaintext, keys)
        if is_aead(self.name):
            both = self._aead(keys.key).encrypt(keys.iv, plaintext, keys.aad)
            return Sealed(both[: len(plaintext)], both[len(plaintext) :])
        ciphertext = self._encrypt(plaintext, keys)
        return Sealed(ciphertext, _tag(self.mac, ciphertext, keys) if self.mac else b"")

    def open_sealed(self, sealed: Sealed, keys: Keys) -> bytes:
        """Check and decrypt; `ValueError` where it can't be opened."""

        try:
            if self.name.endswith("-gcm"):
                return self._open_gcm(sealed, keys)
            if is_aead(self.name):
                return self._aead(keys.key).decrypt(keys.iv, sealed.ciphertext + sealed.tag, keys.aad)
            if self.mac and not hmac.compare_digest(_tag(self.mac, sealed.ciphertext, keys), sealed.tag):
                raise ValueError
            return self._decrypt(sealed.ciphertext, keys)
        except (InvalidTag, ValueError):
            raise ValueError("can't be opened") from None

    # --- with a tag of their own -----------------------------------------------------------------------------------

    def _seal_gcm(self, plaintext: bytes, keys: Keys) -> Sealed:

        if self.tag_bytes == _BLOCK:  # in one call, which takes half the time
            both = AESGCM(keys.key).encrypt(keys.iv, plaintext, keys.aad)
            return Sealed(both[: len(plaintext)], both[len(plaintext) :])
        engine = Engine(algorithms.AES(keys.key), modes.GCM(keys.iv)).encryptor()
        engine.authenticate_additional_data(keys.aad)
        ciphertext = engine.update(plaintext) + engine.finalize()
        return Sealed(ciphertext, engine.tag[: self.tag_bytes])

    def _open_gcm(self, sealed: Sealed, keys: Keys) -> bytes:

        engine = Engine(
            algorithms.AES(keys.key), modes.GCM(keys.iv, sealed.tag, min_tag_length=self.tag_bytes)
        ).decryptor()
        engine.authenticate_additional_data(keys.aad)
        return engine.update(sealed.ciphertext) + engine.finalize()

    def _aead(self, key: bytes) -> AESCCM | ChaCha20Poly1305:

        return AESCCM(key, self.tag_bytes) if self.name.endswith("-ccm") else ChaCha20Poly1305(key)

    # --- with a MAC or none ----------------------------------------------------------------------------------------

    def _encrypt(self, plaintext: bytes, keys: Keys) -> bytes:
        if self.name == "xor":
            return _xor(plaintext, keys.key)
        if self.name.endswith("-cbc"):
            fill = _BLOCK - len(plaintext) % _BLOCK
            plaintext += bytes([fill]) * fill
        engine = self._engine(keys).encryptor()
        found: bytes = engine.update(plaintext) + engine.finalize()
        return found

    def _decrypt(self, ciphertext: bytes, keys: Keys) -> bytes:
        if self.name == "xor":
            return _xor(ciphertext, keys.key)
        engine = self._engine(keys).decryptor()
        plaintext: bytes = engine.update(ciphertext) + engine.finalize()
        if not self.name.endswith("-cbc"):
            return plaintext
        fill = plaintext[-1] if plaintext else 0
        if not 1 <= fill <= _BLOCK or plaintext[-fill:] != bytes([fill]) * fill:
            raise ValueError
        return plaintext[:-fill]

    def _engine(self, keys: Keys) -> Any:

        mode = modes.CBC(keys.iv) if self.name.endswith("-cbc") else modes.CTR(keys.iv)
        return Engine(algorithms.AES(keys.key), mode)


def _tag(mac: MacDescription, ciphertext: bytes, keys: Keys) -> bytes:

    engine = HMAC(keys.mac_key, hash_algorithm(mac.hash))
    parameter = bytes.fromhex(mac.parameter)
    engine.update((keys.iv if mac.covers == "iv-ciphertext" else b"") + ciphertext + parameter)
    if mac.parameter_length == "bits-64":
        engine.update((8 * len(parameter)).to_bytes(8, "big"))
    return engine.finalize()[: mac.tag_bytes]


def mac_size(mac: MacDescription) -> int:
    """Bytes of a MAC's tag."""
    whole = hash_algorithm(mac.hash).digest_size
    return min(mac.tag_bytes or whole, whole)


def _xor(text: bytes, key: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(text, key, strict=True))
