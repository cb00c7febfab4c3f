"""The layouts of docs/formats/layouts.md: each example makes the bytes that stand below it, and is read back."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import get_args

import pytest

from bss_mfg.core.toml_files import parse_toml
from bss_mfg.model import Secret, Unit
from bss_mfg.payload import parse
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.layouts.descriptions import CheckName, IntegerFormat, Layout, PlaintextValue
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec import Spec

PAGE = Path(__file__).parents[3] / "docs/formats/layouts.md"
TEXT = PAGE.read_text("utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```\n\n```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
FACTS = {"pid": "ebK3"}
PRIVATE, PUBLIC = new_development_key("p256")
OPENER, KEY = load_private_key(PRIVATE, "test"), load_public_key(PUBLIC, "test")


def units() -> list[Unit]:
    """The units as the page's table has them."""
    rows = {name: cells for name, *cells in re.findall(r"^\| ([\w ]+) \| `(.+?)` \| `(.+?)` \|$", TEXT, re.MULTILINE)}
    columns = zip(rows["serial"], rows["Device UUID"], rows["OOB key"], rows["MAC"], strict=True)
    return [
        Unit(number, serial, uuid.UUID(hex=identity), mac, Secret(bytes.fromhex(oob)))
        for number, (serial, identity, oob, mac) in enumerate(columns, 1)
    ]


def spec_of(example: str) -> Spec:
    field = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64",
        "suite": "ecies-p256-x963sha256-aes128gcm", **parse_toml(example, "example").data,
    }  # fmt: skip
    first = {"key": "ABV", "status": "published", "source": "constant", "value": "OB04"}
    return Spec.model_validate({"format": 1, "name": "example", "list_separator": ".", "field": [first, field]})


def shown_bytes(shown: str, kind: str) -> bytes:
    if kind in ("text", "json"):
        return shown.rstrip("\n").encode()
    return bytes.fromhex("".join(line.partition("#")[0] for line in shown.splitlines()))


@pytest.mark.parametrize(("example", "shown"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_page_shows_the_bytes_that_are_made(example: str, shown: str) -> None:
    spec, members = spec_of(example), units()
    (field,) = spec.encrypted
    (item,) = [
        one for one in parse.split_fields(PayloadBuilder(spec, FACTS, KEY).build(members), spec) if one.field is field
    ]
    assert field.encryption is not None
    first = parse.value_bytes(parse.ciphertexts(item, spec)[0], field.format)
    assert field.encryption.open(OPENER, first) == shown_bytes(shown, field.layout.kind)


@pytest.mark.parametrize(("example", "shown"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_is_taken_apart_again(example: str, shown: str) -> None:
    spec, members = spec_of(example), units()
    fields = parse.split_fields(PayloadBuilder(spec, FACTS, KEY).build(members), spec)
    opened = parse.open_credentials(fields, spec, OPENER, len(members))
    assert [one.key for one in opened] == [member.key for member in members]


def test_every_kind_and_member_is_on_the_page() -> None:
    assert {spec_of(example).encrypted[0].layout.kind for example, _ in EXAMPLES} == {"binary", "text", "json", "cbor"}
    named = {*PlaintextValue.model_fields, *Layout.model_fields, *get_args(CheckName), *get_args(IntegerFormat)}
    assert {name for name in named if f"`{name}`" not in TEXT} == set()
