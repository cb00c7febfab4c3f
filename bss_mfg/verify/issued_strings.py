"""The barcode strings of a ledger, as what is set wrongly at a station is looked for in them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from bss_mfg.ledger.ledger import Ledger
from bss_mfg.payload.spec import Spec
from bss_mfg.verify.scanned import strip_scanner_marks

_SHORTEST_START = 6
_MOST_WALKED = 100_000
"""A larger batch is not walked for one read: the station would stand still for seconds."""


class LedgerStrings:
    """Strings of all batches where they are looked up whole, of the batch at hand (empty: none) where a part or the
    shape is known."""

    def __init__(self, ledger: Ledger, batch_id: str, specs: Sequence[Spec]) -> None:
        self._ledger, self._batch = ledger, batch_id
        found = [ledger.payload_search.common_start(batch_id)] if batch_id else []
        for spec in specs:
            first = spec.field[0]
            if first.source == "constant":
                found.append(f"{first.key}{spec.key_separator}{first.value}{spec.field_separator}")
        self.starts: Sequence[str] = [start for start in dict.fromkeys(found) if len(start) >= _SHORTEST_START]

    def owner(self, text: str) -> tuple[str, int] | None:
        """Batch and package of a string, without what a scanner adds."""
        return self._ledger.packages.find_by_payload(strip_scanner_marks(text)[0])

    def is_known(self, text: str) -> bool:
        """Whether it was issued."""
        return self.owner(text) is not None

    def by_uuid(self, value: uuid.UUID) -> str:
        """The string of the package with this unit; empty where none was issued."""
        known = self._ledger.units.find_by_uuid(value)
        return self._ledger.packages.get(known[0], known[1]).payload if known else ""

    def by_shape(self, length: int, same: Sequence[tuple[int, int]]) -> Sequence[str]:
        """A few strings of this length with equal characters at these pairs of places."""
        return self._ledger.payload_search.by_shape(self._batch, length, same) if self._may_walk() else ()

    def by_parts(self, parts: Sequence[str]) -> Sequence[str]:
        """A few strings that hold most of these parts."""
        return self._ledger.payload_search.by_parts(self._batch, parts) if self._may_walk() else ()

    def _may_walk(self) -> bool:
        return bool(self._batch) and self._ledger.batches.get(self._batch).packages <= _MOST_WALKED
