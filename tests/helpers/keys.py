"""Key files."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PASSPHRASE = "correct horse battery staple"
"""What the fixture `phrase` keeps in a file."""


def pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def good_pem() -> bytes:
    return pem(ec.generate_private_key(ec.SECP256R1()).public_key())
