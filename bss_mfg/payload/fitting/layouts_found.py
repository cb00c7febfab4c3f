"""The layouts that make exactly a plaintext of the units' values: each candidate is written, and read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from bss_mfg.errors import InputError
from bss_mfg.payload.fitting.known import KnownUnit
from bss_mfg.payload.fitting.layout_binary import Candidate, Plain, binary_layouts
from bss_mfg.payload.fitting.layout_text import member_layouts, text_layouts
from bss_mfg.payload.fitting.once import is_plausible_constant
from bss_mfg.payload.formats import decode_whole
from bss_mfg.payload.layouts.descriptions import PlaintextValue, check_plaintext
from bss_mfg.payload.layouts.reading import read_plaintext
from bss_mfg.payload.layouts.writing import PlaintextWriter

MOST_LAYOUTS = 256
"""Layouts of one plaintext beyond which nobody is served by more."""


def find_layouts(plaintexts: Sequence[Plain], count: Callable[[], None]) -> list[Candidate]:
    """All layouts that make every one of the plaintexts; `count` is called for each that was tried. Named members and
    separators are no constants of a binary layout: where they explain it, nothing else is looked for."""
    for encode in _WHOLE:
        inside = _decoded(plaintexts[0], encode)
        found = _found(plaintexts, inside, encode, count) if inside else []
        if found:
            return found
    return []


_WHOLE: tuple[tuple[str, ...], ...] = (
    (), ("deflate",), ("zlib",), ("base64",), ("base64url",), ("hex-upper",), ("hex-lower",), ("base32",),
)  # fmt: skip
"""What a whole plaintext can have gone through."""


def _decoded(plain: Plain, encode: tuple[str, ...]) -> Plain | None:
    try:
        return replace(plain, data=decode_whole(plain.data, encode))
    except ValueError:
        return None


def _found(
    plaintexts: Sequence[Plain], inside: Plain, encode: tuple[str, ...], count: Callable[[], None]
) -> list[Candidate]:
    for search in (member_layouts, text_layouts, binary_layouts):
        found: list[Candidate] = []
        for values, layout in _valid(search(inside)):
            candidate = (values, layout.model_copy(update={"encode": encode}))
            count()
            if candidate not in found and all(_makes(candidate, plain) for plain in plaintexts):
                found.append(candidate)
            if len(found) >= MOST_LAYOUTS:
                break
        if found:
            return _most_said(found)
    return []


def _most_said(found: Sequence[Candidate]) -> list[Candidate]:
    """Those with the most values of units: a value that is known is never a constant."""
    most = max(_said(one) for one in found)
    return [one for one in found if _said(one) == most]


def _said(candidate: Candidate) -> int:
    return len({value.source for value in candidate[0] if value.source.startswith("unit.")})


def _valid(candidates: Iterator[Candidate]) -> Iterator[Candidate]:
    for values, layout in candidates:
        try:
            check_plaintext(values, layout)
        except ValueError:
            continue
        if layout.kind != "binary" or all(map(is_plausible_constant, _constant_runs(values))):
            yield values, layout


def _constant_runs(values: Sequence[PlaintextValue]) -> list[bytes]:
    """Constants, tags and constants of each unit that stand side by side: together they are no longer than one."""
    runs = [b""]
    for value in values:
        runs[-1] += bytes.fromhex(value.tag)
        if value.source == "constant":
            runs[-1] += value.constant
        else:
            runs.append(b"")
    return runs


def _makes(candidate: Candidate, plain: Plain) -> bool:
    values, layout = candidate
    units = plain.units
    if not all(value.source in unit.values for value in values if value.source.startswith("unit.") for unit in units):
        return False
    if layout.is_flat and len(units) > 1:
        return False
    getters = {value: partial(_written, value) for value in values if value.is_of_unit}
    try:
        if PlaintextWriter(values, layout, getters, plain.facts).write(units) != plain.data:
            return False
        read = read_plaintext(plain.data, values, layout, len(units))
    except (InputError, ValueError, OverflowError):
        return False
    return all(_is_read(value, unit, found) for unit, found in zip(units, read, strict=True) for value in values)


def _written(value: PlaintextValue, unit: KnownUnit) -> bytes:
    if value.each_unit:
        return value.constant
    found = unit.written(value.source, value.format)
    if found is None:
        raise ValueError("it can't be written so")
    return found


def _is_read(value: PlaintextValue, unit: KnownUnit, found: dict[str, bytes]) -> bool:
    """Whether reading gives back what was written: the value itself, or the bytes that its text stands for."""
    if value.each_unit or not value.is_of_unit:
        return True
    known = unit.values[value.source]
    own = known if isinstance(known, bytes) else unit.parsed(value.source, value.format)
    return found.get(value.source) == own
