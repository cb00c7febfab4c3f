"""A press: a station that takes labels out of its queue and prints them, stretch by stretch, so that a roll change, a
printer that breaks off and a press that was killed leave nothing open but one question: which label was the last good
one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bss_mfg.core.files import is_complete
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.label.file_plan import LabelRequest, plan_label_files
from bss_mfg.label.from_workspace import PrintChoice, PrintWishes, choose_print
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.symbol_size import batch_symbol_size
from bss_mfg.label.make import make_labels
from bss_mfg.label.printing.queueing import printer_digest
from bss_mfg.label.printing.send_batch import GoOn, SendRequest, SentLabels, printer_address, send_batch_labels
from bss_mfg.label.printing.sending import Patience
from bss_mfg.label.selection import LabelChoice, select_label_numbers, serial_of_label
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.queue_records import LastGood, QueueEntry, Stretch, numbers_of
from bss_mfg.model import Batch
from bss_mfg.workspace.product_fields import BASE_LANGUAGE
from bss_mfg.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PressSetup:
    """A press: its name, the printer and the address that it prints on (empty: those asked for, else those of the
    workspace), and how many labels a roll has (None: nobody counts)."""

    name: str
    printer: str = ""
    address: str = ""
    roll: int | None = None


@dataclass(frozen=True, slots=True)
class PrintNext:
    """A stretch that goes to the printer next."""

    stretch: Stretch


@dataclass(frozen=True, slots=True)
class AskLastGood:
    """What went to the printer is not counted: `labels` at most, None where nobody knows; `whole`: all of the stretch
    was handed over."""

    stretch: Stretch
    labels: int | None
    whole: bool


@dataclass(frozen=True, slots=True)
class NewRoll:
    """The roll in the press is used up."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing of the entry is left to print, or it was cancelled."""

    entry: QueueEntry


Step = PrintNext | AskLastGood | NewRoll | Ended


class Press:
    """A press with its queue. `passed_over` are entries that it can't print as they were asked for."""

    def __init__(self, workspace: Workspace, ledger: Ledger, setup: PressSetup) -> None:
        self._workspace, self._ledger, self.setup = workspace, ledger, setup
        self.passed_over: set[int] = set()

    def next_entry(self) -> QueueEntry | None:
        """What it has taken already, else what has waited longest; None where nothing is there for it."""
        entries = self._ledger.print_queue.entries(open_only=True, press=self.setup.name)
        left = [one for one in entries if one.number not in self.passed_over]
        return next((one for one in left if one.taken_at), next(iter(left), None))

    def prepare(self, entry: QueueEntry) -> PressWork:
        """See whether this press can print an entry exactly as it was asked for; nothing is changed. `RefusedError`
        where its template or printer is another, or labels were made elsewhere since."""
        ledger, asked = self._ledger, entry.asked
        batch = ledger.batches.get(asked.batch)
        ledger.batches.refuse_closed(batch.id)
        where = f"number {entry.number} of the queue"
        if asked.printing.printer and self.setup.printer not in ("", asked.printing.printer):
            raise RefusedError(
                f"is for the printer {asked.printing.printer}, and this press prints on {self.setup.printer}",
                where=where,
                way_out=f"Leave out --printer, or give --printer {asked.printing.printer}.",
            )
        how = choose_print(self._workspace, ledger, batch, self._wishes(entry), ledger.prints.last_print(batch.id))
        if how.template.digest != asked.template_digest:
            raise RefusedError(
                f"the template {asked.template} of this press is another than the one that was asked for "
                f"({how.template.digest[:12]}, not {asked.template_digest[:12]})",
                where=where,
                way_out=f"`bss-mfg station update` fetches what was published; else copy it, with its artwork, from "
                f"{entry.station}. Or `bss-mfg queue cancel {entry.number} --reason 'new template'`, and queue the "
                "labels again.",
            )
        if not asked.printing.printer and (words := how.sheet_words):
            raise RefusedError(
                words,
                where=where,
                way_out=f"`bss-mfg queue move {entry.number} PRESS` gives it to a press for sheets. Or `bss-mfg queue "
                f"cancel {entry.number} --reason 'a sheet'`, and queue the labels with a --template for this press's "
                "rolls: `bss-mfg template list`.",
            )
        if asked.printing.printer_digest and printer_digest(how.printer) != asked.printing.printer_digest:
            raise RefusedError(
                f"the printer {how.printer.name} of this press is set otherwise than the one that was asked for",
                where=where,
                way_out=f"Copy printers/{how.printer.name}.toml from {entry.station}; or `bss-mfg queue cancel "
                f"{entry.number} --reason 'other printer'` and queue the labels again.",
            )
        work = PressWork(self._workspace, ledger, self.setup, entry, batch, how)
        if not ledger.print_queue.stretches(entry.number):
            work.refuse_made_before()
        return work

    def _wishes(self, entry: QueueEntry) -> PrintWishes:
        how = entry.asked.printing
        return PrintWishes(
            template=entry.asked.template,
            printer=how.printer or self.setup.printer or None,
            labels_per_file=how.labels_per_file,
            start_at=how.start_at,
            order=how.order,
            symbols=how.symbols,
            copies=how.copies,
            collate=how.copies == 1,
            language=how.language or BASE_LANGUAGE,
        )


class PressWork:
    """An entry at a press."""

    def __init__(
        self,
        workspace: Workspace,
        ledger: Ledger,
        setup: PressSetup,
        entry: QueueEntry,
        batch: Batch,
        how: PrintChoice,
    ) -> None:
        self._ledger, self._queue, self._setup = ledger, ledger.print_queue, setup
        self.entry, self.batch, self.how = entry, batch, how
        self.folder = workspace.batch_folder(batch.id) / "labels"
        self.address = printer_address(how.printer, setup.address)
        template = how.template.definition
        modules = batch_symbol_size(batch) if template.each == "package" else 0
        layout = lay_out(how.template, how.printer, modules, batch.stage, batch.units_per_package, order=how.order)
        self._per_page = len(layout.places)

    def refuse_made_before(self) -> None:
        """`RefusedError` where labels of the entry were made by another command since it was asked for."""
        numbers = tuple(numbers_of(self.entry.asked.pairs))
        request = self.how.request(numbers, span=True, again=self.entry.asked.again, stem="queue")
        plan_label_files(self._ledger, self.batch, self.how.template, self.how.printer, self.folder, request)

    # --- what comes next --------------------------------------------------------------------------------------------

    def step(self) -> Step:
        """What is to be done now, by what the ledger knows."""
        self.entry = self._queue.get(self.entry.number)
        if self.entry.press != self._setup.name:
            raise RefusedError(
                f"was taken over by {self.entry.press}", where=f"number {self.entry.number} of the queue"
            )
        stretch = self._queue.open_stretch(self.entry.number)
        if stretch and (state := self._queue.send_state(self.entry, stretch)):
            return AskLastGood(stretch, state.labels, state.sent)
        if self.entry.outcome:
            return Ended(self.entry)
        if stretch:
            if self._can_go_on(stretch):
                return PrintNext(stretch)
            self._queue.drop(self.entry, "its label file was not at the press")
        most = self._most()
        if most < 1:
            return NewRoll()
        stretch = self._queue.begin_stretch(self.entry.number, self._setup.name, most, self._most(first=True))
        return PrintNext(stretch) if stretch else Ended(self._queue.get(self.entry.number))

    def _can_go_on(self, stretch: Stretch) -> bool:
        """Whether a stretch that was begun can be made and sent as it is: its file, if it was made, is here."""
        file = self._queue.files_of(self.entry).get(stretch.number)
        return stretch.press == self._setup.name and (file is None or is_complete(self.folder / file[0]))

    def _most(self, *, first: bool = False) -> int:
        """How many labels the next stretch may have: a label file's, in whole pages, and no more than are left on the
        roll."""
        copies = self.how.copies
        size = 1 if self.how.printer.language == "png" else self.how.labels_per_file // (self._per_page * copies)
        pages = max(size, 1)
        if self._setup.roll is not None:
            left = self._setup.roll - self._queue.roll(self._setup.name).used
            pages = min(pages, left // (self._per_page * copies))
        return pages * self._per_page * copies - (self.how.start_at - 1 if first else 0)

    @property
    def roll_is_used_up(self) -> bool:
        """Whether the roll holds no page more."""
        return self._most() < 1

    # --- what is done -----------------------------------------------------------------------------------------------

    def print_stretch(
        self, stretch: Stretch, patience: Patience, *, making: Progress = no_progress, sending: Progress = no_progress
    ) -> SentLabels | None:
        """Make the label file of a stretch, unless it was made, and send it. None where none of its packages gets a
        label any more. What the printer makes of it otherwise is an error, and `step` knows what follows."""
        is_made = stretch.number in self._queue.files_of(self.entry)
        what = (self._ledger, self.batch, self.how.template, self.how.printer, self.folder)
        try:
            made = make_labels(*what, self._request(stretch, is_made), progress=making)
        except (RefusedError, InputError):
            if not is_made:
                self._queue.drop(self.entry, "its labels could not be made")
            raise
        if not made.files:
            self._queue.drop(self.entry, "its packages were scrapped or shipped")
            return None
        again = "bss-mfg press"
        request = SendRequest(
            self.address,
            GoOn(again, lambda _: again),
            owned=True,
            asks=self.how.printer.ask_status,
            patience=patience,
        )
        return send_batch_labels(self._ledger, self.batch, made, request, progress=sending)

    def _request(self, stretch: Stretch, is_made: bool) -> LabelRequest:
        reprint = self.entry.asked.printing.reprint
        request = self.how.request(
            stretch.numbers,
            span=True,
            again=stretch.again and not is_made and not reprint,
            accept_existing=True,
            stem=stretch.stem,
            reason=stretch.reason or reprint or None,
        )
        if reprint:
            template = self.how.template
            serials = [serial_of_label(self._ledger, self.batch, template, one) for one in stretch.numbers]
            request = replace(request, purpose="reprint", serials=serials)
        return request if stretch.number == 1 else replace(request, start_at=1)

    def count_all(self, sent: SentLabels | None = None) -> int:
        """All of the stretch is good: by what the printer says of what was `sent`, else by what the operator saw. So
        many are spoiled: none."""
        printed = sent is None or (sent.printed is not None and sent.printed >= sent.labels)
        self._queue.settle_all(self.entry, printed=printed)
        return 0

    def last_good(self, serials: Sequence[str]) -> LastGood:
        """The label that serials name; `InputError` where that are several."""
        if len(serials) > 1 and self.how.template.definition.each == "unit":
            raise InputError("that names several labels", way_out="Type the serial of the last good one.")
        choice = LabelChoice(start=serials[0], end=serials[0])
        (number,) = select_label_numbers(self._ledger, self.batch, self.how.template, choice)
        return LastGood(number, serials[0])

    def count(self, last: LastGood) -> int:
        """Labels up to the last good one are good; how many are spoiled, at most."""
        return self._queue.settle(self.entry, last)

    def end_roll(self) -> None:
        """A new roll is in the press."""
        self._queue.end_roll(self._setup.name)

    def first_serial(self, stretch: Stretch) -> str:
        """A serial on the first label of a stretch."""
        return serial_of_label(self._ledger, self.batch, self.how.template, stretch.pairs[0][0])

    def last_serial(self, stretch: Stretch) -> str:
        """A serial on its last label."""
        return serial_of_label(self._ledger, self.batch, self.how.template, stretch.pairs[-1][-1])
