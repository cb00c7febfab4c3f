"""Encryption suites for barcode fields: named, versioned, each a pair of seal and open.

Every call makes a fresh ephemeral key (or OAEP seed). Byte layouts are in docs/formats/suites.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bss_mfg.errors import InputError

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

Seal = Callable[[bytes], bytes]
"""Plaintext to sealed bytes, under a key and context already chosen."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A named encryption scheme. `sealer(key, info)` prepares a function for many packages under one key;
    `open(key, sealed, info)` is its inverse for development keys and raises `InputError` on anything else."""

    name: str
    key_kind: str
    title: str
    sealer: Callable[[PublicKey, bytes], Seal]
    open: Callable[[PrivateKey, bytes, bytes], bytes]
    sealed_size: Callable[[int, int], int]
    """(plaintext bytes, key bits) to sealed bytes; raises `InputError` where the plaintext is too long."""

    def check_key(self, kind: str, where: str) -> None:
        """Refuse a product key of the wrong kind (`P-256`, `RSA-2048` ...)."""
        if not kind.startswith(self.key_kind):
            raise InputError(
                f"the suite {self.name} needs a {self.key_kind} key, this one is {kind}",
                where=where,
                way_out="Check the key file, or choose a spec whose suite fits the key.",
            )


def _cannot_open() -> InputError:
    return InputError(
        "the encrypted field can't be decrypted with this key",
        way_out="It was encrypted to another product key or under another spec, or a character is wrong.",
    )


# --- hpke-p256-sha256-aes128gcm: RFC 9180 base mode, single shot, empty aad -----------------------------------------


def _hpke_sealer(key: PublicKey, info: bytes) -> Seal:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM
    from cryptography.hazmat.primitives.hpke import Suite as Hpke

    suite = Hpke(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    return lambda plaintext: suite.encrypt(plaintext, key, info=info)  # type: ignore[arg-type]


def _hpke_open(key: PrivateKey, sealed: bytes, info: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM
    from cryptography.hazmat.primitives.hpke import Suite as Hpke

    suite = Hpke(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    try:
        return suite.decrypt(sealed, key, info=info)  # type: ignore[arg-type]
    except (InvalidTag, ValueError, TypeError):
        raise _cannot_open() from None


# --- ecies-p256-x963sha256-aes128gcm: SEC 1 v2.0 5.1 with the KDF of ANSI X9.63 (SEC 1 3.6.1) -----------------------
#
# sealed = ephemeral point, compressed (33) || ciphertext || tag (16)
# KDF output 28 bytes: AES-128 key (16) || GCM nonce (12); SharedInfo = ephemeral point || info


def x963_kdf(shared: bytes, shared_info: bytes, size: int) -> bytes:
    """`size` bytes from the KDF of ANSI X9.63 with SHA-256."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

    return X963KDF(SHA256(), size, shared_info).derive(shared)


def _ecies_sealer(key: PublicKey, info: bytes) -> Seal:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    curve, ecdh = ec.SECP256R1(), ec.ECDH()

    def seal(plaintext: bytes) -> bytes:
        ephemeral = ec.generate_private_key(curve)
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        material = x963_kdf(ephemeral.exchange(ecdh, key), point + info, 28)  # type: ignore[arg-type]
        return point + AESGCM(material[:16]).encrypt(material[16:], plaintext, None)

    return seal


def _ecies_open(key: PrivateKey, sealed: bytes, info: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _cannot_open()
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealed[:33])
        material = x963_kdf(key.exchange(ec.ECDH(), point), sealed[:33] + info, 28)
        return AESGCM(material[:16]).decrypt(material[16:], sealed[33:], None)
    except (InvalidTag, ValueError):
        raise _cannot_open() from None


# --- rsa-oaep-sha256: RFC 8017 7.1, MGF1 with SHA-256, info as the label ---------------------------------------------


def _oaep_sealer(key: PublicKey, info: bytes) -> Seal:
    pad = _oaep_padding(info)
    return lambda plaintext: key.encrypt(plaintext, pad)  # type: ignore[union-attr, arg-type]


def _oaep_open(key: PrivateKey, sealed: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not isinstance(key, rsa.RSAPrivateKey):
        raise _cannot_open()
    try:
        return key.decrypt(sealed, _oaep_padding(info))  # type: ignore[arg-type]
    except ValueError:
        raise _cannot_open() from None


def _oaep_padding(info: bytes) -> object:
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    return padding.OAEP(padding.MGF1(SHA256()), SHA256(), info or None)


def _oaep_size(plaintext: int, key_bits: int) -> int:
    room = key_bits // 8 - 66
    if plaintext > room:
        raise InputError(
            f"the credentials of one package have {plaintext} bytes, but RSA-{key_bits} with OAEP holds {room}",
            way_out="Put fewer units in a package, or choose a spec with an HPKE or ECIES suite.",
        )
    return key_bits // 8


SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite(
            "hpke-p256-sha256-aes128gcm",
            "P-256",
            "HPKE (RFC 9180) base mode: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM",
            _hpke_sealer,
            _hpke_open,
            lambda plaintext, _bits: 65 + plaintext + 16,
        ),
        Suite(
            "ecies-p256-x963sha256-aes128gcm",
            "P-256",
            "ECIES (SEC 1): P-256, KDF of ANSI X9.63 with SHA-256, AES-128-GCM",
            _ecies_sealer,
            _ecies_open,
            lambda plaintext, _bits: 33 + plaintext + 16,
        ),
        Suite(
            "rsa-oaep-sha256",
            "RSA",
            "RSAES-OAEP (RFC 8017) with SHA-256 and MGF1-SHA-256",
            _oaep_sealer,
            _oaep_open,
            _oaep_size,
        ),
    )
}
"""All suites by name."""
