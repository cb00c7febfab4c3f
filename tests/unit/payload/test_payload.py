"""Barcode strings: built by a spec, taken apart again, and refused where they would break."""

from __future__ import annotations

import datetime
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.credentials import format_serial, new_oob_key, new_uuid
from bss_mfg.errors import InputError
from bss_mfg.label.layout.symbol_size import symbol_size
from bss_mfg.model import Secret, Unit
from bss_mfg.payload import parse
from bss_mfg.payload.build import PayloadBuilder, check_value, longest_example
from bss_mfg.payload.confirmation import NewConfirmation, require_confirmed, with_confirmation
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec, spec_from_text
from bss_mfg.symbol import data_matrix

PRIVATE, PUBLIC = new_development_key("p256")
KEY = load_public_key(PUBLIC, "test")
FACTS = {"pid": "ebK3", "upc": "841667145075", "ean": ""}
SPEC = packaged_spec("amazon-bss-ob04")


def units(count: int, oob: int = 16) -> list[Unit]:
    return [Unit(n, f"S{n}", new_uuid(), "C47C8D6A1025", new_oob_key(oob)) for n in range(1, count + 1)]


def test_the_published_fields_stand_first_and_in_order() -> None:
    text = PayloadBuilder(SPEC.spec, FACTS, KEY).build(units(1))
    assert text.startswith("ABV:OB04;UPC:841667145075;PID:ebK3;")
    assert text.endswith(";")
    ean = PayloadBuilder(SPEC.spec, {"pid": "ebK3", "ean": "4006381333931"}, KEY).build(units(1))
    assert ean.startswith("ABV:OB04;EAN:4006381333931;PID:ebK3;")
    bare = PayloadBuilder(SPEC.spec, {"pid": "ebK3"}, KEY).build(units(1))
    assert bare.startswith("ABV:OB04;PID:ebK3;")


@given(
    st.lists(st.tuples(st.uuids(), st.binary(min_size=32, max_size=32)), min_size=1, max_size=6, unique=True),
    st.sampled_from(["base64", "base64url", "base32", "hex-upper", "hex-lower"]),
)
@settings(max_examples=40, deadline=None)
def test_a_string_opens_to_what_it_was_built_from(members: list[tuple[uuid.UUID, bytes]], kind: str) -> None:
    spec = spec_from_text(SPEC.text.replace('format = "base64"', f'format = "{kind}"'), "test").spec
    made = [Unit(n, f"S{n}", value, None, Secret(key)) for n, (value, key) in enumerate(members, 1)]
    fields = parse.split_fields(PayloadBuilder(spec, FACTS, KEY).build(made), spec)
    assert parse.find_faults(fields, spec) == []
    assert list(parse.device_uuids(fields, spec)) == [value for value, _ in members]
    opened = parse.open_credentials(fields, spec, load_private_key(PRIVATE, "test"), len(members))
    assert [(unit.uuid, unit.key) for unit in opened] == [(value, Secret(key)) for value, key in members]


@given(st.integers(1, 6), st.sampled_from([16, 32]))
@settings(max_examples=25, deadline=None)
def test_no_string_needs_a_larger_symbol_than_the_planned_one(count: int, oob: int) -> None:
    planned = longest_example(SPEC.spec, FACTS, 256, count, oob)
    real = PayloadBuilder(SPEC.spec, FACTS, KEY).build(units(count, oob))
    assert len(real) == len(planned)
    assert data_matrix(real.encode()).size <= symbol_size(SPEC.spec, FACTS, 256, count, oob)


@pytest.mark.parametrize(("count", "oob"), [(1, 16), (1, 32), (2, 16), (2, 32)])
def test_the_planned_size_holds_for_three_thousand_strings(count: int, oob: int) -> None:
    planned = symbol_size(SPEC.spec, FACTS, 256, count, oob)
    build = PayloadBuilder(SPEC.spec, FACTS, KEY).build
    assert max(data_matrix(build(units(count, oob)).encode()).size for _ in range(3000)) <= planned


@pytest.mark.parametrize("value", ["a;b", "a:b", "a\\b", "a b", "a\nb", "\u00e4", "", "\x1d", "a\0"])
def test_a_value_that_would_break_the_string_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="would break"):
        check_value(value, "KEY")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('value = "2"', 'value = "2;3"', "only letters"),
        ('source = "unit.uuid"\nformat = "hex-upper"', 'source = "unit.oob"\nformat = "hex-upper"', "secret"),
        ("ecies-p256-x963sha256-aes128gcm", "rot13", "unknown suite"),
        ('status = "assumed"', 'status = "maybe"', "published"),
        ('key = "BMO"', 'key = "BMU"', "same key"),
        ('format = "hex-upper"', 'format = "alphanumeric"', "can't be written as alphanumeric"),
        ('terminator = ";"', 'terminator = "\\n"', "pattern"),
        ("format = 1", "format = 2", "1"),
        ('source = "constant"\nvalue = "2"', 'source = "constant"', "a constant has a value"),
    ],
)
def test_a_broken_spec_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert old in SPEC.text
    with pytest.raises(InputError, match=said) as caught:
        spec_from_text(SPEC.text.replace(old, new, 1), "mine.toml")
    assert caught.value.where.startswith("mine.toml")


def test_production_wants_a_confirmed_spec() -> None:
    with pytest.raises(InputError, match="BMU, BMO, BMD"):
        require_confirmed(SPEC)
    today = NewConfirmation("QA", datetime.date(2026, 5, 1), "Guide 1.2")
    signed = with_confirmation(SPEC, today)
    require_confirmed(spec_from_text(signed, "mine.toml"))
    with pytest.raises(InputError, match="changed after QA confirmed it"):
        require_confirmed(spec_from_text(signed.replace('value = "2"', 'value = "3"'), "mine.toml"))
    by_hand = "".join(line for line in signed.splitlines(keepends=True) if not line.startswith("digest"))
    with pytest.raises(InputError, match="nothing says what it was like"):
        require_confirmed(spec_from_text(by_hand, "mine.toml"))
    assert with_confirmation(spec_from_text(signed, "mine.toml"), today) == signed


def test_keys_of_the_wrong_kind_are_refused_by_the_suite() -> None:
    rsa = load_public_key(new_development_key("rsa")[1], "rsa.pem")
    with pytest.raises(InputError, match="needs a P-256 key"):
        PayloadBuilder(SPEC.spec, FACTS, rsa)


@pytest.mark.parametrize("text", ["", "ABV", "ABV:OB04;PID", "ABV:OB04;;PID:ebK3"])
def test_cut_strings_have_no_shape(text: str) -> None:
    with pytest.raises(InputError, match="has no ':'"):
        parse.split_fields(text, SPEC.spec)


def test_findings_name_what_is_wrong() -> None:
    text = PayloadBuilder(SPEC.spec, FACTS, KEY).build(units(1))
    cases = {
        text.replace("PID:ebK3;", ""): "field PID is missing",
        text.replace("PID:ebK3;", "PID:ebK3;PID:ebK3;"): "field PID appears 2 times",
        text.replace("OB04", "OB05"): "should be 'OB04'",
        text.replace("PID:", "PIX:"): "not in the spec",
        "PID:ebK3;" + text.replace("PID:ebK3;", ""): "another order",
    }
    for changed, said in cases.items():
        assert said in "; ".join(parse.find_faults(parse.split_fields(changed, SPEC.spec), SPEC.spec))


def test_serials_count_up_and_refuse_to_overflow() -> None:
    assert format_serial("{pid}-{n:04}", "ebK3", 7) == "ebK3-0007"
    with pytest.raises(InputError, match="room for 4 digits"):
        format_serial("{pid}-{n:04}", "ebK3", 10000)
