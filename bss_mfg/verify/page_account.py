"""What became of each page that was given: accounted for, accounted for with faults, or not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bss_mfg.core.languages import counted, phrase
from bss_mfg.core.text import printable_name
from bss_mfg.model import LabelScope


class PageOutcome(StrEnum):
    """What became of a page. The values are those of all reports."""

    ACCOUNTED = "accounted"
    FAULTS = "faults"
    NOT_UNDERSTOOD = "not-understood"
    ANSWERED = "answered"
    """A later picture of the same sheet stands for it."""


@dataclass(frozen=True, slots=True)
class KnownLabel:
    """A label of ours of another kind or batch than was asked for: what it is called (by a serial, or as `carton 3`),
    what it is for (None: a code that names a unit, and is on none of our labels), and its batch if that is another."""

    name: str
    each: LabelScope | None
    batch: str = ""

    @property
    def words(self) -> str:
        """What it is, and the way to verify it."""
        return _known_words((self,))


def _known_words(labels: Sequence[KnownLabel]) -> str:
    """Labels of the kind of the first, in words."""
    first = labels[0]
    more = sum((label.each, label.batch) == (first.each, first.batch) for label in labels) - 1
    name = first.name if first.each == "carton" else f"{first.each or 'unit'} {first.name}"
    who = f"{name} and {more:,} more" if more else name
    where = f" of batch {first.batch}" if first.batch else ""
    if first.each is None:
        return f"a code names {who}{where}, and is on no label that was made here"
    option = "" if first.each == "package" else f"--each {first.each}"
    command = f"`verify {first.batch} FILE {option}`".replace(" `", "`") if first.batch else option or "no --each"
    return f"{'labels' if more else 'a label'} of {who}{where}: verify {'them' if more else 'it'} with {command}"


@dataclass(frozen=True)
class PageSeen:
    """What was seen on a page. `ink` is the share of it that is printed (0 to 1), `labels` how many were read or
    identified, `candidates` how many patches look like a symbol and were not read, `sheet` whether it is known which
    printed page it shows."""

    ink: float = 0.0
    labels: int = 0
    candidates: int = 0
    sheet: bool = False
    pale: bool = False
    """Whether something is printed on it, too pale to be read."""
    known: tuple[KnownLabel, ...] = ()
    """Labels of ours that are none of those that were asked for."""

    @property
    def blank(self) -> bool:
        """Whether nothing is printed there."""
        return self.ink < BLANK_INK and not self.labels and not self.candidates and not self.pale

    @property
    def each(self) -> LabelScope | None:
        """What its labels are for, where they are of another kind than was asked for."""
        return self.known[0].each if self.known else None

    @property
    def understood(self) -> bool:
        """Whether it is known of all on the page what it is: a printed page in its place, or single labels that were
        read and nothing else that looks like one."""
        return self.sheet or (self.labels > 0 and not self.candidates)

    @property
    def description(self) -> str:
        """What was seen, in words."""
        if self.known and not self.labels:
            return phrase("it shows {labels}", labels=_known_words(self.known))
        if self.pale and not self.labels:
            return phrase("what is printed on it is too pale to be read: {way_out}", way_out=DARKER)
        if self.blank:
            return phrase("blank: nothing is printed on it")
        read = counted("{count:,} label of it was read", "{count:,} labels of it were read", self.labels)
        if not self.candidates:
            patches = phrase("nothing on it looks like a symbol")
        elif self.labels:
            patches = counted(
                "{count:,} more patch that may be a symbol",
                "{count:,} more patches that may be a symbol",
                self.candidates,
            )
        else:
            patches = counted(
                "{count:,} patch that may be a symbol", "{count:,} patches that may be a symbol", self.candidates
            )
        return phrase(
            "{read}, {patches}, no sheet was recognised ({ink:.1%} ink)",
            read=read if self.labels else phrase("no label was read"),
            patches=patches,
            ink=self.ink,
        )


DARKER = phrase("print it darker (darkness, ribbon, toner); if the print is dark, scan it darker")
"""What to do about pale print."""
BLANK_INK = 0.0005
"""Share of a page that is printed below which it counts as blank: dust and the edge of a scan are less."""


@dataclass(frozen=True)
class PageAccount:
    """What became of one page."""

    file: str
    page: int
    outcome: PageOutcome
    seen: PageSeen

    @property
    def where(self) -> str:
        """The page, in words."""
        return phrase("{file}, page {page}", file=printable_name(self.file), page=self.page)


@dataclass(slots=True)
class PageAccounts:
    """All pages of a verification: counted, and those that were not understood by name."""

    counts: Counter[PageOutcome] = field(default_factory=Counter)
    not_understood: list[PageAccount] = field(default_factory=list)

    def add(self, account: PageAccount) -> None:
        """One more page."""
        self.counts[account.outcome] += 1
        if account.outcome is PageOutcome.NOT_UNDERSTOOD:
            self.not_understood.append(account)

    def answer(self, account: PageAccount) -> None:
        """A later picture of the same sheet stands for a page."""
        self.counts[account.outcome] -= 1
        self.counts[PageOutcome.ANSWERED] += 1
        self.not_understood = [one for one in self.not_understood if one is not account]
