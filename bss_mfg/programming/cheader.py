"""A C header with one unit's data, to be compiled in: C99, also valid C++."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bss_mfg.model import Unit
from bss_mfg.programming.model import About, Format, Programmed, as_text, not_of, octets_of, only, programmed

_SERIAL = re.compile(r'^static const char bss_serial\[\] = "([^"\\]*)";$', re.M)
_ARRAY = r"^static const uint8_t {}\[(\d+)\] = {{\s*((?:0x[0-9A-F]{{2}},\s*)*)}};$"


def _write(units: Iterable[Unit], about: About) -> Iterator[bytes]:
    unit = only(units)
    device, key = octets_of(unit)
    yield (
        f"/* Programming data of one Bluetooth Mesh device. Holds its secret OOB key.\n * {about} */\n"
        "#ifndef BSS_UNIT_H\n#define BSS_UNIT_H\n\n#include <stdint.h>\n\n"
        f'static const char bss_serial[] = "{unit.serial}";\n\n'
        "/* Device UUID, as in the unprovisioned device beacon: most significant octet first. */\n"
        f"{_array('bss_uuid', device)}\n"
        "/* Static OOB AuthValue. */\n"
        f"{_array('bss_oob_key', key)}\n"
        "#endif\n"
    ).encode("ascii")


def _array(name: str, octets: bytes) -> str:
    rows = (octets[start : start + 8] for start in range(0, len(octets), 8))
    lines = "".join("    " + " ".join(f"0x{octet:02X}," for octet in row) + "\n" for row in rows)
    return f"static const uint8_t {name}[{len(octets)}] = {{\n{lines}}};\n"


def _read(data: bytes) -> list[Programmed]:
    text = as_text(data)
    serials = _SERIAL.findall(text)
    device, key = _octets(text, "bss_uuid"), _octets(text, "bss_oob_key")
    if len(serials) != 1:
        raise not_of("does not define bss_serial once")
    try:
        return [programmed(serials[0], device, key)]
    except ValueError as error:
        raise not_of(str(error)) from None


def _octets(text: str, name: str) -> bytes:
    found = re.findall(_ARRAY.format(name), text, re.M)
    if len(found) != 1:
        raise not_of(f"does not define {name} once")
    octets = bytes.fromhex(re.sub(r"0x|[,\s]", "", found[0][1]))
    if len(octets) != int(found[0][0]):
        raise not_of(f"{name} has {len(octets)} octets and says {found[0][0]}")
    return octets


C_HEADER = Format("c-header", ".h", "unit", _write, _read)
