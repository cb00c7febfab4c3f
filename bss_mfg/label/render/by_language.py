"""One door for all printer languages: a label file's rows -> its bytes."""

from __future__ import annotations

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.render.pdf import render_pdf
from bss_mfg.label.render.pdf_finish import finish_pdf
from bss_mfg.printer_languages import LANGUAGES

SUFFIX = {language: facts.suffix for language, facts in LANGUAGES.items()}
"""File endings by printer language."""


def render_label_file(content: LabelFileContent) -> bytes:
    """The label file in its printer's language. Pure, and fit for another process."""
    language = content.layout.printer.language
    if language == "pdf":
        return finish_pdf(render_pdf(content), content)
    if language == "zpl":
        from bss_mfg.label.render.zpl import render_zpl

        return render_zpl(content)
    if language == "png":
        from bss_mfg.label.render.raster import render_png

        return render_png(content)
    from bss_mfg.label.render.languages.formats import render_pages

    return render_pages(content)
