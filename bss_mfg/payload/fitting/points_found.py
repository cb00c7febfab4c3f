"""Public keys in sealed bytes: where one can stand, in which form, and the secret that it shares with a private key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bss_mfg.payload.fitting.arrangements import Head
from bss_mfg.payload.fitting.streams import Secret
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.schemes.points import CURVES, exchange, point_bytes, point_size, read_point

PREFIXES = (0, 5, 1, 4)
"""Bytes in front of all; 5 as of Tink."""
_BETWEEN = (12, 16, 10, 20, 32)
"""Bytes of a lone IV or tag on the other side of the point than the ciphertext."""
STRONG_FORMS = ("uncompressed", "spki", "raw-xy", "compressed")
"""Forms that hardly any other bytes are."""
_NAMES = {library: name for name, library in CURVES.items()}


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """A public key in sealed bytes, and its shared secret."""

    head: Head
    curve: str
    form: str
    secret: Secret


def curve_name(key: PrivateKey) -> str | None:
    """The curve of a private key; None of RSA."""
    if isinstance(key, rsa.RSAPrivateKey):
        return None
    return _NAMES[key.curve.name] if isinstance(key, ec.EllipticCurvePrivateKey) else "X25519"


def forms_of(curve: str) -> tuple[str, ...]:
    """The forms in which a key of a curve is written, those first that hardly any other bytes are."""
    return ("spki", "raw-x") if curve == "X25519" else (*STRONG_FORMS, "raw-x")


def places(size: int, length: int, *, everywhere: bool) -> Iterator[Head]:
    """Where a key of `size` bytes can stand in `length`: first, last, behind a prefix, or beside an IV or tag."""
    seen = set()
    last = length - size
    wanted = [(0, 0), (last, 0), (5, 5)]
    if everywhere:
        wanted += [(prefix, prefix) for prefix in PREFIXES]
        wanted += [(at, 0) for between in _BETWEEN for at in (between, last - between)]
        wanted += [(last, 5)]
    for at, prefix in wanted:
        if prefix <= at <= last and (at, prefix) not in seen:
            seen.add((at, prefix))
            yield Head("point", at, at + size, prefix)


def find_points(data: bytes, key: PrivateKey, curve: str) -> Iterator[FoundPoint]:
    """Every public key in `data`; the public-key work is done once for each place and form."""
    library = CURVES[curve]
    for form in forms_of(curve):
        size = point_size(curve, form)
        recipient = point_bytes(library, key.public_key(), form)
        for head in places(size, len(data), everywhere=form in STRONG_FORMS):
            point = data[head.start : head.end]
            try:
                shared = exchange(library, key, read_point(library, point, form))
            except (ValueError, TypeError, AttributeError):
                continue
            yield FoundPoint(head, curve, form, Secret(shared, point, recipient))
