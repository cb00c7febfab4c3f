"""Lengths in inches where millimetres are asked for: the answer says how many millimetres they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.core.inches import label_size_in_inches, length_hint, small_label_hint, unquoted_length_hint
from bss_mfg.core.toml_files import parse_toml
from bss_mfg.errors import InputError
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import check_design
from bss_mfg.label.layout.findings import DesignFindingKind
from bss_mfg.label.template.loading import template_from_text
from bss_mfg.label.template.printer import BUILT_IN
from tests.helpers.commands import run_cli

MINIMAL = (Path(__file__).parents[3] / "templates" / "minimal.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2in", "2 in are 50.8"), ("2 in", "2 in are 50.8"), ('0.75"', "0.75 in are 19.05"), (".5 inch", "are 12.7"),
        ("2 Inches", "are 50.8"), ("7.62cm", "7.62 cm are 76.2"), ("12 pt", "12 pt are 4.233"), ("50mm", "write 50"),
    ],
)  # fmt: skip
def test_a_length_with_a_unit_is_told_in_mm(text: str, says: str) -> None:
    assert says in length_hint(text)
    assert says in unquoted_length_hint(f"width = {text}  # of the label") or '"' in text


@pytest.mark.parametrize("text", ["", "2", "in", "two in", "2 ins", "1e3in", "title = 'a = 2in'"])
def test_other_texts_are_no_lengths(text: str) -> None:
    assert length_hint(text) == ""
    assert unquoted_length_hint(text) == ""


def test_sizes_as_they_are_sold() -> None:
    assert label_size_in_inches("4x6") == pytest.approx((101.6, 152.4))
    assert label_size_in_inches("2.0 x 1.25") == pytest.approx((50.8, 31.75))
    assert label_size_in_inches('4" x 2"') == pytest.approx((101.6, 50.8))
    for text in ("100x60", "avery-5163", "x", "4x", "0x0"):
        assert label_size_in_inches(text) is None
    assert small_label_hint(30, 20) is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("label_width = 60", 'label_width = "2.36in"', "2.36 in are 59.94"),
        ("label_width = 60", "label_width = 2.36in", "2.36 in are 59.94"),
        ('kind = "roll"\nlabel_width = 60\nlabel_height = 30', 'use = "4x6"', "label_width = 101.6"),
        ('kind = "roll"\nlabel_width = 60\nlabel_height = 30', 'use = "4x6"', "of that size: zebra"),
    ],
)
def test_a_template_in_inches_is_answered_in_mm(old: str, new: str, says: str) -> None:
    assert old in MINIMAL
    with pytest.raises(InputError) as refused:
        template_from_text(MINIMAL.replace(old, new), Path("inches.toml"))
    assert says in str(refused.value)


def test_a_label_of_4_x_2_is_suspected_of_being_in_inches() -> None:
    text = MINIMAL.replace("label_width = 60\nlabel_height = 30", "label_width = 4\nlabel_height = 2")
    design = check_design(template_from_text(text, Path("x.toml")), BUILT_IN["pdf-300"], made_up_example())
    [tiny] = [item for item in design.findings.items if item.kind is DesignFindingKind.TINY_LABEL]
    assert "write 101.6 and 50.8" in tiny.way_out
    good = check_design(template_from_text(MINIMAL, Path("x.toml")), BUILT_IN["pdf-300"], made_up_example())
    assert not good.findings.errors


def test_other_syntax_errors_are_told_as_before() -> None:
    with pytest.raises(InputError, match="not valid TOML") as refused:
        parse_toml("width = two", "x.toml")
    assert " mm" not in str(refused.value)


def test_options_in_inches(tmp_path: Path) -> None:
    done = run_cli("printer", "test-page", "pdf-300", "--width", "4in", cwd=tmp_path)
    assert done.code == 2
    assert "4 in are 101.6" in done.err
