"""The last step of a PDF: its pages' boxes, marks and turn, and the standard that it is made to."""

from __future__ import annotations

from io import BytesIO

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.render.die_line import MIN_VERSION, has_die_line
from bss_mfg.label.render.pdf_pages import finish_pages, needs_finishing
from bss_mfg.label.render.pdf_standards import conform, pdf_version


def finish_pdf(data: bytes, content: LabelFileContent) -> bytes:
    """A drawn PDF as it leaves: unchanged where nothing more is wanted of it."""
    press = content.press
    if not press.standard and not needs_finishing(content.layout):
        return data
    import pikepdf

    with pikepdf.open(BytesIO(data)) as document:
        if needs_finishing(content.layout):
            finish_pages(document, content.layout)
        version = MIN_VERSION if has_die_line(content.layout) else ""
        if press.standard:
            conform(document, press, content.title)
            version = pdf_version(press)
        out = BytesIO()
        document.save(
            out,
            min_version=version,
            force_version=version if press.standard else "",
            deterministic_id=True,
            compress_streams=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            fix_metadata_version=False,
        )
        return out.getvalue()
