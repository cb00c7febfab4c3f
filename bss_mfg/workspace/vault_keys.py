"""The vault key of a workspace: what state it is in, changed for a new one, kept apart, put back.

A change goes in three steps, and may be cut off between any two: the new key lies beside the old one; the ledger wraps
all data keys under it, in one transaction; it takes the old one's place. Which of the two counts, the ledger says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import move_aside, read_bytes, replace_file
from bss_mfg.errors import BssError, LedgerError, RefusedError
from bss_mfg.ledger.events import RecoveryExported, VaultKeyPutBack
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import OfficerPrivateKey, OfficerPublicKey, Vault
from bss_mfg.workspace.vault_key_storage import (
    AskPassphrase,
    VaultKeyKind,
    forget_vault_key,
    load_vault_key,
    save_vault_key,
    vault_key_id,
    vault_key_kind,
)
from bss_mfg.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """A vault as it is found: `trouble` says in words what is wrong, and is empty where nothing is."""

    file: Path
    kind: VaultKeyKind | None
    id: str | None
    ledger_id: str
    sealed: int
    retired: int
    recipient: str | None
    trouble: str


def vault_status(workspace: Workspace, ledger: Ledger) -> VaultStatus:
    """Look at a vault without opening it: no passphrase is asked for."""
    workspace.finish_vault_change(ledger)
    expected, trouble = ledger.settings.vault_id(), ""
    kind: VaultKeyKind | None = None
    found: str | None = None
    try:
        kind, found = vault_key_kind(workspace.vault_file), vault_key_id(workspace.vault_file)
        if kind == "file":
            found = load_vault_key(workspace.vault_file).id
        if found != expected:
            trouble = f"this is vault key {found}, the ledger's is {expected}"
    except BssError as error:
        trouble = error.what
    retired = sum(1 for batch in ledger.batches.all() if ledger.batches.retired_at(batch.id))
    recipient = ledger.settings.recipient_pem()
    return VaultStatus(
        workspace.vault_file,
        kind,
        found,
        expected,
        len(ledger.batches.all()) - retired,
        retired,
        OfficerPublicKey(recipient).fingerprint if recipient else None,
        trouble,
    )


def rekey(workspace: Workspace, ledger: Ledger, kind: VaultKeyKind | None, ask: AskPassphrase) -> int:
    """Change the vault key for a new one, kept in the same way or another; how many batches were wrapped anew.

    The old key opens nothing of this ledger afterwards, but it opens older backups: whoever needs those keeps it.
    """
    with workspace.open_vault(ledger, ask) as old, Vault.generate() as new:
        open_keys(ledger).check_vault(old)
        save_vault_key(new, workspace.next_vault_file, kind or vault_key_kind(workspace.vault_file), ask, replace=True)
        count = open_keys(ledger).rewrap(old, new)
        _install_next_key(workspace)
    return count


def _install_next_key(workspace: Workspace) -> None:
    if workspace.vault_file.exists():
        try:
            forget_vault_key(workspace.vault_file)
        except BssError:
            move_aside(workspace.vault_file, ".damaged")
    replace_file(workspace.next_vault_file, workspace.vault_file)


def export_recovery(workspace: Workspace, ledger: Ledger, to: Path, ask: AskPassphrase) -> str:
    """Write the vault key under a passphrase, to be kept apart; its id. Never overwrites."""
    with workspace.open_vault(ledger, ask) as vault:
        open_keys(ledger).check_vault(vault)
        save_vault_key(vault, to, "passphrase", ask, private=True)
        ledger.history.append(None, RecoveryExported(file=to.name, vault=vault.id))
        return vault.id


def recover(workspace: Workspace, ledger: Ledger, source: Path, ask: AskPassphrase) -> str:
    """Put a vault key back from a recovery file, or any other vault key file; its id.

    Refused where the vault key in place is the ledger's own; a damaged or wrong one is kept beside it.
    """
    _refuse_whole(workspace, ledger)
    with load_vault_key(source, ask) as vault:
        if vault.id != ledger.settings.vault_id():
            raise LedgerError(
                f"holds vault key {vault.id}, the ledger's is {ledger.settings.vault_id()}",
                where=source,
                way_out="It belongs to another workspace, or is from before a rekey. Look for a newer one, or ask the "
                "officer.",
            )
        if workspace.vault_file.exists():
            move_aside(workspace.vault_file, ".damaged")
        save_vault_key(vault, workspace.vault_file, "file", ask)
        ledger.history.append(None, VaultKeyPutBack(file=source.name, vault=vault.id))
        return vault.id


def recover_by_officer(workspace: Workspace, ledger: Ledger, private_key: Path, ask: AskPassphrase) -> int:
    """Open all data keys with the officer's private key and wrap them under a new vault key; how many."""
    _refuse_whole(workspace, ledger)
    pem = read_bytes(private_key, "officer's private key", 1 << 16)
    passphrase = ask(f"the officer's private key in {private_key.name}", False) if b"ENCRYPTED" in pem else None
    officer = OfficerPrivateKey(pem, passphrase, str(private_key))
    with Vault.generate() as new:
        save_vault_key(new, workspace.next_vault_file, "file", ask, replace=True)
        count = open_keys(ledger).recover(officer, new)
        _install_next_key(workspace)
    return count


def _refuse_whole(workspace: Workspace, ledger: Ledger) -> None:
    found = vault_status(workspace, ledger)
    if not found.trouble and found.kind == "file":
        raise RefusedError(
            "the vault key in place is intact, and it is the ledger's",
            where=workspace.vault_file,
            way_out="Nothing has to be recovered. To replace it with a new one: `bss-mfg vault rekey`.",
        )
