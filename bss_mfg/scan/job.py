"""Verification of a batch: files -> pages -> reads -> diagnoses -> findings, and every read into the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bss_mfg.errors import BssError, InputError
from bss_mfg.files import sha256_of
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, PrintedPart
from bss_mfg.payload.spec import Spec, from_text
from bss_mfg.scan.diagnose import Diagnosis, diagnose
from bss_mfg.scan.reader import Box, Read, SecondReader, darkness, read_box, read_page, within
from bss_mfg.scan.reconcile import (
    KINDS,
    Books,
    Finding,
    Frame,
    ScannedPage,
    Seen,
    bind_page,
    known_frame,
    settle,
    still_missing,
)
from bss_mfg.scan.sources import SUFFIXES, Page, pages_of

MOST_PICTURES = 200
"""Failed labels whose picture is kept for the report."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome. `findings` are in the order of files and pages; `pictures` are PNGs of failed labels by index of
    their finding; `broken` lists files that could not be read, with the reason.
    """

    batch: Batch
    findings: tuple[Finding, ...]
    pictures: dict[int, bytes]
    broken: tuple[tuple[str, str], ...]
    files: int
    pages: int
    partial: bool
    second_reader: bool

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


def _once(files: Sequence[Path]) -> list[Path]:
    """Each file once: a page given twice is no label printed twice."""
    found: dict[str, Path] = {}
    for path in files:
        try:
            found.setdefault(sha256_of(path), path)
        except BssError:
            found.setdefault(str(path), path)  # reported when it is read
    return list(found.values())


def verify(
    ledger: Ledger,
    batch: Batch,
    paths: Sequence[Path],
    *,
    partial: bool = False,
    second_reader: bool = False,
    keep_pictures: bool = False,
    progress: Progress = lambda done, total: None,
) -> Verification:
    """Read all files and compare with the ledger. Each file's reads are committed when the file is done.

    A file that can't be read is listed and the rest goes on; `InputError` if that is all of them.
    """
    files = _once(expand(paths))
    parts = [part for part in ledger.printed_parts(batch.id) if part.each == "package"]
    specs = _specs(ledger)
    serials: dict[int, str] = {}
    books, findings = Books(max((part.copy for part in parts), default=1)), []
    pictures: dict[int, bytes] = {}
    broken: list[tuple[str, str]] = []
    pages = 0
    with ExitStack() as stack:
        second = stack.enter_context(SecondReader()) if second_reader else None
        for path in files:
            of_file: list[Finding] = []
            try:
                ours = _ours(path, parts)
                for page in pages_of(path, ours.cells if ours else ()):
                    pages += 1
                    seen, frame = _look(page, ours, parts, lambda octets: diagnose(octets, batch.id, ledger, specs))
                    _name(ledger, batch, seen, frame, serials)
                    scanned = ScannedPage(
                        page.file, page.number, page.dpi, seen, frame, _inked(page, seen, frame), serials
                    )
                    found = scanned.findings(books)
                    if second:
                        found = [_second(page, item, second, ledger, batch) for item in found]
                    if keep_pictures:
                        for item in found:
                            wanted = item.kind != "matched" and item.box and len(pictures) < MOST_PICTURES
                            if wanted and item.box and within(page.grey, item.box):
                                pictures[id(item)] = _png(page, item.box)
                    of_file += found
                    progress(len(books.first_seen), batch.packages)
            except BssError as error:
                broken.append((str(path), f"{error.what}. {error.way_out}"))
            _record(ledger, batch, of_file)
            findings += of_file
        progress(batch.packages, batch.packages)
    if len(broken) == len(files):
        raise InputError(
            "nothing could be read", where=f"batch {batch.id}", problems=[f"{name}: {why}" for name, why in broken[:5]]
        )
    settled = settle(findings, books)
    settled += still_missing(ledger.packages(batch.id), books, parts)
    by_finding = {index: pictures[id(item)] for index, item in enumerate(settled) if id(item) in pictures}
    return Verification(batch, tuple(settled), by_finding, tuple(broken), len(files), pages, partial, second_reader)


def _specs(ledger: Ledger) -> list[Spec]:
    """The specs of all batches, each once: what a label in this factory can be."""
    texts = {batch.spec_text: batch.spec for batch in ledger.batches()}
    return [from_text(text, f"spec {name}").spec for text, name in texts.items()]


def _ours(path: Path, parts: Sequence[PrintedPart]) -> PrintedPart | None:
    """The printed part whose file this is, byte for byte; then its places are known and nothing else is in it."""
    if not parts or path.suffix.lower() != ".pdf":
        return None
    digest = sha256_of(path)
    return next((part for part in parts if part.sha256 == digest), None)


def _look(
    page: Page, ours: PrintedPart | None, parts: Sequence[PrintedPart], judge: Callable[[bytes], Diagnosis]
) -> tuple[list[Seen], Frame | None]:
    """All symbols of a page with their diagnoses, and how the page lies. Quick first, thorough where labels lack."""

    def judged(reads: Sequence[Read]) -> list[Seen]:
        return [Seen(read, judge(read.octets) if read.octets else None) for read in reads]

    if ours and page.dpi:
        frame: Frame | None = known_frame(ours, page.number, page.dpi)
        seen: list[Seen] = []
    else:
        seen = judged(read_page(page.grey))
        frame = bind_page(seen, parts, page.file)
        if frame is None:
            seen = _merge(seen, judged(read_page(page.grey, thorough=True)))
            frame = bind_page(seen, parts, page.file)
    if frame:
        for box in frame.boxes.values():
            if any(item.diagnosis and _covers(box, item.read) for item in seen):
                continue
            read = (read_box(page.grey, box) if ours else None) or read_box(page.grey, box, thorough=True)
            if read:
                seen = _merge(seen, judged([read]))
    return seen, frame


def _merge(seen: Sequence[Seen], more: Sequence[Seen]) -> list[Seen]:
    """Add reads at places where there is none yet; a decoded one replaces a found-but-undecoded one."""
    merged = list(seen)
    for item in more:
        same = [other for other in merged if _covers(other.read.box, item.read)]
        if not same:
            merged.append(item)
        elif item.diagnosis and not any(other.diagnosis for other in same):
            merged = [other for other in merged if other not in same] + [item]
    return merged


def _covers(box: Box, read: Read) -> bool:
    x, y = read.center
    return abs(x - box[0] - box[2] / 2) < box[2] / 2 + 1 and abs(y - box[1] - box[3] / 2) < box[3] / 2 + 1


def _inked(page: Page, seen: Sequence[Seen], frame: Frame | None) -> dict[int, float]:
    """How dark the places in the picture are where a label was expected and not read. What lies outside the picture was
    not looked at, and is no finding of this page."""
    if frame is None:
        return {}
    matched = {item.diagnosis.package for item in seen if item.diagnosis and item.diagnosis.kind == "match"}
    return {
        package: darkness(page.grey, box)
        for package, box in frame.boxes.items()
        if package not in matched and within(page.grey, box)
    }


def _name(ledger: Ledger, batch: Batch, seen: Sequence[Seen], frame: Frame | None, serials: dict[int, str]) -> None:
    """Fetch the serials of all packages that findings of this page may name."""
    wanted = {item.diagnosis.package for item in seen if item.diagnosis and item.diagnosis.batch == batch.id}
    if frame:
        wanted |= set(frame.part.packages_on(frame.page))
    missing = sorted(number for number in wanted if number and number not in serials)
    for number in missing:
        if number in serials:
            continue
        # Neighbours are fetched together: pages hold runs of packages.
        for package in ledger.packages(batch.id, number, missing[-1] - number + 1 if missing[-1] - number < 500 else 1):
            serials[package.number] = package.serials


def _second(page: Page, item: Finding, reader: SecondReader, ledger: Ledger, batch: Batch) -> Finding:
    """Check a match with the second reader."""
    if item.kind != "matched" or item.box is None or item.package is None:
        return item
    octets = reader.read(page.grey, item.box)
    if octets is None:
        return replace(item, kind="unreadable", detail="the second reader (libdmtx) can't read it")
    if ledger.find_payload(octets.decode("utf-8", "surrogateescape")) != (batch.id, item.package):
        return replace(item, kind="mismatched", detail="the second reader (libdmtx) reads another string")
    return replace(item, detail=(item.detail + "; " if item.detail else "") + "both readers agree")


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


def _png(page: Page, box: Box) -> bytes:
    from io import BytesIO

    from PIL import Image

    margin = box[2] * 0.15
    rows, columns = page.grey.shape
    left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
    right, bottom = min(int(box[0] + box[2] + margin), columns), min(int(box[1] + box[3] + margin), rows)
    picture = Image.fromarray(page.grey[top : max(bottom, top + 1), left : max(right, left + 1)])
    picture.thumbnail((420, 420))
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


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
