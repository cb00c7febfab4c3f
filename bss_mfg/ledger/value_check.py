"""What is said where values of the ledger are of another type or form than the schema gives them."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.schema_tables import tables
from bss_mfg.ledger.tampering import EVIDENCE_WAY_OUT, LedgerPart, TamperedError
from bss_mfg.ledger.value_forms import FORMS

MOST_VALUES = 200
"""Values that are named; the rest is counted."""
FORMLESS = "isn't JSON of the form that is kept there"


def wrong_forms(connection: Connection) -> list[str]:
    """Which JSON isn't of its form, in words: all that can be wrong where the database itself keeps types."""
    found: list[str] = []
    for table in tables():
        for name, has_form in ((name, form) for (of, name), form in FORMS.items() if of == table.name):
            columns = ", ".join([*table.key, name])
            for *key, text in connection.each(f"SELECT {columns} FROM {table.name}"):  # noqa: S608 (fixed texts)
                if not has_form(text.encode()):
                    row = ", ".join(f"{of} {one}" for of, one in zip(table.key, key, strict=True))
                    found.append(f"{table.name}.{name} of {row}: {FORMLESS}")
    return found[:MOST_VALUES]


def values_error(wrong: Sequence[str], where: str) -> TamperedError | None:
    """What is to be raised where something is wrong."""
    if not wrong:
        return None
    return TamperedError(
        "values in it aren't of the type or form that is kept there",
        part=LedgerPart.VALUES,
        where=where,
        problems=wrong,
        way_out=f"Nothing was changed. `bss-mfg ledger check` names all. {EVIDENCE_WAY_OUT}",
    )
