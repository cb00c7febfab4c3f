"""One clock for all rooms, which a test can set in one place."""

from __future__ import annotations

import re

import pytest

from bss_mfg.core import clock
from tests.helpers.factory import Factory


def test_the_time_is_utc_in_seconds() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", clock.now())


def test_a_clock_set_in_one_place_is_everybodys(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    factory.add()
    monkeypatch.setattr(clock, "now", lambda: "2001-02-03T04:05:06Z")
    assert factory.issue(2).created_at == "2001-02-03T04:05:06Z"
    assert factory.rows("SELECT DISTINCT at FROM event WHERE batch = 'B1'") == [("2001-02-03T04:05:06Z",)]
