"""A vault key opened from where it is kept, and put there: a file, a file under a passphrase, the operating system's
keyring, a token, age recipients, the machine's TPM. What the files say is in `vault_key_lines`.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bss_mfg.core.files import read_bytes, write_atomically
from bss_mfg.core.home_folder import expanded
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, MissingError, NobodyToAskError, RefusedError, WrongSecretError
from bss_mfg.installation import how_to_add, how_to_repair
from bss_mfg.ledger.vault import MemoryKey, Vault
from bss_mfg.model import Secret
from bss_mfg.workspace import age_key, tpm2_key
from bss_mfg.workspace.pkcs11_uri import EXAMPLE, TokenUri, parse_uri
from bss_mfg.workspace.token_key import (
    AskPin,
    TokenKey,
    destroy_token_key,
    make_token_key,
    new_key_uri,
    open_token_key,
    try_token,
)
from bss_mfg.workspace.vault_key_lines import (
    Keeping,
    KeyLine,
    VaultKeyKind,
    damaged_error,
    encode,
    read_line,
    token_of,
)

AskPassphrase = Callable[[str, bool], Secret]
"""Gets a passphrase or a PIN: called with what it is for, and whether it is a new one (asked twice)."""

ENV_VARIABLE = "BSS_MFG_PASSPHRASE_FILE"
"""The environment variable that names a file with the passphrase."""
MIN_PASSPHRASE_LENGTH = 10
"""Characters that a new passphrase has at least."""
ARGON2ID = (3, 4, 65_536)
"""Iterations, lanes, KiB of memory: RFC 9106, section 4, second recommended option."""
_SERVICE = "bss-mfg vault"
_OF_OTHER_SECRETS: frozenset[VaultKeyKind] = frozenset({"passphrase", "age", "tpm2"})
"""Kinds of which the file that `ENV_VARIABLE` names has the passphrase, the identity's passphrase, or the TPM's PIN."""
_NOT_MADE_YET = "0" * 16
"""The id that stands in the file of a token's key until the token has made it."""


def refuse_to_ask(what: str, new: bool) -> NoReturn:
    """Where nobody can be asked."""
    needs = f"a passphrase for {what} is to be chosen" if new else f"{what} is under a passphrase"
    raise NobodyToAskError(
        f"{needs}, and there is no terminal to ask for it here",
        way_out="Run the command at a terminal, or name a file that holds it in BSS_MFG_PASSPHRASE_FILE.",
    )


def ask_passphrase_file(what: str, new: bool) -> Secret:
    """The passphrase in the file that BSS_MFG_PASSPHRASE_FILE names; where it names none, nobody can be asked."""
    if named := os.environ.get(ENV_VARIABLE):
        return Secret(read_bytes(expanded(named), "passphrase file", 4096).rstrip(b"\r\n"))
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

    def known(self, what: str, new: bool) -> Secret:
        """The same, of what was asked before; nobody is asked now."""
        if (what, new) not in self._answers:
            refuse_to_ask(what, new)
        return self._answers[what, new]


NEW_KEY = "the vault key"
"""What a passphrase for a workspace's own vault key is said to be for."""


def asks(path: Path) -> bool:
    """Whether the key of a file opens only to who is asked for something: its passphrase, its token's or TPM's PIN, an
    age identity."""
    line = read_line(path)
    if line.kind == "tpm2":
        return tpm2_key.asks_pin(line.fields[0])
    return line.kind in ("passphrase", "pkcs11") or (line.kind == "age" and age_key.identity_asks())


def ask_before(keeping: Keeping, ask: AskPassphrase) -> None:
    """Ask for a new passphrase or PIN, or the token's PIN now (`ask` remembers it), and refuse one that is too short, a
    keyring that is not there, a token or a TPM that can't keep a key, or recipients of whom the one who acts is none:
    before anything is made, and before others have to wait."""
    if keeping.kind == "passphrase":
        _refuse_short(ask(NEW_KEY, True))
    elif keeping.kind == "keyring":
        _keyring().get_password(_SERVICE, "")
    elif keeping.kind == "pkcs11":
        try_token(required_token(keeping.token), _pin(ask))
    elif keeping.kind == "age":
        age_key.require_mine(keeping.recipients, ask)
    elif keeping.kind == "tpm2":
        tpm2_key.try_tpm(_new_pin(keeping, ask))


def ask_for_left_over(path: Path, kinds: Collection[VaultKeyKind], ask: AskPassphrase) -> None:
    """Ask for the PIN of the token that a file of an earlier change names, where that token is there: so that `discard`
    can destroy its key. Not where a file holds what opens one of the `kinds`: it would be taken for the PIN."""
    token = token_of(path)
    if token and not (_OF_OTHER_SECRETS.intersection(kinds) and os.environ.get(ENV_VARIABLE)):
        with contextlib.suppress(MissingError):
            try_token(token, _pin(ask))


def required_token(token: TokenUri | None) -> TokenUri:
    """The token that is to keep a key; `InputError` where none was named."""
    if token is None:
        raise InputError(
            "which token is to keep the vault key is not said",
            where="--to pkcs11",
            way_out=f'Name it: --token-uri "{EXAMPLE}".',
        )
    return token


def _pin(ask: AskPassphrase, device: str = "") -> AskPin:
    """What asks for the PIN of a token by its label, or of another device."""

    def asked(token: str, last: bool) -> Secret:
        named = device or f"token {token}"
        if last and os.environ.get(ENV_VARIABLE):
            raise RefusedError(
                f"one more wrong PIN locks {named}: the one in a file is not tried",
                way_out=f"Look whether {ENV_VARIABLE} names the right file. Then type the PIN once at the terminal, "
                "without that variable: that gives all tries back.",
            )
        try:
            return ask(f"{named} (its PIN{'; the last try before it locks' if last else ''})", False)
        except NobodyToAskError as error:
            what = f"{named} asks for its PIN, and there is no terminal to type it at here"
            raise NobodyToAskError(what, way_out=error.way_out) from None

    return asked


def _new_pin(keeping: Keeping, ask: AskPassphrase) -> Secret | None:
    """The PIN under which a TPM is to seal; None for none."""
    if keeping.pin is False:
        return None
    pin = ask("the vault key in the TPM (its PIN)", True)
    tpm2_key.require_long(pin)
    return pin


def make_in_token(path: Path, token: TokenUri, ask: AskPassphrase) -> Vault:
    """A new key in a token, and the file that names it. The file is there before the key, with zeros for its id: so a
    key is never in a token without a file here that names it."""
    uri = new_key_uri(token)
    write_atomically(path, [_token_line(uri, _NOT_MADE_YET)])
    key = make_token_key(uri, _pin(ask))
    write_atomically(path, [_token_line(uri, key.id)], replace=True)
    return Vault(key)


def _token_line(uri: TokenUri, key_id: str) -> bytes:
    return f"bss-mfg-vault-pkcs11-1:{uri}:{key_id}\n".encode("ascii")


def save_vault_key(
    vault: Vault,
    path: Path,
    keeping: Keeping,
    ask: AskPassphrase,
    *,
    what: str = NEW_KEY,
    private: bool = False,
    begin: Callable[[], None] = lambda: None,
) -> None:
    """Keep a vault key, in a new file in one stroke; `what` is what a passphrase is asked for. Its mode is 0600; where
    it opens nothing by itself, and is not `private`, a group may have it in its folder. `begin` is called when the file
    can be written, before its first byte is: the history is to know of it also after a kill."""
    kind = keeping.kind
    if kind == "pkcs11":
        kept = vault.wrapping_key
        if not isinstance(kept, TokenKey):
            raise RuntimeError("a token keeps only keys that it has made")
        write_atomically(path, [_token_line(kept.uri, kept.id)], begin=begin)
        return
    key = vault.key
    if kind == "file":
        text = f"bss-mfg-vault-key-1:{encode(key.reveal())}"
    elif kind == "keyring":
        _keyring().set_password(_SERVICE, vault.id, encode(key.reveal()))
        text = "bss-mfg-vault-keyring-1"
    elif kind == "tpm2":
        text = f"bss-mfg-vault-tpm2-1:{tpm2_key.seal_key(key, _new_pin(keeping, ask))}"
    elif kind == "age":
        to = age_key.required_recipients(keeping.recipients)
        text = f"bss-mfg-vault-age-1:{','.join(to)}:{encode(age_key.encrypt_key(key, to))}"
    else:
        text = _sealed_line(vault, ask(what, True))
    line = f"{text}:{vault.id}\n".encode("ascii")
    write_atomically(path, [line], private=private or kind == "file", begin=begin)


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
    return f"bss-mfg-vault-passphrase-1:argon2id:{cost}:{encode(salt)}:{encode(sealed)}"


def load_vault_key(path: Path, ask: AskPassphrase = refuse_to_ask) -> Vault:
    """Open a vault key; its own check digits reveal damage."""
    line = read_line(path)
    if line.kind == "pkcs11":
        return _open_in_token(line, path, ask)
    if line.kind == "passphrase":
        vault = _open_with_passphrase(line, path, ask)
    elif line.kind == "tpm2":
        vault = _open_in_tpm(line, path, ask)
    elif line.kind == "age":
        vault = _open_with_identity(line, path, ask)
    else:
        text = line.fields[0] if line.kind == "file" else _kept_in_keyring(line.id, path)
        try:
            vault = Vault(MemoryKey(Secret(base64.b64decode(text, validate=True)), line.kind))
        except ValueError:
            raise damaged_error(path) from None
    if len(vault.key) != 32 or vault.id != line.id:
        raise damaged_error(path)
    return vault


def _open_in_token(line: KeyLine, path: Path, ask: AskPassphrase) -> Vault:
    uri = parse_uri(line.fields[0], str(path))
    key = open_token_key(uri, _pin(ask))
    if key.id != line.id:
        key.close()
        raise MissingError(
            f"the key {uri.object} in token {uri.token} is another one ({key.id}) than this file names ({line.id})",
            where=path,
            way_out="Another token may have the same name: plug the right one in. If its key is lost: "
            "`bss-mfg vault recover --officer-key FILE` opens all batches without it.",
        )
    return Vault(key)


def _open_in_tpm(line: KeyLine, path: Path, ask: AskPassphrase) -> Vault:
    pin = _pin(ask, "the TPM")
    key = tpm2_key.unseal_key(line.fields[0], lambda last: pin("", last))
    if key is None:
        raise damaged_error(path)
    return Vault(key)


def _open_with_identity(line: KeyLine, path: Path, ask: AskPassphrase) -> Vault:
    try:
        sealed = base64.b64decode(line.fields[1], validate=True)
    except ValueError:
        raise damaged_error(path) from None
    key = age_key.decrypt_key(sealed, tuple(line.fields[0].split(",")), path, ask)
    if key is None:
        raise damaged_error(path)
    return Vault(key)


def _kept_in_keyring(key_id: str, path: Path) -> str:
    kept = _keyring().get_password(_SERVICE, key_id)
    if kept is None:
        raise MissingError(
            f"the keyring of this user has no vault key {key_id}",
            where=path,
            way_out="Log in as the user who made it, or put it back with `bss-mfg vault recover`.",
        )
    return str(kept)


def forget_vault_key(path: Path, *, in_force: str, ask: AskPassphrase = refuse_to_ask) -> None:
    """Take the key of a file that is used no more out of the keyring or the token; nothing to do for the other kinds,
    nor where it is the key that is `in_force` (its id)."""
    line = read_line(path)
    if line.id == in_force:
        return
    if line.kind == "keyring":
        keyring = _keyring()
        if keyring.get_password(_SERVICE, line.id) is not None:
            keyring.delete_password(_SERVICE, line.id)
    elif line.kind == "pkcs11":
        destroy_token_key(parse_uri(line.fields[0], str(path)), _pin(ask), in_force=in_force)


def _open_with_passphrase(line: KeyLine, path: Path, ask: AskPassphrase) -> Vault:
    iterations, lanes, kib = (int(field) for field in line.fields[:3])
    most = LIMITS[Reader.VAULT_KEY].items
    if not (iterations >= 1 and 1 <= lanes <= 64 and 8 * lanes <= kib and iterations * kib <= most):
        raise InputError(
            f"asks for {kib:,} KiB of memory times {iterations:,} iterations to derive a key, or for {lanes:,} lanes; "
            f"at most {most:,} KiB times iterations and 64 lanes are taken",
            where=str(path),
            way_out="bss-mfg writes no such file: put it back from your safe copy, or use `bss-mfg vault recover`.",
        )
    salt, sealed = (base64.b64decode(field) for field in line.fields[3:])
    key = _derive_key(ask(f"the vault key in {path.name}", False), salt, (iterations, lanes, kib))
    try:
        opened = Secret(AESGCM(key).decrypt(sealed[:12], sealed[12:], line.id.encode()))
        return Vault(MemoryKey(opened, line.kind))
    except InvalidTag:
        raise WrongSecretError(
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
            "the cryptography library here has no Argon2id", way_out=how_to_repair("cryptography")
        ) from None
    return kdf.derive(passphrase.reveal())


def _keyring() -> Any:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise MissingError("the keyring library is not installed", way_out=how_to_add("keyring")) from None
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
