"""Media as a designer needs them: bleed, die-cut shapes, several labels across a roll, free pages, turned printers."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.errors import InputError
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.contour import Contour
from bss_mfg.label.layout.design_check import CheckedDesign, check_design
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFindingKind
from bss_mfg.label.preview.preview import draw_preview
from bss_mfg.label.preview.whole_page import WholePage
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.loading import LoadedTemplate, template_from_text
from bss_mfg.label.template.printer import BUILT_IN, Printer

ROLL = "kind = 'roll'\nlabel_width = 60\nlabel_height = 40"
SYMBOL = "[[element]]\nname = 'symbol'\nkind = 'data-matrix'\nx = 19\ny = 8\nsize = 22\n"
SAMPLE = "[sample]\nx = 22\ny = 31\nwidth = 16\nheight = 4\n"


def box(x: float, y: float, width: float, height: float, more: str = "fill = true") -> str:
    return f"[[element]]\nkind = 'box'\nx = {x}\ny = {y}\nwidth = {width}\nheight = {height}\n{more}\n"


def template(media: str = ROLL, *elements: str, symbol: str = SYMBOL) -> LoadedTemplate:
    text = f"format = 1\n[media]\n{media}\n{SAMPLE}{''.join(elements)}{symbol}"
    return template_from_text(text, Path("trial.toml"))


def checked(loaded: LoadedTemplate, printer: Printer = BUILT_IN["pdf-300"]) -> CheckedDesign:
    # A production label: what is tried here has no room for a SAMPLE mark as large as development labels need it.
    example = made_up_example()
    return check_design(loaded, printer, replace(example, batch=replace(example.batch, stage="production")))


def kinds(design: CheckedDesign, severity: str = "error") -> list[DesignFindingKind]:
    return [item.kind for item in design.findings.items if item.severity == severity]


def drawn(design: CheckedDesign) -> bytes:
    """One page of labels."""
    rows = tuple(design.rows.values())[: len(design.layout.places)]
    return render_label_file(LabelFileContent("Trial", design.layout, rows, 1, "mask"))


def rendered(pdf: bytes, dots_per_mm: float) -> np.ndarray:
    """The first page in grey."""
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=dots_per_mm / POINTS_PER_MM, grayscale=True).to_numpy()
    return page.reshape(page.shape[:2])


# --- bleed ---------------------------------------------------------------------------------------------------------


def test_a_roll_with_bleed_has_a_page_that_holds_it_and_says_where_it_is_cut() -> None:
    design = checked(template(f"{ROLL}\nbleed = 3", box(-3, -3, 66, 46, "fill = true\ncolor = '#ffdd00'")))
    assert kinds(design) == kinds(design, "warning") == []
    with pikepdf.open(BytesIO(drawn(design))) as document:
        page = document.pages[0].obj
        boxes = {name: [float(edge) / POINTS_PER_MM for edge in page[f"/{name}"]] for name in
                 ("MediaBox", "BleedBox", "TrimBox")}  # fmt: skip
    assert boxes["MediaBox"] == pytest.approx([0, 0, 66, 46], abs=0.05)
    assert boxes["TrimBox"] == pytest.approx([3, 3, 63, 43], abs=0.05)
    assert boxes["BleedBox"] == pytest.approx([0, 0, 66, 46], abs=0.05)
    page = rendered(drawn(design), 4)
    assert page[1, 1] < 230 > page[-2, -2], "the bleed is not painted"


def test_bleed_that_would_paint_the_neighbour_is_refused() -> None:
    sheet = (
        "kind = 'sheet'\npage = 'A4'\nlabel_width = 60\nlabel_height = 40\ncolumns = 2\nrows = 2\npitch_x = {}\n"
        "pitch_y = 50\nmargin_left = 5\nmargin_top = 5\nbleed = 3"
    )
    artwork = box(-3, -3, 66, 46, "fill = true\ncolor = '#ffdd00'")
    assert kinds(checked(template(sheet.format(62), artwork))) == [DesignFindingKind.ON_NEIGHBOUR]
    assert kinds(checked(template(sheet.format(64), artwork))) == []
    across = f"{ROLL}\ncolumns = 2\npitch_x = 61\nbleed = 3"
    assert kinds(checked(template(across, artwork))) == [DesignFindingKind.ON_NEIGHBOUR]


def test_artwork_that_ends_at_the_edge_in_spite_of_a_bleed_is_told() -> None:
    short = checked(template(f"{ROLL}\nbleed = 3", box(-3, -3, 66, 43, "fill = true\ncolor = '#ffdd00'")))
    assert kinds(short, "warning") == [DesignFindingKind.NEAR_EDGE]


def test_crop_marks_lie_outside_of_label_and_bleed() -> None:
    plain = drawn(checked(template(f"{ROLL}\nbleed = 3")))
    marked = drawn(checked(template(f"{ROLL}\nbleed = 3\ncrop_marks = true")))
    without, with_marks = rendered(plain, 12), rendered(marked, 12)
    assert (with_marks.shape[0] - without.shape[0]) / 12 == pytest.approx(8, abs=0.1)
    edge = (with_marks.shape[0] - without.shape[0]) // 2
    inner = with_marks[edge:-edge, edge:-edge]
    assert (inner[:2] > 200).all(), "marks reach into the bleed"
    assert (with_marks[:edge] < 128).sum() > 20, "no marks"


@pytest.mark.parametrize("shape", ["shape = 'round'", "shape = 'oval'", "corner = 6"])
@pytest.mark.parametrize("rotate", [0, 90])
def test_a_press_is_told_where_a_die_cuts(shape: str, rotate: int) -> None:
    """Crop marks say only the rectangle around it."""
    size = "label_width = 50\nlabel_height = 50" if "round" in shape else "label_width = 60\nlabel_height = 40"
    media = f"kind = 'roll'\n{size}\n{shape}\nbleed = 2\ncrop_marks = true"
    printer = replace(BUILT_IN["pdf-300"], rotate=rotate)
    pdf = drawn(checked(template(media, symbol=SYMBOL.replace("19", "15").replace("8", "10")), printer))
    with pikepdf.open(BytesIO(pdf)) as document:
        (layer,) = document.Root.OCProperties.OCGs
        form = document.pages[0].Resources.XObject.DieLine
        assert form.OC.objgen == layer.objgen
        assert layer.GTS_Metadata.GTS_ProcStepsType == "/Cutting"
        assert form.Resources.ColorSpace.Ink[1] == "/CutContour"
        assert form.Resources.ExtGState.Over.OP
    opened = pypdfium2.PdfDocument(pdf)[0]
    page = opened.render(scale=12 / POINTS_PER_MM).to_numpy().astype(int)  # blue, green, red
    found = np.argwhere(page[..., 2] - page[..., 1] > 40) / 12  # magenta
    width, height = (side / POINTS_PER_MM for side in opened.get_size())
    if rotate:
        found, width, height = found[:, ::-1], height, width
    contour = Contour.of(checked(template(media)).layout.template.definition.media)
    distances = [
        contour.clearance((x - (width - contour.width) / 2, y - (height - contour.height) / 2)) for y, x in found
    ]
    assert len(found) > 1000
    assert max(map(abs, distances)) < 0.25


def test_labels_that_are_cut_square_or_go_to_a_printer_have_no_die_line() -> None:
    for media in (f"{ROLL}\ncrop_marks = true", f"{ROLL}\ncorner = 3\nbleed = 2"):
        with pikepdf.open(BytesIO(drawn(checked(template(media))))) as document:
            assert "/OCProperties" not in document.Root


def test_labels_for_printers_of_dots_are_as_large_as_the_label() -> None:
    design = checked(template(f"{ROLL}\nbleed = 3\ncrop_marks = true"), BUILT_IN["png-203"])
    assert Image.open(BytesIO(drawn(design))).size == (480, 320)


# --- shapes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media", "point", "clearance"),
    [
        ({"shape": "round", "label_width": 40, "label_height": 40}, (20, 0), 0.0),
        ({"shape": "round", "label_width": 40, "label_height": 40}, (5, 5), 20 - 15 * 2**0.5),
        ({"corner": 3}, (0, 0), 3 - 3 * 2**0.5),
        ({"corner": 3}, (3, 3), 3.0),
        ({"corner": 3}, (30, 1), 1.0),
        ({}, (-2, 20), -2.0),
        ({"shape": "oval"}, (30, 20), 20.0),
        ({"shape": "oval"}, (59, 20), 1.0),
    ],
)
def test_how_far_inside_a_contour_a_point_lies(
    media: dict[str, object], point: tuple[float, float], clearance: float
) -> None:
    contour = Contour.of(Media.model_validate({"label_width": 60, "label_height": 40, **media}))
    assert contour.clearance(point) == pytest.approx(clearance, abs=0.01)


def test_what_lies_in_the_corners_that_a_die_cuts_off_is_refused() -> None:
    text = "[[element]]\nkind = 'text'\nx = 2\ny = 2\nwidth = 14\ntext = 'Lamp'\n"
    assert kinds(checked(template(ROLL, text))) == []
    for shape in ("shape = 'oval'", "corner = 15"):
        assert kinds(checked(template(f"{ROLL}\n{shape}", text))) == [DesignFindingKind.OUTSIDE_LABEL], shape
    near = text.replace("x = 2", "x = 9").replace("y = 2", "y = 9").replace("width = 14", "width = 8")
    assert kinds(checked(template(f"{ROLL}\nshape = 'oval'\nsafe = 5", near)), "warning") == [
        DesignFindingKind.NEAR_EDGE
    ]
    ring = box(1, 1, 38, 38, "radius = 19")
    round_media = "kind = 'roll'\nlabel_width = 40\nlabel_height = 40\nshape = 'round'"
    symbol = SYMBOL.replace("x = 19", "x = 9")
    sampled = template(round_media, ring, symbol=symbol)
    assert DesignFindingKind.OUTSIDE_LABEL not in [
        item.kind for item in checked(sampled).findings.items if item.element_index == 0
    ], "a ring inside of the die"


def test_the_preview_shows_the_contour() -> None:
    picture = draw_preview(template(f"{ROLL}\nshape = 'oval'"), BUILT_IN["pdf-300"], made_up_example()).scene.svg()
    assert b' rx="42.000" ry="28.000"' in picture  # 60 x 40 mm at 1.4


@pytest.mark.parametrize(
    ("media", "says"),
    [
        (f"{ROLL}\nshape = 'round'", "as wide as it is high"),
        (f"{ROLL}\nshape = 'rounded'", "radius of its corners"),
        (f"{ROLL}\nshape = 'oval'\ncorner = 3", "no corner radius"),
        (f"{ROLL}\ncorner = 25", "more than half"),
        (f"{ROLL}\nrows = 2", "one row of labels"),
        (f"{ROLL}\npage = 'A4'", "one row of labels"),
        (f"{ROLL}\ncolumns = 2\npage = [100, 40]", "the labels reach"),
        (f"{ROLL}\ncolumns = 2\npitch_x = 50", "overlap"),
        ("kind = 'sheet'\nlabel_width = 60\nlabel_height = 40", "needs a page"),
        ("kind = 'sheet'\npage = 'A5'\ncrop_marks = true\nlabel_width = 60\nlabel_height = 40", "for rolls"),
    ],
)
def test_media_that_can_not_be_are_refused(media: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        template(media)
    assert says in str(caught.value)


# --- pages ---------------------------------------------------------------------------------------------------------


def test_several_labels_lie_across_a_roll() -> None:
    design = checked(template(f"{ROLL}\ncolumns = 3\npitch_x = 63\nmargin_left = 2\npage = [190, 40]"))
    boxes = design.layout.symbol_boxes()
    assert design.layout.grid.page_mm == (190, 40)
    assert [round(right.x - left.x, 1) for left, right in pairwise(boxes)] == [63, 63]
    assert checked(template(f"{ROLL}\ncolumns = 3\npitch_x = 63")).layout.grid.page_mm == (186, 40)


def test_sheets_of_any_size_have_labels() -> None:
    sheet = "kind = 'sheet'\npage = [140, 95]\nlabel_width = 60\nlabel_height = 40\ncolumns = 2\nrows = 2"
    assert len(checked(template(sheet)).layout.places) == 4


# --- printers that feed another way --------------------------------------------------------------------------------

OFF_CENTRE = "[[element]]\nkind = 'text'\nx = 2\ny = 2\nwidth = 14\ntext = 'Lamp'\nsize = 7\n"


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_turned_printer_gets_the_same_dots_turned(rotate: int) -> None:
    loaded = template(ROLL, OFF_CENTRE)
    upright, turned = (
        np.asarray(Image.open(BytesIO(drawn(checked(loaded, replace(BUILT_IN["png-203"], rotate=angle))))))
        for angle in (0, rotate)
    )
    assert (np.rot90(upright, -(rotate // 90)) == turned).all()
    pages = [
        rendered(drawn(checked(loaded, replace(BUILT_IN["pdf-203"], rotate=angle))), 8) < 128 for angle in (0, rotate)
    ]
    assert (np.rot90(pages[0], -(rotate // 90)) != pages[1]).mean() < 0.001


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("printer", ["pdf-300", "pdf-300x600", "png-300x600"])
def test_symbols_are_told_to_lie_where_they_are_printed(printer: str, rotate: int) -> None:
    machine = replace(BUILT_IN[printer], rotate=rotate, offset_x_mm=1.0, offset_y_mm=0.5)
    loaded = template(f"{ROLL}\nbleed = 2\ncolumns = 2\npitch_x = 65", OFF_CENTRE)
    design = checked(loaded, machine)
    data = drawn(design)
    dots = (machine.dots_per_mm_x, machine.dots_per_mm_y)
    if machine.language == "pdf":
        dots = (20.0, 20.0)
        grey = rendered(data, 20) < 128
    else:
        grey = ~np.asarray(Image.open(BytesIO(data)))
    width, height = design.layout.grid.page_mm
    assert grey.shape[::-1] == pytest.approx((width * dots[0], height * dots[1]), abs=2)
    boxes = design.layout.symbol_boxes()
    assert len(boxes) == 2
    for x, y, width, height in boxes:
        left, top, right, bottom = (round(edge * dots[at % 2]) for at, edge in enumerate((x, y, x + width, y + height)))
        inside = grey[top:bottom, left:right]
        assert 0.35 < inside.mean() < 0.7
        quiet = [inside[[0, -1]].mean(), inside[:, [0, -1]].mean()]
        assert min(quiet) > 0.3, "the finder's edges are not at the box's edges"
        frame = grey[top - 4 : bottom + 4, left - 4 : right + 4].copy()
        frame[3:-3, 3:-3] = False
        assert not frame.any(), "modules lie outside of the box"


@pytest.mark.parametrize("name", ["pdf-203", "png-203", "zpl-203"])
def test_the_whole_page_in_the_preview_is_upright(name: str) -> None:
    across = template(f"{ROLL}\ncolumns = 2\npitch_x = 64\nbleed = 2\ncrop_marks = true", OFF_CENTRE)
    example = made_up_example()
    upright = WholePage.of(across, BUILT_IN[name], example)
    turned = WholePage.of(across, replace(BUILT_IN[name], rotate=90), example)
    assert turned.record() == upright.record()
    assert turned.png == upright.png
    width, height = upright.record()["size"]
    assert (width, height) == pytest.approx((136, 52) if name == "pdf-203" else (124, 40), abs=0.1)


def test_offset_and_margins_are_the_printers_own_also_when_it_is_turned() -> None:
    for rotate, side in ((90, "x = 0.5\ny = 15"), (180, "x = 15\ny = 38"), (270, "x = 58\ny = 15")):
        text = f"[[element]]\nkind = 'box'\n{side}\nwidth = 1\nheight = 1\nthickness = 0.2\n"
        line = "[[element]]\nkind = 'line'\n" + side + f"\nx2 = {side.split()[2]}\ny2 = {float(side.split()[-1]) + 1}\n"
        machine = replace(BUILT_IN["pdf-300"], margins_mm=(0, 3, 0, 0), rotate=rotate)
        design = checked(template(f"{ROLL}\nsafe = 0", text, line), machine)
        assert DesignFindingKind.IN_MARGIN in kinds(design), rotate
        assert DesignFindingKind.IN_MARGIN not in kinds(checked(template(f"{ROLL}\nsafe = 0", text, line)))


def test_a_turned_page_must_be_as_narrow_as_the_printer() -> None:
    narrow = replace(BUILT_IN["pdf-300"], max_width_mm=50.0)
    assert kinds(checked(template(), narrow)) == [DesignFindingKind.MEDIA_TOO_WIDE]
    assert kinds(checked(template(), replace(narrow, rotate=90))) == []


# --- colours under symbols -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stock", "errors", "warnings"),
    [
        ("#ffffff", 0, 0),
        ("cyan", 1, 0),
        ("cmyk(100, 0, 0, 0)", 1, 0),
        ("green", 1, 0),
        ("red", 0, 1),  # fine for scanners, dark for telephones
        ("cmyk(40, 0, 0, 0)", 0, 1),
        ("yellow", 0, 0),
    ],
)
def test_contrast_is_judged_in_a_scanners_light(stock: str, errors: int, warnings: int) -> None:
    for loaded in (
        template(f"{ROLL}\nstock = '{stock}'"),
        template(ROLL, box(17, 6, 26, 26, f"fill = true\ncolor = '{stock}'").replace("26\nfill", "24.5\nfill")),
    ):
        design = checked(loaded)
        low = [item for item in design.findings.items if item.kind is DesignFindingKind.LOW_CONTRAST]
        assert [item.severity for item in low] == ["error"] * errors + ["warning"] * warnings
        assert all("660 nm" in item.what or "white light" in item.what for item in low)


def test_the_contrast_of_bars_and_qr_codes_is_judged_too() -> None:
    media = "kind = 'roll'\nlabel_width = 100\nlabel_height = 60\nstock = 'cyan'"
    codes = (
        "[[element]]\nkind = 'code-128'\nx = 2\ny = 40\nwidth = 60\nheight = 15\n"
        "[[element]]\nkind = 'qr'\nx = 70\ny = 10\nsize = 25\ntext = 'Lamp'\n"
    )
    low = [item for item in checked(template(media, codes)).findings.errors if "660 nm" in item.what]
    assert {item.element_index for item in low} == {0, 1, 2}


def test_a_conditional_dark_panel_under_a_symbol_counts() -> None:
    panel = box(17, 6, 26, 24.5, "fill = true\ncolor = 'navy'\nwhen = 'mac'")
    assert kinds(checked(template(ROLL, panel))) == [DesignFindingKind.LOW_CONTRAST]


# --- colours in the file -------------------------------------------------------------------------------------------


def test_black_is_one_ink_and_no_font_is_named_that_is_not_embedded() -> None:
    text = "[[element]]\nkind = 'text'\nx = 2\ny = 2\nwidth = 14\ntext = 'Lamp'\n"
    design = checked(template(ROLL, box(1, 36, 10, 2), text))
    with pikepdf.open(BytesIO(drawn(design))) as document:
        for thing in document.objects:
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/Font":
                font = thing.DescendantFonts[0] if thing.Subtype == "/Type0" else thing
                assert "/FontFile2" in font.FontDescriptor
        streams = [thing for thing in document.objects if isinstance(thing, pikepdf.Stream)]
        forms = [thing for thing in streams if thing.get("/Subtype") == "/Form"]
        used = {
            str(one.operator) for thing in [*forms, document.pages[0]] for one in pikepdf.parse_content_stream(thing)
        }
    assert not used & {"rg", "RG", "k", "K"}


def test_inks_and_spots_reach_the_pdf_as_they_are() -> None:
    elements = (
        box(1, 36, 10, 2, "fill = true\ncolor = 'cmyk(0, 100, 50, 10)'"),
        "[[element]]\nkind = 'text'\nx = 2\ny = 2\nwidth = 14\ntext = '{batch}'\nsize = 5\n"
        "color = 'spot(\"Brand Red\", 0, 100, 81, 4)'\n",
    )
    with pikepdf.open(BytesIO(drawn(checked(template(ROLL, *elements))))) as document:
        spots = [thing for thing in document.objects if isinstance(thing, pikepdf.Array) and thing[0] == "/Separation"]
        assert [str(spot[1]) for spot in spots] == ["/Brand Red"]
        forms = [thing for thing in document.objects if isinstance(thing, pikepdf.Stream) if
                 thing.get("/Subtype") == "/Form"]  # fmt: skip
        inks = [
            one.operands for form in forms for one in pikepdf.parse_content_stream(form) if str(one.operator) == "k"
        ]
    assert [[float(ink) for ink in ink_set] for ink_set in inks] == [[0, 1, 0.5, 0.1]]


def test_each_page_has_what_it_shows() -> None:
    """Pages share their words where they show the same; a spot ink or a form of one page alone is that page's."""
    text = "[[element]]\nkind = 'text'\nx = 2\nwidth = 16\nsize = 5\n"
    elements = (
        f"{text}y = 2\ntext = '{{mac}}'\ncolor = 'spot(\"Brand Red\", 0, 100, 81, 4)'\n",
        f"{text}y = 5\ntext = '{{serial}}'\n",
        box(1, 36, 10, 2, "fill = true\nwhen = 'mac'"),
    )
    design = checked(template(ROLL, *elements))
    (row, *_) = design.rows.values()
    texts = [("001122334455", True), (None, False), ("AABBCCDDEEFF", True), (None, False)]
    rows = tuple(replace(row, texts=(mac, f"S{at}"), shapes_drawn=(box,)) for at, (mac, box) in enumerate(texts))
    pdf = render_label_file(LabelFileContent("Trial", design.layout, rows, 1, "mask"))
    with pikepdf.open(BytesIO(pdf)) as document:
        assert not document.get_warnings()
        shown = []
        for page in document.pages:
            inks = page.Resources.get("/ColorSpace", {}).keys()
            forms = page.Resources.get("/XObject", {}).keys()
            used = {
                str(one.operands[0]) for one in pikepdf.parse_content_stream(page) if str(one.operator) in ("cs", "Do")
            }
            assert used <= {*inks, *forms}
            shown.append((len(inks), "/FormXob.shape0" in forms))
    assert shown == [(1, True), (0, False), (1, True), (0, False)]
    assert [page.get_textpage().get_text_bounded().split() for page in pypdfium2.PdfDocument(pdf)] == [
        ["001122334455", "S0"], ["S1"], ["AABBCCDDEEFF", "S2"], ["S3"],
    ]  # fmt: skip


def test_one_spot_ink_has_one_recipe() -> None:
    both = [box(1, y, 10, 1, f"color = 'spot(Rot, 0, {m}, 0, 0)'") for y, m in ((33, 100), (36, 90))]
    with pytest.raises(InputError) as caught:
        template(ROLL, *both)
    assert "two different CMYK" in str(caught.value)
