"""Of several samples that which is wrong is named, and none that is right."""

from __future__ import annotations

from dataclasses import replace

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import Known
from bss_mfg.payload.fitting.report import FitReport
from bss_mfg.payload.fitting.tally import Stage, ValueOf
from bss_mfg.payload.product_keys import load_private_key, new_development_key
from bss_mfg.payload.spec import Spec
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

PLAINTEXT = [{"source": "unit.uuid"}, {"source": "unit.oob"}]
GIVES = ("uuid", "oob", "serial")


def made(each: str = "package", *, descends: bool = False) -> tuple[Known, Known]:
    """A sample of one unit and one of two, with serials in clear and a count."""
    content = encrypted_spec(PLAINTEXT, each=each).model_dump()
    fields = [
        {"key": "SER", "status": "assumed", "source": "unit.serial"},
        {"key": "CNT", "status": "assumed", "source": "package.units", "format": "decimal"},
    ]
    spec = Spec.model_validate({**content, "field": [*content["field"], *fields]})
    one = sample(spec, Made(2 if descends else 1, 32, serial="ONE{:06}", gives=GIVES))
    two = sample(spec, Made(2, 32, serial="TWO{:06}", gives=GIVES, descends=descends))
    return replace(one, name="one.toml"), replace(two, name="two.toml")


def fitted(*samples: Known) -> FitReport:
    return fit(FitRequest(samples, rare=False))


def told(report: FitReport) -> dict[str, str]:
    return {miss.key: miss.detail for miss in report.nearest}


def with_serial(known: Known, number: int, serial: bytes) -> Known:
    units = list(known.units)
    units[number] = replace(units[number], values={**units[number].values, "unit.serial": serial})
    return replace(known, units=tuple(units))


def test_right_samples_are_explained() -> None:
    assert fitted(*made()).specs


def test_units_in_another_order_are_those_of_their_sample() -> None:
    """Sorted upwards in the one, downwards in the other, which lists them otherwise: no order explains both."""
    one, two = made(descends=True)
    found = told(fitted(one, two.in_places((1, 0))))
    orders = "in another order than the sample's: reversed or serial-descending or uuid-descending"
    assert found["SER"] == f"the units' values of two.toml stand in it {orders}"
    assert found["DAT"].endswith(f"{orders} (two.toml)")
    assert "one.toml" not in str(found)


def test_a_mistyped_serial_is_that_of_its_sample() -> None:
    one, two = made()
    report = fitted(with_serial(one, 0, b"ONE000007"), two)
    assert told(report) == {"SER": "in one.toml it is not the sample's unit.serial, as in the others"}
    assert report.wrong == (ValueOf("one.toml", 1, "unit.serial"),)
    report = fitted(one, with_serial(two, 1, b"TWO000007"))
    found = told(report)
    assert list(found) == ["SER"]
    assert found["SER"].startswith("some values of the units of two.toml stand in it, and others do not")
    assert report.wrong == (ValueOf("two.toml", 2, "unit.serial"),)


def test_a_wrong_count_is_that_of_its_sample() -> None:
    one, two = made()
    wrong = replace(two, string=two.string.replace("CNT:2", "CNT:3"))
    assert told(fitted(one, wrong)) == {"CNT": "in two.toml it is not the sample's package.units, as in the others"}


def test_the_sample_with_another_key_is_named_and_none_of_its_values() -> None:
    one, two = made()
    other = load_private_key(new_development_key("p256")[0], "test")
    report = fitted(one, replace(two, key=other))
    assert told(report)["DAT"].startswith("one.toml opens, and two.toml does not: ")
    assert "test key" in told(report)["DAT"]
    assert not report.wrong
    assert not report.unplaced


def test_the_unit_that_does_not_open_is_named() -> None:
    _, two = made("unit")
    value = two.string.partition("DAT:")[2].partition(";")[0]
    spoiled = value[:-1] + ("0" if value[-1] != "0" else "1")
    report = fitted(replace(two, string=two.string.replace(value, spoiled)))
    assert told(report)["DAT"].startswith("unit 1 opens, and unit 2 does not: ")
    assert not report.wrong


def test_of_a_field_that_does_not_open_no_value_is_called_wrong() -> None:
    one, _ = made()
    report = fitted(replace(one, key=load_private_key(new_development_key("p256")[0], "test")))
    assert report.nearest[0].stage is Stage.POINT_READ
    assert not report.wrong
    assert not report.unplaced
