"""Packages and units as the ledger's rows, OOB keys sealed: these may travel between processes and wait on a disk."""

from __future__ import annotations

from collections.abc import Iterable

from bss_mfg.ledger.digests import payload_digest
from bss_mfg.ledger.vault import DataKey
from bss_mfg.model import Package, Unit

PackageRow = tuple[int, str, bytes]
"""Number, barcode string and its digest."""
UnitRow = tuple[int, int, str, bytes, str | None, bytes, bytes, bytes | None]
"""Number, package, serial, Device UUID, MAC, sealed OOB key, the key's SHA-256, what was brought, sealed."""
SealedRows = tuple[list[PackageRow], list[UnitRow]]


def seal_packages(packages: Iterable[Package], data_key: DataKey) -> SealedRows:
    """The rows of packages whose units carry their keys."""
    strings: list[PackageRow] = []
    units: list[UnitRow] = []
    for package in packages:
        strings.append((package.number, package.payload, payload_digest(package.payload)))
        units += [_row(package.number, unit, data_key) for unit in package.units]
    return strings, units


def _row(package: int, unit: Unit, data_key: DataKey) -> UnitRow:
    if unit.key is None:
        raise ValueError("a unit is issued with its key")
    raw_uuid = unit.uuid.bytes
    sealed = data_key.seal(unit.number, raw_uuid, unit.key, unit.extra)
    return (unit.number, package, unit.serial, raw_uuid, unit.mac, sealed.key, sealed.digest, sealed.extra)
