"""By what the ledger finds a barcode string."""

from __future__ import annotations

import hashlib


def payload_digest(payload: str) -> bytes:
    """The first 16 bytes of a barcode string's SHA-256."""
    return hashlib.sha256(payload.encode("utf-8", "surrogateescape")).digest()[:16]
