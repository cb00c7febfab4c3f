"""Notes on what could not be judged ask for what helps."""

from __future__ import annotations

import pytest

from bss_mfg.imaging.label_content import LabelContent
from bss_mfg.imaging.not_judged import open_notes


@pytest.mark.parametrize(
    ("is_fine", "says", "says_not"),
    [(False, "Scan more labels at once, or with 600 dpi", "by eye"), (True, "compare these texts by eye", "600 dpi")],
)
def test_nobody_who_scanned_at_600_dpi_is_asked_for_it(is_fine: bool, says: str, says_not: str) -> None:
    (note,) = open_notes([LabelContent(doubtful=2, is_fine=is_fine), LabelContent(is_fine=is_fine)])
    assert note.startswith("in 2 texts of its labels a wrong character could pass")
    assert says in note and says_not not in note


def test_scans_of_both_kinds_on_a_page_are_told_apart() -> None:
    notes = open_notes([LabelContent(doubtful=1), LabelContent(doubtful=3, is_fine=True)])
    assert [note.split(" of its")[0] for note in notes] == ["in 1 text", "in 3 texts"]
