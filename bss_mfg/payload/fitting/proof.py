"""Whether a spec explains a sample: it is taken apart by the spec, opened, and every value is the sample's."""

from __future__ import annotations

from collections.abc import Mapping

from bss_mfg.errors import InputError
from bss_mfg.payload.fitting.known import Known
from bss_mfg.payload.parse import OpenedUnit, ParsedField, find_faults, open_credentials, split_fields, unit_values
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec


def explains(spec: Spec, sample: Known) -> bool:
    """Whether the sample's string is of that spec, and what it opens to are the sample's units."""
    if (places := sample.places(spec.unit_order)) is None:
        return False
    sample = sample.in_places(places)
    try:
        fields = split_fields(sample.string, spec)
        if find_faults(fields, spec) or not all(_is_told(field, spec, sample) for field in fields):
            return False
        if not spec.encrypted or sample.key is None:
            return True
        opened = open_credentials(fields, spec, sample.key, len(sample.units))
    except InputError:
        return False
    inside = {value.source for field in spec.encrypted for value in field.plaintext}
    return all(_equal(inside, one, unit.values) for one, unit in zip(opened, sample.units, strict=True))


def _is_told(item: ParsedField, spec: Spec, sample: Known) -> bool:
    """Whether a field that is not encrypted says what the sample says, as far as that says anything."""
    if item.field is None:
        return False
    source, units = item.field.source, sample.units
    if source == "package.units":
        return item.value == str(len(units))
    if source.startswith("product."):
        return sample.facts.get(source.removeprefix("product."), item.value) == item.value
    if not source.startswith("unit."):
        return True
    texts = unit_values(item, spec)
    return len(texts) == len(units) and all(
        source not in unit.values or unit.written(source, item.field.format) == text.encode()
        for unit, text in zip(units, texts, strict=True)
    )


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
