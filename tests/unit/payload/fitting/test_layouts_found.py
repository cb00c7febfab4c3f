"""A sample is explained by the layout that it was made with, and by no other once samples differ enough."""

from __future__ import annotations

from typing import Any

import pytest

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.report import FitReport, Vary
from bss_mfg.payload.fitting.spec_text import spec_text
from bss_mfg.payload.schemes.descriptions import WrappedKeyDescription
from bss_mfg.payload.spec import Spec, spec_from_text
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

UUID: dict[str, Any] = {"source": "unit.uuid"}
OOB: dict[str, Any] = {"source": "unit.oob"}
SERIAL: dict[str, Any] = {"source": "unit.serial"}
COUNT: dict[str, Any] = {"source": "package.units", "format": "u8"}

LAYOUTS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "raw": ([UUID, OOB], {}),
    "by value": ([UUID, OOB], {"layout": {"order": "value-by-value"}}),
    "count": ([COUNT, UUID, OOB], {}),
    "header and count": ([{"source": "constant", "format": "raw", "value": "a5c3"}, COUNT, UUID, OOB], {}),
    "lengths": ([{**UUID, "length": "u8"}, {**OOB, "length": "u16-be"}], {}),
    "tags": ([{**UUID, "tag": "81", "length": "u8"}, {**OOB, "tag": "82", "length": "u8"}], {}),
    "check": ([UUID, OOB, {"source": "check", "check": "crc16-ccitt-false"}], {}),
    "digest": ([UUID, OOB, {"source": "check", "check": "sha256", "octets": 4}], {}),
    "padding": (
        [UUID, OOB, {"source": "constant", "format": "raw", "value": "7f"}, {"source": "padding", "multiple": 16}], {},
    ),
    "hex": ([{**UUID, "format": "hex-upper"}, {**OOB, "format": "base32"}], {}),
    "serials last": ([UUID, OOB, {**SERIAL, "length": "u8"}], {}),
    "text": (
        [{**UUID, "format": "hex-lower"}, {**OOB, "format": "hex-upper"}],
        {"layout": {"kind": "text", "separator": ","}},
    ),
    "json": (
        [{**UUID, "format": "hex-lower", "name": "u"}, {**OOB, "format": "hex-upper", "name": "k"}],
        {"layout": {"kind": "json"}},
    ),
    "json constants": (
        [
            {"source": "constant", "value": 1, "name": "ver"}, {"source": "constant", "value": True, "name": "new"},
            {"source": "constant", "format": "json", "value": "null", "name": "none"},
            {"source": "constant", "value": {"a b": [1.5, "x", {}]}, "name": "more"},
            {"source": "constant", "value": 7, "each_unit": True, "name": "type"},
            {**UUID, "format": "hex-lower", "name": "u"}, {**OOB, "format": "hex-upper", "name": "k"},
        ],
        {"layout": {"kind": "json"}},
    ),
    "cbor constants": (
        [
            {"source": "constant", "value": -1, "name": "ver"}, {**UUID, "name": "u"}, {**OOB, "name": "k"},
            {"source": "constant", "value": [False, 2], "each_unit": True, "name": "of"},
        ],
        {"layout": {"kind": "cbor"}},
    ),
    "cbor": ([{**UUID, "name": "u"}, {**OOB, "name": "k"}], {"layout": {"kind": "cbor", "units": "d"}}),
}  # fmt: skip


def fitted(spec: Spec, *made: Made, **more: Any) -> FitReport:
    return fit(FitRequest(tuple(sample(spec, one) for one in made), **more))


@pytest.mark.parametrize("name", LAYOUTS)
def test_samples_that_differ_leave_one_explanation(name: str) -> None:
    plaintext, more = LAYOUTS[name]
    spec = encrypted_spec(plaintext, **more)
    gives = ("uuid", "oob", *(["serial"] if SERIAL["source"] in str(plaintext) else []))
    made = [Made(2, 16, gives=gives), Made(3, 32, serial="S{:09}", gives=gives)]
    report = fitted(spec, *made)
    field = spec.encrypted[0]
    found = [one.encrypted[0] for one in report.specs]
    assert (field.plaintext, field.layout) in [(one.plaintext, one.layout) for one in found], report
    assert report.explanations == 1
    (one,) = report.specs
    assert spec_from_text(spec_text(one), "fitted").spec == one


@pytest.mark.parametrize("kind", ["json", "cbor"])
@pytest.mark.parametrize("is_count", [True, False])
def test_one_may_be_a_count_or_a_constant_until_another_sample_tells(kind: str, is_count: bool) -> None:
    counted = {"source": "package.units", "format": "decimal", "name": "n"}
    first = counted if is_count else {"source": "constant", "value": 1, "name": "n"}
    text = {"format": "hex-lower"} if kind == "json" else {}
    spec = encrypted_spec([first, {**UUID, **text, "name": "u"}, {**OOB, **text, "name": "k"}], layout={"kind": kind})
    made = (Made(1), Made(2, 32))
    report = fitted(spec, made[0])
    assert {one.encrypted[0].plaintext[0].source for one in report.specs} == {"constant", "package.units"}
    assert [one.vary for one in report.questions if one.key == "DAT"] == [Vary.UNITS]
    told = fitted(spec, *made)
    assert [one.encrypted[0].plaintext[0].source for one in told.specs] == [first["source"]]


@pytest.mark.parametrize("hidden", [2**40, list(range(16)), {"key": "00112233445566778899aabbccddeeff"}])
def test_a_member_that_may_be_a_value_is_no_constant(hidden: object) -> None:
    named = [{**UUID, "format": "hex-lower", "name": "u"}, {**OOB, "format": "hex-lower", "name": "k"}]
    spec = encrypted_spec([{"source": "constant", "value": hidden, "name": "x"}, *named], layout={"kind": "json"})
    assert not fitted(spec, Made(1), rare=False).specs


@pytest.mark.parametrize("name", LAYOUTS)
def test_one_unit_is_explained_and_more_are_asked_for(name: str) -> None:
    plaintext, more = LAYOUTS[name]
    spec = encrypted_spec(plaintext, **more)
    gives = ("uuid", "oob", *(["serial"] if SERIAL["source"] in str(plaintext) else []))
    report = fitted(spec, Made(1, gives=gives))
    assert report.specs
    assert Vary.UNITS in [question.vary for question in report.questions]


def test_with_one_unit_for_ever_the_order_of_units_is_no_question() -> None:
    spec = encrypted_spec([UUID, OOB])
    report = fitted(spec, Made(1), max_units=1)
    assert report.explanations == 1
    assert not report.questions
    assert report.specs[0].max_units == 1


@pytest.mark.parametrize("kind", ["json", "cbor"])
def test_members_in_no_list_are_of_one_unit_and_that_is_said(kind: str) -> None:
    text = "hex-lower" if kind == "json" else "raw"
    named = [{**UUID, "format": text, "name": "id"}, {**OOB, "format": text, "name": "oob"}]
    content = encrypted_spec(named, layout={"kind": kind}).model_dump()
    content["field"][-1]["layout"]["units"] = ""
    spec = Spec.model_validate({**content, "max_units": 1})
    report = fitted(spec, Made(1), Made(1, 32))
    assert report.explanations == 1, report
    assert report.specs[0].max_units == 1
    assert report.specs[0].encrypted[0].layout.units == ""
    assert "--max-units 1" in report.notes[0]
    assert [question.vary for question in report.questions] == [Vary.UNITS]
    said = fitted(spec, Made(1), Made(1, 32), max_units=1)
    assert said.explanations == 1
    assert not said.notes
    assert not said.questions


def test_a_value_that_stands_nowhere_leaves_no_explanation() -> None:
    spec = encrypted_spec([UUID])
    report = fitted(spec, Made(1))
    assert not report.specs
    assert report.unplaced == ("unit.oob",)


def test_a_block_that_opens_to_garbage_is_no_constant() -> None:
    """CBC whose IV is taken for a block: the rest of the plaintext is right, the first 16 bytes are not."""
    wrap = {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha1"}
    scheme = {"kind": "rsa-wrapped", "wrap": wrap, "cipher": "aes-256-cbc", "iv": "random"}
    report = fitted(encrypted_spec([UUID, OOB], scheme), Made(1, key="RSA"), max_units=1)
    found = [spec.encrypted[0].scheme for spec in report.specs]
    assert [one.iv for one in found if isinstance(one, WrappedKeyDescription)] == ["random"]
