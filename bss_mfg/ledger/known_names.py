"""What a name is that was typed where another kind was expected: a batch for a serial, a serial for a batch."""

from __future__ import annotations

from bss_mfg.ledger.connection import Connection

_ALIKE = str.maketrans("OoIl", "0011")
"""Letters that people read in the place of digits."""


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
    return _misread(connection, name) if wanted == "serial" else ""


def _misread(connection: Connection, name: str) -> str:
    """The serial that was read for another: in upper or lower case, or with O for 0, I or l for 1."""
    for text in dict.fromkeys((name, name.translate(_ALIKE))):
        found = connection.rows(
            "SELECT u.serial, b.id FROM unit u JOIN batch b ON b.no = u.batch WHERE lower(u.serial) = lower(?) "
            "ORDER BY b.no LIMIT 1",
            (text,),
        )
        if found:
            return f"Did you mean {found[0][0]} of batch {found[0][1]}?"
    return ""
