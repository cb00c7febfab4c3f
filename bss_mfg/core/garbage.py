"""How often Python looks for unused circles of objects.

Records come and go by the thousand, and none in a circle: looking after each 700 takes a twentieth of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_COLLECT_AFTER = 20_000
"""New objects after which it looks, while there is work."""


def collect_rarely() -> None:
    """From now on, in a process that only works."""
    gc.set_threshold(_COLLECT_AFTER)


@contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """As long as there is work."""
    before = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
