"""Zephyr settings of one unit: as the file of the settings subsystem's file back end, or as commands for its shell.

`zephyr` is a run of records: the record's length as two bytes (the device's own byte order; little-endian on every
Arm and RISC-V target), then `name=value` with the value's bare bytes. Confirmed by Zephyr's reader,
subsys/settings/src/settings_file.c and settings_line.c (`settings_next_line_ctx`, `settings_line_name_read`).

`zephyr-shell` is a command a line, `settings write NAME HEX`, and works with every back end (NVS, ZMS, FCB, file).
Confirmed by subsys/settings/src/settings_shell.c (`cmd_write`), where hex is what a value is without a type.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping

from bss_mfg.errors import ValueProblem
from bss_mfg.model import Unit
from bss_mfg.programming.format import (
    FileMark,
    Format,
    ProgrammedUnit,
    ascii_text,
    bytes_from_hex,
    format_error,
    programmed_unit,
    row_error,
    single_unit,
    uuid_and_key,
)

TREE = "bss"
"""The subtree of our settings; the names are ours, since Zephyr leaves them to the application."""


def _values(units: Iterable[Unit], mark: FileMark) -> dict[str, bytes]:
    unit = single_unit(units)
    uuid_bytes, key = uuid_and_key(unit)
    marks = {"batch": mark.batch.encode("ascii"), "ledger": mark.ledger_head.encode("ascii")}
    return {**marks, "serial": unit.serial.encode("ascii"), "uuid": uuid_bytes, "oob": key}


def _programmed_units(values: Mapping[str, bytes]) -> list[ProgrammedUnit]:
    try:
        serial, uuid_bytes, key = (values[f"{TREE}/{name}"] for name in ("serial", "uuid", "oob"))
        return [programmed_unit(ascii_text(serial), uuid_bytes, key)]
    except KeyError as error:
        raise format_error(f"has no setting {error.args[0]}") from None
    except ValueProblem as error:
        raise format_error(str(error)) from None


def _write_file(units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    for name, value in _values(units, mark).items():
        line = f"{TREE}/{name}=".encode("ascii") + value
        yield struct.pack("<H", len(line)) + line


def _read_file(data: bytes) -> list[ProgrammedUnit]:
    values: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        start = at + 2
        length = int.from_bytes(data[at:start], "little")
        line = data[start : start + length]
        name, equals, value = line.partition(b"=")
        if not length or len(line) != length or not equals:
            raise format_error("a record of the settings file is broken", f"byte {at}")
        values[ascii_text(name)] = value  # as in Zephyr, the last record of a name counts
        at = start + length
    return _programmed_units(values)


def _write_commands(units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    for name, value in _values(units, mark).items():
        yield f"settings write {TREE}/{name} {value.hex()}\n".encode("ascii")


def _read_commands(data: bytes) -> list[ProgrammedUnit]:
    values: dict[str, bytes] = {}
    for number, line in enumerate(ascii_text(data).splitlines(), 1):
        words = line.split()
        try:
            if len(words) != 4 or words[:2] != ["settings", "write"]:
                raise ValueProblem("is not: settings write NAME HEX")
            values[words[2]] = bytes_from_hex(words[3], "value")
        except ValueProblem as error:
            raise row_error(str(error), number) from None
    return _programmed_units(values)


ZEPHYR = Format("zephyr", ".settings", "unit", _write_file, _read_file)
ZEPHYR_SHELL = Format("zephyr-shell", ".zephyr.txt", "unit", _write_commands, _read_commands)
