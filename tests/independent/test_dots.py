"""Every dot of every symbol, on every template and printer, through rasterisers that nobody here wrote.

A symbol that is off the printer's dot grid gains or loses dots and still decodes, so no decoder would tell: the pages
are rasterised at the printer's own resolution and compared with the plan, dot by dot, quiet zones included.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp

from bss_mfg.errors import InputError
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.render import pdf
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN, Printer
from tests.helpers.factory import Factory
from tests.helpers.pictures import (
    TEMPLATES,
    Grey,
    Labels,
    floor_for_printing,
    ghostscript_pages,
    pdfium_pages,
    planned_symbols,
    poppler_pages,
    some_labels,
)
from tests.needs import needs

PRINTERS = ("pdf-203", "pdf-300", "pdf-304", "pdf-600", "pdf-300x600")
WELL_KNOWN = ("roll-50x30", "sheet-a4-24")
"""The templates that all rasterisers get."""

Rasteriser = Callable[[Path, tuple[float, float], Path], Iterator[Grey]]
Note = Callable[[str, object], None]
PDFIUM: dict[str, Rasteriser] = {"pdfium": lambda path, dpi, folder: pdfium_pages(path, dpi)}
MONO: dict[str, Rasteriser] = {"poppler mono": lambda path, dpi, folder: poppler_pages(path, dpi, folder, "-mono")}
OTHERS: dict[str, Rasteriser] = {
    "poppler grey": lambda path, dpi, folder: poppler_pages(path, dpi, folder, "-gray"),
    "ghostscript grey": lambda path, dpi, folder: ghostscript_pages(path, dpi, folder, "pnggray"),
    "ghostscript mono": lambda path, dpi, folder: ghostscript_pages(path, dpi, folder, "pngmono"),
}


@pytest.fixture(scope="module")
def floor(new_factory: Callable[[], Factory]) -> Factory:
    return floor_for_printing(new_factory)


def wrong_dots(
    found: Labels, rasterisers: dict[str, Rasteriser], folder: Path
) -> tuple[Counter[str], Counter[tuple[str, str]], Counter[str]]:
    """How many dots were compared by each rasteriser, which of them are wrong, and how many symbols there are."""
    layout, printer = found.layout, found.layout.printer
    dpi = (printer.dots_per_mm_x * 25.4, printer.dots_per_mm_y * 25.4)
    folder.mkdir(exist_ok=True)
    planned = planned_symbols(found)
    compared: Counter[str] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for name, rasterise in rasterisers.items():
        pages = 0
        for number, page in enumerate(rasterise(found.made.files[0], dpi, folder)):
            assert page.shape == layout.page_dots[::-1], (name, "the page has other dots than planned")
            pages += 1
            for item in planned:
                if item.page == number:
                    compared[name] += item.dots.size
                    wrong[name, f"{item.kind} of label {item.label}"] += int((item.there(page) != item.dots).sum())
        assert pages == found.made.pages
    return compared, wrong, Counter(item.kind for item in planned)


def labels(factory: Factory, template: str, printer: Printer, symbols: str, folder: Path) -> Labels:
    return some_labels(factory, template, printer, folder / f"{template} {printer.name} {symbols}", symbols=symbols)


def check(
    factory: Factory, name: str, printer: Printer, rasterisers: dict[str, Rasteriser], folder: Path, note: Note
) -> None:
    """Masks and vectors of a template on a printer have no wrong dot."""
    for symbols in ("mask", "vector"):
        try:
            found = labels(factory, name, printer, symbols, folder)
        except InputError as error:
            # A template may be too fine for a coarse printer, and is refused in words; never for the finest one.
            if printer.dots_per_mm_x > 20 or "does not fit" not in str(error):
                raise
            pytest.skip(f"{name} is refused on {printer.name}: {error.what}")
        compared, wrong, kinds = wrong_dots(found, rasterisers, folder / "pages")
        for rasteriser, dots in compared.items():
            note(f"dots {rasteriser} {symbols}", dots)
        for kind, count in kinds.items():
            note(f"symbols {kind}", count)
        assert set(compared) == (set(rasterisers) if kinds else set())
        assert not +wrong, (symbols, +wrong)


@needs("pdftoppm")
@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("template", [*TEMPLATES, "all-codes"])
def test_every_template_is_exact_on_every_printer(
    floor: Factory, tmp_path: Path, record_property: Note, template: str, printer: str
) -> None:
    check(floor, template, BUILT_IN[printer], {**PDFIUM, **MONO}, tmp_path, record_property)


@needs("pdftoppm", "gs")
@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("template", WELL_KNOWN)
def test_all_rasterisers_agree(
    floor: Factory, tmp_path: Path, record_property: Note, template: str, printer: str
) -> None:
    """What paints every dot that a shape touches, what covers by half, and what makes a page of 1 bit."""
    check(floor, template, BUILT_IN[printer], OTHERS, tmp_path, record_property)


@needs("pdftoppm", "gs")
@pytest.mark.parametrize("printer", ["pdf-203", "pdf-300x600"])
@pytest.mark.parametrize("template", WELL_KNOWN)
def test_offset_and_scale_keep_every_dot(
    floor: Factory, tmp_path: Path, record_property: Note, template: str, printer: str
) -> None:
    """Calibration moves and stretches the label; the symbols go along in whole dots."""
    moved = replace(BUILT_IN[printer], name="moved", offset_x_mm=0.37, offset_y_mm=-0.21)
    stretched = replace(moved, name="stretched", scale_x=1.004, scale_y=0.997)
    here, there = (
        labels(floor, template, item, "mask", tmp_path / "plan").layout for item in (BUILT_IN[printer], moved)
    )
    steps = {(b[0] - a[0], b[1] - a[1]) for a, b in zip(here.symbol.origins, there.symbol.origins, strict=True)}
    wanted = (0.37 * moved.dots_per_mm_x, -0.21 * moved.dots_per_mm_y)
    assert all(abs(step[0] - wanted[0]) <= 1 and abs(step[1] - wanted[1]) <= 1 for step in steps)
    for item in (moved, stretched):
        rasterisers = {**PDFIUM, **MONO, **(OTHERS if template == "roll-50x30" else {})}
        check(floor, template, item, rasterisers, tmp_path, record_property)


@pytest.mark.parametrize("offset", [(-5.0, 0.0), (30.0, 0.0), (0.0, -10.0), (0.0, 20.0)])
def test_a_symbol_moved_over_the_edge_is_refused(floor: Factory, offset: tuple[float, float]) -> None:
    """What lies off the page is cut, and a cut symbol is waste: no offset makes one unseen."""
    loaded = load_template(floor.workspace.template_file("roll-50x30"))
    printer = replace(BUILT_IN["pdf-203"], offset_x_mm=offset[0], offset_y_mm=offset[1])
    with pytest.raises(InputError):
        lay_out(loaded, printer, 48, "production")


def a_hair_larger(path: Callable[..., str]) -> Callable[..., str]:
    """Paths whose edges lie a twentieth of a dot outside the dot grid instead of inside, as rounding may have them."""

    def grown(run: re.Match[str]) -> str:
        x, y, width, height = map(int, run.groups())
        return f"{x - 2} {y - 2} {width + 4} {height + 4} re"

    return lambda *arguments: re.sub(r"(\d+) (\d+) (\d+) (\d+) re", grown, path(*arguments))


@needs("pdftoppm", "gs")
def test_the_check_can_fail(floor: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: shapes on the edge of the dot grid spill over where all dots are painted that a shape touches,
    and decode all the same; and a label is not its neighbour."""
    printer = BUILT_IN["pdf-304"]
    ways = {
        "mask": {**PDFIUM, **MONO, "poppler grey": OTHERS["poppler grey"]},  # Ghostscript samples a mask's middles
        "vector": {**MONO, **{name: way for name, way in OTHERS.items() if name.startswith("ghostscript")}},
    }
    with monkeypatch.context() as spoilt:
        spoilt.setattr(pdf, "INSET", 0.0)
        spoilt.setattr(pdf, "_path", a_hair_larger(pdf._path))
        for symbols, spilling in ways.items():
            found = labels(floor, "roll-50x30", printer, symbols, tmp_path / "spoilt")
            compared, wrong, _ = wrong_dots(found, spilling, tmp_path / "pages")
            spilt = {name: sum(count for (by, _), count in wrong.items() if by == name) for name in spilling}
            assert all(0.01 < spilt[name] / compared[name] < 0.5 for name in spilling), (symbols, spilt, compared)
            pages = MONO["poppler mono"](found.made.files[0], (304.8, 304.8), tmp_path / "pages")
            assert [zxingcpp.read_barcode(page).text for page in pages] == [row.payload for row in found.rows]

    good = labels(floor, "roll-50x30", printer, "mask", tmp_path)
    assert not +wrong_dots(good, PDFIUM, tmp_path / "pages")[1]
    _, wrong, _ = wrong_dots(replace(good, rows=good.rows[::-1]), PDFIUM, tmp_path / "pages")
    assert len(+wrong) == len(good.rows) - 1  # the middle one of five stays in its place


def test_templates_are_found() -> None:
    """The glob at collection sees what the wheel packs."""
    assert set(WELL_KNOWN) <= set(TEMPLATES)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) for name in TEMPLATES)
