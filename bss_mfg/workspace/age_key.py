"""A vault key encrypted to age recipients (age-encryption.org/v1, X25519): it opens with an identity file that a person
holds, apart from the workspace.

The list of recipients stands in clear beside what is encrypted, to be shown, and its digest inside: who writes a
recipient of their own into the file doesn't get the next key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.core.files import read_bytes
from bss_mfg.core.home_folder import expanded
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, MissingError, RefusedError, WrongSecretError
from bss_mfg.installation import how_to_add
from bss_mfg.ledger.vault import MemoryKey
from bss_mfg.model import Secret

if TYPE_CHECKING:
    from pyrage.x25519 import Identity, Recipient

Ask = Callable[[str, bool], Secret]

IDENTITY_VARIABLE = "BSS_MFG_AGE_IDENTITY_FILE"
"""The environment variable that names the identity file of who works here."""
MOST_RECIPIENTS = 12
"""So that the line of a vault key file stays below that file's limit."""
_NAME_IT = (
    f"Name the file that `age-keygen` made, kept apart from the workspace: {IDENTITY_VARIABLE}=FILE. What is in it is "
    "never part of a command line."
)
_TRIES = 5
"""Of an identity under a passphrase: age measures how fast the machine is just then, and refuses what seems slow."""
_BINARY, _ARMOURED = b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----"
_OFFICER = "`bss-mfg vault recover --officer-key FILE` opens all batches without it, if an officer was named."


class AgeKey(MemoryKey):
    """A vault key opened by an identity, and to whom it was encrypted."""

    def __init__(self, key: Secret, recipients: tuple[str, ...]) -> None:
        super().__init__(key, "age")
        self.recipients = recipients


def checked_recipients(texts: Sequence[str], needing: str) -> list[Recipient]:
    """Public keys as `age-keygen` prints them (`age1...`), for what needs them. To be asked before a secret is
    opened."""
    try:
        from pyrage import RecipientError, x25519
    except ImportError:
        raise _lacking(needing) from None
    if not texts:
        raise InputError("no recipient is named", way_out="Give the public key, age1…, as `age-keygen` prints it.")
    found = []
    for text in texts:
        if text.strip().upper().startswith("AGE-SECRET-KEY"):
            raise InputError(
                "this is a private key, not a public key",
                where="recipient",
                way_out="Give the line 'public key: age1…' of its key file, and make a new pair: this one was shown.",
            )
        try:
            found.append(x25519.Recipient.from_str(text))
        except (RecipientError, UnicodeError):  # an argument may be any bytes
            shown = text if re.fullmatch(r"age1[a-z0-9]{0,80}", text) else text[:20]
            raise InputError(
                f"{shown!a} is not an age public key",
                where="recipient",
                way_out="It starts with age1 and has 62 characters, as `age-keygen` prints it.",
            ) from None
    return found


def required_recipients(texts: Sequence[str]) -> tuple[str, ...]:
    """The recipients of a new vault key, each once; `InputError` where none was named, or too many."""
    if not texts:
        raise InputError(
            "to whom the vault key is to be encrypted is not said",
            where="--to age",
            way_out="Name them, yourself among them, by their age public keys: --age-recipient age1…, once for each.",
        )
    once = tuple(dict.fromkeys(map(str, checked_recipients(texts, "a vault key of this kind"))))
    if len(once) > MOST_RECIPIENTS:
        raise InputError(f"{len(once)} recipients are named", way_out=f"At most {MOST_RECIPIENTS} are taken.")
    return once


def require_mine(recipients: Sequence[str], ask: Ask) -> None:
    """Find out now whether who acts here could open what is encrypted to them: `RefusedError` where not."""
    wanted = required_recipients(recipients)
    if not {str(identity.to_public()) for identity in _identities(ask)} & set(wanted):
        raise RefusedError(
            f"none of the recipients is yours: {IDENTITY_VARIABLE} opens nothing that is encrypted to them",
            where="--age-recipient",
            way_out="Nothing was changed. Name your own public key, too: `age-keygen -y FILE` prints it. Who can't "
            "open the new key can't try it before the old one goes.",
        )


def encrypt_key(key: Secret, recipients: Sequence[str]) -> bytes:
    """A vault key as an age file that only the recipients open."""
    import pyrage

    to = checked_recipients(recipients, "a vault key of this kind")
    return bytes(pyrage.encrypt(key.reveal() + _bound(recipients), list(to)))


def decrypt_key(sealed: bytes, recipients: tuple[str, ...], path: Path, ask: Ask) -> AgeKey | None:
    """The vault key of the file `path`; None where it is damaged, or its list of recipients was changed."""
    identities = _identities(ask)
    import pyrage

    try:
        opened = bytes(pyrage.decrypt(sealed, list(identities)))
    except pyrage.DecryptError:
        if {str(identity.to_public()) for identity in identities} & set(recipients):
            return None
        raise MissingError(
            f"the vault key is not encrypted to you: none of its {len(recipients)} recipients is of your identity file",
            where=path,
            way_out=f"Name the right one in {IDENTITY_VARIABLE}, or let one of them name you: `bss-mfg vault rekey "
            f"--age-recipient age1…`, once for each. {_OFFICER}",
        ) from None
    if len(opened) != 64 or not hmac.compare_digest(opened[32:], _bound(recipients)):
        return None
    return AgeKey(Secret(opened[:32]), recipients)


def identity_file() -> Path | None:
    """The identity file of who works here, if one is named."""
    named = os.environ.get(IDENTITY_VARIABLE)
    return expanded(named) if named else None


def identity_asks() -> bool:
    """Whether somebody has to be asked before an identity is there: none is named, or it is under a passphrase."""
    path = identity_file()
    return path is None or (path.is_file() and _is_encrypted(_read(path)))


def is_open_to_others(path: Path) -> bool:
    """Whether others than its owner may read or change an identity file."""
    return os.name != "nt" and path.is_file() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _bound(recipients: Sequence[str]) -> bytes:
    return hashlib.sha256(b"bss-mfg vault age recipients 1|" + ",".join(recipients).encode("ascii")).digest()


def _read(path: Path) -> bytes:
    return read_bytes(path, "age identity file", LIMITS[Reader.KEY].size)


def _is_encrypted(data: bytes) -> bool:
    return data.startswith(_BINARY) or data.lstrip().startswith(_ARMOURED)


def _identities(ask: Ask) -> list[Identity]:
    """The private keys in the identity file of who works here. No part of it is quoted."""
    try:
        from pyrage import IdentityError, x25519
    except ImportError:
        raise _lacking("a vault key of this kind") from None
    path = identity_file()
    if path is None:
        raise MissingError("the vault key is encrypted with age, and nothing names your identity", way_out=_NAME_IT)
    if not path.exists():
        raise MissingError("this age identity file is not there", where=path, way_out=f"Bring it here. {_NAME_IT}")
    if not (path.is_file() or path.is_dir()):  # a pipe would be waited for without end
        raise _no_identity(path)
    data = _read(path)
    if _is_encrypted(data):
        data = _opened(data, path, ask)
    try:
        lines = [line.strip() for line in data.decode("ascii").splitlines()]
    except UnicodeDecodeError:
        raise _no_identity(path) from None
    found = []
    for line in lines:
        if line.upper().startswith("AGE-PLUGIN-"):
            raise InputError(
                "holds an identity of an age plugin",
                where=path,
                way_out="Taken are X25519 identities alone, AGE-SECRET-KEY-1…, as `age-keygen` makes them. For keys in "
                "hardware: docs/keys-in-hardware.md.",
            )
        if line and not line.startswith("#"):
            try:
                found.append(x25519.Identity.from_str(line))
            except IdentityError:
                raise _no_identity(path) from None
    if not found:
        raise _no_identity(path)
    return found


def _opened(data: bytes, path: Path, ask: Ask) -> bytes:
    """What is in an identity file that is under a passphrase."""
    from pyrage import DecryptError, passphrase

    try:
        typed = ask(f"the age identity in {path.name}", False).reveal().decode("utf-8")
    except UnicodeDecodeError:
        raise _unopened(path) from None
    for _ in range(_TRIES):
        try:
            opened = bytes(passphrase.decrypt(data, typed))
        except DecryptError as error:
            if "Excessive" not in str(error):  # its words are the only sign of it
                raise _unopened(path) from None
        else:
            if len(opened) > LIMITS[Reader.KEY].size:
                raise _no_identity(path)
            return opened
    raise InputError(
        "asks for more work to derive its key from a passphrase than age takes on this machine",
        where=path,
        way_out="Run the same command again when the machine has less to do, or encrypt the identity again: "
        "`age -p -o FILE identity.txt`.",
    )


def _unopened(path: Path) -> WrongSecretError:
    return WrongSecretError("the passphrase is wrong, or the file was damaged", where=path, way_out="Type it again.")


def _no_identity(path: Path) -> InputError:
    return InputError(
        "is not an age identity file",
        where=path,
        way_out="It holds lines AGE-SECRET-KEY-1…, as `age-keygen -o FILE` writes them, or is that file under a "
        "passphrase (`age -p`).",
    )


def _lacking(needing: str) -> MissingError:
    return MissingError(f"{needing} needs the package pyrage, which is not installed", way_out=how_to_add("age"))
