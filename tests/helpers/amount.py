"""How much of what has no end is tried: offsets, kills, drawn specs, lives. Every kind of case is in both amounts."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
FULL = os.environ.get("BSS_MFG_TEST_AMOUNT") == "full"
"""`make test-full`, which takes hours. Without it, what CI has time for."""


def sized(*, full: T, usual: T) -> T:
    """What is tried by `make test-full`, and usually."""
    return full if FULL else usual
