"""Layouts of plaintexts: whatever a spec can say is built, taken apart, and refused where anything in it is another."""

from __future__ import annotations

import binascii
import datetime
import json
import uuid
import zlib
from collections.abc import Sequence
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bss_mfg.errors import InputError
from bss_mfg.model import Secret, Unit
from bss_mfg.payload import judge, parse
from bss_mfg.payload.build import PayloadBuilder, sizing_examples
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue, check_plaintext
from bss_mfg.payload.layouts.reading import read_plaintext
from bss_mfg.payload.layouts.writing import PlaintextWriter
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec import Spec

FACTS = {"pid": "ebK3", "upc": "841667145075"}
PRIVATE, PUBLIC = new_development_key("p256")
OPENER, KEY = load_private_key(PRIVATE, "test"), load_public_key(PUBLIC, "test")
INTEGERS = ["u8", "u16-be", "u16-le", "u32-be", "u32-le"]
FIXED = [
    "hex-upper",
    "hex-lower",
    "base64",
    "base64-unpadded",
    "base64url",
    "base64url-unpadded",
    "base32",
    "base32-padded",
    "decimal",
    ["hex-lower", "base64"],
]
PACKED = [["deflate", "base64"], ["zlib", "hex-upper"], ["hex-upper", "deflate", "base32"]]
MACS = [f"hex-{case}{between}" for case in ("upper", "lower") for between in ("", "-colons", "-dashes")]
SUITE = "ecies-p256-x963sha256-aes128gcm"


def unit(number: int, oob: int) -> Unit:
    return Unit(
        number, f"S{number:07}", uuid.uuid5(uuid.NAMESPACE_URL, str(number)), f"02:00:00:00:00:{number:02X}",
        Secret(bytes([number]) * oob), extra={"pin": f"{number:08x}"},
    )  # fmt: skip


@st.composite
def unit_values(draw: st.DrawFn, *, kind: str, packed: bool) -> list[dict[str, Any]]:
    sources = draw(
        st.lists(
            st.sampled_from(["unit.uuid", "unit.oob", "unit.mac", "unit.pin"]), min_size=1, max_size=4, unique=True
        )
    )
    found = []
    for source in sources:
        formats: list[Any] = MACS if source == "unit.mac" else [*FIXED, *(PACKED if packed else []), "base45"]
        if source == "unit.uuid":
            formats = [*formats, "uuid-upper", "uuid-lower"]
        if source == "unit.pin":
            formats = [one for one in formats if one != "decimal"]
        formats = [*formats, ["deflate"]] if packed and kind in ("binary", "cbor") else formats
        value: dict[str, Any] = {
            "source": source,
            "format": draw(st.sampled_from([*formats, *([] if kind in ("text", "json") else ["raw"])])),
        }
        if source == "unit.pin":
            value["octets"] = 4
        if kind == "binary":
            value["tag"] = draw(st.sampled_from(["", "01", "c0de"]))
            lengths = INTEGERS if "deflate" in value["format"] or "zlib" in value["format"] else [None, *INTEGERS]
            value["length"] = draw(st.sampled_from(lengths))
        found.append(value)
    return found


MEMBERS = (1, True, -2.5, {"a": [1, "x", {}]}, [False])
"""Constants that are no text."""


@st.composite
def encrypted_fields(draw: st.DrawFn, *, packed: bool = True) -> dict[str, Any]:
    """An encrypted field with any layout."""
    kind = draw(st.sampled_from(["binary", "text", "json", "cbor"]))
    each = draw(st.sampled_from(["package", "unit"]))
    values = draw(unit_values(kind=kind, packed=packed))
    once: list[dict[str, Any]] = []
    if draw(st.booleans()):
        constant = "00ff" if kind in ("binary", "cbor") else "v1"
        once.append(
            {"source": "constant", "value": constant, "format": "raw" if kind in ("binary", "cbor") else "text"}
        )
    if draw(st.booleans()):
        once.append(
            {"source": "package.units", "format": draw(st.sampled_from(INTEGERS)) if kind == "binary" else "decimal"}
        )
    layout: dict[str, Any] = {"kind": kind}
    layout["encode"] = draw(st.sampled_from([[], ["base45"], *([["deflate"], ["zlib", "base64"]] if packed else [])]))
    if kind == "binary":
        layout["order"] = draw(st.sampled_from(["unit-by-unit", "value-by-value"]))
        if draw(st.booleans()):
            once.append(
                {"source": "product.pid", "format": "text", "length": "u8", "tag": draw(st.sampled_from(["", "aa"]))}
            )
        tail = []
        if draw(st.booleans()):
            tail.append({"source": "padding", "multiple": draw(st.sampled_from([8, 16])), "fill": "00"})
        if draw(st.booleans()):
            check = draw(st.sampled_from(["crc16-ccitt-false", "crc16-x25", "crc32", "sha256"]))
            tail.append({"source": "check", "check": check, "byte_order": draw(st.sampled_from(["big", "little"]))})
            if check == "sha256":
                tail[-1]["octets"] = 4
        values = [*once, *values, *tail]
    else:
        values = [*once, *values]
    if kind in ("json", "cbor"):
        if draw(st.booleans()):
            member = draw(st.sampled_from([{"value": one} for one in MEMBERS] + [{"format": "json", "value": "null"}]))
            values = [{"source": "constant", "each_unit": draw(st.booleans()), **member}, *values]
        for number, value in enumerate(values):
            value["name"] = f"m{number}"
        layout["units"] = "" if each == "unit" and draw(st.booleans()) else "units"
        layout["spaces"] = kind == "json" and draw(st.booleans())
    return {
        "key": "BMD", "status": "assumed", "source": "encrypted",
        "format": draw(st.sampled_from([*FIXED, *(PACKED if packed else [])])),
        "suite": SUITE, "plaintext": values, "layout": layout, "each": each,
    }  # fmt: skip


def spec_of(*fields: dict[str, Any]) -> Spec:
    first = {"key": "ABV", "status": "published", "source": "constant", "value": "OB04"}
    listed = {"key": "BMU", "status": "assumed", "source": "unit.uuid", "format": "hex-upper"}
    return Spec.model_validate({"format": 1, "name": "test", "list_separator": ".", "field": [first, listed, *fields]})


def credentials(opened: parse.OpenedUnit, wanted: Sequence[str], member: Unit) -> None:
    """What was sealed of a unit came out as it is."""
    assert (opened.uuid == member.uuid) is ("unit.uuid" in wanted)
    assert (opened.key == member.key) is ("unit.oob" in wanted)
    assert opened.mac == (member.mac.replace(":", "") if "unit.mac" in wanted and member.mac else None)
    pins = {name: value.reveal().hex() for name, value in opened.extra.items()}
    assert pins == ({"pin": member.extra["pin"]} if "unit.pin" in wanted else {})


QUIET = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(field=encrypted_fields(), count=st.integers(1, 6), oob=st.sampled_from([16, 32]))
@QUIET
def test_what_is_built_is_taken_apart(field: dict[str, Any], count: int, oob: int) -> None:
    spec = spec_of(field)
    members = [unit(number, oob) for number in range(1, count + 1)]
    try:
        longest = max(len(text) for text in sizing_examples(spec, FACTS, 256, count, oob))
    except InputError as error:
        assume("holds at most" not in error.what)
        raise
    text = PayloadBuilder(spec, FACTS, KEY).build(members)
    assert len(text) <= longest
    fields = parse.split_fields(text, spec)
    assert parse.find_faults(fields, spec) == []
    assert judge.string_faults(text, spec) == [] if hasattr(judge, "string_faults") else True
    opened = parse.open_credentials(fields, spec, OPENER, count)
    for one, member in zip(opened, members, strict=True):
        credentials(one, [value["source"] for value in field["plaintext"]], member)
    assert Spec.model_validate_json(spec.model_dump_json()) == spec


def compose(
    values: list[dict[str, Any]], layout: dict[str, Any], units: int = 2
) -> tuple[bytes, tuple[PlaintextValue, ...], Layout]:
    parsed = tuple(PlaintextValue.model_validate(value) for value in values)
    getters = {value: (lambda number: b"\xaa" * 15 + bytes([number])) for value in parsed if value.is_of_unit}
    how = Layout.model_validate(layout)
    return PlaintextWriter(parsed, how, getters, FACTS).write(list(range(units))), parsed, how


HEAD = [{"source": "constant", "value": "a1"}, {"source": "package.units", "format": "u16-le"}]
UUID = {"source": "unit.uuid", "tag": "07", "length": "u8"}


def test_bytes_stand_as_the_spec_says() -> None:
    text, values, layout = compose([*HEAD, UUID, {"source": "check", "check": "crc32"}], {})
    body = b"\xa1\x02\x00" + b"\x07\x10" + b"\xaa" * 15 + b"\0" + b"\x07\x10" + b"\xaa" * 15 + b"\1"
    assert text == body + zlib.crc32(body).to_bytes(4, "big")
    assert [one["unit.uuid"][-1] for one in read_plaintext(text, values, layout, 2)] == [0, 1]


def test_values_of_all_units_can_stand_together() -> None:
    parts = [{"source": "unit.uuid"}, {"source": "unit.oob"}]
    text, values, layout = compose(parts, {"order": "value-by-value"})
    assert [text[at + 15] for at in range(0, 64, 16)] == [0, 1, 0, 1]
    assert [one["unit.oob"][-1] for one in read_plaintext(text, values, layout, 2)] == [0, 1]
    assert [compose(parts, {})[0][at + 15] for at in range(0, 64, 16)] == [0, 0, 1, 1]


def test_checks_are_those_of_the_standards() -> None:
    """The check value of CRC catalogues: of the digits 1 to 9."""
    for name, wanted in (("crc16-ccitt-false", 0x29B1), ("crc16-x25", 0x906E), ("crc32", 0xCBF43926)):
        constant = {"source": "constant", "value": b"123456789".hex()}
        text, *_ = compose([constant, {"source": "check", "check": name}, {"source": "unit.uuid"}], {}, units=1)
        size = 4 if name == "crc32" else 2
        assert int.from_bytes(text[9 : 9 + size], "big") == wanted
    assert binascii.crc_hqx(b"123456789", 0xFFFF) == 0x29B1


def test_members_are_json_and_cbor() -> None:
    parts = [{"source": "package.units", "format": "decimal", "name": "n"}, {"source": "unit.uuid", "name": "id"}]
    text, values, layout = compose(parts, {"kind": "cbor", "units": "u"})
    assert cbor2.loads(text) == {"n": 2, "u": [{"id": b"\xaa" * 15 + bytes([number])} for number in (0, 1)]}
    assert len(read_plaintext(text, values, layout, 2)) == 2
    spec = spec_of(
        {
            "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64", "suite": SUITE,
            "each": "unit", "layout": {"kind": "json", "units": "", "spaces": True},
            "plaintext": [{"source": "unit.uuid", "format": "hex-lower", "name": "uuid"}],
        }
    )  # fmt: skip
    text = PayloadBuilder(spec, FACTS, KEY).build([unit(1, 16), unit(2, 16)])
    (item,) = [one for one in parse.split_fields(text, spec) if one.key == "BMD"]
    encryption = spec.encrypted[0].encryption
    assert encryption is not None
    opened = [
        encryption.open(OPENER, parse.value_bytes(value, "base64")).decode() for value in parse.ciphertexts(item, spec)
    ]
    assert opened == [json.dumps({"uuid": one.uuid.hex}) for one in (unit(1, 16), unit(2, 16))]


# The last bits of what is compressed mean nothing.
@given(field=encrypted_fields(packed=False), count=st.integers(1, 3), data=st.data())
@QUIET
def test_a_changed_plaintext_is_refused_or_another(field: dict[str, Any], count: int, data: st.DataObject) -> None:
    """No byte of a plaintext means nothing: a changed one is refused, or gives another value."""
    assume(field["layout"]["kind"] in ("binary", "text"))
    spec = spec_of(field)
    described = spec.encrypted[0]
    members = [unit(number, 16) for number in range(1, count + 1)]
    builder = PayloadBuilder(spec, FACTS, KEY)
    (item,) = [one for one in parse.split_fields(builder.build(members), spec) if one.key == "BMD"]
    assert described.encryption is not None
    texts = [
        described.encryption.open(OPENER, parse.value_bytes(one, described.format))
        for one in parse.ciphertexts(item, spec)
    ]
    units = 1 if described.each == "unit" else count
    before = read_plaintext(texts[0], described.plaintext, described.layout, units)
    changed = bytearray(texts[0])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        after = read_plaintext(bytes(changed), described.plaintext, described.layout, units)
    except ValueError:
        return
    free = any(value.source == "product.pid" for value in described.plaintext)
    assert after != before or free


@pytest.mark.parametrize(
    ("values", "layout", "words"),
    [
        ([{"source": "constant", "value": "00"}], {}, "something of a unit"),
        ([{"source": "unit.uuid", "format": "u8"}], {}, "can't be written as u8"),
        ([{"source": "unit.uuid"}], {"kind": "json"}, "name of its own"),
        ([{"source": "unit.uuid", "name": "a"}], {"kind": "json"}, "written as text, not raw"),
        ([{"source": "unit.uuid", "name": "a"}], {}, "names belong to"),
        ([{"source": "unit.uuid", "format": "base64"}], {"kind": "text", "separator": ";"}, "two different separators"),
        ([{"source": "unit.uuid", "format": "base64", "length": "u8"}], {"kind": "text"}, "belong to binary"),
        ([{"source": "check"}, {"source": "unit.uuid"}], {}, "says which"),
        ([{"source": "padding"}, {"source": "unit.uuid"}], {}, "octets or multiple"),
        ([{"source": "constant", "value": "0"}, {"source": "unit.uuid"}], {}, "non-hexadecimal|hex"),
        ([{"source": "unit.pin"}], {}, "number of bytes"),
        ([{"source": "encrypted"}], {}, "no encrypted value"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(values: list[dict[str, Any]], layout: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        spec_of(
            {
                "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64", "suite": SUITE,
                "plaintext": values, "layout": layout,
            }
        )  # fmt: skip


def test_two_fields_can_be_encrypted_and_one_of_each_unit() -> None:
    one = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64", "suite": SUITE,
        "plaintext": [{"source": "unit.oob"}], "each": "unit",
    }  # fmt: skip
    two = {
        **one,
        "key": "BME",
        "plaintext": [{"source": "unit.pin", "octets": 4}],
        "each": "package",
        "format": "hex-upper",
    }
    spec = spec_of(one, two)
    members = [unit(1, 32), unit(2, 32), unit(3, 32)]
    text = PayloadBuilder(spec, FACTS, KEY).build(members)
    fields = parse.split_fields(text, spec)
    assert [len(parse.ciphertexts(item, spec)) for item in fields[2:]] == [3, 1]
    for opened, member in zip(parse.open_credentials(fields, spec, OPENER, 3), members, strict=True):
        credentials(opened, ["unit.oob", "unit.pin"], member)
    assert spec.secret_columns == {"pin"}
    with pytest.raises(ValidationError, match="list_separator"):
        Spec.model_validate({**spec.model_dump(), "list_separator": "-", "field": [
            *spec.model_dump()["field"][:2], {**one, "format": "base64url"}]})  # fmt: skip


@pytest.mark.parametrize("each", ["package", "unit"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_string_that_lists_nothing_in_clear_is_judged_and_opened(count: int, each: str) -> None:
    """Only its plaintext, or the number of its ciphertexts, tells how many units it is of."""
    first = {"key": "ABV", "status": "published", "source": "constant", "value": "OB04"}
    counted = [{"source": "package.units", "format": "u8"}, {"source": "unit.uuid"}, {"source": "unit.oob"}]
    sealed = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64", "suite": SUITE, "each": each,
        "plaintext": counted,
    }  # fmt: skip
    spec = Spec.model_validate({"format": 1, "name": "test", "list_separator": ".", "field": [first, sealed]})
    members = [unit(number, 16) for number in range(1, count + 1)]
    text = PayloadBuilder(spec, FACTS, KEY).build(members)
    assert judge.judge_string(text, spec).problems == ()
    assert judge.judge_string(text[:-6] + "=;", spec).problems != ()
    opened = parse.open_package(parse.split_fields(text, spec), spec, OPENER)
    assert [one.key for one in opened] == [member.key for member in members]


def test_a_string_that_could_be_of_two_or_three_units_is_of_neither() -> None:
    first = {"key": "ABV", "status": "published", "source": "constant", "value": "OB04"}
    sealed = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64", "suite": SUITE,
        "plaintext": [{"source": "unit.uuid"}, {"source": "unit.oob"}],
    }  # fmt: skip
    spec = Spec.model_validate({"format": 1, "name": "test", "field": [first, sealed]})
    text = PayloadBuilder(spec, FACTS, KEY).build([unit(number, 16) for number in range(1, 4)])
    with pytest.raises(InputError, match="2 or 3"):
        parse.open_package(parse.split_fields(text, spec), spec, OPENER)


@pytest.mark.parametrize("kind", ["json", "cbor"])
@pytest.mark.parametrize(("is_said", "stands"), [(1, True), (1, 1.0), (True, 1), (0, False), ([1], [1, 1]), ({}, [])])
def test_a_member_of_another_type_is_another_constant(kind: str, is_said: object, stands: object) -> None:
    layout = Layout.model_validate({"kind": kind})
    own = PlaintextValue(source="unit.uuid", format="hex-lower", name="u")

    def written(value: object) -> tuple[bytes, tuple[PlaintextValue, ...]]:
        values = (PlaintextValue(source="constant", value=value, name="v"), own)
        return PlaintextWriter(values, layout, {own: lambda unit: b"ab" * 16}, FACTS).write([1]), values

    data, values = written(is_said)
    assert read_plaintext(data, values, layout, 1)
    with pytest.raises(ValueError, match="constant is another"):
        read_plaintext(written(stands)[0], values, layout, 1)


@pytest.mark.parametrize(
    "value",
    [
        {"value": float("nan")}, {"value": datetime.date(2026, 1, 1)}, {"value": [b"x"]}, {"value": {1: 2}},
        {"format": "json", "value": "nul"}, {"format": "json", "value": "NaN"}, {"format": "text", "value": 1},
        {"format": "json", "value": "[" * 100000},
    ],
)  # fmt: skip
def test_what_no_member_can_be_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlaintextValue.model_validate({"source": "constant", "name": "v", **value})


@pytest.mark.parametrize("kind", ["binary", "text"])
def test_a_constant_that_is_no_text_needs_members(kind: str) -> None:
    values = (PlaintextValue(source="unit.uuid", format="hex-lower"), PlaintextValue(source="constant", value=1))
    with pytest.raises(ValueError, match="belongs to json and cbor"):
        check_plaintext(values, Layout(kind=kind))  # type: ignore[arg-type]
