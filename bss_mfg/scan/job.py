"""Verification of a batch: files -> pages, read in workers -> findings, and every read into the ledger."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, PrintedPart
from bss_mfg.scan.diagnose import visible
from bss_mfg.scan.frame import Box
from bss_mfg.scan.grade import SymbolGrade
from bss_mfg.scan.grid import Quad
from bss_mfg.scan.page import Answer, Look, Opened, Wish, label_parts, page_reader
from bss_mfg.scan.reconcile import KINDS, Books, Finding, ScannedPage, settle, still_missing
from bss_mfg.scan.samples import Draw, current_draw, record_decision
from bss_mfg.scan.sampling import Decision, decide
from bss_mfg.scan.second import SecondReader
from bss_mfg.scan.shots import Shot
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
    """What a verification is asked for. `partial`: labels whose place is in no picture are no fault. `sample`: decide
    by the sample that was drawn last. `jobs` are worker processes, 0 for one per core up to 4."""

    partial: bool = False
    second_reader: bool = False
    grade: bool = False
    pictures: bool = False
    jobs: int = 0
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome. `findings` are in the order of files and pages; `pictures` are those of failed labels by index of
    their finding; `broken` lists files and pages that could not be read, with the reason; `troubles` those that were
    read with difficulty; `parts` are the label files that the ledger knows; `decision` is what a sample says of the
    lot, where one was asked for.
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
    decision: Decision | None = None

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
        counted = Counter(item.kind for item in self.findings)
        return {kind: counted[kind] for kind in KINDS}

    @property
    def right(self) -> bool:
        """Whether all is right: nothing but matches (with `partial`, also labels that no picture showed the place of;
        but pictures without a label prove nothing), and every file was read. Of a sample: whether its lot is
        accepted."""
        if self.decision:
            return self.decision.verdict == "accept"
        return (
            not self.broken
            and all(item.kind == "matched" or (self.partial and item.unseen) for item in self.findings)
            and (not self.pages or any(item.kind == "matched" for item in self.findings))
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
    with Verifier(ledger, batch, wanted, progress) as verifier:
        verifier.read(files)
        if not verifier.pages:
            problems = [f"{name}: {why}" for name, why in verifier.broken[:5]]
            raise InputError("nothing could be read", where=f"batch {batch.id}", problems=problems)
        outcome = verifier.outcome(final=True)
    progress(batch.packages, batch.packages)
    return outcome


class Verifier:
    """A verification that grows with each file that comes. Leave it as a context: its processes end with it."""

    def __init__(
        self, ledger: Ledger, batch: Batch, wanted: Wanted = Wanted(), progress: Progress = lambda done, total: None
    ) -> None:
        if wanted.second_reader:
            with SecondReader():  # refused now rather than on every label
                pass
        self._draw = current_draw(ledger, batch) if wanted.sample else None
        self._ledger, self._batch, self._wanted, self._progress = ledger, batch, wanted, progress
        self._parts = label_parts(ledger, batch.id)
        wish = Wish(batch.id, wanted.second_reader, wanted.grade)
        jobs = wanted.jobs or min(os.cpu_count() or 1, 4)
        self._pool: Pool[Look, Answer] = Pool(page_reader, (ledger.path, ledger.who, wish), PAGE_SECONDS, jobs)
        scrapped = frozenset(ledger.scrapped_packages(batch.id))
        self._books = Books(max((part.copy for part in self._parts), default=1), scrapped=scrapped)
        self._findings: list[Finding] = []
        self._waiting: list[Finding] = []
        self._looks: dict[tuple[str, int], Look | None] = {}
        self._pictures: dict[tuple[str, int, Box], Shot] = {}
        self._known: set[str] = set()
        self._file: Path | None = None
        self.broken: list[tuple[str, str]] = []
        self.troubles: list[tuple[str, str]] = []
        self.files = self.pages = 0

    def __enter__(self) -> Verifier:
        self._pool.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._pool.__exit__(*problem)

    def read(self, files: Sequence[Path]) -> None:
        """Read some files, and write down what they show. A file that was read before, by its bytes, is skipped: a page
        given twice is no label printed twice."""
        looks = list(self._opened(files))
        for look, answer in self._pool.run(looks):
            if look.path != self._file:
                self._commit()
                self._file = look.path
            self._take(look, answer)
            self._progress(len(self._books.first_seen), self._batch.packages)
        self._commit()

    def outcome(self, final: bool = False) -> Verification:
        """Everything so far; the `final` one writes the decision on a sample into the history."""
        settled = settle(self._findings, self._books)
        settled += still_missing(self._ledger, self._batch, self._books, self._parts)
        pictures = self._shots(settled) if self._wanted.pictures else {}
        decision = _decision(self._draw, settled) if self._draw else None
        if decision and final:
            record_decision(self._ledger, self._batch, decision)
        return Verification(
            self._batch, tuple(settled), pictures, tuple(self.broken), tuple(self.troubles), self.files, self.pages,
            self._wanted, tuple(self._parts), decision,
        )  # fmt: skip

    @property
    def complete(self) -> bool:
        """Whether a label of every package was read right."""
        return len(self._books.first_seen.keys() | self._books.scrapped) == self._batch.packages

    def _opened(self, files: Sequence[Path]) -> Iterator[Look]:
        """A job for each page of each file that is new."""
        for look, answer in self._pool.run(Look(path, 0) for path in files):
            if isinstance(answer, Opened) and answer.sha256 not in self._known:
                self._known.add(answer.sha256)
                self.files += 1
                for number in range(1, answer.pages + 1):
                    page = Look(look.path, number, answer.part)
                    key = (look.path.name, number)
                    self._looks[key] = None if key in self._looks else page
                    yield page
            elif isinstance(answer, Failed):
                self.files += 1
                self.broken.append((visible(str(look.path)), answer.reason))

    def _take(self, look: Look, answer: Answer | Failed) -> None:
        where = f"{visible(str(look.path))}, page {look.page}"
        if isinstance(answer, Failed):
            self.broken.append((where, answer.reason))
        elif isinstance(answer, ScannedPage):
            self.pages += 1
            self._waiting += answer.findings(self._books)
            if answer.trouble:
                self.troubles.append((where, answer.trouble))
            if len(self._waiting) > _MOST_WAITING:
                self._commit()

    def _commit(self) -> None:
        _record(self._ledger, self._batch, self._waiting)
        self._findings += self._waiting
        self._waiting = []

    def _shots(self, findings: Sequence[Finding]) -> dict[int, Shot]:
        """The pictures of failed labels, from their pages drawn once more; none where two files share a name."""
        wanted: dict[Look, list[Finding]] = {}
        failed = [item for item in findings if item.kind != "matched" and item.box][:MOST_PICTURES]
        for item in failed:
            look = self._looks.get((item.file or "", item.page or 0))
            if look and _spot(item) not in self._pictures:
                wanted.setdefault(look, []).append(item)
        jobs = [replace(look, boxes=tuple(_asked(item) for item in items)) for look, items in wanted.items()]
        for (_, answer), items in zip(self._pool.run(jobs), wanted.values(), strict=True):
            if isinstance(answer, tuple):
                found = zip(items, answer, strict=True)
                self._pictures.update({_spot(item): shot for item, shot in found if shot})
        return {
            index: self._pictures[_spot(item)]
            for index, item in enumerate(findings)
            if item.kind != "matched" and item.box and _spot(item) in self._pictures
        }


def _spot(item: Finding) -> tuple[str, int, Box]:
    return item.file or "", item.page or 0, item.box or (0, 0, 0, 0)


def _asked(item: Finding) -> tuple[Box, Quad | None, int]:
    ailing = item.ailing
    return item.box or (0, 0, 0, 0), ailing.quad if ailing else None, ailing.size if ailing else 0


def _decision(draw: Draw, findings: Sequence[Finding]) -> Decision:
    """What the drawn sample says of its lot."""
    right = {item.package for item in findings if item.kind == "matched" and item.package}
    wrong = {item.package for item in findings if item.kind != "matched" and item.package and not item.unseen}
    return decide(draw.plan, draw.numbers, right, wrong)


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
