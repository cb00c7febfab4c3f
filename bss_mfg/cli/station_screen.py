"""What a desk with a hand scanner shows: one line for each read, JSON, or a full screen; and the loop that reads it."""

from __future__ import annotations

import itertools
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import click

from bss_mfg.cli.common import Command, print_text, say
from bss_mfg.cli.page_code import coloured_code
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.streams import reader_left
from bss_mfg.cli.terminal import Terminal, styled, terminal_of
from bss_mfg.core.columns import centred, columns_of, cut, padded, wrapped
from bss_mfg.core.languages import ENGLISH, SEMICOLON, Language, joined, phrase
from bss_mfg.core.text import for_terminal

if TYPE_CHECKING:
    from bss_mfg.station.keystrokes import Happening

_HAPPENINGS = {
    "UNPLUGGED": phrase("The scanner is unplugged: waiting until it is back."),
    "PLUGGED_IN": phrase("The scanner is back: scan on."),
}
_MARKS = {"good": phrase("ok"), "note": phrase("note"), "bad": phrase("BAD")}
_FRAME = 10
"""Rows of a screen besides counts, serials, details and reads: title, bar, notice, the word, two empty ones, the foot,
and where is typed."""
_COLOURS = {"good": "green", "note": "yellow", "bad": "red", "working": "cyan"}


class Answer(Protocol):
    """What a desk says of one read."""

    @property
    def tone(self) -> str: ...
    @property
    def word(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def serials(self) -> str: ...
    @property
    def is_fault(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Working:
    """What is being done before there is an answer, in a word and in a sentence."""

    word: str
    detail: str
    tone: str = "working"
    serials: str = ""
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What a screen shows besides answers, in the operators' language: a title, a bar (`done` of `whole`), a line of
    counts with the pace behind it, which alone is no reason to draw anew, and a last line."""

    title: str
    done: int
    whole: int
    line: str
    pace: str = field(default="", compare=False)
    foot: Callable[[], str] = field(default=str, compare=False)


def _detail(answer: Answer) -> Sequence[str]:
    return (answer.detail,)


@dataclass(frozen=True, slots=True)
class Face:
    """A desk as it is shown: its view at a moment, an answer as JSON, the newest answers of earlier sessions, an
    answer's detail as the screen shows it, each part on a line of its own, and the operators' language."""

    view: Callable[[], View]
    as_json: Callable[[Answer], str]
    earlier: Sequence[Answer] = ()
    lines: Callable[[Answer], Sequence[str]] = _detail
    language: Language = ENGLISH


def port_options(function: Command) -> Command:
    """`--port` and `--baud`."""
    function = click.option(
        "--baud", type=WholeNumber(50, 4_000_000), default=9600, show_default=True, help="Speed of the serial port."
    )(function)
    return click.option("--port", help="Read a scanner on this serial port (COM3, /dev/ttyUSB0); needs pyserial.")(
        function
    )


def show_options(function: Command) -> Command:
    """`--plain` and `--json`."""
    function = click.option(
        "--json", "as_json", is_flag=True, help="One JSON document for each read, on one line (docs/formats/json.md)."
    )(function)
    return click.option("--plain", is_flag=True, help="One line for each read, instead of a full screen.")(function)


def scanned_lines(port: str | None, baud: int) -> Iterable[str | Happening]:
    """What a scanner sends: on a serial port, into the terminal, or into whatever standard input is."""
    from bss_mfg.station.serial_port import read_port
    from bss_mfg.station.terminal import read_terminal

    if port:
        return read_port(port, baud)
    return read_terminal() if sys.stdin.isatty() else sys.stdin


def serve_desk(lines: Iterable[str | Happening], read: Callable[[str], Answer | None], answers: Answers) -> None:
    """Answer one line after the other, until they end or nobody sees the answers any more."""
    from bss_mfg.station.keystrokes import Happening

    answers.begin()
    for line in lines:
        if isinstance(line, Happening):
            answers.tell(line)
        elif answer := read(line):
            answers.show(answer)
            if reader_left():
                break


class Answers:
    """Shows answers as they come, and remembers whether one was wrong."""

    def __init__(self, face: Face, *, plain: bool, as_json: bool) -> None:
        self._face, self._as_json = face, as_json
        shown = terminal_of(sys.stdout)
        self.screen = Screen(face, shown) if shown and shown.redraws and not plain and not as_json else None
        self.wrong = False
        self._shown: View | None = None

    def begin(self) -> None:
        """Draw the screen, where there is one."""
        if self.screen:
            self.screen.draw(None)

    def end(self) -> None:
        """Leave the screen."""
        if self.screen:
            click.echo()

    def tell(self, happening: Happening) -> None:
        """Say that the scanner was unplugged or is back; in a pause, show what other stations have read."""
        words = self._face.language(_HAPPENINGS.get(happening.name, ""))
        if self.screen:
            view = self._face.view()
            if words or view != self._shown:
                self._shown = view
                self.screen.notice(words)
        elif words:
            say(words)

    def work(self, working: Working) -> None:
        """Show what is being done, where there is a screen."""
        if self.screen:
            self.screen.draw_working(working)

    def show(self, answer: Answer) -> None:
        """Draw the screen, or print a line; ring where something is wrong, or was read before."""
        if self.screen:
            self.screen.draw(answer)
        elif self._as_json:
            print_text(self._face.as_json(answer))
        else:
            shown = self._face.language
            print_text(f"{shown(answer.word)}: {shown(joined(SEMICOLON, (answer.serials, answer.detail)))}")
        if answer.is_fault:
            self.wrong = True
            click.echo("\a", nl=False, err=True)


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _rows() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).lines or 50
    except OSError:
        return 50


class Screen:
    """The full screen: the answer in large letters, counts, what is missing, the last ten reads."""

    def __init__(self, face: Face, terminal: Terminal) -> None:
        self._face, self._terminal = face, terminal
        self._last: deque[Answer] = deque(face.earlier, maxlen=10)
        self._invitation = ""
        self._answer: Answer | None = None
        self._notice = ""

    def notice(self, words: str) -> None:
        """Draw anew what was shown last, with a notice about the scanner; an empty one leaves that as it is."""
        self._notice = words or self._notice
        self._draw()

    def invite(self, invitation: str) -> None:
        """Show from now on how a phone gets to the page."""
        self._invitation = invitation
        self.draw(None)

    def draw(self, answer: Answer | None) -> None:
        """Draw everything anew: a terminal that lost a line is whole again with the next read."""
        if answer:
            self._last.appendleft(answer)
            self._notice = ""
        self._answer = answer
        self._draw()

    def draw_working(self, working: Working) -> None:
        """Draw what is being done; it is no read."""
        self._answer = working
        self._draw()

    def _draw(self) -> None:
        answer = self._answer
        width = max(min(_columns(), 100), 40)
        view = self._face.view()
        counts = _wrapped([f"{view.line}{view.pace}"], width)
        shown = self._face.language
        serials = _wrapped([answer.serials if answer else shown(phrase("Scan a label."))], width)
        details = _wrapped([shown(line) for line in self._face.lines(answer)] if answer else [""], width)
        invitation = f"\n{self._invitation}" if self._invitation else " > "
        room = _rows() - _FRAME - len(counts) - len(serials) - invitation.count("\n")
        if len(details) > room > 0:
            details = [*details[: room - 1], " ..."]
        listed = max(min(room - len(details), 10), 0)
        click.clear()
        click.echo(self._styled(f" bss-mfg  {for_terminal(view.title)}", bold=True))
        share = view.done * (width - 4) // max(view.whole, 1)
        click.echo(f" [{'#' * share}{'.' * (width - 4 - share)}]")
        click.echo("\n".join(counts))
        click.echo(self._styled(f" {for_terminal(self._notice)}", "yellow", bold=True) if self._notice else "")
        word, tone = (answer.word, answer.tone) if answer else (phrase("READY"), "note")
        colour = _COLOURS[tone]
        for text in ("", shown(word), ""):
            click.echo(self._styled(centred(text, width), "black", ground=colour, bold=True))
        click.echo(self._styled("\n".join(serials), bold=True))
        click.echo("\n".join(details))
        click.echo()
        marks = max(columns_of(shown(mark)) for mark in _MARKS.values())
        names = max([16, *(min(columns_of(shown(item.word)), 24) for item in self._last)])
        for item in itertools.islice(self._last, listed):
            mark, named = padded(shown(_MARKS[item.tone]), marks), padded(for_terminal(shown(item.word)), names)
            serials_shown = for_terminal(item.serials)[: width - 6 - names - marks]
            click.echo(self._styled(f" {mark} ", _COLOURS[item.tone]) + f"{named} {serials_shown}")
        click.echo()
        click.echo(cut(for_terminal(view.foot()), width))
        click.echo(coloured_code(invitation, self._terminal), nl=False)

    def _styled(self, text: str, colour: str | None = None, *, ground: str | None = None, bold: bool = False) -> str:
        return styled(text, self._terminal, colour=colour, ground=ground, bold=bold)


def _wrapped(texts: Sequence[str], width: int) -> list[str]:
    """Texts in lines that are broken between words; each has one at least."""
    return [f" {line}" for text in texts for line in wrapped(for_terminal(text), width - 2, indent="  ")]
