"""Makes docs/pictures/demo.cast (asciicast v2) and docs/pictures/demo.svg of it: the demo, and what one does next.

What is typed and what the program prints is real; pauses are ours: as if somebody typed quickly and read along.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte
from pictures_made import BEGIN, opened
from terminal import DEMO_COLUMNS, Output, Terminal
from terminal_svg import Still, Timed, animated, words

TITLE = "bss-mfg demo: two sample batches through the whole line"
COLUMNS, ROWS = DEMO_COLUMNS, 30
COMMANDS = (
    "bss-mfg demo",
    "cd bss-mfg-demo",
    "bss-mfg verify mesh-bulb-0001 batches/mesh-bulb-0001/labels",
    "bss-mfg reprint mesh-bulb-0001 0026G000007 --reason torn",
    "bss-mfg scrap mesh-bulb-0001 0026G000008 --reason dropped",
    "bss-mfg reconcile mesh-bulb-0001",
)
KEY_S, ENTER_S, LINE_S, READING_S, LONGEST_S = 0.06, 0.6, 0.18, 4.0, 120.0
_STYLE_OR_KEY = re.compile(r"\x1b\[[\d;]*m|\r\n|.")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True)
class Event:
    """What is shown at a moment, in seconds from the beginning."""

    at: float
    text: str


def events(outputs: Iterable[Output]) -> list[Event]:
    """When what is shown."""
    found, at = [], 0.5
    for output in outputs:
        if output.typed:
            for key in _STYLE_OR_KEY.findall(output.text):
                at += ENTER_S if key == "\r\n" else 0 if key.startswith("\x1b") else KEY_S
                found.append(Event(round(at, 2), key))
            continue
        lines = _LINE.findall(output.text)
        for line in lines:
            at += LINE_S
            found.append(Event(round(at, 2), line))
        at += READING_S if len(lines) > 1 else 0
    return found


def cast(shown: Sequence[Event]) -> str:
    """The asciicast: a header, then an event a line."""
    header = {
        "version": 2, "width": COLUMNS, "height": ROWS, "timestamp": int(BEGIN.timestamp()), "title": TITLE,
        "env": {"TERM": "xterm-256color", "SHELL": "/bin/sh"},
    }  # fmt: skip
    lines = [json.dumps(header), *(json.dumps([event.at, "o", event.text], ensure_ascii=False) for event in shown)]
    return "\n".join(lines) + "\n"


def picture(shown: Sequence[Event]) -> str:
    """The same as an SVG that moves by itself, and stands where nothing may move."""
    screen = pyte.Screen(COLUMNS, 400)
    stream = pyte.Stream(screen)
    begun: dict[int, float] = {}
    for event in shown:
        stream.feed(event.text)
        for row in screen.dirty:
            if any(char.data.strip() for char in screen.buffer[row].values()):
                begun.setdefault(row, event.at)
        screen.dirty.clear()
    lines = [[screen.buffer[row][column] for column in range(COLUMNS)] for row in range(max(begun) + 1)]
    said = "\n".join(words(line) for line in lines)
    times, last = [], 0.0
    for row in range(len(lines)):
        last = begun.get(row, last)
        times.append(last)
    return animated(Timed(Still(TITLE, said, lines, COLUMNS), times, ROWS))


PICTURES = {"demo.cast": cast, "demo.svg": picture}


def played() -> list[Event]:
    """The commands, typed now."""
    with tempfile.TemporaryDirectory() as place:
        terminal = Terminal(Path(place), COLUMNS, ROWS)
        for command in COMMANDS:
            terminal.type(command)
    return events(terminal.outputs)


if __name__ == "__main__" and (gallery := opened(sys.argv[1:], PICTURES)):
    found = played()
    if found[-1].at > LONGEST_S:
        sys.exit(f"the cast takes {found[-1].at:.0f} s, and may take {LONGEST_S:.0f}")
    for name, made in PICTURES.items():
        gallery.text(name, made(found))
    gallery.close()
