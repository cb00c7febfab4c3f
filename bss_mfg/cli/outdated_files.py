"""What is said of label files that hold labels which were made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bss_mfg.cli.common import say, shown_path
from bss_mfg.core.text import count_words, one_or

if TYPE_CHECKING:
    from bss_mfg.label.make import LabelFiles

MOST_PARTLY = 5
"""Files of which some labels were made again, named at the end of a command."""


def say_superseded(made: LabelFiles) -> None:
    """Which files are not to be printed any more."""
    if made.superseded:
        folder = shown_path(made.superseded[0].parent)
        say(
            f"Moved to {folder}: {count_words(len(made.superseded), 'file')} whose labels were all made again, "
            f"{made.superseded[0].name}{' and others' if len(made.superseded) > 1 else ''}; don't print them"
        )
    for name, count in list(made.partly_outdated.items())[:MOST_PARTLY]:
        were = one_or(count, "was", "were")
        say(f"Don't print {name} whole any more: {count_words(count, 'label')} in it {were} made again")
    if len(made.partly_outdated) > MOST_PARTLY:
        say(f"... and {len(made.partly_outdated) - MOST_PARTLY:,} more files of which labels were made again")
