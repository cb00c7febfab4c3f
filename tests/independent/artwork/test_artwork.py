"""Artwork prints as resvg, librsvg and poppler draw it, in PDF, PNG and ZPL, or is refused by name.

The drawings are made by the scripts beside this. A label has one of them in a box, and nothing may lie outside of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bss_mfg.errors import InputError
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import LoadedTemplate, template_from_text
from bss_mfg.label.template.printer import BUILT_IN
from tests.independent.artwork import make_pdf, make_svg
from tests.independent.artwork.judges import (
    Dots,
    cut_to_trim,
    difference,
    inked,
    librsvg,
    pdfium,
    poppler,
    resvg,
    wrong_dots,
)
from tests.independent.test_zpl import render
from tests.needs import needs

FOLDER = Path(__file__).parent / "drawings"
SVG = sorted(make_svg.drawings())
PDF = sorted(make_pdf.PRINTED)
DPI, PER_MM = 300, 300 / 25.4
BOX = (4.0, 4.0, 30.0, 20.0)
"""Where the artwork is, in mm."""
REGION = (int(BOX[0] * PER_MM) - 6, int(BOX[1] * PER_MM) - 6, int(34 * PER_MM) + 6, int(24 * PER_MM) + 6)
"""The box and a margin, in dots."""
REGION_PIXELS = (REGION[2] - REGION[0]) * (REGION[3] - REGION[1])
PDF_SHARE, DOT_SHARE = 0.008, 0.004
"""Of the pixels and the dots of an artwork, those that may be wrong (see judges)."""
OTHER_FOR_LIBRSVG = {
    "clip-clipped": "no clip of a clip",
    "filter-shadow": "no feDropShadow",
    "text-path": "no textPath",
    "transform-origin": "no transform-origin",
    "use-symbol": "a symbol is clipped at its reference point",
}
"""Drawings that librsvg draws otherwise than resvg and the standard, and why."""
TEMPLATE = """
format = 1
media = {{ label_width = 60, label_height = 30 }}
element = [
  {{ kind = "data-matrix", x = 38, y = 4, size = 18 }},
  {{ kind = "image", x = {x}, y = {y}, width = {width}, height = {height}, file = "{file}" }},
]
"""


def template(file: str, folder: Path = FOLDER) -> LoadedTemplate:
    x, y, width, height = BOX
    return template_from_text(TEMPLATE.format(x=x, y=y, width=width, height=height, file=file), folder / "label.toml")


def label(loaded: LoadedTemplate, printer: str) -> bytes:
    layout = lay_out(loaded, BUILT_IN[printer], 48, "production")
    row = LabelRow("A" * 60, (), (), ())
    return render_label_file(LabelFileContent("Artwork", layout, (row,), 1, "mask"))


def without_symbol(picture: Image.Image) -> Image.Image:
    """A page without its Data Matrix."""
    clean = picture.convert("RGB")
    ImageDraw.Draw(clean).rectangle((round(37.5 * PER_MM), 0, clean.width, clean.height), fill="white")
    return clean


@dataclass(frozen=True)
class Place:
    """Where an artwork of this shape comes to lie in its box, in dots."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, width: float, height: float) -> Place:
        scale = min(BOX[2] / width, BOX[3] / height)
        left, top = BOX[0] + (BOX[2] - width * scale) / 2, BOX[1] + (BOX[3] - height * scale) / 2
        return cls(left * PER_MM, top * PER_MM, width * scale * PER_MM, height * scale * PER_MM)

    def seen(self, drawing: Image.Image, page: tuple[int, int]) -> Image.Image:
        """A drawing put on a white page where it belongs, to a fraction of a dot."""
        x, y = drawing.width / self.width, drawing.height / self.height
        moved = drawing.convert("RGBA").transform(
            page, Image.Transform.AFFINE, (x, 0, -self.left * x, 0, y, -self.top * y), Image.Resampling.BICUBIC
        )
        white = Image.new("RGBA", page, "white")
        return Image.alpha_composite(white, moved).convert("RGB")


def outside(picture: Image.Image) -> Dots:
    """Ink outside of the box; half a dot of smoothing at its edge is none."""
    x, y, width, height = BOX
    box = (
        round(x * PER_MM) - 1,
        round(y * PER_MM) - 1,
        round((x + width) * PER_MM) + 1,
        round((y + height) * PER_MM) + 1,
    )
    return inked(without_symbol(picture), box)


def dots_of(png: bytes) -> Dots:
    return ~np.asarray(Image.open(BytesIO(png)).convert("1"))


def check_outputs(file: str, drawings: dict[str, Image.Image], folder: Path) -> None:
    """A label with this artwork shows the drawings, as PDF in two renderers and as dots, and nothing beside the box."""
    loaded = template(file)
    (art,) = loaded.artwork
    place = Place.of(art.width, art.height)
    pdf = label(loaded, "pdf-300")
    pages = {"pdfium": pdfium(pdf, DPI)}
    size = pages["pdfium"].size
    pages["poppler"] = poppler(pdf, size[0], folder)
    try:
        dots = dots_of(label(loaded, "png-300"))
    except InputError as lost:  # refused for production; that nothing of it has dots is held against the drawings below
        assert "would be printed by png-300" in lost.what, lost
        dots = np.zeros((size[1], size[0]), bool)
    for renderer, page in pages.items():
        assert not outside(page).any(), (file, renderer, "paints outside of its box")
    assert not outside(Image.fromarray(~dots)).any(), (file, "dots outside of its box")
    share = REGION_PIXELS / (place.width * place.height)
    for judge, drawing in drawings.items():
        wanted = place.seen(drawing, size).crop(REGION)
        for renderer, page in pages.items():
            found = difference(page.crop(REGION), wanted) * share
            assert found <= PDF_SHARE, f"{file}: {found:.4f} differ between {judge} and {renderer}"
        found = wrong_dots(dots[REGION[1] : REGION[3], REGION[0] : REGION[2]], wanted) * share
        assert found <= DOT_SHARE, f"{file}: {found:.4f} of the dots differ from {judge}"


@needs("pdftoppm", "rsvg-convert")
@pytest.mark.parametrize("name", SVG)
def test_svg_prints_as_it_is_drawn(name: str, tmp_path: Path) -> None:
    file = FOLDER / f"{name}.svg"
    width = round(BOX[2] * PER_MM) * 2
    drawings = {"resvg": resvg(file, width)}
    other = librsvg(file, width, tmp_path)
    if name in OTHER_FOR_LIBRSVG:
        assert difference(drawings["resvg"], other) > PDF_SHARE, "librsvg draws it alike now: take it off the list"
    else:
        drawings["librsvg"] = other
    check_outputs(file.name, drawings, tmp_path)


@needs("pdftoppm")
@pytest.mark.parametrize("name", PDF)
def test_pdf_prints_as_it_is_drawn(name: str, tmp_path: Path) -> None:
    file = FOLDER / f"{name}.pdf"
    width = round(BOX[2] * PER_MM) * 2
    check_outputs(file.name, {"poppler": poppler(cut_to_trim(file), width, tmp_path)}, tmp_path)


@pytest.mark.parametrize("name", sorted(make_svg.refused()))
def test_svg_is_refused_by_name(name: str) -> None:
    with pytest.raises(InputError) as refused:
        template(f"refused-{name}.svg")
    assert make_svg.refused()[name][1] in refused.value.what, refused.value
    assert "element[2].file" in str(refused.value.where)


@pytest.mark.parametrize("name", [*sorted(make_pdf.REFUSED), "two-pages", "cut-off", "empty"])
def test_pdf_is_refused_by_name(name: str) -> None:
    with pytest.raises(InputError) as refused:
        template(f"refused-{name}.pdf")
    says = (
        make_pdf.REFUSED[name][1]
        if name in make_pdf.REFUSED
        else {"two-pages": "it has 2 pages"}.get(name, "not a readable")
    )
    assert says in refused.value.what, refused.value
    assert "element[2].file" in str(refused.value.where)


def test_protected_pdf_is_refused(tmp_path: Path) -> None:
    for name, data in make_pdf.protected().items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=r"protected with a password|encrypted"):
            template(name, tmp_path)


@needs("zpl-renderer-js")
def test_zpl_has_the_dots_of_the_png(tmp_path: Path) -> None:
    """Every seventh drawing; that all are as drawn in PNG is shown above."""
    files = [f"{name}.svg" for name in SVG[::7]] + [f"{name}.pdf" for name in PDF[::7]]
    jobs, dots = {}, {}
    for file in files:
        loaded = template(file)
        (tmp_path / f"{file}.zpl").write_bytes(label(loaded, "zpl-300"))
        dots[file] = dots_of(label(loaded, "png-300"))
        jobs[file] = (tmp_path / f"{file}.zpl", dots[file].shape[::-1])
    for file, (page,) in render(jobs, tmp_path / "pages").items():
        found = page < 128
        assert found.shape == dots[file].shape
        assert (found != dots[file]).mean() < 0.0005, file
        assert dots[file][:, : round(37 * PER_MM)].any(), file


def test_the_drawings_are_those_of_the_scripts() -> None:
    kept = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    made = make_svg.contents() | make_pdf.contents()
    assert kept.keys() == made.keys()
    assert len(SVG) + len(make_svg.refused()) >= 120 and len(PDF) + len(make_pdf.REFUSED) >= 60
    assert [name for name in made if name.endswith(".svg") and made[name] != kept[name] and "image" not in name] == []
    assert [name for name in made if name.endswith(".pdf") and made[name] != kept[name] and "text" not in name] == []


@needs("pdftoppm", "rsvg-convert")
@pytest.mark.parametrize(("file", "other"), [("shape-circle", "shape-ellipse"), ("clip-circle", "shape-rect"),
                                             ("gradient-linear", "gradient-vertical"), ("mask-half", "shape-rect"),
                                             ("opacity-group", "opacity-zero"), ("shape-evenodd", "shape-nonzero"),
                                             ("nested-clipped", "nested-visible")])  # fmt: skip
def test_judges_tell_drawings_apart(file: str, other: str, tmp_path: Path) -> None:
    """The negative control: another drawing is not taken for the one that was designed."""
    width = round(BOX[2] * PER_MM) * 2
    with pytest.raises(AssertionError, match="differ"):
        check_outputs(f"{file}.svg", {"resvg": resvg(FOLDER / f"{other}.svg", width)}, tmp_path)


@needs("pdftoppm")
@pytest.mark.parametrize(("file", "other"), [("rotate-90", "rotate-270"), ("layer-off", "layer-on"), ("plain", "cmyk"),
                                             ("trim-box", "crop-box")])  # fmt: skip
def test_judges_tell_pages_apart(file: str, other: str, tmp_path: Path) -> None:
    width = round(BOX[2] * PER_MM) * 2
    with pytest.raises(AssertionError, match="differ"):
        check_outputs(
            f"{file}.pdf", {"poppler": poppler(cut_to_trim(FOLDER / f"{other}.pdf"), width, tmp_path)}, tmp_path
        )


def test_ink_outside_of_the_box_is_seen() -> None:
    page = Image.new("RGB", (709, 354), "white")
    assert not outside(page).any()
    page.putpixel((round(BOX[0] * PER_MM) - 2, 100), (0, 0, 0))
    assert outside(page).any()
