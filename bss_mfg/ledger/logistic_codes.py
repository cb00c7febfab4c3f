"""Which carton or pallet a code names: by its SSCC, or by the number that our labels show."""

from __future__ import annotations

import re

from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_records import LogisticUnit

_SSCC = re.compile(r"(?:\][A-Za-z]\d)?(?:\(00\)|00)?(\d{18})")
"""With or without its identifier, as scanners send it and as people type it."""
_NUMBER = re.compile(r"(?:\][A-Za-z]\d)?(?:PACKED-|carton |pallet )?(\d{1,17})", re.IGNORECASE)


def named_logistic_unit(ledger: Ledger, text: str, *, bare: bool = False) -> LogisticUnit | None:
    """The carton or pallet that a code names; with `bare`, by its plain number, too."""
    said = text.strip().removeprefix("\x1d")
    if found := _SSCC.fullmatch(said):
        return ledger.packing.find_by_sscc(found[1])
    found = _NUMBER.fullmatch(said)
    if found is None or (said.isdigit() and not bare):
        return None
    return ledger.packing.get(int(found[1])) if len(found[1]) < 17 else None
