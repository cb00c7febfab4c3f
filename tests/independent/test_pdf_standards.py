"""PDF/X-4 and PDF/A-2b, judged by programs that nobody here wrote.

PDF/A: PDFBox's Preflight, the validator of Apache, knows PDF/A-1b. What 2b allows beyond it (transparency, layers,
compressed objects) these labels don't use, so a 2b file may be faulted for three things alone: that it says part 2,
that subsets of composite fonts have no CIDSet, which 1b wants (ISO 19005-1, 6.3.5) and 2b does not (ISO 19005-2,
6.2.11.4.2), and that artwork has ICC profiles of version 4, which 2b allows (6.2.4.2): these are looked at besides.
PDF/X-4: proof-pdf judges where it is installed; besides, qpdf checks the structure, Ghostscript makes separations,
poppler lists fonts, and `X4_PROPERTIES` are looked at one by one. veraPDF is packaged neither for Debian nor on PyPI
or npm.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageCms, ImageDraw

from bss_mfg.errors import InputError
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import check_design
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.press import PLAIN, PdfStandard, Press, open_press
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.render.pdf_standards import conform
from bss_mfg.label.render.srgb_profile import srgb_profile
from bss_mfg.label.template.loading import LoadedTemplate, load_template, template_from_text
from bss_mfg.label.template.printer import BUILT_IN
from tests.helpers import press as print_shop
from tests.helpers.factory import Factory
from tests.helpers.pictures import TEMPLATES
from tests.needs import needs, preflight_path

PROFILES = Path("/usr/share/color/icc/ghostscript")
CMYK, GREY = PROFILES / "default_cmyk.icc", PROFILES / "ps_gray.icc"
PART_IS_2 = "7.11.2 : Error on MetaData, part must be 1"
ALLOWED_BY_2B = re.compile(
    r"3\.1\.11 : .*The CIDSet entry is missing for the Composite Subset|2\.1\.6 : .*Invalid version of the ICCProfile|"
    r"1\.4\.8 : .*A Catalog shall not contain the OCPProperties entry"
)

DESIGN = """format = 1
title = "Lamp & <Sons>"
[media]
kind = "roll"
label_width = 60
label_height = 40
corner = 3
bleed = 2
crop_marks = true
[sample]
x = 30
y = 30
width = 24
height = 8
[[element]]
kind = "box"
x = -2
y = -2
width = 64
height = 44
fill = true
color = "#ffee88"
[[element]]
kind = "data-matrix"
x = 4
y = 4
size = 24
[[element]]
kind = "text"
x = 31
y = 6
width = 26
text = "Lämpchen Žlutý {serial}"
fit = "shrink"
min_size = 3
[[element]]
kind = "text"
x = 31
y = 12
width = 26
size = 9
text = "Mesh Bulb"
color = "COLOUR"
[[element]]
kind = "image"
x = 31
y = 17
width = 10
height = 10
file = "picture.png"
"""
SCREEN = DESIGN.replace("COLOUR", "#c00")
PRESS = DESIGN.replace("COLOUR", "spot(PANTONE 186 C, 0, 100, 81, 4)").replace("#ffee88", "cmyk(0, 7, 47, 0)")


@dataclass(frozen=True)
class Case:
    """A template's labels made to a standard."""

    standard: PdfStandard
    profile: Path | None
    rotate: int = 0
    text: str = SCREEN


X4_CASES = {
    "screen colours": Case("PDF/X-4", CMYK),
    "inks and a spot": Case("PDF/X-4", CMYK, text=PRESS),
    "turned": Case("PDF/X-4", CMYK, 90, PRESS),
}
A2_CASES = {
    "sRGB": Case("PDF/A-2b", None),
    "turned": Case("PDF/A-2b", None, 270),
    "inks": Case("PDF/A-2b", CMYK, text=PRESS),
    "screen colours for a press": Case("PDF/A-2b", CMYK),
}


def template(folder: Path, text: str) -> LoadedTemplate:
    """A template with a picture beside it, which is half transparent."""
    picture = Image.new("RGBA", (120, 120), (0, 120, 60, 255))
    ImageDraw.Draw(picture).ellipse((20, 20, 100, 100), (200, 0, 0, 90))
    picture.save(folder / "picture.png")
    return template_from_text(text, folder / "lamp.toml")


def opaque(folder: Path, text: str) -> LoadedTemplate:
    """The same with a picture without transparency, which PDF/A-1 does not know."""
    Image.new("RGB", (120, 120), (0, 120, 60)).save(folder / "picture.png")
    return template_from_text(text, folder / "lamp.toml")


def made(loaded: LoadedTemplate, press: Press, rotate: int = 0) -> bytes:
    """Labels made to a standard."""
    design = check_design(loaded, replace(BUILT_IN["pdf-600"], rotate=rotate), made_up_example())
    rows = tuple(design.rows.values())
    content = LabelFileContent("Labels of <1> & 2", design.layout, rows, 1, "mask", press)
    data = render_label_file(content)
    assert data == render_label_file(content), "the same labels, other bytes"
    return data


# --- PDF/A ---------------------------------------------------------------------------------------------------------


def preflight(path: Path) -> list[str]:
    """What PDFBox's validator of PDF/A-1b finds."""
    run = subprocess.run(
        ["java", "-cp", preflight_path(), "org.apache.pdfbox.preflight.Validator_A1b", str(path)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "PDF/A-1b file" in run.stdout, run.stderr[-500:]
    lines = [line for line in run.stdout.splitlines() if re.match(r"\d+(\.\d+)* :", line)]
    with pikepdf.open(path) as document:
        profiles = [thing[1].read_bytes() for thing in document.objects if isinstance(thing, pikepdf.Array) and
                    len(thing) == 2 and thing[0] == "/ICCBased"]  # fmt: skip
    assert all(profile[8] in (2, 4) for profile in profiles)
    return [line for line in lines if not ALLOWED_BY_2B.match(line)]


@needs("pdfbox-preflight", "gs")
@pytest.mark.parametrize("case", A2_CASES.values(), ids=A2_CASES)
def test_preflight_faults_a_pdf_a_2b_at_its_part_alone(tmp_path: Path, case: Case) -> None:
    (tmp_path / "labels.pdf").write_bytes(
        made(opaque(tmp_path, case.text), open_press(case.standard, case.profile), case.rotate)
    )
    assert preflight(tmp_path / "labels.pdf") == [PART_IS_2]
    with pikepdf.open(tmp_path / "labels.pdf") as document:
        assert "<pdfaid:part>2</pdfaid:part>" in document.Root.Metadata.read_bytes().decode()


@needs("pdfbox-preflight")
def test_preflight_faults_the_same_labels_as_plain_pdf(tmp_path: Path) -> None:
    (tmp_path / "labels.pdf").write_bytes(made(opaque(tmp_path, SCREEN), PLAIN))
    assert len(preflight(tmp_path / "labels.pdf")) > 3


@needs("pdfbox-preflight")
def test_every_template_is_an_archive_file_if_asked(tmp_path: Path, factory: Factory) -> None:
    for name in TEMPLATES:
        loaded = load_template(factory.workspace.template_file(name))
        (tmp_path / f"{name}.pdf").write_bytes(made(loaded, open_press("PDF/A-2b", None)))
        assert preflight(tmp_path / f"{name}.pdf") == [PART_IS_2], name


# --- PDF/X ---------------------------------------------------------------------------------------------------------

Check = Callable[[pikepdf.Pdf, str], Any]


def metadata(document: pikepdf.Pdf) -> str:
    return str(document.Root.Metadata.read_bytes().decode())


def things(document: pikepdf.Pdf) -> list[Any]:
    return [thing for thing in document.objects if isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream))]


def nested(page: Any) -> bool:
    """Whether MediaBox holds BleedBox, and that TrimBox."""
    boxes = [[float(edge) for edge in page.obj[name]] for name in ("/MediaBox", "/BleedBox", "/TrimBox")]
    return all(
        outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]
        for outer, inner in pairwise(boxes)
    )


def resources(document: pikepdf.Pdf) -> list[Any]:
    return [
        thing.Resources
        for thing in things(document)
        if (thing.get("/Type") == "/Page" or thing.get("/Subtype") == "/Form") and "/Resources" in thing
    ]


X4_PROPERTIES: dict[str, Check] = {
    "PDF 1.6": lambda pdf, _: pdf.pdf_version == "1.6",
    "no encryption": lambda pdf, _: not pdf.is_encrypted,
    "a file id": lambda pdf, _: len(pdf.trailer.ID) == 2,
    "XMP says PDF/X-4": lambda pdf, _: ">PDF/X-4</pdfxid:GTS_PDFXVersion>" in metadata(pdf),
    "XMP is not compressed": lambda pdf, _: "/Filter" not in pdf.Root.Metadata,
    "title, dates, producer, Trapped agree in XMP and Info": lambda pdf, _: (
        "<rdf:li xml:lang=\"x-default\">Labels of &lt;1&gt; &amp; 2</rdf:li>" in metadata(pdf)
        and str(pdf.trailer.Info.Title) == "Labels of <1> & 2"
        and str(pdf.trailer.Info.CreationDate).startswith("D:20000101000000")
        and "<xmp:CreateDate>2000-01-01T00:00:00+00:00</xmp:CreateDate>" in metadata(pdf)
        and "<xmp:ModifyDate>2000-01-01T00:00:00+00:00</xmp:ModifyDate>" in metadata(pdf)
        and "<pdf:Trapped>False</pdf:Trapped>" in metadata(pdf)
        and str(pdf.trailer.Info.Trapped) == "/False"
    ),
    "document id, version and rendition class": lambda pdf, _: all(
        f"xmpMM:{name}>" in metadata(pdf) for name in ("DocumentID", "VersionID", "RenditionClass")
    ),
    "one output intent, GTS_PDFX, with its profile and condition": lambda pdf, _: (
        len(pdf.Root.OutputIntents) == 1
        and pdf.Root.OutputIntents[0].S == "/GTS_PDFX"
        and str(pdf.Root.OutputIntents[0].OutputConditionIdentifier)
        and pdf.Root.OutputIntents[0].DestOutputProfile.N == 4
        and pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes() == CMYK.read_bytes()
    ),
    "the profile is of an output device": lambda pdf, _: (
        pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes()[12:20] == b"prtrCMYK"
    ),
    "every page has MediaBox, BleedBox and TrimBox, one in the other": lambda pdf, _: all(map(nested, pdf.pages)),
    "no CropBox and no ArtBox": lambda pdf, _: not any(
        name in page.obj for page in pdf.pages for name in ("/CropBox", "/ArtBox")
    ),
    "no page is turned by the viewer": lambda pdf, _: all(page.obj.get("/Rotate", 0) == 0 for page in pdf.pages),
    "RGB is defined wherever it may be used": lambda pdf, _: all(
        entry.ColorSpace.DefaultRGB[0] == "/ICCBased" for entry in resources(pdf)
    ),
    "no transparency group blends in device RGB": lambda pdf, _: not any(
        thing.get("/Group", {}).get("/CS") == "/DeviceRGB" for thing in things(pdf)
    ),
    "no annotations, actions, forms, scripts": lambda pdf, _: (
        not any(name in pdf.Root for name in ("/AcroForm", "/OpenAction", "/AA", "/Names"))
        and not any("/Annots" in page.obj or "/AA" in page.obj for page in pdf.pages)
    ),
    "no LZW, no transfer curves, no alternates, no PostScript": lambda pdf, _: not any(
        "/LZWDecode" in str(thing.get("/Filter"))
        or (thing.get("/Type") == "/ExtGState" and ("/TR" in thing or "/HTP" in thing))
        or "/Alternates" in thing
        or thing.get("/Subtype") == "/PS"
        for thing in things(pdf)
    ),
    "every font is embedded (poppler)": lambda _, fonts: (
        len(lines := fonts.splitlines()[2:]) > 0 and all(re.search(r"\s+yes\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+$", line)
                                                         for line in lines)
    ),
}  # fmt: skip
"""What is looked at in a PDF/X-4 file (ISO 15930-7, clause 6), by name."""


@needs("qpdf", "gs", "pdffonts")
@pytest.mark.parametrize("case", X4_CASES.values(), ids=X4_CASES)
def test_a_pdf_x_4_has_each_property(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "labels.pdf"
    path.write_bytes(made(template(tmp_path, case.text), open_press(case.standard, case.profile), case.rotate))
    checked = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    fonts = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout
    with pikepdf.open(path) as document:
        missing = [name for name, holds in X4_PROPERTIES.items() if not holds(document, fonts)]
    assert missing == []


def test_the_properties_are_missing_where_nothing_was_asked_for(tmp_path: Path) -> None:
    with pikepdf.open(BytesIO(made(template(tmp_path, PRESS), PLAIN))) as document:
        for name in ("/OutputIntents", "/Metadata"):
            assert name not in document.Root


def proof_pdf(path: Path) -> subprocess.CompletedProcess[str]:
    """What proof-pdf finds in a file or folder; its PDF/A would be veraPDF's."""
    rules = ("--no-pdfa", "--k-only-text", "--require-bleed")
    return subprocess.run(["proof-pdf", "verify", path, *rules], capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("proof-pdf") is None, reason="proof-pdf (PyPI) needs Python 3.15")
def test_proof_pdf_passes_every_template_and_a_label_with_bleed(tmp_path: Path, factory: Factory) -> None:
    press = open_press("PDF/X-4", CMYK)
    loaded = {name: load_template(factory.workspace.template_file(name)) for name in TEMPLATES}
    loaded["across"] = template_from_text(
        print_shop.TEMPLATE.replace('"lemonchiffon"', '"cmyk(0, 5, 30, 0)"'), tmp_path / "across.toml"
    )
    for name, one in loaded.items():
        (tmp_path / f"{name}.pdf").write_bytes(made(one, press))
    judged = proof_pdf(tmp_path)
    assert judged.returncode == 0, judged.stdout
    assert f"all {len(loaded)} file(s) passed: PDF/X-4" in judged.stdout
    (tmp_path / "plain.pdf").write_bytes(made(loaded["across"], PLAIN))
    assert "pdfx-intent" in proof_pdf(tmp_path / "plain.pdf").stdout


def separations(path: Path, folder: Path) -> dict[str, float]:
    """How much of a page each ink covers, by Ghostscript's separations: 0 to 1."""
    subprocess.run(
        ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffsep", "-r150", "-dFirstPage=1", "-dLastPage=1",
         f"-sOutputFile={folder / 'plate.tif'}", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    covers = {}
    for plate in folder.glob("plate(*.tif"):
        with Image.open(plate) as picture:
            grey = picture.convert("L")
            covers[plate.stem[6:-1]] = sum((255 - at) * count for at, count in enumerate(grey.histogram())) / (
                255 * grey.width * grey.height
            )
    return covers


@needs("gs")
def test_texts_and_symbols_are_on_the_black_plate_alone(tmp_path: Path) -> None:
    text = re.sub(r'\[\[element\]\]\nkind = "(box|image)".*?(?=\[\[element\]\]|\Z)', "", PRESS, flags=re.DOTALL)
    path = tmp_path / "labels.pdf"
    path.write_bytes(made(template_from_text(text, tmp_path / "lamp.toml"), open_press("PDF/X-4", CMYK)))
    covers = separations(path, tmp_path)
    assert covers["Black"] > 0.05
    assert covers["PANTONE 186 C"] > 0.001
    assert [covers[ink] for ink in ("Cyan", "Magenta", "Yellow")] == [0, 0, 0]


@needs("gs")
@pytest.mark.parametrize("standard", ["PDF/X-4", None])
def test_the_die_line_is_on_a_plate_of_its_own(tmp_path: Path, standard: str | None) -> None:
    """And overprints: no other plate changes by it."""
    press = open_press("PDF/X-4", CMYK) if standard else Press()
    covers = []
    for corner in ("", "corner = 3\n"):
        text = re.sub(r'\[\[element\]\]\nkind = "image".*', "", PRESS, flags=re.DOTALL).replace("corner = 3\n", corner)
        path = tmp_path / "labels.pdf"
        path.write_bytes(made(template_from_text(text, tmp_path / "lamp.toml"), press))
        covers.append(separations(path, tmp_path))
    assert covers[1].pop("CutContour") > 0.0005
    assert covers[0] == covers[1]


@needs("gs")
def test_inks_of_the_template_reach_their_plates(tmp_path: Path) -> None:
    text = PRESS.replace("cmyk(0, 7, 47, 0)", "cmyk(0, 0, 50, 0)")
    text = re.sub(r'\[\[element\]\]\nkind = "image".*', "", text, flags=re.DOTALL)
    path = tmp_path / "labels.pdf"
    path.write_bytes(made(template_from_text(text, tmp_path / "lamp.toml"), open_press("PDF/X-4", CMYK)))
    covers = separations(path, tmp_path)
    assert 0.2 < covers["Yellow"] < 0.5
    assert covers["Cyan"] == covers["Magenta"] == 0


# --- refusals ------------------------------------------------------------------------------------------------------


def test_what_can_not_conform_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError) as inks:
        made(template(tmp_path, PRESS), open_press("PDF/A-2b", None))
    assert "PANTONE 186 C" in str(inks.value)
    assert "--icc" in inks.value.way_out
    for profile, says in ((None, "needs the ICC profile"), (PROFILES / "srgb.icc", "profile of a screen")):
        with pytest.raises(InputError) as caught:
            open_press("PDF/X-4", profile)
        assert says in str(caught.value)
    (tmp_path / "no.icc").write_bytes(b"no profile" * 100)
    with pytest.raises(InputError) as damaged:
        open_press("PDF/X-4", tmp_path / "no.icc")
    assert "not an ICC profile" in str(damaged.value)


@pytest.mark.parametrize(
    ("content", "spaces", "says"),
    [
        (b"0 1 0 0 k 0 0 50 50 re f", {}, "CMYK colours of the template or its artwork"),
        (
            b"/Gold cs 1 scn 0 0 50 50 re f",
            {"Gold": ["/Separation", "/Gold", "/DeviceCMYK", {"FunctionType": 2, "Domain": [0, 1], "N": 1,
                                                              "C0": [0, 0, 0, 0], "C1": [0, 0.2, 1, 0]}]},
            "CMYK colours of the ink 'Gold'",
        ),
    ],
    ids=["process", "spot"],
)  # fmt: skip
def test_inks_of_artwork_need_a_profile_of_inks(
    tmp_path: Path, content: bytes, spaces: dict[str, list[Any]], says: str
) -> None:
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(50, 50))
        page.Contents = document.make_stream(content)
        page.Resources = pikepdf.Dictionary(ColorSpace=pikepdf.Dictionary())
        for name, (kind, ink, base, tint) in spaces.items():
            space = [pikepdf.Name(kind), pikepdf.Name(ink), pikepdf.Name(base), pikepdf.Dictionary(**tint)]
            page.Resources.ColorSpace[f"/{name}"] = pikepdf.Array(space)
        document.save(tmp_path / "logo.pdf")
    loaded = template_from_text(SCREEN.replace("picture.png", "logo.pdf"), tmp_path / "lamp.toml")
    with pytest.raises(InputError) as caught:
        made(loaded, open_press("PDF/A-2b", None))
    assert says in str(caught.value)
    made(loaded, open_press("PDF/A-2b", CMYK))


def test_a_font_that_is_used_and_not_embedded_is_refused() -> None:
    from reportlab.pdfgen.canvas import Canvas

    for used in (True, False):
        buffer = BytesIO()
        canvas = Canvas(buffer, pagesize=(100, 100))  # names Helvetica in any case
        if used:
            canvas.drawString(10, 10, "Lamp")
        canvas.showPage()
        canvas.save()
        with pikepdf.open(buffer) as document:
            if used:
                with pytest.raises(InputError) as caught:
                    conform(document, open_press("PDF/A-2b", None), "Lamp")
                assert "'Helvetica' is not embedded" in str(caught.value)
            else:
                conform(document, open_press("PDF/A-2b", None), "Lamp")
                assert len(document.pages[0].Resources.Font) == 0


def test_our_profile_of_srgb_is_srgb() -> None:
    steps = range(0, 256, 15)
    picture = Image.new("RGB", (len(steps) ** 2, len(steps)))
    picture.putdata([(red, green, blue) for red in steps for green in steps for blue in steps])
    ours = ImageCms.getOpenProfile(BytesIO(srgb_profile()))
    theirs = ImageCms.profileToProfile(picture, ours, ImageCms.createProfile("sRGB"))
    assert theirs is not None
    off = max(abs(a - b) for a, b in zip(picture.tobytes(), theirs.tobytes(), strict=True))
    assert off <= 1
