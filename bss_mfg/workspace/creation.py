"""The vault key and the ledger of a new workspace.

Killed anywhere, `init` can be typed again: the key waits under a name of its own until the workspace has its settings,
and a ledger in which nothing ever happened is made anew. So no key that lies there already is ever taken unasked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import destroy, leftover_files
from bss_mfg.core.shell_words import shell_word
from bss_mfg.errors import BssError, RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.server import holds_ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Actor
from bss_mfg.workspace import vault_files, vault_key_lines, vault_key_storage
from bss_mfg.workspace.vault_key_lines import Keeping, VaultKeyKind
from bss_mfg.workspace.vault_key_storage import AskPassphrase

FOLDERS = ("products", "templates", "printers", "specs", "batches", "dev-keys")
"""The folders that a new workspace has, all empty."""
_MADE_BEFORE_SETTINGS = ("keys.lock", "ledger.db", "vault.key.new")
"""How the names of the files begin that are made before the settings."""


def is_half_made(root: Path) -> bool:
    """Whether nothing is in a folder but what an interrupted `init` left."""
    leftovers = set(leftover_files(root, deep=False))
    return all(
        path in leftovers
        or path.name.startswith(_MADE_BEFORE_SETTINGS)
        or (path.name in FOLDERS and path.is_dir() and not any(path.iterdir()))
        for path in root.iterdir()
    )


@dataclass(frozen=True, slots=True)
class NewVault:
    """Where the vault key of a new workspace is to be, how it is to be kept (None: as it is already, or in a file),
    whether the user named that file, and who asks for a passphrase."""

    file: Path
    kind: VaultKeyKind | None
    named: bool
    ask: AskPassphrase


def refuse_what_lies_there(new: NewVault, ledger_file: Path, config: str) -> None:
    """`RefusedError` for a ledger that was ever used, and a vault key that nobody named."""
    root = ledger_file.parent
    if ledger_file.exists() and not _is_unused(ledger_file):
        raise RefusedError(
            "holds a ledger but no settings; nothing was changed",
            where=root,
            way_out=f"If this was a workspace, restore {config}; else name another folder.",
        )
    if not new.file.exists():
        return
    if not new.named:
        raise RefusedError(
            "a vault key lies there that this command did not make; nothing was changed",
            where=new.file,
            way_out="Move it away, or, to use it for this workspace, name it: "
            f"`BSS_MFG_VAULT_KEY_FILE={shell_word(str(new.file))} bss-mfg init {shell_word(str(root))}`.",
        )
    kept = vault_key_lines.vault_key_kind(new.file)
    if kept in vault_key_lines.HARDWARE:
        raise RefusedError(
            "names a key in a token or a TPM, which takes an officer's key beside it; nothing was changed",
            where=new.file,
            way_out="Make the workspace with a key in a file, name the officer (`bss-mfg vault recipient`), and then "
            f"let the device keep it: `bss-mfg vault rekey --to {kept}`.",
        )
    if new.kind not in (None, kept):
        raise RefusedError(
            f"keeps the vault key as {kept}, not as {new.kind}; nothing was changed",
            where=new.file,
            way_out=f"Leave out --vault, or say --vault {kept}.",
        )


def make_vault_and_ledger(new: NewVault, place: LedgerPlace, actor: Actor) -> str:
    """Make both; the id of the vault key, which still waits for its place unless it was there before."""
    if place.url and (vault_id := _made_before(new, place, actor)):
        return vault_id
    if new.file.exists():
        kind = vault_key_lines.vault_key_kind(new.file)
        vault = vault_key_storage.load_vault_key(new.file, new.ask)
    else:
        for path in vault_files.waiting_files(new.file):
            vault_files.discard(path, in_force="")
        kind, vault = new.kind or "file", Vault.generate()
        vault_key_storage.save_vault_key(vault, vault_files.next_file(new.file, vault.id), Keeping(kind), new.ask)
    if place.file.exists():
        destroy(place.file)
    with vault:
        Ledger.create(place, actor, vault, kind)
        return vault.id


def _made_before(new: NewVault, place: LedgerPlace, actor: Actor) -> str | None:
    """The id of the vault key of a ledger that this command made on a server before it was killed: the key lies here.
    None where there is no ledger; `RefusedError` for any other."""
    if not holds_ledger(place):
        return None
    with Ledger.open(place, actor) as ledger:
        vault_id, unused = ledger.settings.vault_id(), ledger.history.head()[0] == 1
    if unused and vault_files.next_file(new.file, vault_id).exists():
        return vault_id
    raise RefusedError(
        "the database holds a ledger already",
        where=place.words,
        way_out="Nothing was changed. Make another database, or work in the workspace that the ledger belongs to.",
    )


def _is_unused(ledger_file: Path) -> bool:
    """Whether nothing but its making ever happened in a ledger."""
    if ledger_file.stat().st_size == 0:
        return True
    try:
        with Ledger.open(ledger_file, Actor("", "", "")) as ledger:
            return ledger.history.head()[0] == 1
    except BssError:
        return False
