"""Pictures, drawings and PDF pages on a label: right in colour, size and place, or refused with the element's name."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from bss_mfg.errors import InputError
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.render.artwork_forms import paintable
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.pdf_artwork import normal_page
from bss_mfg.label.template.pictures import normal_picture
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.label.template.svg_source import check_svg_source
from bss_mfg.model import Rect
from tests.helpers.pictures import pdfium

HEAD = """
format = 1
media = {{ label_width = 80, label_height = 50, bleed = {bleed} }}
[[element]]
kind = "data-matrix"
x = 58
y = 4
size = 18
"""
IMAGE = '[[element]]\nkind = "image"\nx = {x}\ny = {y}\nwidth = {width}\nheight = {height}\nfile = "{file}"\n'


def loaded(folder: Path, *elements: str, bleed: float = 0) -> LoadedTemplate:
    path = folder / "trial.toml"
    path.write_text(HEAD.format(bleed=bleed) + "".join(elements), "utf-8")
    return load_template(path)


def image(file: str, x: float = 4, y: float = 4, width: float = 20, height: float = 10) -> str:
    return IMAGE.format(x=x, y=y, width=width, height=height, file=file)


def label(template: LoadedTemplate, printer: str = "pdf-300") -> bytes:
    layout = lay_out(template, BUILT_IN[printer], 48, "production")
    return render_label_file(LabelFileContent("Trial", layout, (LabelRow("A" * 60, (), (), ()),), 1, "mask"))


def seen(data: bytes, folder: Path) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    (folder / "seen.pdf").write_bytes(data)
    return pdfium(folder / "seen.pdf", 254)  # ten pixels a mm


def png(picture: Image.Image, **how: object) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG", **how)  # type: ignore[arg-type]
    return out.getvalue()


def jpeg(picture: Image.Image, **how: object) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=95, **how)  # type: ignore[arg-type]
    return out.getvalue()


def normal(data: bytes) -> Image.Image:
    return Image.open(BytesIO(normal_picture(data)[0]))


# --- pictures --------------------------------------------------------------------------------------------------------


def test_sixteen_bits_are_scaled_not_cut() -> None:
    grey = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    found = np.asarray(normal(png(Image.fromarray(grey))))
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - np.round(grey / 257.0)).max() <= 1


def test_pictures_stand_upright() -> None:
    """A camera that was held sideways says so in the EXIF orientation: 6 is a quarter turn clockwise."""
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste((0, 0, 0), (0, 0, 10, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    data, width, height = normal_picture(jpeg(picture, exif=exif))
    turned = np.asarray(Image.open(BytesIO(data)).convert("L"))
    assert (width, height) == (20, 40)
    assert turned[:8].max() < 60 and turned[12:].min() > 200


def test_colour_profiles_are_converted_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    with pytest.raises(ValueError, match="colour profile"):
        normal_picture(jpeg(Image.new("RGB", (9, 9), "red"), icc_profile=lab))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = jpeg(Image.new("RGB", (9, 9), "red"), icc_profile=srgb)
    assert normal_picture(same)[0] == same  # not coded twice


def test_cmyk_becomes_srgb() -> None:
    found = normal(jpeg(Image.new("CMYK", (16, 16), (0, 255, 255, 0))))
    assert found.mode == "RGB"
    red, green, blue = found.getpixel((8, 8))  # type: ignore[misc]
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (png(Image.new("L", (4, 4)), save_all=True, append_images=[Image.new("L", (4, 4), 255)]), "animated"),
        (png(Image.new("1", (10_000, 6_000))), "60 megapixels"),
        (png(Image.new("L", (40, 40)))[:-30], "can't be read"),
    ],
)
def test_pictures_that_are_refused(data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        normal_picture(data)


def test_nothing_else_of_the_file_goes_along() -> None:
    notes = PngInfo()
    notes.add_text("Author", "somebody")
    data = png(Image.new("P", (4, 4)), pnginfo=notes)
    assert b"somebody" in data
    assert b"somebody" not in normal_picture(data)[0]


def test_what_lies_beneath_shows_through(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(Image.new("RGBA", (400, 200), (255, 255, 255, 0))))
    box = '[[element]]\nkind = "box"\nfill = true\nx = 4\ny = 4\nwidth = 20\nheight = 10\n'
    page = seen(label(loaded(tmp_path, box, image("a.png"))), tmp_path)
    assert page[60:120, 60:220].max() < 20


@pytest.mark.parametrize(("pixels", "warned"), [(117, True), (120, False)])
def test_coarse_pictures_are_named(tmp_path: Path, pixels: int, warned: bool) -> None:
    """At 20 mm, 118 pixels are 150 per inch."""
    (tmp_path / "a.png").write_bytes(png(Image.new("L", (pixels, 10))))
    template = loaded(tmp_path, image("a.png", height=2))
    findings = DesignFindings(template)
    lay_out(template, BUILT_IN["pdf-300"], 48, "production", findings=findings)
    found = [item for item in findings.warnings if item.kind == "coarse picture"]
    assert len(found) == warned
    assert all(item.element_index == 1 and f"{pixels} x 10 pixels" in item.what for item in found)


# --- PDF and SVG -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colour", "printer", "dither", "told"),
    [
        ("#aaaaaa", "zpl-203", "threshold", "nothing of"),
        ("#ffc000", "tspl-203", "threshold", "nothing of"),
        ("#aaaaaa", "zpl-203", "ordered", ""),
        ("#aaaaaa", "pdf-300", "threshold", ""),
        ("#202020", "zpl-203", "threshold", ""),
    ],
)
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_artwork_that_a_label_printer_leaves_white_is_named(
    tmp_path: Path, kind: str, colour: str, printer: str, dither: str, told: str
) -> None:
    if kind == "png":
        (tmp_path / "a.png").write_bytes(png(Image.new("RGB", (300, 150), colour)))
    else:
        disc = f'<circle cx="9" cy="5" r="4" fill="{colour}"/>'
        (tmp_path / "a.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10">{disc}</svg>')
    template = loaded(tmp_path, image(f"a.{kind}") + f'dither = "{dither}"\n')
    findings = DesignFindings(template)
    lay_out(template, BUILT_IN[printer], 52, "production", findings=findings)
    found = [str(item) for item in findings.errors if item.kind == "prints white"]
    assert len(found) == bool(told), found
    assert all(told in text and "dither" in text for text in found)


def page_of(size: tuple[float, float], content: str, **boxes: tuple[float, ...]) -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page(page_size=size)
        page = document.pages[0].obj
        page.Contents = document.make_stream(content.encode())
        for name, box in boxes.items():
            page[f"/{name}"] = pikepdf.Array(list(box))
        out = BytesIO()
        document.save(out)
        return out.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("q Q Q 0 0 50 50 re f", "its page restores a graphics state"),
        ("0 0 50 50 re f Q", "its page restores a graphics state"),
        ("0 0 50 re f", "the wrong operands (re)"),
        ("0 0 50 50 re fill", "'fill'"),
        ("0 0 50 50 re f BI /W 1 /H 1 ID", "its page can't be read"),
        ("0 0 50 50 re f (abc", "its page can't be read"),
        ("0 0 50 50 re >> f", "the wrong operands (f)"),
    ],
)
def test_content_that_each_program_draws_otherwise_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "art.pdf").write_bytes(page_of((120, 60), content))
    with pytest.raises(InputError) as refused:
        loaded(tmp_path, image("art.pdf"))
    assert "art.pdf" in refused.value.what
    assert says in refused.value.what


def with_form(page_content: str, form_content: str, *, annotation: bool = False) -> bytes:
    with pikepdf.open(BytesIO(page_of((120, 60), page_content))) as document:
        page = document.pages[0].obj
        form = document.make_stream(form_content.encode(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        form.BBox = pikepdf.Array([0, 0, 120, 60])
        if annotation:
            page.Annots = pikepdf.Array(
                [
                    pikepdf.Dictionary(
                        Type=pikepdf.Name.Annot,
                        Subtype=pikepdf.Name.Stamp,
                        F=4,
                        Rect=pikepdf.Array([0, 0, 120, 60]),
                        AP=pikepdf.Dictionary(N=form),
                    )
                ]
            )
        else:
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Art=form))
        out = BytesIO()
        document.save(out)
        return out.getvalue()


def test_forms_restore_only_what_they_saved(tmp_path: Path) -> None:
    (tmp_path / "art.pdf").write_bytes(with_form("q 0.5 0 0 0.5 0 0 cm /Art Do Q", "Q 0 0 50 50 re f"))
    with pytest.raises(InputError, match="the form or picture /Art restores a graphics state"):
        loaded(tmp_path, image("art.pdf"))


def test_annotations_are_not_drawn_in_a_state_that_the_page_left_behind(tmp_path: Path) -> None:
    (tmp_path / "art.pdf").write_bytes(with_form("q 2 0 0 2 0 0 cm", "0 0 50 50 re f", annotation=True))
    with pytest.raises(InputError, match="before its annotations"):
        loaded(tmp_path, image("art.pdf"))


def test_the_drawing_of_an_annotation_restores_only_what_it_saved(tmp_path: Path) -> None:
    (tmp_path / "art.pdf").write_bytes(with_form("0 g", "Q 0 0 50 50 re f", annotation=True))
    with pytest.raises(InputError, match="restores a graphics state"):
        loaded(tmp_path, image("art.pdf"))


def test_states_that_are_saved_to_the_end_and_unknown_operators_in_bx_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "art.pdf").write_bytes(page_of((120, 60), "q q 0 g BX 1 2 shine EX 0 0 60 60 re f"))
    page = seen(label(loaded(tmp_path, image("art.pdf"))), tmp_path)
    assert (page[50:130, 50:130] < 128).all()


@pytest.mark.parametrize(
    ("region", "steps", "says"),
    [
        ('x="-1e5" y="-1e5" width="1e6" height="1e6"', "<feOffset/>", '<filter id="f"> in line 2: its filter works on'),
        ('filterUnits="userSpaceOnUse" width="500" height="500"', "<feOffset/>", "12.5 times the drawing"),
        ('width="400%" height="400%"', "<feOffset/>", "4 x 4 times what it is applied to"),
        ("", "<feOffset/>" * 31, "31 steps"),
        ("", '<feTurbulence numOctaves="300"/>', "<feTurbulence> in line 2: its turbulence has 300 octaves"),
        ("", '<feMorphology radius="2"/>', "<feMorphology> in line 2: it thickens or thins by 2"),
        ("", '<feConvolveMatrix order="50"/>', "2500 values"),
    ],
)
def test_filters_that_would_take_minutes_are_refused_before_they_are_drawn(region: str, steps: str, says: str) -> None:
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40">
        <filter id="f" {region}>{steps}</filter></svg>"""
    with pytest.raises(NotDrawableError) as refused:
        check_svg_source(svg.encode())
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("region", "steps"),
    [
        ("", '<feGaussianBlur stdDeviation="3"/>'),
        ('x="-50%" y="-50%" width="200%" height="200%"', '<feTurbulence numOctaves="4"/>'),
        ('filterUnits="userSpaceOnUse" width="100%" height="40"', '<feMorphology radius="1.5"/>'),
        ("", '<feConvolveMatrix order="3" kernelMatrix="0 1 0 1 1 1 0 1 0"/>'),
    ],
)
def test_filters_as_they_are_used_are_drawn(region: str, steps: str) -> None:
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40">
        <filter id="f" {region}>{steps}</filter></svg>"""
    check_svg_source(svg.encode())


@pytest.mark.parametrize("box", ["0 0 0 0", "0 0 80 0", "0 0 -80 40", "0 0 80", "none"])
def test_a_view_box_without_area_is_refused(box: str) -> None:
    """Browsers draw nothing then; resvg draws all."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><rect width="9" height="9"/></svg>'
    with pytest.raises(NotDrawableError, match="its viewBox has no area"):
        check_svg_source(svg.encode())


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40">%b</svg>'


@pytest.mark.parametrize(
    ("file", "data", "blank"),
    [
        ("art.svg", SVG % b"", True),
        ("art.svg", SVG % b'<g display="none"><rect width="80" height="40"/></g>', True),
        ("art.svg", SVG % b'<rect width="80" height="40" fill="#fff"/>', False),
        ("art.svg", SVG % b'<path d="M0 20H80" stroke="#eee" stroke-width="0.01"/>', False),
        ("art.pdf", page_of((120, 60), ""), True),
        ("art.pdf", page_of((120, 60), "500 500 10 10 re f"), True),
        ("art.pdf", page_of((120, 60), "1 g 0 0 9 9 re f"), False),
        ("art.png", png(Image.new("RGBA", (400, 200))), True),
        ("art.png", png(Image.new("RGB", (400, 200), "white")), False),
    ],
)
def test_artwork_that_paints_nothing_is_warned_of(tmp_path: Path, file: str, data: bytes, blank: bool) -> None:
    (tmp_path / file).write_bytes(data)
    template = loaded(tmp_path, image(file))
    findings = DesignFindings(template)
    lay_out(template, BUILT_IN["pdf-300"], 48, "production", findings=findings)
    found = [item.what for item in findings.warnings if item.kind == "blank artwork"]
    assert found == [f"{file} paints nothing"] * blank


@pytest.mark.parametrize(("content", "refused"), [("Q 0 0 50 50 re f", True), ("q 0 0 50 50 re f Q", False)])
def test_a_page_that_restores_what_was_not_saved_is_refused(content: str, refused: bool) -> None:
    """Some readers stop there, others go on."""
    if not refused:
        assert normal_page(page_of((100, 100), content)).width == 100
        return
    with pytest.raises(NotDrawableError, match="not saved"):
        normal_page(page_of((100, 100), content))


def test_twelve_artworks_print_each_their_own(tmp_path: Path) -> None:
    """Each is a bar of another length, in the order of their numbers."""
    for number in range(12):
        (tmp_path / f"{number:02}.pdf").write_bytes(page_of((120, 20), f"0 0 {10 + 9 * number} 20 re f"))
    elements = [image(f"{number:02}.pdf", 4, 4 + 3.5 * number, 12, 2) for number in range(12)]
    page = seen(label(loaded(tmp_path, *elements)), tmp_path)
    for number in range(12):
        row = page[50 + 35 * number, 40:160] < 128
        assert abs(int(row.sum()) - (10 + 9 * number)) <= 2, number


def test_a_bleed_is_painted_at_the_labels_edge_only(tmp_path: Path) -> None:
    media = loaded(tmp_path, bleed=2).definition.media
    assert paintable(Rect(0, 10, 80, 20), media) == Rect(-2, 10, 84, 20)
    assert paintable(Rect(0, 0, 80, 50), media) == Rect(-2, -2, 84, 54)
    assert paintable(Rect(5, 5, 20, 20), media) == Rect(5, 5, 20, 20)


def test_artwork_with_bleed_reaches_over_the_edge(tmp_path: Path) -> None:
    art = page_of((120, 70), "0 0 120 70 re f", TrimBox=(10, 10, 110, 60), BleedBox=(0, 0, 120, 70))
    (tmp_path / "a.pdf").write_bytes(art)
    template = loaded(tmp_path, image("a.pdf", 0, 20, 20, 10), bleed=2)
    data = label(template)
    with pikepdf.open(BytesIO(data)) as document:
        page = document.pages[0].obj
        media = [float(edge) for edge in page.MediaBox]
        trim = [float(edge) for edge in page.get("/TrimBox", page.MediaBox)]
    left, top = (trim[0] - media[0]) / 72 * 254, (media[3] - trim[3]) / 72 * 254
    dark = seen(data, tmp_path) < 128
    row = dark[round(top + 250)]
    assert row[: round(left + 190)].all() if left else row[:190].all()  # as far as the page goes
    assert not row[round(left + 205) : round(left + 560)].any()
    column = dark[:, round(left + 100)]
    assert np.flatnonzero(column)[[0, -1]] == pytest.approx([top + 200, top + 299], abs=2)


def test_the_view_box_is_the_edge(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10">'
        '<rect x="-500" y="-500" width="1000" height="1000"/></svg>'
    )
    page = seen(label(loaded(tmp_path, image("a.svg"))), tmp_path) < 250
    page[:, 570:] = False  # the symbol
    rows, columns = np.flatnonzero(page.any(axis=1)), np.flatnonzero(page.any(axis=0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == pytest.approx((40, 139, 40, 239), abs=1)


def test_gradients_and_opacity_stay_vectors(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><linearGradient id="g"><stop/><stop offset="1" '
        'stop-color="#fff"/></linearGradient><rect width="20" height="10" fill="url(#g)" opacity=".8"/></svg>'
    )
    data = label(loaded(tmp_path, image("a.svg")))
    assert data == label(loaded(tmp_path, image("a.svg")))
    with pikepdf.open(BytesIO(data)) as document:
        kinds = [str(item.get("/Subtype")) for item in document.objects if isinstance(item, pikepdf.Stream)]
        assert "/Image" not in kinds
    row = seen(data, tmp_path)[90, 45:235].astype(int)
    assert row[0] < 70 and row[-1] > 240
    assert (np.diff(row) >= -1).all()


@pytest.mark.parametrize(
    ("inside", "element"),
    [
        (
            '<filter id="soft"><feGaussianBlur stdDeviation="1"/></filter>'
            '<rect x="5" y="3" width="10" height="4" filter="url(#soft)"/>',
            '<filter id="soft"> in line 1',
        ),
        (
            '<pattern id="dots" width="2" height="2" patternUnits="userSpaceOnUse"><circle cx="1" cy="1" r=".6"/>'
            '</pattern><rect width="20" height="10" fill="url(#dots)"/>',
            '<pattern id="dots"> in line 1',
        ),
    ],
)
def test_an_svg_that_becomes_pixels_says_so(tmp_path: Path, inside: str, element: str) -> None:
    (tmp_path / "a.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10">{inside}</svg>')
    template = loaded(tmp_path, image("a.svg"))
    findings = DesignFindings(template)
    lay_out(template, BUILT_IN["pdf-300"], 48, "production", findings=findings)
    (found,) = [item for item in findings.warnings if item.kind == "svg as pixels"]
    assert found.element_index == 1
    assert element in found.what
    assert (seen(label(template), tmp_path)[40:140, 40:240] < 100).any()


def test_texts_in_an_svg_use_the_templates_fonts_only(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><text id="word" y="8" font-size="8" '
        'font-family="Liberation Sans">Ab</text></svg>'
    )
    assert (seen(label(loaded(tmp_path, image("a.svg"))), tmp_path)[40:140, 40:240] < 128).any()
    text = (tmp_path / "a.svg").read_text().replace("Liberation Sans", "Arial")
    (tmp_path / "a.svg").write_text(text)
    with pytest.raises(InputError, match=r'<text id="word"> in line 1: its font \(Arial\)'):
        loaded(tmp_path, image("a.svg"))


def test_spot_colours_and_overprint_survive(tmp_path: Path) -> None:
    from tests.independent.artwork import make_pdf

    (tmp_path / "a.pdf").write_bytes(make_pdf.content("spot-overprint"))
    with pikepdf.open(BytesIO(label(loaded(tmp_path, image("a.pdf"))))) as document:
        forms = [item for item in document.objects if isinstance(item, pikepdf.Stream) and "/Resources" in item]
        spaces = [space for form in forms for space in form.Resources.get("/ColorSpace", {}).values()]
        assert any(str(space[0]) == "/Separation" and "485" in str(space[1]) for space in spaces if len(space) > 1)
        assert any(
            bool(state.get("/OP", False)) for form in forms for state in form.Resources.get("/ExtGState", {}).values()
        )
