"""Strings are split at whichever separators they have."""

from __future__ import annotations

from itertools import product

import pytest

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import Known
from bss_mfg.payload.spec import Spec
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

PLAINTEXT = [{"source": "unit.uuid"}, {"source": "unit.oob"}]


def spec_with(**more: str) -> Spec:
    """A spec whose UUIDs are listed in clear."""
    content = encrypted_spec(PLAINTEXT).model_dump()
    listed = {"key": "UID", "status": "assumed", "source": "unit.uuid", "format": "hex-lower"}
    return Spec.model_validate({**content, **more, "field": [*content["field"], listed]})


def fitted(*samples: Known) -> Spec:
    report = fit(FitRequest(samples, rare=False))
    assert report.specs, report
    return report.specs[0]


@pytest.mark.parametrize(("key", "between", "last"), list(product(":=", ";|", ("", ";", "|"))))
def test_fields_are_split_at_every_separator_that_a_spec_has(key: str, between: str, last: str) -> None:
    spec = spec_with(key_separator=key, field_separator=between, terminator=last)
    found = fitted(sample(spec, Made(2)), sample(spec, Made(3, 32)))
    assert (found.key_separator, found.field_separator, found.terminator) == (key, between, last)


@pytest.mark.parametrize("separator", "_.-+/")
def test_units_are_split_at_every_separator_that_a_spec_has(separator: str) -> None:
    spec = spec_with(list_separator=separator)
    assert fitted(sample(spec, Made(2)), sample(spec, Made(3, 32))).list_separator == separator


@pytest.mark.parametrize("separator", "_.-+/")
def test_ciphertexts_of_units_are_split_so_too(separator: str) -> None:
    content = encrypted_spec(PLAINTEXT, each="unit").model_dump()
    spec = Spec.model_validate({**content, "list_separator": separator})
    found = fitted(sample(spec, Made(2)), sample(spec, Made(3, 32)))
    assert (found.list_separator, found.encrypted[0].each) == (separator, "unit")


def test_a_sign_in_the_base64_of_a_package_separates_no_units() -> None:
    spec = encrypted_spec(PLAINTEXT, format="base64")
    while (known := sample(spec, Made(2))).string.count("+") != 1:
        continue
    assert fitted(known).list_separator == "_"
