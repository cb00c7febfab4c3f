"""What `spec fit` found, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bss_mfg.cli.common import print_table, print_text, say

if TYPE_CHECKING:
    from bss_mfg.payload.fitting.known import Known
    from bss_mfg.payload.fitting.report import FitReport
    from bss_mfg.payload.fitting.tally import NearMiss

_MOST_TOLD = 8
"""Values that are named."""
_LOOK_UP = {
    "NOTHING": "how the fields are written",
    "DECODED": "which key and curve the test key is of; --private-key may be another key's",
    "LENGTHS_FIT": "how the key is sent, and in which order the parts stand",
    "OTHER_KEY": "which test key belongs to this sample (private_key in the sample, or --private-key)",
    "POINT_READ": "whether the test key is the one of this sample; then KDF, hash and context (SharedInfo, info, salt: "
    "give the words with --info), cipher and MAC",
    "KEY_UNWRAPPED": "the cipher under the content key, its IV and MAC",
    "OPENED": "whether key and units in the sample are those of the string",
    "VALUES_FOUND": "the layout of the plaintext, and whether every value in the sample is right",
}

_LOOK_UP_ORDER = "in which order the guide puts the devices of a package, in clear and in what is encrypted"


def print_report(report: FitReport, samples: Sequence[Known]) -> None:
    """Everything that a search found, or how near it came."""
    from bss_mfg.cli.spec_fit_questions import print_questions
    from bss_mfg.payload.fitting.questions import shown_constant
    from bss_mfg.payload.formats import format_label
    from bss_mfg.payload.schemes.descriptions import summary

    if report.specs:
        spec = report.specs[0]
        rows = []
        for field in spec.field:
            how = summary(field.scheme) if field.scheme else (field.value or "")
            rows.append((field.key, field.status, field.source, format_label(field.format), how))
        print_table(rows, ("KEY", "STATUS", "SOURCE", "FORMAT", "WHAT"))
        for field in spec.encrypted:
            for value in field.plaintext:
                length = f", its length in front as {value.length}" if value.length else ""
                what = shown_constant(value) if value.source == "constant" else format_label(value.format)
                print_text(f"    {field.key}  {value.source} {what}{length}")
    for form in report.forms if not any(sample.key for sample in samples) else ():
        print_text(f"{form.key} as {' or '.join(form.formats)}: {', '.join(map(str, form.sizes))} bytes")
        print_text(f"    possible: {'; '.join(form.possible) or 'nothing that is known'}")
        print_text(f"    excluded: {'; '.join(form.excluded)}")
    print_questions(report.questions, samples)
    for note in report.notes:
        say(f"NOTE: {note}")
    if not report.specs:
        print_misses(report.nearest)
        if report.unplaced:
            nowhere = _unplaced_words(report, several=len(samples) > 1)
            say(f"NOT FOUND: {nowhere}. Correct it in the sample, or leave it out.")
    found = {0: "No explanation", 1: "One explanation"}.get(report.explanations, f"{report.explanations} explanations")
    say(f"{found} of {report.tried:,} combinations, {report.seconds:.1f} s")


def print_misses(misses: Iterable[NearMiss]) -> None:
    """How near a search came, a line for each field."""
    for miss in misses:
        look_up = _LOOK_UP_ORDER if miss.other_order else _LOOK_UP[miss.stage.name]
        say(f"NEAREST: {miss.key + ': ' if miss.key else ''}{miss.detail}. Look up {look_up}.")


def _unplaced_words(report: FitReport, *, several: bool) -> str:
    """The values that stand nowhere: of which units, where that is known; else of all."""
    told = []
    for source in report.unplaced:
        wrong = [one for one in report.wrong if one.source == source]
        told += [f"{source} of unit {one.unit}" + (f" of {one.sample}" if several else "") for one in wrong]
        told += [] if wrong else [f"{source} of the samples"]
    more = f" and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    return ", ".join(told[:_MOST_TOLD]) + more
