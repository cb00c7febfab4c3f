"""Zephyr settings: the file of the settings subsystem's file back end, one unit a file.

The file is a run of records: the record's length as two octets (the device's own byte order; little-endian on every
Arm and RISC-V target), then `name=value` with the value's bare octets. Confirmed by Zephyr's reader,
subsys/settings/src/settings_file.c and settings_line.c (`settings_next_line_ctx`, `settings_line_name_read`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from bss_mfg.export.programming.model import About, Format, Programmed, as_text, not_of, octets_of, only, programmed
from bss_mfg.model import Unit

TREE = "bss"
"""The subtree of our settings; the names are ours, since Zephyr leaves them to the application."""


def record(name: str, value: bytes) -> bytes:
    """One record of the settings file."""
    line = f"{TREE}/{name}=".encode("ascii") + value
    return struct.pack("<H", len(line)) + line


def _write(units: Iterable[Unit], about: About) -> Iterator[bytes]:
    unit = only(units)
    device, key = octets_of(unit)
    yield record("batch", about.batch.encode("ascii"))
    yield record("ledger", about.head.encode("ascii"))
    yield record("serial", unit.serial.encode("ascii"))
    yield record("uuid", device)
    yield record("oob", key)


def _read(data: bytes) -> list[Programmed]:
    values: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        start = at + 2
        length = int.from_bytes(data[at:start], "little")
        line = data[start : start + length]
        name, equals, value = line.partition(b"=")
        if not length or len(line) != length or not equals:
            raise not_of("a record of the settings file is broken", f"octet {at}")
        values[name] = value  # as in Zephyr, the last record of a name counts
        at = start + length
    try:
        serial, device, key = (values[f"{TREE}/{name}".encode("ascii")] for name in ("serial", "uuid", "oob"))
        return [programmed(as_text(serial), device, key)]
    except KeyError as error:
        raise not_of(f"has no setting {error.args[0].decode('ascii')}") from None
    except ValueError as error:
        raise not_of(str(error)) from None


ZEPHYR = Format("zephyr", ".settings", "unit", _write, _read)
