"""What leads from one version of the ledger to the next and can't be said in SQL alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.replay import replay_batch
from bss_mfg.ledger.schema import SUPERSEDED_NO_UPDATE


def tell_file_and_print_apart(connection: Connection) -> None:
    """Version 4 counted every right read as one. What the history does not show to be of a printed label, and since
    its newest print, was our own file read back."""
    connection.execute("DROP TRIGGER superseded_no_update")
    for batch, batch_id, packages in connection.rows("SELECT no, id, packages FROM batch ORDER BY no"):
        states = replay_batch(connection, batch, batch_id)
        connection.many(
            "UPDATE package SET file_verified = ?, print_verified = ? WHERE batch = ? AND number = ?",
            (
                (states.file_verified[number], states.print_verified[number], batch, number)
                for number in range(1, packages + 1)
            ),
        )
        connection.many(
            "UPDATE superseded SET file_verified = ?, print_verified = ? "
            "WHERE batch = ? AND number = ? AND revision = ?",
            (
                (file, printed, batch, number, revision)
                for (number, revision), (_, file, printed) in states.superseded.items()
            ),
        )
    connection.execute(SUPERSEDED_NO_UPDATE)


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


MIGRATION_STEPS: Mapping[int, Sequence[Callable[[Connection], None]]] = {
    4: (tell_file_and_print_apart, fill_macs, fill_control_log_names)
}
"""Steps by the version they lead on from; inside the transaction of the migration, after its script."""
