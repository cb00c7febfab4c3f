"""Bytes of a plaintext that belong to no unit: every way to read them as counts, checks, padding, product values and
constants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bss_mfg.payload.layouts.descriptions import PlaintextValue
from bss_mfg.payload.layouts.plan import check_bytes, integer_bytes

_COUNTS = ("u8", "u16-be", "u16-le", "u32-be", "u32-le")
_CHECK_VALUES = (
    *((PlaintextValue(source="check", check="sha256", octets=size), size) for size in (32, 20, 16, 8, 4)),
    *(
        (PlaintextValue(source="check", check=name, byte_order=order), size)
        for name, size in (("crc32", 4), ("crc16-ccitt-false", 2), ("crc16-x25", 2))
        for order in ("big", "little")
    ),
)
"""Checks and their bytes."""
_MULTIPLES = (4, 8, 16, 32, 64, 128)
MOST_UNKNOWN = 8
"""Bytes of a constant that is no text: more of them are a value that the sample does not tell."""
_LONGEST_TEXT = 32
_TEXT, _DIGITS = re.compile(rb"[ -~]+"), re.compile(rb"[0-9A-Fa-f\-]{12,}")
_MOST_READINGS = 200
_COUNT_WITHIN = 8
_LONGEST = 64
"""Bytes within which a count is looked for, and of the longest constant."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes between values of units: `data[start:end]` of a plaintext of `units`; `last`: nothing follows."""

    data: bytes
    start: int
    end: int
    units: int
    facts: Mapping[str, str]
    last: bool = False


def constant(data: bytes, *, each_unit: bool = False) -> PlaintextValue:
    """A constant of these bytes."""
    return PlaintextValue(source="constant", format="raw", value=data.hex(), each_unit=each_unit)


def is_plausible_constant(data: bytes) -> bool:
    """Whether bytes can be what a layout always holds: few, or a short text that is no value in hex."""
    if len(data) <= MOST_UNKNOWN:
        return True
    return len(data) <= _LONGEST_TEXT and bool(_TEXT.fullmatch(data)) and not _DIGITS.fullmatch(data)


Reading = tuple[PlaintextValue, ...]


def readings(gap: Gap) -> Iterator[Reading]:
    """All readings of a gap, the likeliest first; none where it holds more unknown bytes than a layout has."""
    seen: set[Reading] = set()
    for reading in _readings(gap, gap.start, counted=False):
        if reading not in seen and len(seen) < _MOST_READINGS:
            seen.add(reading)
            yield reading


def _readings(gap: Gap, at: int, *, counted: bool) -> Iterator[Reading]:
    if at == gap.end:
        yield ()
        return
    yield from _others(gap, at, counted=counted)
    if next(_checks(gap, at), None) is None:  # two bytes or more that are a check by chance: no
        yield from _constants(gap, at, counted=counted)


def _others(gap: Gap, at: int, *, counted: bool) -> Iterator[Reading]:
    """The readings that begin with something other than a constant."""
    if (check := next(_checks(gap, at), None)) is not None:
        value, size = check
        yield from ((value, *rest) for rest in _readings(gap, at + size, counted=counted))
        return
    for value, size in _products(gap, at):
        yield from ((value, *rest) for rest in _readings(gap, at + size, counted=counted))
    if not counted and (at - gap.start < _COUNT_WITHIN or gap.end - at <= _COUNT_WITHIN):
        for name in _COUNTS:
            text = integer_bytes(gap.units, name)
            if gap.data[at : at + len(text)] == text and at + len(text) <= gap.end:
                value = PlaintextValue(source="package.units", format=name)
                yield from ((value, *rest) for rest in _readings(gap, at + len(text), counted=True))
    if gap.last:
        yield from ((value,) for value in _paddings(gap, at))


def _constants(gap: Gap, at: int, *, counted: bool) -> Iterator[Reading]:
    """A constant up to the end, or up to something else: constants side by side are one."""
    if is_plausible_constant(gap.data[at : gap.end]):
        yield (constant(gap.data[at : gap.end]),)
    for end in range(at + 1, min(gap.end, at + _LONGEST)):
        if is_plausible_constant(gap.data[at:end]):
            yield from ((constant(gap.data[at:end]), *rest) for rest in _others(gap, end, counted=counted))


def _checks(gap: Gap, at: int) -> Iterator[tuple[PlaintextValue, int]]:
    so_far = gap.data[:at]
    if not so_far:
        return
    for value, size in _CHECK_VALUES:
        if at + size <= gap.end and gap.data[at : at + size] == check_bytes(value, so_far):
            yield value, size
            return


def _products(gap: Gap, at: int) -> Iterator[tuple[PlaintextValue, int]]:
    """Product values with their length in front of them: nothing else says where one ends."""
    for name, text in gap.facts.items():
        data = text.encode()
        for length in _COUNTS:
            if name not in ("pid", "upc", "ean") or len(data) > 255:
                continue
            framed = integer_bytes(len(data), length) + data
            if gap.data[at : at + len(framed)] == framed and at + len(framed) <= gap.end:
                yield PlaintextValue(source=f"product.{name}", format="text", length=length), len(framed)


def _paddings(gap: Gap, at: int) -> Iterator[PlaintextValue]:
    fill, total = gap.data[gap.end - 1], len(gap.data)
    if set(gap.data[at : gap.end]) != {fill} or (at > gap.start and gap.data[at - 1] == fill):
        return  # a constant that ends like the padding would be chance
    for multiple in _MULTIPLES:
        if total % multiple == 0 and gap.end - at < multiple:
            yield PlaintextValue(source="padding", multiple=multiple, fill=f"{fill:02x}")
    yield PlaintextValue(source="padding", octets=total, fill=f"{fill:02x}")


_LENGTHS = ("u32-be", "u32-le", "u16-be", "u16-le", "u8")


def each_unit_readings(
    texts: Sequence[bytes], sizes: Sequence[int], *, fixed: bool
) -> Iterator[tuple[Reading, dict[str, str]]]:
    """How bytes in front of a value can be its own, the same for each unit: (constants, `tag` and `length` of the
    value). `sizes`: bytes of the value of each unit; `fixed`: they never change, so that a length is a constant too,
    and is told once. Of a long length and a short one behind zeros the long one is told: both make the same bytes."""
    for name in _LENGTHS:
        lengths = [_integer(size, name) for size in sizes]
        if all(length and text.endswith(length) for text, length in zip(texts, lengths, strict=True)):
            heads = {text[: -len(length)] for text, length in zip(texts, lengths, strict=True)}
            if len(heads) == 1 and is_plausible_constant(head := heads.pop()):
                yield (), {"length": name} | ({"tag": head.hex()} if head else {})
                if fixed:
                    return
                break
    if len(set(texts)) == 1 and is_plausible_constant(texts[0]):
        yield ((constant(texts[0], each_unit=True),) if texts[0] else ()), {}


def _integer(number: int, format: str) -> bytes:
    try:
        return integer_bytes(number, format)
    except OverflowError:
        return b""
