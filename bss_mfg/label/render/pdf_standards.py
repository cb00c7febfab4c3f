"""A finished PDF made to a standard: PDF/X-4 for the press (ISO 15930-7), PDF/A-2b for the archive (ISO 19005-2).

What a standard forbids and can't be mended here is refused by name. The file stays the same for the same labels: its
ids are made of what it holds.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from bss_mfg.errors import InputError
from bss_mfg.label.layout.press import Press
from bss_mfg.label.render.srgb_profile import srgb_profile

if TYPE_CHECKING:
    import pikepdf

_DATE, _XMP_DATE = "D:20000101000000+00'00'", "2000-01-01T00:00:00+00:00"
"""Files are the same whenever they are made."""
_PRODUCER = "bss-mfg"
_WAY_OUT_FONT = "Save the artwork again with its fonts embedded, or with its texts as paths."


def conform(document: pikepdf.Pdf, press: Press, title: str) -> None:
    """Make a document conform to the standard of `press`; `InputError` names what can't."""
    import pikepdf

    things = list(_dictionaries(document))
    _refuse_loose_fonts(document, things, press)
    if press.space != "CMYK" and (what := _first_cmyk(document, things)):
        raise InputError(
            f"{press.standard} with an output intent of {press.space} can't hold the CMYK colours of {what}",
            way_out="Give the profile of a CMYK printing condition with --icc.",
        )
    if press.space != "RGB":
        srgb = document.make_indirect(pikepdf.Array([pikepdf.Name.ICCBased, _profile(document, srgb_profile(), 3)]))
        for thing in things:
            _define_rgb(thing, srgb)
    for thing in things:
        _mend(thing)
    blends = any(map(_is_transparent, things))
    for page in document.pages:
        if blends and "/Group" not in page.obj:
            space = pikepdf.Name(f"/Device{press.space.replace('GRAY', 'Gray')}")
            page.obj.Group = pikepdf.Dictionary(Type=pikepdf.Name.Group, S=pikepdf.Name.Transparency, CS=space)
        if "/TrimBox" not in page.obj:
            page.obj.TrimBox = pikepdf.Array([float(edge) for edge in page.mediabox])
    digest = hashlib.sha256(f"{title} {press.digest}".encode())
    for page in document.pages:
        digest.update(_content(page))
    _write_intent(document, press)
    _write_metadata(document, press, title, str(uuid.UUID(bytes=digest.digest()[:16], version=4)))


def pdf_version(press: Press) -> str:
    """The version of PDF that a standard is made of."""
    return "1.6" if press.standard == "PDF/X-4" else "1.7"


def _content(page: Any) -> bytes:
    import pikepdf

    contents = page.obj.get("/Contents")
    parts = contents if isinstance(contents, pikepdf.Array) else [contents] if contents is not None else []
    return b"".join(part.read_raw_bytes() for part in parts)


def _dictionaries(document: pikepdf.Pdf) -> Iterator[Any]:
    import pikepdf

    for thing in document.objects:
        if isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
            yield thing


def _refuse_loose_fonts(document: pikepdf.Pdf, things: list[Any], press: Press) -> None:
    """`InputError` for a font that is used and not embedded; one that is only named is taken out."""
    loose = {font.objgen for font in things if _is_loose(font)}
    if not loose:
        return
    for owner in [*document.pages, *(thing for thing in things if thing.get("/Subtype") == "/Form")]:
        fonts = (owner.obj if hasattr(owner, "obj") else owner).get("/Resources", {}).get("/Font", {})
        names = {name: font for name, font in fonts.items() if font.objgen in loose}
        if not names:
            continue
        for name in _fonts_shown(owner) & set(names):
            font = str(names[name].get("/BaseFont", "without a name")).lstrip("/")
            raise InputError(
                f"{press.standard} needs every font, and {font[:60]!r} is not embedded", way_out=_WAY_OUT_FONT
            )
        for name in names:
            del fonts[name]


def _is_loose(font: Any) -> bool:
    if font.get("/Type") != "/Font" or font.get("/Subtype") in ("/Type0", "/Type3"):
        return False
    descriptor = font.get("/FontDescriptor", {})
    return not any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3"))


def _fonts_shown(owner: Any) -> set[str]:
    """The resource names of fonts in which a page or form shows text."""
    import pikepdf

    shown: set[str] = set()
    font = ""
    saved: list[str] = []
    for instruction in pikepdf.parse_content_stream(owner):
        operator = str(instruction.operator)
        if operator == "q":
            saved.append(font)
        elif operator == "Q" and saved:
            font = saved.pop()
        elif operator == "Tf":
            font = str(instruction.operands[0])
        elif operator in ("Tj", "TJ", "'", '"'):
            shown.add(font)
    return shown


def _first_cmyk(document: pikepdf.Pdf, things: list[Any]) -> str:
    """Where CMYK colours are used, in words; empty where they are not."""
    import pikepdf

    for space in _colour_spaces(document, things):
        if space == "/DeviceCMYK":
            return "a picture"
        if isinstance(space, pikepdf.Array) and len(space) > 3:
            if space[0] in ("/Separation", "/DeviceN") and space[2] == "/DeviceCMYK":
                return f"the ink {str(space[1])[1:]!r}" if isinstance(space[1], pikepdf.Name) else "several inks"
            if space[0] == "/Indexed" and space[1] == "/DeviceCMYK":
                return "a picture"
    for owner in [*document.pages, *(thing for thing in things if thing.get("/Subtype") == "/Form")]:
        if any(str(one.operator) in ("k", "K") for one in pikepdf.parse_content_stream(owner, "k K")):
            return "the template or its artwork"
    return ""


def _colour_spaces(document: pikepdf.Pdf, things: list[Any]) -> Iterator[Any]:
    """Every colour space of pictures, shadings and resources, as far as they are written out."""
    import pikepdf

    yield from (thing for thing in document.objects if isinstance(thing, pikepdf.Array))
    for thing in things:
        for owner in (thing, thing.get("/Resources", {})):
            spaces = owner.get("/ColorSpace")
            yield from spaces.values() if isinstance(spaces, pikepdf.Dictionary) else [spaces]


def _define_rgb(thing: Any, srgb: Any) -> None:
    """sRGB is what a page, form or pattern means by RGB (ISO 32000-1, 8.6.5.6), and a picture says so itself."""
    import pikepdf

    if thing.get("/Subtype") == "/Image" and thing.get("/ColorSpace") == "/DeviceRGB":
        thing.ColorSpace = srgb
    if not (thing.get("/Type") == "/Page" or thing.get("/Subtype") == "/Form" or thing.get("/PatternType") == 1):
        return
    group = thing.get("/Group")
    if group is not None and group.get("/CS") == "/DeviceRGB":
        group.CS = srgb
    if (resources := thing.get("/Resources")) is not None:
        if "/ColorSpace" not in resources:
            resources.ColorSpace = pikepdf.Dictionary()
        resources.ColorSpace.DefaultRGB = srgb


def _is_transparent(thing: Any) -> bool:
    """Whether something is blended with what lies under it (ISO 32000-1, 11.1)."""
    if thing.get("/Subtype") == "/Image":
        return "/SMask" in thing
    if thing.get("/S") == "/Transparency":
        return True
    opacities = [thing.get(name) for name in ("/ca", "/CA")]
    return bool(
        any(isinstance(opacity, (int, float, Decimal)) and opacity < 1 for opacity in opacities)
        or thing.get("/SMask", "/None") != "/None"
        or thing.get("/BM", "/Normal") not in ("/Normal", "/Compatible")
    )


def _mend(thing: Any) -> None:
    """What artwork may bring, and no standard allows."""
    import pikepdf

    for name in ("/TR", "/HTP", "/Alternates", "/OPI"):
        if name in thing and (thing.get("/Type") == "/ExtGState" or thing.get("/Subtype") in ("/Image", "/Form")):
            del thing[name]
    if thing.get("/Subtype") == "/Image" and thing.get("/Interpolate"):
        thing.Interpolate = False
    if isinstance(thing, pikepdf.Stream):
        filters = thing.get("/Filter")
        names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
        if "/LZWDecode" in names:
            thing.write(thing.read_bytes())


def _profile(document: pikepdf.Pdf, data: bytes, colours: int) -> Any:
    return document.make_stream(data, N=colours)


def _write_intent(document: pikepdf.Pdf, press: Press) -> None:
    import pikepdf

    name = press.condition or "sRGB IEC61966-2.1"
    intent = pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent,
        S=pikepdf.Name("/GTS_PDFX" if press.standard == "PDF/X-4" else "/GTS_PDFA1"),
        OutputConditionIdentifier=pikepdf.String(name),
        Info=pikepdf.String(name),
        DestOutputProfile=_profile(
            document, press.profile or srgb_profile(), {"GRAY": 1, "RGB": 3, "CMYK": 4}[press.space]
        ),
    )
    document.Root.OutputIntents = pikepdf.Array([document.make_indirect(intent)])


def _write_metadata(document: pikepdf.Pdf, press: Press, title: str, identity: str) -> None:
    """The information dictionary and the same as XMP (ISO 16684-1)."""
    import pikepdf

    info = pikepdf.Dictionary(
        Title=pikepdf.String(title),
        Creator=pikepdf.String(_PRODUCER),
        Producer=pikepdf.String(_PRODUCER),
        CreationDate=pikepdf.String(_DATE),
        ModDate=pikepdf.String(_DATE),
    )
    if press.standard == "PDF/X-4":
        info.Trapped = pikepdf.Name("/False")
        kind = "<pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion><pdf:Trapped>False</pdf:Trapped>"
        spaces = 'xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/"'
    else:
        kind = "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        spaces = 'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"'
    document.trailer.Info = document.make_indirect(info)
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" {spaces} xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
{kind}
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<xmp:CreatorTool>{_PRODUCER}</xmp:CreatorTool>
<xmp:CreateDate>{_XMP_DATE}</xmp:CreateDate>
<xmp:ModifyDate>{_XMP_DATE}</xmp:ModifyDate>
<xmp:MetadataDate>{_XMP_DATE}</xmp:MetadataDate>
<pdf:Producer>{_PRODUCER}</pdf:Producer>
<xmpMM:DocumentID>uuid:{identity}</xmpMM:DocumentID>
<xmpMM:InstanceID>uuid:{identity}</xmpMM:InstanceID>
<xmpMM:RenditionClass>default</xmpMM:RenditionClass>
<xmpMM:VersionID>1</xmpMM:VersionID>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
    document.Root.Metadata = document.make_stream(packet.encode(), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
