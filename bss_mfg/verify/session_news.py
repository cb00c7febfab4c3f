"""What is new in a verification that grows: what was found wrong since somebody asked last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bss_mfg.verify.fault_groups import FaultGroup, fault_groups
from bss_mfg.verify.findings import Finding
from bss_mfg.verify.page_account import PageAccount

MOST_NEW_FAULTS = 10
"""Labels that are told at once as they are found wrong; the rest is counted."""


@dataclass(slots=True)
class SessionNews:
    """The first labels that were found wrong and how many, the files and pages that could not be read, with the reason,
    the pages that were not understood, and the pages that stand for earlier ones: (the earlier, the later)."""

    faults: list[FaultGroup] = field(default_factory=list)
    fault_count: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    not_understood: list[PageAccount] = field(default_factory=list)
    answered: list[tuple[PageAccount, PageAccount]] = field(default_factory=list)

    def add_findings(self, found: Sequence[Finding]) -> None:
        """Some more findings."""
        for group in fault_groups(found):
            self.fault_count += group.count
            if len(self.faults) < MOST_NEW_FAULTS:
                self.faults.append(group)
