"""What the event of a batch binds of it: columns of its row, its units' identities and sealed keys.

Rows are encoded here alone, so that the check reads what was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from bss_mfg.ledger.bindings import Pieces, digest_of, digest_of_rows, digests_of
from bss_mfg.ledger.sealed_rows import UnitRow
from bss_mfg.model import Batch, Identifier

KEPT_COLUMNS = (
    "request", "stage", "units_per_package", "created_at", "spec_text", "template", "facts", "longest_payload",
)  # fmt: skip
"""Columns of a batch that its event has as digests; it spells the others out."""
SEAL = 2
"""How keys of units are sealed that are stored now."""


def kept_columns(batch: Batch, request: str, facts: str) -> dict[str, str]:
    """The digests of a batch's columns."""
    values = (
        request, batch.stage, batch.units_per_package, batch.created_at, batch.spec_text, batch.template, facts,
        batch.longest_payload,
    )  # fmt: skip
    return digests_of(dict(zip(KEPT_COLUMNS, values, strict=True)))


class BatchBinding:
    """The digests of a batch's units, taken while they are stored in the order of their numbers."""

    def __init__(self, units: int) -> None:
        self.identities = Pieces(units)
        self.sealed = Pieces(units)

    def add(self, rows: Iterable[UnitRow]) -> None:
        """Some more units."""
        # As `encoded` has it, written by hand: half the time, a million times.
        for number, package, serial, uuid, mac, key, digest, extra in rows:
            name = serial.encode()
            address = b"-" if mac is None else b"t%d:%b" % (len(mac), mac.encode())
            self.identities.add_encoded(
                number,
                b"i%d;i%d;t%d:%bb%d:%b%bb%d:%b"
                % (number, package, len(name), name, len(uuid), uuid, address, len(digest), digest),
            )
            brought = b"-" if extra is None else b"b%d:%b" % (len(extra), extra)
            self.sealed.add_encoded(number, b"i%d;b%d:%b%bi%d;" % (number, len(key), key, brought, SEAL))


def identity_digests(rows: Sequence[UnitRow], places: Sequence[int]) -> list[str]:
    """Of units that take others' places, one each."""
    return [
        digest_of(number, package, serial, uuid, mac, digest, place)
        for (number, package, serial, uuid, mac, _, digest, _), place in zip(rows, places, strict=True)
    ]


def sealed_digests(rows: Sequence[UnitRow]) -> list[str]:
    """Of the same."""
    return [digest_of(number, key, extra, SEAL) for number, *_, key, _, extra in rows]


def identifiers_digest(claims: Iterable[tuple[int, Identifier]]) -> str:
    """Of units' identifiers, which come in the order of the units' numbers; empty where there are none."""
    return digest_of_rows(
        row
        for number, some in groupby(claims, key=itemgetter(0))
        for row in sorted((number, one.name, one.value, int(one.batch_only)) for _, one in some)
    )
