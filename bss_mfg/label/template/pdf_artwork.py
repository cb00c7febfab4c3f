"""PDF artwork as one upright page that is its TrimBox: layers that are off are gone, annotations and form fields are
drawn, every font is embedded. What can't be kept so is refused by name.

Colours stay as they are: spot colours, CMYK, overprint and transparency are copied, not converted (ISO 32000-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.pdf_fonts import check_fonts
from bss_mfg.label.template.pdf_layers import LayerState, remove_hidden
from bss_mfg.label.template.pdf_streams import iter_streams
from bss_mfg.model import Rect

MAX_RATIO = 100
"""Of the longer to the shorter side."""


@dataclass(frozen=True, slots=True)
class ArtworkPage:
    """A page of artwork in points: its trimmed size, and `bleed` as the box that it may paint, the origin at the lower
    left corner of the trimmed page, y upwards."""

    pdf: bytes
    width: float
    height: float
    bleed: Rect


def normal_page(data: bytes) -> ArtworkPage:
    """The one page of a PDF, ready to be placed. `NotDrawableError` names what can't be drawn."""
    import pikepdf

    try:
        with pikepdf.open(BytesIO(data)) as document:
            page = _only_page(document)
            page.obj.Resources = page.resources  # also where it is inherited
            box, bleed = _boxes(page)
            turn = _rotation(page)
            _check_annotations(page)
            _flatten(document)
            remove_hidden(document, page, LayerState.of(document))
            document.remove_unreferenced_resources()
            _check_streams(page.obj)
            _check_nesting(page.obj)
            check_fonts(document, page)
            return _placed(document, page, box, bleed, turn)
    except pikepdf.PasswordError:
        raise NotDrawableError("it is protected with a password") from None
    except (pikepdf.PdfError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        # A broken file has anything in the place of anything else.
        raise NotDrawableError(f"it is not a readable PDF ({str(error).rpartition(': ')[2][:80]})") from None


def prove_page(data: bytes, page: ArtworkPage) -> None:
    """The page that is placed shows what the file shows when it is printed; `NotDrawableError` if not."""
    import pypdfium2

    from bss_mfg.label.template.artwork_proof import is_alike, pdf_pixels

    try:
        if not is_alike(pdf_pixels(_cropped_to_trim(data)), pdf_pixels(page.pdf)):
            raise NotDrawableError("taken out of its file it looks otherwise; save it again as PDF/X-4, or flatten it")
    except pypdfium2.PdfiumError as error:
        raise NotDrawableError(f"it can't be rendered ({str(error)[:80]})") from None


def _cropped_to_trim(data: bytes) -> bytes:
    import pikepdf

    with pikepdf.open(BytesIO(data)) as document:
        _flatten(document)
        page = document.pages[0]
        box, _ = _boxes(page)
        edges = pikepdf.Array([box.x, box.y, box.right, box.bottom])
        page.obj.MediaBox = page.obj.CropBox = edges
        out = BytesIO()
        document.save(out, static_id=True)
        return out.getvalue()


def _only_page(document: Any) -> Any:
    if document.is_encrypted:
        raise NotDrawableError("it is encrypted")
    if len(document.pages) != 1:
        raise NotDrawableError(f"it has {len(document.pages)} pages instead of one")
    form = document.Root.get("/AcroForm")
    if form is not None and "/XFA" in form:
        raise NotDrawableError("its form is in XFA, which only Adobe's programs draw; print it to a PDF")
    if form is not None and form.get("/NeedAppearances", False) and len(form.get("/Fields", [])):
        raise NotDrawableError("its form fields are drawn by the viewer (NeedAppearances); flatten it")
    return document.pages[0]


def _rect(value: Any) -> Rect:
    """A box with its corners in any order: `y` is its lower, `bottom` its upper edge, as PDF counts upwards."""
    edges = [float(edge) for edge in value]
    left, right = sorted((edges[0], edges[2]))
    low, high = sorted((edges[1], edges[3]))
    return Rect(left, low, right - left, high - low)


def _common(one: Rect, other: Rect) -> Rect:
    x, y = max(one.x, other.x), max(one.y, other.y)
    return Rect(x, y, min(one.right, other.right) - x, min(one.bottom, other.bottom) - y)


def _boxes(page: Any) -> tuple[Rect, Rect]:
    """(what is fitted: the TrimBox; what may be painted: the BleedBox), never more than the MediaBox."""
    media = _rect(page.mediabox)
    crop = _common(_rect(page.cropbox), media)
    trim = _common(_rect(page.obj.TrimBox), media) if "/TrimBox" in page.obj else crop
    bleed = _common(_rect(page.obj.BleedBox), media) if "/BleedBox" in page.obj else trim
    if min(trim.width, trim.height) < 0.01:
        raise NotDrawableError("its page is empty: the boxes (MediaBox, CropBox, TrimBox) share no area")
    if not 1 / MAX_RATIO <= trim.width / trim.height <= MAX_RATIO:
        raise NotDrawableError(
            f"it is {trim.width:.3g} x {trim.height:.3g} points: one side is more than {MAX_RATIO} times the other"
        )
    return trim, Rect(
        min(bleed.x, trim.x),
        min(bleed.y, trim.y),
        max(bleed.right, trim.right) - min(bleed.x, trim.x),
        max(bleed.bottom, trim.bottom) - min(bleed.y, trim.y),
    )


def _rotation(page: Any) -> int:
    node = page.obj
    for _ in range(64):
        if "/Rotate" in node:
            turn = int(node.Rotate)
            if turn % 90:
                raise NotDrawableError(f"its page is turned by {turn} degrees, no quarter turns")
            return turn % 360
        if "/Parent" not in node:
            break
        node = node.Parent
    return 0


def _check_annotations(page: Any) -> None:
    """What lies on the page and has no drawing of its own would be lost."""
    for annotation in page.obj.get("/Annots", []):
        flags = int(annotation.get("/F", 0))
        kind = str(annotation.get("/Subtype", "/?"))
        if flags & 2 or not flags & 4 or kind == "/Popup":  # hidden; not printed
            continue
        if kind == "/Link" and not _border(annotation):
            continue
        appearance = annotation.get("/AP", {}).get("/N")
        if appearance is None and not (kind == "/Widget" and not str(annotation.get("/V", ""))):
            name = str(annotation.get("/T", "") or annotation.get("/NM", ""))
            raise NotDrawableError(
                f"its {'form field' if kind == '/Widget' else 'annotation'} {name or kind[1:]!r} has no drawing of its "
                "own; flatten it"
            )


def _border(annotation: Any) -> float:
    """The width of an annotation's border (ISO 32000-1, tables 164 and 166)."""
    if "/BS" in annotation:
        return float(annotation.BS.get("/W", 1))
    border = annotation.get("/Border")
    return 1.0 if border is None or len(border) < 3 else float(border[2])


def _flatten(document: Any) -> None:
    """Form fields and annotations become part of the page, as they are printed."""
    document.flatten_annotations("print")


def _check_streams(holder: Any) -> None:
    """Nothing that the page draws lies in other files (ISO 32000-1, 8.10.4 and 7.11)."""
    for kind, name, stream in iter_streams(holder):
        if "/Ref" in stream:
            raise NotDrawableError(f"the {kind} {name} refers to other files")
        if "/F" in stream:
            raise NotDrawableError(f"the {kind} {name} lies in another file")
        if int(stream.get("/PatternType", 0)) == 1:
            raise NotDrawableError(
                f"the pattern {name} is a tiling, which renderers shift by fractions of a dot; expand it to shapes"
            )
        if stream.get("/Subtype") == "/PS":
            raise NotDrawableError(f"the {kind} {name} is PostScript")


def _check_nesting(page: Any) -> None:
    """No content restores a state that it did not save: readers go on from there in different ways (ISO 32000-1,
    8.4.2)."""
    import pikepdf

    forms = [(kind, name, stream) for kind, name, stream in iter_streams(page) if stream.get("/Subtype") == "/Form"]
    for what, stream in [("page", page), *((f"{kind} {name}", stream) for kind, name, stream in forms)]:
        depth = 0
        for one in pikepdf.parse_content_stream(stream):
            depth += {"q": 1, "Q": -1}.get(str(one.operator), 0)
            if depth < 0:
                raise NotDrawableError(f"the {what} is damaged: it restores a state that was not saved (Q)")


def _placed(document: Any, page: Any, box: Rect, bleed: Rect, turn: int) -> ArtworkPage:
    """A page of the trimmed size that paints the old one as a form: upright, its lower left corner at the origin."""
    import pikepdf

    matrix = {
        0: (1, 0, 0, 1, -box.x, -box.y),
        90: (0, -1, 1, 0, -box.y, box.right),
        180: (-1, 0, 0, -1, box.right, box.bottom),
        270: (0, 1, -1, 0, box.bottom, -box.x),
    }[turn]
    width, height = (box.width, box.height) if turn in (0, 180) else (box.height, box.width)
    corners = [_through(matrix, x, y) for x, y in ((bleed.x, bleed.y), (bleed.right, bleed.bottom))]
    paint = _rect([*corners[0], *corners[1]])
    with pikepdf.new() as new:
        form = new.copy_foreign(page.as_form_xobject(handle_transformations=False))
        form.BBox = pikepdf.Array([bleed.x, bleed.y, bleed.right, bleed.bottom])
        form.Matrix = pikepdf.Array([round(value, 6) for value in matrix])
        for key in ("/StructParents", "/Metadata", "/PieceInfo", "/LastModified"):
            if key in form:
                del form[key]
        blank = new.add_blank_page(page_size=(max(width, 3), max(height, 3)))
        blank.obj.MediaBox = pikepdf.Array([0, 0, width, height])
        blank.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Art=new.make_indirect(form)))
        blank.obj.Contents = new.make_stream(b"/Art Do")
        out = BytesIO()
        new.save(out, static_id=True, min_version="1.7")
    return ArtworkPage(out.getvalue(), width, height, paint)


def _through(matrix: tuple[float, ...], x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
