"""Are the wrapped data keys those that the history binds? None is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bss_mfg.errors import NotPermittedError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.events import BatchIssued, RecipientSet, VaultRecovered, VaultRekeyed
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.key_folder import KeyFolder
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions
from bss_mfg.ledger.wrapped_keys import WrappedKeyStore

_BINDING = (BatchIssued, VaultRekeyed, VaultRecovered, RecipientSet)


def check_data_keys(connection: Database, history: HistoryStore, folder: KeyFolder | None) -> None:
    """`TamperedError` where one was changed, exchanged, or is missing. Of those in a key folder the database has the
    SHA-256 of the file."""
    with contextlib.suppress(NotPermittedError):  # stations of other roles can't read them
        refuse_contradictions(
            _contradictions(connection, history, folder),
            "data keys are not as their history says",
            connection.where,
            LedgerPart.DATA_KEYS,
        )


def _contradictions(connection: Database, history: HistoryStore, folder: KeyFolder | None) -> Iterator[str]:
    said: dict[str, str] = {}
    for event, record in history.records_of(_BINDING):
        if isinstance(record, BatchIssued):
            said[event.batch or ""] = record.data_key
        elif isinstance(record, VaultRekeyed | VaultRecovered | RecipientSet):
            said = dict(record.data_keys or dict.fromkeys(said, ""))
    retired = dict(connection.rows("SELECT id, retired_at IS NOT NULL FROM batch"))
    here = WrappedKeyStore(connection.with_secrets(), folder).all_bound()
    for name, digest in here.items():
        if retired.get(name):
            yield f"batch {name}: its data key is not destroyed, though it is retired"
        elif said.get(name) and digest != said[name]:
            yield f"batch {name}: its data key"
    for name, gone in retired.items():
        if not gone and name not in here:
            yield f"batch {name}: its data key is missing"
