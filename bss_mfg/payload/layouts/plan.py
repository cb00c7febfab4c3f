"""The order in which a plaintext is written and read: what stands once, and groups of values of each unit."""

from __future__ import annotations

import binascii
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from bss_mfg.core.bits import reversed_crc16
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue

_INTEGERS = {
    "u8": (1, "big"), "u16-be": (2, "big"), "u16-le": (2, "little"), "u32-be": (4, "big"), "u32-le": (4, "little"),
}  # fmt: skip
"""Bytes and their order, by format."""


@dataclass(frozen=True, slots=True)
class Step:
    """One value that stands once (`of_units` is false), or the values of each unit that stand together."""

    values: tuple[PlaintextValue, ...]
    of_units: bool


def steps(values: Sequence[PlaintextValue], layout: Layout) -> tuple[Step, ...]:
    """The steps of a binary plaintext."""
    found: list[Step] = []
    for value in values:
        joins = found and found[-1].of_units and value.is_of_unit and layout.order == "unit-by-unit"
        if joins:
            found[-1] = Step((*found[-1].values, value), True)
        else:
            found.append(Step((value,), value.is_of_unit))
    return tuple(found)


def integer_bytes(number: int, format: str) -> bytes:
    """A number in bytes; `OverflowError` where they are too few."""
    size, order = _INTEGERS[format]
    return number.to_bytes(size, order)  # type: ignore[arg-type]


def integer_size(format: str) -> int:
    """How many bytes a format has."""
    return _INTEGERS[format][0]


def read_integer(data: bytes, format: str) -> int:
    """The inverse of `integer_bytes`."""
    return int.from_bytes(data, _INTEGERS[format][1])  # type: ignore[arg-type]


def check_bytes(value: PlaintextValue, data: bytes) -> bytes:
    """A check of the bytes in front of it."""
    if value.check == "sha256":
        return hashlib.sha256(data).digest()[: value.octets]
    if value.check == "crc32":
        found, size = zlib.crc32(data), 4
    elif value.check == "crc16-ccitt-false":
        found, size = binascii.crc_hqx(data, 0xFFFF), 2
    else:
        found, size = reversed_crc16(data, 0xFFFF) ^ 0xFFFF, 2
    return found.to_bytes(size, value.byte_order)[: value.octets]


def padding_bytes(value: PlaintextValue, length: int) -> bytes:
    """What fills up a plaintext of so many bytes; nothing where it is as long already."""
    missing = max((value.octets or 0) - length, 0) if value.multiple is None else -length % value.multiple
    return bytes.fromhex(value.fill) * missing
