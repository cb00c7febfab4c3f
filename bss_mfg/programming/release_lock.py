"""Only one command at a time releases or destroys the keys of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bss_mfg.core.files import immediate_lock, make_folder
from bss_mfg.ledger.ledger import Ledger


@contextmanager
def releasing(ledger: Ledger, batch_id: str) -> Iterator[None]:
    """Held by whoever releases or destroys keys of a batch; `LedgerError` where another command holds it."""
    folder = ledger.path.parent / "locks"
    make_folder(folder)
    busy = f"another bss-mfg command releases or destroys the keys of batch {batch_id} just now"
    with immediate_lock(folder / f"{batch_id}.keys", busy, create=True):
        yield
