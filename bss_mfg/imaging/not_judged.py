"""What of some labels could not be judged: counted, and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bss_mfg.core.text import count_words
from bss_mfg.imaging.label_content import LabelContent

_AT_600_DPI = "A finer scan tells no more: show more labels in one picture, or compare these texts by eye"


@dataclass(frozen=True, slots=True)
class NotJudged:
    """How many labels have a text, code or picture that could not be compared with what was to be there (`labels`), and
    how many have texts, all compared, in which a character could pass for one much like it (`doubtful`). `by_picture`:
    how many of both another picture may judge; the others can be judged in none, as they were drawn."""

    labels: int = 0
    doubtful: int = 0
    by_picture: int = 0

    @classmethod
    def of(cls, contents: Sequence[LabelContent]) -> NotJudged:
        """Of what was found of labels."""
        labels = sum(_is_open(content) for content in contents)
        doubtful = sum(bool(content.doubtful) and not _is_open(content) for content in contents)
        return cls(labels, doubtful, sum(bool(content.not_judged or content.doubtful) for content in contents))

    def __add__(self, other: NotJudged) -> NotJudged:
        return NotJudged(self.labels + other.labels, self.doubtful + other.doubtful, self.by_picture + other.by_picture)

    def __bool__(self) -> bool:
        return bool(self.labels or self.doubtful)


def _is_open(content: LabelContent) -> bool:
    return bool(content.not_judged or content.hidden) or not content.compared


def open_notes(contents: Sequence[LabelContent]) -> list[str]:
    """What is not known of the labels of a page, as people read it."""
    found = []
    if greyless := sum(content.without_grey for content in contents):
        found.append(
            f"{count_words(greyless, 'text or picture', 'texts and pictures')} of its labels could not be judged: "
            "the picture is black and white, without grey. Scan in grey, with 300 dpi or more"
        )
    if open_ := sum(content.not_judged for content in contents) - greyless:
        found.append(
            f"{count_words(open_, 'text or code', 'texts and codes')} of its labels could not be judged: too "
            "small, too blurred, or not all in the picture"
        )
    if hidden := sum(content.hidden for content in contents):
        found.append(
            f"{count_words(hidden, 'text')} of its labels can't be judged in any picture: they stand on artwork, or in "
            "a colour that a scanner does not see. Look at them"
        )
    for is_fine, way_out in ((False, "Scan more labels at once, or with 600 dpi"), (True, _AT_600_DPI)):
        if doubtful := sum(content.doubtful for content in contents if content.is_fine is is_fine):
            found.append(
                f"in {count_words(doubtful, 'text')} of its labels a wrong character could pass that looks much like "
                f"the right one, as 8 and 9: the type is small or pale. {way_out}"
            )
    return found
