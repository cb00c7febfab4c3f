"""Our grades beside a verifier's as a PDF: how far they agree, the plot, what is below, and the labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bss_mfg.core.text import count_words
from bss_mfg.report import comparison_words as words
from bss_mfg.report.agreement_plot import plot_drawing, plot_of
from bss_mfg.report.pdf_parts import TONES, build_pdf, head, space, table, text
from bss_mfg.verifier_data.comparison import OVERALL, ComparedLabel, Comparison

MOST_LABELS = 1_000
"""Labels that are listed; the CSV has all."""
_GREY = "#5b6470"
_PLOT_MM = 150
_SHORT = {
    "symbol_contrast": "SC", "modulation": "MOD", "reflectance_margin": "RM", "axial_nonuniformity": "AN",
    "grid_nonuniformity": "GN", "unused_error_correction": "UEC", "fixed_pattern_damage": "FPD", "decode": "decode",
    "cell_contrast": "CC", "minimum_reflectance": "Rmin", "edge_contrast": "EC", "defects": "defects",
    "decodability": "DCD", "quiet_zone": "QZ",
}  # fmt: skip
"""The parameters' abbreviations, where columns are narrow."""


def comparison_pdf(comparison: Comparison, made_at: str, version: str) -> Iterator[bytes]:
    """An A4 PDF."""
    story = [item for section in _sections(comparison, made_at, version) for item in section]
    yield build_pdf("Our grades beside a verifier's", version, story)


def _sections(comparison: Comparison, made_at: str, version: str) -> Iterator[list[Any]]:
    headline = words.headline(comparison)
    tone = TONES.get(headline.tone, "#16191d")
    about = f"{words.counts_words(comparison)} {words.least_words(comparison)}".strip()
    yield [
        text("Our grades beside a verifier's", textColor=_GREY, fontSize=11, leading=14),
        text(headline.text, fontName="Helvetica-Bold", fontSize=22, leading=30, textColor=tone),
        text(f"{about.rstrip('.')}. Made on {made_at} by bss-mfg {version}.", textColor=_GREY),
    ]
    if comparison.compared:
        yield _agreement(comparison)
    if below := comparison.below:
        shown = below[:MOST_LABELS]
        rows = [["Serial", "Batch, package", "Ours", "Verifier", "Says"], *(_below_row(label) for label in shown)]
        more = f"{len(below) - MOST_LABELS:,} more in the CSV and HTML reports." if len(below) > MOST_LABELS else ""
        listed = table(rows, (46, 46, 18, 18, 46), heads=1)
        yield [head(f"Below the least grade ({len(below):,})"), listed, *([text(more)] if more else [])]
    yield _labels(comparison)


def _agreement(comparison: Comparison) -> list[Any]:
    from reportlab.lib.units import mm

    rows = [["", "labels", "same letter", "mean difference", "standard deviation", "limits of agreement"]]
    rows += [
        [
            words.parameter_words(one.name),
            f"{one.labels:,}",
            f"{one.same_letter / one.labels:.0%}",
            _plain(words.signed(one.mean, 2)),
            "" if one.deviation is None else f"{one.deviation:.2f}",
            _plain(words.limits_words(one)),
        ]
        for one in comparison.agreement
    ]
    plot = plot_of(comparison.labels, words.overall_of(comparison))
    return [
        head("How far they agree"),
        text(f"{words.ABOUT} {words.rough_words(comparison.agreement)}"),
        space(2),
        table(rows, (44, 16, 22, 28, 32, 32), heads=1),
        *([head("Overall, label by label"), plot_drawing(plot, _PLOT_MM * mm)] if plot else []),
    ]


def _below_row(label: ComparedLabel) -> list[Any]:
    return [
        label.serials,
        f"{label.batch}, {label.package}",
        words.grade_text(label.ours.grade if label.ours else None, True),
        words.grade_text(label.theirs.grade, True),
        words.below_words(label),
    ]


def _labels(comparison: Comparison) -> list[Any]:
    """The labels with what differs most first, if there are too many."""
    shown = list(comparison.labels)
    note = ""
    if len(shown) > MOST_LABELS:
        shown = sorted(shown, key=lambda label: -abs(label.difference() or 0.0))[:MOST_LABELS]
        rest = len(comparison.labels) - MOST_LABELS
        note = f"Those with the largest differences; {count_words(rest, 'more label')} in the CSV and HTML reports."
    parameters = comparison.find_parameters()
    small: dict[str, Any] = {"fontSize": 7.5, "leading": 9.5}
    heads = ["Serial", "Package", OVERALL, "differs", *(_SHORT[name] for name in parameters)]
    rows = [[text(one, **small) for one in heads]]
    for label in shown:
        of_parameters = [_cell(label, name) for name in parameters]
        differs = _plain(words.signed(label.difference()))
        cells = [label.serials, f"{label.batch}, {label.package}", _cell(label, OVERALL), differs, *of_parameters]
        rows.append([text(cell, **small) for cell in cells])
    each = min(20.0, (174 - 26 - 22 - 11) / (1 + len(parameters)))
    return [
        head(f"All labels ({len(comparison.labels):,})"),
        text(f"In each cell ours / the verifier's; what the overall grades differ by is ours minus theirs. {note}"),
        space(2),
        table(rows, (26, 22, each, 11, *[each] * len(parameters)), heads=1),
    ]


def _cell(label: ComparedLabel, name: str) -> str:
    ours, theirs = label.pair(name)
    if ours is None and theirs is None:
        return ""
    return f"{words.grade_text(ours) or '-'} / {words.grade_text(theirs) or '-'}"


def _plain(shown: str) -> str:
    """With the hyphen for a minus sign, which the fonts' encoding lacks."""
    return shown.replace(words.MINUS, "-")
