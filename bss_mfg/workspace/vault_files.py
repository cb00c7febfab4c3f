"""Which of the vault's key files counts: the one that holds the key under which the ledger's data keys are wrapped.

A change of the key goes in three steps, and may be cut off between any two: the new key is kept in a file of its own
beside the old one (`vault.key.new-ID`); the ledger wraps all data keys under it, in one transaction; that file takes
the old one's place. A file that waits with another key than the ledger's was left by a change that never took place.

A key in a token is destroyed only by who has its PIN, and only its file says that it is there. So the line of a token's
key that is replaced waits, too, until it is destroyed.
"""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from pathlib import Path

from bss_mfg.core.files import destroy, move_aside, read_bytes, remove_file, replace_file, write_atomically
from bss_mfg.core.group_modes import is_group_folder
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import BssError
from bss_mfg.workspace.age_key import identity_file, is_open_to_others
from bss_mfg.workspace.vault_key_lines import token_of, vault_key_id, vault_key_kind
from bss_mfg.workspace.vault_key_storage import AskPassphrase, forget_vault_key, load_vault_key, refuse_to_ask


def next_file(vault_file: Path, key_id: str) -> Path:
    """Where a key waits that is to take the place of the present one: two changes at once have two files."""
    return vault_file.with_name(f"{vault_file.name}.new-{key_id}")


def waiting_files(vault_file: Path) -> list[Path]:
    """All files of changes that were not ended, whatever they hold; earlier versions named them `vault.key.new`."""
    return sorted(vault_file.parent.glob(f"{glob.escape(vault_file.name)}.new*"))


def change_to_end(vault_file: Path, in_force: str) -> Path | None:
    """The file that has to take the vault key's place, where the ledger is wrapped under its key already."""
    if _holds(vault_file, in_force):
        return None
    return next((path for path in waiting_files(vault_file) if _holds(path, in_force)), None)


def end_change(vault_file: Path, in_force: str) -> None:
    """Put the key that is in force in its place, if it still waits. Only under the exclusive lock of the keys."""
    if waiting := change_to_end(vault_file, in_force):
        try:
            put_in_place(waiting, vault_file, in_force)
        except BssError:
            if not _holds(vault_file, in_force):  # else another command has just put it there
                raise


def put_in_place(waiting: Path, vault_file: Path, in_force: str) -> None:
    """Let a waiting file take the vault key's place; what was in a keyring and opens nothing any more is forgotten,
    what was in a token is still named."""
    if vault_file.exists():
        try:
            if token_of(vault_file) is None:
                forget_vault_key(vault_file, in_force=in_force)
            elif vault_key_id(vault_file) != in_force:
                line = read_bytes(vault_file, "vault key", LIMITS[Reader.VAULT_KEY].size)
                write_atomically(next_file(vault_file, vault_key_id(vault_file)), [line], replace=True)
        except BssError:
            move_aside(vault_file, ".damaged")
    replace_file(waiting, vault_file)


def discard(path: Path, in_force: str, ask: AskPassphrase = refuse_to_ask) -> None:
    """Destroy a file that waits for nothing any more, with what it kept in a keyring or a token; it stays where its
    token can't be had, or its PIN."""
    try:
        forget_vault_key(path, in_force=in_force, ask=ask)
    except BssError:
        if token_of(path):
            return
    if os.path.lexists(path) and not destroy(path) and not path.is_dir():
        remove_file(path)  # a link or a pipe: it holds nothing itself


def exposed_files(vault_file: Path) -> tuple[Path, ...]:
    """The files among the vault key's, and the identity that opens it, that others than their owner may read or
    change."""
    found = [vault_file] if is_exposed(vault_file) else []
    with contextlib.suppress(BssError):
        identity = identity_file()
        if identity and vault_key_kind(vault_file) == "age" and is_open_to_others(identity):
            found.append(identity)
    return tuple(found)


def is_exposed(vault_file: Path) -> bool:
    """Whether others than its owner may read or change a file that holds the key, or the key sealed, or may change one
    that names a key in a token; the latter two a group may, in its own folder."""
    if os.name == "nt" or not vault_file.is_file():  # nobody should type `chmod 600` of a device
        return False
    forbidden = 0o077
    with contextlib.suppress(BssError):
        kind = vault_key_kind(vault_file)
        if kind == "keyring":
            return False
        if kind == "pkcs11":
            forbidden = 0o022
        if kind != "file" and is_group_folder(vault_file.parent):
            forbidden &= 0o007
    return bool(stat.S_IMODE(vault_file.stat().st_mode) & forbidden)


def _holds(path: Path, key_id: str) -> bool:
    """Whether a file holds the key of this id; one that lies open is looked at, of others their word is taken."""
    try:
        if vault_key_kind(path) != "file":
            return vault_key_id(path) == key_id
        with load_vault_key(path) as vault:
            return vault.id == key_id
    except BssError:
        return False
