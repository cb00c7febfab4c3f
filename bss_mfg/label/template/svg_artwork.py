"""SVG artwork as a PDF page of vectors, proved against resvg.

Typst holds the vectors: it reads SVG with usvg, the parser of resvg, and writes gradients, opacity, masks, patterns and
clips as PDF. The page is rendered and compared with what resvg draws of the same SVG; what differs is refused by the
name of the element that differs.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.svg_source import SVG, check_svg_source, element_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bss_mfg.label.template.artwork_proof import Pixels

PAGE = b'#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#image("artwork.svg")\n'
MAX_SUSPECTS = 300
"""Elements that are tried, one by one, to name the one that is drawn differently."""
FALLBACK = "Liberation Mono"


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font that texts in an SVG may use."""

    name: str
    data: bytes


def svg_to_pdf(data: bytes, fonts: Sequence[FontFile] = ()) -> bytes:
    """A one-page PDF whose page is the SVG's viewport. `NotDrawableError` names what can't be drawn."""
    root = check_svg_source(data)
    with _font_folder(fonts if _has_text(root) else ()) as folder:
        renderer = _Renderer(folder)
        if folder:
            _check_texts(root, renderer, fonts)
        pdf = renderer.pdf(_text(root))
        if not renderer.is_proved(root):
            raise NotDrawableError(_name_guilty(root, renderer))
    return pdf


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
        try:
            files: Any = {"main.typ": PAGE, "artwork.svg": svg}
            pdf: Any = typst.Compiler(files, font_paths=fonts).compile(format="pdf", pdf_tags=False, timestamp=0)
            return bytes(pdf)
        except typst.TypstError as error:
            raise NotDrawableError(str(error).split("\n")[0][:120]) from None
        except BaseException as error:
            # A panic of the library is no Exception to Python; everything else that is none goes on.
            if type(error).__name__ != "PanicException":
                raise
            raise NotDrawableError("the renderer gives it up") from None

    def pixels(self, svg: bytes, width: int, fallback: str = "none of them") -> Pixels:
        """What resvg draws, on white, `width` pixels wide."""
        import resvg_py

        from bss_mfg.label.template.artwork_proof import png_pixels

        try:
            png = resvg_py.svg_to_bytes(
                svg_string=svg.decode("utf-8"),
                background="#ffffff",
                width=width,
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
        return png_pixels(bytes(png))

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
    """The first element without which both drawings agree."""
    elements = [element for element in root.iter() if isinstance(element.tag, str) and element is not root]
    for number in range(min(len(elements), MAX_SUSPECTS)):
        trial = copy.deepcopy(root)
        suspects = [element for element in trial.iter() if isinstance(element.tag, str) and element is not trial]
        suspect = suspects[number]
        if len(suspect):  # the smallest part is named
            continue
        suspect.getparent().remove(suspect)
        if renderer.is_proved(trial):
            return f"{element_name(elements[number])} would not print as it is drawn"
    features = sorted({element.tag.rpartition("}")[2] for element in elements})
    return f"it would not print as it is drawn (it holds: {', '.join(features)[:120]})"
