"""Where nothing fits: which fields nobody could read, and which values of units stand nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bss_mfg.payload.fitting.known import LEAST_NEEDLE, Known, KnownUnit, Needles, needles, other_order
from bss_mfg.payload.fitting.plain_fields import Content, plain_readings
from bss_mfg.payload.fitting.spoiled import spoiled
from bss_mfg.payload.fitting.strings import SplitString
from bss_mfg.payload.fitting.tally import NearMiss, Stage, Tally, ValueOf


def unexplained_fields(
    strings: Sequence[SplitString],
    samples: Sequence[Known],
    readings: Mapping[str, Sequence[Content]],
    separator: str,
    tally: Tally,
) -> frozenset[str]:
    """Note each field that has no reading, if nothing was noted of it yet, and each that would be a constant and holds
    values of units. Given are the sources that stand in clear, in some samples at least."""
    in_clear: set[str] = set()
    fixed = any(one["source"].startswith("unit.") for some in readings.values() for one in some)
    for key, some in readings.items():
        sources = [
            {one["source"] for one in plain_readings(key, [value], [sample], separator)} - {"constant"}
            if (value := text.value(key)) is not None
            else set()
            for text, sample in zip(strings, samples, strict=True)
        ]
        in_clear |= set().union(*sources)
        if key in tally.nearest or any(one["source"] != "constant" for one in some):
            continue
        # A sample that can be read alone is right, if another can't be.
        read = [bool(own) for own in sources]
        suspects = [number for number in range(len(samples)) if not read[number]] or range(len(samples))
        values = [(text.value(key) or "").encode() for text in strings]
        orders = (_order_told(values[number], samples[number], samples, fixed=fixed) for number in suspects)
        if told := next(filter(None, orders), ""):
            tally.note(NearMiss(Stage.NOTHING, key, told, other_order=True))
            continue
        told = next(filter(None, (_about(values[number], samples[number], samples) for number in suspects)), "")
        if not told and not some:
            told = _not_read(sources, [samples[number].name for number in suspects] if any(read) else [])
        if told:
            tally.came(Stage.NOTHING, key, told)
    return frozenset(in_clear)


def _not_read(sources: Sequence[set[str]], suspects: Sequence[str]) -> str:
    """What is said of a field of whose values nothing is striking; `suspects`: the samples in which it is not what it
    is in the others."""
    expected = sorted(set().union(*sources))
    if not suspects or not expected:
        return "its values are not the units' in any known form, nor the product's, nor always the same"
    if all(sources):
        return f"it is {' or '.join(expected)} in each sample alone, and not in the same form"
    return f"in {' and '.join(suspects)} it is not the sample's {' or '.join(expected)}, as in the others"


def _order_told(data: bytes, sample: Known, samples: Sequence[Known], *, fixed: bool) -> str:
    """Whether the units stand in a value in another order."""
    if spoiled(data.decode()) or not (order := other_order(sample.units, data, fixed=fixed)):
        return ""
    return f"the units' values{f' of {sample.name}' if len(samples) > 1 else ''} stand in it {order}"


def _about(data: bytes, sample: Known, samples: Sequence[Known]) -> str:
    """What is striking about a value that can't be read: that it is not whole, or whose units stand in it."""
    if told := spoiled(data.decode()):
        return f"in {sample.name} {told}" if len(samples) > 1 else told
    where = f" of {sample.name}" if len(samples) > 1 else ""
    if needles(sample.units).stand_in(data):
        return f"some values of the units{where} stand in it, and others do not, or in an unknown form"
    whose = next((one for one in samples if one is not sample and needles(one.units).stand_in(data)), None)
    return f"in the string{where} stand units of {whose.name}" if whose else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be judged: sources that stand in clear, and samples of which an encrypted field was not opened."""

    in_clear: frozenset[str]
    unread: frozenset[str]


def wrong_values(samples: Sequence[Known], unplaced: Sequence[str], tally: Tally, seen: Seen) -> tuple[ValueOf, ...]:
    """Which units' values of some sources stand neither in their string nor in what was opened of it. Values so short
    that they may stand anywhere are not judged, nor those that may be in what was not opened."""
    stands = frozenset(value for miss in tally.nearest.values() for value in miss.stands)
    found = []
    for sample in samples:
        for unit in sample.units:
            for source in (one for one in unit.sources if one in unplaced and _is_long(unit, one)):
                value, needle = ValueOf(sample.name, unit.number, source), Needles((unit.written_values[source],))
                is_judged = source in seen.in_clear or sample.name not in seen.unread
                if is_judged and value not in stands and not needle.stand_in(sample.text):
                    found.append(value)
    return tuple(found)


def _is_long(unit: KnownUnit, source: str) -> bool:
    return len(unit.values[source]) >= LEAST_NEEDLE


def misplaced(
    samples: Sequence[Known], unplaced: Sequence[str], wrong: Sequence[ValueOf], unread: frozenset[str]
) -> tuple[str, ...]:
    """The sources whose values stand nowhere; of those that stand in a layout that nobody knows, or may stand in what
    was not opened, the value is right."""
    judged = {source for s in samples for unit in s.units for source in unit.sources if _is_long(unit, source)}
    sources = {value.source for value in wrong}
    return tuple(source for source in unplaced if source in sources or (source not in judged and not unread))
