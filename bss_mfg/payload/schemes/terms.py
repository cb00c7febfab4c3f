"""The terms that descriptions of schemes share: names, bytes, and pieces of a context."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

HashName = Literal["sha1", "sha224", "sha256", "sha384", "sha512"]
CurveName = Literal["P-256", "P-384", "P-521", "X25519"]
PointForm = Literal["compressed", "uncompressed", "raw-xy", "raw-x", "spki"]
"""How a public key is written: SEC 1, 2.3.3; X and Y; X alone (X25519: RFC 7748); DER SubjectPublicKeyInfo."""
CipherName = Literal[
    "aes-128-gcm", "aes-192-gcm", "aes-256-gcm", "aes-128-ccm", "aes-192-ccm", "aes-256-ccm", "chacha20-poly1305",
    "aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "aes-128-ctr", "aes-192-ctr", "aes-256-ctr", "xor",
]  # fmt: skip
"""xor: the plaintext with as many bytes of the KDF (SEC 1, 3.8)."""
Part = Literal["prefix", "point", "wrapped-key", "iv", "ciphertext", "tag"]


def _check_hex(value: str) -> str:
    bytes.fromhex(value)
    return value


Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$"), AfterValidator(_check_hex)]
"""Bytes, as lower-case hex digits."""


def _check_piece(value: str) -> str:
    kind, _, rest = value.partition(":")
    if value in ("point", "recipient") or kind == "text":
        return value
    if kind == "hex" and rest == rest.lower():
        bytes.fromhex(rest)
        return value
    raise ValueError("should be point, recipient, text:TEXT, or hex:HEXDIGITS")


Piece = Annotated[str, AfterValidator(_check_piece)]
"""Bytes of a context: `point` (the ephemeral key as it is sent), `recipient` (the product key in the same form),
`text:TEXT` in UTF-8, `hex:DIGITS`."""


def _check_fixed_piece(value: str) -> str:
    if value in ("point", "recipient"):
        raise ValueError("should be text:TEXT or hex:HEXDIGITS")
    return value


FixedPiece = Annotated[Piece, AfterValidator(_check_fixed_piece)]
"""A piece that is the same for every key: `text:TEXT` or `hex:DIGITS`."""


def is_aead(cipher: str) -> bool:
    """Whether a cipher authenticates what it encrypts."""
    return cipher.endswith(("-gcm", "-ccm")) or cipher == "chacha20-poly1305"


def is_stream(cipher: str) -> bool:
    """Whether a ciphertext is as long as its plaintext."""
    return not cipher.endswith("-cbc")


def key_bytes(cipher: str) -> int:
    """Bytes of a cipher's key; 0 of `xor`, whose key is as long as the plaintext."""
    if cipher == "chacha20-poly1305":
        return 32
    return 0 if cipher == "xor" else int(cipher.split("-")[1]) // 8
