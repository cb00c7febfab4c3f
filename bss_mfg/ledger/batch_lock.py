"""Locks on a batch: of each kind of work on it, one command does it at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import StrEnum

from bss_mfg.ledger.connection import Database


class BatchWork(StrEnum):
    """What is done to a batch by one command at a time; the values name the lock's file."""

    LABELS = "labels"
    SENDING = "sending"
    CONTROL_LOGS = "control-logs"
    KEYS = "keys"


_WORDS = {
    BatchWork.LABELS: "is making labels",
    BatchWork.SENDING: "is sending labels",
    BatchWork.CONTROL_LOGS: "is making control logs",
    BatchWork.KEYS: "is releasing or destroying the keys",
}
_PATIENCE_S = {BatchWork.LABELS: 60.0, BatchWork.CONTROL_LOGS: 60.0}
"""How long another command is waited for; those that are not named here are refused at once."""


def batch_lock(database: Database, batch_id: str, work: BatchWork, wait_s: float) -> AbstractContextManager[None]:
    """Held while a command does such work on a batch; `LedgerError` where another still does after the wait, which is
    `wait_s` seconds at least."""
    busy = f"another command {_WORDS[work]} of batch {batch_id}"
    return database.named_lock(f"{batch_id}.{work}", busy, max(wait_s, _PATIENCE_S.get(work, 0.0)))
