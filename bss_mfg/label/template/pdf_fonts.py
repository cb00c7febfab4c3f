"""The fonts of PDF artwork: every one that shows text is in the file."""

from __future__ import annotations

from typing import Any

from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.pdf_streams import TEXTS, iter_streams


def check_fonts(document: Any, page: Any) -> None:
    """`NotDrawableError` names a font that shows text and is not embedded. Others that are not are taken out: many
    programs choose Helvetica on every page, and show nothing in it."""
    inherited = page.obj.get("/Resources", {})
    if _missing(inherited.get("/Font", {})):
        page.obj.Contents = document.make_stream(_without_idle(page, inherited))
    used = [inherited]
    for _, _, stream in list(iter_streams(page.obj)):
        if stream.get("/Subtype") != "/Image":
            used.append(stream.get("/Resources", inherited))
            if _missing(used[-1].get("/Font", {})):
                stream.write(_without_idle(stream, used[-1]))
    for resources in used:
        for state in resources.get("/ExtGState", {}).values():
            if "/Font" in state and not _is_embedded(state.Font[0]):
                raise NotDrawableError(_message(state.Font[0]))
        fonts = resources.get("/Font", {})
        for name in _missing(fonts):
            del fonts[name]


def _missing(fonts: Any) -> set[str]:
    return {name for name in list(fonts.keys()) if not _is_embedded(fonts[name])}


def _without_idle(content: Any, resources: Any) -> bytes:
    """A content stream without the choice of fonts that are not embedded."""
    import pikepdf

    fonts = resources.get("/Font", {})
    missing = _missing(fonts)
    kept, saved, font = [], [], ""
    for instruction in pikepdf.parse_content_stream(content):
        operator = str(instruction.operator)
        if operator == "q":
            saved.append(font)
        elif operator == "Q" and saved:
            font = saved.pop()
        elif operator == "Tf":
            font = str(instruction.operands[0])
            if font in missing:
                continue
        elif operator in TEXTS and font in missing:
            raise NotDrawableError(_message(fonts[font]))
        kept.append(instruction)
    return bytes(pikepdf.unparse_content_stream(kept))


def _message(font: Any) -> str:
    return f"its font {str(font.get('/BaseFont', '/without a name'))[1:]} is not embedded"


def _is_embedded(font: Any) -> bool:
    if font.get("/Subtype") == "/Type3":
        return True
    if font.get("/Subtype") == "/Type0":
        font = font.DescendantFonts[0]
    descriptor = font.get("/FontDescriptor", {})
    return any(f"/FontFile{number}" in descriptor for number in ("", "2", "3"))
