"""What a field that is not encrypted can be: values of the units or the product, a count, a constant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bss_mfg.payload.fitting.known import Format, Known, formats_of, needles
from bss_mfg.payload.sources import SAFE_VALUE, column_of

_PUBLISHED = {
    "PID": ("product.pid", r"[A-Za-z0-9]{4}"), "UPC": ("product.upc", r"[0-9]{12}"),
    "EAN": ("product.ean", r"[0-9]{8}|[0-9]{13}"),
}  # fmt: skip
"""Keys that Amazon's public pages describe, and what their values look like."""

Content = Mapping[str, Any]
"""What a spec says of a field, without its key, status and note."""


def plain_readings(key: str, values: Sequence[str], samples: Sequence[Known], separator: str) -> list[Content]:
    """Everything that a field can be whose values in the samples are these; empty where nothing fits. A value that is
    known is never taken for a constant."""
    units = list(_of_units(values, samples, separator))
    if units:
        return units
    products = list(_of_product(key, values, samples))
    if products or key in _PUBLISHED:
        return products
    found: list[Content] = []
    if all(value == str(len(sample.units)) for value, sample in zip(values, samples, strict=True)):
        found.append({"source": "package.units", "format": "decimal"})
    is_constant = len(set(values)) == 1 and SAFE_VALUE.fullmatch(values[0])
    if is_constant and not any(_holds_values(values[0], sample, separator) for sample in samples):
        found.append({"source": "constant", "value": values[0]})
    return found


def hold_units(values: Sequence[str], samples: Sequence[Known], separator: str) -> bool:
    """Whether a field that has these values in the samples holds a value of each unit."""
    return next(_of_units(values, samples, separator), None) is not None


def _holds_values(value: str, sample: Known, separator: str) -> bool:
    """Whether values of the units stand in a field, in whatever order."""
    if needles(sample.units).stand_in(value.encode()):
        return True
    parts = sorted(part.encode() for part in value.split(separator))
    if len(parts) < 2:  # a short value alone may be there by chance
        return False
    return any(
        sorted(unit.written(source, format) or b"" for unit in sample.units) == parts
        for source in sample.sources
        for format in formats_of(source, in_plaintext=False)
    )


def _of_units(values: Sequence[str], samples: Sequence[Known], separator: str) -> Iterator[Content]:
    pairs = list(zip(values, samples, strict=True))
    if any(len(_parts(value, sample, separator)) != len(sample.units) for value, sample in pairs):
        return
    for source in samples[0].sources:
        if source == "unit.oob":  # a secret stands in no plain field
            continue
        found: list[Format] = [
            format
            for format in formats_of(source, in_plaintext=False)
            if all(_is_list(value, sample, source, format, separator) for value, sample in pairs)
        ]
        for format in found or _chains(pairs, source, separator):
            yield {"source": source, "format": format, **_lengths(source, values, samples, separator)}


def _chains(pairs: Sequence[tuple[str, Known]], source: str, separator: str) -> list[Format]:
    """The chains of encodings in which the values of a source stand."""
    value, sample = pairs[0]
    first = _parts(value, sample, separator)[0]
    found = sample.units[0].chains(source, first.encode())
    return [chain for chain in found if all(_is_list(*pair, source, chain, separator) for pair in pairs)]


def _is_list(value: str, sample: Known, source: str, format: Format, separator: str) -> bool:
    if source not in sample.sources:
        return False
    parts = _parts(value, sample, separator)
    if len(parts) != len(sample.units):
        return False
    return all(unit.written(source, format) == part.encode() for unit, part in zip(sample.units, parts, strict=True))


def _parts(value: str, sample: Known, separator: str) -> list[str]:
    """The values of the units, if it is a list of them."""
    return value.split(separator) if len(sample.units) > 1 else [value]


def _lengths(source: str, values: Sequence[str], samples: Sequence[Known], separator: str) -> Content:
    """The characters that a spec has to say of a column, and of a MAC of 8 bytes."""
    if not column_of(source) and source != "unit.mac":
        return {}
    parts = [part for value, sample in zip(values, samples, strict=True) for part in _parts(value, sample, separator)]
    least, most = min(map(len, parts)), max(map(len, parts))
    return {} if source == "unit.mac" and (least, most) == (12, 12) else {"min_length": least, "max_length": most}


def _of_product(key: str, values: Sequence[str], samples: Sequence[Known]) -> Iterator[Content]:
    shaped = _PUBLISHED.get(key)
    for name in ("pid", "upc", "ean"):
        source = f"product.{name}"
        known = [sample.facts.get(name) for sample in samples]
        is_known = all(fact is not None for fact in known)
        if is_known and list(values) == known and (shaped is None or shaped[0] == source):
            yield {"source": source}
        elif (
            not is_known and shaped and shaped[0] == source and all(re.fullmatch(shaped[1], value) for value in values)
        ):
            fits = all(fact in (None, value) for fact, value in zip(known, values, strict=True))
            if fits:
                yield {"source": source}
