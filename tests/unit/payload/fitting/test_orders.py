"""Units that stand in another order, and IVs that the guide prints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID as UUID_OF

import pytest

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import Known, KnownUnit, known_sample, other_order
from bss_mfg.payload.fitting.proof import explains
from bss_mfg.payload.fitting.report import Vary
from bss_mfg.payload.fitting.tally import Stage, ValueOf
from bss_mfg.payload.parse import device_uuids, open_package, split_fields
from bss_mfg.payload.product_keys import load_private_key, new_development_key
from bss_mfg.payload.proving.evidence import Evidence, FaultKind
from bss_mfg.payload.proving.prove import prove
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import LoadedSample, SampleUnit, SpecSample
from bss_mfg.payload.unit_order import UNIT_ORDERS, UnitOrder
from tests.unit.payload.fitting.cases import FACTS, Made, encrypted_spec, key_pair, sample

UUID: dict[str, Any] = {"source": "unit.uuid"}
OOB: dict[str, Any] = {"source": "unit.oob"}
ECIES: dict[str, Any] = {"kind": "ecies", "kdf": {"name": "x963", "hash": "sha256"}, "derive": ["key"]}
MAC: dict[str, Any] = {"derive": ["key", "mac-key"], "mac": {"hash": "sha256", "key_bytes": 32}}


def unit(number: int) -> KnownUnit:
    return KnownUnit({"unit.uuid": bytes([number]) * 16, "unit.serial": f"SERIAL{9 - number}".encode()})


@pytest.mark.parametrize(
    ("listed", "stand", "order"),
    [
        ("123", "123", ""),
        ("123", "321", ": reversed or serial or uuid-descending"),
        ("312", "123", ": serial-descending or uuid"),
        ("123", "213", ""),
        ("123", "12", None),
    ],
)
def test_the_order_in_which_units_stand_is_named(listed: str, stand: str, order: str | None) -> None:
    data = b"".join(b"".join(unit(int(one)).values.values()) for one in stand)  # type: ignore[arg-type]
    told = "" if order is None or listed == stand else f"in another order than the sample's{order}"
    told += ", and in none that a spec can say" if order == "" and told else ""
    assert other_order([unit(int(one)) for one in listed], data, fixed=False) == told


SERIALS, UUIDS, MACS, KEYS = (1, 3, 0, 2, 4), (2, 0, 4, 1, 3), (3, 1, 2, 4, 0), (0, 4, 2, 3, 1)
"""How the values of five units rank, as they are issued: each order puts the units in places of its own."""
FIVE = [
    Unit(
        number, f"SN-{serial}00", UUID_OF(bytes=bytes([16 * rank + 10]) * 16), f"02ABCDEF00{mac}0",
        Secret(bytes([32 * key + 5]) * 16),
    )
    for number, (serial, rank, mac, key) in enumerate(zip(SERIALS, UUIDS, MACS, KEYS, strict=True), 1)
]  # fmt: skip


def in_unit_order(order: str, **more: Any) -> tuple[Spec, Known, LoadedSample]:
    """A spec that sorts its units, and a sample of it that lists them as they were issued."""
    made = encrypted_spec([UUID, OOB], **more).model_dump(mode="json", exclude_defaults=True)
    plain = [
        {"key": key, "status": "assumed", "source": source, "format": format}
        for key, source, format in (
            ("SER", "unit.serial", "text"), ("MAC", "unit.mac", "hex-upper"), ("DID", "unit.uuid", "hex-lower")
        )
    ]  # fmt: skip
    spec = Spec.model_validate({**made, "unit_order": order, "field": [*made["field"], *plain]})
    private, public = key_pair()
    told = tuple(SampleUnit(unit.uuid, unit.key, unit.serial, unit.mac) for unit in FIVE)
    text = PayloadBuilder(spec, FACTS, public).build(FIVE)
    guide = SpecSample("sample.toml", "", text, told, {"pid": FACTS["pid"]})
    return spec, known_sample(guide, private), LoadedSample(guide, private)


@pytest.mark.parametrize("each", ["package", "unit"])
@pytest.mark.parametrize("order", UNIT_ORDERS)
def test_units_in_any_order_are_explained(order: UnitOrder, each: str) -> None:
    spec, known, _ = in_unit_order(order, each=each)
    ranks = {"serial": SERIALS, "uuid": UUIDS, "mac": MACS, "oob": KEYS}.get(order.removesuffix("-descending"))
    stand = list(range(5)) if ranks is None else sorted(range(5), key=ranks.__getitem__)
    stand = stand[::-1] if order.endswith(("reversed", "descending")) else stand
    fields = split_fields(known.string, spec)
    assert device_uuids(fields, spec) == tuple(FIVE[at].uuid for at in stand)
    opened = open_package(fields, spec, key_pair()[0])
    assert [one.key for one in opened] == [FIVE[at].key for at in stand]
    report = fit(FitRequest((known,), rare=False))
    assert [one.unit_order for one in report.specs] == [order]
    assert explains(report.specs[0], known)
    assert not explains(spec.model_copy(update={"unit_order": "mac" if order != "mac" else "uuid"}), known)


@pytest.mark.parametrize("order", ["issued", "reversed", "uuid", "oob-descending"])
def test_an_order_is_proven(order: UnitOrder) -> None:
    spec, _, guide = in_unit_order(order)
    proof = prove(spec, [guide])
    assert not proof.faults
    (part,) = (part for part in proof.string.parts if part.name == "unit_order")
    assert part.evidence is Evidence.PROVEN
    assert proof.evidence_of["DID"] is proof.evidence_of["SER"] is Evidence.PROVEN
    wrong = spec.model_copy(update={"unit_order": "mac"})
    assert {fault.kind for fault in prove(wrong, [guide]).faults} == {FaultKind.VALUE}


def test_only_the_encrypted_field_tells_the_order() -> None:
    known = sample(encrypted_spec([UUID, OOB]), Made(3))
    report = fit(FitRequest((known.in_places((2, 1, 0)),)))
    assert [one.unit_order for one in report.specs] == ["reversed", "uuid", "oob"]
    (question,) = (one for one in report.questions if one.vary is Vary.UNIT_ORDER)
    assert question.readings == ("reversed", "uuid", "oob")


def of_five(count: int = 5) -> Known:
    """A sample of unsorted units that tells UUIDs and keys, with nothing in clear."""
    text = PayloadBuilder(encrypted_spec([UUID, OOB]), FACTS, key_pair()[1]).build(FIVE[:count])
    told = tuple(SampleUnit(unit.uuid, unit.key) for unit in FIVE[:count])
    return known_sample(SpecSample(f"{count}.toml", "", text, told, {"pid": FACTS["pid"]}), key_pair()[0])


def test_an_order_that_no_spec_can_say_is_named() -> None:
    report = fit(FitRequest((of_five().in_places((1, 0, 2, 3, 4)),), rare=False))
    assert not report.specs
    told = "with the units in another order than the sample's, and in none that a spec can say"
    assert report.nearest[0].detail == f"it opens to 160 bytes {told}"
    assert report.nearest[0].other_order
    assert not report.unplaced


def of_orders(in_clear: UnitOrder, inside: UnitOrder) -> Known:
    """A sample whose units stand in one order in clear and in another in what is encrypted."""
    _, known, _ = in_unit_order(in_clear)
    _, other, _ = in_unit_order(inside)
    head, tail = (known.string.partition(";DAT:")[0], known.string.partition("SER:")[2])
    sealed = other.string.partition(";DAT:")[2].partition(";SER:")[0]
    return replace(known, string=f"{head};DAT:{sealed};SER:{tail}")


def test_another_key_is_all_that_is_wrong_of_units_in_a_known_order() -> None:
    _, known, _ = in_unit_order("serial-descending")
    other = load_private_key(new_development_key("p256")[0], "test")
    report = fit(FitRequest((replace(known, key=other),), rare=False))
    assert [(miss.key, miss.stage, miss.other_order) for miss in report.nearest] == [("DAT", Stage.POINT_READ, False)]
    assert not report.unplaced
    assert not report.wrong
    places = known.places("serial-descending")
    assert places
    alone = fit(FitRequest((replace(known.in_places(places), key=other),), rare=False))
    assert report.tried == alone.tried  # not searched once more, as the sample lists the units


def test_a_wrong_value_is_that_of_the_unit_as_the_sample_numbers_it() -> None:
    _, known, _ = in_unit_order("serial-descending")
    units = list(known.units)
    units[1] = replace(units[1], values={**units[1].values, "unit.oob": bytes(16)})
    report = fit(FitRequest((replace(known, units=tuple(units)),), rare=False))
    assert report.wrong == (ValueOf("sample.toml", 2, "unit.oob"),)
    assert [(miss.key, miss.stage) for miss in report.nearest] == [("DAT", Stage.VALUES_FOUND)]
    assert "without unit.oob of unit 2" in report.nearest[0].detail


@pytest.mark.parametrize("in_clear", ["issued", "serial-descending"])
@pytest.mark.parametrize("inside", ["issued", "uuid", "oob"])
def test_fields_in_different_orders_are_named_as_what_no_spec_can_say(in_clear: UnitOrder, inside: UnitOrder) -> None:
    known = of_orders(in_clear, inside)
    report = fit(FitRequest((known,), rare=False))
    if in_clear == inside:
        assert report.specs
        return
    (miss,) = report.nearest
    assert (miss.key, miss.other_order) == ("DAT", True)
    assert "it has one unit_order for all" in miss.detail
    named = {"issued": "as the sample lists them", "uuid": "uuid"}.get(inside)
    assert (f"in the other fields: {named};" in miss.detail) if named else ("oob" not in miss.detail)
    assert not report.unplaced
    assert not report.wrong


def test_two_fields_in_clear_in_different_orders_are_named_and_neither_is_a_constant() -> None:
    _, known, _ = in_unit_order("issued")
    value = known.string.partition("DID:")[2].removesuffix(";")
    turned = "_".join(sorted(value.split("_")))
    report = fit(FitRequest((replace(known, string=known.string.replace(value, turned)),), rare=False))
    (miss,) = report.nearest
    assert (miss.key, miss.other_order) == ("DID", True)
    assert "in the other fields: uuid; no spec can say that" in miss.detail


def test_two_samples_tell_orders_apart() -> None:
    """Reversed or sorted in the one, only reversed in the other."""
    two = sample(encrypted_spec([UUID, OOB]), Made(2)).in_places((1, 0))
    assert len(fit(FitRequest((two,), rare=False)).specs) == 3
    report = fit(FitRequest((two, of_five().in_places((4, 3, 2, 1, 0))), rare=False))
    assert [one.unit_order for one in report.specs] == ["reversed"]


@pytest.mark.parametrize(
    ("cipher", "mac"),
    [("aes-128-gcm", False), *((name, mac) for name in ("aes-256-ctr", "aes-128-cbc") for mac in (False, True))],
)
def test_a_fixed_iv_that_is_given_is_tried(cipher: str, mac: bool) -> None:
    iv = bytes(range(0xA0, 0xAC if cipher.endswith("gcm") else 0xB0)).hex()
    scheme = {**ECIES, "cipher": cipher, "iv": f"hex:{iv}", **(MAC if mac else {})}
    known = sample(encrypted_spec([UUID, OOB], scheme), Made(2))
    report = fit(FitRequest((known,), (f"hex:{iv}",), rare=False))
    assert [one.encrypted[0].scheme.iv for one in report.specs] == [f"hex:{iv}"]  # type: ignore[union-attr]
