"""What leads from one version of the ledger to the next and can't be said in SQL alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bss_mfg.ledger.connection import Connection

MIGRATION_STEPS: Mapping[int, Sequence[Callable[[Connection], None]]] = {}
"""Steps by the version they lead on from; inside the transaction of the migration, after its script."""
