"""The templates that come along: they print on all usual printers, keep to few sizes, and say what people look for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.core import resources
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import check_design
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.label.template.symbol_elements import DataMatrix
from bss_mfg.label.template.text_element import TextElement

TEMPLATES = sorted(resources.folder("templates").glob("*.toml"))
MIN_SAMPLE_SHARE, MIN_SAMPLE_MM = 0.08, 2.0


@pytest.mark.parametrize("printer", ["zpl-203", "pdf-600"])
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_nothing_is_found(path: Path, printer: str) -> None:
    design = check_design(load_template(path), BUILT_IN[printer], made_up_example(6 if "multipack" in path.stem else 1))
    assert [str(finding) for finding in design.findings.items] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_designer_finds_no_fault(path: Path) -> None:
    definition = load_template(path).definition
    texts = [element for element in definition.element if isinstance(element, TextElement)]
    assert len({element.size for element in texts}) <= 3
    media, sample = definition.media, definition.sample
    assert sample is not None
    assert sample.width * sample.height >= MIN_SAMPLE_SHARE * media.label_width * media.label_height - 1e-6
    assert sample.height >= MIN_SAMPLE_MM
    # SAMPLE meets an edge of the texts, or the right margin, so that it stands in the grid.
    lefts = {element.x for element in texts if element.corner.endswith("left")}
    centres = {(element.x or 0) + element.width / 2 for element in texts if element.align == "center"}
    right = media.label_width - sample.x - sample.width
    at_margin = right == pytest.approx(sample.y)
    assert sample.x in lefts or sample.x + sample.width / 2 in centres or at_margin


@pytest.mark.parametrize("name", ["minimal", "roll-50x30", "sheet-a4-24", "code128-100x60", "die-cut-60x40"])
def test_the_symbol_meets_the_margin(name: str) -> None:
    """Its first module lies as far from the left edge as texts may come to the right one, within half a millimetre."""
    loaded = load_template(resources.folder("templates") / f"{name}.toml")
    layout = check_design(loaded, BUILT_IN["pdf-203"], made_up_example()).layout
    [symbol] = [element for element in loaded.definition.element if isinstance(element, DataMatrix)]
    assert layout.symbol is not None
    assert symbol.x is not None
    (left, _), (place, _) = layout.symbol.origins[0], layout.places[0]
    ink = left / layout.printer.dots_per_mm_x - place
    width = loaded.definition.media.label_width
    texts = [element for element in loaded.definition.element if isinstance(element, TextElement)]
    margin = min(width - (element.x or 0) - element.width for element in texts)
    assert ink == pytest.approx(margin, abs=0.5)


def test_a_carton_says_which_of_how_many_and_has_a_barcode() -> None:
    definition = load_template(resources.folder("templates") / "carton-105x74.toml").definition
    assert "Carton {carton} of {cartons}" in [getattr(element, "text", "") for element in definition.element]
    assert "code-128" in [element.kind for element in definition.element]


def test_small_fonts_come_along_with_their_license() -> None:
    fonts = resources.folder("templates") / "fonts"
    assert sum(path.stat().st_size for path in fonts.glob("*.ttf")) < 300_000
    assert "SIL OPEN FONT LICENSE" in (fonts / "OFL.txt").read_text("utf-8")
