"""Verification of a batch: files -> pages, read in workers -> findings, and every read into the ledger."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, PrintedPart
from bss_mfg.scan.frame import Box
from bss_mfg.scan.grid import Quad
from bss_mfg.scan.page import Answer, Look, Opened, Shot, Wish, label_parts, page_reader
from bss_mfg.scan.reconcile import KINDS, Books, Finding, ScannedPage, settle, still_missing
from bss_mfg.scan.second import SecondReader
from bss_mfg.scan.sources import SUFFIXES
from bss_mfg.scan.workers import Failed, Pool

MOST_PICTURES = 200
"""Failed labels whose picture is kept for the report."""
PAGE_SECONDS = 180.0
"""How long a page may take before its worker is stopped."""

_MOST_WAITING = 2_000
"""Findings that are written down at once, of one large file."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a verification is asked for. `partial`: labels whose place is in no picture are no fault. `jobs` are worker
    processes, 0 for one per core up to 4."""

    partial: bool = False
    second_reader: bool = False
    grade: bool = False
    pictures: bool = False
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome. `findings` are in the order of files and pages; `pictures` are those of failed labels by index of
    their finding; `broken` lists files and pages that could not be read, with the reason; `troubles` those that were
    read with difficulty; `parts` are the label files that the ledger knows.
    """

    batch: Batch
    findings: tuple[Finding, ...]
    pictures: dict[int, Shot]
    broken: tuple[tuple[str, str], ...]
    troubles: tuple[tuple[str, str], ...]
    files: int
    pages: int
    wanted: Wanted
    parts: tuple[PrintedPart, ...]

    @property
    def partial(self) -> bool:
        """Whether labels that no picture showed are no fault."""
        return self.wanted.partial

    @property
    def second_reader(self) -> bool:
        """Whether each match was read by libdmtx too."""
        return self.wanted.second_reader

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each kind."""
        counted = Counter(item.kind for item in self.findings)
        return {kind: counted[kind] for kind in KINDS}

    @property
    def right(self) -> bool:
        """Whether all is right: nothing but matches (with `partial`, also labels that no picture showed the place of),
        and every file was read."""
        return not self.broken and all(
            item.kind == "matched" or (self.partial and item.unseen) for item in self.findings
        )

    @property
    def unseen(self) -> int:
        """Labels whose place was in no picture."""
        return sum(item.unseen for item in self.findings)


def expand(paths: Sequence[Path]) -> list[Path]:
    """Files as given, folders replaced by the readable files in them, in name order."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(item for item in path.iterdir() if item.suffix.lower() in SUFFIXES and item.is_file())
            if not inside:
                raise InputError(
                    "holds no file that can be verified", where=str(path), way_out="Known: PDF, PNG, JPEG, TIFF ..."
                )
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise InputError("is not there", where=str(path), way_out="Check the path.")
    return files


def verify(
    ledger: Ledger,
    batch: Batch,
    paths: Sequence[Path],
    wanted: Wanted = Wanted(),
    progress: Progress = lambda done, total: None,
) -> Verification:
    """Read all files and compare with the ledger. Each file's reads are committed when the file is done.

    A file or page that can't be read, or that crashes or stalls the reader, is listed and the rest goes on;
    `InputError` if that is all of them.
    """
    files = expand(paths)
    parts = label_parts(ledger, batch.id)
    if wanted.second_reader:
        with SecondReader():  # refused now rather than on every label
            pass
    wish = Wish(batch.id, wanted.second_reader, wanted.grade)
    jobs = wanted.jobs or min(os.cpu_count() or 1, 4)
    with Pool[Look, Answer](page_reader, (ledger.path, ledger.who, wish), PAGE_SECONDS, jobs) as pool:
        run = _Run(ledger, batch, Books(max((part.copy for part in parts), default=1)))
        looks = list(run.pages(pool.run(Look(path, 0) for path in files)))
        for look, answer in pool.run(looks):
            run.page(look, answer)
            progress(len(run.books.first_seen), batch.packages)
        run.commit()
        progress(batch.packages, batch.packages)
        if not run.read:
            problems = [f"{name}: {why}" for name, why in run.broken[:5]]
            raise InputError("nothing could be read", where=f"batch {batch.id}", problems=problems)
        settled = settle(run.findings, run.books)
        settled += still_missing(ledger.packages(batch.id), run.books, parts)
        pictures = _pictures(pool, settled, looks) if wanted.pictures else {}
    return Verification(
        batch, tuple(settled), pictures, tuple(run.broken), tuple(run.troubles), run.files, run.read, wanted,
        tuple(parts),
    )  # fmt: skip


@dataclass(slots=True)
class _Run:
    """What is known so far. A file's findings are written down when its last page is done."""

    ledger: Ledger
    batch: Batch
    books: Books
    findings: list[Finding] = field(default_factory=list)
    waiting: list[Finding] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    read: int = 0
    file: Path | None = None

    def pages(self, opened: Iterable[tuple[Look, Answer | Failed]]) -> Iterator[Look]:
        """A job for each page of each file, each file once: a page given twice is no label printed twice."""
        known: set[str] = set()
        for look, answer in opened:
            if isinstance(answer, Opened):
                if answer.sha256 not in known:
                    known.add(answer.sha256)
                    self.files += 1
                    for number in range(1, answer.pages + 1):
                        yield Look(look.path, number, answer.part)
            elif isinstance(answer, Failed):
                self.files += 1
                self.broken.append((str(look.path), answer.reason))

    def page(self, look: Look, answer: Answer | Failed) -> None:
        """Take a page's reads."""
        if look.path != self.file:
            self.commit()
            self.file = look.path
        if isinstance(answer, Failed):
            self.broken.append((f"{look.path}, page {look.page}", answer.reason))
        elif isinstance(answer, ScannedPage):
            self.read += 1
            self.waiting += answer.findings(self.books)
            if answer.trouble:
                self.troubles.append((f"{look.path}, page {look.page}", answer.trouble))
            if len(self.waiting) > _MOST_WAITING:
                self.commit()

    def commit(self) -> None:
        """Write down what was read."""
        _record(self.ledger, self.batch, self.waiting)
        self.findings += self.waiting
        self.waiting = []


def _pictures(pool: Pool[Look, Answer], findings: Sequence[Finding], looks: Sequence[Look]) -> dict[int, Shot]:
    """The pictures of failed labels, from their pages drawn once more."""
    names = Counter(path.name for path in {look.path for look in looks})
    by_page = {(look.path.name, look.page): look for look in looks if names[look.path.name] == 1}
    wanted: dict[tuple[str, int], list[int]] = {}
    count = 0
    for index, item in enumerate(findings):
        key = (item.file or "", item.page or 0)
        if item.kind != "matched" and item.box and key in by_page and count < MOST_PICTURES:
            wanted.setdefault(key, []).append(index)
            count += 1

    def boxes(numbers: Sequence[int]) -> Iterator[tuple[Box, Quad | None, int]]:
        for index in numbers:
            item = findings[index]
            ailing = item.ailing
            yield item.box or (0, 0, 0, 0), ailing.quad if ailing else None, ailing.size if ailing else 0

    made: dict[int, Shot] = {}
    jobs = [replace(by_page[key], boxes=tuple(boxes(numbers))) for key, numbers in wanted.items()]
    for (_, answer), numbers in zip(pool.run(jobs), wanted.values(), strict=True):
        if isinstance(answer, tuple):
            made.update({index: shot for index, shot in zip(numbers, answer, strict=True) if shot})
    return made


def _record(ledger: Ledger, batch: Batch, findings: Sequence[Finding]) -> None:
    reads: list[dict[str, Any]] = [
        {
            "verdict": item.kind,
            "package": item.package,
            "file": item.file,
            "page": item.page,
            "x_mm": item.x_mm,
            "y_mm": item.y_mm,
            **({"detail": item.detail} if item.detail else {}),
        }
        for item in findings
        if item.kind != "missing"
    ]
    if reads:
        matched = [item.package for item in findings if item.kind == "matched" and item.package]
        ledger.record_reads(batch.id, reads, matched)


def rows_of(outcome: Verification) -> Iterator[dict[str, Any]]:
    """The findings as plain records, for JSON, tables and pages."""
    for item in outcome.findings:
        yield {
            "verdict": item.kind,
            "serials": item.serials,
            "package": item.package,
            "file": item.file,
            "page": item.page,
            "x_mm": item.x_mm,
            "y_mm": item.y_mm,
            "detail": item.detail,
            "unused_error_correction": item.unused_error_correction,
            "unseen": item.unseen,
        }
