"""Values that went through several encodings are explained by the chain, in clear and in every kind of plaintext."""

from __future__ import annotations

from typing import Any

import pytest

from bss_mfg.payload.fitting.chains import read_chains, written_chains
from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import KnownUnit, needles
from bss_mfg.payload.formats import format_of
from bss_mfg.payload.spec import Spec
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

VALUE = bytes.fromhex("fbefbe70cf7c9732a345b691494810d2")
CHAINS = [
    ("hex-upper", "base64"), ("hex-lower", "base64-unpadded"), ("base64", "hex-lower"), ("base64url", "base64"),
    ("hex-upper", "base32"), ("hex-lower", "base64", "base32"), ("uuid-upper", "base64", "hex-upper"),
]  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_is_read_off_its_text(chain: tuple[str, ...]) -> None:
    text = format_of(chain).encoding.encode(VALUE)
    found = read_chains(text, "unit.uuid", lambda _: VALUE)
    assert chain in found
    assert len(found) == 1
    assert all(format_of(one).encoding.encode(VALUE) == text for one in found)
    assert (chain, text) in set(written_chains("unit.uuid", lambda _: VALUE, len(chain)))


def test_what_is_no_chain_has_none() -> None:
    assert read_chains(VALUE.hex().encode(), "unit.uuid", lambda _: VALUE) == []
    assert read_chains(b"ABCDEFGHIJKLMNOPQRSTUVWX", "unit.uuid", lambda _: VALUE) == []


def test_a_serial_is_ascii_and_then_encoded() -> None:
    text = format_of(("text", "hex-lower", "base64")).encoding.encode(b"LM27001")
    found = KnownUnit({"unit.serial": b"LM27001"}).chains("unit.serial", text)
    assert [format_of(one).encoding.encode(b"LM27001") for one in found] == [text]
    assert found[0][0] == "text"


def test_a_padding_that_only_another_length_shows_is_left_open() -> None:
    text = format_of(("text", "base64")).encoding.encode(b"LM2700LM2700")
    found = KnownUnit({"unit.serial": b"LM2700LM2700"}).chains("unit.serial", text)
    assert set(found) == {("text", "base64"), ("text", "base64-unpadded")}


def test_a_value_in_a_chain_is_found_among_other_bytes() -> None:
    inside = needles([KnownUnit({"unit.uuid": VALUE})])
    text = format_of(("hex-lower", "base64")).encoding.encode(VALUE)
    assert inside.place_in(b"\0\1" + text + b"\2") == 2
    assert inside.stand_in(b"\0\1" + text + b"\2")
    assert inside.place_in(b"\0\1" + text[:-8] + b"\2") is None
    assert not inside.stand_in(b"\0\1" + text[:-8] + b"\2")


@pytest.mark.parametrize("kind", ["binary", "text", "json", "cbor"])
@pytest.mark.parametrize("chain", CHAINS[:2] + CHAINS[-2:-1])
def test_a_chain_in_a_plaintext_is_explained(kind: str, chain: tuple[str, ...]) -> None:
    name = {"name": "k"} if kind in ("json", "cbor") else {}
    values: list[dict[str, Any]] = [
        {"source": "unit.uuid", "format": list(chain), **name}, {"source": "unit.oob", "format": "hex-lower"},
    ]  # fmt: skip
    if name:
        values[1]["name"] = "o"
    spec = encrypted_spec(values, layout={"kind": kind})
    samples = tuple(sample(spec, made) for made in (Made(2), Made(3, 32)))
    report = fit(FitRequest(samples, rare=False))
    assert spec.encrypted[0].plaintext in [one.encrypted[0].plaintext for one in report.specs], report
    assert report.explanations == 1


@pytest.mark.parametrize("chain", CHAINS[:2] + CHAINS[-2:-1])
def test_a_chain_in_clear_is_explained(chain: tuple[str, ...]) -> None:
    content = encrypted_spec([{"source": "unit.uuid"}, {"source": "unit.oob"}]).model_dump()
    clear = {"key": "DID", "status": "assumed", "source": "unit.uuid", "format": list(chain)}
    spec = Spec.model_validate({**content, "field": [*content["field"], clear]})
    report = fit(FitRequest((sample(spec, Made(2)), sample(spec, Made(3, 32))), rare=False))
    assert [one.field[-1].format for one in report.specs] == [chain]


def test_a_chain_is_found_where_no_mac_says_that_it_was_opened() -> None:
    scheme = {"kind": "ecies", "kdf": {"name": "x963", "hash": "sha256"}, "derive": ["key"], "cipher": "aes-128-ctr",
              "iv": "zero"}  # fmt: skip
    values = [{"source": one, "format": ["hex-upper", "base64"]} for one in ("unit.uuid", "unit.oob")]
    spec = encrypted_spec(values, scheme)
    report = fit(FitRequest((sample(spec, Made(2)),), rare=False))
    assert spec.encrypted[0].plaintext in [one.encrypted[0].plaintext for one in report.specs], report
