"""Content of PDF pages and forms that programs would draw differently: what no program has to understand is refused.

A program that meets an error goes on as it likes (ISO 32000-1, 7.8.2): each draws something else.
"""

from __future__ import annotations

import warnings
from typing import Any

from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.pdf_streams import is_stream, iter_streams

_OPERANDS = {
    **dict.fromkeys(("q", "Q", "BT", "ET", "T*", "h", "n", "W", "W*", "EMC", "BX", "EX"), 0),
    **dict.fromkeys(("f", "F", "f*", "S", "s", "B", "B*", "b", "b*"), 0),
    **dict.fromkeys(("w", "J", "j", "M", "ri", "i", "gs", "g", "G", "cs", "CS", "sh", "Do", "Tj", "TJ", "'"), 1),
    **dict.fromkeys(("Tc", "Tw", "Tz", "TL", "Tr", "Ts", "MP", "BMC", "sc", "SC", "scn", "SCN"), 1),
    **dict.fromkeys(("d", "m", "l", "Td", "TD", "Tf", "DP", "BDC", "d0"), 2),
    **dict.fromkeys(("rg", "RG", '"'), 3),
    **dict.fromkeys(("v", "y", "re", "k", "K"), 4),
    **dict.fromkeys(("c", "cm", "Tm", "d1"), 6),
    "INLINE IMAGE": 0,
}
"""All operators, and the least number of operands that each takes, with 0 also the greatest (ISO 32000-1, annex A)."""

_END = b"end-of-content"


def check_operators(page: Any) -> None:
    """`NotDrawableError` where the page, or a form, mask or glyph that it draws, has content that can't be parsed, or
    restores a graphics state (Q) that was not saved (q)."""
    annotated = any("/AP" in annotation for annotation in page.get("/Annots", []))
    if _check(page, "its page") and annotated:
        # Annotations are drawn after the page, in the state that it leaves behind.
        raise NotDrawableError("its page saves a graphics state (q) and doesn't restore it (Q) before its annotations")
    done: set[tuple[int, int]] = set()
    for what, name, stream in iter_streams(page):
        drawn = stream.get("/Subtype") != "/Image" and stream.get("/PatternType") in (None, 1)
        if drawn and stream.objgen not in done:
            done.add(stream.objgen)
            _check(stream, f"the {what} {name}")


def _check(content: Any, where: str) -> int:
    """How many states are still saved at the end; they end with the page or form (ISO 32000-1, 8.10.1)."""
    instructions = _instructions(content, where)
    saved = tolerant = 0
    for operator, operands in instructions:
        least = _OPERANDS.get(operator)
        tolerant += {"BX": 1, "EX": -1}.get(operator, 0)
        if least is None and tolerant <= 0:
            raise NotDrawableError(f"the content of {where} has an operator that PDF doesn't know ({operator[:20]!r})")
        if least is not None and (operands < least or (least == 0 and operands and operator != "INLINE IMAGE")):
            raise NotDrawableError(f"the content of {where} has an operator with the wrong operands ({operator})")
        saved += {"q": 1, "Q": -1}.get(operator, 0)
        if saved < 0:
            raise NotDrawableError(f"the content of {where} restores a graphics state (Q) that was not saved (q)")
    return saved


def _instructions(content: Any, where: str) -> list[tuple[str, int]]:
    """The operators of a page or stream, each with the number of its operands."""
    import pikepdf

    parts = content if is_stream(content) else content.get("/Contents", [])
    data = b"\n".join(part.read_bytes() for part in ([parts] if is_stream(parts) else parts))
    try:
        with pikepdf.new() as document, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The parser drops a string or picture that isn't ended: then it drops our mark too.
            parsed = pikepdf.parse_content_stream(document.make_stream(data + b"\n" + _END))
            found = [(str(one.operator), len(one.operands)) for one in parsed]
    except (pikepdf.PdfError, UnicodeDecodeError) as error:
        raise NotDrawableError(f"the content of {where} can't be read ({str(error)[-80:]})") from None
    if not found or found.pop()[0] != _END.decode():
        raise NotDrawableError(f"the content of {where} can't be read: it ends within a text or a picture")
    return found
