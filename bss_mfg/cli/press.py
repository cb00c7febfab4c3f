"""press: the operator's loop at a station that prints."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, NoReturn

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_text, say
from bss_mfg.cli.parameters import Reason, WholeNumber
from bss_mfg.cli.progress import SendingDisplay, progress_bar
from bss_mfg.cli.queue import entry_record, print_line
from bss_mfg.cli.unit_names import named_packages
from bss_mfg.core.text import count_words, for_terminal

if TYPE_CHECKING:
    from bss_mfg.label.printing.press_station import AskLastGood, Press, PressSetup, PressWork
    from bss_mfg.label.printing.send_batch import SentLabels
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.queue_records import LastGood, QueueEntry, Stretch

WAIT_S = 2.0
"""How often the queue is looked at where nobody tells of a change."""
NONE, ALL = "none", "all"
"""What is typed where no label is good, or every one."""


@click.command(epilog="Example: bss-mfg press --name press-2 --printer zpl-203 --send tcp://10.0.0.7 --roll 1000")
@click.option(
    "--name",
    shell_complete=suggestions.presses,
    help="The press's name, as in `labels --queue NAME` (default: the station's).",
)
@click.option("--once", is_flag=True, help="Print one entry, if one waits, and end.")
@click.option(
    "--printer",
    default="",
    shell_complete=suggestions.printers,
    help="The printer of labels that were asked for on any (default: as in `labels`).",
)
@click.option(
    "--send",
    "address",
    default="",
    metavar="ADDRESS",
    help="Where it is: tcp://HOST:9100, cups://QUEUE and others (default: the printer's own address).",
)
@click.option("--roll", type=WholeNumber(1), metavar="LABELS", help="How many labels a roll has: pauses when it ends.")
@click.option("--new-roll", is_flag=True, help="A new roll was put in since the press ran last.")
@click.option(
    "--take-over", type=WholeNumber(1), metavar="NUMBER", help="First take what another press can no longer print."
)
@click.option("--reason", type=Reason(), help="With --take-over: why; kept in the history.")
@json_option
@pass_app
def press(
    app: App,
    name: str | None,
    once: bool,
    printer: str,
    address: str,
    roll: int | None,
    new_roll: bool,
    take_over: int | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Print what waits in a press's queue, and pause at the end of a roll.

    Takes what was put there by `labels --queue`, in its order, and waits for more; Ctrl-C ends it. At the end of a
    roll, and after trouble with the printer, it asks for the last good label: scan it, and what came out behind it is
    printed again. What a press had begun when it was killed or switched off, the same press continues. With --json
    one document a line for each entry that has ended.
    """
    from bss_mfg.label.printing.press_station import PressSetup

    if (take_over is None) != (reason is None):
        raise click.UsageError("--take-over and --reason go together.")
    if printer:
        app.printer(printer)
    setup = PressSetup(press_name(app, name), printer, address, roll)

    def begin(operator: _Operator) -> None:
        if take_over is not None and reason is not None:
            operator.take_over(take_over, reason)
        operator.begin(new_roll)

    _work(app, setup, begin, once, as_json)


def _work(app: App, setup: PressSetup, begin: Callable[[_Operator], None], once: bool, as_json: bool) -> None:
    """Print what waits. A ledger that is lost while nothing is under way is opened again, once it is there; Ctrl-C then
    ends the press."""
    from bss_mfg.errors import LedgerError, MissingError
    from bss_mfg.label.printing.press_station import Press

    operator: _Operator | None = None
    pause_s, trouble = 0.0, ""
    while True:
        try:
            time.sleep(pause_s)
            with app.workspace.open_ledger(app.actor) as ledger, ledger.print_queue.at_work(setup.name):
                is_first, trouble = operator is None, ""
                operator = _Operator(ledger, Press(app.workspace, ledger, setup), as_json)
                if is_first:
                    begin(operator)
                operator.work(once)
                return
        except (LedgerError, MissingError) as error:
            if operator is None or not operator.is_idle or once:
                raise
            if error.what != trouble:
                say(f"{error.what}: trying again. Ctrl-C ends.")
            trouble = error.what
            pause_s = WAIT_S
        except KeyboardInterrupt:
            if operator is None or not operator.is_idle:
                raise
            return


def press_name(app: App, name: str | None) -> str:
    """A press by its name; without one, this station's."""
    from bss_mfg.workspace.actor import check_name

    return check_name(name, "--name") if name else app.actor.station


class _Operator:
    """What is said to the operator, and asked."""

    def __init__(self, ledger: Ledger, station: Press, as_json: bool) -> None:
        self._ledger, self._queue, self._press, self._as_json = ledger, ledger.print_queue, station, as_json
        self._name = station.setup.name
        self.is_idle = False
        """Whether it waits, with nothing under way."""
        self._new_roll = False
        """The printer ran out of labels, so a new roll comes in with the next answer."""

    # --- the loop ---------------------------------------------------------------------------------------------------

    def begin(self, new_roll: bool) -> None:
        """Say what waits; `new_roll`: one was put in while the press did not run."""
        self._say_what_waits()
        if new_roll:
            self._end_roll()

    def take_over(self, number: int, reason: str) -> None:
        """Take what another press has taken; `LedgerError` while that is at work."""
        entry = self._queue.get(number)
        with nullcontext() if entry.press == self._name else self._queue.at_work(entry.press):
            self._queue.take_over(number, self._name, reason)
        say(f"Number {number} is with {self._name} now; it was with {entry.press}.")

    def work(self, once: bool) -> None:
        """Print what waits; without `once` until Ctrl-C."""
        from bss_mfg.errors import InputError, RefusedError

        told = False
        while True:
            self.is_idle = True
            self._ledger.home.refuse_moved()
            entry = self._press.next_entry()
            if entry is None:
                if once:
                    say(f"Nothing waits for {self._name}.")
                    return
                if not told:
                    say("Waiting for labels. Ctrl-C ends.")
                told = True
                self._queue.wait(WAIT_S)
                continue
            told = self.is_idle = False
            try:
                self._print(entry)
            except (InputError, RefusedError) as error:
                if once:
                    raise
                say(f"Passed over: {error}", colour="red")
                self._press.passed_over.add(entry.number)
            if once:
                return

    def _print(self, entry: QueueEntry) -> None:
        work = self._press.prepare(entry)
        if not entry.taken_at and not self._queue.take(entry.number, self._name):
            return  # it was moved or cancelled just now
        self._announce(work)
        self._go_through(work)

    def _go_through(self, work: PressWork) -> None:
        from bss_mfg.label.printing.press_station import AskLastGood, Ended, NewRoll, PrintNext

        while True:
            step = work.step()
            if isinstance(step, Ended):
                self._say_ended(step.entry)
                return
            if isinstance(step, PrintNext):
                self._print_stretch(work, step.stretch)
            elif isinstance(step, NewRoll):
                self._ask_enter("The roll is used up. Put in a new one, then press Enter.")
                self._end_roll()
            elif isinstance(step, AskLastGood):
                self._ask_last_good(work, step)

    def _print_stretch(self, work: PressWork, stretch: Stretch) -> None:
        from bss_mfg.errors import MissingError

        try:
            with SendingDisplay(f"from {work.first_serial(stretch)}") as display:
                patience = display.patience(work.how.printer.patience_s)
                with progress_bar(f"{work.batch.id}: labels") as making:
                    sent = work.print_stretch(stretch, patience, making=making, sending=display.progress)
        except MissingError as error:
            self._tell_trouble(work, stretch, error.what)
            return
        if sent is None:
            return
        if self._stays_open(work, sent):
            return
        work.count_all(sent)

    def _stays_open(self, work: PressWork, sent: SentLabels) -> bool:
        """Whether the operator has to look at what came out: the roll ended, or the printer says that something is
        wrong."""
        if sent.status and sent.status.problems:
            self._trouble(sent.status.problems)
            say(f"Paused: the printer says {sent.status.words}. {sent.status.way_out}", colour="yellow")
            say("Let it print what it still has.")
            return True
        if self._press.setup.roll is not None and work.roll_is_used_up:
            self._new_roll = True
            say("Paused: the roll is used up. Put in a new one.", colour="yellow")
            return True
        return False

    def _tell_trouble(self, work: PressWork, stretch: Stretch, what: str) -> None:
        """The printer took nothing, or broke off."""
        from bss_mfg.errors import BssError
        from bss_mfg.label.printing.ask_printer import printer_state

        say(f"Paused: {what}.", colour="yellow")
        if self._queue.send_state(work.entry, stretch):
            return  # the next step asks what is good
        try:
            status = printer_state(work.address, work.how.printer.language)
        except BssError:
            status = None
        if status and status.problems:
            self._trouble(status.problems)
            say(status.way_out)
        self._ask_enter("Nothing of these labels was printed. Press Enter to go on.")
        if self._new_roll:
            self._end_roll()

    def _trouble(self, problems: tuple[object, ...]) -> None:
        from bss_mfg.label.printing.status import PrinterProblem

        self._new_roll = PrinterProblem.PAPER_OUT in problems

    # --- questions --------------------------------------------------------------------------------------------------

    def _ask_last_good(self, work: PressWork, step: AskLastGood) -> None:
        from bss_mfg.errors import InputError

        begin, end = work.first_serial(step.stretch), work.last_serial(step.stretch)
        total = step.stretch.labels
        sent = (
            f"{'all ' if total > 1 else ''}{count_words(total, 'label')} went to the printer"
            if step.whole
            else f"at most {step.labels:,} of {count_words(total, 'label')} came out"
            if step.labels is not None
            else f"nobody knows how many of {count_words(total, 'label')} came out"
        )
        which = begin if begin == end else f"{begin} to {end}"
        say(f"Number {work.entry.number}, {which}: {sent}.", bold=True)
        # Copies of one label can't be told apart by a scan.
        has_all = step.whole and work.entry.asked.printing.copies > 1
        more = f", `{ALL}` if all are" if has_all else ""
        while True:
            answer = _read_line(
                f"Scan the last good label, or type its serial; `{NONE}` if none of these is good{more}: "
            )
            if not answer:
                continue
            if has_all and answer.lower() == ALL:
                spoiled = work.count_all()
                break
            try:
                serials = [] if answer.lower() == NONE else named_packages(self._ledger, work.batch.id, [answer])
                spoiled = work.count(_last_good(work, serials))
            except InputError as error:
                wrong = f"batch {work.batch.id}: {'; '.join(error.problems)}" if error.problems else str(error)
                say(wrong, colour="red")
                continue
            break
        if spoiled:
            say(f"At most {count_words(spoiled, 'label')} behind it: spoiled, and printed again. Throw them away.")
        if self._new_roll:
            self._end_roll()

    def _ask_enter(self, words: str) -> None:
        _read_line(f"{words} ")

    def _end_roll(self) -> None:
        self._new_roll = False
        roll = self._queue.end_roll(self._name)
        if roll.used:
            say(f"Roll {roll.roll} gave {count_words(roll.labels, 'good label')}, {roll.spoiled:,} spoiled.")

    # --- what is said -----------------------------------------------------------------------------------------------

    def _say_what_waits(self) -> None:
        entries = self._queue.entries(open_only=True, press=self._name)
        roll = self._queue.roll(self._name)
        of = f" of {self._press.setup.roll:,}" if self._press.setup.roll is not None else ""
        say(f"Press {self._name}: roll {roll.roll}, {roll.used:,}{of} used", bold=True)
        for entry in entries:
            print_line(self._queue, entry, say)

    def _announce(self, work: PressWork) -> None:
        asked = work.entry.asked
        copies = f", {asked.printing.copies} of each" if asked.printing.copies > 1 else ""
        say(
            f"Number {work.entry.number}: {count_words(asked.labels, 'label')} of {asked.batch}, "
            f"{asked.template} on {work.how.printer.name}{copies}",
            bold=True,
        )

    def _say_ended(self, entry: QueueEntry) -> None:
        self.is_idle = True
        progress = self._queue.progress(entry)
        spoiled = f", {progress.spoiled:,} spoiled" if progress.spoiled else ""
        words = f"Number {entry.number}: {progress.state}, {count_words(progress.good, 'good label')}{spoiled}"
        roll = self._queue.roll(self._name)
        say(f"{words}; roll {roll.roll}: {roll.used:,} used")
        if self._as_json:
            import json

            print_text(json.dumps(entry_record(self._queue, entry), ensure_ascii=True))


def _last_good(work: PressWork, serials: list[str]) -> LastGood:
    from bss_mfg.ledger.queue_records import LastGood

    return work.last_good(serials) if serials else LastGood()


def _read_line(prompt: str) -> str:
    """A line that is typed or scanned now: what came while nobody asked is no answer."""
    if sys.stdin.isatty():
        click.echo("\a", nl=False, err=True)
        _forget_typed()
    click.echo(for_terminal(prompt), err=True, nl=False)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        _stop()
    if not sys.stdin.isatty():
        say("")
    return line.strip()


def _forget_typed() -> None:
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
        return
    import termios

    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _stop() -> NoReturn:
    from bss_mfg.errors import StoppedError

    raise StoppedError("stopped at a question", way_out="The same command continues, and asks it again.")
