"""Public keys of a curve as bytes, in every form that a scheme may name, and the shared secret of two keys."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

CURVES = {"P-256": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1", "X25519": "x25519"}
"""By the name in a spec: that of the library."""
_ECDH = ec.ECDH()
_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66, "X25519": 32}
_SPKI_HEADER = {"P-256": 26, "P-384": 23, "P-521": 25, "X25519": 12}
"""Bytes in front of the point in a DER SubjectPublicKeyInfo (RFC 5480, uncompressed; RFC 8410)."""


@cache
def _curve(name: str) -> Any:

    return {"secp256r1": ec.SECP256R1(), "secp384r1": ec.SECP384R1(), "secp521r1": ec.SECP521R1()}[name]


def new_private(curve: str) -> Any:
    """A fresh ephemeral key."""

    return x25519.X25519PrivateKey.generate() if curve == "x25519" else ec.generate_private_key(_curve(curve))


def exchange(curve: str, private: PrivateKey, public: PublicKey) -> bytes:
    """The shared secret Z: the X coordinate (SEC 1, 3.3.1), or X25519's (RFC 7748). `ValueError`, `TypeError` or
    `AttributeError` of keys that are not on that curve, or of a point of low order."""
    # Which kinds they are is not asked: of the library's classes that takes as long as the rest around a curve's work.
    if curve == "x25519":
        return private.exchange(public)  # type: ignore[union-attr,call-arg,arg-type]
    return private.exchange(_ECDH, public)  # type: ignore[union-attr,call-arg,arg-type]


def point_size(curve: str, form: str) -> int:
    """Bytes of a public key in a form."""
    size = _BYTES[curve]
    if form == "spki":
        return _SPKI_HEADER[curve] + (size if curve == "X25519" else 1 + 2 * size)
    return {"compressed": 1 + size, "uncompressed": 1 + 2 * size, "raw-xy": 2 * size, "raw-x": size}[form]


def point_bytes(curve: str, key: PublicKey, form: str) -> bytes:
    """A public key in a form."""

    if form == "spki":
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if curve == "x25519":
        return key.public_bytes_raw()  # type: ignore[union-attr]
    if form == "compressed":
        return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if form == "uncompressed":
        return point
    return point[1:] if form == "raw-xy" else point[1 : 1 + len(point) // 2]


def read_point(curve: str, data: bytes, form: str) -> PublicKey:
    """The public key that a form's bytes are; `ValueError` where they are none, or not on the curve."""

    if form == "spki":
        try:
            key = load_der_public_key(data)
        except UnsupportedAlgorithm:
            raise ValueError("no key of a known kind") from None
        is_right = (
            isinstance(key, x25519.X25519PublicKey)
            if curve == "x25519"
            else isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == curve
        )
        if not is_right:
            raise ValueError("a key on another curve")
        return key  # type: ignore[return-value]
    if curve == "x25519":
        return x25519.X25519PublicKey.from_public_bytes(data)
    lead = {"raw-xy": b"\x04", "raw-x": b"\x02"}.get(form, b"")  # of X alone both points have one shared secret
    if (form == "compressed") != (data[:1] in (b"\x02", b"\x03")) and not lead:
        raise ValueError("a point in another form")
    return ec.EllipticCurvePublicKey.from_encoded_point(_curve(curve), lead + data)
