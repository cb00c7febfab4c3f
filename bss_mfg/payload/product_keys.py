"""The product public key that Amazon issued: read, checked, fingerprinted.

`cryptography` refuses points off the curve but loads P-384, P-224 or secp256k1 without a word, so the curve is checked
by name. Private keys, certificates and several keys in one file are refused: each is a sign of the wrong file.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from bss_mfg.errors import InputError, Location, ValueProblem
from bss_mfg.payload.rsa_numbers import check_rsa_numbers

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | x25519.X25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | x25519.X25519PrivateKey

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_X25519 = "X25519"

DEVELOPMENT_MARK = "bss-mfg development key"
"""Text in front of the PEM block of keys made by `bss-mfg dev-key`."""

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_WAY_OUT = "Use the product public key from the developer portal: one 'PUBLIC KEY' block (PEM) or its DER form."

SAMPLE_FINGERPRINTS = frozenset(
    {
        # The PUK of Amazon's public Wi-Fi barcode samples.
        "d444bfcc021f20f5813bd3132452e847023d1f422fea9d3e7a78e2c1f6c56d4b",
    }
)
"""Fingerprints of keys printed in public documents; never good for production."""


@dataclass(frozen=True, slots=True)
class ProductKey:
    """A checked product public key. `fingerprint` is the SHA-256 of its DER SubjectPublicKeyInfo with the point
    uncompressed, in hex, so that one key has one fingerprint in whichever form it came."""

    key: PublicKey
    kind: str
    fingerprint: str
    development: bool

    @property
    def bits(self) -> int:
        """The size of the key."""
        return 255 if isinstance(self.key, x25519.X25519PublicKey) else self.key.key_size

    @property
    def pem(self) -> str:
        """The key as one PEM block."""
        return self.key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode("ascii")


def load_public_key(data: bytes, name: str) -> ProductKey:
    """Read a public key (P-256, P-384, P-521, X25519, or RSA of 2048 to 8192 bits) from PEM or DER bytes; `name` is
    used in errors."""

    def refuse(what: str, way_out: str = _WAY_OUT) -> InputError:
        return InputError(what, where=Location(name), way_out=way_out)

    development = DEVELOPMENT_MARK.encode() in data
    if b"-----BEGIN" in data:
        blocks = _BLOCK.findall(data.decode("latin-1"))
        if len(blocks) > 1:
            raise refuse(f"holds {len(blocks)} PEM blocks, not one public key")
        if not blocks:
            raise refuse("the PEM block is cut off")
        label, body = blocks[0]
        if "PRIVATE" in label:
            raise refuse(
                "holds a private key; bss-mfg must never see Amazon's",
                "If it is really yours, `openssl pkey -pubout` makes the public key of it. " + _WAY_OUT,
            )
        if "CERTIFICATE" in label:
            raise refuse("holds a certificate, not a bare public key")
        if label != "PUBLIC KEY":
            raise refuse(f"holds a '{label}' block, not a 'PUBLIC KEY'")
        try:
            der = base64.b64decode("".join(body.split()), validate=True)
        except ValueError:  # not base64, or not even ASCII
            raise refuse("the PEM block is damaged (not base64)") from None
    else:
        der = data
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise refuse(_describe_other_file(der)) from None
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            raise refuse(f"is a key on the curve {key.curve.name}; bss-mfg knows {', '.join(_CURVES.values())}")
        kind = _CURVES[key.curve.name]
    elif isinstance(key, rsa.RSAPublicKey):
        try:
            check_rsa_numbers(key.public_numbers().n, key.public_numbers().e)
        except ValueProblem as error:
            raise refuse(str(error)) from None
        kind = f"RSA-{key.key_size}"
    elif isinstance(key, x25519.X25519PublicKey):
        kind = _X25519
    else:
        raise refuse(f"is a key of another kind ({type(key).__name__.removesuffix('PublicKey')})")
    return ProductKey(key, kind, fingerprint(key), development)


def fingerprint(key: PublicKey) -> str:
    """SHA-256 of the DER SubjectPublicKeyInfo (point uncompressed), in hex."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


COMPRESSED_SPKI = 59
"""Bytes of a P-256 SubjectPublicKeyInfo with the point compressed."""

_HEADER = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")


def compressed_spki(der: bytes) -> bytes:
    """`der` decoded, checked and encoded anew, if it is a P-256 public key with its point compressed (RFC 5480, SEC 1
    2.3.3); else `ValueError` with the reason."""
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is not a public key (cut off, damaged, or a point that is not on its curve)") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise ValueError("is a public key, but not on P-256")
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    if der != _HEADER + point:
        raise ValueError(
            f"is a P-256 public key of {len(der)} bytes, {COMPRESSED_SPKI} with the point compressed are needed"
        )
    return _HEADER + point


def _describe_other_file(der: bytes) -> str:
    if not der:
        return "is empty"
    try:
        serialization.load_der_private_key(der, None)
        return "holds a private key; bss-mfg must never see Amazon's"
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    from cryptography import x509

    try:
        x509.load_der_x509_certificate(der)
        return "holds a certificate, not a bare public key"
    except ValueError:
        return "is not a public key that can be used (damaged, cut off, or a point that is not on its curve)"


_PRIVATE_WAY_OUT = (
    "Of a guide's samples it is the guide's private test key; of products in development the file that "
    "`bss-mfg dev-key` made, dev-keys/NAME.private.pem."
)


def load_private_key(data: bytes, name: str) -> PrivateKey:
    """Read a development private key (PEM or DER, unencrypted) to look into barcodes with."""
    try:
        if b"-----BEGIN" in data:
            key = serialization.load_pem_private_key(data, None)
        else:
            key = serialization.load_der_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(_describe_no_private_key(data), where=Location(name), way_out=_PRIVATE_WAY_OUT) from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        try:
            check_rsa_numbers(numbers.n, numbers.e)
        except ValueProblem as error:
            raise InputError(str(error), where=Location(name), way_out=_PRIVATE_WAY_OUT) from None
        return key
    if isinstance(key, x25519.X25519PrivateKey):
        return key
    raise InputError(
        "is a private key of the wrong kind",
        where=name,
        way_out=f"Keys are on {', '.join(_CURVES.values())} or {_X25519}, or RSA. {_PRIVATE_WAY_OUT}",
    )


def _describe_no_private_key(data: bytes) -> str:
    if b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data or b"Proc-Type: 4,ENCRYPTED" in data:
        return "is locked with a passphrase, not an unencrypted private key (`openssl pkey` unlocks it)"
    for load in (serialization.load_pem_public_key, serialization.load_der_public_key):
        try:
            load(data)
        except (ValueError, UnsupportedAlgorithm):
            continue
        return "is a public key, not a private one"
    return "is not an unencrypted private key"


def private_pem(key: PrivateKey) -> bytes:
    """A development key as PEM, for another process of the same command: through a pipe, never to a disk."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def new_development_key(kind: str) -> tuple[bytes, bytes]:
    """A key pair that stands in for Amazon: (private PEM, public PEM), both marked as development keys."""
    key: PrivateKey
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif kind == "x25519":
        key = x25519.X25519PrivateKey.generate()
    else:
        curves: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
        key = ec.generate_private_key(curves[kind])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    mark = f"{DEVELOPMENT_MARK}: stands in for Amazon's in development, never for production\n".encode()
    return mark + private, mark + public
