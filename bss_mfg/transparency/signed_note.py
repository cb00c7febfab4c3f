"""Signed notes: a text with signatures below it, and the keys that verify them (C2SP signed-note, version 1.0.0).

A signature of type 4 is that of a witness, over the note and the time at which it was seen (C2SP tlog-cosignature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from bss_mfg.errors import ValueProblem
from bss_mfg.model import Secret

_NAME = re.compile(r"[^\s+]+")
_NO_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<value>[A-Za-z0-9+/]+={0,2})")
_MOST_BYTES = 1_000_000
_MOST_SIGNATURES = 100
"""As Go's golang.org/x/mod/sumdb/note takes."""


class KeyType(IntEnum):
    """What a key signs; the number stands in the key."""

    ED25519 = 1
    COSIGNATURE = 4


def require_name(name: str) -> str:
    """A name of a key; `ValueProblem` for one with spaces or a `+`, or that begins as what is signed otherwise does."""
    if not _NAME.fullmatch(name) or not name.isprintable() or name.startswith(("cosignature/", "DSSE")):
        raise ValueProblem(f"{name[:80]!a} isn't a name of a key: it has no spaces, no `+` and no control characters")
    return name


def from_base64(text: str) -> bytes:
    """Bytes from standard base64, the one way to write them; `ValueProblem` for any other text."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = None
    if raw is None or to_base64(raw) != text:
        raise ValueProblem("is not base64")
    return raw


def to_base64(raw: bytes) -> str:
    """Standard base64, with its padding."""
    return base64.b64encode(raw).decode("ascii")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public part of a key that signs notes, as text `NAME+HASH+KEY`."""

    name: str
    type: KeyType
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """A key as it is written; `ValueProblem` where it is none."""
        name, _, rest = text.strip().partition("+")
        digest, _, encoded = rest.partition("+")
        try:
            raw = from_base64(encoded)
        except ValueProblem:
            raw = b""
        if len(raw) != 33 or raw[0] not in set(KeyType):
            raise ValueProblem(f"{text.strip()[:120]!a} isn't a key of the form NAME+HASH+KEY for Ed25519")
        key = cls(require_name(name), KeyType(raw[0]), raw[1:])
        if key.hash.hex() != digest:
            raise ValueProblem(
                f"the key of {name} was not copied whole: its hash is {key.hash.hex()}, not {digest[:8]!a}"
            )
        return key

    @property
    def hash(self) -> bytes:
        """Four bytes that tell the key from others of the same name."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{to_base64(bytes([self.type]) + self.public)}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether an Ed25519 signature is this key's (RFC 8032)."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """A key that signs: Ed25519, made of 32 secret bytes."""

    def __init__(self, name: str, seed: Secret) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self.name = require_name(name)
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())

    def verifier_key(self, key_type: KeyType = KeyType.ED25519) -> VerifierKey:
        """The public part, for signatures of a type."""
        return VerifierKey(self.name, key_type, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<signing key {self.name}>"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A line below a note: the name of a key, the four bytes that tell it from others, and what it signed with."""

    name: str
    key_hash: bytes
    value: bytes

    def __str__(self) -> str:
        return f"— {self.name} {to_base64(self.key_hash + self.value)}"

    @classmethod
    def parse(cls, line: str) -> NoteSignature:
        """A line without its end; `ValueProblem` where it is none."""
        found = _SIGNATURE_LINE.fullmatch(line)
        if not found or len(raw := from_base64(found["value"])) < 5:
            raise ValueProblem(f"{line[:120]!a} isn't a line of a signature")
        return cls(found["name"], raw[:4], raw[4:])


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text, which ends with a line's end, and the signatures below it."""

    text: str
    signatures: tuple[NoteSignature, ...] = ()

    @classmethod
    def parse(cls, content: bytes) -> SignedNote:
        """A note as it is stored; `ValueProblem` where it is none."""
        try:
            whole = content.decode("utf-8") if len(content) <= _MOST_BYTES else ""
        except UnicodeDecodeError:
            whole = ""
        text, gap, below = whole.rpartition("\n\n")
        if not gap or not below.endswith("\n") or _NO_TEXT.search(whole):
            raise ValueProblem("isn't a signed note: text, an empty line, and lines of signatures")
        lines = below[:-1].split("\n")
        if len(lines) > _MOST_SIGNATURES:
            raise ValueProblem(f"has more than {_MOST_SIGNATURES} signatures")
        return cls(f"{text}\n", tuple(NoteSignature.parse(line) for line in lines))

    def __str__(self) -> str:
        return f"{self.text}\n" + "".join(f"{one}\n" for one in self.signatures)

    def signed(self, key: SigningKey) -> SignedNote:
        """The same with the signature of another key."""
        made = NoteSignature(key.name, key.verifier_key().hash, key.sign(self.text.encode()))
        return replace(self, signatures=(*self.signatures, made))

    def cosigned(self, key: SigningKey, timestamp: int) -> SignedNote:
        """The same with the signature of a witness, who saw it at a time, in seconds since 1970."""
        value = timestamp.to_bytes(8, "big") + key.sign(_witnessed(self.text, timestamp))
        made = NoteSignature(key.name, key.verifier_key(KeyType.COSIGNATURE).hash, value)
        return replace(self, signatures=(*self.signatures, made))

    def with_signatures(self, more: Iterable[NoteSignature]) -> SignedNote:
        """The same with more signatures, each once."""
        return replace(self, signatures=tuple(dict.fromkeys((*self.signatures, *more))))

    def of(self, key: VerifierKey) -> tuple[NoteSignature, ...]:
        """The signatures that say that they are of a key."""
        return tuple(one for one in self.signatures if (one.name, one.key_hash) == (key.name, key.hash))

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Whether a key signed the text, and no signature that says that it is of this key is wrong."""
        found = self.of(key)
        return bool(found) and all(self.signed_at(key, one) is not None for one in found)

    def signed_at(self, key: VerifierKey, one: NoteSignature) -> int | None:
        """When a witness signed, in seconds since 1970; 0 of other keys; None where the signature is wrong."""
        if key.type is KeyType.ED25519:
            return 0 if key.verifies(self.text.encode(), one.value) else None
        timestamp = int.from_bytes(one.value[:8], "big")
        return timestamp if key.verifies(_witnessed(self.text, timestamp), one.value[8:]) else None


def _witnessed(text: str, timestamp: int) -> bytes:
    """What a witness signs (C2SP tlog-cosignature, cosignature/v1)."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
