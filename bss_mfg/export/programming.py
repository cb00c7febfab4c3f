"""The programming export: serial, Device UUID and OOB key of each unit, for the line's flasher.

The only way by which an OOB key leaves bss-mfg.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bss_mfg.files import place
from bss_mfg.ledger.store import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch


def write_programming_csv(ledger: Ledger, vault: Vault, batch: Batch, path: Path) -> int:
    """Write the CSV (0600, never over another file) and note it in the history; returns the number of units."""
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in _lines(ledger, vault, batch):
            yield line
            count += 1

    place(path, counted())
    ledger.note(batch.id, "keys released", {"file": path.name, "format": "csv", "units": count - 1})
    return count - 1


def _lines(ledger: Ledger, vault: Vault, batch: Batch) -> Iterator[bytes]:
    yield b"serial,uuid,oob_key\r\n"
    for unit in ledger.units_with_keys(batch.id, vault):
        key = unit.key.reveal().hex().upper() if unit.key else ""
        yield f"{unit.serial},{unit.uuid.hex.upper()},{key}\r\n".encode("ascii")
