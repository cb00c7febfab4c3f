"""SSH signatures made here in software, as `ssh-keygen` would not make them: weak keys, keys in hardware that nobody
touched, parts that are otherwise."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"


def string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def mpint(number: int) -> bytes:
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def armored(blob: bytes) -> bytes:
    """As `ssh-keygen` writes it into a file."""
    text = base64.b64encode(blob)
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""])


def unarmored(file: bytes) -> bytes:
    return base64.b64decode(b"".join(file.splitlines()[1:-1]))


def signature_file(public: bytes, signature: bytes, reserved: bytes = b"", digest: bytes = b"sha512") -> bytes:
    """A signature file for bss-mfg."""
    parts = (public, b"bss-mfg", reserved, digest, signature)
    return armored(b"SSHSIG" + b"\0\0\0\1" + b"".join(map(string, parts)))


def to_sign(content: bytes, reserved: bytes = b"", digest: bytes = b"sha512") -> bytes:
    """What is signed of a content."""
    made = hashlib.new(digest.decode(), content).digest()
    return b"SSHSIG" + b"".join(map(string, (b"bss-mfg", reserved, digest, made)))


@dataclass(frozen=True)
class HardwareKey:
    """A key in hardware, as OpenSSH's PROTOCOL.u2f says."""

    kind: str = SK_ED25519
    application: bytes = b"ssh:"
    ed25519: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    ecdsa: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def blob(self) -> bytes:
        if self.kind == SK_ED25519:
            point = self.ed25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return string(self.kind.encode()) + string(point) + string(self.application)
        point = self.ecdsa.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return string(self.kind.encode()) + string(b"nistp256") + string(point) + string(self.application)

    @property
    def public(self) -> str:
        """As its `.pub` file has it."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    def sign(self, content: bytes, flags: int) -> bytes:
        """A signature file: bit 0 of the flags says that somebody touched it."""
        tail = bytes([flags]) + (7).to_bytes(4, "big")
        signed = hashlib.sha256(self.application).digest() + tail + hashlib.sha256(to_sign(content)).digest()
        if self.kind == SK_ED25519:
            made = string(self.ed25519.sign(signed))
        else:
            r, s = utils.decode_dss_signature(self.ecdsa.sign(signed, ec.ECDSA(hashes.SHA256())))
            made = string(mpint(r) + mpint(s))
        return signature_file(self.blob, string(self.kind.encode()) + made + tail)


@dataclass(frozen=True)
class RsaKey:
    """An RSA key of any size."""

    key: rsa.RSAPrivateKey

    @classmethod
    def new(cls, bits: int) -> RsaKey:
        return cls(rsa.generate_private_key(65537, bits))

    @property
    def blob(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return string(b"ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)

    @property
    def public(self) -> str:
        """As its `.pub` file has it."""
        return f"ssh-rsa {base64.b64encode(self.blob).decode()}"

    def sign(self, content: bytes, digest: hashes.HashAlgorithm, kind: bytes) -> bytes:
        """A signature file with this digest, which calls itself so."""
        made = self.key.sign(to_sign(content), padding.PKCS1v15(), digest)
        return signature_file(self.blob, string(kind) + string(made))
