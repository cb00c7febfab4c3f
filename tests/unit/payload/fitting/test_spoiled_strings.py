"""A string that was cut off, or has a blank in it, is told as that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import Known
from bss_mfg.payload.fitting.report import FitReport
from bss_mfg.payload.spec import Spec
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

PLAINTEXT = [{"source": "unit.uuid"}, {"source": "unit.oob"}]


def sealed(known: Known) -> str:
    return known.string.removesuffix(";").rpartition(":")[2]


def with_value(known: Known, value: str) -> Known:
    return replace(known, string=known.string.replace(sealed(known), value))


def told(report: FitReport, key: str = "DAT") -> str:
    assert not report.specs
    return next(miss.detail for miss in report.nearest if miss.key == key)


def made(format: str, *more: Made) -> list[Known]:
    """Samples of these, the first of one unit."""
    spec = encrypted_spec(PLAINTEXT, format=format)
    return [sample(spec, one) for one in (Made(), *more)]


@pytest.mark.parametrize(("format", "cut", "unit"), [("base64", 3, "base64"), ("hex-upper", 1, "hex")])
def test_a_value_that_is_cut_off_is_no_constant(format: str, cut: int, unit: str) -> None:
    (known,) = made(format)
    value = sealed(known)[:-cut]
    assert told(fit(FitRequest((with_value(known, value),), rare=False))).startswith(
        f"its {len(value)} characters are not whole {unit}"
    )


def test_a_blank_is_told_with_its_place() -> None:
    (known,) = made("base64")
    value = sealed(known)
    report = fit(FitRequest((with_value(known, f"{value[:20]} {value[20:]}"),), rare=False))
    assert told(report) == "a blank stands in it, as its character 21"


def test_dots_that_stand_for_the_rest_are_told() -> None:
    (known,) = made("base64")
    report = fit(FitRequest((with_value(known, sealed(known)[:60] + "..."),), rare=False))
    assert told(report) == "it ends with dots: give the whole value"


def test_a_value_that_is_whole_is_a_constant() -> None:
    """A long word that is no encoding is not suspected where everything is explained."""
    content = encrypted_spec(PLAINTEXT).model_dump()
    word = {
        "key": "URL",
        "status": "assumed",
        "source": "constant",
        "value": "lumen-simple-setup-for-bulbs-and-strips-of-2026",
    }
    spec = Spec.model_validate({**content, "field": [*content["field"], word]})
    assert fit(FitRequest((sample(spec, Made()),), rare=False)).specs[0].field[-1].value == word["value"]


def test_of_several_samples_that_which_is_cut_off_is_named() -> None:
    right, cut = made("base64", Made(2))
    cut = replace(with_value(cut, sealed(cut)[:-3]), name="pair.toml")
    detail = told(fit(FitRequest((right, cut), rare=False)))
    assert detail.startswith("in pair.toml its ")
    assert "not whole base64" in detail


def test_a_blank_in_a_plain_value_is_told_too() -> None:
    content = encrypted_spec(PLAINTEXT).model_dump()
    serial = {"key": "SER", "status": "assumed", "source": "unit.serial"}
    spec = Spec.model_validate({**content, "field": [*content["field"], serial]})
    known = sample(spec, Made(gives=("uuid", "oob", "serial")))
    report = fit(FitRequest((replace(known, string=known.string.replace("SER:", "SER: ")),), rare=False))
    assert told(report, "SER") == "a blank stands in it, as its character 1"
