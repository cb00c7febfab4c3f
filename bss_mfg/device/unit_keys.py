"""The one way of a unit's key to a check on air: through the store of keys, one unit at a time."""

from __future__ import annotations

from bss_mfg.errors import InputError
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Secret


def open_unit_key(ledger: Ledger, vault: Vault, batch_id: str, number: int) -> Secret:
    """The OOB key of a unit, for the caller to wipe; `InputError` for one that was scrapped."""
    for unit in open_keys(ledger).units(batch_id, vault, range(number, number + 1)):
        if unit.key is not None:
            return unit.key
    raise InputError(
        "was scrapped: its device must not leave the factory",
        where=f"batch {batch_id}, unit {number}",
        way_out="Take the device out of the line.",
    )
