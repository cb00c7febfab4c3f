"""The made-up package of a spec: it has the shape, the sizes and the bytes of those that are issued."""

from __future__ import annotations

import base64
import json
from functools import partial
from typing import Any

import pytest
from asn1crypto import cms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss_mfg.errors import InputError
from bss_mfg.payload import judge, parse
from bss_mfg.payload.anatomy import MadeUpValues, explain, facts_of
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.layouts.writing import PlaintextWriter
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.payload.sealed_pieces import PieceKind
from bss_mfg.payload.spec import Spec
from tests.helpers.specs import SPECS, spec
from tests.unit.payload.test_layouts import encrypted_fields, spec_of
from tests.unit.payload.test_schemes import anything

KEYS = {kind: load_public_key(new_development_key(name)[1], "test") for kind, name in (
    ("P-256", "p256"), ("P-384", "p384"), ("P-521", "p521"), ("X25519", "x25519"), ("RSA", "rsa")
)}  # fmt: skip
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check_like_an_issued_one(spec: Spec, units: int, oob: int) -> None:
    """The same units issued for real: what is not encrypted is the same, what is has the same size and the same
    plaintext."""
    made = explain(spec, units, oob)
    kinds = {one.encryption.key_kind for one in spec.encrypted if one.encryption}
    assert len(kinds) <= 1
    issued = PayloadBuilder(spec, facts_of(spec), KEYS[kinds.pop()] if kinds else None).build(made.units)
    assert len(issued) == len(made.text)
    assert judge.judge_string(made.text, spec).problems == ()
    by_key = {item.key: item.value for item in parse.split_fields(issued, spec)}
    for one in made.fields:
        value = by_key[one.field.key]
        if not one.encrypted:
            assert value == one.text
            continue
        groups = [(member,) for member in made.units] if one.field.each == "unit" else [made.units]
        for cipher, group, text in zip(
            one.encrypted, groups, value.split("." if len(groups) > 1 else "\n"), strict=True
        ):
            assert len(cipher.text) == len(text)
            getters = {
                part: partial(MadeUpValues(oob).written, part) for part in one.field.plaintext if part.is_of_unit
            }
            wanted = PlaintextWriter(one.field.plaintext, one.field.layout, getters, facts_of(spec)).compose(group)
            assert b"".join(piece.data for piece in cipher.plaintext) == wanted
            assert all(
                piece.data for piece in (*cipher.plaintext, *cipher.sealed) if piece.kind != PieceKind.CIPHERTEXT
            )


@pytest.mark.parametrize("spec", SPECS, ids=lambda one: one.name)
@pytest.mark.parametrize(("units", "oob"), [(1, 16), (1, 32), (4, 32)])
def test_a_packaged_spec(spec: Spec, units: int, oob: int) -> None:
    if units > spec.max_units:
        with pytest.raises(InputError, match="at most"):
            explain(spec, units, oob)
        return
    check_like_an_issued_one(spec, units, oob)


@given(field=encrypted_fields(packed=False), units=st.integers(1, 4), oob=st.sampled_from([16, 32]))
@QUIET
def test_any_layout(field: dict[str, Any], units: int, oob: int) -> None:
    check_like_an_issued_one(spec_of(field), units, oob)


@given(scheme=anything)
@QUIET
def test_any_scheme(scheme: dict[str, Any]) -> None:
    field = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "base64", "scheme": scheme,
        "plaintext": [{"source": "unit.uuid"}, {"source": "unit.oob"}],
    }  # fmt: skip
    check_like_an_issued_one(spec_of(field), 2, 16)


def test_it_is_always_the_same() -> None:
    assert explain(spec("amazon-bss-ob04"), 2, 16) == explain(spec("amazon-bss-ob04"), 2, 16)


def test_the_parts_are_named_in_their_order() -> None:
    (field,) = [one for one in explain(spec("amazon-bss-ob04"), 2, 32).fields if one.encrypted]
    (value,) = field.encrypted
    assert [(one.kind, len(one.data)) for one in value.sealed] == [
        (PieceKind.POINT, 33), (PieceKind.CIPHERTEXT, 96), (PieceKind.TAG, 16)
    ]  # fmt: skip
    assert [(one.kind, one.unit, len(one.data)) for one in value.plaintext] == [
        (PieceKind.UUID, 1, 16), (PieceKind.OOB, 1, 32), (PieceKind.UUID, 2, 16), (PieceKind.OOB, 2, 32)
    ]  # fmt: skip


@pytest.mark.parametrize("alg", ["ECDH-ES", "ECDH-ES+A128KW", "RSA-OAEP-256"])
@pytest.mark.parametrize("enc", ["A128GCM", "A256CBC-HS512"])
def test_a_jwe_is_its_own_text(alg: str, enc: str) -> None:
    field = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "text",
        "scheme": {"kind": "jwe", "alg": alg, "enc": enc, "header": {"kid": "K1"}},
        "plaintext": [{"source": "unit.uuid"}, {"source": "unit.oob"}],
    }  # fmt: skip
    spec = spec_of(field)
    check_like_an_issued_one(spec, 2, 16)
    text = explain(spec, 2, 16).fields[-1].text
    header = text.partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["alg"] == alg
    assert text.count(".") == 4


@pytest.mark.parametrize(
    ("recipient", "content", "cipher", "kinds"),
    [
        ({"kind": "rsa-pkcs1"}, "enveloped", "aes-128-cbc", ("wrapped key", "IV", "ciphertext")),
        (
            {"kind": "ecdh", "curve": "P-256", "hash": "sha256", "wrap": "aes-128-wrap"}, "auth-enveloped",
            "aes-256-gcm", ("ephemeral key", "wrapped key", "IV", "ciphertext", "tag"),
        ),
    ],
)  # fmt: skip
def test_a_cms_message_is_divided_into_its_parts(
    recipient: dict[str, Any], content: str, cipher: str, kinds: tuple[str, ...]
) -> None:
    how = {"kind": "cms", "content": content, "recipient": recipient, "cipher": cipher, "identifier": "key-id"}
    field = {
        "key": "BMD", "status": "assumed", "source": "encrypted", "format": "hex-upper", "scheme": how,
        "plaintext": [{"source": "unit.uuid"}, {"source": "unit.oob"}],
    }  # fmt: skip
    spec = spec_of(field)
    check_like_an_issued_one(spec, 2, 16)
    (value,) = explain(spec, 2, 16).fields[-1].encrypted
    parts = {piece.kind.value: piece.data for piece in value.sealed if piece.kind is not PieceKind.FRAME}
    assert tuple(parts) == kinds
    whole = cms.ContentInfo.load(b"".join(piece.data for piece in value.sealed), strict=True)["content"]
    is_enveloped = content == "enveloped"
    sealed = whole["encrypted_content_info" if is_enveloped else "auth_encrypted_content_info"]
    assert sealed["encrypted_content"].native == parts["ciphertext"]
    assert parts["IV"] in sealed["content_encryption_algorithm"].dump()
    assert is_enveloped or whole["mac"].native == parts["tag"]
    assert parts["wrapped key"] in whole["recipient_infos"].dump()
