"""Where a vault key is kept: in a file, in a file under a passphrase, in the operating system's keyring.

Each kind is one line of text, marked, with the key's id to notice damage:

    bss-mfg-vault-key-1:BASE64:ID
    bss-mfg-vault-passphrase-1:argon2id:ITERATIONS:LANES:KIB:SALT:NONCE AND CIPHERTEXT:ID      (RFC 9106)
    bss-mfg-vault-keyring-1:ID
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bss_mfg.core.files import read_bytes, write_atomically
from bss_mfg.errors import InputError, MissingError
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Secret

VaultKeyKind = Literal["file", "passphrase", "keyring"]
KINDS: tuple[VaultKeyKind, ...] = ("file", "passphrase", "keyring")
AskPassphrase = Callable[[str, bool], Secret]
"""Gets a passphrase: called with what it is for, and whether it is a new one (asked twice)."""

ENV_VARIABLE = "BSS_MFG_PASSPHRASE_FILE"
"""The environment variable that names a file with the passphrase."""
MIN_PASSPHRASE_LENGTH = 10
"""Characters that a new passphrase has at least."""
ARGON2ID = (3, 4, 65_536)
"""Iterations, lanes, KiB of memory: RFC 9106, section 4, second recommended option."""
_MARKS: dict[str, VaultKeyKind] = {
    "bss-mfg-vault-key-1": "file",
    "bss-mfg-vault-passphrase-1": "passphrase",
    "bss-mfg-vault-keyring-1": "keyring",
}
_SERVICE = "bss-mfg vault"


def refuse_to_ask(what: str, new: bool) -> NoReturn:
    """Where nobody can be asked."""
    raise MissingError(
        f"{what} is under a passphrase, and there is no terminal to ask for it here",
        way_out="Run the command at a terminal, or name a file that holds it in BSS_MFG_PASSPHRASE_FILE.",
    )


def ask_passphrase_file(what: str, new: bool) -> Secret:
    """The passphrase in the file that BSS_MFG_PASSPHRASE_FILE names; where it names none, nobody can be asked."""
    if named := os.environ.get(ENV_VARIABLE):
        return Secret(read_bytes(Path(named).expanduser(), "passphrase file", 4096).rstrip(b"\r\n"))
    refuse_to_ask(what, new)


def save_vault_key(
    vault: Vault, path: Path, kind: VaultKeyKind, ask: AskPassphrase, *, replace: bool = False, private: bool = False
) -> None:
    """Keep a vault key, in a file in one stroke: 0600, but where it opens nothing by itself, and is not `private`, a
    group may have it in its folder."""
    if kind == "file":
        fields = [_MARK_OF[kind], _encode(vault.key.reveal())]
    elif kind == "keyring":
        _keyring().set_password(_SERVICE, vault.id, _encode(vault.key.reveal()))
        fields = [_MARK_OF[kind]]
    else:
        passphrase = ask(f"the vault key in {path.name}", True)
        if len(passphrase) < MIN_PASSPHRASE_LENGTH:
            raise InputError(
                f"the passphrase has fewer than {MIN_PASSPHRASE_LENGTH} characters",
                way_out="Five random words are easy to type and hard to guess.",
            )
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        sealed = nonce + AESGCM(_derive_key(passphrase, salt, ARGON2ID)).encrypt(
            nonce, vault.key.reveal(), vault.id.encode()
        )
        cost = [str(value) for value in ARGON2ID]
        fields = [_MARK_OF[kind], "argon2id", *cost, _encode(salt), _encode(sealed)]
    write_atomically(
        path,
        [(":".join([*fields, vault.id]) + "\n").encode("ascii")],
        replace=replace,
        private=private or kind == "file",
    )


def vault_key_kind(path: Path) -> VaultKeyKind:
    """How the vault key of a file is kept."""
    return _MARKS[_read(path)[0]]


def vault_key_id(path: Path) -> str:
    """The id that a vault key file says it holds, read without opening it."""
    return _read(path)[-1]


def load_vault_key(path: Path, ask: AskPassphrase = refuse_to_ask) -> Vault:
    """Open a vault key; its own check digits reveal damage."""
    fields = _read(path)
    kind = _MARKS[fields[0]]
    try:
        if kind == "file":
            (text,) = fields[1:-1]
            vault = Vault(Secret(base64.b64decode(text, validate=True)))
        elif kind == "keyring":
            kept = _keyring().get_password(_SERVICE, fields[-1])
            if kept is None:
                raise MissingError(
                    f"the keyring of this user has no vault key {fields[-1]}",
                    where=path,
                    way_out="Log in as the user who made it, or put it back with `bss-mfg vault recover`.",
                )
            vault = Vault(Secret(base64.b64decode(kept, validate=True)))
        else:
            vault = _open_with_passphrase(fields, path, ask)
    except (binascii.Error, ValueError):
        raise _damaged_error(path) from None
    if len(vault.key) != 32 or vault.id != fields[-1]:
        raise _damaged_error(path)
    return vault


def forget_vault_key(path: Path) -> None:
    """Take a vault key that is used no more out of the keyring; nothing to do for the other kinds."""
    if vault_key_kind(path) == "keyring":
        keyring = _keyring()
        if keyring.get_password(_SERVICE, vault_key_id(path)) is not None:
            keyring.delete_password(_SERVICE, vault_key_id(path))


def _open_with_passphrase(fields: list[str], path: Path, ask: AskPassphrase) -> Vault:
    if len(fields) != 8 or fields[1] != "argon2id":
        raise _damaged_error(path)
    cost = (int(fields[2]), int(fields[3]), int(fields[4]))
    if not (1 <= cost[0] <= 100 and 1 <= cost[1] <= 64 and 8 * cost[1] <= cost[2] <= 4 << 20):
        raise _damaged_error(path)
    salt, sealed = base64.b64decode(fields[5], validate=True), base64.b64decode(fields[6], validate=True)
    key = _derive_key(ask(f"the vault key in {path.name}", False), salt, cost)
    try:
        return Vault(Secret(AESGCM(key).decrypt(sealed[:12], sealed[12:], fields[7].encode())))
    except InvalidTag:
        raise InputError(
            "the passphrase is wrong, or the file was damaged", where=str(path), way_out="Type it again."
        ) from None


def _derive_key(passphrase: Secret, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    iterations, lanes, kib = cost
    try:
        kdf = Argon2id(salt=salt, length=32, iterations=iterations, lanes=lanes, memory_cost=kib)
    except UnsupportedAlgorithm:
        raise MissingError(
            "the cryptography library here has no Argon2id", way_out="Install its wheel: pip install -U cryptography"
        ) from None
    return kdf.derive(passphrase.reveal())


def _read(path: Path) -> list[str]:
    if not path.exists():
        raise MissingError(
            "the vault key is not there, and without it no OOB key can be sealed or read",
            where=path,
            way_out="Put the file back from your safe copy, name it in BSS_MFG_VAULT_KEY_FILE, or use "
            "`bss-mfg vault recover`.",
        )
    parts = read_bytes(path, "vault key", 4096).decode("latin-1").strip().split(":")
    if parts[0] not in _MARKS or len(parts) < 2:
        raise _damaged_error(path)
    return parts


def _damaged_error(path: Path) -> InputError:
    return InputError(
        "is not a vault key file, or it is damaged",
        where=str(path),
        way_out="Put it back from your safe copy, or use `bss-mfg vault recover`.",
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _keyring() -> Any:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise MissingError(
            "the keyring library is not installed", way_out="Install it: pip install 'bss-mfg[keyring]'"
        ) from None
    return _Keyring(keyring)


class _Keyring:
    """The operating system's keyring, its errors in plain words."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*values: str) -> Any:
            try:
                return getattr(self._library, name)(*values)
            except self._library.errors.KeyringError as error:
                raise MissingError(
                    f"the operating system's keyring refused ({type(error).__name__})",
                    way_out="Unlock it (log in at the desktop), or keep the vault key in a file.",
                ) from None

        return call


_MARK_OF = {kind: mark for mark, kind in _MARKS.items()}
