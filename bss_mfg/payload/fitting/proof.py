"""Whether a spec explains a sample: it is taken apart by the spec, opened, and every value is the sample's."""

from __future__ import annotations

from collections.abc import Mapping

from bss_mfg.errors import InputError
from bss_mfg.payload.fitting.known import Known
from bss_mfg.payload.parse import OpenedUnit, find_faults, open_credentials, split_fields
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec


def explains(spec: Spec, sample: Known) -> bool:
    """Whether the sample's string is of that spec, and what it opens to are the sample's units."""
    try:
        fields = split_fields(sample.string, spec)
        if find_faults(fields, spec):
            return False
        if not spec.encrypted or sample.key is None:
            return True
        opened = open_credentials(fields, spec, sample.key, len(sample.units))
    except InputError:
        return False
    inside = {value.source for field in spec.encrypted for value in field.plaintext}
    return all(_equal(inside, one, unit.values) for one, unit in zip(opened, sample.units, strict=True))


def _equal(inside: set[str], opened: OpenedUnit, known: Mapping[str, object]) -> bool:
    found: dict[str, object] = {
        "unit.uuid": opened.uuid.bytes if opened.uuid else None,
        "unit.oob": opened.key.reveal() if opened.key else None,
        "unit.serial": opened.serial.encode() if opened.serial else None,
        "unit.mac": bytes.fromhex(opened.mac) if opened.mac else None,
    }
    own = (source for source in inside if source in found)
    columns_there = all(column_of(source) in opened.extra for source in inside if column_of(source))
    return columns_there and all(found[source] == known.get(source) for source in own)
