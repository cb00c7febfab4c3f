"""The security page says the limits that readers have."""

from __future__ import annotations

import runpy

from tests.helpers import ROOT


def test_the_table_of_limits_is_current() -> None:
    fill = runpy.run_path(str(ROOT / "docs" / "make.py"))["with_limits"]
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    assert "<!-- limits -->" in text
    assert fill(text) == text, "run `make docs`"
