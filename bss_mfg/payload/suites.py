"""Encryption suites for barcode fields: each seals for a product key, and opens with a development key.

A spec names a preset, or describes a scheme of its own (`schemes.descriptions`). Byte layouts are in
docs/formats/suites.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bss_mfg.errors import InputError
from bss_mfg.payload.schemes.cms import CmsScheme
from bss_mfg.payload.schemes.descriptions import (
    CmsDescription,
    EciesDescription,
    HpkeDescription,
    JweDescription,
    KdfDescription,
    OaepDescription,
    SchemeDescription,
    WrappedKeyDescription,
)
from bss_mfg.payload.schemes.ecies import EciesScheme
from bss_mfg.payload.schemes.hpke import HpkeScheme
from bss_mfg.payload.schemes.jwe import JweScheme
from bss_mfg.payload.schemes.rsa import RsaScheme, WrappedKeyScheme

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

Seal = Callable[[bytes], bytes]
"""Plaintext to sealed bytes, under a key already chosen."""


class Engine(Protocol):
    """What a scheme does: `key_kind` is the kind of product key that it needs."""

    key_kind: str

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong."""

    def sealed_size(self, plaintext: int, key_bits: int) -> int:
        """Bytes that a plaintext of so many makes."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A scheme that is ready for use. `name`: of its preset, or `own` where a spec describes it."""

    name: str
    scheme: SchemeDescription
    _engine: Engine = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_engine", _engine_of(self.scheme))

    @property
    def key_kind(self) -> str:
        """The kind of product key that it needs: `P-256`, `X25519`, `RSA` ..."""
        return self._engine.key_kind

    def check_key(self, kind: str, where: str) -> None:
        """Refuse a product key of the wrong kind (`P-256`, `RSA-2048` ...)."""
        if not kind.startswith(self.key_kind):
            what = "the spec's scheme" if self.name == OWN else f"the suite {self.name}"
            article = "a" if self.key_kind.startswith("P") else "an"
            raise InputError(
                f"{what} needs {article} {self.key_kind} key, this one is {kind}",
                where=where,
                way_out="Check the key file, or choose a spec whose suite fits the key.",
            )

    def sealer(self, key: PublicKey) -> Seal:
        """What encrypts for the holder of `key`, each time with fresh randomness."""
        return partial(self._engine.seal, key)

    def open(self, key: PrivateKey, sealed: bytes) -> bytes:
        """The inverse, with a development key; one `InputError` for whatever is wrong."""
        try:
            return self._engine.open(key, sealed)
        except (ValueError, AttributeError, TypeError):  # a key of another kind has other methods
            raise InputError(
                "the encrypted field can't be decrypted with this key",
                way_out="It was encrypted to another product key or under another spec, or a character is wrong.",
            ) from None

    def sealed_size(self, plaintext: int, key_bits: int) -> int:
        """Bytes that a plaintext of so many makes; `InputError` where it is too long."""
        return self._engine.sealed_size(plaintext, key_bits)


def _engine_of(scheme: SchemeDescription) -> Engine:
    if isinstance(scheme, EciesDescription):
        return EciesScheme(scheme)
    if isinstance(scheme, HpkeDescription):
        return HpkeScheme(scheme)
    if isinstance(scheme, JweDescription):
        return JweScheme(scheme)
    if isinstance(scheme, CmsDescription):
        return CmsScheme(scheme)
    if isinstance(scheme, WrappedKeyDescription):
        return WrappedKeyScheme(scheme)
    return RsaScheme(scheme)


OWN = "own"
"""The name of a suite that a spec describes."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named scheme; `describe` takes the context bytes that a spec binds to the ciphertext (`info`)."""

    title: str
    describe: Callable[[bytes], SchemeDescription]


def _hpke(info: bytes) -> HpkeDescription:
    return HpkeDescription(
        kind="hpke", kem="P-256", kdf="hkdf-sha256", aead="aes-128-gcm", info=(f"hex:{info.hex()}",) if info else ()
    )


def _ecies(info: bytes) -> EciesDescription:
    pieces = ("point", f"hex:{info.hex()}") if info else ("point",)
    kdf = KdfDescription(name="x963", hash="sha256", info=pieces)
    return EciesDescription(kind="ecies", point="compressed", kdf=kdf, derive=("key", "iv"), cipher="aes-128-gcm")


def _oaep(info: bytes) -> OaepDescription:
    return OaepDescription(kind="rsa-oaep", hash="sha256", mgf_hash="sha256", label=info.hex())


PRESETS: dict[str, Preset] = {
    "hpke-p256-sha256-aes128gcm": Preset(
        "HPKE (RFC 9180) base mode: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM", _hpke
    ),
    "ecies-p256-x963sha256-aes128gcm": Preset(
        "ECIES (SEC 1): P-256, KDF of ANSI X9.63 with SHA-256, AES-128-GCM", _ecies
    ),
    "rsa-oaep-sha256": Preset("RSAES-OAEP (RFC 8017) with SHA-256 and MGF1-SHA-256", _oaep),
}
"""Named schemes."""


def preset(name: str, info: bytes = b"") -> Suite:
    """A named suite, with what a spec binds to the ciphertext."""
    return Suite(name, PRESETS[name].describe(info))


def described(scheme: SchemeDescription) -> Suite:
    """A suite that a spec describes."""
    return Suite(OWN, scheme)
