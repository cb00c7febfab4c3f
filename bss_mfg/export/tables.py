"""Tables for the factory's own systems: a package a line, without secrets. Streams at any size."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, Package


def shipped(ledger: Ledger, batch: Batch) -> Iterator[Package]:
    """The packages of a batch that may leave the factory: those without a scrapped unit."""
    return (package for package in ledger.packages(batch.id) if not package.scrapped)


def json_lines(ledger: Ledger, batch: Batch) -> Iterator[bytes]:
    """One package a line: number, payload, and its units' serial, uuid and mac."""
    for package in shipped(ledger, batch):
        record = {
            "batch": batch.id,
            "package": package.number,
            "payload": package.payload,
            "units": [
                {"serial": unit.serial, "uuid": unit.uuid.hex.upper(), **({"mac": unit.mac} if unit.mac else {})}
                for unit in package.units
            ],
        }
        yield (json.dumps(record, separators=(",", ":")) + "\n").encode("ascii")


def csv_table(ledger: Ledger, batch: Batch) -> Iterator[bytes]:
    """One unit a line: batch, package, serial, uuid, mac, payload of its package. Every cell is quoted."""
    yield b'"batch","package","serial","uuid","mac","payload"\r\n'
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    for package in shipped(ledger, batch):
        for unit in package.units:
            writer.writerow(
                [batch.id, package.number, unit.serial, unit.uuid.hex.upper(), unit.mac or "", package.payload]
            )
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue().encode("ascii")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("ascii")
