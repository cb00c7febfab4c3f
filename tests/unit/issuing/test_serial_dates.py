"""Year and week in serials: filled in when a batch is issued, while the running numbers go on."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.core import clock
from bss_mfg.credentials import check_serial, check_serial_pattern, dated_pattern, format_serial
from tests.helpers.factory import Factory


def serials(factory: Factory, batch: str) -> list[str]:
    with factory.ledger() as ledger:
        return [unit.serial for package in ledger.packages.stream(batch) for unit in package.units]


def test_the_serials_of_a_week_go_on_in_the_next(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    factory.add(oob_bytes=16, serial="{pid}{gg}{ww}-{n:05}")
    at = iter(["2026-12-31T12:00:00Z", "2027-01-02T12:00:00Z", "2027-01-04T12:00:00Z"])
    for number in range(1, 4):
        moment = next(at)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        create = ("batch", "create", "bulb", "--units", 2, "--id", f"B{number}", "--json")
        assert factory.cli(*create).json["created"]
    assert serials(factory, "B1") == ["ebK32653-00001", "ebK32653-00002"]
    assert serials(factory, "B2") == ["ebK32653-00003", "ebK32653-00004"]  # 2 January 2027 is in week 53 of 2026
    assert serials(factory, "B3") == ["ebK32701-00005", "ebK32701-00006"]
    again = factory.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--json")  # typed again the next year
    assert (again.code, again.json["created"]) == (0, False)
    factory.cli("scrap", "B1", "ebK32653-00001", "--reason", "dropped")
    replaced = factory.cli("replace", "B1", "ebK32653-00001", "--reason", "dropped", "--json")
    assert replaced.json["replaced"] == [{"serial": "ebK32653-00001", "by": "ebK32701-00007"}]


def test_the_week_is_that_of_the_workspace(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    factory.add(oob_bytes=16, serial="{yyyy}{n:04}")
    settings = factory.root / "bss-mfg.toml"
    settings.write_text(f'{settings.read_text()}\ntimezone = "Asia/Tokyo"\n')
    monkeypatch.setattr(clock, "now", lambda: "2026-12-31T20:00:00Z")
    assert factory.cli("batch", "create", "bulb", "--units", 1, "--id", "B1").code == 0
    assert serials(factory, "B1") == ["20270001"]
    assert factory.cli("run", "bulb", "--units", 1, "--id", "B2").code == 0
    assert serials(factory, "B2") == ["20270002"]


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2199, 12, 31)), st.integers(1, 9_999))
def test_a_dated_pattern_says_its_day_and_keeps_its_length(day: datetime.date, number: int) -> None:
    for pattern, written in {
        "{pid}{yy}{n:04}": f"{day:%y}",
        "{pid}{yyyy}{n:04}": f"{day.year}",
        "{pid}{gg}{ww}{n:04}": f"{day:%G%V}"[2:],
        "{pid}{gggg}W{ww}{n:04}": f"{day:%GW%V}",
    }.items():
        check_serial_pattern(pattern)
        serial = format_serial(dated_pattern(pattern, day), "ebK3", number)
        assert check_serial(serial) == f"ebK3{written}{number:04}"


@pytest.mark.parametrize(
    "pattern",
    [
        "{pid}{ww}{n:04}",
        "{yy}{ww}{n:04}",
        "{gg}{n:04}",
        "{dd}{n:04}",
        "{yy}",
        "{yy}{n:04}{n:04}",
        "{yyyy}" * 12 + "{n:04}",
    ],
)
def test_a_pattern_that_would_mislead_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"serial|week"):
        check_serial_pattern(pattern)


def test_a_pattern_whose_day_was_forgotten_makes_no_serial() -> None:
    with pytest.raises(RuntimeError):
        format_serial("{yy}{n:04}", "ebK3", 1)


def test_the_longest_example_of_a_dated_pattern_is_as_long_as_its_serials(factory: Factory) -> None:
    from bss_mfg.workspace.product import Product

    values = {"format": 1, "pid": "ebK3", "public_key": "x.pem", "serial": "{gggg}{ww}{n:03}"}
    first, longest = Product.model_validate(values).serial_examples
    assert len(first) == len(longest) == 9
    assert longest.endswith("999")
    factory.add(oob_bytes=16, serial="{pid}{gg}{ww}{n:05}")
    assert factory.cli("preflight", "bulb").code == 0
