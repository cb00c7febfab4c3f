"""A spec is held against samples, each on its own, and what they show is put together."""

from __future__ import annotations

from collections.abc import Iterable

from bss_mfg.payload.proving.evidence import SampleResult, SpecProof, merge
from bss_mfg.payload.proving.known import Examination, source_known, sources_of
from bss_mfg.payload.proving.sealed import examine_sealed
from bss_mfg.payload.proving.strings import examine_field, judge_rest, split_string
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import LoadedSample
from bss_mfg.payload.unit_order import sort_source


def prove(spec: Spec, samples: Iterable[LoadedSample]) -> SpecProof:
    """What some samples say of a spec: field by field, and part by part. No secret is in it."""
    listed = tuple(samples)
    results = tuple(examine(spec, loaded, has_macs=_has_macs(spec, listed)) for loaded in listed)
    return SpecProof(merge("", results), tuple(merge(field.key, results) for field in spec.field), results)


def _has_macs(spec: Spec, samples: Iterable[LoadedSample]) -> bool:
    """Whether anything tells of a MAC address: units have the other values always."""
    in_spec = any(value.source == "unit.mac" for value in spec.values_of_units)
    sorts = sort_source(spec.unit_order) == "unit.mac"
    return in_spec or sorts or any(source_known(unit, "unit.mac") for one in samples for unit in one.sample.units)


def examine(spec: Spec, loaded: LoadedSample, *, has_macs: bool = True) -> SampleResult:
    """What one sample says of a spec. Without MAC addresses no order of units goes by them."""
    seen = Examination(spec, loaded, has_macs)
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
