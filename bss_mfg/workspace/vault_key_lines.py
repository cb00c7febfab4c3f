"""The one line of a vault key file, and how a vault key is to be kept: in a file, in a file under a passphrase, in the
operating system's keyring, in a token, encrypted to age recipients, or sealed in the machine's TPM.

Each kind is one line of text, marked, with the key's id to notice damage:

    bss-mfg-vault-key-1:BASE64:ID
    bss-mfg-vault-passphrase-1:argon2id:ITERATIONS:LANES:KIB:SALT:NONCE AND CIPHERTEXT:ID      (RFC 9106)
    bss-mfg-vault-keyring-1:ID
    bss-mfg-vault-pkcs11-1:URI:ID      (RFC 7512; no PIN)
    bss-mfg-vault-age-1:RECIPIENTS:AGE FILE:ID      (age-encryption.org/v1)
    bss-mfg-vault-tpm2-1:SEALED:ID      (root key's name, public and private part)
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bss_mfg.core.files import read_bytes
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import BssError, InputError, MissingError
from bss_mfg.workspace.pkcs11_uri import EXAMPLE, TokenUri, parse_uri

VaultKeyKind = Literal["file", "passphrase", "keyring", "pkcs11", "age", "tpm2"]
HardwareKind = Literal["pkcs11", "tpm2"]
HARDWARE: tuple[HardwareKind, ...] = ("pkcs11", "tpm2")
"""The kinds whose key is lost with a device, unless an officer opens the batches."""
KINDS: tuple[VaultKeyKind, ...] = ("file", "passphrase", "keyring", "pkcs11", "age", "tpm2")
KEPT: Mapping[VaultKeyKind, str] = {
    "file": "in a file",
    "passphrase": "under a passphrase",
    "keyring": "in the keyring",
    "pkcs11": "in a token",
    "age": "encrypted with age",
    "tpm2": "in this machine's TPM",
}
"""How a sentence says where the key is kept."""
_RECIPIENT = "age1[02-9ac-hj-np-z]{58}"
_FORMS: dict[VaultKeyKind, re.Pattern[str]] = {
    "file": re.compile("bss-mfg-vault-key-1:([A-Za-z0-9+/]{43}=):([0-9a-f]{16})"),
    "passphrase": re.compile(
        "bss-mfg-vault-passphrase-1:argon2id:([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9})"
        ":([A-Za-z0-9+/]{22}==):([A-Za-z0-9+/]{80}):([0-9a-f]{16})"
    ),
    "keyring": re.compile("bss-mfg-vault-keyring-1:([0-9a-f]{16})"),
    "pkcs11": re.compile("bss-mfg-vault-pkcs11-1:(pkcs11:[A-Za-z0-9._~/%;=?&-]{1,2000}):([0-9a-f]{16})"),
    "age": re.compile(
        f"bss-mfg-vault-age-1:({_RECIPIENT}(?:,{_RECIPIENT})*):([A-Za-z0-9+/]{{100,4000}}={{0,2}}):([0-9a-f]{{16}})"
    ),
    "tpm2": re.compile("bss-mfg-vault-tpm2-1:([A-Za-z0-9+/]{100,2000}={0,2}):([0-9a-f]{16})"),
}
"""Each kind's whole line, its last field the key's id: of a line that is anything else no part is believed or shown."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a vault key is to be kept: by which `token`, or for which `recipients` of age, where it is of that kind;
    whether under a `pin` in a TPM (None: as before, else under one)."""

    kind: VaultKeyKind
    token: TokenUri | None = None
    recipients: tuple[str, ...] = ()
    pin: bool | None = None


@dataclass(frozen=True, slots=True)
class KeyLine:
    """What a vault key file says: how the key is kept, its id, and the fields before that."""

    kind: VaultKeyKind
    fields: tuple[str, ...]
    id: str


def into_hardware(kinds: Sequence[str]) -> str:
    """The commands that make a new vault key of one of these kinds, as a sentence has them."""
    commands = {"pkcs11": f'`bss-mfg vault rekey --token-uri "{EXAMPLE}"`', "tpm2": "`bss-mfg vault rekey --to tpm2`"}
    return " or ".join(commands[kind] for kind in kinds)


def vault_key_kind(path: Path) -> VaultKeyKind:
    """How the vault key of a file is kept."""
    return read_line(path).kind


def vault_key_id(path: Path) -> str:
    """The id that a vault key file says it holds, read without opening it."""
    return read_line(path).id


def token_of(path: Path) -> TokenUri | None:
    """Which key of which token a vault key file names; None where its key is not in one, or can't be made out."""
    with contextlib.suppress(BssError):
        line = read_line(path)
        if line.kind == "pkcs11":
            return parse_uri(line.fields[0], str(path))
    return None


def recipients_of(path: Path) -> tuple[str, ...]:
    """To whom a vault key file says that its key is encrypted with age; empty where it is kept otherwise. Its word
    alone: who opens the key knows for certain."""
    with contextlib.suppress(BssError):
        line = read_line(path)
        if line.kind == "age":
            return tuple(line.fields[0].split(","))
    return ()


def read_line(path: Path) -> KeyLine:
    """What the line of a vault key file says. `MissingError` where there is none, `InputError` where it is damaged."""
    if not path.exists():
        raise MissingError(
            "the vault key is not there, and without it no OOB key can be sealed or read",
            where=path,
            way_out="Put the file back from your safe copy, name it in BSS_MFG_VAULT_KEY_FILE, or use "
            "`bss-mfg vault recover`. A station that is to have none leaves this to one that issues.",
        )
    if not (path.is_file() or path.is_dir()):  # a pipe would be waited for without end, with the keys locked
        raise damaged_error(path)
    text = read_bytes(path, "vault key", LIMITS[Reader.VAULT_KEY].size).decode("latin-1").strip()
    for kind, form in _FORMS.items():
        if found := form.fullmatch(text):
            line = KeyLine(kind, found.groups()[:-1], found.groups()[-1])
            if kind == "pkcs11" and str(parse_uri(line.fields[0], str(path))) != line.fields[0]:
                break
            return line
    raise damaged_error(path)


def damaged_error(path: Path) -> InputError:
    """What is raised for a file whose line, or whose key, is not whole."""
    return InputError(
        "is not a vault key file, or it is damaged",
        where=str(path),
        way_out="Put it back from your safe copy, or use `bss-mfg vault recover`.",
    )


def encode(data: bytes) -> str:
    """Bytes as a field of a line."""
    return base64.b64encode(data).decode("ascii")
