"""Printer files: what they say, and how broken ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from bss_mfg.label.template.printer import BUILT_IN, load_printer, printer_text


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_printers_file_says_what_the_printer_is(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.toml").write_text(printer_text("Line 2", BUILT_IN[name]))
    found = load_printer(tmp_path / f"{name}.toml")
    assert found.dots_per_mm_x == pytest.approx(BUILT_IN[name].dots_per_mm_x, rel=1e-5)
    assert (found.language, found.name) == (BUILT_IN[name].language, name)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("dots_per_mm = [8]", "dots_per_mm"),
        ("dots_per_mm = [8, 0.5]", "0.5 is outside 2 to 200"),
        ("dots_per_mm = [8, 8]\nscale = [1.5, 1.0]", "1.5 is outside 0.9 to 1.1"),
        ('dots_per_mm = [8, 8]\nlanguage = "epl"', "epl"),
        ('dots_per_mm = [8, 8]\naddress = "lpt1"', "does not match the pattern"),
        ("dots_per_mm = [8, 8]\ndpi = 203", "no such field"),
        ("", "this field is missing"),
    ],
)
def test_broken_printer_files_are_refused_with_file_and_field(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "p.toml").write_text(f"format = 1\n{line}\n")
    with pytest.raises(InputError) as caught:
        load_printer(tmp_path / "p.toml")
    assert says in str(caught.value)
    assert "p.toml" in str(caught.value)
