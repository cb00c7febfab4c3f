"""Which unit of which batch the code of a device or a carton names."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from bss_mfg.core.text import UUID_TEXT
from bss_mfg.ledger.ledger import Ledger

_PIECE = re.compile(r"[^\s/?&=#()\[\]<>,;:|\x1d\x1e]+")
"""What stands between the marks of links, GS1 element strings and lists."""
_SHORTEST_PIECE = 5
"""A shorter piece, as an application identifier, is no name by itself."""
_MAC = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit that a code names: its batch, the package that holds its place, its place in the batch (from 1)."""

    batch: str
    package: int
    place: int
    serial: str


def named_unit(ledger: Ledger, text: str, batch_id: str = "") -> NamedUnit | None:
    """The unit that a code names by its serial, Device UUID or MAC: of several the one of the batch at hand, else the
    first; None where it names none."""
    found = None
    for unit in _named_units(ledger, text):
        if not batch_id or unit.batch == batch_id:
            return unit
        found = found or unit
    return found


def _named_units(ledger: Ledger, text: str) -> Iterator[NamedUnit]:
    """All units that a text names: as a whole, then by a part of it."""
    pieces = {piece for piece in _PIECE.findall(text) if len(piece) >= _SHORTEST_PIECE}
    for serial in dict.fromkeys((text, *sorted(pieces, key=lambda piece: (-len(piece), piece)))):
        for batch, package, place in ledger.units.find_by_serial(serial):
            yield NamedUnit(batch, package, place, serial)
    for match in _UUID.finditer(text):
        if UUID_TEXT.fullmatch(match[0]) and (known := ledger.units.find_by_uuid(uuid.UUID(match[0]))):
            yield from _of_serial(ledger, known[0], known[2])
    for match in _MAC.finditer(text):
        for batch, serial in ledger.units.find_by_mac(match[0].replace(":", "").replace("-", "").upper()):
            yield from _of_serial(ledger, batch, serial)


def _of_serial(ledger: Ledger, batch: str, serial: str) -> Iterator[NamedUnit]:
    for package, place in ledger.units.positions(batch, [serial]).values():
        yield NamedUnit(batch, package, place, serial)
