"""Events of the OOB keys and of who may have them: releases, the vault key, officers, roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key
from bss_mfg.ledger.policy_events import ApprovedEvent


class KeysReleasing(ApprovedEvent):
    """OOB keys are about to be written into programming files, and count as released from now on: into one file, or
    one a unit in a folder."""

    kind = EventKind.KEYS_RELEASING
    path: str = key("absolute path of the file, or of the folder")
    each: Literal["batch", "unit"] = key("what one file is for: `batch` or `unit`")
    folder: str = key("name of the folder that the files are put into")
    numbers: Sequence[Sequence[int]] = key("of the units, as [first, last] of consecutive ones")
    units: int = key("how many")
    format: str = key("name")
    layout: str | None = key("SHA-256 of the layout file that was given", default=None)
    sealed_to: Sequence[str] | None = key("recipients", default=None)
    clear_reason: str | None = key("why they leave in clear, where the settings name stations to seal to", default=None)
    reason: str | None = key("why they are released again", default=None)
    flasher: str | None = key("name of the flasher that claimed them", default=None)


class KeysReleased(EventRecord):
    """OOB keys were written into programming files: into one file, or one a unit in a folder."""

    kind = EventKind.KEYS_RELEASED
    file: str | None = key("name", default=None)
    sha256: str | None = key("of the file", default=None)
    folder: str | None = key("name", default=None)
    first: str | None = key("serial, of a folder", default=None)
    last: str | None = key("serial, of a folder", default=None)
    format: str = key("name")
    sealed_to: Sequence[str] | None = key("recipients", default=None)
    reason: str | None = key("why they were released again", default=None)
    units: int = key("how many")
    intent: int | None = key("number of the event `keys releasing` that it goes with", default=None)
    left: int = key("how many units of that are still to be written, unless 0: it is completed", default=0)
    path: str | None = key("absolute path of the file, or of the folder", default=None)
    numbers: Sequence[Sequence[int]] | None = key("of the units, as [first, last] of consecutive ones", default=None)
    index: str | None = key("name of the index beside the files", default=None)
    index_sha256: str | None = key("of the index", default=None)


class VaultRekeyed(EventRecord):
    """The data keys were wrapped under a new vault key."""

    kind = EventKind.VAULT_REKEYED
    before: str = key("id of the old vault key", name="from")
    after: str = key("id of the new vault key", name="to")
    batches: int = key("how many")
    data_keys: Mapping[str, str] | None = key(
        "digest of each wrapped data key by its name; not in early ledgers", default=None
    )


class VaultRecovered(EventRecord):
    """An officer opened the data keys, and they were wrapped under a new vault key."""

    kind = EventKind.VAULT_RECOVERED
    before: str = key("id of the old vault key", name="from")
    after: str = key("id of the new vault key", name="to")
    batches: int = key("how many")
    officer: str = key("fingerprint")
    data_keys: Mapping[str, str] | None = key(
        "digest of each wrapped data key by its name; not in early ledgers", default=None
    )


class VaultKeyPutBack(EventRecord):
    """A lost vault key was put back from a recovery file."""

    kind = EventKind.VAULT_KEY_PUT_BACK
    file: str = key("name")
    vault: str = key("id of the vault key")


class RecoveryExported(EventRecord):
    """The vault key was sealed into a recovery file."""

    kind = EventKind.RECOVERY_EXPORTED
    file: str = key("name")
    vault: str = key("id of the vault key")


class RoleGranted(EventRecord):
    """A user of the database got a role in a ledger on a server. What was run by hand with psql is not recorded."""

    kind = EventKind.ROLE_GRANTED
    role: str = key("`operator`, `qa`, `keys` or `admin`")
    to: str = key("the user")


class RecipientSet(EventRecord):
    """The data keys were sealed to an officer, or to none any more."""

    kind = EventKind.RECIPIENT_SET
    fingerprint: str = key("of the officer's public key, or empty")
    batches: int = key("how many")
    data_keys: Mapping[str, str] | None = key(
        "digest of each wrapped data key by its name; not in early ledgers", default=None
    )
