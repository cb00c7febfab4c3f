"""Are sealed keys, and what was brought sealed, those that were issued? None is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bss_mfg.errors import NotPermittedError
from bss_mfg.ledger.bindings import Pieces, digest_of
from bss_mfg.ledger.bound_check import batch_rows, bound_by, differing, each_unit, piece_words
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions

_SEALED = """SELECT number, serial, sealed_key, extra, seal FROM unit
    WHERE batch = :batch AND number > :after ORDER BY number LIMIT :size"""


def check_sealed(connection: Database, history: HistoryStore) -> None:
    """`TamperedError` where one was changed, exchanged, is missing, or is still there in a retired batch."""
    with contextlib.suppress(NotPermittedError):  # stations of other roles can't read them
        found = _contradictions(connection, history)
        refuse_contradictions(found, "sealed keys are not those issued", connection.where, LedgerPart.SEALED_KEYS)


def _contradictions(connection: Database, history: HistoryStore) -> Iterator[str]:
    secrets, bound = connection.with_secrets(), bound_by(history)
    for row in batch_rows(connection):
        if row.id not in bound:
            continue
        said = bound[row.id]
        pieces, first = Pieces(said.issued.units), dict[int, str]()
        for number, serial, key, extra, seal in each_unit(secrets, _SEALED, row):
            if row.retired != (key is None) or (row.retired and extra is not None):
                state = "not destroyed, though the batch is retired" if row.retired else "missing"
                yield f"batch {row.id}, unit {number} ({serial}): its sealed key is {state}"
            elif row.retired:
                continue
            elif number > said.issued.units:
                then = said.sealed.get(serial)
                if then and digest_of(number, key, extra, seal) != then:
                    yield f"batch {row.id}, unit {number} ({serial}): its sealed key"
            else:
                first.setdefault((number - 1) // pieces.size, str(serial))
                pieces.add(number, (key, extra, seal))
        if not row.retired:
            yield from (
                f"batch {row.id}, {piece_words(pieces, piece, first)}: the sealed key"
                for piece in differing(pieces, said.issued.sealed)
            )
