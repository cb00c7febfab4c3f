"""What lies under texts and symbols, as each printer prints it: artwork, filled boxes, greys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.contrast import symbol_contrast
from bss_mfg.label.layout.design_check import check_design
from bss_mfg.label.layout.findings import DesignFinding, DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.render.shape_dots import shape_patches
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import BUILT_IN, Printer

HEAD = 'format = 1\neach = "package"\nmedia = {{ label_width = 60, label_height = 40, safe = 0 }}\nelement = [\n{}\n]\n'
SYMBOL = "{ kind = 'data-matrix', x = 1, y = 1, size = 26 }"
DOT, PDF = BUILT_IN["zpl-203"], BUILT_IN["pdf-300"]


def loaded(folder: Path, *elements: str) -> LoadedTemplate:
    file = folder / "grounds.toml"
    file.write_text(HEAD.format(",\n".join((SYMBOL, *elements))))
    return load_template(file)


def picture(folder: Path, left: str, right: str = "") -> None:
    """A picture of 3 x 1, its halves in two colours."""
    image = Image.new("RGBA", (300, 100), left)
    image.paste(Image.new("RGBA", (150, 100), right or left), (150, 0))
    image.save(folder / "a.png")
    halves = "".join(
        f'<rect x="{x}" width="15" height="10" fill="{color[:7]}" fill-opacity="{int(color[7:] or "ff", 16) / 255}"/>'
        for x, color in ((0, left), (15, right or left))
    )
    (folder / "a.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10">{halves}</svg>')


def art(file: str = "a.png", more: str = "", at: str = "x = 28, y = 20, width = 30, height = 10") -> str:
    return f"{{ kind = 'image', {at}, file = '{file}'{more} }}"


def words(text: str = "Lamp", color: str = "#000000", more: str = "") -> str:
    return f"{{ kind = 'text', x = 29, y = 23, width = 28, size = 9, color = '{color}', text = '{text}'{more} }}"


def found(template: LoadedTemplate, printer: Printer, kind: DesignFindingKind) -> list[DesignFinding]:
    return [item for item in check_design(template, printer, made_up_example()).findings.items if item.kind == kind]


def unseen(template: LoadedTemplate, printer: Printer) -> list[tuple[str, int | None]]:
    return [(item.severity, item.element_index) for item in found(template, printer, DesignFindingKind.UNSEEN_TEXT)]


@pytest.mark.parametrize("file", ["a.png", "a.svg"])
@pytest.mark.parametrize(("left", "right", "color", "on_dots", "on_paper"), [
    ("#000000", "", "#000000", True, True),
    ("#303030", "", "#303030", True, True),
    ("#ffffff", "", "#ffffff", True, True),
    ("#e0e0e0", "", "#e0e0e0", True, True),
    ("#303030", "", "#ffffff", False, False),
    ("#c0c0c0", "", "#000000", False, False),
    ("#c0c0c0", "", "#ffffff", True, False),
    ("#505050", "", "#000000", True, True),
    ("#0000ff", "", "#000000", True, True),
    ("#ff0000", "", "#ff0000", True, True),
    ("#00000000", "", "#000000", False, False),
    ("#00000000", "", "#ffffff", True, True),
    ("#000000", "#ffffff", "#000000", True, True),  # the text begins on the left half
    ("#ffffff", "#000000", "#000000", False, False),
    ("#00000030", "", "#000000", False, False),
])  # fmt: skip
def test_a_text_in_the_tone_of_the_artwork_under_it_is_named(
    tmp_path: Path, file: str, left: str, right: str, color: str, on_dots: bool, on_paper: bool
) -> None:
    picture(tmp_path, left, right)
    template = loaded(tmp_path, art(file), words("AB", color))
    assert unseen(template, DOT) == [("error", 2)] * on_dots
    assert unseen(template, PDF) == [("warning", 2)] * on_paper


@pytest.mark.parametrize(("elements", "hidden"), [
    ((art(), "{ kind = 'box', x = 28, y = 21, width = 31, height = 8, fill = true, color = '#ffffff' }", words()), 0),
    (("{ kind = 'box', x = 27, y = 19, width = 32, height = 12, fill = true, color = '#ffffff' }", art(), words()), 1),
    ((art(more=", when = 'mac'"), words()), 1),
    ((art(more=", when = 'not mac'"), words()), 1),  # there are labels on which it is drawn
    ((art(more=", when = 'not mac'"), words(more=", when = 'mac'")), 0),
    ((art(more=", when = 'mac'"), words(color="#ffffff", more=", when = 'mac'")), 0),
    ((art(), words("{serial}")), 1),
    ((art(), words("{serial}", "#ffffff")), 0),
    ((art(at="x = 28, y = 30, width = 30, height = 10"), words()), 0),
    ((art(more=", rotate = 90", at="x = 28, y = 8, width = 30, height = 10"), words("AB")), 1),
    ((art(more=", rotate = 90", at="x = 48, y = 8, width = 30, height = 10"), words("AB")), 0),
])  # fmt: skip
def test_what_is_drawn_under_a_text_decides(tmp_path: Path, elements: tuple[str, ...], hidden: int) -> None:
    picture(tmp_path, "#101010")
    assert len(unseen(loaded(tmp_path, *elements), DOT)) == hidden


def test_a_text_on_a_pattern_of_dots_is_judged_by_how_dense_it_is(tmp_path: Path) -> None:
    picture(tmp_path, "#d0d0d0", "#303030")
    dithered = ", dither = 'ordered'"
    right = words().replace("x = 29, y = 23, width = 28", "x = 45, y = 23, width = 12")
    assert unseen(loaded(tmp_path, art(more=dithered), words("AB")), DOT) == []
    assert unseen(loaded(tmp_path, art(more=dithered), right), DOT) == [("error", 2)]


def contrast_on(folder: Path, printer: Printer, fields: str) -> Any:
    """Of the symbol on a panel."""
    panel = f"{{ kind = 'box', x = 0, y = 0, width = 28, height = 28, fill = true{fields} }}"
    file = folder / "panel.toml"
    file.write_text(HEAD.format(f"{panel},\n{SYMBOL}"))
    template = load_template(file)
    findings = DesignFindings(template)
    lay_out(template, printer, 52, "production", findings=findings)
    elements = place_elements(template, 1)
    low = [item for item in findings.items if item.kind == DesignFindingKind.LOW_CONTRAST]
    return symbol_contrast(template, elements[1], elements, printer), low


def test_a_grey_panel_is_judged_as_the_printer_prints_it(tmp_path: Path) -> None:
    """#a0a0a0 reflects 35 %; a printer of black dots leaves it white, or spreads 37 % of black dots over it."""
    on_paper, low = contrast_on(tmp_path, PDF, ", color = '#a0a0a0'")
    assert on_paper.red == pytest.approx(0.337, abs=0.01)
    assert [item.severity for item in low] == ["error"]
    left_white, low = contrast_on(tmp_path, DOT, ", color = '#a0a0a0'")
    assert left_white.red == pytest.approx(0.985, abs=0.01)
    assert low == []
    dithered, low = contrast_on(tmp_path, DOT, ", color = '#a0a0a0', dither = 'ordered'")
    assert dithered.red == pytest.approx(0.985 * (1 - 0.373), abs=0.01)
    assert [item.severity for item in low] == ["warning"]
    black, low = contrast_on(tmp_path, DOT, ", color = '#707070'")  # darker than half
    assert black.red == pytest.approx(0, abs=0.01)
    assert [item.severity for item in low] == ["error"]


@pytest.mark.parametrize("printer", [PDF, DOT])
def test_a_dark_panel_is_named_and_not_the_stock(tmp_path: Path, printer: Printer) -> None:
    _, low = contrast_on(tmp_path, printer, ", color = '#404040', name = 'plate'")
    assert "'plate' (#404040)" in low[0].what
    assert "'plate'" in low[0].way_out
    assert "stock" not in low[0].way_out
    _, low = contrast_on(tmp_path, printer, ", color = '#404040', when = 'mac'")
    assert "of element 1 (#404040)" in low[0].what
    assert "where mac" in low[0].way_out


@pytest.mark.parametrize(("color", "printer", "more", "told"), [
    ("#aaaaaa", DOT, "", "error"),
    ("#ffff00", DOT, "", "error"),
    ("#aaaaaa", DOT, ", dither = 'ordered'", ""),
    ("#aaaaaa", PDF, "", ""),
    ("#202020", DOT, "", ""),
])  # fmt: skip
def test_artwork_of_which_nothing_prints_is_refused(
    tmp_path: Path, color: str, printer: Printer, more: str, told: str
) -> None:
    picture(tmp_path, color)
    white = found(loaded(tmp_path, art(more=more)), printer, DesignFindingKind.PRINTS_WHITE)
    assert [item.severity for item in white] == [told] * bool(told)


def test_light_artwork_shows_on_a_black_panel(tmp_path: Path) -> None:
    picture(tmp_path, "#aaaaaa", "#00000000")
    panel = "{ kind = 'box', x = 27, y = 19, width = 32, height = 12, fill = true }"
    assert found(loaded(tmp_path, panel, art()), DOT, DesignFindingKind.PRINTS_WHITE) == []


@pytest.mark.parametrize("printer", [DOT, BUILT_IN["zpl-600"]])
@pytest.mark.parametrize("width", [0.02, 0.05])
def test_hairlines_are_lost_artwork_where_the_drawing_has_no_dot_of_them(
    tmp_path: Path, printer: Printer, width: float
) -> None:
    lines = "".join(f'<rect x="{x}" width="{width}" height="10" fill="#000"/>' for x in range(2, 30, 4))
    (tmp_path / "a.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10">{lines}</svg>')
    findings = DesignFindings(template := loaded(tmp_path, art("a.svg")))
    layout = lay_out(template, printer, 52, "production", findings=findings)
    drawn = sum(int(patch.black.sum()) for patch in shape_patches(layout, layout.fixed_shapes))
    lost = [item for item in findings.items if item.kind == DesignFindingKind.PRINTS_WHITE]
    assert len(lost) == (drawn == 0) == (width == 0.02)
