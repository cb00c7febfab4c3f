"""Is what seems a defect one of the ledger? Whatever reads a value that isn't as the schema or its event's record says
may fail in any way; then, and only then, the whole ledger is looked through."""

from __future__ import annotations

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.tampering import MOST_NAMED, LedgerPart, TamperedError
from bss_mfg.ledger.value_forms import strange_keys

_DEFECTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, AssertionError, RecursionError)
"""What a value raises where nobody expects it."""


def ledger_error_behind(error: BaseException | None, connection: Database, history: HistoryStore) -> LedgerError | None:
    """What is to be raised in place of an error that a value of the ledger may have caused; None where none did."""
    if not isinstance(error, _DEFECTS):
        return None
    try:
        if wrong := connection.values_error():
            return wrong
        history.verify()
        return strange_events(connection, history)
    except LedgerError as found:
        return found


def strange_events(connection: Database, history: HistoryStore) -> TamperedError | None:
    """Events that say something of another type than their records: the chain holds, so it was made anew."""
    found = []
    for event in history.events():
        found += [f"event {event.seq}, key {key}" for key in strange_keys(event.kind, event.data)]
        if len(found) >= MOST_NAMED:
            break
    if not found:
        return None
    return TamperedError(
        "events say what no version of bss-mfg wrote", part=LedgerPart.HISTORY, where=connection.where, problems=found
    )
