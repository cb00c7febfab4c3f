"""A scheme on the sheet is told in words: the field's terms, and never how this program keeps it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bss_mfg.report.spec_words import scheme_facts
from tests.unit.payload.test_malformed import EVERY
from tests.unit.payload.test_schemes import SCHEMES

_OF_PYTHON = re.compile(r"[{}\[\]\\]|None|True|False|', '|': |\('")
"""What stands in the `repr` of a Python object, and in no words."""
FURTHER: dict[str, dict[str, Any]] = {
    "jwe members": {
        "kind": "jwe", "alg": "ECDH-ES", "enc": "A128GCM", "apu": ["text:Alice"], "apv": ["hex:00ff"],
        "header": {"kid": "1"},
    },
    "cms ecdh": {
        "kind": "cms", "recipient": {"kind": "ecdh", "curve": "P-384", "hash": "sha384", "wrap": "aes-256-wrap",
        "sender_curve": "named", "ukm": "0102"}, "cipher": "aes-256-cbc", "content_info": False,
    },
    "cms issuer": {
        "kind": "cms", "recipient": {"kind": "rsa-pkcs1"}, "cipher": "aes-128-cbc", "identifier": "issuer-serial",
        "issuer": "300d", "serial": 7,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", [*EVERY, *FURTHER])
def test_a_scheme_is_told_in_words(name: str) -> None:
    facts = dict(scheme_facts(SCHEMES.validate_python({**EVERY, **FURTHER}[name])))
    for what, words in facts.items():
        assert words, what
        assert not _OF_PYTHON.search(f"{what} {words}"), (what, words)


def test_the_recipient_of_a_cms_message_is_told_whole() -> None:
    facts = dict(scheme_facts(SCHEMES.validate_python(FURTHER["cms ecdh"])))
    said = " ".join(facts.values())
    for term in ("ECDH", "P-384", "X9.63", "SHA-384", "AES-256-WRAP", "0102", "without a ContentInfo", "EnvelopedData"):
        assert term in said
    named = dict(scheme_facts(SCHEMES.validate_python(FURTHER["cms issuer"])))
    assert "300d" in named["Recipient named by"]
    assert "7" in named["Recipient named by"]
    members = dict(scheme_facts(SCHEMES.validate_python(FURTHER["jwe members"])))
    assert "kid: 1" in members.values()
    assert '"Alice"' in members.values()
