"""Where the history stands at one moment, as paper and files outside of the ledger say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bss_mfg.transparency.signed_note import to_base64

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class HistoryState:
    """Number and digest (hex) of the newest event; how many events the newest signed checkpoint is of, and its Merkle
    root (base64, as in a note): 0 and empty where none was signed."""

    events: int = 0
    head: str = ""
    checkpoint_events: int = 0
    checkpoint: str = ""

    @classmethod
    def of(cls, ledger: Ledger) -> HistoryState:
        """The state now."""
        events, head = ledger.history.head()
        newest = ledger.checkpoints.newest()
        if newest is None:
            return cls(events, head)
        return cls(events, head, newest.checkpoint.size, to_base64(newest.checkpoint.root))


NO_HISTORY = HistoryState()
"""For labels that show nothing of the history."""
