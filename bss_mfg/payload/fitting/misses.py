"""Where nothing fits: which fields nobody could read, and which values of units stand nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bss_mfg.payload.fitting.known import LEAST_NEEDLE, Known, KnownUnit, needles, other_order
from bss_mfg.payload.fitting.plain_fields import Content
from bss_mfg.payload.fitting.spoiled import spoiled
from bss_mfg.payload.fitting.strings import SplitString
from bss_mfg.payload.fitting.tally import Stage, Tally, ValueOf


def unexplained_fields(
    strings: Sequence[SplitString],
    samples: Sequence[Known],
    readings: Mapping[str, Sequence[Content]],
    tally: Tally,
) -> None:
    """Note each field that has no reading, if nothing was noted of it yet, and each that would be a constant and holds
    values of units."""
    for key, some in readings.items():
        if key in tally.nearest or any(not one["source"].startswith("constant") for one in some):
            continue
        values = [(text.value(key) or "").encode() for text in strings]
        if told := next(
            filter(None, (_about(data, one, samples) for data, one in zip(values, samples, strict=True))), ""
        ):
            tally.came(Stage.NOTHING, key, told)
        elif not some:
            told = "its values are not the units' in any known form, nor the product's, nor always the same"
            tally.came(Stage.NOTHING, key, told)


def _about(data: bytes, sample: Known, samples: Sequence[Known]) -> str:
    """What is striking about a value that can't be read: that it is not whole, or whose units stand in it."""
    if told := spoiled(data.decode()):
        return f"in {sample.name} {told}" if len(samples) > 1 else told
    where = f" of {sample.name}" if len(samples) > 1 else ""
    if order := other_order(sample.units, data):
        return f"the units' values{where} stand in it {order}"
    if needles(sample.units).search(data):
        return f"some values of the units{where} stand in it, and others do not, or in an unknown form"
    whose = next((one for one in samples if one is not sample and needles(one.units).search(data)), None)
    return f"in the string{where} stand units of {whose.name}" if whose else ""


def wrong_values(samples: Sequence[Known], unplaced: Sequence[str], tally: Tally) -> tuple[ValueOf, ...]:
    """Which units' values of some sources stand neither in their string nor in what was opened of it. Values so short
    that they may stand anywhere are not judged."""
    stands = frozenset(value for miss in tally.nearest.values() for value in miss.stands)
    found = []
    for sample in samples:
        for number, unit in enumerate(sample.units, 1):
            for source in (one for one in unit.sources if one in unplaced and _is_long(unit, one)):
                value, needle = ValueOf(sample.name, number, source), needles([unit.alone(source)])
                if value not in stands and not needle.search(sample.text):
                    found.append(value)
    return tuple(found)


def _is_long(unit: KnownUnit, source: str) -> bool:
    return len(unit.values[source]) >= LEAST_NEEDLE


def misplaced(samples: Sequence[Known], unplaced: Sequence[str], wrong: Sequence[ValueOf]) -> tuple[str, ...]:
    """The sources whose values stand nowhere; of those that stand in a layout that nobody knows the value is right."""
    judged = {source for s in samples for unit in s.units for source in unit.sources if _is_long(unit, source)}
    sources = {value.source for value in wrong}
    return tuple(source for source in unplaced if source in sources or source not in judged)
