"""What every report on our grades and a verifier's says in the same words."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.core.text import count_words, listing
from bss_mfg.imaging.grade_parameters import PARAMETERS
from bss_mfg.imaging.grade_scale import letter_of
from bss_mfg.report.wording import Headline
from bss_mfg.verifier_data.comparison import OVERALL, Agreement, ComparedLabel, Comparison
from bss_mfg.verifier_data.grade_values import Grade, letter_of_grade

FEW = 30
"""Labels below which limits of agreement are rough: their own 95 % interval is more than 0.6 deviations wide."""
MINUS = "\u2212"
ABOUT = (
    "Differences are ours minus the verifier's. Between the limits of agreement (mean difference and 1.96 standard "
    "deviations, after Bland and Altman) lie about 95 % of the differences. Our grades are indicative: the verifier's "
    "count."
)


def parameter_words(name: str) -> str:
    """A parameter, or the overall grade, as people read it."""
    return "overall" if name == OVERALL else PARAMETERS[name]


def signed(value: float | None, digits: int = 1) -> str:
    """A difference with its sign; nothing where there is none."""
    if value is None:
        return ""
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{MINUS if rounded < 0 else '+'}{abs(rounded):.{digits}f}"


def grade_text(grade: Grade | None, letter: bool = False) -> str:
    """A grade: its number, with `letter` that too, or the letter alone where there is no number."""
    if grade is None:
        return ""
    if isinstance(grade, str):
        return grade
    # The tenth that a verifier doesn't round to is shown: 3.25.
    number = f"{grade:.1f}" if round(grade, 1) == grade else f"{grade:g}"
    return f"{number} {letter_of_grade(grade)}" if letter else number


def limits_words(agreement: Agreement) -> str:
    """The limits of agreement; nothing where there are none."""
    if agreement.limits is None:
        return ""
    low, high = agreement.limits
    return f"{signed(low, 2)} to {signed(high, 2)}"


def share_words(agreement: Agreement) -> str:
    """How many have the same letter."""
    return f"{agreement.same_letter:,} of {agreement.labels:,}"


def headline(comparison: Comparison) -> Headline:
    """The result in large letters."""
    if not comparison.compared:
        return Headline("No label has a grade of both", "warn")
    if below := comparison.below:
        are = "is" if len(below) == 1 else "are"
        return Headline(f"{count_words(len(below), 'label')} {are} below the least grade", "bad")
    overall = overall_of(comparison)
    if overall.mean is None:
        return Headline(f"The same letter: {share_words(overall)}", "soft")
    if round(overall.mean, 1) == 0:
        return Headline("Ours are the verifier's, on average", "good")
    than = "higher" if overall.mean > 0 else "lower"
    return Headline(f"Ours are {abs(overall.mean):.1f} {than} on average", "soft")


def overall_of(comparison: Comparison) -> Agreement:
    """The agreement of the overall grades, where labels were compared."""
    return next(one for one in comparison.agreement if one.name == OVERALL)


def counts_words(comparison: Comparison) -> str:
    """Which labels were compared."""
    batches = list(dict.fromkeys(label.batch for label in comparison.labels))
    words = f"{count_words(comparison.compared, 'label')} compared, of {listing(batches, 10) or 'no batch'}"
    if comparison.only_theirs:
        words += f"; {comparison.only_theirs:,} graded by the verifier only"
    if comparison.only_ours:
        words += f"; {comparison.only_ours:,} graded by us only"
    verifiers = list(dict.fromkeys(label.theirs.verifier for label in comparison.labels if label.theirs.verifier))
    if verifiers:
        words += f". Verifier: {listing(verifiers, 5)}"
    return words + "."


def least_words(comparison: Comparison) -> str:
    """Which least grade is asked for; nothing where none is."""
    asked = sorted(set(comparison.least.values()), reverse=True)
    return "The least grade is " + " or ".join(f"{least:.1f} ({letter_of(least)})" for least in asked) if asked else ""


def below_words(label: ComparedLabel) -> str:
    """Who calls a label below the least grade."""
    if label.ours_below and label.theirs_below:
        return "both"
    if label.theirs_below:
        return "the verifier" if label.ours else "the verifier (not graded by us)"
    return "we" if label.theirs_below is False else "we (the verifier's letter doesn't tell)"


def rough_words(agreements: Sequence[Agreement]) -> str:
    """A warning where the limits are of too few labels."""
    few = max((one.differences for one in agreements), default=0)
    if 0 < few < FEW:
        return f"The limits are of {count_words(few, 'label')}: below {FEW} they are rough."
    return ""
