"""Lines broken between words where a terminal would break them within. What is copied stays in one piece."""

from __future__ import annotations

import re

_PIECE = re.compile(r"(?:`[^`]*`|\[[^\]]*\](?![\w-])|\S)+")
"""A word, a `command`, or where something is: [scan 1.png, page 2, 7.3 mm from the left]."""
_LEAD = re.compile(r"[A-Z][\w -]{0,15}: ")
"""MISSING: that a line begins with; what follows hangs below it."""


def fitted(text: str, width: int) -> str:
    """Sentences broken between words, each hanging below its first words. What is to be copied stays in one piece:
    `commands`, names of files, and lines that begin with a space or `$ `. 0 is no width: the text as it is."""
    return "\n".join(_broken(line, width) for line in text.split("\n")) if width else text


def hanging(head: str, text: str, width: int) -> str:
    """A text behind its head, its lines below each other. What is too long for that has lines of its own; what looks
    like the path of a file stays whole."""
    room = width - len(head)
    if not width or len(text) <= room:
        return head + text
    if len(text) <= width or max(map(len, _pieces(text, width))) > room:
        whole = len(text) <= width or "/" in text or "\\" in text
        return f"{head.rstrip()}\n{text if whole else fitted(text, width)}"
    return beside(head, text, width)


def beside(head: str, text: str, width: int) -> str:
    """Words behind their head, whatever their length, their lines below each other."""
    return head + f"\n{' ' * len(head)}".join(fitted(text, max(width - len(head), 10)).split("\n"))


def _broken(line: str, width: int) -> str:
    if len(line) <= width or line.startswith((" ", "$ ")):
        return line
    lead = _LEAD.match(line)
    indent = " " * (0 if lead is None else len(lead[0]) if len(lead[0]) <= width // 4 else 2)
    lines = [""]
    for piece in _pieces(line, width - len(indent)):
        begun = f"{lines[-1]} {piece}" if lines[-1].strip() else lines[-1] + piece
        # A command that is longer than a line is broken by the terminal, which joins it again when it is copied.
        if len(begun) <= width or not lines[-1].strip():
            lines[-1] = begun
        else:
            lines.append((indent if len(indent + piece) <= width else "") + piece)
    return "\n".join(lines)


def _pieces(line: str, room: int) -> list[str]:
    """What a line consists of. A place in brackets that is too long for a line is broken behind its commas, so that the
    name of a file stays whole."""
    found = []
    for piece in _PIECE.findall(line):
        is_long_place = len(piece) > room and piece.startswith("[")
        found += re.split(r"(?<=,) ", piece) if is_long_place else [piece]
    return found
