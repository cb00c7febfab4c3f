"""What a verification is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bss_mfg.core.code_patterns import CodePattern
from bss_mfg.imaging.label_pictures import LabelPicture
from bss_mfg.imaging.not_judged import NotJudged
from bss_mfg.imaging.reflectance import Calibration
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.model import Batch, LabelFile, LabelScope
from bss_mfg.transparency.checkpoint import Checkpoint
from bss_mfg.verify.finding_spool import Findings
from bss_mfg.verify.findings import FINDING_KINDS, FindingKind, OtherCode
from bss_mfg.verify.label_source import LabelSource
from bss_mfg.verify.page_account import PageAccount, PageOutcome
from bss_mfg.verify.rescans import RescanRule
from bss_mfg.verify.sampling_plans import LotDecision, LotVerdict


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """What a verification is asked for. `partial`: labels whose place is in no picture are no fault. `sample`: decide
    by the sample that was drawn last. `resume`: label files that were once read wholly and found right count as read,
    by the second reader too if that is asked for, and so do packages that were shipped; grades and samples need every
    file, so with those all are read.
    """

    partial: bool = False
    second_reader: bool = False
    grade: bool = False
    pictures: bool = False
    keep_pictures: bool = False
    """Whether pictures of the newest failed prints are taken, by their events."""
    sample: bool = False
    resume: bool = False
    reread_scrapped: bool = True
    """Whether a file with a unit that was scrapped or replaced since is read again: its label is to be taken off the
    line."""
    strict: bool = False
    """Whether labels are wrong of which the picture was too poor for all that is on them to be judged."""
    patience: int = 1
    """How many times the usual work a page may cost."""
    labels: LabelSource | None = None
    """What is to be on the labels besides their symbols: their texts and codes are compared with it."""
    of: ReadSubject | None = None
    """What the files are, where the person said so: our own drawings, or pictures of what was printed."""
    calibration: Calibration | None = None
    """What a reflectance card says of the pictures' light."""
    min_grade: float | None = None
    """The least grade, 4 to 0, with which a label is right; with it all are graded."""
    expected: tuple[CodePattern, ...] = ()
    """The codes that are expected beside labels: those that must be there are asked for."""
    rescans: RescanRule = RescanRule.NEVER
    """When a second picture of a page shows the same sheet once more, and judges it anew."""
    each: LabelScope = "package"
    """What the labels are for: those of units and cartons are compared by their codes and texts, and reads of them are
    not recorded."""


NO_OPTIONS = VerifyOptions()
REPORT_TITLE = "Verification of "
"""What the title of a report begins with, before the batch's id: such a PDF shows labels that failed."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome. `findings` are in the order of files and pages; `pictures` are those of failed labels by index of
    their finding; `broken` lists files and pages that could not be read, with the reason; `troubles` those that were
    read with difficulty; `label_files` are those that the ledger knows; `decision` is what a sample says of the
    lot, where one was asked for; `resumed` counts files that were not read again, and `resumed_labels` their labels;
    `other_batches` counts foreign labels by the batch that they belong to, if the ledger knows one.
    """

    batch: Batch
    findings: Findings
    pictures: dict[int, LabelPicture]
    broken: tuple[tuple[str, str], ...]
    troubles: tuple[tuple[str, str], ...]
    files: int
    pages: int
    options: VerifyOptions
    label_files: tuple[LabelFile, ...]
    decision: LotDecision | None = None
    resumed: int = 0
    resumed_labels: int = 0
    other_batches: Mapping[str | None, int] = field(default_factory=dict)
    shows_prints: bool = False
    """Whether a printed label was read, and not our own files alone: then labels are missing whose print was not
    shown, whatever files were."""
    labels_read: Mapping[ReadSubject, int] = field(default_factory=dict)
    """Of how many labels the drawing was read right, and of how many the print."""
    page_counts: Mapping[PageOutcome, int] = field(default_factory=dict)
    """How many pages ended how."""
    not_understood: tuple[PageAccount, ...] = ()
    """Pages of which it is not known what they show: wrong, until somebody has looked."""
    not_judged: NotJudged = field(default_factory=NotJudged)
    """How many printed labels could not be judged altogether: no fault was found of them, and none is ruled out."""
    other_codes: tuple[OtherCode, ...] = ()
    """Codes beside labels that are not ours: listed, and neither right nor wrong."""
    pictures_by_event: Mapping[int, LabelPicture] = field(default_factory=dict)
    """Of the newest failed prints, by the numbers of the events that record them."""
    checkpoint: Checkpoint | None = None
    """The newest signed checkpoint of the ledger's history."""

    @property
    def partial(self) -> bool:
        """Whether labels that no picture showed are no fault."""
        return self.options.partial or self.options.sample

    @property
    def second_reader(self) -> bool:
        """Whether each match was read by libdmtx too."""
        return self.options.second_reader

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each kind."""
        return {kind: self.findings.counts[kind] for kind in FINDING_KINDS}

    @property
    def wrong_labels(self) -> int:
        """How many findings are not right, of what was in the pictures."""
        return len(self.findings) - self.findings.counts[FindingKind.MATCHED] - self.findings.unseen

    @property
    def too_poor(self) -> bool:
        """Whether pictures had to be better than they are: it was asked for that all on the labels is judged."""
        return self.options.strict and bool(self.not_judged.by_picture)

    @property
    def passed(self) -> bool:
        """Whether all is right: nothing but matches (with `partial`, also labels that no picture showed the place of;
        but pictures without a label prove nothing), every file was read, and no picture was too poor for what was
        asked. Of a sample: whether its lot is accepted."""
        return self.no_fault and not self.too_poor

    @property
    def no_fault(self) -> bool:
        """The same, however poor the pictures are."""
        if self.decision:
            return self.decision.verdict is LotVerdict.ACCEPT
        matched = self.findings.counts[FindingKind.MATCHED]
        return (
            not self.broken
            and not self.not_understood
            and len(self.findings) == matched + (self.findings.unseen if self.partial else 0)
            and (not self.pages or matched > 0)
        )

    @property
    def wrong_batch(self) -> str | None:
        """The batch that all labels belong to which were read, where it is not this one: the wrong one was named."""
        counts = self.findings.counts
        own = (FindingKind.MATCHED, FindingKind.DUPLICATE, FindingKind.OLD_PICTURE)
        of_this = sum(counts[kind] for kind in own) + self.resumed_labels
        if of_this or len(self.other_batches) != 1:
            return None
        return next(iter(self.other_batches))

    @property
    def most_labels(self) -> int:
        """The largest number that a label may have: packages, units or cartons."""
        return max((max(file.numbers) for file in self.label_files), default=0) or self.batch.packages

    @property
    def unseen(self) -> int:
        """Labels whose place was in no picture."""
        return self.findings.unseen
