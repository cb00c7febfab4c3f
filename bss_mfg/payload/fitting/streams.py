"""The keys that a shared secret can give: every KDF, hash, input and context, each derived once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from bss_mfg.payload.schemes.derivation import derive
from bss_mfg.payload.schemes.descriptions import KdfDescription
from bss_mfg.payload.schemes.framing import piece_bytes

KDFS = ("x963", "hkdf", "concat", "kdf1")
"""kdf2 makes the same bytes as x963."""
HASHES = ("sha256", "sha1", "sha512", "sha384", "sha224")


@dataclass(frozen=True, slots=True)
class Words:
    """Contexts (info, SharedInfo, label) to try, as pieces of a spec: those that somebody gave, and those that the
    sample itself suggests."""

    given: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Those that were given first."""
        return tuple(dict.fromkeys((*self.given, *self.suggested)))


@dataclass(frozen=True, slots=True)
class Secret:
    """A shared secret Z with both public keys in the form that is sent."""

    z: bytes = field(repr=False)
    point: bytes
    recipient: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """The output of a KDF, as long as anything may need."""

    name: str
    hash: str
    input: str
    salt: bytes
    info: tuple[str, ...]
    data: bytes = field(repr=False)

    @property
    def description(self) -> KdfDescription:
        """As a spec says it."""
        return KdfDescription.model_validate(
            {"name": self.name, "hash": self.hash, "input": self.input, "salt": self.salt.hex(), "info": self.info}
        )


_PLAIN: tuple[tuple[str, ...], ...] = ((), ("point",), ("recipient",), ("point", "recipient"), ("recipient", "point"))


def contexts(words: Sequence[str], *, plain: bool) -> Iterator[tuple[str, ...]]:
    """Contexts as pieces: without words (`plain`), and with each word alone, before or behind one of the keys."""
    if plain:
        yield from _PLAIN
    for word in words:
        yield from ((word,), ("point", word), (word, "point"), ("recipient", word), (word, "recipient"))
        yield from (("point", "recipient", word), (word, "point", "recipient"))


def joined(pieces: Sequence[str], secret: Secret) -> bytes:
    """The bytes of a context."""
    named = {"point": secret.point, "recipient": secret.recipient}
    return b"".join(named[piece] if piece in named else piece_bytes(piece) for piece in pieces)


def streams(
    secret: Secret, infos: Sequence[tuple[str, ...]], salts: Sequence[bytes], size: int, hashes: Sequence[str] = HASHES
) -> Iterator[Stream]:
    """The outputs of all KDFs over these contexts; salts other than none only with hkdf."""
    inputs = (("z", secret.z), ("point-z", secret.point + secret.z))
    for info, hash_name, (name, material) in product(infos, hashes, inputs):
        context = joined(info, secret)
        for kdf in KDFS:
            for salt in salts if kdf == "hkdf" else (b"",):
                yield Stream(
                    kdf, hash_name, name, salt, info,
                    derive(kdf, hash_name, material, salt=salt, info=context, size=size),
                )  # fmt: skip
