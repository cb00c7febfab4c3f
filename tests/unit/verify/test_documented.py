"""The words of a verification, and the page that says what to do about each."""

from __future__ import annotations

import re

from bss_mfg.verify.findings import FindingKind
from bss_mfg.verify.sampling_plans import LotVerdict
from tests.helpers import ROOT

PAGE = (ROOT / "docs" / "qa.md").read_text("utf-8")


def test_each_kind_of_finding_is_explained() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \| \S", PAGE.split("\n### ")[0], re.M)
    assert sorted(set(rows) & {kind.value for kind in FindingKind}) == sorted(kind.value for kind in FindingKind)


def test_each_decision_on_a_lot_is_explained() -> None:
    section = PAGE.split("\n## Sampling\n")[1].split("\n## ")[0]
    assert sorted(re.findall(r"^\| \*\*([A-Z]+)\*\* \|", section, re.M)) == sorted(
        verdict.value.upper() for verdict in LotVerdict
    )
