"""What `manifest acknowledge` says of a feedback file: for people and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.cli.common import App, say, shown_path
from bss_mfg.core.shell_words import shell_word

if TYPE_CHECKING:
    from bss_mfg.ledger.exports import FeedbackCounts
    from bss_mfg.manifest.feedback import Feedback, FeedbackMapping

MOST_SHOWN = 20
"""Serials of a kind that are shown as text; --json has all."""


def _unclear_serials(feedback: Feedback) -> dict[str, list[str]]:
    """The serials of which a file says more than one thing, and those with a word that the mapping lacks."""
    from bss_mfg.manifest.feedback import AnswerState

    return {str(state): feedback.serials(state) for state in (AnswerState.CONTRADICTORY, AnswerState.UNCLEAR)}


def count_wrong(feedback: Feedback, counts: FeedbackCounts) -> int:
    """How many entries need someone's care."""
    unclear = sum(map(len, _unclear_serials(feedback).values()))
    unknown = len(counts.unknown) + len(counts.ambiguous)
    return feedback.counts["rejected"] + unknown + len(counts.outdated) + feedback.unreadable + unclear


def feedback_document(
    file: Path, feedback: Feedback, counts: FeedbackCounts, read_before: str | None
) -> dict[str, Any]:
    """What was read and recorded, as JSON has it."""
    return {
        "file": str(file),
        "sha256": feedback.sha256,
        "read_before": read_before,
        "entries": feedback.entries,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "unchanged": counts.unchanged,
        "repeated": feedback.counts["repeated"],
        "unknown": list(counts.unknown),
        "ambiguous": list(counts.ambiguous),
        "outdated": list(counts.outdated),
        **_unclear_serials(feedback),
        "unreadable": feedback.unreadable,
        "batches": list(counts.batches),
    }


def say_ways_out(app: App, file: Path, counts: FeedbackCounts) -> None:
    """What to type next."""
    for log in counts.newer:
        say(
            f"They stand in a newer control log, {log}. If this file answers that: "
            f"`bss-mfg manifest acknowledge {shell_word(str(file))} --for {log}`"
        )
    for batch in counts.rejected_batches:
        folder = shell_word(f"{shown_path(app.workspace.batch_folder(batch))}/upload/")
        say(f"Correct what was rejected, then: `bss-mfg manifest make {batch} --rejected --out {folder}`")


def say_unanswered(feedback: Feedback, counts: FeedbackCounts, mapping: FeedbackMapping) -> None:
    """What was not understood or belongs to no unit, then what was recorded."""
    unclear = _unclear_serials(feedback)
    _say_serials("unknown here", counts.unknown)
    _say_serials("shared by several products", counts.ambiguous)
    _say_serials("says nothing of the newest control log of", counts.outdated)
    for state, serials in unclear.items():
        _say_serials(state, serials, feedback)
    for problem in feedback.problems:
        say(f"not understood: {problem}")
    if mapping.assumed:
        say(f"Note: {', '.join(mapping.assumed)} of the feedback mapping are assumptions.")
    say(
        f"{'WRONG' if count_wrong(feedback, counts) else 'OK'}: {counts.accepted:,} accepted, {counts.rejected:,} "
        f"rejected, {counts.unchanged:,} unchanged, {len(counts.unknown):,} unknown, "
        f"{feedback.counts['repeated']:,} repeated"
        + (f", {len(counts.outdated):,} outdated" if counts.outdated else "")
        + "".join(f", {len(serials):,} {state}" for state, serials in unclear.items() if serials)
    )


def _say_serials(what: str, serials: Sequence[str], feedback: Feedback | None = None) -> None:
    """The first serials; with a `feedback` also its reasons."""
    for serial in serials[:MOST_SHOWN]:
        reason = feedback.answers[serial].reason if feedback else ""
        say(f"{what}: {serial!a}" + (f", {reason!a}" if reason else ""))
    if len(serials) > MOST_SHOWN:
        say(f"{what}: and {len(serials) - MOST_SHOWN:,} more")
