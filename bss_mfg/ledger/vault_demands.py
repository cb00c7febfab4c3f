"""What batches demand of the vault key: those of a product whose keys are only ever under one in hardware. They demand
it from their issue on, until they are retired."""

from __future__ import annotations

from bss_mfg.core.text import count_words, listing
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.events import RecoveryExported, VaultKeyPutBack
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.model import Batch

_OPTIONS = {"pkcs11": "`--token-uri URI`", "tpm2": "`--to tpm2`"}
"""By which a key gets there."""


def demanding(batches: BatchStore) -> list[Batch]:
    """The batches that demand hardware, in the order of issue."""
    return [batch for batch in batches.all() if batch.vault_key_in and not batches.retired_at(batch.id)]


def refuse_kept_as(batches: BatchStore, kind: str) -> None:
    """`RefusedError` for a vault key of a kind that a batch doesn't allow."""
    found = [batch for batch in demanding(batches) if kind not in batch.vault_key_in]
    if found:
        raise RefusedError(
            f"{_count(found)} whose vault key must stay in hardware ({' or '.join(_kinds(found))}), and a key of the "
            f"kind {kind} would not",
            problems=[listing([batch.id for batch in found], 5)],
            way_out=f"Nothing was changed. Name other hardware of that kind in its place: {_places(found)}. A "
            "retired batch demands nothing any more.",
        )


def refuse_copy(batches: BatchStore) -> None:
    """`RefusedError` for a copy of the vault key outside of the hardware that keeps it."""
    if found := demanding(batches):
        raise RefusedError(
            f"{_count(found)} whose vault key must stay in hardware, and a recovery file is a copy of it",
            problems=[listing([batch.id for batch in found], 5)],
            way_out="Nothing was written. The officer's key stands in for a copy: `bss-mfg vault recover --officer-key "
            f"FILE` with {_places(found)} takes all batches to other hardware.",
        )


def was_elsewhere(history: HistoryStore, vault_id: str) -> bool:
    """Whether the vault key of this id was outside of its hardware: written to a recovery file, or put back from a
    file. Of a key in a token only its line is ever put back."""
    records = history.records_of((RecoveryExported, VaultKeyPutBack), "")
    return any(
        isinstance(record, RecoveryExported | VaultKeyPutBack) and record.vault == vault_id for _, record in records
    )


def _count(found: list[Batch]) -> str:
    return f"the ledger has {count_words(len(found), 'batch', 'batches')}"


def _kinds(found: list[Batch]) -> list[str]:
    """The kinds that will do for all of these."""
    return sorted(set.intersection(*(set(batch.vault_key_in) for batch in found)))


def _places(found: list[Batch]) -> str:
    """The options by which the key gets there."""
    return " or ".join(_OPTIONS.get(kind, kind) for kind in _kinds(found))
