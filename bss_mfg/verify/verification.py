"""Verification of a batch: files -> pages, read in workers -> findings, and every read into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from bss_mfg.core import parallel
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.text import visible
from bss_mfg.errors import InputError
from bss_mfg.imaging.frame import Box
from bss_mfg.imaging.grade import SymbolGrade
from bss_mfg.imaging.grid import Quad
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.shots import Shot
from bss_mfg.imaging.sources import SUFFIXES
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, LabelFile
from bss_mfg.verify.finding_spool import Findings, Heap
from bss_mfg.verify.findings import KINDS, Books, Finding, ScannedPage, still_missing
from bss_mfg.verify.page import label_parts
from bss_mfg.verify.read_ahead import PAGE_SECONDS, Reading
from bss_mfg.verify.request import Wish
from bss_mfg.verify.sample_draws import Draw, current_draw, record_decision
from bss_mfg.verify.sampling import Decision, decide
from bss_mfg.verify.tasks import Look, Opened, take_shots

MOST_PICTURES = 200
"""Failed labels whose picture is kept for the report."""
_MOST_WAITING = 2_000
"""Findings that are written down at once, of one large file."""

Progress = Callable[[int, int], None]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a verification is asked for. `partial`: labels whose place is in no picture are no fault. `sample`: decide
    by the sample that was drawn last. `resume`: label files that were once read wholly and found right count as read,
    by the second reader too if that is asked for, and so do packages that were shipped; grades and samples need every
    file, so with those all are read.
    """

    partial: bool = False
    second_reader: bool = False
    grade: bool = False
    pictures: bool = False
    sample: bool = False
    resume: bool = False
    scrapped: bool = True
    """Whether a file with a unit that was scrapped since is read again: its label is to be taken off the line."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome. `findings` are in the order of files and pages; `pictures` are those of failed labels by index of
    their finding; `broken` lists files and pages that could not be read, with the reason; `troubles` those that were
    read with difficulty; `parts` are the label files that the ledger knows; `decision` is what a sample says of the
    lot, where one was asked for; `resumed` counts files that were not read again, and `resumed_labels` their labels.
    """

    batch: Batch
    findings: Findings
    pictures: dict[int, Shot]
    broken: tuple[tuple[str, str], ...]
    troubles: tuple[tuple[str, str], ...]
    files: int
    pages: int
    wanted: Wanted
    parts: tuple[LabelFile, ...]
    decision: Decision | None = None
    resumed: int = 0
    resumed_labels: int = 0

    @property
    def partial(self) -> bool:
        """Whether labels that no picture showed are no fault."""
        return self.wanted.partial or self.wanted.sample

    @property
    def second_reader(self) -> bool:
        """Whether each match was read by libdmtx too."""
        return self.wanted.second_reader

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each kind."""
        return {kind: self.findings.counts[kind] for kind in KINDS}

    @property
    def right(self) -> bool:
        """Whether all is right: nothing but matches (with `partial`, also labels that no picture showed the place of;
        but pictures without a label prove nothing), and every file was read. Of a sample: whether its lot is
        accepted."""
        if self.decision:
            return self.decision.verdict == "accept"
        matched = self.findings.counts["matched"]
        return (
            not self.broken
            and len(self.findings) == matched + (self.findings.unseen if self.partial else 0)
            and (not self.pages or matched > 0)
        )

    @property
    def unseen(self) -> int:
        """Labels whose place was in no picture."""
        return self.findings.unseen


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
    *,
    executor: Executor | None = None,
) -> Verification:
    """Read all files and compare with the ledger. Each file's reads are committed when the file is done.

    On worker processes a page that crashes or stalls a reader is listed and the rest goes on; without an executor all
    is read in this process, which a hostile file may crash. Threads must be one at most: pdfium is not safe in more. A
    file or page that can't be read is listed, too; `InputError` if that is all of them.
    """
    files = expand(paths)
    verifier = Verifier(ledger, batch, wanted, progress, executor=executor)
    verifier.read(files)
    if not verifier.pages and not verifier.resumed:
        problems = [f"{name}: {why}" for name, why in verifier.broken[:5]]
        raise InputError("nothing could be read", where=f"batch {batch.id}", problems=problems)
    outcome = verifier.outcome(final=True)
    progress(batch.packages, batch.packages)
    return outcome


@dataclass(slots=True)
class _File:
    """The file at hand, to know at its end whether all of its labels are right."""

    order: int
    path: Path
    opened: Opened
    matched: int = 0
    other: int = 0

    @property
    def whole(self) -> dict[str, Any] | None:
        """What the history says of it, where all labels were read right."""
        part = self.opened.part
        if part is None or self.other or self.matched != len(part.numbers):
            return None
        return {"file": part.file, "sha256": part.sha256, "labels": self.matched}


class Verifier:
    """A verification that grows with each file that comes."""

    def __init__(
        self, ledger: Ledger, batch: Batch, wanted: Wanted = Wanted(), progress: Progress = lambda done, total: None,
        *, executor: Executor | None = None,
    ) -> None:  # fmt: skip
        if wanted.second_reader:
            with SecondReader():  # refused now rather than on every label
                pass
        self._draw = current_draw(ledger, batch) if wanted.sample else None
        self._ledger, self._batch, self._wanted, self._progress = ledger, batch, wanted, progress
        self._parts = label_parts(ledger, batch.id)
        self._by_digest = {part.sha256: part for part in self._parts}
        wish = Wish(ledger.path, ledger.who, batch.id, wanted.second_reader, wanted.grade)
        self._reading = Reading(wish, executor)
        copies = max((part.copy for part in self._parts), default=1)
        self._scrapped = ledger.scrapped_packages(batch.id)
        # What was shipped had been read right.
        shipped = ledger.shipped_packages(batch.id) if wanted.resume else ()
        self._books = Books(batch.packages, copies, chain(self._scrapped, shipped))
        self._heap = Heap(ledger.path.parent)
        self._waiting: list[Finding] = []
        self._sources: dict[str, Look | None] = {}
        """How to look at a file again, by its name; None where two files share it."""
        self._pictures: dict[tuple[str, int, Box], Shot] = {}
        self._known: set[str] = set()
        passes = wanted.resume and not wanted.grade and not wanted.sample
        self._verified = ledger.files_verified(batch.id, wanted.second_reader) if passes else set()
        self._file: _File | None = None
        self._broken: list[tuple[int, int, str, str]] = []
        self.troubles: list[tuple[str, str]] = []
        self.files = self.pages = self.resumed = self._resumed_labels = self._opened = 0

    def read(self, files: Sequence[Path]) -> None:
        """Read some files, and write down what they show. A file that was read before, by its bytes, is skipped: a page
        given twice is no label printed twice."""
        coming: dict[Look, _File] = {}  # asked for a few parts ahead
        for look, answers in self._reading.pages(self._looks(files, coming)):
            file = coming.pop(look)
            if file is not self._file:
                self._commit()
                self._file = file
            for page, answer in zip(look.pages, answers, strict=True):
                self._take(file, page, answer)
            self._progress(self._books.seen(), self._batch.packages)
        self._commit()
        self._file = None

    def outcome(self, final: bool = False) -> Verification:
        """Everything so far; the `final` one writes the decision on a sample into the history."""
        tail = partial(still_missing, self._ledger, self._batch, self._books, self._parts)
        findings = self._heap.so_far(self._books.times, self._books.open(), tail)
        pictures = self._shots(findings) if self._wanted.pictures else {}
        decision = _decision(self._draw, findings) if self._draw else None
        if decision and final:
            record_decision(self._ledger, self._batch, decision)
        return Verification(
            self._batch, findings, pictures, tuple(self.broken), tuple(self.troubles), self.files, self.pages,
            self._wanted, tuple(self._parts), decision, self.resumed, self._resumed_labels,
        )  # fmt: skip

    @property
    def broken(self) -> list[tuple[str, str]]:
        """Files and pages that could not be read, with the reason, in the order in which they were given."""
        return [(where, why) for _, _, where, why in sorted(self._broken)]

    @property
    def faults(self) -> int:
        """What was found wrong so far: labels, and files and pages that could not be read."""
        return self._heap.faults + len(self._broken)

    @property
    def complete(self) -> bool:
        """Whether a label of every package was read right."""
        return self._books.complete()

    def _looks(self, files: Sequence[Path], coming: dict[Look, _File]) -> Iterator[Look]:
        """The parts of each file that is new; `coming` says which file each belongs to."""
        for path, answer in self._reading.opened(files):
            self._opened += 1
            if isinstance(answer, TaskFailure):
                self.files += 1
                self._broken.append((self._opened, 0, visible(str(path)), answer.reason))
                continue
            if answer.sha256 in self._known:
                continue
            self._known.add(answer.sha256)
            self.files += 1
            if answer.part:  # the one that came from a process is no copy to keep for each of thousands of files
                answer = replace(answer, part=self._by_digest.setdefault(answer.sha256, answer.part))
            if answer.part and answer.sha256 in self._verified and not self._looked_for(answer.part):
                self._count_as_read(path, answer.part)
                continue
            whole = Look(self._reading.wish, path, part=answer.part)
            self._sources[path.name] = None if path.name in self._sources else whole
            file = _File(self._opened, path, answer)
            for look in self._reading.cut(path, answer):
                coming[look] = file
                yield look

    def _looked_for(self, part: LabelFile) -> bool:
        """Whether a file holds a label that was scrapped since."""
        return self._wanted.scrapped and not self._scrapped.isdisjoint(part.numbers)

    def _count_as_read(self, path: Path, part: LabelFile) -> None:
        self.resumed += 1
        self._resumed_labels += len(part.numbers)
        for page in range(1, part.pages + 1):
            for number in part.packages_on(page):
                self._books.see(number, path.name, page)

    def _take(self, file: _File, page: int, answer: ScannedPage | TaskFailure) -> None:
        where = f"{visible(str(file.path))}, page {page}"
        if isinstance(answer, TaskFailure):
            file.other += 1
            self._broken.append((file.order, page, where, answer.reason))
            return
        self.pages += 1
        found = answer.findings(self._books)
        right = sum(item.kind == "matched" for item in found)
        file.matched += right
        file.other += len(found) - right
        self._waiting += found
        if answer.trouble:
            self.troubles.append((where, answer.trouble))
        if len(self._waiting) > _MOST_WAITING:
            self._commit(ended=False)

    def _commit(self, ended: bool = True) -> None:
        """Write down what was read since; `ended` where the file at hand was read to its end."""
        whole = self._file.whole if ended and self._file else None
        if whole and self._wanted.second_reader:
            whole = {**whole, "second_reader": True}
        _record(self._ledger, self._batch, self._waiting, whole)
        self._heap.add(self._waiting)
        self._waiting = []

    def _shots(self, findings: Findings) -> dict[int, Shot]:
        """The pictures of failed labels, from their pages drawn once more; none where two files share a name."""
        wanted: dict[Look, list[Finding]] = {}
        failed = [(index, item) for index, item in islice(findings.faults(), 10 * MOST_PICTURES) if item.box]
        for _, item in failed[:MOST_PICTURES]:
            source = self._sources.get(item.file or "")
            if source and _spot(item) not in self._pictures:
                wanted.setdefault(replace(source, pages=(item.page or 0,)), []).append(item)
        looks = [replace(look, boxes=tuple(_asked(item) for item in items)) for look, items in wanted.items()]
        drawn = parallel.run(take_shots, looks, self._reading.executor, seconds=PAGE_SECONDS)
        for (_, answer), items in zip(drawn, wanted.values(), strict=True):
            if not isinstance(answer, TaskFailure):
                found = zip(items, answer, strict=True)
                self._pictures.update({_spot(item): shot for item, shot in found if shot})
        return {index: self._pictures[_spot(item)] for index, item in failed if _spot(item) in self._pictures}


def _spot(item: Finding) -> tuple[str, int, Box]:
    return item.file or "", item.page or 0, item.box or (0, 0, 0, 0)


def _asked(item: Finding) -> tuple[Box, Quad | None, int]:
    ailing = item.ailing
    return item.box or (0, 0, 0, 0), ailing.quad if ailing else None, ailing.size if ailing else 0


def _decision(draw: Draw, findings: Iterable[Finding]) -> Decision:
    """What the drawn sample says of its lot."""
    right: set[int] = set()
    wrong: set[int] = set()
    for item in findings:
        if item.package and not item.unseen:
            (right if item.kind == "matched" else wrong).add(item.package)
    return decide(draw.plan, draw.numbers, right, wrong)


def _record(ledger: Ledger, batch: Batch, findings: Sequence[Finding], whole: Mapping[str, Any] | None) -> None:
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
    if reads or whole:
        matched = [item.package for item in findings if item.kind == "matched" and item.package]
        ledger.record_reads(batch.id, reads, matched, whole)


def rows_of(outcome: Verification) -> Iterator[dict[str, Any]]:
    """The findings as plain records, for JSON, tables and pages."""
    return map(row_of, outcome.findings)


def row_of(item: Finding) -> dict[str, Any]:
    """One finding as a plain record."""
    return {
        "verdict": item.kind,
        "serials": item.serials,
        "package": item.package,
        "file": visible(item.file) if item.file else None,
        "page": item.page,
        "x_mm": item.x_mm,
        "y_mm": item.y_mm,
        "detail": item.detail,
        "unused_error_correction": item.unused_error_correction,
        "unseen": item.unseen,
        "wrong_modules": len(item.ailing.wrong) if item.ailing else None,
        "grade": _grade(item.grade) if item.grade else None,
    }


def _grade(grade: SymbolGrade) -> dict[str, Any]:
    return {
        "overall": grade.overall,
        "letter": grade.letter,
        "gradable": grade.gradable,
        "pixels_per_module": round(grade.pixels_per_module, 2),
        "aperture": grade.aperture,
        "grades": dict(grade.grades),
        "values": {name: round(value, 4) for name, value in grade.values.items()},
        "wrong_modules": len(grade.wrong_modules),
        "wrong_codewords": grade.wrong_codewords,
    }
