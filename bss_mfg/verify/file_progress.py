"""A file while it is read: what is known of it so far."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from bss_mfg.ledger.events import FileVerified
from bss_mfg.verify.tasks import FileDescription


@dataclass(slots=True)
class FileProgress:
    """The file at hand, to know at its end whether all of its labels are right."""

    order: int
    path: Path
    description: FileDescription
    outdated: Set[int] = frozenset()
    """The numbers in it whose labels were made again in other files: they don't count."""
    matched: int = 0
    not_matched: int = 0
    made_later: set[int] = field(default_factory=set)
    """Packages in it whose label was made after the file was saved, though nobody read it before."""

    def verified(self, second_reader: bool) -> FileVerified | None:
        """What the history says of it, where all labels were read right."""
        label_file = self.description.label_file
        if label_file is None or label_file.superseded_at or self.not_matched:
            return None
        if not self.matched or self.matched != label_file.labels - len(self.outdated) * label_file.repeat:
            return None
        return FileVerified(
            file=label_file.file, sha256=label_file.sha256, labels=self.matched, second_reader=second_reader
        )
