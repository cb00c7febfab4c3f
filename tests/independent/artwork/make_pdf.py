# ruff: noqa: E501  (drawings in one line each read best)
"""The PDF drawings beside this: `python -m tests.independent.artwork.make_pdf` writes them again.

A page is 120 x 80 points, if it does not say otherwise. Those that must be refused say with which words.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

FOLDER = Path(__file__).parent / "drawings"
MARKS = "0 0 0 rg 8 8 40 20 re f 0.8 0.1 0.1 rg 60 40 m 112 40 l 86 74 l h f 0 0.4 0.8 RG 4 w 12 40 30 30 re S"
"""What has no symmetry: a turned or mirrored page shows."""


@dataclass
class Page:
    """A page under work."""

    pdf: Any
    content: str = MARKS
    resources: Any = field(default_factory=Dictionary)
    keys: dict[str, Any] = field(default_factory=dict)
    box: tuple[float, ...] = (0, 0, 120, 80)


def _rotate(turn: int) -> Callable[[Page], None]:
    return lambda page: page.keys.update({"/Rotate": turn})


def _boxes(box: tuple[float, ...], **others: tuple[float, ...]) -> Callable[[Page], None]:
    def make(page: Page) -> None:
        page.box = box
        page.keys.update({f"/{name}": Array(list(edges)) for name, edges in others.items()})

    return make


def _content(text: str, **groups: Any) -> Callable[[Page], None]:
    def make(page: Page) -> None:
        page.content = text
        page.resources = Dictionary({f"/{name}": Dictionary(group) for name, group in groups.items()})

    return make


def _form(page: Page, content: str, **keys: Any) -> Any:
    return page.pdf.make_stream(
        content.encode(), Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 120, 80]), **keys
    )


def _image(page: Page, data: bytes, columns: int, rows: int, space: Any, bits: int = 8, **keys: Any) -> Any:
    return page.pdf.make_stream(
        zlib.compress(data), Type=Name.XObject, Subtype=Name.Image, Width=columns, Height=rows,
        ColorSpace=space, BitsPerComponent=bits, Filter=Name.FlateDecode, **keys,
    )  # fmt: skip


def _checks(columns: int, rows: int, *colours: tuple[int, ...]) -> bytes:
    return b"".join(bytes(colours[(x // 16 + y // 16) % len(colours)]) for y in range(rows) for x in range(columns))


def _picture(space: str, *colours: tuple[int, ...]) -> Callable[[Page], None]:
    def make(page: Page) -> None:
        image = _image(page, _checks(192, 128, *colours), 192, 128, Name(f"/{space}"))
        page.content = "q 100 0 0 64 10 8 cm /I Do Q"
        page.resources = Dictionary(XObject=Dictionary(I=image))

    return make


def _soft_masked(page: Page) -> None:
    ramp = bytes(x * 255 // 191 for y in range(128) for x in range(192))
    mask = _image(page, ramp, 192, 128, Name.DeviceGray)
    image = _image(page, _checks(192, 128, (200, 0, 0)), 192, 128, Name.DeviceRGB, SMask=mask)
    page.content = MARKS + " q 100 0 0 64 10 8 cm /I Do Q"
    page.resources = Dictionary(XObject=Dictionary(I=image))


def _stencil(page: Page) -> None:
    image = page.pdf.make_stream(
        bytes([0b10101010, 0b11001100, 0b11110000, 0b01010101] * 4), Type=Name.XObject, Subtype=Name.Image,
        Width=8, Height=16, ImageMask=True, BitsPerComponent=1,
    )  # fmt: skip
    page.content = "0.1 0.5 0.1 rg q 96 0 0 64 12 8 cm /I Do Q"
    page.resources = Dictionary(XObject=Dictionary(I=image))


def _separation(page: Page, name: str = "PANTONE 485 C", overprint: bool = False) -> None:
    tint = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([0, 0, 0, 0]), C1=Array([0, 0.95, 1, 0]), N=1)
    page.resources = Dictionary(
        ColorSpace=Dictionary(S=Array([Name.Separation, Name(f"/{name.replace(' ', '#20')}"), Name.DeviceCMYK, tint])),
        ExtGState=Dictionary(O=Dictionary(OP=True, op=True, OPM=1)),
    )
    page.content = ("/O gs " if overprint else "") + "/S cs 1 scn 10 10 60 50 re f 0.4 scn 50 20 60 40 re f"


def _device_n(page: Page) -> None:
    tint = page.pdf.make_stream(
        b"{ 0 exch 0 3 1 roll 0 exch }", FunctionType=4, Domain=Array([0, 1, 0, 1]), Range=Array([0, 1] * 4)
    )
    space = Array([Name.DeviceN, Array([Name.Varnish, Name.Gold]), Name.DeviceCMYK, tint])
    page.resources = Dictionary(ColorSpace=Dictionary(N=space))
    page.content = "/N cs 1 0.2 scn 10 10 60 50 re f 0.1 0.9 scn 50 20 60 40 re f"


def _blend(mode: str) -> Callable[[Page], None]:
    return _content(
        "0.1 0.4 0.7 rg 10 10 60 50 re f /B gs 0.9 0.3 0.2 rg 50 20 60 50 re f",
        ExtGState={"/B": Dictionary(BM=Name(f"/{mode}"), ca=0.8)},
    )


def _group(page: Page) -> None:
    form = _form(page, MARKS, Group=Dictionary(S=Name.Transparency, I=True))
    page.resources = Dictionary(XObject=Dictionary(F=form), ExtGState=Dictionary(H=Dictionary(ca=0.5)))
    page.content = "0.9 0.8 0.2 rg 0 0 120 40 re f /H gs /F Do"


def _state_mask(page: Page) -> None:
    form = _form(
        page, "0.5 g 0 0 120 80 re f 1 g 60 0 60 80 re f", Group=Dictionary(S=Name.Transparency, CS=Name.DeviceGray)
    )
    page.resources = Dictionary(ExtGState=Dictionary(M=Dictionary(SMask=Dictionary(S=Name.Luminosity, G=form))))
    page.content = "/M gs 0 0 0 rg 10 10 100 60 re f"


def _shading(kind: int, coordinates: list[float]) -> Callable[[Page], None]:
    blend = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([0, 0.1, 0.4]), C1=Array([1, 0.8, 0.1]), N=1)
    shading = Dictionary(
        ShadingType=kind,
        ColorSpace=Name.DeviceRGB,
        Coords=Array(coordinates),
        Function=blend,
        Extend=Array([True, True]),
    )
    return _content("q 10 10 100 60 re W n /S sh Q", Shading={"/S": shading})


def _shading_pattern(page: Page) -> None:
    blend = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([0]), C1=Array([1]), N=1)
    shading = Dictionary(ShadingType=2, ColorSpace=Name.DeviceGray, Coords=Array([20, 0, 100, 0]), Function=blend)
    page.resources = Dictionary(Pattern=Dictionary(P=Dictionary(PatternType=2, Shading=shading)))
    page.content = "/Pattern cs /P scn 10 10 100 60 re f"


def _tiling(page: Page) -> None:
    tile = page.pdf.make_stream(
        b"0 0 10 10 re f", Type=Name.Pattern, PatternType=1, PaintType=1, TilingType=1, BBox=Array([0, 0, 20, 20]),
        XStep=20, YStep=20, Resources=Dictionary(),
    )  # fmt: skip
    page.resources = Dictionary(Pattern=Dictionary(P=tile))
    page.content = "/Pattern cs /P scn 10 10 100 60 re f"


def _layer(page: Page, *, off: bool, base_off: bool = False) -> Any:
    layer = page.pdf.make_indirect(Dictionary(Type=Name.OCG, Name="dieline"))
    config = Dictionary(Order=Array([layer]))
    if off:
        config.OFF = Array([layer])
    if base_off:
        config.BaseState = Name.OFF
    page.pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=config)
    return layer


def _layered(off: bool, base_off: bool = False) -> Callable[[Page], None]:
    def make(page: Page) -> None:
        page.resources = Dictionary(Properties=Dictionary(L=_layer(page, off=off, base_off=base_off)))
        page.content = (
            MARKS + " /OC /L BDC 1 0 0 rg 20 20 80 50 re f 2 w 0 0 120 80 re S EMC 0 0.6 0 rg 100 4 16 16 re f"
        )

    return make


def _layered_state(page: Page) -> None:
    """Position and colour that a hidden part sets count afterwards."""
    page.resources = Dictionary(Properties=Dictionary(L=_layer(page, off=True)))
    page.content = "0 g /OC /L BDC 0.8 0 0 rg 1 0 0 1 40 20 cm 0 0 30 30 re f EMC 30 10 30 30 re f"


def _layered_text(page: Page) -> None:
    """A hidden word keeps its room."""
    page.resources = Dictionary(Properties=Dictionary(L=_layer(page, off=True)), Font=Dictionary(F=_font(page)))
    page.content = "BT /F 20 Tf 8 30 Td /OC /L BDC (ABC) Tj EMC (DEF) Tj ET"


def _layered_form(page: Page) -> None:
    form = _form(page, "1 0 0 rg 0 0 120 80 re f", OC=_layer(page, off=True))
    page.resources = Dictionary(XObject=Dictionary(F=form))
    page.content = MARKS + " /F Do"


def _layered_inside(page: Page) -> None:
    layer = _layer(page, off=True)
    form = _form(
        page, MARKS + " /OC /L BDC 1 0 0 rg 0 0 120 80 re f EMC", Resources=Dictionary(Properties=Dictionary(L=layer))
    )
    page.resources = Dictionary(XObject=Dictionary(F=form))
    page.content = "/F Do"


def _layered_membership(page: Page) -> None:
    layer = _layer(page, off=True)
    member = page.pdf.make_indirect(Dictionary(Type=Name.OCMD, OCGs=Array([layer]), P=Name.AllOff))
    page.resources = Dictionary(Properties=Dictionary(L=member))
    page.content = "/OC /L BDC " + MARKS + " EMC"


def _layered_print(page: Page) -> None:
    layer = _layer(page, off=False)
    layer.Usage = Dictionary(Print=Dictionary(PrintState=Name.OFF))
    page.pdf.Root.OCProperties.D.AS = Array(
        [Dictionary(Event=Name.Print, Category=Array([Name.Print]), OCGs=Array([layer]))]
    )
    page.resources = Dictionary(Properties=Dictionary(L=layer))
    page.content = "/OC /L BDC " + MARKS + " EMC"


def _font(page: Page) -> Any:
    """Liberation Sans, whole."""
    from fontTools.ttLib import TTFont

    data = (resources.files("bss_mfg.label.template") / "fonts" / "LiberationSans-Regular.ttf").read_bytes()
    face = TTFont(BytesIO(data))
    from fontTools import subset

    subsetter = subset.Subsetter(
        subset.Options(hinting=False, layout_features=[], drop_tables=[*subset.Options().drop_tables, "FFTM"])
    )
    subsetter.populate(text="".join(map(chr, range(32, 127))))
    subsetter.subset(face)
    out = BytesIO()
    face["head"].modified = 0
    face.recalcTimestamp = False
    face.save(out)
    widths, cmap = face["hmtx"], face.getBestCmap()
    scale = 1000 / face["head"].unitsPerEm
    return page.pdf.make_indirect(
        Dictionary(
            Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name("/AAAAAA+LiberationSans"), FirstChar=32, LastChar=126,
            Widths=Array([round(widths[cmap[code]][0] * scale) for code in range(32, 127)]), Encoding=Name.WinAnsiEncoding,
            FontDescriptor=page.pdf.make_indirect(
                Dictionary(
                    Type=Name.FontDescriptor, FontName=Name("/AAAAAA+LiberationSans"), Flags=32, ItalicAngle=0, Ascent=905,
                    Descent=-212, CapHeight=716, StemV=80, FontBBox=Array([-544, -303, 1302, 980]),
                    FontFile2=page.pdf.make_stream(zlib.compress(out.getvalue()), Filter=Name.FlateDecode),
                )
            ),
        )
    )  # fmt: skip


def _text(page: Page) -> None:
    page.resources = Dictionary(Font=Dictionary(F=_font(page)))
    page.content = "BT /F 24 Tf 8 40 Td (Volts 12) Tj 0 -28 Td 1 Tr (Ag) Tj ET"


def _text_clip(page: Page) -> None:
    page.resources = Dictionary(Font=Dictionary(F=_font(page)))
    page.content = "q BT /F 60 Tf 7 Tr 4 20 Td (Clip) Tj ET 0.8 0 0 rg 0 0 120 40 re f 0 0 0.8 rg 0 40 120 40 re f Q"


def _type3(page: Page) -> None:
    glyph = page.pdf.make_stream(b"1000 0 0 0 750 750 d1 0 0 750 750 re 200 200 350 350 re f*")
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type3, FontBBox=Array([0, 0, 750, 750]), FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]),
        CharProcs=Dictionary(a=glyph), Encoding=Dictionary(Type=Name.Encoding, Differences=Array([97, Name.a])),
        FirstChar=97, LastChar=97, Widths=Array([1000]), Resources=Dictionary(),
    )  # fmt: skip
    page.resources = Dictionary(Font=Dictionary(F=font))
    page.content = "BT /F 40 Tf 10 20 Td (aa) Tj ET"


def _helvetica(text: str) -> Callable[[Page], None]:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    return _content(f"{MARKS} BT /F 12 Tf 10 10 Td {text} ET", Font={"/F": font})


def _annotation(kind: str, appearance: bool = True, flags: int = 4, **keys: Any) -> Callable[[Page], None]:
    def make(page: Page) -> None:
        item = Dictionary(
            Type=Name.Annot, Subtype=Name(f"/{kind}"), Rect=Array([60, 10, 110, 30]), F=flags, NM="note 7", **keys
        )
        if appearance:
            drawn = page.pdf.make_stream(
                b"0 0.5 0 rg 0 0 50 20 re f 1 g 5 5 10 10 re f",
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=Array([0, 0, 50, 20]),
            )
            item.AP = Dictionary(N=drawn)
        item = page.pdf.make_indirect(item)
        page.keys["/Annots"] = Array([item])
        if kind == "Widget":
            page.pdf.Root.AcroForm = Dictionary(Fields=Array([item]))

    return make


def _widget(appearance: bool) -> Callable[[Page], None]:
    return _annotation("Widget", appearance, FT=Name.Tx, T="lot", V="L 4711")


def _viewer_drawn(page: Page) -> None:
    _widget(True)(page)
    page.pdf.Root.AcroForm.NeedAppearances = True


def _xfa(page: Page) -> None:
    page.pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA="<xdp/>")


def _inline_image(page: Page) -> None:
    page.content = "q 100 0 0 64 10 8 cm BI /W 4 /H 2 /CS /G /BPC 8 /F /AHx ID 00FF00FFFF00FF00> EI Q"


def _reference(page: Page) -> None:
    form = _form(page, MARKS, Ref=Dictionary(F="other.pdf", Page=0))
    page.resources = Dictionary(XObject=Dictionary(F=form))
    page.content = "/F Do"


def _external_stream(page: Page) -> None:
    form = _form(page, MARKS, F="other.bin")
    page.resources = Dictionary(XObject=Dictionary(F=form))
    page.content = "/F Do"


def _recursive(page: Page) -> None:
    form = _form(page, "/F Do")
    form.Resources = Dictionary(XObject=Dictionary(F=form))
    page.resources = Dictionary(XObject=Dictionary(F=form))
    page.content = "/F Do"


def _inherited(page: Page) -> None:
    """Resources, box and turn are the parent's."""
    tree = page.pdf.Root.Pages
    tree.Resources = Dictionary(ExtGState=Dictionary(H=Dictionary(ca=0.5)))
    tree.Rotate = 90
    page.content = "/H gs " + MARKS
    page.resources = None


PRINTED: dict[str, Callable[[Page], None]] = {
    "plain": lambda page: None,
    **{f"rotate-{turn}": _rotate(turn) for turn in (90, 180, 270, -90, 450)},
    "box-moved": _boxes((-30, -20, 90, 60)),
    "box-reversed": _boxes((120, 80, 0, 0)),
    "box-half-reversed": _boxes((120, 0, 0, 80)),
    "crop-box": _boxes((0, 0, 120, 80), CropBox=(10, 5, 90, 70)),
    "crop-box-outside": _boxes((0, 0, 120, 80), CropBox=(-50, -50, 500, 500)),
    "trim-box": _boxes((0, 0, 120, 80), TrimBox=(10, 10, 110, 70)),
    "trim-and-bleed": _boxes((0, 0, 120, 80), TrimBox=(20, 15, 100, 65), BleedBox=(10, 5, 110, 75)),
    "trim-reversed": _boxes((0, 0, 120, 80), TrimBox=(110, 70, 10, 10)),
    "trim-outside": _boxes((0, 0, 120, 80), TrimBox=(-10, -10, 100, 60)),
    "tall-page": _boxes((0, 0, 40, 80)),
    "inherited": _inherited,
    "cmyk": _content("0 1 1 0 k 10 10 60 50 re f 1 0.2 0 0.3 k 50 20 60 40 re f 0 0 0 1 K 6 w 10 70 m 110 70 l S"),
    "grey": _content("0.3 g 10 10 60 50 re f 0.8 g 50 20 60 40 re f"),
    "spot": _separation,
    "spot-overprint": lambda page: _separation(page, overprint=True),
    "spot-all": lambda page: _separation(page, "All"),
    "device-n": _device_n,
    "lab": _content("/L cs 40 60 40 scn 10 10 60 50 re f 80 -40 20 scn 50 20 60 40 re f",
                    ColorSpace={"/L": Array([Name.Lab, Dictionary(WhitePoint=Array([0.9642, 1, 0.8249]))])}),
    "indexed": _content("/X cs 0 scn 10 10 60 50 re f 1 scn 50 20 60 40 re f",
                        ColorSpace={"/X": Array([Name.Indexed, Name.DeviceRGB, 1, pikepdf.String(b"\x10\x60\x20\xe0\x40\x10")])}),
    **{f"blend-{mode.lower()}": _blend(mode) for mode in ("Multiply", "Screen", "Darken", "Difference", "Overlay")},
    "group": _group,
    "soft-mask": _state_mask,
    "shading-axial": _shading(2, [10, 0, 110, 0]),
    "shading-radial": _shading(3, [60, 40, 0, 60, 40, 50]),
    "shading-pattern": _shading_pattern,
    "picture-rgb": _picture("DeviceRGB", (20, 40, 160), (240, 200, 40)),
    "picture-grey": _picture("DeviceGray", (20,), (230,)),
    "picture-cmyk": _picture("DeviceCMYK", (255, 0, 0, 0), (0, 255, 255, 0)),
    "picture-soft-mask": _soft_masked,
    "picture-stencil": _stencil,
    "picture-inline": _inline_image,
    "layer-on": _layered(off=False),
    "layer-off": _layered(off=True),
    "layer-base-off": _layered(off=False, base_off=True),
    "layer-off-state": _layered_state,
    "layer-off-text": _layered_text,
    "layer-off-form": _layered_form,
    "layer-off-inside": _layered_inside,
    "layer-membership": _layered_membership,
    "text": _text,
    "text-clip": _text_clip,
    "type-3": _type3,
    "helvetica-unused": _helvetica(""),
    "annotation-stamp": _annotation("Stamp"),
    "annotation-hidden": _annotation("Stamp", flags=2),
    "annotation-link": _annotation("Link", appearance=False, Border=Array([0, 0, 0])),
    "form-field": _widget(True),
    "dashes": _content("[8 4 2 4] 3 d 3 w 10 10 100 60 re S 1 J 10 w [] 0 d 20 40 m 100 40 l S"),
    "even-odd": _content("60 74 m 82 10 l 24 52 l 96 52 l 38 10 l h f*"),
    "clip": _content("q 60 40 m 110 70 l 110 10 l h W n 0.9 0.2 0.1 rg 0 0 120 80 re f Q 0 0 30 30 re f"),
    "overflow": _content("0 0.5 0 rg -500 30 1000 20 re f 0 0 0 rg 50 -500 20 1000 re f"),
}  # fmt: skip

REFUSED: dict[str, tuple[Callable[[Page], None], str]] = {
    "rotate-odd": (_rotate(45), "turned by 45 degrees"),
    "tiling": (_tiling, "the pattern /P is a tiling"),
    "no-area": (_boxes((0, 0, 120, 80), TrimBox=(10, 10, 10, 70)), "its page is empty"),
    "helvetica": (_helvetica("(A) Tj"), "its font Helvetica is not embedded"),
    "layer-print-only": (_layered_print, "its layer 'dieline'"),
    "link-with-border": (_annotation("Link", appearance=False), "its annotation 'note 7'"),
    "annotation-undrawn": (_annotation("Square", appearance=False), "its annotation 'note 7'"),
    "form-undrawn": (_widget(False), "its form field 'lot'"),
    "form-viewer": (_viewer_drawn, "its form fields are drawn by the viewer"),
    "form-xfa": (_xfa, "XFA"),
    "other-file": (_reference, "refers to other files"),
    "other-stream": (_external_stream, "lies in another file"),
    "recursive": (_recursive, "forms in forms"),
}


def _make(draw: Callable[[Page], None]) -> bytes:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(120, 80))
        page = Page(pdf)
        draw(page)
        target = pdf.pages[0].obj
        target.MediaBox = Array(list(page.box))
        target.Contents = pdf.make_stream(page.content.encode())
        if page.resources is None:
            del target["/Resources"]
        else:
            target.Resources = page.resources
        for key, value in page.keys.items():
            target[key] = value
        return _saved(pdf)


def content(name: str) -> bytes:
    """The bytes of one that prints."""
    return _make(PRINTED[name])


def _saved(pdf: Any, **how: Any) -> bytes:
    out = BytesIO()
    pdf.save(out, static_id=True, **how) if not how else pdf.save(out, **how)
    return out.getvalue()


def _two_pages() -> bytes:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(120, 80))
        pdf.add_blank_page(page_size=(120, 80))
        return _saved(pdf)


def contents() -> dict[str, bytes]:
    """file name -> its bytes."""
    files = {f"{name}.pdf": _make(draw) for name, draw in PRINTED.items()}
    files |= {f"refused-{name}.pdf": _make(draw) for name, (draw, _) in REFUSED.items()}
    whole = files["plain.pdf"]
    return files | {
        "refused-two-pages.pdf": _two_pages(),
        "refused-cut-off.pdf": whole[:60],
        "refused-empty.pdf": b"",
    }


def protected() -> dict[str, bytes]:
    """Encrypted files, which are not the same twice: made, not kept."""
    with pikepdf.open(BytesIO(_make(PRINTED["plain"]))) as pdf:
        return {
            "password.pdf": _saved(pdf, encryption=pikepdf.Encryption(owner="o", user="u")),
            "owner-password.pdf": _saved(pdf, encryption=pikepdf.Encryption(owner="o", user="")),
        }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, data in contents().items():
        (FOLDER / file).write_bytes(data)
