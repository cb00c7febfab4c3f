"""What kinds of events the history has."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """What happened; the texts are stored."""

    WORKSPACE_CREATED = "workspace created"
    KEY_PINNED = "key pinned"
    KEY_REPINNED = "key repinned"
    BATCH_ISSUED = "batch issued"
    LABELS_MADE = "labels made"
    LABELS_MADE_AGAIN = "labels made again"
    LABELS_REPRINTED = "labels reprinted"
    LABELS_SENDING = "labels sending"
    LABELS_SENT = "labels sent"
    LABELS_CUT_OFF = "labels cut off"
    LABELS_NOT_SENT = "labels not sent"
    READ = "read"
    FILE_VERIFIED = "file verified"
    SAMPLE_DRAWN = "sample drawn"
    SAMPLE_DECIDED = "sample decided"
    UNIT_SCRAPPED = "unit scrapped"
    UNIT_REPLACED = "unit replaced"
    PACKAGES_SHIPPED = "packages shipped"
    PACKAGES_RETURNED = "packages returned"
    BATCH_CLOSED = "batch closed"
    BATCH_RETIRED = "batch retired"
    MANIFEST_MADE = "manifest made"
    MANIFEST_ANSWERED = "manifest answered"
    MANIFEST_UPLOADED = "manifest uploaded"
    KEYS_RELEASED = "keys released"
    IDENTITIES_IMPORTED = "identities imported"
    VAULT_REKEYED = "vault rekeyed"
    VAULT_RECOVERED = "vault recovered"
    VAULT_KEY_PUT_BACK = "vault key put back"
    RECOVERY_EXPORTED = "recovery exported"
    RECIPIENT_SET = "recipient set"
    LEDGER_MIGRATED = "ledger migrated"
    LEDGER_RESTORED = "ledger restored"
    SPEC_CONFIRMED = "spec confirmed"
