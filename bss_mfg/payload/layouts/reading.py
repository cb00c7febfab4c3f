"""Plaintexts taken apart as a spec lays them out; `ValueError` where one is laid out otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.payload.formats import decode_whole, format_label, format_of
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue
from bss_mfg.payload.layouts.member_constants import member_text
from bss_mfg.payload.layouts.plan import check_bytes, integer_bytes, integer_size, padding_bytes, read_integer, steps

_OOB_SIZES = (16, 32)
Found = dict[str, bytes]
"""The values of one unit, by their sources."""


def read_plaintext(data: bytes, values: tuple[PlaintextValue, ...], layout: Layout, units: int) -> list[Found]:
    """The values of each of so many units. OOB keys have 16 or 32 bytes, whichever fits."""
    data = decode_whole(data, layout.encode)
    if layout.kind == "text":
        return _read_text(data, values, layout, units)
    if layout.kind in ("json", "cbor"):
        return _read_members(data, values, layout, units)
    for oob_bytes in _OOB_SIZES:
        try:
            return _BinaryReader(data, oob_bytes).read(values, layout, units)
        except ValueError as error:
            last = error
    raise last


@dataclass(slots=True)
class _BinaryReader:
    data: bytes
    oob_bytes: int
    at: int = 0

    def read(self, values: tuple[PlaintextValue, ...], layout: Layout, units: int) -> list[Found]:
        found: list[Found] = [{} for _ in range(units)]
        planned = steps(values, layout)
        for number, step in enumerate(planned):
            if not step.of_units:
                self._read_once(step.values[0], units)
                continue
            for index in range(units):
                for value in step.values:
                    is_last = number == len(planned) - 1 and index == units - 1 and value is step.values[-1]
                    found[index][value.source] = _unwritten(value, self._framed(value, is_last))
        if self.at != len(self.data):
            raise ValueError(f"{len(self.data) - self.at} bytes are left over")
        return found

    def _take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise ValueError("it is too short")
        self.at += count
        return self.data[self.at - count : self.at]

    def _framed(self, value: PlaintextValue, is_last: bool = False) -> bytes:
        if value.tag and self._take(len(value.tag) // 2) != bytes.fromhex(value.tag):
            raise ValueError(f"the tag of {value.source} is another")
        if value.length:
            size = read_integer(self._take(integer_size(value.length)), value.length)
            if value.is_of_unit and value.has_fixed_size and size != value.size(self.oob_bytes):
                raise ValueError(f"{value.source} has another length")
            return self._take(size)
        if not value.is_of_unit:
            raise ValueError
        if value.has_fixed_size:
            return self._take(value.size(self.oob_bytes))
        if not is_last:
            raise ValueError(f"nothing says how long {value.source} is")
        return self._take(len(self.data) - self.at)

    def _read_once(self, value: PlaintextValue, units: int) -> None:
        so_far = self.data[: self.at]
        if value.source == "check":
            expected = check_bytes(value, so_far)
        elif value.source == "padding":
            expected = padding_bytes(value, self.at)
        elif value.source == "constant":
            expected = value.constant
        elif value.source == "package.units":
            expected = str(units).encode() if value.format == "decimal" else integer_bytes(units, value.number_format)
        elif value.length:  # of the product: whatever it is
            self._framed(value)
            return
        else:
            raise ValueError(f"nothing says how long {value.source} is")
        if value.tag or value.length:
            start = bytes.fromhex(value.tag) + (integer_bytes(len(expected), value.length) if value.length else b"")
            expected = start + expected
        if self._take(len(expected)) != expected:
            raise ValueError(f"{value.source} is another")


def _unwritten(value: PlaintextValue, data: bytes) -> bytes:
    """The bytes of a value as it was written."""
    if value.each_unit:
        if data != value.constant:
            raise ValueError("constant is another")
        return data
    if value.format == "raw":
        return data
    try:
        return format_of(value.format).encoding.decode(data)
    except ValueError:
        raise ValueError(f"{value.source} is not {format_label(value.format)}") from None


def _check_once(values: Sequence[PlaintextValue], shown: Sequence[bytes], units: int) -> None:
    for value, data in zip(values, shown, strict=True):
        expected = {"constant": value.constant, "package.units": str(units).encode()}.get(value.source)
        if expected is not None and data != expected:
            raise ValueError(f"{value.source} is another")


def _read_text(data: bytes, values: Sequence[PlaintextValue], layout: Layout, units: int) -> list[Found]:
    once = [value for value in values if not value.is_of_unit]
    of_unit = [value for value in values if value.is_of_unit]
    pieces = data.split(layout.separator.encode(), len(once))
    if len(pieces) != len(once) + 1:
        raise ValueError("a separator is missing")
    _check_once(once, pieces[:-1], units)
    found = []
    for part in pieces[-1].split(layout.unit_separator.encode()):
        texts = part.split(layout.separator.encode())
        if len(texts) != len(of_unit):
            raise ValueError("a unit has another number of values")
        found.append({value.source: _unwritten(value, text) for value, text in zip(of_unit, texts, strict=True)})
    if len(found) != units:
        raise ValueError(f"it is of {len(found)} units")
    return found


def _read_members(data: bytes, values: Sequence[PlaintextValue], layout: Layout, units: int) -> list[Found]:
    whole = _parsed(data, layout)
    listed = whole.get(layout.units) if layout.units else [whole]
    if not isinstance(whole, dict) or not isinstance(listed, list) or len(listed) != units:
        raise ValueError("the units are not listed there")

    def written(holder: Any, value: PlaintextValue) -> bytes:
        shown = holder.get(value.name) if isinstance(holder, dict) else None
        if value.is_member and isinstance(holder, dict) and value.name in holder:
            return _member_bytes(shown)
        if isinstance(shown, bool) or not isinstance(shown, int | str | bytes):
            raise ValueError(f"{value.source} is missing")
        return shown if isinstance(shown, bytes) else str(shown).encode()

    once = [value for value in values if not value.is_of_unit]
    _check_once(once, [written(whole, value) for value in once], units)
    return [
        {value.source: _unwritten(value, written(unit, value)) for value in values if value.is_of_unit}
        for unit in listed
    ]


def _member_bytes(shown: Any) -> bytes:
    """What a member holds, as a constant is compared with it."""
    try:
        return member_text(shown).encode()
    except (TypeError, ValueError):  # bytes or a date, of CBOR
        return b""


def _parsed(data: bytes, layout: Layout) -> dict[str, Any]:
    if layout.kind == "cbor":
        import cbor2

        try:
            found = cbor2.loads(data)
        except (cbor2.CBORDecodeError, RecursionError):
            raise ValueError("it isn't CBOR") from None
    else:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            raise ValueError("it isn't JSON") from None
    if not isinstance(found, dict):
        raise ValueError("it isn't an object")
    return found
