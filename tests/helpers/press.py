"""A template as a print shop wants it, and a printer that turns its pages."""

from __future__ import annotations

from tests.helpers.factory import Factory

TEMPLATE = """format = 1
title = "Two across"
[media]
kind = "roll"
label_width = 50
label_height = 30
corner = 2
columns = 2
pitch_x = 56
bleed = 3
crop_marks = true
[sample]
x = 30
y = 22
width = 17
height = 7.1
[[element]]
kind = "box"
x = -3
y = -3
width = 56
height = 36
fill = true
color = "lemonchiffon"
[[element]]
kind = "data-matrix"
x = 3
y = 3
size = 24
[[element]]
kind = "text"
x = 30
y = 4
width = 17
fit = "shrink"
min_size = 4
text = "{serial}"
"""


def prepared(factory: Factory, rotate: int) -> Factory:
    """A batch of five, its template, and a printer that turns its pages."""
    factory.add(oob_bytes=16)
    factory.issue(5)
    (factory.root / "templates" / "across.toml").write_text(TEMPLATE, "utf-8")
    (factory.root / "printers").mkdir(exist_ok=True)
    (factory.root / "printers" / "press.toml").write_text(
        f'format = 1\nlanguage = "pdf"\ndots_per_mm = [11.811, 23.622]\nrotate = {rotate}\noffset = [0.5, 0.25]\n',
        "utf-8",
    )
    return factory
