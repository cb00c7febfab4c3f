"""One clock for all rooms, which a test can set in one place."""

from __future__ import annotations

import re

import pytest

from bss_mfg.core import clock
from tests.helpers.factory import Factory


def test_the_time_is_utc_in_seconds() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", clock.now())


@pytest.mark.parametrize(
    "name",
    ["Europe/Nowhere", "a/" * 5000 + "b", "../etc/localtime", "/etc/localtime", "Europe", "\x00", "é", "a\n"],
    ids=lambda name: ascii(name[:20]),
)
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clock.TimeZone(name).checked_name()


@pytest.mark.parametrize("name", ["", "UTC", "Europe/Berlin", "Etc/GMT+12", "America/Argentina/ComodRivadavia"])
def test_a_time_zone_of_the_database_is_taken(name: str) -> None:
    assert clock.TimeZone(name).checked_name() == name


def test_a_clock_set_in_one_place_is_everybodys(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    factory.add()
    monkeypatch.setattr(clock, "now", lambda: "2001-02-03T04:05:06Z")
    assert factory.issue(2).created_at == "2001-02-03T04:05:06Z"
    assert factory.rows("SELECT DISTINCT at FROM event WHERE batch = 'B1'") == [("2001-02-03T04:05:06Z",)]
