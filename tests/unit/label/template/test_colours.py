"""Colours of templates: how they may be written, and what eyes, telephones and scanners see of them."""

from __future__ import annotations

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from bss_mfg.label.template.colours import ColourText, canonical_colour, parse_colour

FIELD: TypeAdapter[str] = TypeAdapter(ColourText)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("#C00", "#cc0000"),
        ("#Ab12cD", "#ab12cd"),
        ("Rebeccapurple", "#663399"),
        ("white", "#ffffff"),
        ("cmyk(0, 100, 81, 4)", "cmyk(0, 100, 81, 4)"),
        ("cmyk(12.5%,0%,0%,0%)", "cmyk(12.5%,0%,0%,0%)"),
        ('spot("PANTONE 186 C", 0, 100, 81, 4)', 'spot("PANTONE 186 C", 0, 100, 81, 4)'),
        ("spot(Hausrot, 0, 100, 81, 4)", "spot(Hausrot, 0, 100, 81, 4)"),
    ],
)
def test_every_way_to_write_a_colour_is_taken_and_matches_the_schema(written: str, kept: str) -> None:
    assert FIELD.validate_python(written) == kept
    assert re.search(FIELD.json_schema()["pattern"], written)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("reddish", "not a colour"),
        ("gren", "'green'"),
        ("#12345", "#rrggbb"),
        ("cmyk(0, 0, 0, 101)", "0 to 100 percent"),
        ("cmyk(1, 2, 3)", "not a colour"),
        ('spot("Black", 0, 0, 0, 100)', "process ink"),
        ('spot("", 0, 0, 0, 100)', "ink's name"),
        ('spot("A/B", 0, 0, 0, 100)', "ink's name"),
    ],
)
def test_what_is_no_colour_is_refused_with_what_is_possible(written: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FIELD.validate_python(written)
    assert says in str(caught.value)


def test_a_spot_ink_keeps_its_name_and_its_inks() -> None:
    colour = parse_colour('spot("PANTONE 186 C", 0, 100, 81, 4)')
    assert (colour.spot, colour.cmyk) == ("PANTONE 186 C", (0, 1, 0.81, 0.04))
    assert canonical_colour(colour.hex) == colour.hex


@pytest.mark.parametrize("light", ["red", "yellow", "magenta", "orange", "cmyk(0, 100, 100, 0)", "cmyk(0, 0, 100, 0)"])
def test_red_light_takes_red_and_yellow_for_paper(light: str) -> None:
    assert parse_colour(light).red_reflectance > 0.7


@pytest.mark.parametrize("dark", ["cyan", "blue", "green", "navy", "cmyk(100, 0, 0, 0)", "cmyk(0, 0, 0, 100)", "black"])
def test_red_light_takes_cyan_blue_and_green_for_dark(dark: str) -> None:
    assert parse_colour(dark).red_reflectance < 0.25


def test_greys_are_the_same_for_the_eye_and_in_red_light() -> None:
    for grey in ("#000000", "#202020", "#808080", "#ffffff"):
        colour = parse_colour(grey)
        assert colour.red_reflectance == pytest.approx(colour.luminance, abs=1e-9)


def test_a_colour_by_name_is_the_same_after_pillow_used_it() -> None:
    """Pillow keeps what it looked up in the table of names itself."""
    from PIL import Image

    Image.new("RGB", (1, 1), "tomato")
    assert parse_colour("tomato").rgb == parse_colour("#ff6347").rgb
