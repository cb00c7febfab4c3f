"""The sheet of a shift or of yields as one self-contained HTML page without scripts. The template escapes all text."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from markupsafe import Markup

from bss_mfg.report.html_report import environment, join_texts
from bss_mfg.report.production_sheet import ProductionSheet

GENERATOR = "bss-mfg report"


def production_html(sheet: ProductionSheet, made_at: str, version: str) -> Iterator[bytes]:
    """The page, in blocks. `made_at` is printed as it is."""
    style = files("bss_mfg.report").joinpath("page.css").read_text("utf-8")
    texts = (
        environment()
        .get_template("production.html.jinja")
        .generate(
            generator=GENERATOR,
            style=Markup(style),  # noqa: S704  (a file of this package)
            sheet=sheet,
            most=max([bar.right + bar.wrong for bar in sheet.bars], default=0) or 1,
            made_at=made_at,
            version=version,
        )
    )
    return (block.encode("utf-8", "backslashreplace") for block in join_texts(texts))
