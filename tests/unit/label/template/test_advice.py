"""What mistakes are answered with: the field's own unit, ways out that are accepted when typed, readable names."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import check_design
from bss_mfg.label.layout.findings import DesignFindingKind
from bss_mfg.label.template.loading import template_from_text
from bss_mfg.label.template.printer import BUILT_IN

HEAD = """format = 1
media = { kind = "roll", label_width = 100, label_height = 60 }
sample = { x = 40, y = 50, width = 58, height = 8.4 }
"""
SYMBOL = '[[element]]\nkind = "data-matrix"\nx = 2\ny = 2\nsize = 30\n'
TEXT = '[[element]]\nkind = "text"\nx = 40\ny = 5\nwidth = 50\ntext = "Hello"\n'
BARS = '[[element]]\nkind = "code-128"\nx = 40\ny = 30\nwidth = 50\nheight = 12\ntext = "1"\n'


def refusal(more: str, head: str = HEAD + SYMBOL, path: Path = Path("trial.toml")) -> str:
    with pytest.raises(InputError) as refused:
        template_from_text(head + more, path)
    return str(refused.value)


def way_out(more: str) -> str:
    """The advice on the one text that is too wide."""
    design = check_design(
        template_from_text(HEAD + SYMBOL + more, Path("x.toml")), BUILT_IN["pdf-300"], made_up_example()
    )
    found = {item.way_out for item in design.findings.items if item.kind is DesignFindingKind.TEXT_TOO_WIDE}
    assert len(found) == 1, design.findings.items
    return found.pop()


def is_accepted(more: str) -> bool:
    design = check_design(
        template_from_text(HEAD + SYMBOL + more, Path("x.toml")), BUILT_IN["pdf-300"], made_up_example()
    )
    return not [item for item in design.findings.errors if item.kind is DesignFindingKind.TEXT_TOO_WIDE]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (TEXT + 'size = "7.2pt"\n', "font sizes are numbers in points: write 7.2"),
        (TEXT + 'size = "0.2in"\n', "font sizes are numbers in points: 0.2 in are 14.4"),
        (TEXT + 'min_size = "2 mm"\n', "2 mm are 5.669"),
        (BARS + 'caption_size = "6pt"\n', "points: write 6"),
        (TEXT + 'letter_spacing = "0.5pt"\n', "in font sizes"),
        (TEXT + 'leading = "12pt"\n', "in font sizes"),
        (TEXT + "min_size = 7.2pt\n", "font sizes are numbers in points: write 7.2"),
        (TEXT + "size = 7.2pt\n", "font sizes are numbers in points: write 7.2"),
        (TEXT.replace("width = 50", "size = 7.2pt\nwidth = 50"), "font sizes are numbers in points: write 7.2"),
        (TEXT + "leading = 12pt\n", "in font sizes"),
        (TEXT.replace("50", '"0.2in"'), "lengths are numbers in mm: 0.2 in are 5.08"),
        (SYMBOL.replace("30", '"0.2in"'), "lengths are numbers in mm: 0.2 in are 5.08"),
        (SYMBOL.replace("30", "0.2in"), "lengths are numbers in mm: 0.2 in are 5.08"),
    ],
)  # fmt: skip
def test_each_field_is_answered_in_its_own_unit(more: str, says: str) -> None:
    said = refusal(more)
    assert says in said
    assert ("in mm" in said) == ("in mm" in says)


def test_what_only_follows_from_other_mistakes_is_left_out() -> None:
    said = refusal(SYMBOL.replace("30", '"30"'), HEAD)
    assert "element[1].size" in said
    assert "at least 1 item" not in said
    assert "at least 1 item" in refusal("element = []\n", HEAD)


def test_captions_are_advised_about_their_own_field() -> None:
    wide = BARS.replace('"1"', '"123456"').replace("width = 50", "width = 32")
    wide += 'prefix = "A serial number of our factory in X "\ncaption_size = 9\n'
    said = way_out(wide)
    assert "set caption_size" in said
    assert "min_size" not in said
    assert "widen the element" in said
    points = said.split(" points")[0]
    assert is_accepted(wide.replace("caption_size = 9", f"caption_size = {points}"))


def test_advice_on_texts_is_accepted_when_typed() -> None:
    wide = TEXT.replace("Hello", "Hello you all who read labels every day and night in the factory")
    said = way_out(wide)
    points = said.split(" points")[0]
    assert is_accepted(wide + f"size = {points}\n")
    assert 'fit = "wrap" and lines = 2' in said
    assert is_accepted(wide + 'fit = "wrap"\nlines = 2\n')
    assert "min_size" not in way_out(wide + 'fit = "refuse"\n')


def test_sizes_that_are_not_allowed_are_not_advised() -> None:
    said = way_out(TEXT.replace("Hello", "Hello " * 60))
    assert "points would fit" not in said
    assert 'fit = "wrap"' in said
    one_word = way_out(TEXT.replace("Hello", "Hello" * 40))
    assert "points would fit" not in one_word
    assert "wrap" not in one_word
    assert "Widen the element" in one_word


def test_names_of_files_are_shown_as_they_were_typed(tmp_path: Path) -> None:
    image = '[[element]]\nkind = "image"\nx = 40\ny = 5\nwidth = 9\nheight = 9\nfile = '
    said = refusal(image + "'logos\\Größe.svg'\n")
    assert r"'logos\Größe.svg'" in said
    assert "write logos/Größe.svg" in said
    assert "the folder 'logos' beside the template" in refusal(image + "'logos/Größe.svg'\n", path=tmp_path / "x.toml")
    assert "\u202e" not in refusal(image + '"logos\\\\\u202e.svg"\n')
