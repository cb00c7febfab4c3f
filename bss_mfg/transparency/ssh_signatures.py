"""Signatures that people make with their own SSH keys: `ssh-keygen -Y sign -n bss-mfg` (OpenSSH's PROTOCOL.sshsig).

Read strictly: one way to write each part, no byte left over. No SHA-1, no RSA below 3072 bits, no certificates; a key
in hardware has to say that somebody touched it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from bss_mfg.errors import ValueProblem
from bss_mfg.transparency.signed_note import from_base64

NAMESPACE = "bss-mfg"
"""What such a signature is for: one for mail or for git is none for us."""
MOST_BYTES = 16_384
"""Of a signature or of a public key, as text."""
LEAST_RSA_BITS = 3072
_MOST_RSA_BITS = 16_384
_MAGIC = b"SSHSIG"
_ARMOR = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n?", re.ASCII
)
_HASHES: dict[str, Callable[[bytes], bytes]] = {
    "sha256": lambda content: hashlib.sha256(content).digest(),
    "sha512": lambda content: hashlib.sha512(content).digest(),
}
_ED25519, _RSA = "ssh-ed25519", "ssh-rsa"
_SK_ED25519, _SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
_CURVES = {f"ecdsa-sha2-nistp{bits}": f"nistp{bits}" for bits in (256, 384, 521)} | {_SK_ECDSA: "nistp256"}
_Check = Callable[[str, bytes, bytes], None]
"""Checks a signature: the kind that it says, its bytes, what is signed; `InvalidSignature`."""
_USER_PRESENT = 0x01
_FIELD = 2**255 - 19
_SMALL_ORDER = frozenset(
    int.from_bytes(bytes.fromhex(y), "little") & (2**255 - 1)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    )
)
"""Of the points of Ed25519 that anybody can sign for, the second coordinate."""
_LISTED = "ssh-ed25519, ecdsa-sha2-nistp256, -384 or -521, ssh-rsa from 3072 bits, sk-ssh-ed25519 or sk-ecdsa"


class _Reader:
    """The parts of what SSH writes, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, size: int) -> bytes:
        part = self._content[self._at : self._at + size]
        if len(part) != size:
            raise ValueProblem("is cut short")
        self._at += size
        return part

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())

    def name(self) -> str:
        return self.string().decode("latin-1")

    def positive(self) -> int:
        """A positive number (mpint), in the one way to write it."""
        raw = self.string()
        if not raw or raw[0] & 0x80 or (raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80)):
            raise ValueProblem("holds a number that is not written in the one way to write it")
        return int.from_bytes(raw, "big")

    def end(self) -> None:
        if self._at != len(self._content):
            raise ValueProblem("holds more than belongs to it")


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


@dataclass(frozen=True, slots=True)
class SshKey:
    """A person's public key: its kind, and its bytes as SSH writes them."""

    kind: str
    blob: bytes

    @classmethod
    def parse(cls, line: str) -> SshKey:
        """A key as a `.pub` file has it, `KIND BASE64 [COMMENT]`; `ValueProblem` where it is none, or a weak one."""
        parts = line.strip().split(maxsplit=2)
        if len(line) > MOST_BYTES or len(parts) < 2:
            raise ValueProblem("isn't a public SSH key: it is written KIND BASE64")
        key = cls.of_blob(from_base64(parts[1]))
        if key.kind != parts[0]:
            raise ValueProblem(f"says {parts[0][:60]!a} and holds a key of another kind")
        return key

    @classmethod
    def of_blob(cls, blob: bytes) -> SshKey:
        """A key as SSH writes it; `ValueProblem` where it is none that we take."""
        kind = _Reader(blob).name()
        if kind not in (_ED25519, _RSA, _SK_ED25519, *_CURVES):
            raise ValueProblem(f"is a key of the kind {kind[:60]!a}: taken are {_LISTED}")
        key = cls(kind, blob)
        key._verifier()
        return key

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def __str__(self) -> str:
        """As it stands in a `.pub` file, without a comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    def verify(self, signature: bytes, content: bytes) -> None:
        """`ValueProblem` where it isn't this key's signature (as SSH writes it) of the content."""
        from cryptography.exceptions import InvalidSignature

        reader = _Reader(signature)
        kind, raw = reader.name(), reader.string()
        allowed = ("rsa-sha2-256", "rsa-sha2-512") if self.kind == _RSA else (self.kind,)
        if kind not in allowed:
            raise ValueProblem(f"is a signature of the kind {kind[:60]!a}: not taken of such a key")
        check, application = self._verifier()
        if application is not None:
            flags = reader.take(1)
            if not flags[0] & _USER_PRESENT:
                raise ValueProblem("was made by a key in hardware that nobody touched")
            content = _HASHES["sha256"](application) + flags + reader.take(4) + _HASHES["sha256"](content)
        reader.end()
        try:
            check(kind, raw, content)
        except InvalidSignature:
            raise ValueProblem("is not its key's signature of this text") from None

    def _verifier(self) -> tuple[_Check, bytes | None]:
        """What checks a signature, and for which application a key in hardware makes some; `ValueProblem` for a key
        that is weak or broken."""
        reader = _Reader(self.blob)
        reader.name()
        try:
            if self.kind in (_ED25519, _SK_ED25519):
                check = _ed25519(reader.string())
            elif self.kind == _RSA:
                check = _rsa(exponent=reader.positive(), modulus=reader.positive())
            else:
                check = _ecdsa(self.kind, reader.name(), reader.string())
        except ValueProblem:
            raise
        except ValueError:
            raise ValueProblem("is not a valid key") from None
        application = reader.string() if self.kind in (_SK_ED25519, _SK_ECDSA) else None
        reader.end()
        return check, application


def _ed25519(raw: bytes) -> _Check:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if len(raw) != 32 or y >= _FIELD or y in _SMALL_ORDER:
        raise ValueProblem("is a weak key")
    key = Ed25519PublicKey.from_public_bytes(raw)
    return lambda _, signature, content: key.verify(signature, content)


def _rsa(*, exponent: int, modulus: int) -> _Check:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.hashes import SHA256, SHA512

    if not LEAST_RSA_BITS <= modulus.bit_length() <= _MOST_RSA_BITS or not modulus & 1:
        raise ValueProblem(f"is a weak key: RSA is taken from {LEAST_RSA_BITS} bits")
    if not 3 <= exponent < 2**32 or not exponent & 1:
        raise ValueProblem("is a weak key: its exponent")
    key = RSAPublicNumbers(exponent, modulus).public_key()

    def check(kind: str, signature: bytes, content: bytes) -> None:
        if len(signature) != (modulus.bit_length() + 7) // 8:
            raise InvalidSignature
        key.verify(signature, content, padding.PKCS1v15(), SHA512() if kind == "rsa-sha2-512" else SHA256())

    return check


def _ecdsa(kind: str, curve: str, point: bytes) -> _Check:
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

    if curve != _CURVES[kind]:
        raise ValueProblem("names another curve than its kind")
    if point[:1] != b"\x04":
        raise ValueProblem("holds a point that is not written in full")
    of_curve = {
        "nistp256": (ec.SECP256R1(), SHA256()),
        "nistp384": (ec.SECP384R1(), SHA384()),
        "nistp521": (ec.SECP521R1(), SHA512()),
    }
    parameters, digest = of_curve[curve]
    key = ec.EllipticCurvePublicKey.from_encoded_point(parameters, point)

    def check(_: str, signature: bytes, content: bytes) -> None:
        reader = _Reader(signature)
        r, s = reader.positive(), reader.positive()
        reader.end()
        key.verify(utils.encode_dss_signature(r, s), content, ec.ECDSA(digest))

    return check


def signer_of(signature: bytes, content: bytes) -> SshKey:
    """The key whose signature of a content this file is, as `ssh-keygen -Y sign -n bss-mfg` writes it; `ValueProblem`
    where it is none, or for something else. Whose key that is, is for the caller to ask."""
    if len(signature) > MOST_BYTES:
        raise ValueProblem("is too large to be a signature")
    armor = _ARMOR.fullmatch(signature.replace(b"\r\n", b"\n"))
    if armor is None:
        raise ValueProblem("isn't one SSH signature, and that alone")
    reader = _Reader(from_base64(armor[1].replace(b"\n", b"").decode()))
    if reader.take(len(_MAGIC)) != _MAGIC or reader.number() != 1:
        raise ValueProblem("isn't an SSH signature of version 1")
    blob, namespace, reserved, algorithm = reader.string(), reader.name(), reader.string(), reader.name()
    made = reader.string()
    reader.end()
    if namespace != NAMESPACE:
        raise ValueProblem(f"was made for {namespace[:60]!a}: sign with `ssh-keygen -Y sign -n {NAMESPACE}`")
    if reserved:
        raise ValueProblem("says something that nobody knows yet")
    if algorithm not in _HASHES:
        raise ValueProblem(f"is of a digest that is not taken: {algorithm[:60]!a}")
    key = SshKey.of_blob(blob)
    parts = (namespace.encode(), reserved, algorithm.encode(), _HASHES[algorithm](content))
    key.verify(made, _MAGIC + b"".join(map(_string, parts)))
    return key
