"""Samples prove a spec: only what they would show otherwise if it were otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.proving.document import check_document
from bss_mfg.payload.proving.evidence import Evidence, FaultKind, SpecProof
from bss_mfg.payload.proving.prove import prove
from bss_mfg.payload.spec import Spec, SpecFile, packaged_spec
from bss_mfg.payload.spec_samples import LoadedSample, SpecSample
from tests.helpers.random_specs import Case, cases, new_unit, sample_unit
from tests.helpers.sample_properties import hold, numbers
from tests.unit.payload.test_layouts import FACTS

PRIVATE, PUBLIC = new_development_key("p256")
OPENER, KEY = load_private_key(PRIVATE, "test"), load_public_key(PUBLIC, "test")
OB04 = packaged_spec("amazon-bss-ob04")


def units_of(count: int, oob: int = 16) -> list[Unit]:
    return [new_unit(number, oob) for number in range(1, count + 1)]


def sample(spec: Spec, units: list[Unit], name: str = "guide.toml") -> LoadedSample:
    text = PayloadBuilder(spec, FACTS, KEY).build(units)
    return LoadedSample(SpecSample(name, "", text, tuple(map(sample_unit, units)), FACTS), OPENER)


def evidence(proof: SpecProof, key: str, part: str) -> Evidence:
    (field,) = (one for one in (proof.string, *proof.fields) if one.key == key)
    (found,) = (one for one in field.parts if one.name == part)
    return found.evidence


def left(proof: SpecProof, key: str, part: str) -> tuple[str, ...]:
    (field,) = (one for one in proof.fields if one.key == key)
    (found,) = (one for one in field.parts if one.name == part)
    return found.left


def spec_with(*fields: dict[str, Any], **more: Any) -> Spec:
    listed = [{"key": "ABV", "status": "published", "source": "constant", "value": "XX01"}]
    listed += [{"status": "assumed", **field} for field in fields]
    return Spec.model_validate({"format": 1, "name": "test", "list_separator": ".", "field": listed, **more})


def sealed(plaintext: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    suite = {} if "scheme" in more else {"suite": "ecies-p256-x963sha256-aes128gcm"}
    return {"key": "BMD", "source": "encrypted", "format": "base64", "plaintext": plaintext, **suite, **more}


@given(case=cases(most_units=3), drawn=numbers)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_sample_never_contradicts_its_spec_and_a_changed_one_always_does(case: Case, drawn: tuple[int, ...]) -> None:
    hold(case, drawn)


def test_one_device_says_nothing_of_lists_and_of_longer_keys() -> None:
    proof = prove(OB04.spec, [sample(OB04.spec, units_of(1))])
    assert evidence(proof, "BMU", "value") is Evidence.PROVEN
    assert evidence(proof, "BMU", "units") is Evidence.UNTESTED
    assert evidence(proof, "BMD", "oob-16") is Evidence.PROVEN
    assert evidence(proof, "BMD", "oob-32") is Evidence.UNTESTED
    assert evidence(proof, "BMD", "layout.order") is Evidence.UNTESTED
    assert evidence(proof, "BMD", "scheme.kdf.hash") is Evidence.PROVEN
    assert evidence(proof, "BMO", "value") is Evidence.CONSISTENT
    assert proof.unproven(OB04.spec.assumed) == ("BMU", "BMO", "BMD")


def test_two_samples_of_other_devices_prove_the_rest() -> None:
    listed = [sample(OB04.spec, units_of(1), "a"), sample(OB04.spec, units_of(2, 32), "b")]
    proof = prove(OB04.spec, listed)
    assert proof.unproven(OB04.spec.assumed) == ()
    # Two devices stand in some order by each of their values.
    by_chance = [part for part in proof.string.parts if part.evidence is not Evidence.PROVEN]
    assert [part.name for part in by_chance] == ["unit_order"]
    assert evidence(proof, "", "unit_order") is Evidence.CONSISTENT
    twice = prove(OB04.spec, [listed[0], listed[0]])
    assert twice.evidence_of["BMO"] is Evidence.CONSISTENT


def test_an_order_by_macs_is_no_alternative_where_no_unit_has_one() -> None:
    spec = spec_with({"key": "DID", "source": "unit.uuid", "format": "hex-upper"})
    first, second, third = sorted(units_of(3), key=lambda unit: unit.uuid)
    units = [replace(unit, serial=f"S{at}") for unit, at in ((second, 3), (third, 1), (first, 2))]
    guide = sample(spec, units)
    bare = tuple(replace(unit, mac=None, oob=None) for unit in guide.sample.units)
    without = replace(guide, sample=replace(guide.sample, units=bare))
    assert left_of_order(prove(spec, [without])) == ("oob", "oob-descending")
    # Where one sample tells of MACs, another that does not excludes nothing.
    both = left_of_order(prove(spec, [without, sample(spec, units_of(1))]))
    assert both == ("mac", "mac-descending", "oob", "oob-descending")


def left_of_order(proof: SpecProof) -> tuple[str, ...]:
    (part,) = (part for part in proof.string.parts if part.name == "unit_order")
    return part.left


def test_without_samples_nothing_is_tested() -> None:
    proof = prove(OB04.spec, [])
    assert set(proof.evidence_of.values()) == {Evidence.UNTESTED}
    assert proof.unproven(OB04.spec.assumed) == OB04.spec.assumed


def test_a_count_is_told_from_a_constant_by_two_counts() -> None:
    spec = spec_with(
        {"key": "N", "source": "package.units", "format": "decimal"}, {"key": "S", "source": "unit.serial"}
    )
    one, two = (sample(spec, units_of(count), str(count)) for count in (1, 2))
    assert prove(spec, [one]).evidence_of["N"] is Evidence.CONSISTENT
    assert prove(spec, [one, two]).evidence_of["N"] is Evidence.PROVEN


def test_what_another_format_writes_too_is_not_proven() -> None:
    spec = spec_with({"key": "M", "source": "unit.mac", "format": "hex-upper"})
    digits, letters = (replace(units_of(1)[0], mac=mac) for mac in ("020000123456", "0200001234AF"))
    assert left(prove(spec, [sample(spec, [digits])]), "M", "format") == ("hex-lower",)
    assert left(prove(spec, [sample(spec, [letters])]), "M", "format") == ()


def test_a_value_that_two_sources_have_is_of_either() -> None:
    spec = spec_with({"key": "S", "source": "unit.serial"})
    unit = replace(units_of(1)[0], serial="02000012345F", mac="02000012345F")
    assert left(prove(spec, [sample(spec, [unit])]), "S", "value") == ("unit.mac",)


def test_padding_to_a_multiple_is_told_from_padding_to_a_length_by_two_lengths() -> None:
    plaintext: list[dict[str, Any]] = [
        {"source": "unit.oob"}, {"source": "unit.serial", "format": "text", "length": "u8"},
        {"source": "padding", "multiple": 16},
    ]  # fmt: skip
    spec = spec_with(sealed(plaintext), max_units=1)
    long, short = (replace(units_of(1)[0], serial=serial) for serial in ("S123456", "S123456789012345678"))
    assert "32" in left(prove(spec, [sample(spec, [long])]), "BMD", "plaintext[3].multiple")
    both = prove(spec, [sample(spec, [long], "a"), sample(spec, [short], "b")])
    assert left(both, "BMD", "plaintext[3].multiple") == ()


def test_without_the_private_key_only_lengths_are_known() -> None:
    loaded = replace(sample(OB04.spec, units_of(2)), private_key=None)
    proof = prove(OB04.spec, [loaded])
    assert proof.faults == ()
    assert evidence(proof, "BMD", "scheme") is Evidence.CONSISTENT
    assert evidence(proof, "BMD", "unit.oob") is Evidence.UNTESTED
    fewer = spec_with(sealed([{"source": "unit.oob"}]))
    data = loaded.sample.string.split("BMD:")[1]
    told = replace(loaded, sample=replace(loaded.sample, string=f"ABV:XX01;BMD:{data}"))
    (fault,) = prove(fewer, [told]).faults
    assert (fault.kind, fault.expected, fault.found) == (FaultKind.LENGTH, "81", "113")


def test_another_key_opens_nothing_and_another_spec_s_layout_is_named() -> None:
    loaded = sample(OB04.spec, units_of(1))
    other = load_private_key(new_development_key("p256")[0], "other")
    (fault,) = prove(OB04.spec, [replace(loaded, private_key=other)]).faults
    assert (fault.kind, fault.key, fault.part) == (FaultKind.NOT_OPENED, "BMD", "scheme")
    members = [{"source": "unit.oob", "format": "hex-lower", "name": "key"}]
    tight, wide = (
        spec_with(sealed(members, layout={"kind": "json", "units": "", "spaces": spaces}), max_units=1)
        for spaces in (False, True)
    )
    told = sample(tight, units_of(1))
    (fault,) = prove(wide, [told]).faults  # one member has no comma, but a colon
    assert (fault.kind, fault.key, fault.part) == (FaultKind.LAYOUT, "BMD", "layout")
    assert prove(tight, [told]).faults == ()
    assert evidence(prove(tight, [told]), "BMD", "layout.spaces") is Evidence.PROVEN


@pytest.mark.parametrize("part", ["oob", "pin"])
def test_no_fault_shows_a_key(part: str) -> None:
    spec = spec_with(sealed([{"source": "unit.oob"}, {"source": "unit.pin", "octets": 4}]))
    unit = units_of(1)[0]
    loaded = sample(spec, [unit])
    wrong = {"oob": {"oob": Secret(b"\xab" * 16)}, "pin": {"extra": {"pin": "abababab"}}}[part]
    told = replace(loaded.sample, units=(sample_unit(unit, **wrong),))
    proof = prove(spec, [replace(loaded, sample=told)])
    (fault,) = proof.faults
    assert (fault.kind, fault.part, fault.unit) == (FaultKind.VALUE, f"unit.{part}", 1)
    shown = json.dumps(check_document(SpecFile(spec, "", "test"), proof)) + repr(proof)
    assert unit.key is not None
    assert not any(secret in shown.lower() for secret in (unit.key.reveal().hex(), unit.extra["pin"], "abab"))


@pytest.mark.parametrize(
    ("old", "new", "kind", "key"),
    [
        ("ABV:", "ABW:", FaultKind.UNKNOWN, "ABW"),
        ("BMO:2;", "", FaultKind.MISSING, "BMO"),
        ("BMO:2;", "BMO:3;", FaultKind.VALUE, "BMO"),
        ("PID:ebK3;", "PID:ebK4;", FaultKind.VALUE, "PID"),
        ("PID:ebK3;", "PIDebK3;", FaultKind.UNREADABLE, ""),
        (";BMO:2;", ";XXX:1;BMO:2;", FaultKind.UNKNOWN, "XXX"),
    ],
)
def test_a_contradiction_is_named_by_its_kind_and_key(old: str, new: str, kind: FaultKind, key: str) -> None:
    loaded = sample(OB04.spec, units_of(1))
    text = loaded.sample.string.replace(old, new)
    assert text != loaded.sample.string
    proof = prove(OB04.spec, [replace(loaded, sample=replace(loaded.sample, string=text))])
    assert (kind, key) in {(fault.kind, fault.key) for fault in proof.faults}


def test_a_tag_that_fits_proves_a_scheme_though_no_value_in_it_is_known() -> None:
    field = sealed([{"source": "unit.oob"}])
    tagged = spec_with(field)
    kdf = {"name": "x963", "hash": "sha256", "info": ["point"]}
    bare = spec_with(sealed(field["plaintext"], scheme={"kind": "ecies", "kdf": kdf, "cipher": "xor"}))
    for spec, wanted in ((tagged, Evidence.PROVEN), (bare, Evidence.CONSISTENT)):
        unit = units_of(1)[0]
        loaded = sample(spec, [unit])
        told = replace(loaded.sample, units=(sample_unit(unit, oob=None),))
        proof = prove(spec, [replace(loaded, sample=told)])
        assert evidence(proof, "BMD", "scheme.kdf.hash") is wanted
        assert evidence(proof, "BMD", "unit.oob") is Evidence.CONSISTENT
