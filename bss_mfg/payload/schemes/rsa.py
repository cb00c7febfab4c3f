"""RSA encryption as a spec describes it: of the plaintext itself, or of a content key (RFC 8017)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import padding

from bss_mfg.errors import InputError
from bss_mfg.payload.schemes.ciphers import Cipher, Keys, Sealed
from bss_mfg.payload.schemes.derivation import hash_algorithm
from bss_mfg.payload.schemes.descriptions import WrappedKeyDescription
from bss_mfg.payload.schemes.framing import join_parts, piece_bytes, split_parts
from bss_mfg.payload.schemes.rsa_descriptions import OaepDescription, Pkcs1Description
from bss_mfg.payload.schemes.terms import key_bytes

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

_PKCS1_OVERHEAD = 11
"""Bytes that PKCS#1 v1.5 adds at least (RFC 8017, 7.2.1)."""


def _padding(how: OaepDescription | Pkcs1Description) -> Any:

    if isinstance(how, Pkcs1Description):
        return padding.PKCS1v15()
    mgf = padding.MGF1(hash_algorithm(how.mgf_hash))
    return padding.OAEP(mgf, hash_algorithm(how.hash), bytes.fromhex(how.label) or None)


class RsaScheme:
    """The plaintext itself, encrypted with RSA."""

    key_kind = "RSA"

    def __init__(self, description: OaepDescription | Pkcs1Description) -> None:
        self.description = description
        self._padding = _padding(description)

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""
        return key.encrypt(plaintext, self._padding)  # type: ignore[union-attr]

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong."""
        return key.decrypt(data, self._padding)  # type: ignore[union-attr]

    def sealed_size(self, plaintext: int, key_bits: int) -> int:
        """Bytes that a plaintext makes; `InputError` where it has too many."""
        how = self.description
        if isinstance(how, Pkcs1Description):
            name, overhead = "PKCS#1 v1.5", _PKCS1_OVERHEAD
        else:
            name, overhead = "OAEP", 2 * hash_algorithm(how.hash).digest_size + 2
        room = key_bits // 8 - overhead
        if plaintext > room:
            raise InputError(
                f"the credentials of one package have {plaintext} bytes, but RSA-{key_bits} with {name} holds {room}",
                way_out="Put fewer units in a package, or choose a spec with an HPKE or ECIES suite.",
            )
        return key_bits // 8


class WrappedKeyScheme:
    """A fresh content key encrypted with RSA, and the plaintext with it."""

    key_kind = "RSA"

    def __init__(self, description: WrappedKeyDescription) -> None:
        self.description = description
        self._wrap = RsaScheme(description.wrap)
        self._cipher = Cipher(description.cipher, description.tag_bytes, description.mac)
        self._aad = b"".join([piece_bytes(piece) for piece in description.aad])

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""
        how = self.description
        content_key = os.urandom(key_bytes(how.cipher) + (how.mac.key_bytes if how.mac else 0))
        iv = os.urandom(how.iv_size) if how.iv == "random" else self._fixed_iv()
        sealed = self._cipher.seal(plaintext, self._keys(content_key, iv))
        return join_parts(how, self._wrap.seal(key, content_key), iv, sealed)

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong."""
        how = self.description
        parts = split_parts(how, data, key.key_size // 8, self._cipher.tag_size)  # type: ignore[union-attr]
        wrapped = parts["wrapped-key"]
        content_key = self._wrap.open(key, wrapped)
        if len(content_key) != key_bytes(how.cipher) + (how.mac.key_bytes if how.mac else 0):
            raise ValueError("a content key of another length")
        keys = self._keys(content_key, parts.get("iv") or self._fixed_iv())
        return self._cipher.open_sealed(Sealed(parts["ciphertext"], parts.get("tag", b"")), keys)

    def sealed_size(self, plaintext: int, key_bits: int) -> int:
        """Bytes that a plaintext of so many makes."""
        how = self.description
        iv = how.iv_size if how.iv == "random" else 0
        head = len(how.prefix) // 2 + key_bits // 8
        return head + iv + self._cipher.ciphertext_size(plaintext) + self._cipher.tag_size

    def _fixed_iv(self) -> bytes:
        how = self.description
        return bytes.fromhex(how.iv[4:]) if how.iv.startswith("hex:") else bytes(how.iv_size)

    def _keys(self, content_key: bytes, iv: bytes) -> Keys:
        how = self.description
        size = key_bytes(how.cipher)
        if how.mac_key_first and how.mac:
            first = how.mac.key_bytes
            return Keys(content_key[first:], iv, content_key[:first], self._aad)
        return Keys(content_key[:size], iv, content_key[size:], self._aad)
