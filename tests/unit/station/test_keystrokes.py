"""A scanner's control characters, and keys that somebody presses."""

from __future__ import annotations

import pytest

from bss_mfg.station.keystrokes import Key, Keystrokes


def typed(*pieces: tuple[float, bytes]) -> list[str | Key]:
    """What comes of bytes, each with the time since those before, in seconds; then nothing comes for a second."""
    strokes, now, found = Keystrokes(), 0.0, []
    for after, data in pieces:
        now += after
        found += strokes.tick(now)
        found += strokes.feed(data, now)
    return [*found, *strokes.tick(now + 1)]


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        ([(0, b"one\r"), (0.5, b"two\n")], ["one", "two"]),
        ([(0, b"one\r\ntwo\r\n")], ["one", "two"]),
        ([(0, b"\x02one\x03"), (0.5, b"two\x04")], ["one", "two"]),
        ([(0, b"one\r\x03"), (0.5, b"two\x03\r")], ["one", "two"]),
        ([(0, b"one"), (0.01, b"\x03"), (0.01, b"two\r")], ["one", "two"]),
        ([(0, b"\x03one\r")], ["one"]),
        ([(0, b"one\r"), (1, b"\x03")], ["one", Key.INTERRUPT]),
        ([(0, b"half"), (1, b"\x03")], [Key.INTERRUPT]),
        ([(0, b"one\r"), (1, b"\x04")], ["one", Key.END]),
        ([(0, b"half"), (1, b"\x04")], []),
        ([(0, b"onf\x7fe\r")], ["one"]),
        ([(0, b"a\x1db\x1ec\r")], ["a\x1db\x1ec"]),
        ([(0, "Ö".encode()[:1]), (0.01, "Ö".encode()[1:] + b"\r")], ["Ö"]),
        ([(0, b"\xff\r")], ["\udcff"]),
    ],
)
def test_what_comes_in_one_go_is_the_scanners(pieces: list[tuple[float, bytes]], wanted: list[str | Key]) -> None:
    assert typed(*pieces) == wanted
