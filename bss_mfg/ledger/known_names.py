"""What a name is that was typed where another kind was expected: a batch for a serial, a serial for a batch."""

from __future__ import annotations

from bss_mfg.core.likeness import names_like, question
from bss_mfg.ledger.connection import Connection

_MOST_COMPARED = 10_000
"""Of so many batches, the newest, those with a name like the one that was typed are looked for."""


def other_meaning(connection: Connection, name: str, *, wanted: str) -> str:
    """A sentence for the way out: what `name` is in this ledger, where it is no `wanted` ("batch" or "serial"); empty
    where it is nothing."""
    (batch,) = connection.rows("SELECT min(id) FROM batch WHERE lower(id) = lower(?)", (name,))
    if batch[0]:
        if wanted == "serial":
            return f"{batch[0]} is a batch: name the serials of its units."
        if batch[0] != name:
            return f"There is a batch {batch[0]}."
    owners = connection.rows(
        "SELECT b.id FROM unit u JOIN batch b ON b.no = u.batch WHERE u.serial = ? GROUP BY b.id ORDER BY min(b.no)",
        (name,),
    )
    if owners:
        named = " and of ".join(batch_id for (batch_id,) in owners[:3])
        return f"It is a serial of batch {named}" + (": name the batch." if wanted == "batch" else ".")
    if wanted == "batch" and connection.rows("SELECT name FROM product WHERE name = ?", (name,)):
        return f"{name} is a product: `bss-mfg batch list` shows its batches."
    if wanted == "batch" and (near := _batches_like(connection, name)):
        return question(near)
    return ""


def _batches_like(connection: Connection, name: str) -> list[str]:
    """The batches that are called nearly so."""
    rows = connection.rows("SELECT id FROM batch ORDER BY no DESC LIMIT ?", (_MOST_COMPARED,))
    return names_like(name, (batch_id for (batch_id,) in rows))
