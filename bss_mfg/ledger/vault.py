"""The vault: keeps OOB keys unreadable at rest.

A batch's keys are sealed with AES-256-GCM under a data key of its own, and the data key is wrapped by the workspace's
vault key, which is in this process's memory or stays in a device. Whoever has only ledger.db learns no key; destroying
a data key destroys all keys of its batch. Each data key may also be sealed to a recipient, an officer's public key, so
that a lost vault key loses no batch.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT
from bss_mfg.model import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

_TAG_BYTES = 16
"""What AES-GCM adds to what it seals."""


class WrappingKey(Protocol):
    """A vault key, wherever it is: in this process's memory, or in a device that computes with it and never gives it
    away. All that a vault asks of one is here."""

    @property
    def kept(self) -> str:
        """How it is kept, by its kind; empty where it is kept nowhere yet."""

    @property
    def id(self) -> str:
        """16 hex digits that reveal nothing of the key; the ledger remembers them to notice a wrong key."""

    def wrap(self, data_key: DataKey) -> bytes:
        """A data key wrapped for the ledger, bound to its batch: nonce (12) || AES-256-GCM ciphertext || tag."""

    def unwrap(self, batch: str, wrapped: bytes) -> DataKey:
        """Unwrap a batch's data key; `unopened_error` where the key doesn't open it, and an error of another class
        where the key can't be asked."""

    def random(self) -> bytes:
        """32 random bytes of the token that the key is in; `RefusedError` where it is in none."""

    def close(self) -> None:
        """Wipe what is in memory, let go of what is not."""


class MemoryKey:
    """A vault key (32 bytes) that is in this process's memory."""

    def __init__(self, key: Secret, kept: str = "") -> None:
        self.key = key
        self.kept = kept

    @property
    def id(self) -> str:
        return hashlib.sha256(b"bss-mfg vault key id 1|" + self.key.reveal()).hexdigest()[:16]

    def wrap(self, data_key: DataKey) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.key.reveal()).encrypt(nonce, data_key.key.reveal(), bound_to(data_key.batch))

    def unwrap(self, batch: str, wrapped: bytes) -> DataKey:
        try:
            opened = AESGCM(self.key.reveal()).decrypt(wrapped[:12], wrapped[12:], bound_to(batch))
        except (InvalidTag, ValueError):
            raise unopened_error(batch) from None
        return DataKey(Secret(opened), batch)

    def random(self) -> bytes:
        raise RefusedError(
            "a token's random numbers are to be in all new keys, and the vault key is in no token",
            where="mix_token_random",
            way_out="Nothing was issued. `bss-mfg vault rekey --token-uri URI` takes it into one; or say "
            "mix_token_random = false below [vault] in bss-mfg.toml.",
        )

    def close(self) -> None:
        self.key.wipe()


class Vault:
    """Wraps data keys under the vault key. As a context manager it closes the key at the end, and calls `on_leaving`,
    which gives back what was held for it. `mixes`: whether the key's token adds random numbers to what is issued."""

    def __init__(self, key: WrappingKey, on_leaving: Callable[[], None] = lambda: None, *, mixes: bool = False) -> None:
        self._key = key
        self._on_leaving = on_leaving
        self._mixes = mixes

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._key.close()
        finally:
            self._on_leaving()

    @classmethod
    def generate(cls) -> Vault:
        """A new random vault key, in memory."""
        return cls(MemoryKey(Secret(secrets.token_bytes(32))))

    def leaving(self, on_leaving: Callable[[], None], *, mixes: bool = False) -> Vault:
        """The same vault, for one who holds something for it."""
        return Vault(self._key, on_leaving, mixes=mixes)

    @property
    def wrapping_key(self) -> WrappingKey:
        """The vault key, as far as it can be had."""
        return self._key

    @property
    def key(self) -> Secret:
        """The vault key itself, for the files that keep it; `RefusedError` where a device keeps it."""
        if isinstance(self._key, MemoryKey):
            return self._key.key
        raise RefusedError(
            "the vault key is in a token, which never gives it away",
            way_out="Nothing was changed. An officer's key stands in for a copy of it: `bss-mfg vault recover "
            "--officer-key FILE` opens all batches without the token. To have a vault key that can be copied: "
            "`bss-mfg vault rekey --to file`.",
        )

    @property
    def kept(self) -> str:
        """How the key is kept, by its kind, as it was opened; empty for one that is kept nowhere yet."""
        return self._key.kept

    @property
    def id(self) -> str:
        """A name of the key that reveals nothing of it; the ledger remembers it to notice a wrong key."""
        return self._key.id

    def token_random(self) -> bytes:
        """What the key's token adds to what is issued now: 32 random bytes. None where the vault doesn't mix."""
        return self._key.random() if self._mixes else b""

    def new_data_key(self, batch: str) -> tuple[DataKey, bytes]:
        """A data key for a new batch, and its wrapped form for the ledger."""
        data_key = DataKey.generate(batch)
        return data_key, self.wrap(data_key)

    def wrap(self, data_key: DataKey) -> bytes:
        """A data key wrapped for the ledger."""
        return self._key.wrap(data_key)

    def unwrap(self, batch: str, wrapped: bytes) -> DataKey:
        """Unwrap a batch's data key."""
        return self._key.unwrap(batch, wrapped)


def bound_to(batch: str) -> bytes:
    """The additional data that binds a wrapped data key to its batch."""
    return b"bss-mfg data key 1|" + batch.encode("ascii")


def unopened_error(batch: str) -> LedgerError:
    """What a vault key raises that doesn't open a data key."""
    return LedgerError(
        f"the data key of batch {batch} can't be unwrapped",
        way_out=f"Where the vault key is not the one used at issue, use the right one. {RESTORE_WAY_OUT}",
    )


@dataclass(frozen=True, slots=True)
class SealedUnit:
    """What the ledger keeps of a unit's secrets: the OOB key's SHA-256, the key sealed, and what the factory brought
    (PIN, install code ...), sealed, or None for nothing. `seal` says how: 1 before version 5 of the ledger, 2 since."""

    number: int
    uuid: bytes
    digest: bytes
    key: bytes
    extra: bytes | None
    seal: int = 2


class DataKey:
    """Seals the OOB keys of one batch.

    No nonce ever meets two OOB keys, also where copies of a ledger go on apart and issue the same numbers again: a
    key's nonce is made from its own SHA-256, so two keys have two nonces. The idea is RFC 8452's: a nonce that depends
    on what is encrypted. This is AES-GCM all the same, not AES-GCM-SIV.
    """

    def __init__(self, key: Secret, batch: str) -> None:
        self.key = key
        self.batch = batch
        self._aead = AESGCM(key.reveal())
        self._bound = batch.encode("ascii")

    @classmethod
    def generate(cls, batch: str) -> DataKey:
        """A new random data key for a new batch."""
        return cls(Secret(secrets.token_bytes(32)), batch)

    @classmethod
    def from_bytes(cls, raw: bytes, batch: str) -> DataKey:
        """The key that another process of the same command handed over."""
        return cls(Secret(raw), batch)

    def to_bytes(self) -> bytes:
        """The key for a process of the same command: through a pipe, never to a disk."""
        return self.key.reveal()

    def seal(self, number: int, uuid: bytes, key: Secret, extra: Mapping[str, str] | None = None) -> SealedUnit:
        """A unit's OOB key, and what the factory brought, bound to its batch and Device UUID."""
        digest = key_digest(key)
        sealed = self._aead.encrypt(self._nonce(number, uuid, digest), key.reveal(), self._bound + b"|" + uuid)
        return SealedUnit(number, uuid, digest, sealed, self._seal_extra(uuid, extra) if extra else None)

    def open(self, sealed: SealedUnit) -> Secret:
        """A unit's OOB key."""
        number, uuid = sealed.number, sealed.uuid
        nonce = number.to_bytes(12, "big") if sealed.seal == 1 else self._nonce(number, uuid, sealed.digest)
        bound = self._bound + b"|" + uuid
        size = max(0, len(sealed.key) - _TAG_BYTES)
        try:
            return Secret.filled(size, lambda place: self._aead.decrypt_into(nonce, sealed.key, bound, place))
        except InvalidTag:
            raise LedgerError(
                f"the OOB key of unit {number} of batch {self.batch} was changed in the ledger", way_out=RESTORE_WAY_OUT
            ) from None

    def open_extra(self, sealed: SealedUnit) -> dict[str, str]:
        """What the factory brought for a unit."""
        if sealed.extra is None:
            return {}
        nonce, text = b"\x01" + sealed.number.to_bytes(11, "big"), sealed.extra
        if sealed.seal != 1:
            nonce, text = text[:12], text[12:]
        try:
            opened = self._aead.decrypt(nonce, text, self._bound + b"|extra|" + sealed.uuid)
        except (InvalidTag, ValueError):
            raise LedgerError(
                f"the extra values of unit {sealed.number} of batch {self.batch} were changed in the ledger",
                way_out=RESTORE_WAY_OUT,
            ) from None
        return {str(name): str(value) for name, value in json.loads(opened).items()}

    def value_digest(self, name: str, value: bytes) -> bytes:
        """HMAC-SHA-256 of a value and its name: the same values have the same, and without the key nobody can try
        which value it is."""
        return hmac.digest(self.key.reveal(), name.encode("ascii") + b"|" + value, "sha256")

    def _nonce(self, number: int, uuid: bytes, digest: bytes) -> bytes:
        parts = b"bss-mfg key nonce 2|" + self._bound + b"|" + number.to_bytes(8, "big") + uuid + digest
        return hashlib.sha256(parts).digest()[:12]

    def _seal_extra(self, uuid: bytes, extra: Mapping[str, str]) -> bytes:
        nonce = secrets.token_bytes(12)
        text = json.dumps(dict(extra), sort_keys=True).encode()
        return nonce + self._aead.encrypt(nonce, text, self._bound + b"|extra|" + uuid)


class OfficerPublicKey:
    """An officer's P-256 public key, to which data keys are sealed besides (RFC 9180, base mode)."""

    def __init__(self, pem: str, where: str = "") -> None:
        """`where` is the file's name, for the refusal."""
        try:
            key = serialization.load_pem_public_key(pem.encode("ascii", "replace"))
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise InputError(
                "is not a P-256 public key in PEM",
                where=where,
                way_out="The officer makes a pair with `openssl genpkey -algorithm EC -pkeyopt "
                "ec_paramgen_curve:P-256 -aes256 -out officer.pem` and gives you what `openssl pkey -in officer.pem "
                "-pubout` says.",
            )
        self._key = key
        self.pem = key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the SubjectPublicKeyInfo."""
        der = self._key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def seal(self, data_key: DataKey) -> bytes:
        """A data key that only the officer's private key opens: encapsulated key || ciphertext || tag."""
        return bytes(_hpke().encrypt(data_key.key.reveal(), self._key, info=_recovery_info(data_key.batch)))


class OfficerPrivateKey:
    """The private key of a recipient, read once to recover a lost vault."""

    def __init__(self, pem: bytes, passphrase: Secret | None, where: str = "") -> None:
        """`where` is the file's name, for the refusal."""
        try:
            key = serialization.load_pem_private_key(pem, passphrase.reveal() if passphrase else None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise InputError(
                "is not a P-256 private key in PEM, or the passphrase is wrong",
                where=where,
                way_out="Name the officer's own file.",
            )
        self._key = key

    @property
    def recipient(self) -> OfficerPublicKey:
        """The public half."""
        public = self._key.public_key()
        return OfficerPublicKey(
            public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        )

    def open(self, batch: str, sealed: bytes) -> DataKey:
        """The data key of a batch."""
        try:
            return DataKey(Secret(_hpke().decrypt(sealed, self._key, info=_recovery_info(batch))), batch)
        except (InvalidTag, ValueError):
            raise LedgerError(
                f"the recovery key of batch {batch} can't be opened",
                way_out="It was sealed to another officer, or the ledger was damaged: try a backup.",
            ) from None


def key_digest(key: Secret) -> bytes:
    """SHA-256 of an OOB key: finds a duplicate also after the key was destroyed."""
    return hashlib.sha256(key.reveal()).digest()


def _hpke() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _recovery_info(batch: str) -> bytes:
    return b"bss-mfg recovery 1|" + batch.encode("ascii")
