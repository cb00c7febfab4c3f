"""Our grades beside a verifier's as one self-contained HTML page without scripts. The template escapes all text."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

from markupsafe import Markup

from bss_mfg.core.text import printable_name
from bss_mfg.imaging.grade_scale import letter_of
from bss_mfg.report import comparison_words as words
from bss_mfg.report.agreement_plot import plot_of, plot_svg
from bss_mfg.report.html_report import environment, join_texts
from bss_mfg.verifier_data.comparison import OVERALL, ComparedLabel, Comparison
from bss_mfg.verifier_data.grade_values import letter_of_grade

GENERATOR = "bss-mfg grades"
_GENERATOR_TAG = Markup('<meta name="generator" content="{}">').format(GENERATOR)


class _Row(NamedTuple):
    """A label: `pairs` are overall and each parameter's grades and difference."""

    label: ComparedLabel
    pairs: list[_Pair]
    formal: str
    measured: str


class _Pair(NamedTuple):
    """Both grades of a parameter with the classes of their letters, and the difference."""

    ours: str
    our_tone: str
    theirs: str
    their_tone: str
    difference: str


def comparison_html(comparison: Comparison, made_at: str, version: str) -> Iterator[bytes]:
    """The page, in blocks. `made_at` is printed as it is."""
    style = files("bss_mfg.report").joinpath("page.css").read_text("utf-8")
    overall = words.overall_of(comparison) if comparison.compared else None
    plot = plot_of(comparison.labels, overall) if overall else None
    names = [OVERALL, *comparison.find_parameters()]
    texts = (
        environment()
        .get_template("comparison.html.jinja")
        .generate(
            generator_tag=_GENERATOR_TAG,
            style=Markup(style),  # noqa: S704  (a file of this package)
            comparison=comparison,
            headline=words.headline(comparison),
            overall=overall,
            plot=plot_svg(plot) if plot else "",
            names=names,
            rows=(_row(label, names) for label in comparison.labels),
            below=[(label, words.below_words(label)) for label in comparison.below],
            words=words,
            made_at=made_at,
            version=version,
        )
    )
    return (block.encode("utf-8", "backslashreplace") for block in join_texts(texts))


def _row(label: ComparedLabel, names: list[str]) -> _Row:
    theirs = label.theirs
    measured = " ".join(filter(None, (theirs.measured_at, theirs.measured_by)))
    source = f"{printable_name(theirs.file)}, row {theirs.row}"
    pairs = [_pair(label, name) for name in names]
    return _Row(label, pairs, theirs.formal, f"{measured}; {source}" if measured else source)


def _pair(label: ComparedLabel, name: str) -> _Pair:
    ours, theirs = label.pair(name)
    return _Pair(
        words.grade_text(ours),
        "" if ours is None else f"g{letter_of(ours)}",
        words.grade_text(theirs),
        "" if theirs is None else f"g{letter_of_grade(theirs)}",
        words.signed(label.difference(name)),
    )
