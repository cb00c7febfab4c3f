"""A device's test table as one self-contained HTML page without scripts. The template escapes all text."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from markupsafe import Markup

from bss_mfg.device.case_table import CLAUSES, Result
from bss_mfg.report import device_sheet as words
from bss_mfg.report.device_sheet import DeviceSheet
from bss_mfg.report.html_report import environment, join_texts

GENERATOR = "bss-mfg device report"


def device_sheet_html(sheet: DeviceSheet) -> Iterator[bytes]:
    """The page, in blocks."""
    style = files("bss_mfg.report").joinpath("page.css").read_text("utf-8")
    texts = (
        environment()
        .get_template("device_sheet.html.jinja")
        .generate(
            generator=GENERATOR,
            style=Markup(style),  # noqa: S704  (a file of this package)
            sheet=sheet,
            headline=words.headline(sheet.outcome),
            tiles=[(words.count(sheet.outcome, result), *words.RESULTS[result]) for result in Result],
            proof=words.seconds_words(max(one.whole for one in sheet.outcome.times)) if sheet.outcome.times else "",
            about=list(words.about(sheet)),
            offered=list(words.offered(sheet.outcome.capabilities)),
            cases=words.CASES,
            clauses=CLAUSES,
            results=words.RESULTS,
            happened=words.happened,
            seen_again=words.seen_again,
            statement=words.statement(sheet),
            title=words.TITLE,
        )
    )
    return (block.encode("utf-8", "backslashreplace") for block in join_texts(texts))
