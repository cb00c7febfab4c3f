"""Pages as objects of reportlab's documents. Pages of one make differ in their content alone, so the first of them is
put into words, and the others are its words with another number."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def end_page(canvas: Any, packed: bytes) -> None:
    """End the page of a canvas; its content is `packed`, deflated."""
    page_class, stream_class = _classes()
    canvas._code.clear()
    canvas.showPage()
    page = canvas._doc.Pages.pages[-1]
    page.__class__ = page_class
    page.stream, page.Contents = None, stream_class(packed)


@lru_cache(maxsize=1)
def _classes() -> tuple[Any, Any]:
    """The classes of a page and of its content."""
    from reportlab.pdfbase.pdfdoc import PDFObject, PDFPage

    class PackedStream(PDFObject):  # type: ignore[misc]
        """A content that is deflated already (ISO 32000-1, 7.3.8)."""

        __RefOnly__ = 1

        def __init__(self, packed: bytes) -> None:
            self._packed = packed

        def format(self, _: Any) -> bytes:
            packed = self._packed
            return b"<<\n/Filter /FlateDecode /Length %d\n>>\nstream\n%sendstream\n" % (len(packed), packed)

    class LabelPage(PDFPage):  # type: ignore[misc]
        """A page whose words are remembered by its size and resources."""

        def format(self, document: Any) -> bytes:
            if self.ExtGState or self.Annots or self._shadingUsed:
                return bytes(super().format(document))
            forms = sorted(self.XObjects.dict) if self.XObjects else ()
            make = (*forms, *sorted(self._colorsUsed.items()), self.pagewidth, self.pageheight)
            known: dict[Any, list[bytes]] | None = getattr(document, "_pages_in_words", None)
            if known is None:
                known = document._pages_in_words = {}
            words = known.get(make)
            if words is not None:
                return words[0] + _content(document, self.Contents) + words[1]
            whole = bytes(super().format(document))
            known[make] = whole.split(_content(document, self.Contents), 1)
            return whole

    return LabelPage, PackedStream


def _content(document: Any, content: Any) -> bytes:
    return b"/Contents %d %d R" % document.idToObjectNumberAndVersion[document.Reference(content).name]
