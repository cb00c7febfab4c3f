"""The vault: keeps OOB keys unreadable at rest.

A batch's keys are sealed with AES-256-GCM under a data key of its own, and the data key is wrapped by the workspace's
vault key. Whoever has only ledger.db learns no key; destroying a data key destroys all keys of its batch.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bss_mfg.errors import InputError, LedgerError, MissingError
from bss_mfg.files import place, read_bytes
from bss_mfg.model import Secret

_MARK = "bss-mfg-vault-key-1"


class Vault:
    """Wraps data keys under the vault key (32 octets)."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    @classmethod
    def create(cls, path: Path) -> Vault:
        """Make a new vault key in a new file (0600)."""
        vault = cls(Secret(secrets.token_bytes(32)))
        text = base64.b64encode(vault._key.reveal()).decode("ascii")
        place(path, [f"{_MARK}:{text}:{vault.id}\n".encode("ascii")])
        return vault

    @classmethod
    def load(cls, path: Path) -> Vault:
        """Read a vault key file; its own check digits reveal damage."""
        if not path.exists():
            raise MissingError(
                "the vault key is not there, and without it no OOB key can be sealed or read",
                where=str(path),
                way_out="Put the file back from your safe copy, or name it in BSS_MFG_VAULT_KEY_FILE.",
            )
        damaged = InputError(
            "is not an undamaged vault key file", where=str(path), way_out="Put it back from your safe copy."
        )
        parts = read_bytes(path, "vault key", 4096).decode("latin-1").strip().split(":")
        if len(parts) != 3 or parts[0] != _MARK:
            raise damaged
        try:
            vault = cls(Secret(base64.b64decode(parts[1], validate=True)))
        except binascii.Error:
            raise damaged from None
        if len(vault._key) != 32 or vault.id != parts[2]:
            raise damaged
        return vault

    @property
    def id(self) -> str:
        """A name of the key that reveals nothing of it; the ledger remembers it to notice a wrong key."""
        return hashlib.sha256(b"bss-mfg vault key id 1|" + self._key.reveal()).hexdigest()[:16]

    def new_data_key(self, batch: str) -> tuple[DataKey, bytes]:
        """A data key for a new batch, and its wrapped form for the ledger: nonce (12) || ciphertext || tag."""
        key = secrets.token_bytes(32)
        nonce = secrets.token_bytes(12)
        return DataKey(Secret(key), batch), nonce + AESGCM(self._key.reveal()).encrypt(nonce, key, _aad(batch))

    def data_key(self, batch: str, wrapped: bytes) -> DataKey:
        """Unwrap a batch's data key."""
        try:
            return DataKey(Secret(AESGCM(self._key.reveal()).decrypt(wrapped[:12], wrapped[12:], _aad(batch))), batch)
        except (InvalidTag, ValueError):
            raise LedgerError(
                f"the data key of batch {batch} can't be unwrapped",
                way_out="The vault key is another one than at issue, or the ledger was damaged: use the right vault "
                "key, or restore a backup.",
            ) from None


class DataKey:
    """Seals the OOB keys of one batch. The unit's number is the nonce: each number is sealed once, ever."""

    def __init__(self, key: Secret, batch: str) -> None:
        self._aead = AESGCM(key.reveal())
        self._batch = batch.encode("ascii")

    def seal(self, number: int, uuid: bytes, key: Secret) -> bytes:
        """Ciphertext || tag of a unit's OOB key, bound to its batch and Device UUID."""
        return self._aead.encrypt(number.to_bytes(12, "big"), key.reveal(), self._batch + b"|" + uuid)

    def open(self, number: int, uuid: bytes, sealed: bytes) -> Secret:
        """A unit's OOB key."""
        try:
            return Secret(self._aead.decrypt(number.to_bytes(12, "big"), sealed, self._batch + b"|" + uuid))
        except InvalidTag:
            raise LedgerError(
                f"the OOB key of unit {number} of batch {self._batch.decode()} was changed in the ledger",
                way_out="Restore the last good backup.",
            ) from None


def key_digest(key: Secret) -> bytes:
    """SHA-256 of an OOB key: finds a duplicate also after the key was destroyed."""
    return hashlib.sha256(key.reveal()).digest()


def _aad(batch: str) -> bytes:
    return b"bss-mfg data key 1|" + batch.encode("ascii")
