"""A C header with one unit's data, to be compiled in: C99, also valid C++."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bss_mfg.errors import ValueProblem
from bss_mfg.model import Unit
from bss_mfg.programming.format import (
    FileMark,
    Format,
    ProgrammedUnit,
    ascii_text,
    format_error,
    programmed_unit,
    single_unit,
    uuid_and_key,
)

_SERIAL = re.compile(r'^static const char bss_serial\[\] = "([^"\\]*)";$', re.M)
_ARRAY = r"^static const uint8_t {}\[(\d{{1,4}})\] = {{\s*((?:0x[0-9A-F]{{2}},\s*)*)}};$"


def _write(units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    unit = single_unit(units)
    uuid_bytes, key = uuid_and_key(unit)
    yield (
        f"/* Programming data of one Bluetooth Mesh device. Holds its secret OOB key.\n * {mark} */\n"
        "#ifndef BSS_UNIT_H\n#define BSS_UNIT_H\n\n#include <stdint.h>\n\n"
        f'static const char bss_serial[] = "{unit.serial}";\n\n'
        "/* Device UUID, as in the unprovisioned device beacon: most significant octet first. */\n"
        f"{_array('bss_uuid', uuid_bytes)}\n"
        "/* Static OOB AuthValue. */\n"
        f"{_array('bss_oob_key', key)}\n"
        "#endif\n"
    ).encode("ascii")


def _array(name: str, content: bytes) -> str:
    rows = (content[start : start + 8] for start in range(0, len(content), 8))
    lines = "".join("    " + " ".join(f"0x{byte:02X}," for byte in row) + "\n" for row in rows)
    return f"static const uint8_t {name}[{len(content)}] = {{\n{lines}}};\n"


def _read(data: bytes) -> list[ProgrammedUnit]:
    text = ascii_text(data)
    serials = _SERIAL.findall(text)
    uuid_bytes, key = _bytes(text, "bss_uuid"), _bytes(text, "bss_oob_key")
    if len(serials) != 1:
        raise format_error("does not define bss_serial once")
    try:
        return [programmed_unit(serials[0], uuid_bytes, key)]
    except ValueProblem as error:
        raise format_error(str(error)) from None


def _bytes(text: str, name: str) -> bytes:
    found = re.findall(_ARRAY.format(name), text, re.M)
    if len(found) != 1:
        raise format_error(f"does not define {name} once")
    content = bytes.fromhex(re.sub(r"0x|[,\s]", "", found[0][1]))
    if len(content) != int(found[0][0]):
        raise format_error(f"{name} has {len(content)} bytes and says {found[0][0]}")
    return content


C_HEADER = Format("c-header", ".h", "unit", _write, _read)
