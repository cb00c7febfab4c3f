"""The station's words, and the page that explains them to whoever stands at the line."""

from __future__ import annotations

import re

from bss_mfg.station.answers import ScanWord
from tests.helpers import ROOT


def test_each_answer_of_the_station_is_explained() -> None:
    page = (ROOT / "docs" / "qa.md").read_text("utf-8").split("\n## The hand scanner\n")[1].split("\n## ")[0]
    explained = re.findall(r"^\| ([A-Z][A-Z ]*[A-Z]) \| \S", page, re.M)
    assert sorted(explained) == sorted(word.value for word in ScanWord)
