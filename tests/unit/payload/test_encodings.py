"""How bytes are written: every format and chain is read back, and nothing else is read."""

from __future__ import annotations

import base64
import uuid
import zlib
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bss_mfg.errors import InputError
from bss_mfg.model import Secret, Unit
from bss_mfg.payload import judge, parse
from bss_mfg.payload.build import PayloadBuilder, sizing_examples
from bss_mfg.payload.encodings import COMPRESSIONS, OF_BYTES
from bss_mfg.payload.formats import FORMATS, STEPS, format_of
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.sources import SAFE_VALUE, FormatName, Step
from bss_mfg.payload.spec import Spec

FACTS = {"pid": "ebK3"}
PAIRS = {kind: new_development_key(kind) for kind in ("p256", "rsa")}
chains = st.lists(st.sampled_from([*OF_BYTES, *COMPRESSIONS]), min_size=1, max_size=4).map(tuple)
quick = settings(deadline=None, max_examples=200)


@given(chain=chains, data=st.binary(max_size=300))
@quick
def test_what_is_written_is_read_and_no_longer_than_said(chain: tuple[str, ...], data: bytes) -> None:
    made = format_of(chain)
    text = made.encoding.encode(data)
    assert made.encoding.decode(text) == data
    assert len(text) <= made.size(len(data))
    assert len(text) == made.size(len(data)) or not made.is_fixed
    assert not made.is_text or made.alphabet.issuperset(text.decode("ascii"))


@given(name=st.sampled_from([*OF_BYTES]), text=st.text(st.characters(max_codepoint=127), max_size=40))
@quick
def test_a_text_is_read_only_as_it_is_written(name: str, text: str) -> None:
    try:
        found = FORMATS[name].read_strict(text)
    except ValueError:
        return
    assert FORMATS[name].write(found) == text


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("base45", b"AB", "BB8"), ("base45", b"Hello!!", "%69 VD92EX0"),  # RFC 9285, 4.3
        ("base45", b"base-45", "UJCLQE7W581"), ("base45", b"ietf!", "QED8WEX0"),
        ("decimal", b"\0\x01", "00001"), ("decimal", b"\xff", "255"), ("decimal", b"\0", "000"), ("decimal", b"", ""),
        ("decimal", b"\xff" * 16, str(2**128 - 1)), ("base64-unpadded", b"f", "Zg"),
        ("base32-padded", b"f", "MY======"),
        ("base64url-unpadded", b"\xff\xef", "_-8"), ("hex-upper-colons", b"\x0a\xbc", "0A:BC"),
        ("hex-lower-dashes", b"\x0a\xbc", "0a-bc"),
        ("uuid-upper", uuid.UUID(int=0xABC).bytes, "00000000-0000-0000-0000-000000000ABC"),
    ],
)  # fmt: skip
def test_texts_are_those_of_the_standards(name: str, data: bytes, text: str) -> None:
    assert FORMATS[name].write(data) == text
    assert FORMATS[name].read_strict(text) == data


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("base45", "GGW"), ("base45", ":::"), ("base45", "A"), ("base45", "bb8"),  # RFC 9285, 6
        ("decimal", "256"), ("decimal", "0001"), ("decimal", "+12"), ("decimal", "٠٠١"), ("base64", "Zg"),
        ("base64-unpadded", "Zg=="), ("base64-unpadded", "Zh"), ("base32", "MY======"), ("base32-padded", "MY"),
        ("hex-upper-colons", "0ABC"), ("hex-upper-colons", "0a:bc"), ("uuid-lower", "0" * 32),
        ("uuid-lower", "{00000000-0000-0000-0000-000000000abc}"),
    ],
)  # fmt: skip
def test_other_spellings_are_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"missing|codec"):
        FORMATS[name].read_strict(text)


def test_each_number_of_bytes_has_a_width_of_its_own() -> None:
    widths = [len(FORMATS["decimal"].write(b"\xff" * count)) for count in range(1500)]
    assert widths == [FORMATS["decimal"].size(count) for count in range(1500)]
    assert len(set(widths)) == len(widths)


def test_compressed_data_ends_where_it_ends() -> None:
    """Written by whomever, in whichever way; but all of it, nothing behind it, and no bomb."""
    by_others = base64.b64encode(zlib.compress(b"credentials", 1)).decode()
    assert format_of(("zlib", "base64")).read_strict(by_others) == b"credentials"
    whole = format_of(("deflate",)).encoding.encode(b"credentials" * 9)
    bomb = format_of(("deflate",)).encoding.encode(bytes(1_000_000))
    for data in (whole[:-1], whole + b"\0", b"", bomb, b"\xff" + whole):
        with pytest.raises(ValueError, match="decompress"):
            format_of(("deflate",)).encoding.decode(data)


def test_every_named_format_and_step_is_there() -> None:
    assert set(get_args(FormatName)) == {*FORMATS, "raw"}
    assert set(get_args(Step)) == {*STEPS, "text"}


def field(**content: Any) -> dict[str, Any]:
    made = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64",
        "suite": "ecies-p256-x963sha256-aes128gcm", "plaintext": [{"source": "unit.uuid"}, {"source": "unit.oob"}],
    }  # fmt: skip
    return {**made, **content}


def spec_of(*fields: dict[str, Any], **content: Any) -> Spec:
    first = {"key": "ABV", "status": "published", "source": "constant", "value": "OB04"}
    return Spec.model_validate({"format": 1, "name": "test", "field": [first, *fields], **content})


CLEAR = {"key": "BMU", "status": "assumed"}
UUIDS = {**CLEAR, "source": "unit.uuid"}


@pytest.mark.parametrize(
    ("fields", "content", "words"),
    [
        ([field(format="base45")], {}, "base45 of BMD can hold the key_separator ':'"),
        ([field(format="base45")], {"key_separator": "=", "terminator": ""}, "can end in a blank"),
        ([field(format="hex-upper-colons")], {}, "can hold the key_separator"),
        ([field(format=["base64", "deflate"])], {}, "has to end in text"),
        ([field(format=["text", "base64"])], {}, "can't be written as text, then base64"),
        ([field(format=["deflate", "base64url"], each="unit")], {}, "can hold the list_separator '_'"),
        ([field(format="text")], {}, "only a jwe is a text"),
        ([{**UUIDS, "format": "base45"}], {}, r"base45 writes ' ', '\$', '%', '\*', ':'"),
        ([{**UUIDS, "format": ["deflate", "base64"]}], {}, "of a fixed length"),
        ([{**UUIDS, "format": "uuid-lower"}], {"list_separator": "-"}, "can hold the list_separator '-'"),
        ([{**CLEAR, "source": "unit.mac", "format": "hex-upper-dashes"}], {}, "in clear"),
        ([{**CLEAR, "source": "unit.serial", "format": ["text", "base64"]}], {}, "in clear"),
        ([{**CLEAR, "source": "product.pid", "format": ["text", "base64"]}], {}, "can't be written"),
        ([field(plaintext=[{"source": "unit.uuid", "format": ["base64", "text"]}])], {}, "text stands first"),
        ([field(plaintext=[{"source": "unit.serial", "format": ["base64"]}])], {}, "can't be written as base64"),
        ([field(plaintext=[{"source": "unit.uuid", "format": "uuid-lower"}],
                layout={"kind": "text", "separator": "-"})], {}, "can hold the separator '-'"),
        ([field(plaintext=[{"source": "unit.uuid", "format": ["deflate"]}], layout={"kind": "text"})], {}, "not raw"),
    ],
)  # fmt: skip
def test_what_breaks_a_string_is_refused_by_name(
    fields: list[dict[str, Any]], content: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        spec_of(*fields, **content)


JWE = {"scheme": {"kind": "jwe", "alg": "ECDH-ES", "enc": "A128GCM"}, "suite": None, "format": "text"}
WHOLE: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    ([field(format="base45")], {"key_separator": "="}),
    ([field(format=["zlib", "base45"], each="unit")], {"key_separator": "="}),
    ([field(format="decimal")], {}),
    ([{**UUIDS, "format": "uuid-upper"}, field(format="base64url-unpadded")], {}),
    ([{**UUIDS, "format": ["hex-lower", "base64-unpadded"]}, field(format="base32-padded")], {}),
    ([field(layout={"kind": "json", "encode": ["deflate"]}, plaintext=[
        {"source": "unit.uuid", "format": "uuid-lower", "name": "u"},
        {"source": "unit.mac", "format": "hex-lower-colons", "name": "m"},
        {"source": "unit.serial", "format": ["text", "base64url-unpadded"], "name": "s"},
        {"source": "unit.oob", "format": ["zlib", "base64"], "name": "o"},
    ])], {}),
    ([field(**JWE)], {}),
    ([field(**JWE, each="unit")], {"list_separator": "+"}),
    ([field(**{**JWE, "format": ["deflate", "base64url-unpadded"]}, each="unit")], {"list_separator": "."}),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "content"), WHOLE, ids=range(len(WHOLE)))
def test_a_string_is_built_and_taken_apart(fields: list[dict[str, Any]], content: dict[str, Any]) -> None:
    listed = [] if fields[0]["source"] == "unit.uuid" else [{**UUIDS, "format": "hex-upper"}]
    spec = spec_of(*listed, *fields, **content)
    key = load_public_key(PAIRS["p256"][1], "test")
    builder = PayloadBuilder(spec, FACTS, key)
    units = [
        Unit(number, f"S{number}", uuid.uuid4(), f"02:00:00:00:00:{number:02X}", Secret(bytes([number]) * 16))
        for number in (1, 2)
    ]
    longest = max(map(len, sizing_examples(spec, FACTS, key.bits, 2, 16)))
    for _ in range(20):
        text = builder.build(units)
        assert len(text) <= longest
        assert judge.judge_string(text, spec).problems == ()
        parsed = parse.split_fields(text, spec)
        opened = parse.open_credentials(parsed, spec, load_private_key(PAIRS["p256"][0], "test"), 2)
        assert [one.key for one in opened] == [one.key for one in units]
        assert {one.uuid for one in opened} == {one.uuid for one in units}
    assert Spec.model_validate_json(spec.model_dump_json()) == spec


def test_a_broken_character_of_a_chain_is_named_by_its_field() -> None:
    spec = spec_of(field(format=["deflate", "base64"]))
    text = PayloadBuilder(spec, FACTS, load_public_key(PAIRS["p256"][1], "test")).build(
        [Unit(1, "S1", uuid.uuid4(), None, Secret(bytes(16)))]
    )
    said = judge.judge_string(text.replace("BMD:", "BMD:!"), spec)
    assert said.problems == ("the value of BMD is not deflate, then base64: a character is wrong or missing",)
    assert "is not hex-upper" not in str(said)
    with pytest.raises(InputError, match="deflate, then base64"):
        parse.value_bytes("AAAA", ("deflate", "base64"))


def test_values_in_clear_keep_to_the_safe_characters() -> None:
    safe = {name for name, one in FORMATS.items() if all(SAFE_VALUE.fullmatch(letter) for letter in one.alphabet)}
    assert {*FORMATS} - safe == {"base45", "hex-upper-colons", "hex-lower-colons", "text"}
