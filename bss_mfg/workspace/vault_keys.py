"""The vault key of a workspace: what state it is in, changed for a new one, kept apart, put back.

Who changes keys holds the workspace's lock of keys alone, and asks for all passphrases before. Should the lock fail, no
key is lost all the same: in one transaction the ledger compares the vault key with the one it knows, and wraps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bss_mfg.core.files import move_aside, read_bytes
from bss_mfg.core.shared_lock import PATIENCE, Patience
from bss_mfg.core.text import count_words, listing
from bss_mfg.errors import (
    BssError,
    InputError,
    LedgerError,
    MissingError,
    NobodyToAskError,
    NotPermittedError,
    RefusedError,
)
from bss_mfg.ledger.events import RecoveryExported, VaultKeyPutBack
from bss_mfg.ledger.keys import OpenedKeys, open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import OfficerPrivateKey, OfficerPublicKey, Vault
from bss_mfg.ledger.vault_demands import demanding, refuse_copy, refuse_kept_as
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT
from bss_mfg.workspace import vault_files
from bss_mfg.workspace.age_key import AgeKey
from bss_mfg.workspace.pkcs11_uri import TokenUri
from bss_mfg.workspace.tpm2_key import TpmKey
from bss_mfg.workspace.vault_change import require_officer, require_possible, waiting_key
from bss_mfg.workspace.vault_key_lines import (
    HARDWARE,
    KEPT,
    KINDS,
    Keeping,
    VaultKeyKind,
    recipients_of,
    token_of,
    vault_key_id,
    vault_key_kind,
)
from bss_mfg.workspace.vault_key_storage import (
    AskOnce,
    AskPassphrase,
    ask_before,
    ask_for_left_over,
    asks,
    load_vault_key,
    save_vault_key,
)
from bss_mfg.workspace.workspace import Workspace

_RECOVERY_FILE = "the recovery file"
"""What the passphrase of one is said to be for."""
_PUT_BACK = "Put the right one back, or use `bss-mfg vault recover FILE`."


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """Whether the vault key opens the ledger's data keys, and which files of the key folder belong to none.
    `all_here`: this station has the key folder, and all data keys must be in it."""

    keys: OpenedKeys
    unnamed_files: tuple[str, ...] = ()
    all_here: bool = False

    @property
    def opened(self) -> int:
        """How many it opens."""
        return self.keys.opened

    @property
    def trouble(self) -> str:
        """In words what is wrong; empty where nothing is."""
        if unopened := self.keys.unopened:
            return f"the vault key does not open {_named(unopened)}"
        return f"the key folder has no file of {_named(self.keys.elsewhere)}" if self._lost else ""

    @property
    def way_out(self) -> str:
        """What to do then."""
        if not self.keys.unopened:
            return (
                "A lost file is a lost batch of keys. Put it back from a backup of the key folder, or copy it from a "
                "station that has it. Where only some keys were carried to this station on purpose, write "
                "`carried_keys = true` below [ledger] in bss-mfg.toml."
            )
        return (
            "If data keys are sealed to an officer, `bss-mfg vault recover --officer-key FILE` opens them. Else: "
            f"{RESTORE_WAY_OUT}"
        )

    @property
    def _lost(self) -> bool:
        return self.all_here and bool(self.keys.elsewhere)


def _named(keys: Sequence[str]) -> str:
    return f"{count_words(len(keys), 'data key')}: {', '.join(keys[:5])}" + (" ..." if len(keys) > 5 else "")


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """A vault as it is found: `trouble` says in words what is wrong, and `way_out` what to do; both are empty where
    nothing is. `keys` is None
    where the vault key was not opened; `keyless`: a station of a ledger on a server that has neither vault key nor key
    folder, as one that issues nothing and releases no keys; `exposed` are files that others than their owner may read;
    `left_over` are files of changes that never took place, and of keys in tokens that are not destroyed yet; `token`:
    the key in a token that the file names; `age_recipients`: to whom it says that the key is encrypted; `demanded_by`:
    the batches that demand a key in hardware, and `demanded`: the kinds that will do for all of them."""

    file: Path
    kind: VaultKeyKind | None
    id: str | None
    ledger_id: str
    sealed: int
    retired: int
    recipient: str | None
    trouble: str
    way_out: str
    keys: KeyCheck | None
    keyless: bool
    exposed: tuple[Path, ...]
    left_over: tuple[Path, ...]
    token: TokenUri | None
    age_recipients: tuple[str, ...]
    demanded_by: tuple[str, ...]
    demanded: tuple[VaultKeyKind, ...]

    @property
    def misplaced(self) -> bool:
        """Whether the key is kept in another way than batches demand."""
        return bool(self.demanded_by) and self.kind not in (None, *self.demanded)

    @property
    def misplaced_text(self) -> str:
        """The same in words."""
        kept = KEPT[self.kind] if self.kind else "nowhere"
        return (
            f"the vault key is kept {kept}, and {count_words(len(self.demanded_by), 'batch', 'batches')} of products "
            f"with require_vault_key_in must have it in hardware: {listing(self.demanded_by, 5)}"
        )


def vault_status(
    workspace: Workspace, ledger: Ledger, ask: AskPassphrase | None = None, patience: Patience = PATIENCE
) -> VaultStatus:
    """Look at a vault; one under a passphrase is opened only where there is someone to `ask`."""
    with workspace.unchanging_keys(ledger, patience):
        return _look(workspace, ledger, ask)


def other_key_in_place(workspace: Workspace, ledger: Ledger) -> str | None:
    """The id of the vault key in place, where it is not the ledger's, as after a restore of an older copy; None where
    it is, or none can be read."""
    try:
        found = vault_key_id(workspace.vault_file)
    except BssError:
        return None
    return None if found == ledger.settings.vault_id() else found


def check_keys(
    workspace: Workspace, ledger: Ledger, ask: AskPassphrase | None = None, patience: Patience = PATIENCE
) -> KeyCheck | None:
    """Which data keys the vault key opens; None where it is under a passphrase, with nobody to `ask`."""
    with workspace.unchanging_keys(ledger, patience):
        return _check_keys(workspace, ledger, ask)


def _look(workspace: Workspace, ledger: Ledger, ask: AskPassphrase | None) -> VaultStatus:
    expected, trouble, way_out = ledger.settings.vault_id(), "", _PUT_BACK
    kind: VaultKeyKind | None = None
    found: str | None = None
    keys: KeyCheck | None = None
    try:
        kind, found = vault_key_kind(workspace.vault_file), vault_key_id(workspace.vault_file)
        if not asks(workspace.vault_file):  # of a keyring's the file is no more than a name
            with load_vault_key(workspace.vault_file) as vault:
                found = vault.id
        if found != expected:
            trouble = f"this is vault key {found}, the ledger's is {expected}"
        elif keys := _check_keys(workspace, ledger, ask):
            trouble, way_out = keys.trouble, keys.way_out
    except NotPermittedError:
        pass  # says nothing of the key: others try it
    except NobodyToAskError:
        raise
    except BssError as error:
        trouble, way_out = error.what, error.way_out
    retired = sum(1 for batch in ledger.batches.all() if ledger.batches.retired_at(batch.id))
    recipient = ledger.settings.recipient_pem()
    hardware = demanding(ledger.batches)
    return VaultStatus(
        file=workspace.vault_file,
        kind=kind,
        id=found,
        ledger_id=expected,
        sealed=len(ledger.batches.all()) - retired,
        retired=retired,
        recipient=OfficerPublicKey(recipient).fingerprint if recipient else None,
        trouble=trouble,
        way_out=way_out if trouble else "",
        keys=keys,
        keyless=_is_keyless(workspace, ledger),
        exposed=vault_files.exposed_files(workspace.vault_file),
        left_over=tuple(vault_files.waiting_files(workspace.vault_file)),
        token=token_of(workspace.vault_file),
        age_recipients=recipients_of(workspace.vault_file),
        demanded_by=tuple(batch.id for batch in hardware),
        demanded=tuple(one for one in HARDWARE if hardware and all(one in batch.vault_key_in for batch in hardware)),
    )


def _is_keyless(workspace: Workspace, ledger: Ledger) -> bool:
    settings = workspace.config().ledger
    if not settings.url or settings.keys or workspace.vault_file.exists():
        return False
    return not open_keys(ledger).has_folder()


def _check_keys(workspace: Workspace, ledger: Ledger, ask: AskPassphrase | None) -> KeyCheck | None:
    if ask is None and asks(workspace.vault_file):
        return None
    with workspace.open_vault(ask=ask) as vault:
        open_keys(ledger).check_vault(vault)
        found = open_keys(ledger).opened_by(vault)
        settings = workspace.config().ledger
        all_here = not settings.carried_keys and (bool(settings.keys) or open_keys(ledger).has_folder())
        return KeyCheck(found, tuple(open_keys(ledger).unnamed_files()), all_here)


def rekey(
    workspace: Workspace, ledger: Ledger, wanted: Keeping | None, ask: AskPassphrase, patience: Patience = PATIENCE
) -> int:
    """Change the vault key for a new one; how many batches were wrapped anew. What `wanted` doesn't say of how it is to
    be kept is as with the old one.

    The old key opens nothing of this ledger afterwards, but it opens older backups: whoever needs those keeps it. One
    that is in a token is destroyed.
    """
    ask = AskOnce(ask)
    with workspace.unchanging_keys(ledger, patience):  # of a change that was cut off the new key counts
        refuse_kept_as(ledger.batches, wanted.kind if wanted else vault_key_kind(workspace.vault_file))
    with workspace.open_vault(ledger, ask, patience) as old:
        open_keys(ledger).check_vault(old)
        kept = Keeping(
            vault_key_kind(workspace.vault_file),
            token_of(workspace.vault_file),
            old.wrapping_key.recipients if isinstance(old.wrapping_key, AgeKey) else (),
            old.wrapping_key.pin if isinstance(old.wrapping_key, TpmKey) else None,
        )
    new = kept
    if wanted:
        pin = kept.pin if wanted.pin is None else wanted.pin
        new = Keeping(wanted.kind, wanted.token or kept.token, wanted.recipients or kept.recipients, pin)
    require_possible(new, ledger, ask)
    for path in vault_files.waiting_files(workspace.vault_file):
        ask_for_left_over(path, (kept.kind, new.kind), ask)
    with workspace.exclusive_keys(patience):
        vault_files.end_change(workspace.vault_file, ledger.settings.vault_id())
        with workspace.open_vault(ask=ask) as old, waiting_key(workspace, ledger, new, ask) as made:
            return open_keys(ledger).rewrap(old, made, new.kind)


def export_recovery(
    workspace: Workspace, ledger: Ledger, to: Path, ask: AskPassphrase, patience: Patience = PATIENCE
) -> str:
    """Write the vault key under a passphrase, to be kept apart; its id. Never overwrites. `RefusedError` where a batch
    demands that it stays in hardware."""
    refuse_copy(ledger.batches)
    ask = AskOnce(ask)
    with workspace.open_vault(ledger, ask, patience) as vault:
        open_keys(ledger).check_vault(vault)
        if vault.key:  # refused where a token keeps it, before anybody thinks of a passphrase
            ask(_RECOVERY_FILE, True)

        def note() -> None:
            with ledger.transaction():  # so that no batch is issued meanwhile that demands hardware
                refuse_copy(ledger.batches)
                ledger.history.append(None, RecoveryExported(file=to.name, vault=vault.id))

        save_vault_key(vault, to, Keeping("passphrase"), ask, what=_RECOVERY_FILE, private=True, begin=note)
        return vault.id


@dataclass(frozen=True, slots=True)
class RecoveredKey:
    """The id of the vault key that is in place now, how it is kept, and how many batches were wrapped under it anew."""

    id: str
    kind: VaultKeyKind
    batches: int = 0


def recover(
    workspace: Workspace,
    ledger: Ledger,
    source: Path,
    ask: AskPassphrase,
    wanted: Keeping | None = None,
    patience: Patience = PATIENCE,
) -> RecoveredKey:
    """Put a vault key back from a recovery file, or any other vault key file, kept as it was before or as `wanted`.

    Refused where the vault key in place is the ledger's own; a damaged or wrong one is kept beside it.
    """
    _refuse_whole(vault_status(workspace, ledger, patience=patience))
    keeping, ask = _keeping_of(workspace, ledger, source, wanted), AskOnce(ask)
    refuse_kept_as(ledger.batches, keeping.kind)
    with load_vault_key(source, ask) as vault:
        if keeping.kind != "pkcs11":
            require_officer(keeping, ledger)
            ask_before(keeping, ask)

        def note() -> None:
            with ledger.transaction():  # before the key is there: a kill must not hide where it came from
                refuse_kept_as(ledger.batches, keeping.kind)
                _require_own(vault, ledger, source)
                ledger.settings.remember_vault(vault.id, keeping.kind)
                ledger.history.append(None, VaultKeyPutBack(file=source.name, vault=vault.id))

        with workspace.exclusive_keys(patience):
            _refuse_whole(_look(workspace, ledger, None))
            with ledger.transaction():  # so that nobody changes the key meanwhile, with or without the lock
                _require_own(vault, ledger, source)
                for path in vault_files.waiting_files(workspace.vault_file):
                    vault_files.discard(path, vault.id, ask.known)
            waiting = vault_files.next_file(workspace.vault_file, vault.id)
            save_vault_key(vault, waiting, keeping, ask, begin=note)
            with ledger.transaction():
                _require_own(vault, ledger, source)
                if workspace.vault_file.exists():
                    move_aside(workspace.vault_file, ".damaged")
                vault_files.put_in_place(waiting, workspace.vault_file, vault.id)
            return RecoveredKey(vault.id, keeping.kind)


def _require_own(vault: Vault, ledger: Ledger, source: Path) -> None:
    if vault.id != ledger.settings.vault_id():
        raise LedgerError(
            f"holds vault key {vault.id}, the ledger's is {ledger.settings.vault_id()}",
            where=source,
            way_out="It belongs to another workspace, or is from before a rekey. Look for a newer one, or ask the "
            "officer.",
        )


def recover_by_officer(
    workspace: Workspace,
    ledger: Ledger,
    private_key: Path,
    ask: AskPassphrase,
    wanted: Keeping | None = None,
    patience: Patience = PATIENCE,
) -> RecoveredKey:
    """Open all data keys with the officer's private key and wrap them under a new vault key, kept as the lost one was
    or as `wanted`. Recipients are taken from no file whose key can't be opened: anybody may have put theirs there."""
    _refuse_whole(vault_status(workspace, ledger, patience=patience))
    new = wanted or Keeping(_kind_before(workspace, ledger))
    new = replace(new, token=new.token or token_of(workspace.vault_file))
    refuse_kept_as(ledger.batches, new.kind)
    ask, lost = AskOnce(ask), ledger.settings.vault_id()
    pem = read_bytes(private_key, "officer's private key", 1 << 16)
    passphrase = ask(f"the officer's private key in {private_key.name}", False) if b"ENCRYPTED" in pem else None
    officer = OfficerPrivateKey(pem, passphrase, str(private_key))
    require_possible(new, ledger, ask)
    with workspace.exclusive_keys(patience):
        _refuse_whole(_look(workspace, ledger, None))
        with waiting_key(workspace, ledger, new, ask) as made:
            return RecoveredKey(made.id, new.kind, open_keys(ledger).recover(officer, lost, made, new.kind))


def set_recipient(
    workspace: Workspace,
    ledger: Ledger,
    officer: OfficerPublicKey | None,
    ask: AskPassphrase,
    patience: Patience = PATIENCE,
) -> int:
    """Seal all data keys, and those to come, to an officer, or to none any more; how many batches were."""
    ask = AskOnce(ask)
    with workspace.open_vault(ledger, ask, patience) as vault:
        open_keys(ledger).check_vault(vault)
    with workspace.exclusive_keys(patience):
        vault_files.end_change(workspace.vault_file, ledger.settings.vault_id())
        if officer is None and vault_key_kind(workspace.vault_file) in HARDWARE:
            raise RefusedError(
                "the vault key is in a token or a TPM, and only the officer's key stands in for one that is lost",
                way_out="Nothing was changed. Name another officer, or first have a vault key that can be copied: "
                "`bss-mfg vault rekey --to file`.",
            )
        with workspace.open_vault(ask=ask) as vault:
            return open_keys(ledger).set_recipient(vault, officer)


def _keeping_of(workspace: Workspace, ledger: Ledger, source: Path, wanted: Keeping | None) -> Keeping:
    """How a key that is put back from a file is to be kept: one in a token stays there, and no other gets there."""
    if token_of(source):
        return wanted or Keeping("pkcs11")
    if wanted and wanted.kind == "pkcs11":
        raise RefusedError(
            "a token keeps only keys that it has made itself",
            where="--to pkcs11",
            way_out="Put this one back with `--to file`; `bss-mfg vault rekey --to pkcs11` then makes a new one in the "
            "token.",
        )
    return wanted or Keeping(_kind_before(workspace, ledger))


def _kind_before(workspace: Workspace, ledger: Ledger) -> VaultKeyKind:
    """How a lost vault key was kept: by what is left of its file, or by what the ledger remembers."""
    try:
        return vault_key_kind(workspace.vault_file)
    except (InputError, MissingError):
        remembered = ledger.settings.vault_kind()
    for kind in KINDS:
        if kind == remembered:
            return kind
    raise InputError(
        "how the lost vault key was kept is not known",
        where=workspace.vault_file,
        way_out="Say how it is to be kept from now on: --to passphrase, --to keyring or --to file.",
    )


def _refuse_whole(found: VaultStatus) -> None:
    if not found.trouble and found.kind == "file":
        raise RefusedError(
            "the vault key in place is intact, and it is the ledger's",
            where=found.file,
            way_out="Nothing has to be recovered. To replace it with a new one: `bss-mfg vault rekey`.",
        )
