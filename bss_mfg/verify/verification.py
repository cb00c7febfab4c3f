"""Verification of a batch: files -> pages, read in workers -> findings, and every read into the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from bss_mfg.core.processes import TaskFailure
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.text import count_words, printable_name
from bss_mfg.errors import InputError
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.ledger.events import READ_SUBJECTS, PictureRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, LabelFile
from bss_mfg.verify.batch_labels import KnownLabels, known_labels
from bss_mfg.verify.drawn_samples import current_drawn_sample, decide_by, record_decision
from bss_mfg.verify.failed_pictures import MAX_PICTURES, FailedPictures
from bss_mfg.verify.file_notes import FileNotes
from bss_mfg.verify.file_progress import FileProgress
from bss_mfg.verify.finding_spool import FindingSpool
from bss_mfg.verify.findings import Finding, FindingKind, OtherCode, missing_findings, missing_labels
from bss_mfg.verify.given_files import expand_folders
from bss_mfg.verify.label_names import LabelNames
from bss_mfg.verify.outcome import NO_OPTIONS, Verification, VerifyOptions
from bss_mfg.verify.package_tracker import PackageTracker, SubjectTrackers
from bss_mfg.verify.page_account import PageAccount, PageAccounts, PageOutcome
from bss_mfg.verify.page_findings import ScannedPage
from bss_mfg.verify.page_progress import TellPage
from bss_mfg.verify.picture_ages import Outdated, PictureAge, PictureAges
from bss_mfg.verify.read_records import record_reads
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.rescans import PictureShown, RescanRule, Rescans
from bss_mfg.verify.session_news import SessionNews
from bss_mfg.verify.task_runner import TaskRunner
from bss_mfg.verify.tasks import PageTask

_READINGS = 3
"""How often files are read from the first on because labels were made again meanwhile."""
_MAX_PENDING = 2_000
"""Findings that are written down at once, of one large file."""


def verify(
    ledger: Ledger,
    batch: Batch,
    paths: Sequence[Path],
    options: VerifyOptions = NO_OPTIONS,
    progress: Progress = no_progress,
    *,
    executor: Executor | None = None,
    tell: TellPage | None = None,
) -> Verification:
    """Read all files and compare with the ledger. Reads are committed at the end of each file, and of a large one every
    few thousand.

    On worker processes a page that crashes or stalls a reader is listed and the rest goes on; without an executor all
    is read in this process, which a hostile file may crash. Threads must be one at most: pdfium is not safe in more. A
    file or page that can't be read is listed, too; `InputError` if that is all of them. `tell` hears, in any
    thread, what is done to pages that take a while.

    What is wanted is what was in force when the folders were looked into. Where a file of theirs was made again or
    moved away before it was read, so that nobody can tell any more, all is read anew.
    """
    for left in reversed(range(_READINGS)):
        found = expand_folders(ledger, batch, paths, options.each)
        verifier = Verifier(ledger, batch, options, progress, known=found.known, executor=executor, tell=tell)
        try:
            verifier.read_files(found.files, to_the_end=not left)
            break
        except _OvertakenError:
            continue
    verifier.notes.add_lost(batch.id, found.lost)
    verifier.notes.add_passed_over(found.passed_over)
    if not verifier.pages and not verifier.resumed:
        problems = [f"{name}: {why}" for name, why in [*verifier.notes.broken, *verifier.notes.troubles][:5]]
        raise InputError(
            "nothing could be read",
            where=f"batch {batch.id}",
            problems=problems,
            way_out=f"Show pictures of the printed labels, or scan them: `bss-mfg scan {batch.id}`.",
        )
    outcome = verifier.outcome(final=True)
    progress(batch.packages, batch.packages)
    return outcome


class _OvertakenError(Exception):
    """Labels were made again while their files were read, and files that were to be read are not there any more."""


class Verifier:
    """A verification that grows with each file that comes."""

    def __init__(
        self,
        ledger: Ledger,
        batch: Batch,
        options: VerifyOptions = NO_OPTIONS,
        progress: Progress = no_progress,
        *,
        known: KnownLabels | None = None,
        executor: Executor | None = None,
        tell: TellPage | None = None,
    ) -> None:
        if options.second_reader:
            with SecondReader():  # refused now rather than on every label
                pass
        self._sample = current_drawn_sample(ledger, batch) if options.sample else None
        self._ledger, self._batch, self._options, self._progress = ledger, batch, options, progress
        self._names = LabelNames(ledger, batch, options.each)
        self._known = known or known_labels(ledger, batch.id, options.each)
        self._label_files, self._in_force = self._known.files, self._known.in_force
        self._by_digest = {part.sha256: part for part in self._label_files}
        request = ReadRequest(
            ledger.place,
            ledger.actor,
            batch.id,
            options.each,
            second_reader=options.second_reader,
            grade=options.grade,
            of=options.of,
            patience=options.patience,
            calibration=options.calibration,
            min_grade=options.min_grade,
            labels=options.labels,
            expected=options.expected,
            pictures=options.pictures,
        )
        self._runner = TaskRunner(request, executor, tell)
        self._reprinted = frozenset(self._in_force.reprinted())
        copies = max((part.copy * part.repeat for part in self._in_force.files), default=1)
        self._scrapped = self._names.scrapped()
        # What was shipped had been read right; unless the ledger is older than that rule.
        shipped = ledger.packages.shipped(batch.id, verified=True) if options.resume else ()
        count = self._names.count(self._in_force.files)
        made = self._in_force.labels_made(count) if copies > 1 else None
        self._trackers = SubjectTrackers(PackageTracker(count, copies, chain(self._scrapped, shipped), made))
        self._rescans = Rescans(options.rescans, options.strict)
        self._spool = FindingSpool(ledger.place.folder, answers=options.rescans is not RescanRule.NEVER)
        self._pending: list[Finding] = []
        self._pictures_read: list[PictureRead] = []
        """Pages of the file at hand that are not written down yet."""
        self._ages = PictureAges(ledger, batch)
        self._failed_pictures = FailedPictures(executor)
        self._pictured = 0
        """Findings whose texts, codes and artwork are shown in pictures."""
        self._digests_read: set[str] = set()
        passes = options.resume and not options.grade and not options.sample
        self._digests_verified = ledger.reads.verified_files(batch.id, options.second_reader) if passes else set()
        self._news = SessionNews()
        self._file: FileProgress | None = None
        self._to_the_end = True
        self.notes = FileNotes()
        self._accounts = PageAccounts()
        self._other_codes: list[tuple[int, OtherCode]] = []
        self.files = self.pages = self.resumed = self._resumed_labels = self._opened = 0

    def read_files(self, files: Sequence[Path], *, to_the_end: bool = True) -> None:
        """Read some files, and write down what they show. A file that was read before, by its bytes, is skipped: a page
        given twice is no label printed twice. Unless `to_the_end`, `_OvertakenError` as soon as a file can't be judged
        by what was known, because labels were made again since."""
        self._to_the_end = to_the_end
        file_of_task: dict[PageTask, FileProgress] = {}  # asked for a few parts ahead
        for task, answers in self._runner.run(self._page_tasks(files, file_of_task)):
            file = file_of_task.pop(task)
            if file is not self._file:
                self._commit()
                self._file = file
                if not file.description.own:
                    self._follow()
            for page, answer in zip(task.pages, answers, strict=True):
                self._take_page(file, page, answer)
            self._progress(self._trackers.judged.read_count(), self._batch.packages)
        self._commit()
        self._file = None
        self._refuse_made_since(self._digests_read)

    def outcome(self, final: bool = False) -> Verification:
        """Everything so far; a `final` outcome writes the decision on a sample into the history."""
        tail = (
            partial(missing_findings, self._ledger, self._batch, self._trackers, self._in_force.files)
            if self._options.each == "package"
            else partial(missing_labels, self._names, self._trackers, self._in_force.files)
        )
        trackers = self._trackers
        unseen = trackers.judged.unaccounted_count()
        findings = self._spool.snapshot(trackers.times_read, unseen, tail, trackers.of("print").first_read)
        pictures = self._failed_pictures.take(findings) if self._options.pictures else {}
        decision = decide_by(self._sample, findings) if self._sample else None
        if decision and final:
            record_decision(self._ledger, self._batch, decision)
        signed = self._ledger.checkpoints.newest()
        return Verification(
            batch=self._batch,
            checkpoint=signed.checkpoint if signed else None,
            findings=findings,
            pictures=pictures,
            pictures_by_event=self._failed_pictures.take_recorded() if self._options.keep_pictures else {},
            broken=tuple(self.notes.broken),
            troubles=tuple(self.notes.told()),
            not_judged=self.notes.not_judged,
            files=self.files,
            pages=self.pages,
            options=self._options,
            label_files=self._label_files,
            decision=decision,
            resumed=self.resumed,
            resumed_labels=self._resumed_labels,
            shows_prints=self._trackers.shows_prints,
            labels_read={subject: self._trackers.read_count(subject) for subject in READ_SUBJECTS},
            page_counts=dict(self._accounts.counts),
            not_understood=tuple(self._accounts.not_understood),
            other_batches=dict(self._spool.other_batches),
            other_codes=tuple(code for _, code in self._other_codes),
        )

    def take_news(self) -> SessionNews:
        """What was found wrong since this was asked last."""
        taken, self._news = self._news, SessionNews()
        return taken

    @property
    def fault_count(self) -> int:
        """What was found wrong so far: labels, files and pages that could not be read, pages not understood."""
        return self._spool.fault_count + len(self.notes.broken) + len(self._accounts.not_understood)

    @property
    def complete(self) -> bool:
        """Whether a label of every package was read right."""
        return self._trackers.judged.all_read()

    def _page_tasks(self, files: Sequence[Path], file_of_task: dict[PageTask, FileProgress]) -> Iterator[PageTask]:
        """The tasks of each file that is new; `file_of_task` gets the file of each."""
        for path, answer in self._runner.describe_files(files):
            self._opened += 1
            if isinstance(answer, TaskFailure):
                self._refuse_lost(path)
                self.files += 1
                self.notes.open(path, self._opened, whole=False)
                self._add_broken(self._opened, 0, printable_name(str(path)), answer.reason)
                continue
            self.notes.open(path, self._opened, whole=True)
            if answer.sha256 in self._digests_read:
                continue
            self._digests_read.add(answer.sha256)
            if answer.label_file and answer.sha256 not in self._by_digest:
                self._refuse_made_since({answer.sha256})
            if not answer.shows_labels:
                words = f"holds no label of a {self._options.each}: it was not searched"
                self.notes.add(path, words)
                continue
            self.files += 1
            if answer.label_file:  # the one that came from a process is no copy to keep for each of thousands of files
                answer = replace(answer, label_file=self._by_digest.setdefault(answer.sha256, answer.label_file))
            if answer.label_file and answer.sha256 in self._digests_verified and self._still_holds(answer.label_file):
                self._count_as_read(path, answer.label_file)
                continue
            file_task = PageTask(self._runner.request, path, label_file=answer.label_file, own=answer.own)
            self._failed_pictures.note_file(file_task)
            file = FileProgress(self._opened, path, answer, self._outdated_in(path, answer.label_file))
            for task in self._runner.page_tasks(path, answer):
                file_of_task[task] = file
                yield task

    def _add_broken(self, order: int, page: int, where: str, why: str) -> None:
        self.notes.add_broken(order, page, where, why)
        self._news.broken.append((where, why))

    def _refuse_lost(self, path: Path) -> None:
        """`_OvertakenError` where a label file can't be read, and labels were made again since."""
        if any(file.file == path.name for file in self._label_files) and self._labels_now() != self._known:
            raise _OvertakenError

    def _refuse_made_since(self, digests: Set[str]) -> None:
        """`_OvertakenError` where one of these files is a label file that was made since: it may have been in its place
        before the ledger knew it."""
        if any(file.sha256 in digests and file.sha256 not in self._by_digest for file in self._labels_now().files):
            raise _OvertakenError

    def _labels_now(self) -> KnownLabels:
        if self._to_the_end:  # come what may
            return self._known
        return known_labels(self._ledger, self._batch.id, self._options.each)

    def _outdated_in(self, path: Path, label_file: LabelFile | None) -> Set[int]:
        """The numbers in a file whose labels don't count, for they were made again; of a file that was superseded, and
        is read because somebody named it, all count. Either is told."""
        if label_file is None:
            return frozenset()
        gone = {(file.file, file.sha256) for file in self._in_force.superseded}
        if (label_file.file, label_file.sha256) in gone:
            self.notes.add(path, "was superseded: all of its labels were made again since")
            return frozenset()
        outdated = self._in_force.outdated_in(label_file)
        if outdated:
            words = f"{count_words(len(outdated), 'label')} of it were made again since, and are not counted here"
            self.notes.add(path, words)
        return outdated

    def _still_holds(self, label_file: LabelFile) -> bool:
        """Whether all labels of a file that was once read right are right by now: no unit was scrapped or replaced
        since (unless these don't matter), and none was read wrong."""
        matters = self._options.reread_scrapped
        if matters and not self._scrapped.isdisjoint(label_file.numbers):
            return False
        numbers = label_file.numbers
        if not self._scrapped.isdisjoint(numbers):
            numbers = [number for number in numbers if number not in self._scrapped]
        return self._ledger.reads.all_files_verified(self._batch.id, numbers, first_revision=not matters)

    def _count_as_read(self, path: Path, label_file: LabelFile) -> None:
        outdated = self._in_force.outdated_in(label_file)
        self.resumed += 1
        self._resumed_labels += label_file.labels - len(outdated) * label_file.repeat
        for page in range(1, label_file.pages + 1):
            for number in label_file.packages_on(page):
                if number in outdated:
                    continue
                self._trackers.of("file").record_read(number, path.name, page)

    def _take_page(self, file: FileProgress, page: int, answer: ScannedPage | TaskFailure) -> None:
        where = f"{printable_name(str(file.path))}, page {page}"
        if isinstance(answer, TaskFailure):
            self._refuse_lost(file.path)
            file.not_matched += 1
            self._add_broken(file.order, page, where, answer.reason)
            return
        self.pages += 1
        outdated = self._outdated(file, answer)
        if answer.pixels in self._digests_read and answer.symbols:
            self.notes.troubles.append((where, "is the same picture as one before: its labels are not counted again"))
            answer = answer.without(answer.packages - outdated.keys())
        self._digests_read.update({answer.pixels} - {""})
        found, account = self._judge_page(file, answer, outdated)
        self._trackers.shows_prints = self._trackers.shows_prints or (answer.of == "print" and bool(found))
        right = sum(item.kind is FindingKind.MATCHED for item in found)
        file.matched += right
        self._accounts.add(account)
        if account.outcome is PageOutcome.NOT_UNDERSTOOD:
            self._news.not_understood.append(account)
        file.not_matched += len(found) - right + (account.outcome is PageOutcome.NOT_UNDERSTOOD)
        self._pending += self._with_few_pictures(found)
        if answer.trouble:
            self.notes.troubles.append((where, answer.trouble))
        self._other_codes += [(self.pages, code) for code in answer.other_codes]
        self.notes.add_not_judged(answer, self.pages, where)
        if len(self._pending) > _MAX_PENDING:
            self._commit(ended=False)

    def _judge_page(
        self, file: FileProgress, page: ScannedPage, outdated: Mapping[int, Outdated]
    ) -> tuple[list[Finding], PageAccount]:
        """The findings of a page, which may stand for an earlier picture of the same sheet."""
        tracker, page = self._trackers.of(page.of), page.without(file.outdated)
        made_again = self._made_again(page)

        def without(earlier: PictureShown) -> list[Finding]:
            return page.findings(earlier.taken_from(deepcopy(tracker)), made_again, outdated)

        repeat = page.frame.label_file.repeat if page.frame else 1
        answered = self._rescans.take_answered(page, file.order, tracker.copies // repeat, without)
        if answered:
            answered.taken_from(tracker)
        numbers = sorted(page.packages)
        before = tracker.tallies(numbers)
        found = [replace(item, picture=self.pages) for item in page.findings(tracker, made_again, outdated)]
        account = page.account(found)
        if answered:
            self._accounts.answer(answered.account)
            self.notes.forget_picture(answered.number)
            self._other_codes = [one for one in self._other_codes if one[0] != answered.number]
            self._spool.answer(answered, self.pages, (page.file, page.number))
            self._news.answered.append((answered.account, account))
        self._rescans.remember(page, found, (tracker, before), (self.pages, file.order), account)
        return found, account

    def _outdated(self, file: FileProgress, page: ScannedPage) -> Mapping[int, Outdated]:
        """The packages whose label was made again after a picture was opened first: it can't show the new one. The
        picture is to be written down."""
        if not page.pixels or self._options.each != "package":
            return {}
        digests = (file.description.sha256, page.pixels)
        self._pictures_read.append(
            PictureRead(
                file=page.file, sha256=digests[0], page=page.number, pixels=digests[1], after=file.description.after
            )
        )
        if page.of != "print":
            return {}
        outdated = self._ages.outdated(self._ages.age(digests, file.description.after), page.packages)
        file.made_later |= self._ages.made_after(file.description.saved_at, page.packages - outdated.keys())
        return outdated

    def _follow(self) -> None:
        """Look at what others did meanwhile. Labels that were made again are to be shown anew: those that were shown so
        far don't count, and the pictures that are being read don't show the new ones."""
        before = PictureAge(self._ages.seen)
        if not self._ages.follow():
            return
        self._look_at_label_files()
        renewed = self._ages.outdated(before, range(1, self._batch.packages + 1))
        for package in renewed:
            self._trackers.renew(package)
            self._spool.renew(package)
        for index, item in enumerate(self._pending):
            if item.of == "print" and item.package and (why := renewed.get(item.package)):
                self._trackers.of("print").mark_faulty(item.package)
                self._pending[index] = item.outdated(why.words, why.read_at)

    def _look_at_label_files(self) -> None:
        self._in_force = self._ledger.prints.in_force(self._batch.id, self._options.each)
        self._reprinted = frozenset(self._in_force.reprinted())

    def _with_few_pictures(self, found: Sequence[Finding]) -> list[Finding]:
        """The findings, without the pictures of texts and codes that no report has room for."""
        room = MAX_PICTURES - self._pictured
        self._pictured += sum(bool(item.content) for item in found)
        return [item if room > 0 else item.without_pictures() for item in found]

    def _made_again(self, page: ScannedPage) -> Set[int]:
        """The packages of a sheet whose labels may be in another place by now: printed once more, or made again."""
        if page.frame is None:
            return self._reprinted
        label_file = page.frame.label_file
        if label_file in self._in_force.superseded:
            return frozenset(label_file.numbers)
        return self._reprinted | self._in_force.outdated_in(label_file)

    def _commit(self, ended: bool = True) -> None:
        """Write down what was read since; `ended` where the file at hand was read to its end."""
        whole = self._file.verified(self._options.second_reader) if ended and self._file else None
        news = self._pending or self._pictures_read or whole
        if news and self._options.each == "package":  # of others the ledger keeps no state that a read could change
            with self._ledger.transaction():  # whoever makes labels comes before it or after it
                if self._pictures_read:
                    self._follow()
                recorded = record_reads(self._ledger, self._batch, self._pending, whole, self._pictures_read)
            self._failed_pictures.note_recorded(recorded)
        self._spool.add(self._pending)
        self._news.add_findings(self._pending)
        self._pending, self._pictures_read = [], []
        if ended and self._file and (later := self._file.made_later):
            words = f"was saved before {count_words(len(later), 'of its labels', 'of its labels')} were made"
            self.notes.add(self._file.path, f"{words}: does it show the new ones?")
