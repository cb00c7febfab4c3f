"""A change of the vault key: the new key waits in its own file while the ledger is wrapped under it, then takes the old
one's place. Cut off anywhere, the ledger says which of the two is in force (`vault_files`)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.workspace import vault_files
from bss_mfg.workspace.vault_key_lines import HARDWARE, Keeping
from bss_mfg.workspace.vault_key_storage import (
    AskOnce,
    ask_before,
    make_in_token,
    required_token,
    save_vault_key,
)
from bss_mfg.workspace.workspace import Workspace


def require_possible(new: Keeping, ledger: Ledger, ask: AskOnce) -> None:
    """Find out now whether a new vault key can be kept so, and ask for what it needs: before others have to wait."""
    require_officer(new, ledger)
    ask_before(new, ask)


def require_officer(new: Keeping, ledger: Ledger) -> None:
    """`RefusedError` for a key that could be lost with its device, and no officer opens the batches then."""
    if new.kind in HARDWARE and ledger.settings.recipient_pem() is None:
        raise RefusedError(
            "a key in a token can't be copied: who loses the token would lose all batches"
            if new.kind == "pkcs11"
            else "a key in a TPM opens on this machine alone: who loses the machine would lose all batches",
            way_out="Nothing was changed. First name an officer, whose key opens them without it: `bss-mfg vault "
            "recipient officer.public.pem`.",
        )


@contextmanager
def waiting_key(workspace: Workspace, ledger: Ledger, new: Keeping, ask: AskOnce) -> Iterator[Vault]:
    """A new vault key, kept in its own file while the ledger is wrapped under it, and in its place after; if wrapping
    fails the file goes again. With it goes what earlier changes left: those that began later may be at work."""
    require_officer(new, ledger)
    before, left_over = ledger.settings.vault_id(), vault_files.waiting_files(workspace.vault_file)
    generated = None if new.kind == "pkcs11" else Vault.generate()
    waiting = vault_files.next_file(workspace.vault_file, generated.id if generated else secrets.token_hex(8))
    made_id = ""
    try:
        with generated or make_in_token(waiting, required_token(new.token), ask) as made:
            made_id = made.id
            if generated:
                save_vault_key(generated, waiting, new, ask)
            yield made
    except BaseException:
        if ledger.settings.vault_id() != made_id:
            vault_files.discard(waiting, before, ask.known)
        raise
    _end_change(workspace, ledger, [*left_over, vault_files.next_file(workspace.vault_file, before)], ask)


def _end_change(workspace: Workspace, ledger: Ledger, left_over: Sequence[Path], ask: AskOnce) -> None:
    """The last step of a change: the new key in its place, and what earlier changes left taken away; of keys in tokens
    those whose PIN was asked for this change."""
    in_force = ledger.settings.vault_id()
    vault_files.end_change(workspace.vault_file, in_force)
    for path in left_over:
        vault_files.discard(path, in_force, ask.known)
