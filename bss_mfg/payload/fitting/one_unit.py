"""Specs that say the same where a package has one unit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bss_mfg.payload.layouts.descriptions import PlaintextValue
from bss_mfg.payload.layouts.plan import integer_bytes
from bss_mfg.payload.spec import Spec


def same_for_one_unit(specs: Sequence[Spec]) -> list[Spec]:
    """The first of those that differ only in what several units would have."""
    found: dict[str, Spec] = {}
    for spec in specs:
        found.setdefault(json.dumps([_field(field) for field in spec.field], default=str), spec)
    return list(found.values())


def _field(field: Any) -> Any:
    if field.source == "package.units":
        return ["constant", field.key, "1"]
    if not field.plaintext:
        return [field.key, field.source, field.format, field.value]
    layout = field.layout
    shape = [layout.kind, layout.spaces, layout.units, layout.separator if layout.kind == "text" else ""]
    if layout.kind != "binary":
        return [field.key, field.format, field.scheme.model_dump(), shape, [_value(value) for value in field.plaintext]]
    joined: list[Any] = []
    for value in field.plaintext:
        for piece in _pieces(value):
            if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
                joined[-1] += piece
            elif piece:
                joined.append(piece)
    return [field.key, field.format, field.scheme.model_dump(), shape, joined]


def _value(value: PlaintextValue) -> Any:
    if value.source == "package.units":
        return [value.name, "constant", "1"]
    return value.model_dump(exclude={"each_unit"})


def _pieces(value: PlaintextValue) -> list[Any]:
    """A value as constants and what is no constant."""
    if value.source == "package.units":
        return [integer_bytes(1, value.number_format) if value.format != "decimal" else b"1"]
    if value.source == "constant" and not value.length:
        return [bytes.fromhex(value.tag) + value.constant]
    rest = value.model_dump(exclude={"tag", "each_unit"})
    return [bytes.fromhex(value.tag), rest]
