"""Where verification gets what is to be on labels: from whoever calls it, for it does not know how labels are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bss_mfg.imaging.expected_content import ExpectedLabels
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile


class LabelPages(Protocol):
    """The labels of a ledger, as they were to be printed."""

    def labels(
        self, label_file: LabelFile, numbers: Sequence[int], places: Sequence[int], modules: bool = False
    ) -> ExpectedLabels | str:
        """Labels of a file by their numbers, each in a place (from 0) of its page; or why they can't be judged, in
        words. `modules`: codes are told with where their modules lie."""

    def find(self, label_file: LabelFile, texts: Sequence[str]) -> Mapping[str, int]:
        """Of codes' texts those that one label alone of a file's kind has, with its number."""


class LabelSource(Protocol):
    """The same before a ledger is open: it travels to the processes that read pages, and can be hashed."""

    def open(self, ledger: Ledger) -> LabelPages:
        """The labels of a ledger."""
