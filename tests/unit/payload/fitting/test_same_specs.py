"""Explanations that can't differ are one; those that can are told apart by the sample that is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.report import Vary
from bss_mfg.payload.fitting.same_specs import distinct
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

UUID: dict[str, Any] = {"source": "unit.uuid"}
OOB: dict[str, Any] = {"source": "unit.oob"}
MAC: dict[str, Any] = {"source": "unit.mac"}
HEAD: dict[str, Any] = {"source": "constant", "format": "raw", "value": "0105"}
GCM: dict[str, Any] = {"kind": "ecies", "kdf": {"name": "x963", "hash": "sha256"}, "cipher": "aes-128-gcm"}
"""Adds 81 bytes: of a plaintext that 3 divides base64 has no padding."""
CODE: dict[str, Any] = {"source": "unit.code", "octets": 8}


@pytest.mark.parametrize("code", [8, 11])
def test_base64_that_is_never_padded_is_one_explanation(code: int) -> None:
    values = [UUID, {**CODE, "octets": code}]
    specs = [encrypted_spec(values, GCM, format=name, each="unit") for name in ("base64", "base64-unpadded")]
    assert distinct(specs) == specs[:1]


def test_formats_that_some_value_tells_apart_are_two() -> None:
    for values, each in (([UUID, OOB], "unit"), ([UUID, {**CODE, "octets": 7}], "package"), ([UUID], "unit")):
        specs = [encrypted_spec(values, GCM, format=name, each=each) for name in ("base64", "base64-unpadded")]
        assert distinct(specs) == specs, (values, each)
    specs = [encrypted_spec([UUID, CODE], GCM, format=name) for name in ("base64", "base64url")]
    assert distinct(specs) == specs
    specs = [encrypted_spec([UUID, {**CODE, "format": name}], GCM) for name in ("hex-upper", "hex-lower")]
    assert distinct(specs) == specs


def test_a_column_that_is_only_checked_otherwise_is_one_explanation() -> None:
    specs = [encrypted_spec([UUID, {**CODE, "format": name}], GCM) for name in ("text", "alphanumeric")]
    assert distinct(specs) == specs[:1]


@pytest.mark.parametrize("units", [1, 2])
def test_counts_and_orders_are_one_where_each_ciphertext_is_of_one_unit(units: int) -> None:
    spec = encrypted_spec([MAC, UUID, HEAD], GCM, each="unit")
    made = Made(units, mac=True, gives=("uuid", "mac"))
    report = fit(FitRequest((sample(spec, made), sample(spec, replace(made, units=2)))))
    assert report.explanations == 1


def test_padding_that_does_not_show_is_asked_for() -> None:
    spec = encrypted_spec([MAC, HEAD, UUID, OOB], GCM, format="base64-unpadded")
    hidden = sample(spec, Made(2, 16, mac=True, gives=("uuid", "oob", "mac")))  # a plaintext of 78 bytes
    report = fit(FitRequest((hidden,)))
    assert sorted({one.encrypted[0].format for one in report.specs}, key=str) == ["base64", "base64-unpadded"]
    assert Vary.PADDING in [question.vary for question in report.questions]
    shown = sample(spec, Made(2, 32, mac=True, gives=("uuid", "oob", "mac")))
    report = fit(FitRequest((hidden, shown)))
    assert [one.encrypted[0].format for one in report.specs] == ["base64-unpadded"]
    assert not report.questions


def test_a_string_that_was_cut_off_is_not_explained_without_a_word() -> None:
    known = sample(encrypted_spec([UUID, OOB], GCM), Made(2))
    report = fit(FitRequest((replace(known, string=known.string[:-9] + ";"),)))
    assert all("tag has 12 bytes of 16" in " ".join(report.notes) for _ in report.specs)
    whole = fit(FitRequest((known,)))
    assert whole.specs
    assert not whole.notes
