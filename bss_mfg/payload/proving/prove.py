"""A spec is held against samples, each on its own, and what they show is put together."""

from __future__ import annotations

from collections.abc import Iterable

from bss_mfg.payload.proving.evidence import SampleResult, SpecProof, merge
from bss_mfg.payload.proving.known import Examination, sources_of
from bss_mfg.payload.proving.sealed import examine_sealed
from bss_mfg.payload.proving.strings import examine_field, judge_rest, split_string
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import LoadedSample


def prove(spec: Spec, samples: Iterable[LoadedSample]) -> SpecProof:
    """What some samples say of a spec: field by field, and part by part. No secret is in it."""
    results = tuple(examine(spec, loaded) for loaded in samples)
    return SpecProof(merge("", results), tuple(merge(field.key, results) for field in spec.field), results)


def examine(spec: Spec, loaded: LoadedSample) -> SampleResult:
    """What one sample says of a spec."""
    seen = Examination(spec, loaded)
    if split_string(seen):
        done: set[str] = set()
        for item in seen.fields:
            if item.field is None or item.key in done:
                continue
            done.add(item.key)
            if item.field.source == "encrypted":
                examine_sealed(seen, item, item.field)
            else:
                examine_field(seen, item, item.field)
        judge_rest(seen)
    return SampleResult(seen.name, tuple(seen.observations), tuple(seen.faults), seen.opened, _unused(seen))


def _unused(seen: Examination) -> tuple[str, ...]:
    used = {value.source for value in seen.spec.values_of_units}
    told = dict.fromkeys(source for unit in seen.units for source in sources_of(unit))
    return tuple(source for source in told if source not in used)
