"""What leads from one version of the ledger to the next and can't be said in SQL alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bss_mfg.ledger.connection import Connection


def fill_macs(connection: Connection) -> None:
    """Note the MACs that were issued before they had to be unique. One that came twice stays with who had it first;
    `ledger check` names both."""
    connection.execute(
        "INSERT INTO identifier (name, value, scope, batch, unit) "
        "SELECT 'mac', CAST(mac AS BLOB), 0, batch, number FROM unit WHERE mac IS NOT NULL "
        "ORDER BY batch, number ON CONFLICT DO NOTHING"
    )


def fill_control_log_names(connection: Connection) -> None:
    """Note the names that control logs have already; those that two of them got stay as they are."""
    connection.execute(
        "INSERT INTO control_log_name (name, batch, folder) SELECT lower(file), min(batch), '' FROM manifest GROUP BY 1"
    )


MIGRATION_STEPS: Mapping[int, Sequence[Callable[[Connection], None]]] = {4: (fill_macs, fill_control_log_names)}
"""Steps by the version they lead on from; inside the transaction of the migration, after its script."""
