"""Label files against the ledger: every symbol decoded, by the readers of `verify`, and nothing written down."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from bss_mfg.core import parallel
from bss_mfg.core.files import read_bytes, sha256_of
from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.ranges import chunked
from bss_mfg.core.text import counted
from bss_mfg.errors import BssError, InputError
from bss_mfg.ledger.vault import key_digest
from bss_mfg.model import LabelFile
from bss_mfg.payload import parse
from bss_mfg.payload.product_keys import PrivateKey, load_private_key, private_pem
from bss_mfg.programming.readback import ExpectedUnits
from bss_mfg.reconcile.batch_records import BatchRecords
from bss_mfg.reconcile.comparison import Comparison, ComparisonBuilder, SerialSummary
from bss_mfg.reconcile.programming_tasks import KeyAccess
from bss_mfg.verify.diagnosis import DiagnosisCause, DiagnosisKind
from bss_mfg.verify.page_findings import PageSymbol, ScannedPage
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.task_runner import TaskRunner
from bss_mfg.verify.tasks import PageTask

READABLE = (".pdf", ".png")
_REPORT_TITLE = b"/Title (Verification of "
"""In the PDF report of a verification, which shows pictures of labels that failed."""


LABEL_READ, HAS_DIFFERENCE, IN_READABLE_FILE, IN_UNREADABLE_FILE = 1, 2, 4, 8
"""Of a package: its label was read; a difference names it; a file that can be read was made of it, one that can't."""


@dataclass(slots=True)
class _LabelFile:
    """What the pages of one file say."""

    path: Path
    printed_file: LabelFile | None
    known_by_name: bool
    """Whether the ledger made a file of this name: then each place must show its label."""
    shown: Counter[int] = field(default_factory=Counter)
    """How often it shows a package's label."""
    named: set[int] = field(default_factory=set)
    outdated: SerialSummary = field(default_factory=SerialSummary)
    unread: int = 0


def reconcile_labels(
    folder: Path,
    files: Sequence[Path],
    books: BatchRecords,
    *,
    key: PrivateKey | None = None,
    data_key: bytes | None = None,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> Comparison:
    """All PDF and PNG files that are among `files`. With `key` each barcode is opened, and compared with the keys that
    `data_key` opens (none: the batch is retired, and Device UUIDs are compared). Both go to the processes of
    `executor`."""
    return _LabelComparison(folder, books).account(files, key, data_key, executor, progress)


class _LabelComparison:
    def __init__(self, folder: Path, books: BatchRecords) -> None:
        self._books = books
        self._book = ComparisonBuilder("labels", folder)
        self._marks = bytearray(books.batch.packages + 1)
        self._count = 0
        """How many packages were read."""
        self._file: _LabelFile | None = None

    def account(
        self,
        files: Sequence[Path],
        key: PrivateKey | None,
        data_key: bytes | None,
        executor: Executor | None,
        progress: Progress,
    ) -> Comparison:
        """What the files say."""
        ledger, book = self._books.ledger, self._book
        printed = ledger.prints.label_files(self._books.batch.id)
        ours = {part.sha256: part for part in printed}
        names = {part.file for part in printed if part.each == "package"}
        wanted = _files_to_read(book, files, ours, names)
        reading = TaskRunner(ReadRequest(ledger.path, ledger.actor, self._books.batch.id), executor)
        for look, answers in reading.run(self._looks(reading, wanted)):
            if self._file is None or self._file.path != look.path:
                self._end_file()
                part = ours.get(wanted[look.path])
                self._file = _LabelFile(look.path, part, look.path.name in names)
            for number, answer in zip(look.pages, answers, strict=True):
                if isinstance(answer, TaskFailure):
                    book.add_difference(f"page {number} can't be read: {answer.reason}", look.path)
                else:
                    self._compare_page(answer, self._file)
            progress(self._count, self._books.batch.packages)
        self._end_file()
        progress(self._books.batch.packages, self._books.batch.packages)
        self._compare_barcodes(key, data_key, executor)
        self._conclude(printed)
        return book.finish(self._count)

    def _looks(self, reading: TaskRunner, wanted: Iterable[Path]) -> Iterator[PageTask]:
        """The pages of each file that can be opened, a few at a time."""
        for path, answer in reading.describe_files(wanted):
            if isinstance(answer, TaskFailure):
                self._book.add_difference(f"can't be read: {answer.reason}", path)
            else:
                self._book.files.add(self._book.shown_name(path))
                yield from reading.page_tasks(path, answer)

    def _differs(self, what: str, package: int, path: Path | None = None, unit: str = "") -> None:
        """Write down a difference of a package, or of a unit in it."""
        self._book.add_difference(what, path or "", unit or self._books.serials_of(package), package)
        self._marks[package] |= HAS_DIFFERENCE
        if self._file and path:
            self._file.named.add(package)

    def _compare_page(self, page: ScannedPage, file: _LabelFile) -> None:
        """What one page shows."""
        shown = {self._compare_symbol(page, item, file) for item in page.symbols}
        if file.known_by_name and page.frame:
            for package in page.frame.label_file.packages_on(page.frame.page):
                if package not in shown:
                    self._differs(f"page {page.number}: no reader reads its label", package, file.path)

    def _compare_symbol(self, page: ScannedPage, item: PageSymbol, file: _LabelFile) -> int | None:
        """What one symbol says; the package of this batch that it is of, right or wrong."""
        said, batch = item.diagnosis, self._books.batch
        if said is None:
            file.unread += 1
            return item.identified_package
        package = said.package if said.batch == batch.id else None
        if package is None:
            self._book.add_difference(f"page {page.number}: {said.detail}", file.path, said.serials)
            return None
        if said.kind in (DiagnosisKind.FOREIGN, DiagnosisKind.MISMATCHED):
            self._differs(f"page {page.number}: {said.detail}", package, file.path, said.serials)
            return package
        file.shown[package] += 1
        if said.kind is DiagnosisKind.SCRAPPED and file.shown[package] == 1:
            file.outdated.add(said.serials)
        if item.in_place_of is not None and item.in_place_of != package and 1 <= item.in_place_of <= batch.packages:
            where = self._books.serials_of(item.in_place_of)
            self._differs(f"page {page.number}: lies in the place of {where}", package, file.path)
        if said.cause is not DiagnosisCause.SUPERSEDED:
            self._count += not self._marks[package] & LABEL_READ
            self._marks[package] |= LABEL_READ
        return package

    def _end_file(self) -> None:
        """What a file as a whole shows: labels that stand in it twice, or that it was made with and does not show."""
        file, self._file = self._file, None
        if file is None:
            return
        for package, times in file.shown.items():
            if times > 1:
                self._differs(f"shows its label {times} times", package, file.path)
        for package in sorted(file.printed_file.numbers) if file.printed_file else ():
            if package not in file.shown and package not in file.named:
                self._differs("does not show its label, though it was made with it", package, file.path)
        self._book.note_outdated(file.outdated, file.path)
        if file.unread:
            self._book.add_note(f"{counted(file.unread, 'symbol')} that no reader reads", file.path)

    def _packages_read(self) -> Iterator[int]:
        return (package for package, mark in enumerate(self._marks) if mark & LABEL_READ)

    def _compare_barcodes(self, key: PrivateKey | None, data_key: bytes | None, executor: Executor | None) -> None:
        """What the barcodes that were read say in clear, and with `key` what is inside, held against the ledger."""
        opens = key is not None and bool(self._books.spec.encrypted)
        if key is not None and not opens:
            self._book.add_note("the barcodes of this batch have no encrypted field: nothing to open")
        pem = private_pem(key) if key is not None and opens else None
        keys, count = KeyAccess(self._books.handle, data_key), 0
        jobs = (BarcodeTask(keys, pem, tuple(some)) for some in chunked(self._packages_read()))
        for part, found in parallel.run(compare_barcodes, jobs, executor):
            if isinstance(found, TaskFailure):
                what = f"the barcodes of packages {part.packages[0]} to {part.packages[-1]} were not compared"
                self._book.add_difference(f"{what}: {found.reason}")
                continue
            count += len(part.packages)
            for package, unit, what in found:
                self._differs(what, package, unit=unit)
        if opens:
            scope = "Device UUIDs and OOB keys" if data_key else "Device UUIDs (the OOB keys are destroyed)"
            self._book.add_note(f"{counted(count, 'barcode')} opened, {scope} compared")

    def _conclude(self, printed: Sequence[LabelFile]) -> None:
        """What should be there and is not."""
        book, books, marks = self._book, self._books, self._marks
        of_packages = [part for part in printed if part.each == "package"]
        made = [part for part in of_packages if Path(part.file).suffix in READABLE]
        if not book.files.total and not book.differences.total:
            if made:
                what = f"no label file was found, though the ledger knows of {len(made):,}, {made[-1].file} is one"
                book.add_difference(what)
            else:
                book.add_note("no label file was found: none that can be read was made")
            return
        for part in of_packages:
            readable = Path(part.file).suffix in READABLE
            bits = (IN_READABLE_FILE if readable else 0) | (IN_UNREADABLE_FILE if part.file.endswith(".zpl") else 0)
            for number in part.numbers:
                marks[number] |= bits
        never = SerialSummary()
        left = (package for package in range(1, len(marks)) if not marks[package] & (LABEL_READ | HAS_DIFFERENCE))
        for packages in chunked(left):
            books.look_up(packages=packages)
            for package in packages:
                if not books.may_leave(package):
                    continue
                if not books.units_of(package)[0].printed:
                    never.add(books.serials_of(package))
                elif marks[package] & (IN_READABLE_FILE | IN_UNREADABLE_FILE) == IN_READABLE_FILE:
                    what = "no file here shows its label, though it was printed"
                    book.add_difference(what, "", books.serials_of(package), package)
        if never.count:
            book.add_note(f"{counted(never.count, 'package')} whose label was not printed yet: {never}")


# --- barcodes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BarcodeTask:
    """Packages whose labels hold the barcode string of the ledger; `private_key` is a development key in PEM, which
    goes to this machine's own processes, through pipes: `repr` leaves it out."""

    keys: KeyAccess
    private_key: bytes | None = field(repr=False)
    packages: tuple[int, ...]


def compare_barcodes(task: BarcodeTask) -> list[tuple[int, str, str]]:
    """What differs inside some barcodes: (package, serial of a unit or empty, what)."""
    found: list[tuple[int, str, str]] = []
    with task.keys.shelf.open() as books:
        books.look_up(packages=task.packages)
        key = load_private_key(task.private_key, "private key") if task.private_key else None
        expected = task.keys.expected(books)
        if key:
            expected.look_up(unit.serial for package in task.packages for unit in books.units_of(package))
        for package in task.packages:
            found += ((package, "", what) for what in books.barcode_faults(package))
            if key:
                found += ((package, *one) for one in _differences_inside(package, key, books, expected))
    return found


def _differences_inside(
    package: int, key: PrivateKey, books: BatchRecords, expected: ExpectedUnits
) -> Iterator[tuple[str, str]]:
    """What a barcode says inside otherwise than the ledger: (serial or empty, what)."""
    members = books.units_of(package)
    try:
        fields = parse.split_fields(members[0].payload or "", books.spec)
        opened = parse.open_credentials(fields, key, len(members))
    except InputError as error:
        yield "", f"its encrypted field can't be opened: {error.what}"
        return
    for inside, unit in zip(opened, members, strict=True):
        kept = expected.unit(unit.serial)
        digest = kept.digest if kept else b""
        for there, what in (
            (inside.uuid is None or inside.uuid.hex.upper() == unit.uuid, "Device UUID"),
            (inside.key is None or not digest or hmac.compare_digest(key_digest(inside.key), digest), "OOB key"),
            (inside.mac is None or inside.mac == unit.mac, "MAC"),
        ):
            if not there:
                yield unit.serial, f"the {what} inside its barcode is not the ledger's"


# --- files ----------------------------------------------------------------------------------------------------------


def _files_to_read(
    book: ComparisonBuilder, files: Sequence[Path], ours: Mapping[str, LabelFile], names: set[str]
) -> dict[Path, str]:
    """The files to read, with their SHA-256; what is passed over is noted."""
    wanted: dict[Path, str] = {}
    first: dict[str, Path] = {}
    zpl = [path for path in files if path.suffix == ".zpl"]
    if zpl:
        book.add_note(f"{counted(len(zpl), 'ZPL file')} not read: only a printer draws them; `verify` reads scans")
    for path in files:
        if path.suffix.lower() not in READABLE:
            continue
        sha256 = sha256_of(path)
        part = ours.get(sha256)
        if part and part.each != "package":
            continue
        if sha256 in first:
            book.add_note(f"the same file as {book.shown_name(first[sha256])}: not read again", path)
        elif not part and _is_report(path):
            book.add_note("a verification report: not read", path)
        else:
            first[sha256] = path
            wanted[path] = sha256
            if not part and path.name in names:
                book.altered = True
                book.add_difference("was altered: another SHA-256 than when it was made", path)
    return wanted


def _is_report(path: Path) -> bool:
    try:
        return path.suffix.lower() == ".pdf" and _REPORT_TITLE in read_bytes(path, "PDF", 1 << 30)
    except BssError:
        return False
