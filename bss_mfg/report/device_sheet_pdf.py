"""A device's test table as a PDF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bss_mfg.device.case_table import CLAUSES
from bss_mfg.report import device_sheet as words
from bss_mfg.report.device_sheet import DeviceSheet
from bss_mfg.report.pdf_parts import TONES, build_pdf, head, space, table, text

_GREY = "#5b6470"
_SMALL: dict[str, Any] = {"fontSize": 8, "leading": 10}
_WIDTHS_MM = (7.0, 30.0, 15.0, 19.0, 47.0, 43.0, 13.0)
_HEAD_AND_ROWS = 90
"""Points that a head and some rows take: with less room they begin on the next page."""
_STATEMENT = 160
_FACT_WIDTHS_MM = (38.0, 136.0)


def device_sheet_pdf(sheet: DeviceSheet) -> Iterator[bytes]:
    """An A4 PDF."""
    from reportlab.platypus import CondPageBreak

    line = words.headline(sheet.outcome)
    story = [
        text(f"{words.TITLE} over Bluetooth Mesh provisioning", textColor=_GREY, fontSize=11, leading=14),
        text(line.words, fontName="Helvetica-Bold", fontSize=22, leading=30, textColor=TONES[line.tone]),
        text(
            f"{sheet.unit.serial} of batch {sheet.unit.batch}. Made on {sheet.made_at} by bss-mfg {sheet.version}.",
            textColor=_GREY,
        ),
        head("Cases"),
        _cases(sheet),
        space(1),
        text(
            "Clauses are those of Bluetooth Mesh Protocol 1.1. Seen again: how long after the exchange the device "
            "advertised as unprovisioned.",
            textColor=_GREY,
            **_SMALL,
        ),
        CondPageBreak(_HEAD_AND_ROWS),
        head("What was tested"),
        _facts(list(words.about(sheet))),
        CondPageBreak(_HEAD_AND_ROWS),
        head("What it offers"),
        _facts(list(words.offered(sheet.outcome.capabilities)) or [("", "It told no Capabilities.")]),
        CondPageBreak(_STATEMENT),
        head("What was measured, and what was not"),
    ]
    for paragraph in words.statement(sheet):
        story += [text(paragraph), space(2)]
    yield build_pdf(f"{words.TITLE}: {sheet.unit.serial}", sheet.version, story)


def _cases(sheet: DeviceSheet) -> Any:
    rows: list[list[Any]] = [["", "Case", "Result", "Clause", "What must be", "What was", "Seen again"]]
    for number, row in enumerate(sheet.outcome.rows, 1):
        result, tone = words.RESULTS[row.result]
        rows.append(
            [
                text(str(number), textColor=_GREY, **_SMALL),
                text(words.CASES[row.case].title, fontName="Helvetica-Bold", **_SMALL),
                text(result, fontName="Helvetica-Bold", textColor=TONES.get(tone, _GREY), **_SMALL),
                text(CLAUSES[row.case], textColor=_GREY, **_SMALL),
                text(words.CASES[row.case].must, **_SMALL),
                text(words.happened(row), **_SMALL),
                text(words.seen_again(row), textColor=_GREY, **_SMALL),
            ]
        )
    return table([[text(cell, textColor=_GREY, **_SMALL) for cell in rows[0]], *rows[1:]], _WIDTHS_MM, heads=1)


def _facts(pairs: Sequence[tuple[str, str]]) -> Any:
    rows = [[text(name, textColor=_GREY), text(value)] for name, value in pairs]
    return table(rows, _FACT_WIDTHS_MM)
