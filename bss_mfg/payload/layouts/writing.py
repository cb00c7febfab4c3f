"""Plaintexts written as a spec lays them out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bss_mfg.errors import InputError
from bss_mfg.payload.formats import encode_whole
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue
from bss_mfg.payload.layouts.plan import check_bytes, integer_bytes, padding_bytes, steps

UnitT = TypeVar("UnitT")


@dataclass(frozen=True, slots=True)
class PlaintextWriter(Generic[UnitT]):
    """Writes the plaintext of some units. `of_unit` gives the bytes of each value of a unit as they are written;
    `facts` has the product's `pid`, `upc`, `ean`."""

    values: tuple[PlaintextValue, ...]
    layout: Layout
    of_unit: Mapping[PlaintextValue, Callable[[UnitT], bytes]]
    facts: Mapping[str, str]

    def write(self, units: Sequence[UnitT]) -> bytes:
        """The plaintext of these units."""
        return encode_whole(self.compose(units), self.layout.encode)

    def compose(self, units: Sequence[UnitT]) -> bytes:
        """The plaintext before it is encoded or compressed as a whole."""
        if self.layout.kind == "binary":
            return self._binary(units)
        if self.layout.kind == "text":
            return self._text(units)
        return self._members(units)

    def _binary(self, units: Sequence[UnitT]) -> bytes:
        out = bytearray()
        for step in steps(self.values, self.layout):
            if not step.of_units:
                out += self._framed(step.values[0], self._once(step.values[0], len(units), bytes(out)))
                continue
            for unit in units:
                for value in step.values:
                    out += self._framed(value, self.of_unit[value](unit))
        return bytes(out)

    def _framed(self, value: PlaintextValue, data: bytes) -> bytes:
        if not (value.tag or value.length):
            return data
        try:
            length = integer_bytes(len(data), value.length) if value.length else b""
        except OverflowError:
            raise InputError(
                f"a value of {value.source} has {len(data)} bytes, more than its length can say",
                way_out=f"Give it a longer length than {value.length} in the spec.",
            ) from None
        return bytes.fromhex(value.tag) + length + data

    def _once(self, value: PlaintextValue, units: int, so_far: bytes) -> bytes:
        if value.source == "constant":
            return value.constant
        if value.source == "package.units":
            return str(units).encode() if value.format == "decimal" else integer_bytes(units, value.number_format)
        if value.source == "check":
            return check_bytes(value, so_far)
        if value.source == "padding":
            return padding_bytes(value, len(so_far))
        name = value.source.removeprefix("product.")
        if not (fact := self.facts.get(name, "")):
            raise InputError(
                f"the spec's plaintext needs the product's {name.upper()}, and it has none",
                way_out="Add it to the product's file.",
            )
        return fact.encode("utf-8")

    def _text(self, units: Sequence[UnitT]) -> bytes:
        layout = self.layout
        head = [self._once(value, len(units), b"") for value in self.values if not value.is_of_unit]
        parts = [
            layout.separator.encode().join([self.of_unit[value](unit) for value in self.values if value.is_of_unit])
            for unit in units
        ]
        return layout.separator.encode().join([*head, layout.unit_separator.encode().join(parts)])

    def _members(self, units: Sequence[UnitT]) -> bytes:
        def shown(value: PlaintextValue, data: bytes) -> Any:
            if value.is_member:
                return value.member
            if value.source == "package.units":
                return int(data)
            return data.decode("utf-8") if value.is_text else data

        def of(unit: UnitT) -> dict[str, Any]:
            return {value.name: shown(value, self.of_unit[value](unit)) for value in self.values if value.is_of_unit}

        whole: dict[str, Any] = {}
        for value in self.values:
            if not value.is_of_unit:
                whole[value.name] = shown(value, self._once(value, len(units), b""))
            elif self.layout.units:
                whole.setdefault(self.layout.units, [of(unit) for unit in units])
            else:
                whole[value.name] = shown(value, self.of_unit[value](units[0]))
        if self.layout.kind == "cbor":
            import cbor2

            return bytes(cbor2.dumps(whole))
        return json.dumps(whole, separators=(", ", ": ") if self.layout.spaces else (",", ":")).encode()
