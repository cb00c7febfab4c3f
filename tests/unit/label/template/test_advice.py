"""What mistakes are answered with: the field's own unit, ways out that are accepted when typed, readable names."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from bss_mfg.label.template.loading import template_from_text

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
