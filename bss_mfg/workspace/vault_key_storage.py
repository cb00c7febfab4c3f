"""Where a vault key is kept: in a file, in a file under a passphrase, in the operating system's keyring.

Each kind is one line of text, marked, with the key's id to notice damage:

    bss-mfg-vault-key-1:BASE64:ID
    bss-mfg-vault-passphrase-1:argon2id:ITERATIONS:LANES:KIB:SALT:NONCE AND CIPHERTEXT:ID      (RFC 9106)
    bss-mfg-vault-keyring-1:ID
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
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
_FORMS: dict[VaultKeyKind, re.Pattern[str]] = {
    "file": re.compile("bss-mfg-vault-key-1:([A-Za-z0-9+/]{43}=):([0-9a-f]{16})"),
    "passphrase": re.compile(
        "bss-mfg-vault-passphrase-1:argon2id:([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9})"
        ":([A-Za-z0-9+/]{22}==):([A-Za-z0-9+/]{80}):([0-9a-f]{16})"
    ),
    "keyring": re.compile("bss-mfg-vault-keyring-1:([0-9a-f]{16})"),
}
"""Each kind's whole line, its last field the key's id: of a line that is anything else no part is believed or shown."""
_SERVICE = "bss-mfg vault"


@dataclass(frozen=True, slots=True)
class _KeyLine:
    """What a vault key file says: how the key is kept, its id, and the fields before that."""

    kind: VaultKeyKind
    fields: tuple[str, ...]
    id: str


def refuse_to_ask(what: str, new: bool) -> NoReturn:
    """Where nobody can be asked."""
    needs = f"a passphrase for {what} is to be chosen" if new else f"{what} is under a passphrase"
    raise MissingError(
        f"{needs}, and there is no terminal to ask for it here",
        way_out="Run the command at a terminal, or name a file that holds it in BSS_MFG_PASSPHRASE_FILE.",
    )


def ask_passphrase_file(what: str, new: bool) -> Secret:
    """The passphrase in the file that BSS_MFG_PASSPHRASE_FILE names; where it names none, nobody can be asked."""
    if named := os.environ.get(ENV_VARIABLE):
        return Secret(read_bytes(Path(named).expanduser(), "passphrase file", 4096).rstrip(b"\r\n"))
    refuse_to_ask(what, new)


class AskOnce:
    """Asks for each passphrase once, and remembers the answers: what has to be asked is asked before anybody has to
    wait for a lock."""

    def __init__(self, ask: AskPassphrase) -> None:
        self._ask = ask
        self._answers: dict[tuple[str, bool], Secret] = {}

    def __call__(self, what: str, new: bool) -> Secret:
        """The passphrase for `what`."""
        if (what, new) not in self._answers:
            self._answers[what, new] = self._ask(what, new)
        return self._answers[what, new]


NEW_KEY = "the vault key"
"""What a passphrase for a workspace's own vault key is said to be for."""


def ask_before(kind: VaultKeyKind, ask: AskPassphrase) -> None:
    """Ask for a new passphrase now (`ask` remembers it), and refuse one that is too short or a keyring that is not
    there: before anything is made, and before others have to wait."""
    if kind == "passphrase":
        _refuse_short(ask(NEW_KEY, True))
    elif kind == "keyring":
        _keyring().get_password(_SERVICE, "")


def save_vault_key(
    vault: Vault,
    path: Path,
    kind: VaultKeyKind,
    ask: AskPassphrase,
    *,
    what: str = NEW_KEY,
    private: bool = False,
) -> None:
    """Keep a vault key, in a new file in one stroke; `what` is what a passphrase is asked for. Its mode is 0600; where
    it opens nothing by itself, and is not `private`, a group may have it in its folder."""
    if kind == "file":
        text = f"bss-mfg-vault-key-1:{_encode(vault.key.reveal())}"
    elif kind == "keyring":
        _keyring().set_password(_SERVICE, vault.id, _encode(vault.key.reveal()))
        text = "bss-mfg-vault-keyring-1"
    else:
        text = _sealed_line(vault, ask(what, True))
    write_atomically(path, [f"{text}:{vault.id}\n".encode("ascii")], private=private or kind == "file")


def _refuse_short(passphrase: Secret) -> None:
    if len(passphrase) < MIN_PASSPHRASE_LENGTH:
        raise InputError(
            f"the passphrase has fewer than {MIN_PASSPHRASE_LENGTH} characters",
            way_out="Five random words are easy to type and hard to guess.",
        )


def _sealed_line(vault: Vault, passphrase: Secret) -> str:
    _refuse_short(passphrase)
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    aead = AESGCM(_derive_key(passphrase, salt, ARGON2ID))
    sealed = nonce + aead.encrypt(nonce, vault.key.reveal(), vault.id.encode())
    cost = ":".join(str(value) for value in ARGON2ID)
    return f"bss-mfg-vault-passphrase-1:argon2id:{cost}:{_encode(salt)}:{_encode(sealed)}"


def vault_key_kind(path: Path) -> VaultKeyKind:
    """How the vault key of a file is kept."""
    return _read(path).kind


def vault_key_id(path: Path) -> str:
    """The id that a vault key file says it holds, read without opening it."""
    return _read(path).id


def load_vault_key(path: Path, ask: AskPassphrase = refuse_to_ask) -> Vault:
    """Open a vault key; its own check digits reveal damage."""
    line = _read(path)
    if line.kind == "passphrase":
        vault = _open_with_passphrase(line, path, ask)
    else:
        text = line.fields[0] if line.kind == "file" else _kept_in_keyring(line.id, path)
        try:
            vault = Vault(Secret(base64.b64decode(text, validate=True)))
        except ValueError:
            raise _damaged_error(path) from None
    if len(vault.key) != 32 or vault.id != line.id:
        raise _damaged_error(path)
    return vault


def _kept_in_keyring(key_id: str, path: Path) -> str:
    kept = _keyring().get_password(_SERVICE, key_id)
    if kept is None:
        raise MissingError(
            f"the keyring of this user has no vault key {key_id}",
            where=path,
            way_out="Log in as the user who made it, or put it back with `bss-mfg vault recover`.",
        )
    return str(kept)


def forget_vault_key(path: Path, *, in_force: str) -> None:
    """Take the key of a file that is used no more out of the keyring; nothing to do for the other kinds, nor where the
    file names the key that is `in_force` (its id)."""
    line = _read(path)
    if line.kind == "keyring" and line.id != in_force:
        keyring = _keyring()
        if keyring.get_password(_SERVICE, line.id) is not None:
            keyring.delete_password(_SERVICE, line.id)


def _open_with_passphrase(line: _KeyLine, path: Path, ask: AskPassphrase) -> Vault:
    iterations, lanes, kib = (int(field) for field in line.fields[:3])
    if not (1 <= iterations <= 100 and 1 <= lanes <= 64 and 8 * lanes <= kib <= 4 << 20):
        raise _damaged_error(path)
    salt, sealed = (base64.b64decode(field) for field in line.fields[3:])
    key = _derive_key(ask(f"the vault key in {path.name}", False), salt, (iterations, lanes, kib))
    try:
        return Vault(Secret(AESGCM(key).decrypt(sealed[:12], sealed[12:], line.id.encode())))
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


def _read(path: Path) -> _KeyLine:
    if not path.exists():
        raise MissingError(
            "the vault key is not there, and without it no OOB key can be sealed or read",
            where=path,
            way_out="Put the file back from your safe copy, name it in BSS_MFG_VAULT_KEY_FILE, or use "
            "`bss-mfg vault recover`. A station that is to have none leaves this to one that issues.",
        )
    if not (path.is_file() or path.is_dir()):  # a pipe would be waited for without end, with the keys locked
        raise _damaged_error(path)
    text = read_bytes(path, "vault key", 4096).decode("latin-1").strip()
    for kind, form in _FORMS.items():
        if found := form.fullmatch(text):
            return _KeyLine(kind, found.groups()[:-1], found.groups()[-1])
    raise _damaged_error(path)


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
