"""What is said where the ledger isn't what its history says: which part, as a value, and what of that, in words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Any

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT

MOST_NAMED = 10
"""Contradictions that are named; the rest is left."""
EVIDENCE_WAY_OUT = f"{RESTORE_WAY_OUT} The changed ledger is kept as evidence."


class LedgerPart(StrEnum):
    """A part of the ledger that was changed by something other than bss-mfg."""

    SCHEMA = "schema"
    VALUES = "values"
    HISTORY = "history"
    PAYLOADS = "payloads"
    STATES = "states"
    BATCHES = "batches"
    UNITS = "units"
    SEALED_KEYS = "sealed-keys"
    DATA_KEYS = "data-keys"
    IDENTIFIERS = "identifiers"
    IMPORTED = "imported"
    PRODUCTS = "products"
    SETTINGS = "settings"
    LABEL_FILES = "label-files"
    CONTROL_LOGS = "control-logs"
    RELEASES = "releases"
    FLASHING = "flashing"
    PUBLISHED = "published"
    PACKING = "packing"
    QUEUES = "queues"
    TIMES = "times"
    APPROVALS = "approvals"


class TamperedError(LedgerError):
    """The ledger was changed, and not by bss-mfg: `part` says where."""

    def __init__(self, what: str, *, part: LedgerPart, way_out: str = EVIDENCE_WAY_OUT, **more: Any) -> None:
        super().__init__(what, way_out=way_out, **more)
        self.part = part

    def __reduce__(self) -> tuple[object, ...]:
        more = {"where": self._where, "way_out": self.way_out, "problems": self.problems, "part": self.part}
        return (_rebuild, (self.what, more))


def _rebuild(what: str, more: dict[str, Any]) -> TamperedError:
    return TamperedError(what, **more)


def refuse_contradictions(found: Iterable[str], what: str, where: str, part: LedgerPart) -> None:
    """`TamperedError` of these words where something is not as the history says; the first of it is named."""
    if problems := list(islice(found, MOST_NAMED)):
        raise TamperedError(what, part=part, where=where, problems=problems)
