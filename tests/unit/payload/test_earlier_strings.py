"""What an earlier version issued stays as it is: its specs keep their digests, its strings open, and those that can be
made anew come out byte for byte. `earlier/make.py` made them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.payload import parse
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.confirmation import content_digest
from bss_mfg.payload.judge import judge_string
from bss_mfg.payload.product_keys import load_private_key, load_public_key
from bss_mfg.payload.spec import packaged_spec, spec_from_text
from tests.unit.payload.earlier.make import EPHEMERAL, FACTS, units

MADE: dict[str, Any] = json.loads((Path(__file__).parent / "earlier" / "strings.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(MADE["digests"]))
def test_a_spec_says_the_same_as_then(name: str) -> None:
    then = spec_from_text(MADE["texts"][name], name)
    assert content_digest(then) == MADE["digests"][name]
    assert packaged_spec(name).spec == then.spec


@pytest.mark.parametrize("case", MADE["strings"], ids=lambda case: f"{case['suite']} of {case['units']}")
def test_a_string_is_read_and_made_as_then(case: dict[str, Any]) -> None:
    private, public = (half.encode() for half in MADE["keys"][case["key"]])
    spec, key = spec_from_text(case["spec"], "then").spec, load_public_key(public, "key")
    members = units(case["units"], case["oob"])
    assert judge_string(case["string"], spec).problems == ()
    fields = parse.split_fields(case["string"], spec)
    assert parse.unit_count(fields, spec) == case["units"]
    opened = parse.open_credentials(fields, spec, load_private_key(private, "key"), case["units"])
    for unit, found in zip(members, opened, strict=True):
        assert found.key in (None, unit.key)
        assert found.uuid in (None, unit.uuid)
        assert (found.key or found.extra) and (found.uuid or found.mac)
    fixed = ec.derive_private_key(EPHEMERAL, ec.SECP256R1())
    with patch.object(ec, "generate_private_key", lambda curve: fixed):
        again = PayloadBuilder(spec, FACTS, key).build(members)
    assert len(again) == len(case["string"])
    if case["suite"].startswith("ecies"):
        assert again == case["string"]
