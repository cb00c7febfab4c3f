"""A test key of another kind than the key in the string is told at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.tally import Stage
from tests.unit.payload.fitting.cases import Made, encrypted_spec, key_pair, sample

PLAINTEXT = [{"source": "unit.uuid"}, {"source": "unit.oob"}]
A_FEW = 1000
"""Combinations: no search."""


def scheme(curve: str, point: str) -> dict[str, Any]:
    return {
        "kind": "ecies", "curve": curve, "point": point, "kdf": {"name": "x963", "hash": "sha256"},
        "cipher": "aes-128-gcm", "iv": "zero", "derive": ["key"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("curve", "point", "given"),
    [
        ("P-256", "uncompressed", "P-384"), ("P-256", "raw-xy", "X25519"), ("P-384", "spki", "P-256"),
        ("X25519", "spki", "P-521"), ("P-521", "uncompressed", "RSA"),
    ],
)  # fmt: skip
def test_a_test_key_on_another_curve_is_told_without_a_search(curve: str, point: str, given: str) -> None:
    known = sample(encrypted_spec(PLAINTEXT, scheme(curve, point)), Made(key=curve))
    report = fit(FitRequest((replace(known, key=key_pair(given)[0]),)))
    (nearest,) = report.nearest
    assert nearest.stage is Stage.OTHER_KEY
    assert nearest.detail == f"the string holds a key on {curve} ({point}, in front), and the test key is {given}"
    assert report.tried < A_FEW


def test_a_jwe_says_its_curve() -> None:
    spec = encrypted_spec(PLAINTEXT, {"kind": "jwe", "alg": "ECDH-ES", "enc": "A128GCM"}, format="text")
    report = fit(FitRequest((replace(sample(spec, Made()), key=key_pair("P-384")[0]),)))
    (nearest,) = report.nearest
    assert nearest.detail == "the string holds a key on P-256 (in its header), and the test key is P-384"


def test_of_several_samples_that_with_the_other_key_is_named() -> None:
    spec = encrypted_spec(PLAINTEXT, scheme("P-256", "uncompressed"))
    right = sample(spec, Made())
    wrong = replace(sample(spec, Made(2)), name="pair.toml", key=key_pair("P-384")[0])
    report = fit(FitRequest((right, wrong)))
    assert report.nearest[0].detail.endswith("and the test key of pair.toml is P-384")
    assert report.tried < A_FEW
