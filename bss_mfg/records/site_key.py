"""The site's key: made, its public part written down, and checkpoints signed with it.

A checkpoint is signed after an act, never in its transaction: whatever keeps it from being signed, the act stands. What
is due stands in the history, so the next act of a station that can sign signs it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.core.files import write_atomically
from bss_mfg.core.shared_lock import PATIENCE, Patience
from bss_mfg.errors import BssError, InputError, MissingError, RefusedError, ValueProblem
from bss_mfg.ledger.checkpoints import Cause, StoredCheckpoint
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.transparency.signed_note import SigningKey, VerifierKey, require_name
from bss_mfg.workspace.vault_key_storage import AskPassphrase, asks
from bss_mfg.workspace.workspace import Workspace

_MAKE = "`bss-mfg checkpoint key` makes one."


def make_site_key(
    workspace: Workspace, ledger: Ledger, name: str, ask: AskPassphrase, patience: Patience = PATIENCE
) -> VerifierKey:
    """Make the site's key if there is none, with a first checkpoint, and write its public part into the workspace.

    `name` is the key's, and that of the ledger as others know it; empty: made of the ledger's id. `RefusedError` where
    there is a key of another name.
    """
    name = _required_name(name) if name else ""
    if not (newest := ledger.checkpoints.newest()):
        with workspace.open_vault(ledger, ask, patience) as vault, ledger.transaction():
            if not open_keys(ledger).has_site_key():
                made = name or f"bss-mfg/{ledger.settings.ledger_id()}"
                newest = ledger.checkpoints.begin(open_keys(ledger).make_site_key(vault, made))
    newest = newest or _newest(ledger)
    if name and newest.key.name != name:
        raise RefusedError(
            f"the site's key has the name {newest.key.name}",
            where=f"--name {name}",
            way_out="Nothing was changed. A key keeps its name: it is what others know this ledger by.",
        )
    write_atomically(workspace.site_key_file, [f"{newest.key}\n".encode()], replace=True)
    return newest.key


def sign(
    workspace: Workspace, ledger: Ledger, cause: Cause, ask: AskPassphrase | None, patience: Patience = PATIENCE
) -> StoredCheckpoint:
    """Sign a checkpoint of the history as it is now; the newest one where nothing happened since. `MissingError` where
    there is no key, or its vault would ask for a passphrase, with nobody to `ask`."""
    return ledger.checkpoints.sign(open_site_key(workspace, ledger, ask, patience), cause)


def open_site_key(
    workspace: Workspace, ledger: Ledger, ask: AskPassphrase | None, patience: Patience = PATIENCE
) -> SigningKey:
    """The key itself, to sign a checkpoint, a record, or another ledger's checkpoint as a witness."""
    with workspace.open_vault(ledger, ask, patience) as vault:
        key = open_keys(ledger).site_key(vault, _newest(ledger).key.name)
    if key is None:
        raise MissingError("this ledger has no key that signs checkpoints", way_out=_MAKE)
    return key


@dataclass(frozen=True, slots=True)
class DueCheckpoint:
    """What became of a checkpoint that was due: it was signed, or, in words, why not."""

    cause: Cause
    signed: StoredCheckpoint | None
    trouble: str = ""


def sign_if_due(workspace: Workspace, ledger: Ledger, ask: AskPassphrase | None) -> DueCheckpoint | None:
    """Sign a checkpoint where one is due and the vault is open to who acts here; None where none is due. Waits for
    nobody, asks nobody, and raises no error of ours: what was done stands."""
    try:
        cause = ledger.checkpoints.due()
    except BssError as error:
        return DueCheckpoint("day", None, error.what)
    if cause is None:
        return None
    try:
        if ask is None and asks(workspace.vault_file):
            return DueCheckpoint(cause, None, "the vault key asks for a passphrase or a PIN")
        return DueCheckpoint(cause, sign(workspace, ledger, cause, ask, Patience(limit=0)))
    except BssError as error:
        return DueCheckpoint(cause, None, error.what)


def _newest(ledger: Ledger) -> StoredCheckpoint:
    newest = ledger.checkpoints.newest()
    if newest is None:
        raise MissingError("this ledger has no key that signs checkpoints", way_out=_MAKE)
    return newest


def _required_name(name: str) -> str:
    try:
        return require_name(name)
    except ValueProblem as problem:
        raise InputError(
            str(problem), where="--name", way_out="Use a name of a domain of yours, as factory.example/line-1."
        ) from None
