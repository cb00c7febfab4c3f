"""Label files against the ledger: every symbol decoded, by the readers of `verify`, and nothing written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from bss_mfg.errors import BssError, InputError
from bss_mfg.files import read_bytes, sha256_of
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import PrintedPart, Unit
from bss_mfg.payload import parse
from bss_mfg.payload.keys import PrivateKey
from bss_mfg.reconciling.books import Account, Books, Ledgered, counted, some
from bss_mfg.scan.job import Progress
from bss_mfg.scan.looks import Opened, Wish
from bss_mfg.scan.reading import Reading
from bss_mfg.scan.reconcile import ScannedPage, Seen
from bss_mfg.workers import Failed

READABLE = (".pdf", ".png")
_REPORT = b"/Title (Verification of "
"""In the PDF report of a verification, which shows pictures of labels that failed."""


@dataclass(slots=True)
class _Read:
    """What all pages of the label files say so far."""

    packages: dict[int, bytes] = field(default_factory=dict)
    """The octets of each package's label, by number."""
    outdated: dict[Path, list[str]] = field(default_factory=dict)
    unread: dict[Path, int] = field(default_factory=dict)
    here: dict[Path, Counter[int]] = field(default_factory=dict)
    """How often a file shows a package's label."""


def reconcile_labels(
    ledger: Ledger, folder: Path, files: Sequence[Path], books: Books, *, printed: Mapping[int, bool],
    executor: Executor | None = None,    key: PrivateKey | None = None, units: Mapping[str, Unit] | None = None,
    progress: Progress = lambda done, total: None,
) -> Account:  # fmt: skip
    """All PDF and PNG files that are among `files`. `printed` says of each package whether a label was printed of its
    barcode as it is now. With `key` each barcode is opened, and compared with `units`, which hold the keys (none: the
    batch is retired, and Device UUIDs are compared)."""
    book = Ledgered("labels", folder)
    parts = ledger.printed_parts(books.batch.id)
    ours = {part.sha256: part for part in parts}
    names = {part.file for part in parts if part.each == "package"}
    wanted = _choose(book, files, ours, names)
    read = _Read()
    reading = Reading(Wish(ledger.path, ledger.who, books.batch.id), executor)
    looks = [look for path, opened in _opened(reading, wanted, book) for look in reading.cut(path, opened)]
    done, total = 0, sum(len(look.pages) for look in looks)
    for look, answers in reading.pages(looks):
        for number, answer in zip(look.pages, answers, strict=True):
            if isinstance(answer, Failed):
                book.differs(f"page {number} can't be read: {answer.reason}", look.path)
            else:
                _page(look.path, answer, look.path.name in names, book, books, read)
        done += len(look.pages)
        progress(done, total)
    _of_files(book, books, read, {path: ours[wanted[path]] for path in wanted if wanted[path] in ours})
    for package in sorted(read.packages):
        for what in books.barcode_faults(package):
            book.differs(what, "", books.serials(package), package)
    if key is not None:
        _open_all(book, books, read, key, units)
    _conclude(book, books, read, parts, files, printed)
    return book.account(len(read.packages))


def _choose(book: Ledgered, files: Sequence[Path], ours: Mapping[str, PrintedPart], names: set[str]) -> dict[Path, str]:
    """The files to read, with their SHA-256; what is passed over is noted."""
    wanted: dict[Path, str] = {}
    first: dict[str, Path] = {}
    zpl = [path for path in files if path.suffix == ".zpl"]
    if zpl:
        book.note(f"{counted(len(zpl), 'ZPL file')} not read: only a printer draws them; `verify` reads scans")
    for path in files:
        if path.suffix.lower() not in READABLE:
            continue
        sha256 = sha256_of(path)
        part = ours.get(sha256)
        if part and part.each != "package":
            continue
        if sha256 in first:
            book.note(f"the same file as {book.name(first[sha256])}: not read again", path)
        elif not part and _is_report(path):
            book.note("a verification report: not read", path)
        else:
            first[sha256] = path
            wanted[path] = sha256
            if not part and path.name in names:
                book.altered = True
                book.differs("was altered: another SHA-256 than when it was made", path)
    return wanted


def _is_report(path: Path) -> bool:
    try:
        return path.suffix.lower() == ".pdf" and _REPORT in read_bytes(path, "PDF", 1 << 30)
    except BssError:
        return False


def _opened(reading: Reading, wanted: Mapping[Path, str], book: Ledgered) -> Iterator[tuple[Path, Opened]]:
    """The files that can be opened."""
    for path, answer in reading.opened(wanted):
        if isinstance(answer, Failed):
            book.differs(f"can't be read: {answer.reason}", path)
        else:
            book.files.append(book.name(path))
            yield path, answer


def _page(path: Path, page: ScannedPage, made: bool, book: Ledgered, books: Books, read: _Read) -> None:
    """What one page shows. Of a file that the ledger `made`, each place must show its label."""
    shown: set[int | None] = set()
    for item in page.seen:
        shown.add(_symbol(path, page, item, book, books, read))
    if made and page.frame:
        for package in page.frame.part.packages_on(page.frame.page):
            if package not in shown:
                book.differs(f"page {page.number}: no reader reads its label", path, books.serials(package), package)


def _symbol(path: Path, page: ScannedPage, item: Seen, book: Ledgered, books: Books, read: _Read) -> int | None:
    """What one symbol says; the package of this batch that it is of, right or wrong."""
    said = item.diagnosis
    if said is None:
        read.unread[path] = read.unread.get(path, 0) + 1
        return item.identified
    package = said.package if said.batch == books.batch.id else None
    if package is None or said.kind in ("foreign", "mismatched"):
        serials = said.serials or (books.serials(package) if package else "")
        book.differs(f"page {page.number}: {said.detail}", path, serials, package)
        return package
    read.here.setdefault(path, Counter())[package] += 1
    if said.kind == "scrapped":
        read.outdated.setdefault(path, []).append(said.serials)
    if item.over not in (None, package) and item.over in books.members:
        what = f"page {page.number}: lies in the place of {books.serials(item.over)}"
        book.differs(what, path, books.serials(package), package)
    if not said.detail.startswith("an older barcode"):
        read.packages.setdefault(package, item.read.octets)
    return package


def _of_files(book: Ledgered, books: Books, read: _Read, parts: Mapping[Path, PrintedPart]) -> None:
    """What a file as a whole shows: labels that stand in it twice, or are none of its own."""
    for path, shown in read.here.items():
        for package, times in shown.items():
            if times > 1:
                book.differs(f"shows its label {times} times", path, books.serials(package), package)
    told = {(one.file, one.package) for one in book.differences}
    for path, part in parts.items():
        for package in sorted(set(part.numbers) - read.here.get(path, Counter()).keys()):
            if (book.name(path), package) not in told:
                what = "does not show its label, though it was made with it"
                book.differs(what, path, books.serials(package), package)
    for path, serials in read.outdated.items():
        book.outdated(serials, path)
    for path, count in read.unread.items():
        book.note(f"{counted(count, 'symbol')} that no reader reads", path)


def _open_all(book: Ledgered, books: Books, read: _Read, key: PrivateKey, units: Mapping[str, Unit] | None) -> None:
    """Open the barcode of each label that was read, and compare what is inside."""
    if not books.spec.encrypted:
        book.note("the barcodes of this batch have no encrypted field: nothing to open")
        return
    for package, octets in sorted(read.packages.items()):
        members = books.members[package]
        try:
            fields = parse.split(octets.decode("ascii"), books.spec)
            opened = parse.open_credentials(fields, key, len(members))
        except InputError as error:
            book.differs(f"its encrypted field can't be opened: {error.what}", "", books.serials(package), package)
            continue
        for inside, unit in zip(opened, members, strict=True):
            kept = units.get(unit.serial) if units is not None else None
            for there, what in (
                (inside.uuid is None or inside.uuid.hex.upper() == unit.uuid, "Device UUID"),
                (inside.key is None or kept is None or inside.key == kept.key, "OOB key"),
                (inside.mac is None or inside.mac == unit.mac, "MAC"),
            ):
                if not there:
                    book.differs(f"the {what} inside its barcode is not the ledger's", "", unit.serial, package)
    scope = "Device UUIDs and OOB keys" if units is not None else "Device UUIDs (the OOB keys are destroyed)"
    book.note(f"{counted(len(read.packages), 'barcode')} opened, {scope} compared")


def _conclude(
    book: Ledgered, books: Books, read: _Read, parts: Sequence[PrintedPart], files: Sequence[Path],
    printed: Mapping[int, bool],
) -> None:  # fmt: skip
    """What should be there and is not."""
    made = [part for part in parts if part.each == "package" and Path(part.file).suffix in READABLE]
    if not book.files and not book.differences:
        if made:
            book.differs(f"no label file was found, though the ledger knows of {len(made):,}, {made[-1].file} is one")
        else:
            book.note("no label file was found: none that can be read was made")
        return
    elsewhere = {number for part in parts if part.each == "package" and part.file.endswith(".zpl")
                 for number in part.numbers}  # fmt: skip
    drawn = {number for part in made for number in part.numbers}
    named = {one.package for one in book.differences}
    never = []
    for package in books.members:
        if package in read.packages or package in named or not books.leaving(package):
            continue
        if not printed.get(package):
            never.append(books.serials(package))
        elif package in drawn and package not in elsewhere:
            book.differs("no file here shows its label, though it was printed", "", books.serials(package), package)
    if never:
        book.note(f"{counted(len(never), 'package')} whose label was not printed yet: {some(never)}")
