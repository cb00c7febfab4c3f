"""press: the operator's loop at a station that prints."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click

from bss_mfg.cli.common import App, json_option, pass_app, say
from bss_mfg.cli.parameters import Reason, WholeNumber
from bss_mfg.cli.progress import SendingDisplay, progress_bar
from bss_mfg.cli.queue import entry_record, print_line
from bss_mfg.cli.unit_names import named_packages
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.label.printing.press_station import AskLastGood, Press, PressWork
    from bss_mfg.label.printing.send_batch import SentLabels
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.queue_records import LastGood, QueueEntry, Stretch

WAIT_S = 2.0
"""How often the queue is looked at where nobody tells of a change."""
NONE = "none"
"""What is typed where no label is good."""


@click.command(epilog="Example: bss-mfg press --name press-2 --printer zpl-203 --send tcp://10.0.0.7 --roll 1000")
@click.option("--name", help="The press's name, as in `labels --queue NAME` (default: the station's).")
@click.option("--once", is_flag=True, help="Print one entry, if one waits, and end.")
@click.option(
    "--printer", default="", help="The printer of labels that were asked for on any (default: as in `labels`)."
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
    from bss_mfg.label.printing.press_station import Press, PressSetup

    if (take_over is None) != (reason is None):
        raise click.UsageError("--take-over and --reason go together.")
    if printer:
        app.printer(printer)
    named = press_name(app, name)
    with app.workspace.open_ledger(app.actor) as ledger, ledger.print_queue.at_work(named):
        station = Press(app.workspace, ledger, PressSetup(named, printer, address, roll))
        if take_over is not None and reason is not None:
            _take_over(ledger, named, take_over, reason)
        _Operator(ledger, station, as_json).work(once, new_roll)


def press_name(app: App, name: str | None) -> str:
    """A press by its name; without one, this station's."""
    from bss_mfg.workspace.actor import check_name

    return check_name(name, "--name") if name else app.actor.station


def _take_over(ledger: Ledger, name: str, number: int, reason: str) -> None:
    entry = ledger.print_queue.get(number)
    if entry.press == name:
        ledger.print_queue.take_over(number, name, reason)
        return
    with ledger.print_queue.at_work(entry.press):  # it can't be at work meanwhile
        ledger.print_queue.take_over(number, name, reason)
    say(f"Taken over from {entry.press}: number {number}.")


class _Operator:
    """What is said to the operator, and asked."""

    def __init__(self, ledger: Ledger, station: Press, as_json: bool) -> None:
        self._ledger, self._queue, self._press, self._as_json = ledger, ledger.print_queue, station, as_json
        self._name = station.setup.name
        self._new_roll = False
        """The printer ran out of labels, so a new roll comes in with the next answer."""

    # --- the loop ---------------------------------------------------------------------------------------------------

    def work(self, once: bool, new_roll: bool) -> None:
        """Print what waits; without `once` until Ctrl-C."""
        from bss_mfg.errors import InputError, RefusedError

        self._say_what_waits()
        if new_roll:
            self._end_roll()
        told = False
        while True:
            entry = self._press.next_entry()
            if entry is None:
                if once:
                    say(f"Nothing waits for {self._name}.")
                    return
                if not told:
                    say("Waiting for labels. Ctrl-C ends.")
                told = True
                try:
                    self._queue.wait(WAIT_S)
                except KeyboardInterrupt:
                    say("")
                    return
                continue
            told = False
            try:
                self._print(entry)
            except (InputError, RefusedError) as error:
                if once:
                    raise
                say(click.style(f"Passed over: {error}", fg="red"))
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

        label = f"{work.batch.id}: {work.first_serial(stretch)}"
        try:
            with SendingDisplay(label) as display:
                patience = display.patience(work.how.printer.patience_s)
                making = progress_bar(f"{work.batch.id}: labels")
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
            say(click.style(f"Paused: the printer says {sent.status.words}. {sent.status.way_out}", fg="yellow"))
            say("Let it print what it still has.")
            return True
        if self._press.setup.roll is not None and work.roll_is_used_up:
            self._new_roll = True
            say(click.style("Paused: the roll is used up. Put in a new one.", fg="yellow"))
            return True
        return False

    def _tell_trouble(self, work: PressWork, stretch: Stretch, what: str) -> None:
        """The printer took nothing, or broke off."""
        from bss_mfg.errors import BssError
        from bss_mfg.label.printing.ask_printer import printer_state

        say(click.style(f"Paused: {what}.", fg="yellow"))
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
            f"all {count_words(total, 'label')} went to the printer"
            if step.whole
            else f"at most {step.labels:,} of {count_words(total, 'label')} came out"
            if step.labels is not None
            else f"nobody knows how many of {count_words(total, 'label')} came out"
        )
        say(click.style(f"Number {work.entry.number}, {begin} to {end}: {sent}.", bold=True))
        while True:
            answer = _read_line(f"Scan the last good label, or type its serial; `{NONE}` if none of these is good: ")
            if not answer:
                continue
            try:
                serials = [] if answer.lower() == NONE else named_packages(self._ledger, work.batch.id, [answer])
                spoiled = work.count(_last_good(work, serials))
            except InputError as error:
                say(click.style("; ".join(error.problems) or str(error), fg="red"))
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
        say(click.style(f"Press {self._name}: roll {roll.roll}, {roll.used:,}{of} used", bold=True))
        for entry in entries:
            print_line(self._queue, entry, say)

    def _announce(self, work: PressWork) -> None:
        asked = work.entry.asked
        copies = f", {asked.printing.copies} of each" if asked.printing.copies > 1 else ""
        say(
            click.style(f"Number {work.entry.number}: {count_words(asked.labels, 'label')} of {asked.batch}", bold=True)
            + f", {asked.template} on {work.how.printer.name}{copies}"
        )

    def _say_ended(self, entry: QueueEntry) -> None:
        progress = self._queue.progress(entry)
        spoiled = f", {progress.spoiled:,} spoiled" if progress.spoiled else ""
        words = f"Number {entry.number}: {progress.state}, {count_words(progress.good, 'good label')}{spoiled}"
        roll = self._queue.roll(self._name)
        say(f"{words}; roll {roll.roll}: {roll.used:,} used")
        if self._as_json:
            import json

            click.echo(json.dumps(entry_record(self._queue, entry), ensure_ascii=True))


def _last_good(work: PressWork, serials: list[str]) -> LastGood:
    from bss_mfg.ledger.queue_records import LastGood

    return work.last_good(serials) if serials else LastGood()


def _read_line(prompt: str) -> str:
    """A line that is typed or scanned now: what came while nobody asked is no answer."""
    if sys.stdin.isatty():
        click.echo("\a", nl=False, err=True)
        _forget_typed()
    click.echo(prompt, err=True, nl=False)
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
