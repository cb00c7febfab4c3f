"""Label files against the ledger: every symbol decoded, by the readers of `verify`, and nothing recorded."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core import parallel
from bss_mfg.core.files import read_bytes, sha256_of
from bss_mfg.core.portable_tasks import NeverLeaves
from bss_mfg.core.processes import TaskFailure, attempt
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.ranges import chunked
from bss_mfg.core.text import count_words
from bss_mfg.errors import BssError, InputError
from bss_mfg.label.superseding import SUPERSEDED_FOLDER
from bss_mfg.ledger.labels_in_force import LabelsInForce
from bss_mfg.ledger.vault import key_digest
from bss_mfg.model import LabelFile
from bss_mfg.payload import parse
from bss_mfg.payload.product_keys import PrivateKey, load_private_key, private_pem
from bss_mfg.printer_languages import RAW_SUFFIXES
from bss_mfg.programming.readback import ExpectedUnits
from bss_mfg.reconcile.batch_records import BatchRecords
from bss_mfg.reconcile.comparison import Comparison, ComparisonBuilder, FileKind, SerialSummary
from bss_mfg.reconcile.programming_tasks import KeyAccess
from bss_mfg.verify.diagnosis import DiagnosisCause, DiagnosisKind
from bss_mfg.verify.outcome import REPORT_TITLE
from bss_mfg.verify.page_findings import PageSymbol, ScannedPage
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.task_runner import TaskRunner
from bss_mfg.verify.tasks import PageTask

READABLE = (".pdf", ".png")
_REPORT_MARK = f"/Title ({REPORT_TITLE}".encode("ascii")
"""In the PDF report of a verification, which shows pictures of labels that failed."""


LABEL_READ, HAS_DIFFERENCE, IN_READABLE_FILE, IN_UNREADABLE_FILE = 1, 2, 4, 8
"""Of a package: its label was read; a difference names it; a file that can be read was made of it, one that can't."""


@dataclass(slots=True)
class _LabelFile:
    """What the pages of one file show."""

    path: Path
    printed_file: LabelFile | None
    known_by_name: bool
    """Whether the ledger made a file of this name: then each place must show its label."""
    shown: Counter[int] = field(default_factory=Counter)
    """How often it shows a package's label."""
    different: set[int] = field(default_factory=set)
    """Packages with a difference in this file."""
    outdated: SerialSummary = field(default_factory=SerialSummary)
    unread: int = 0
    remade: Set[int] = frozenset()
    """Packages whose labels were made again in other files."""


def reconcile_labels(
    folder: Path,
    files: Sequence[Path],
    records: BatchRecords,
    *,
    key: PrivateKey | None = None,
    data_key: bytes | None = None,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> Comparison:
    """All PDF and PNG files that are among `files`. With `key` each barcode is opened, and compared with the keys that
    `data_key` opens (none: the batch is retired, and Device UUIDs are compared). Both go to the processes of
    `executor`."""
    comparison = _LabelComparison(folder, records, executor)
    printed = records.ledger.prints.label_files(records.batch.id)
    in_force = records.ledger.prints.in_force(records.batch.id)
    comparison.compare_files(files, printed, in_force, progress)
    comparison.compare_barcodes(key, data_key)
    return comparison.conclude(in_force.files)


class _LabelComparison:
    def __init__(self, folder: Path, records: BatchRecords, executor: Executor | None) -> None:
        self._records, self._executor = records, executor
        self._comparison = ComparisonBuilder(FileKind.LABELS, folder)
        self._marks = bytearray(records.batch.packages + 1)
        self._count = 0
        """How many packages were read."""
        self._file: _LabelFile | None = None
        self._read: set[str] = set()
        """SHA-256 of the files that are here."""

    def compare_files(
        self, files: Sequence[Path], printed: Sequence[LabelFile], in_force: LabelsInForce, progress: Progress
    ) -> None:
        """Every page of every file, read and compared, but for superseded ones; `printed` are the files that the ledger
        knows."""
        ledger, comparison = self._records.ledger, self._comparison
        known = {file.sha256: file for file in printed}
        names = {file.file for file in in_force.files}
        superseded: dict[str, set[str]] = {}
        for file in in_force.superseded:
            superseded.setdefault(file.file, set()).add(file.sha256)
        wanted = _files_to_read(
            comparison, [path for path in files if not self._is_superseded(path, superseded)], known, names
        )
        self._read = set(wanted.values())
        runner = TaskRunner(ReadRequest(ledger.place, ledger.actor, self._records.batch.id), self._executor)
        for task, answers in runner.run(self._page_tasks(runner, wanted)):
            if self._file is None or self._file.path != task.path:
                self._end_file()
                own = known.get(wanted[task.path])
                remade = in_force.outdated_in(own) if own else frozenset()
                self._file = _LabelFile(task.path, own, task.path.name in names, remade=remade)
            for number, answer in zip(task.pages, answers, strict=True):
                if isinstance(answer, TaskFailure):
                    comparison.add_difference(f"page {number} can't be read: {answer.reason}", task.path)
                else:
                    self._compare_page(answer, self._file)
            progress(self._count, self._records.batch.packages)
        self._end_file()
        progress(self._records.batch.packages, self._records.batch.packages)

    def _page_tasks(self, runner: TaskRunner, wanted: Iterable[Path]) -> Iterator[PageTask]:
        """The pages of each file that can be opened, a few at a time."""
        for path, answer in runner.describe_files(wanted):
            if isinstance(answer, TaskFailure):
                self._comparison.add_difference(f"can't be read: {answer.reason}", path)
            else:
                self._comparison.files.add(self._comparison.relative_name(path))
                yield from runner.page_tasks(path, answer)

    def _differs(self, what: str, package: int, path: Path | None = None, unit: str = "") -> None:
        """Keep a difference of a package, or of a unit in it."""
        self._comparison.add_difference(what, path or "", unit or self._records.serials_of(package), package)
        self._marks[package] |= HAS_DIFFERENCE
        if self._file and path:
            self._file.different.add(package)

    def _compare_page(self, page: ScannedPage, file: _LabelFile) -> None:
        """What one page shows."""
        shown = {self._compare_symbol(page, item, file) for item in page.symbols}
        if file.known_by_name and page.frame:
            for package in page.frame.label_file.packages_on(page.frame.page):
                if package not in shown:
                    self._differs(f"page {page.number}: no reader reads its label", package, file.path)

    def _compare_symbol(self, page: ScannedPage, item: PageSymbol, file: _LabelFile) -> int | None:
        """One symbol compared; the package of this batch whose label it is, right or wrong."""
        diagnosis, batch = item.diagnosis, self._records.batch
        if diagnosis is None:
            file.unread += 1
            return item.identified_package
        package = diagnosis.package if diagnosis.batch == batch.id else None
        if package is None:
            self._comparison.add_difference(f"page {page.number}: {diagnosis.detail}", file.path, diagnosis.serials)
            return None
        if diagnosis.kind in (DiagnosisKind.FOREIGN, DiagnosisKind.MISMATCHED):
            self._differs(f"page {page.number}: {diagnosis.detail}", package, file.path, diagnosis.serials)
            return package
        file.shown[package] += 1
        if package in file.remade and diagnosis.matches:
            return package
        if diagnosis.kind is DiagnosisKind.SCRAPPED and file.shown[package] == 1:
            file.outdated.add(diagnosis.serials)
        if item.in_place_of is not None and item.in_place_of != package and 1 <= item.in_place_of <= batch.packages:
            where = self._records.serials_of(item.in_place_of)
            self._differs(f"page {page.number}: is in the place of {where}", package, file.path)
        if diagnosis.cause is not DiagnosisCause.SUPERSEDED:
            self._count += not self._marks[package] & LABEL_READ
            self._marks[package] |= LABEL_READ
        return package

    def _end_file(self) -> None:
        """What a file as a whole shows: labels that are in it twice, or that it was made with and does not show."""
        file, self._file = self._file, None
        if file is None:
            return
        for package, times in file.shown.items():
            if times > (file.printed_file.repeat if file.printed_file else 1):
                self._differs(f"shows its label {times} times", package, file.path)
        for package in sorted(file.printed_file.numbers) if file.printed_file else ():
            if package not in file.shown and package not in file.different:
                self._differs("does not show its label, though it was made with it", package, file.path)
        self._comparison.note_outdated(file.outdated, file.path)
        if file.unread:
            self._comparison.add_note(f"{count_words(file.unread, 'symbol')} that no reader reads", file.path)

    def _packages_read(self) -> Iterator[int]:
        return (package for package, mark in enumerate(self._marks) if mark & LABEL_READ)

    def compare_barcodes(self, key: PrivateKey | None, data_key: bytes | None) -> None:
        """The clear fields of the barcodes that were read, and with `key` what is inside, compared with the ledger."""
        opens = key is not None and bool(self._records.spec.encrypted)
        if key is not None and not opens:
            self._comparison.add_note("the barcodes of this batch have no encrypted field: nothing to open")
        pem = private_pem(key) if key is not None and opens else None
        keys, count = KeyAccess(self._records.handle, data_key), 0
        tasks = (BarcodeTask(keys, pem, tuple(chunk)) for chunk in chunked(self._packages_read()))
        for task, found in parallel.run(compare_barcodes, tasks, self._executor):
            if isinstance(found, TaskFailure):
                what = f"the barcodes of packages {task.packages[0]} to {task.packages[-1]} were not compared"
                self._comparison.add_difference(f"{what}: {found.reason}")
                continue
            count += len(task.packages)
            for package, serial, what in found:
                self._differs(what, package, unit=serial)
        if opens:
            scope = "Device UUIDs and OOB keys" if data_key else "Device UUIDs (the OOB keys are destroyed)"
            self._comparison.add_note(f"{count_words(count, 'barcode')} opened, {scope} compared")

    def conclude(self, printed: Sequence[LabelFile]) -> Comparison:
        """The finished comparison, with what should be there and is not."""
        of_packages = [file for file in printed if file.each == "package"]
        if not self._comparison.files.total and not self._comparison.differences.total:
            self._add_no_file([file for file in of_packages if Path(file.file).suffix in READABLE])
        else:
            self._mark_printed_files(of_packages)
            self._add_missing_labels()
            self._note_lost_files(of_packages)
        return self._comparison.finish(self._count)

    def _note_lost_files(self, printed: Sequence[LabelFile]) -> None:
        """Name the files that are not here, and how to make them again."""
        lost = [file for file in printed if Path(file.file).suffix in READABLE and file.sha256 not in self._read]
        for file in lost[:20]:
            if not all(self._marks[number] & LABEL_READ for number in file.numbers):
                again = f"`bss-mfg labels {file.batch} --again` makes it again, with the same bytes"
                self._comparison.add_note(f"{file.file} is not here, though it was made: {again}")

    def _is_superseded(self, path: Path, superseded: Mapping[str, Set[str]]) -> bool:
        """Whether a file is a label file that was superseded, wherever it lies; that is noted."""
        if path.suffix.lower() not in READABLE or not superseded:
            return False
        digests = superseded.get(path.name, frozenset())
        if path.parent.name == SUPERSEDED_FOLDER:  # there it may have a number behind its name
            digests = frozenset().union(*superseded.values())
        if not digests or sha256_of(path) not in digests:
            return False
        self._comparison.add_note("superseded, its labels were made again: not read", path)
        return True

    def _add_no_file(self, readable: Sequence[LabelFile]) -> None:
        if readable:
            again = f"`bss-mfg labels {readable[-1].batch} --again` makes them again"
            what = f"no label file was found, though the ledger knows of {len(readable):,}, {readable[-1].file} is one"
            what += f"; {again}"
            self._comparison.add_difference(what)
        else:
            self._comparison.add_note("no label file was found: none that can be read was made")

    def _mark_printed_files(self, printed: Sequence[LabelFile]) -> None:
        """Mark the packages of which files were made, that can be read or that can't."""
        for file in printed:
            readable = Path(file.file).suffix in READABLE
            bits = (IN_READABLE_FILE if readable else 0) | (
                IN_UNREADABLE_FILE if file.file.endswith(RAW_SUFFIXES) else 0
            )
            for number in file.numbers:
                self._marks[number] |= bits

    def _add_missing_labels(self) -> None:
        """Printed labels that no file here shows; of those that were not printed yet a note."""
        records, marks = self._records, self._marks
        unprinted = SerialSummary()
        left = (package for package in range(1, len(marks)) if not marks[package] & (LABEL_READ | HAS_DIFFERENCE))
        for packages in chunked(left):
            records.look_up(packages=packages)
            for package in packages:
                if not records.may_leave(package):
                    continue
                if not records.units_of(package)[0].printed:
                    unprinted.add(records.serials_of(package))
                elif marks[package] & (IN_READABLE_FILE | IN_UNREADABLE_FILE) == IN_READABLE_FILE:
                    what = "no file here shows its label, though it was printed"
                    self._comparison.add_difference(what, "", records.serials_of(package), package)
        if unprinted.count:
            packages_words = count_words(unprinted.count, "package")
            self._comparison.add_note(f"{packages_words} whose label was not printed yet: {unprinted}")


# --- barcodes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BarcodeTask(NeverLeaves):
    """Packages whose labels hold the barcode string of the ledger; `private_key` is a development key in PEM, which
    goes to this machine's own processes, through pipes: `repr` leaves it out."""

    keys: KeyAccess
    private_key: bytes | None = field(repr=False)
    packages: tuple[int, ...]


class BarcodeDifference(NamedTuple):
    """What differs in the barcode of a package, or of one unit in it: `serial` is then its, else empty."""

    package: int
    serial: str
    what: str


def compare_barcodes(task: BarcodeTask) -> list[BarcodeDifference]:
    """What differs in some barcodes."""
    found: list[BarcodeDifference] = []
    with task.keys.records.open() as records:
        records.look_up(packages=task.packages)
        key = load_private_key(task.private_key, "private key") if task.private_key else None
        expected = task.keys.expected(records)
        if key:
            expected.look_up(unit.serial for package in task.packages for unit in records.units_of(package))
        for package in task.packages:
            found += (BarcodeDifference(package, "", what) for what in records.barcode_faults(package))
            if key:
                found += _differences_inside(package, key, records, expected)
    return found


def _differences_inside(
    package: int, key: PrivateKey, records: BatchRecords, expected: ExpectedUnits
) -> Iterator[BarcodeDifference]:
    """What differs inside the encrypted field of a barcode."""
    members = records.units_of(package)
    try:
        fields = parse.split_fields(members[0].payload or "", records.spec)
        opened = parse.open_credentials(fields, records.spec, key, len(members))
        inside_uuids = [unit.uuid for unit in opened if unit.uuid]
        listed = [value.hex.upper() for value in parse.device_uuids(fields, records.spec) or inside_uuids]
    except InputError as error:
        yield BarcodeDifference(package, "", f"its encrypted field can't be opened: {error.what}")
        return
    for inside, unit in zip(opened, records.as_in_barcode(members, listed), strict=True):
        kept = expected.unit(unit.serial)
        digest = kept.digest if kept else b""
        for is_same, what in (
            (inside.uuid is None or inside.uuid.hex.upper() == unit.uuid, "Device UUID"),
            (inside.key is None or not digest or hmac.compare_digest(key_digest(inside.key), digest), "OOB key"),
            (inside.mac is None or inside.mac == unit.mac, "MAC"),
        ):
            if not is_same:
                yield BarcodeDifference(package, unit.serial, f"the {what} inside its barcode is not the ledger's")


# --- files ----------------------------------------------------------------------------------------------------------


def _files_to_read(
    comparison: ComparisonBuilder, files: Sequence[Path], known: Mapping[str, LabelFile], names: set[str]
) -> dict[Path, str]:
    """The files to read, with their SHA-256; what is passed over is noted."""
    wanted: dict[Path, str] = {}
    first: dict[str, Path] = {}
    for suffix in RAW_SUFFIXES:
        if count := sum(path.suffix.lower() == suffix for path in files):
            kind = f"{suffix[1:].upper()} file"
            comparison.add_note(f"{count_words(count, kind)} not read: only a printer draws them; `verify` reads scans")
    for path in files:
        if path.suffix.lower() not in READABLE:
            continue
        sha256 = attempt(sha256_of, path)
        if isinstance(sha256, TaskFailure):
            comparison.add_difference(f"can't be read: {sha256.reason}", path)
            continue
        printed_file = known.get(sha256)
        if printed_file and printed_file.each != "package":
            continue
        if sha256 in first:
            comparison.add_note(f"the same file as {comparison.relative_name(first[sha256])}: not read again", path)
        elif not printed_file and _is_report(path):
            comparison.add_note("a verification report: not read", path)
        else:
            first[sha256] = path
            wanted[path] = sha256
            if not printed_file and path.name in names:
                comparison.altered = True
                comparison.add_difference("was altered: another SHA-256 than when it was made", path)
    return wanted


def _is_report(path: Path) -> bool:
    try:
        return path.suffix.lower() == ".pdf" and _REPORT_MARK in read_bytes(path, "PDF", 1 << 30)
    except BssError:
        return False
