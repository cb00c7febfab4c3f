"""Lists of a batch's units for the factory's own systems: CSV and JSON lines of what may leave the factory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.unit_table import UnitFilter
from bss_mfg.model import Batch
from bss_mfg.tables import csv_rows

_CSV_COLUMNS = ("batch", "package", "serial", "uuid", "mac", "payload")
_JSONL_COLUMNS = ("package", "payload", "serial", "uuid", "mac")
_JSON = json.JSONEncoder(separators=(",", ":"))


def csv_list(ledger: Ledger, batch: Batch) -> Iterator[bytes]:
    """One unit a line: batch, package, serial, uuid, mac, payload of its package."""
    return csv_rows(_CSV_COLUMNS, ledger.tables.rows(batch.id, _CSV_COLUMNS, UnitFilter(shippable=True)))


def jsonl_list(ledger: Ledger, batch: Batch) -> Iterator[bytes]:
    """One package a line: number, payload, and its units' serial, uuid and mac."""
    for rows in ledger.tables.rows(batch.id, _JSONL_COLUMNS, UnitFilter(shippable=True)):
        lines = [
            _JSON.encode(
                {
                    "batch": batch.id,
                    "package": number,
                    "payload": payload,
                    "units": [
                        {"serial": serial, "uuid": uuid, **({"mac": mac} if mac else {})}
                        for _, _, serial, uuid, mac in units
                    ],
                }
            )
            for (number, payload), units in groupby(rows, itemgetter(0, 1))
        ]
        yield "".join([line + "\n" for line in lines]).encode("ascii")
