"""HPKE as a spec describes it (RFC 9180), base mode, single shot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from bss_mfg.payload.schemes.descriptions import HpkeDescription
from bss_mfg.payload.schemes.framing import piece_bytes

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

_ENC = {"P-256": 65, "P-384": 97, "P-521": 133, "X25519": 32}
"""Bytes of the encapsulated key (RFC 9180, 7.1)."""
_TAG = 16


class HpkeScheme:
    """Seals and opens as described."""

    def __init__(self, description: HpkeDescription) -> None:
        self.description = description
        self.key_kind: str = description.kem
        self._info = b"".join([piece_bytes(piece) for piece in description.info])
        self._prefix = bytes.fromhex(description.prefix)
        self._suite = _suite(description)

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""
        sealed: bytes = self._suite.encrypt(plaintext, key, info=self._info)
        return self._prefix + sealed

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong."""
        if not data.startswith(self._prefix):
            raise ValueError("another prefix")
        try:
            return self._suite.decrypt(data.removeprefix(self._prefix), key, info=self._info)  # type: ignore[no-any-return]
        except (InvalidTag, TypeError):
            raise ValueError("can't be opened") from None

    def sealed_size(self, plaintext: int, key_bits: int = 0) -> int:
        """Bytes that a plaintext of so many makes, whatever the key."""
        return len(self._prefix) + _ENC[self.description.kem] + plaintext + _TAG


def _suite(how: HpkeDescription) -> Any:

    kem = {"P-256": KEM.P256, "P-384": KEM.P384, "P-521": KEM.P521, "X25519": KEM.X25519}[how.kem]
    kdf = {"hkdf-sha256": KDF.HKDF_SHA256, "hkdf-sha384": KDF.HKDF_SHA384, "hkdf-sha512": KDF.HKDF_SHA512}[how.kdf]
    aead = {
        "aes-128-gcm": AEAD.AES_128_GCM,
        "aes-256-gcm": AEAD.AES_256_GCM,
        "chacha20-poly1305": AEAD.CHACHA20_POLY1305,
    }[how.aead]
    return Suite(kem, kdf, aead)
