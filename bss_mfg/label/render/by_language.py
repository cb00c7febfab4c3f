"""One door for all printer languages: a part's rows -> the bytes of its file."""

from __future__ import annotations

from bss_mfg.label.layout.file_content import PartJob
from bss_mfg.label.render.pdf import render_pdf

SUFFIX = {"pdf": ".pdf", "zpl": ".zpl", "png": ".png"}
"""File endings by printer language."""


def render_part(job: PartJob) -> bytes:
    """The file of a part in its printer's language. Pure, and fit for another process."""
    language = job.layout.printer.language
    if language == "pdf":
        return render_pdf(job)
    if language == "zpl":
        from bss_mfg.label.render.zpl import render_zpl

        return render_zpl(job)
    from bss_mfg.label.render.raster import render_png

    return render_png(job)
