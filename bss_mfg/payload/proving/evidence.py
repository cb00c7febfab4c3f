"""What samples say of a spec, part by part.

A part of a spec (a format, a separator, a KDF's hash) is *proven* where a sample would have come out differently with
everything else that a spec can say in its place. What a sample would show just the same is an alternative that is left;
of several samples those are left that none of them excludes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Evidence(StrEnum):
    """How far samples bear something out."""

    PROVEN = "proven"
    """No alternative that a spec can describe gives the same sample."""
    CONSISTENT = "only consistent"
    """It fits, and so does something else."""
    UNTESTED = "untested"
    """No sample would be another if it were otherwise."""
    CONTRADICTED = "contradicted"


class FaultKind(StrEnum):
    """How a sample contradicts a spec."""

    UNREADABLE = "unreadable"
    """The string, or a value in it, has another shape."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    """A field of the string that the spec does not have."""
    VALUE = "value"
    UNITS = "units"
    """Another number of devices."""
    LENGTH = "length"
    NOT_OPENED = "not opened"
    """The private key does not decrypt it."""
    LAYOUT = "layout"
    """It was decrypted, and holds something else than the spec says."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A contradiction: in which sample, at which part of which field, of which unit (from 1). `expected` (by the spec
    and the sample's units) and `found` (in the string) are None where a secret could be in them."""

    kind: FaultKind
    sample: str
    key: str
    part: str
    what: str
    unit: int | None = None
    expected: str | None = None
    found: str | None = None


class Alternative(NamedTuple):
    """Something else that gives the same sample. `tag` tells those apart that two samples do not share."""

    what: str
    tag: str = ""


class Part(NamedTuple):
    """A part of a spec: the key of its field (empty: of the string as a whole), and what of it."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What one sample says of one part: which alternatives it leaves, and whether it excludes any."""

    part: Part
    left: frozenset[Alternative] = frozenset()
    excludes: bool = True


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What one sample says. `opened`: its encrypted fields were decrypted; `unused`: values of its units that the spec
    puts nowhere."""

    sample: str
    observations: tuple[Observation, ...]
    faults: tuple[Fault, ...]
    opened: bool = False
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartProof:
    """What all samples say of one part; `left` names the alternatives that none excludes."""

    name: str
    evidence: Evidence
    left: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldProof:
    """What all samples say of a field (key empty: of the string as a whole)."""

    key: str
    parts: tuple[PartProof, ...] = ()
    faults: tuple[Fault, ...] = field(default=())

    @property
    def evidence(self) -> Evidence:
        """Proven where each part is; untested where none is touched."""
        found = {part.evidence for part in self.parts}
        if self.faults or Evidence.CONTRADICTED in found:
            return Evidence.CONTRADICTED
        if len(found) == 1:
            return found.pop()
        return Evidence.CONSISTENT if found else Evidence.UNTESTED


def merge(key: str, results: Iterable[SampleResult]) -> FieldProof:
    """What several samples say of one field together."""
    listed = list(results)
    seen: dict[str, list[tuple[str, Observation]]] = {}
    for result in listed:
        for one in result.observations:
            if one.part.key == key:
                seen.setdefault(one.part.name, []).append((result.sample, one))
    faults = tuple(fault for result in listed for fault in result.faults if fault.key == key)
    wrong = {fault.part for fault in faults}
    parts = [_part(name, found, name in wrong) for name, found in seen.items()]
    parts += [
        PartProof(name, Evidence.CONTRADICTED) for name in dict.fromkeys(f.part for f in faults) if name not in seen
    ]
    return FieldProof(key, tuple(parts), faults)


def _part(name: str, found: list[tuple[str, Observation]], is_wrong: bool) -> PartProof:
    left = frozenset.intersection(*(one.left for _, one in found))
    samples = tuple(sample for sample, one in found if one.excludes)
    if is_wrong:
        evidence = Evidence.CONTRADICTED
    elif not samples:
        evidence = Evidence.UNTESTED
    else:
        evidence = Evidence.CONSISTENT if left else Evidence.PROVEN
    return PartProof(name, evidence, tuple(sorted({one.what for one in left})), samples)


@dataclass(frozen=True, slots=True)
class SpecProof:
    """What all samples say of a spec: `fields` in its order, and of the string as a whole."""

    string: FieldProof
    fields: tuple[FieldProof, ...]
    results: tuple[SampleResult, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All contradictions."""
        return tuple(fault for result in self.results for fault in result.faults)

    @property
    def evidence_of(self) -> Mapping[str, Evidence]:
        """By the key of a field. What no string can show (`symbology`) is not in it."""
        return {one.key: one.evidence for one in self.fields}

    def unproven(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Those of some keys that no sample proves: somebody has to sign for them by name."""
        found = self.evidence_of
        return tuple(key for key in keys if found.get(key) is not Evidence.PROVEN)
