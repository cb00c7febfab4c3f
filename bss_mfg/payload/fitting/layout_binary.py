"""Binary layouts that a plaintext can have, by where the units' values stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, pairwise, product
from typing import Any

from bss_mfg.payload.fitting.chains import find_chains, may_hold_chain
from bss_mfg.payload.fitting.known import Format, KnownUnit, formats_of, plaintext_value
from bss_mfg.payload.fitting.once import Gap, Reading, each_unit_readings, readings
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue

Candidate = tuple[tuple[PlaintextValue, ...], Layout]
_MOST = 400


@dataclass(frozen=True, slots=True)
class Plain:
    """A plaintext with what it speaks of."""

    data: bytes = field(repr=False)
    units: tuple[KnownUnit, ...]
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A source in a format: where its value stands of each unit."""

    source: str
    format: Format
    spans: tuple[tuple[int, int], ...]
    octets: int | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(end - start for start, end in self.spans)


def binary_layouts(plain: Plain) -> Iterator[Candidate]:
    """Candidates; whoever takes them writes the plaintext with each, and keeps those that make the same bytes."""
    for chosen in _choices(plain):
        yield from islice(_of_choice(plain, chosen), _MOST)


def _choices(plain: Plain) -> Iterator[tuple[_Place, ...]]:
    """One place for each source that stands there; the most sources first, and none that overlap."""
    options: list[list[_Place]] = []
    for source in plain.units[0].sources:
        found = list(_places(plain, source))
        if found:
            options.append(found)
    for chosen in product(*options):
        spans = sorted(span for place in chosen for span in place.spans)
        if spans and all(before[1] <= behind[0] for before, behind in pairwise(spans)):
            yield tuple(sorted(chosen, key=lambda place: place.spans[0]))


def _places(plain: Plain, source: str) -> Iterator[_Place]:
    if not all(source in unit.values for unit in plain.units):
        return
    found = [place for format in formats_of(source, in_plaintext=True) if (place := _place(plain, source, format))]
    if not found and may_hold_chain(plain.data):
        chains = find_chains(source, partial(plain.units[0].parsed, source), plain.data.__contains__)
        found = [place for chain in chains if (place := _place(plain, source, chain))]
    yield from found


def _place(plain: Plain, source: str, format: Format) -> _Place | None:
    spans = []
    at = 0
    for unit in plain.units:
        text = unit.written(source, format)
        start = plain.data.find(text, at) if text else -1
        if start < 0 and text:  # in another order, or the same value for every unit
            start = plain.data.find(text)
        if not text or start < 0:
            return None
        spans.append((start, start + len(text)))
        at = start + len(text)
    return _Place(source, format, tuple(spans), plain.units[0].octets(source, format))


def _of_choice(plain: Plain, chosen: Sequence[_Place]) -> Iterator[Candidate]:
    count = len(plain.units)
    for cuts in product((False, True), repeat=len(chosen) - 1):
        groups: list[list[_Place]] = [[chosen[0]]]
        for place, cut in zip(chosen[1:], cuts, strict=True):
            if cut:
                groups.append([place])
            else:
                groups[-1].append(place)
        stands = [place.spans[unit] for group in groups for unit in range(count) for place in group]
        if stands != sorted(stands):
            continue
        for values in _of_groups(plain, groups, stands):
            yield from ((values, layout) for layout in _orders(groups, values))


def _orders(groups: Sequence[Sequence[_Place]], values: Sequence[PlaintextValue]) -> Iterator[Layout]:
    """By unit, or by value: which of them makes the same bytes of these values shows when it is written."""
    if len(groups) < 2 or any(len(group) > 1 for group in groups):
        yield Layout()
    if len(groups) > 1 and all(len(group) == 1 for group in groups):
        apart = _is_apart(values)
        yield Layout() if apart else Layout(order="value-by-value")


def _is_apart(values: Sequence[PlaintextValue]) -> bool:
    """Whether something that stands once is between any two groups, so that the order by units says it all."""
    joined = any(a.is_of_unit and b.is_of_unit for a, b in pairwise(values))
    return not joined


def _of_groups(
    plain: Plain, groups: Sequence[Sequence[_Place]], stands: Sequence[tuple[int, int]]
) -> Iterator[tuple[PlaintextValue, ...]]:
    """The values of a grouping: what stands between them is read in every way."""
    count, data = len(plain.units), plain.data
    starts = [0, *(end for _, end in stands)]
    ends = [*(start for start, _ in stands), len(data)]
    at = 0
    parts: list[list[Reading]] = []
    for number, group in enumerate(groups):
        size = len(group)
        gaps = [
            [(starts[at + unit * size + j], ends[at + unit * size + j]) for unit in range(count)] for j in range(size)
        ]
        first = gaps[0][0]
        parts.append([])
        for own in _own_lengths(data, gaps[0], count):
            start = first[1] - own
            texts = [data[first[1] - own : first[1]], *(data[a:b] for a, b in gaps[0][1:])]
            for once in readings(Gap(data, first[0], start, count, plain.facts)):
                for reading in _group_values(group, [texts, *([data[a:b] for a, b in gap] for gap in gaps[1:])]):
                    parts[-1].append((*once, *reading))
        at += size * count
        if number == len(groups) - 1:
            parts.append(list(readings(Gap(data, starts[-1], len(data), count, plain.facts, last=True))))
    for chosen in product(*parts):
        yield tuple(value for part in chosen for value in part)


def _own_lengths(data: bytes, gaps: Sequence[tuple[int, int]], count: int) -> Iterator[int]:
    """How many bytes in front of a group's first value belong to the unit: with two units it is told by the gap between
    them; with one it may be none, or up to eight."""
    size = gaps[0][1] - gaps[0][0]
    if count > 1:
        own = gaps[1][1] - gaps[1][0]
        if own <= size:
            yield own
        return
    yield from range(min(size, 8) + 1)


def _group_values(group: Sequence[_Place], gaps: Sequence[Sequence[bytes]]) -> Iterator[Reading]:
    ways = []
    for place, texts in zip(group, gaps, strict=True):
        own = []
        for constants, framing in each_unit_readings(
            texts, place.sizes, fixed=place.source in ("unit.uuid", "unit.mac")
        ):
            value: dict[str, Any] = {"source": place.source, "format": place.format, **framing}
            value |= {"octets": place.octets} if place.octets else {}
            if made := plaintext_value(value):
                own.append((*constants, made))
        ways.append(own)
    for chosen in product(*ways):
        yield tuple(value for part in chosen for value in part)
