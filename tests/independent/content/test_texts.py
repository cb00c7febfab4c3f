"""One wrong, missing or swapped character is found on scans, and right labels are let be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.independent.content.text_count import TEMPLATES, count, open_factory


@pytest.mark.parametrize("template", TEMPLATES)
def test_wrong_characters_are_found_and_right_ones_are_not(tmp_path: Path, template: str) -> None:
    found = count(open_factory(tmp_path / "w", 24), template, 150, seed=7)
    assert not found.missed
    assert not found.alarms
    assert found.found > 50
    assert found.right > 50
