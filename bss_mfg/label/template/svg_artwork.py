"""SVG artwork as a PDF page of vectors, proved against resvg; where vectors would print otherwise, as resvg's pixels.

Typst keeps the vectors: it reads SVG with usvg, the parser of resvg, and writes gradients, opacity, masks, patterns and
clips as PDF. The page is rendered and compared with what resvg draws of the same SVG. Where they differ (filters,
patterns that a PDF renderer shifts, small pictures that it enlarges in its own way), resvg's drawing itself is taken,
at a resolution above that of the printers, and the element is named.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.core.untrusted import is_panic
from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.svg_source import SVG, check_svg_source, element_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bss_mfg.label.template.artwork_proof import Pixels

PAGE = b'#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#image("artwork.svg")\n'
PIXELS = 2400
"""Of the longer side of what is kept as pixels: 600 ppi on 100 mm."""
MAX_RATIO = 100
"""Of the longer to the shorter side."""
SUSPECTS = (
    "image", "radialGradient", "linearGradient", "mask", "clipPath", "marker", "symbol", "text", "use",
)  # fmt: skip
"""Elements that are left out, one kind after another, to name what is drawn differently."""
FALLBACK = "Liberation Mono"


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font that texts in an SVG may use."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class SvgDrawing:
    """An SVG as it prints: `pdf`, a page that is its viewport, or `png` and why it is pixels. Width and height in
    points."""

    pdf: bytes
    width: float
    height: float
    png: bytes = b""
    note: str = ""


def draw_svg(data: bytes, fonts: Sequence[FontFile] = ()) -> SvgDrawing:
    """The SVG as PDF, or as pixels. `NotDrawableError` names what can't be drawn at all."""
    root = check_svg_source(data)
    with _font_folder(fonts if _has_text(root) else ()) as folder:
        renderer, svg = _Renderer(folder), _text(root)
        pdf = renderer.pdf(svg)
        width, height = _page_size(pdf)
        if not 1 / MAX_RATIO <= width / height <= MAX_RATIO:
            raise NotDrawableError(
                f"it is {width:.3g} x {height:.3g} points: one side is more than {MAX_RATIO} times the other"
            )
        if folder:
            _check_texts(root, renderer, fonts)
        why = _never_vector(root) or ("" if renderer.is_proved(root) else _name_guilty(root, renderer))
        if not why:
            return SvgDrawing(pdf, width, height)
        png = renderer.png(svg, max(1, round(PIXELS * min(1.0, width / height))))
        return SvgDrawing(pdf, width, height, png, why)


def _page_size(pdf: bytes) -> tuple[float, float]:
    """Of the page as it is written: pdfium takes another for one that is too large."""
    from io import BytesIO

    import pikepdf

    with pikepdf.open(BytesIO(pdf)) as document:
        if not len(document.pages):
            raise NotDrawableError("it is too large to be drawn")
        left, bottom, right, top = (float(edge) for edge in document.pages[0].mediabox)
    if not (right > left and top > bottom):
        raise NotDrawableError("it has no area")
    return right - left, top - bottom


def _never_vector(root: Any) -> str:
    """The first filter or pattern. Every PDF holds a filter's result as pixels, and resvg's are the better ones; the
    tiles of patterns are rounded to whole pixels by PDF renderers."""
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag in (f"{{{SVG}}}filter", f"{{{SVG}}}pattern"):
            return element_name(element)
        if isinstance(element.tag, str) and "filter:" in (element.get("style") or "").replace(" ", ""):
            return element_name(element)
    return ""


class _Renderer:
    """Draws an SVG both ways, with the same fonts and none of the machine's."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._files = sorted(str(file) for file in folder.iterdir()) if folder else []

    def pdf(self, svg: bytes) -> bytes:
        """A PDF page of vectors."""
        import typst

        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(self._folder)] if self._folder else [],
        )
        with _without_panic():
            try:
                files: Any = {"main.typ": PAGE, "artwork.svg": svg}
                pdf: Any = typst.Compiler(files, font_paths=fonts).compile(format="pdf", pdf_tags=False, timestamp=0)
                return bytes(pdf)
            except typst.TypstError as error:
                raise NotDrawableError(str(error).split("\n")[0][:120]) from None

    def png(self, svg: bytes, width: int, fallback: str = "none of them") -> bytes:
        """What resvg draws, `width` pixels wide, on nothing. Texts without a font of ours use `fallback`."""
        import resvg_py

        with _without_panic():
            try:
                png: Any = resvg_py.svg_to_bytes(
                    svg_string=svg.decode("utf-8"),
                    width=width,
                    dpi=96.0,
                    skip_system_fonts=True,
                    font_files=self._files,
                    font_family=fallback,
                    serif_family=fallback,
                    sans_serif_family=fallback,
                    monospace_family=fallback,
                    cursive_family=fallback,
                    fantasy_family=fallback,
                )
            except ValueError as error:
                raise NotDrawableError(str(error)[:120]) from None
        return bytes(png)

    def pixels(self, svg: bytes, width: int, fallback: str = "none of them") -> Pixels:
        """The same on white."""
        from bss_mfg.label.template.artwork_proof import png_pixels

        return png_pixels(self.png(svg, width, fallback))

    def is_proved(self, root: Any) -> bool:
        """Whether the PDF shows what resvg draws."""
        from bss_mfg.label.template.artwork_proof import is_alike, pdf_pixels

        svg = _text(root)
        page = pdf_pixels(self.pdf(svg))
        return is_alike(self.pixels(svg, page.shape[1]), page)

    def needs_other_fonts(self, root: Any) -> bool:
        """Whether the drawing changes when there is a font to fall back on."""
        from bss_mfg.label.template.artwork_proof import pdf_pixels

        svg = _text(root)
        width = pdf_pixels(self.pdf(svg)).shape[1]
        return bool((self.pixels(svg, width) != self.pixels(svg, width, FALLBACK)).any())


@contextmanager
def _without_panic() -> Iterator[None]:
    """A panic of a Rust library refuses the artwork."""
    try:
        yield
    except BaseException as error:
        if not is_panic(error):
            raise
        raise NotDrawableError("the renderer gives it up") from None


def _text(root: Any) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(root, encoding="utf-8"))


def _has_text(root: Any) -> bool:
    return any(True for _ in _texts(root))


def _texts(root: Any) -> Iterator[Any]:
    for element in root.iter(f"{{{SVG}}}text"):
        if "".join(element.itertext()).strip():
            yield element


@contextmanager
def _font_folder(fonts: Sequence[FontFile]) -> Iterator[Path | None]:
    """The fonts as files for as long as an SVG is drawn: both libraries take paths only."""
    if not fonts:
        yield None
        return
    from bss_mfg.core.temporary_files import temporary_files

    with temporary_files({f"{n:03}{_suffix(font.data)}": font.data for n, font in enumerate(fonts)}) as folder:
        yield folder


def _suffix(data: bytes) -> str:
    return {b"OTTO": ".otf", b"ttcf": ".ttc"}.get(data[:4], ".ttf")


def _check_texts(root: Any, renderer: _Renderer, fonts: Sequence[FontFile]) -> None:
    """Every text has its font: with another one to fall back on, the drawing stays the same."""
    _check_characters(root, fonts)
    texts = list(_texts(root))
    for index, element in enumerate(texts):
        alone = copy.deepcopy(root)
        for other, twin in enumerate(list(_texts(alone))):
            if other != index:
                for part in twin.iter():
                    part.text = part.tail = None if part is not twin else part.tail
        if renderer.needs_other_fonts(alone):
            raise NotDrawableError(
                f"{element_name(element)}: its font ({_family(element) or 'none is named'}) isn't one of the "
                "template's; name its file under [fonts], or turn the text into paths"
            )


def _family(element: Any) -> str:
    for part in [*element.iter(), *element.iterancestors()]:
        if not isinstance(part.tag, str):
            continue
        if family := part.get("font-family"):
            return str(family)
        for rule in (part.get("style") or "").split(";"):
            if rule.strip().startswith("font-family"):
                return rule.partition(":")[2].strip()
    return ""


def _check_characters(root: Any, fonts: Sequence[FontFile]) -> None:
    from io import BytesIO

    from fontTools.ttLib import TTFont

    known: set[int] = set()
    for font in fonts:
        known |= set(TTFont(BytesIO(font.data), fontNumber=0, lazy=True).getBestCmap() or {})
    for element in _texts(root):
        for character in "".join(element.itertext()):
            if ord(character) not in known and not character.isspace() and character.isprintable():
                raise NotDrawableError(
                    f"{element_name(element)}: no font of the template has the character {character!r} "
                    f"(U+{ord(character):04X})"
                )


def _name_guilty(root: Any, renderer: _Renderer) -> str:
    """The first element of the kind without which both drawings agree."""
    for kind in SUSPECTS:
        trial = copy.deepcopy(root)
        suspects = list(trial.iter(f"{{{SVG}}}{kind}"))
        for suspect in suspects:
            if (parent := suspect.getparent()) is not None:
                parent.remove(suspect)
        if suspects and renderer.is_proved(trial):
            return element_name(next(root.iter(f"{{{SVG}}}{kind}")))
    return element_name(root)
