"""What encrypted bytes are made of: the parts of a made-up ciphertext by its scheme, each with a name."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from bss_mfg.payload.schemes.containers import CmsDescription, EcdhRecipient
from bss_mfg.payload.schemes.descriptions import (
    EciesDescription,
    HpkeDescription,
    JweDescription,
    WrappedKeyDescription,
)
from bss_mfg.payload.schemes.framing import piece_bytes
from bss_mfg.payload.schemes.points import CURVES, point_bytes
from bss_mfg.payload.schemes.terms import Part
from bss_mfg.payload.suites import Suite

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PublicKey

RSA_BITS = 2048
"""The RSA key that sizes are told for."""


class PieceKind(StrEnum):
    """What some bytes are."""

    PREFIX = "prefix"
    HEADER = "header"
    POINT = "ephemeral key"
    WRAPPED_KEY = "wrapped key"
    IV = "IV"
    CIPHERTEXT = "ciphertext"
    TAG = "tag"
    UUID = "Device UUID"
    OOB = "OOB key"
    SERIAL = "serial"
    MAC = "MAC"
    COLUMN = "column"
    """Of the identities file; `Piece.name` says which."""
    CONSTANT = "constant"
    COUNT = "number of units"
    PRODUCT = "of the product"
    CHECK = "check"
    PADDING = "padding"
    FRAME = "frame"
    """Tags, lengths, separators, names: what holds the values."""


_OF_PART = {
    "prefix": PieceKind.PREFIX, "point": PieceKind.POINT, "wrapped-key": PieceKind.WRAPPED_KEY, "iv": PieceKind.IV,
    "ciphertext": PieceKind.CIPHERTEXT, "tag": PieceKind.TAG,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes that belong together. `unit` counts from 1 within the package, 0: of no unit."""

    kind: PieceKind
    data: bytes
    name: str = ""
    unit: int = 0


def stream(seed: str, size: int) -> bytes:
    """Made-up bytes, always the same of a seed."""
    blocks = (hashlib.sha256(f"{seed}:{number}".encode()).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


@cache
def made_up_key(curve: str, seed: str) -> PublicKey:
    """A public key that is always the same, for the form of its bytes: nobody encrypts to it."""
    from cryptography.hazmat.primitives.asymmetric import ec, x25519

    if curve == "X25519":
        return x25519.X25519PrivateKey.from_private_bytes(stream(seed, 32)).public_key()
    named = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[curve]
    return ec.derive_private_key(int.from_bytes(stream(seed, 32), "big"), named).public_key()


def sealed_pieces(suite: Suite, plaintext: int, seed: str) -> Iterator[Piece]:
    """The parts of what a plaintext of so many bytes is encrypted to; RSA keys have `RSA_BITS`."""
    how, whole = suite.scheme, suite.sealed_size(plaintext, RSA_BITS)
    if isinstance(how, HpkeDescription):
        point = point_bytes(
            CURVES[how.kem], made_up_key(how.kem, seed), "raw-x" if how.kem == "X25519" else "uncompressed"
        )
        if how.prefix:
            yield Piece(PieceKind.PREFIX, bytes.fromhex(how.prefix))
        yield Piece(PieceKind.POINT, point)
        yield Piece(PieceKind.CIPHERTEXT, stream(seed, plaintext))
        yield Piece(PieceKind.TAG, stream(f"{seed} tag", whole - plaintext - len(point) - len(how.prefix) // 2))
        return
    if isinstance(how, JweDescription):
        yield from _jwe_pieces(how, plaintext, whole, seed)
        return
    if isinstance(how, CmsDescription):
        yield from _cms_pieces(how, plaintext, seed)
        return
    if not isinstance(how, EciesDescription | WrappedKeyDescription):
        yield Piece(PieceKind.CIPHERTEXT, stream(seed, whole))
        return
    if isinstance(how, EciesDescription):
        head = point_bytes(CURVES[how.curve], made_up_key(how.curve, seed), how.point)
    else:
        head = stream(f"{seed} key", RSA_BITS // 8)
    sizes = {"prefix": len(how.prefix) // 2, how.head: len(head), "iv": how.iv_size, "tag": _tag_size(how)}
    sizes["ciphertext"] = whole - sum(sizes[part] for part in how.parts if part != "ciphertext")
    for part in how.parts:
        data = {"prefix": bytes.fromhex(how.prefix), how.head: head}.get(part)
        yield Piece(_OF_PART[part], stream(f"{seed} {part}", sizes[part]) if data is None else data)


def _tag_size(how: EciesDescription | WrappedKeyDescription) -> int:
    from bss_mfg.payload.schemes.ciphers import Cipher

    return Cipher(how.cipher, how.tag_bytes, how.mac).tag_size


def _cms_pieces(how: CmsDescription, plaintext: int, seed: str) -> Iterator[Piece]:
    """The parts of a CMS message (RFC 5652); its ASN.1 structure is what holds them."""
    from bss_mfg.payload.schemes.cms import CmsScheme

    def made(part: Part, size: int) -> bytes:
        if part == "point" and isinstance(how.recipient, EcdhRecipient):
            curve = how.recipient.curve
            return point_bytes(CURVES[curve], made_up_key(curve, seed), "uncompressed")
        return stream(f"{seed} {part}", size)

    whole, parts = CmsScheme(how).made_up(plaintext, RSA_BITS, made)
    at = 0
    for part, data in parts:
        start = whole.index(data, at)
        yield Piece(PieceKind.FRAME, whole[at:start])
        yield Piece(_OF_PART[part], data)
        at = start + len(data)
    if at < len(whole):
        yield Piece(PieceKind.FRAME, whole[at:])


def _jwe_pieces(how: JweDescription, plaintext: int, whole: int, seed: str) -> Iterator[Piece]:
    """The five parts of a JWE (RFC 7516, 7.1), each in base64url."""
    is_gcm = how.enc.endswith("GCM")
    size = int(how.enc[1:4]) // 8  # of an AES key; CBC has a MAC key as long, and a tag
    key = size * (1 if is_gcm else 2) + 8 if "+" in how.alg else 0  # AES Key Wrap adds 8 (RFC 3394)
    key = key if how.is_ecdh else RSA_BITS // 8
    iv, text, tag = (12, plaintext, 16) if is_gcm else (16, (plaintext // 16 + 1) * 16, size)
    rest = [
        (kind, _base64url(stream(f"{seed} {kind}", count)))
        for kind, count in (
            (PieceKind.WRAPPED_KEY, key), (PieceKind.IV, iv), (PieceKind.CIPHERTEXT, text), (PieceKind.TAG, tag)
        )
    ]  # fmt: skip
    yield Piece(PieceKind.HEADER, _jwe_header(how, whole - 4 - sum(len(data) for _, data in rest), seed))
    for kind, data in rest:
        yield Piece(PieceKind.FRAME, b".")
        if data:
            yield Piece(kind, data)


def _jwe_header(how: JweDescription, size: int, seed: str) -> bytes:
    """A protected header of so many characters, with a made-up ephemeral key."""
    members: dict[str, Any] = {"alg": how.alg, "enc": how.enc, **dict(how.header)}
    for name, pieces in (("apu", how.apu), ("apv", how.apv)):
        if pieces:
            members[name] = _base64url(b"".join([piece_bytes(piece) for piece in pieces])).decode()
    if how.is_ecdh:
        form = "raw-x" if how.curve == "X25519" else "raw-xy"
        point = point_bytes(CURVES[how.curve], made_up_key(how.curve, seed), form)
        kinds = {"crv": how.curve, "kty": "OKP" if how.curve == "X25519" else "EC"}
        halves = (point,) if how.curve == "X25519" else (point[: len(point) // 2], point[len(point) // 2 :])
        members["epk"] = {
            **kinds,
            **{name: _base64url(half).decode() for name, half in zip("xy", halves, strict=False)},
        }
    made = _base64url(json.dumps(members, separators=(",", ":")).encode())
    return made if len(made) == size else (made + b"A" * size)[:size]


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
