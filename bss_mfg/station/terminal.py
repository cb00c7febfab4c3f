"""A scanner that types into the terminal: lines as they come, and pauses in which the screen can be drawn anew."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator

from bss_mfg.station.keystrokes import BURST_SECONDS, Happening, Key, Keystrokes

_IDLE_SECONDS = 1.0
_CTRL_Z = 0x1A


def read_terminal(stop: Callable[[], bool] = lambda: False) -> Iterator[str | Happening]:
    """Lines from standard input, which is a terminal, until Ctrl-D (Windows: Ctrl-Z), or until `stop` says so in a
    pause. Ctrl-C is a `KeyboardInterrupt`; an ETX that a scanner sends is not."""
    strokes = Keystrokes(end_key=_CTRL_Z) if sys.platform == "win32" else Keystrokes()
    arrived: queue.Queue[tuple[bytes, float]] = queue.Queue()
    with _unprocessed():
        # A thread notes when characters come: the caller may be busy with the line before.
        threading.Thread(target=_listen, args=(arrived,), daemon=True).start()
        while True:
            try:
                data, at = arrived.get(timeout=BURST_SECONDS if strokes.undecided else _IDLE_SECONDS)
            except queue.Empty:
                found = strokes.tick(time.monotonic())
                if not found:
                    yield Happening.NOTHING
                if stop():
                    return
            else:
                found = strokes.feed(data, at) if data else [*strokes.rest(), Key.END]
            for item in found:
                if item is Key.INTERRUPT:
                    raise KeyboardInterrupt
                if item is Key.END:
                    return
                assert isinstance(item, str)  # noqa: S101 (the only kind left)
                yield item


def _listen(arrived: queue.Queue[tuple[bytes, float]]) -> None:
    """Put into the queue what is typed, each time when it came; nothing once the terminal is gone."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            arrived.put((msvcrt.getwch().encode("utf-8", "surrogatepass"), time.monotonic()))
    data = b"..."
    while data:
        try:
            data = os.read(sys.stdin.fileno(), 4096)
        except OSError:
            data = b""
        arrived.put((data, time.monotonic()))


@contextlib.contextmanager
def _unprocessed() -> Iterator[None]:
    """The terminal sends every character as it is: no line editing, signals or flow control of its own. What is typed
    is still shown."""
    if sys.platform == "win32":
        yield
        return
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    changed = termios.tcgetattr(terminal)
    changed[0] &= ~termios.IXON
    changed[3] &= ~(termios.ICANON | termios.ISIG | termios.IEXTEN)
    changed[6][termios.VMIN], changed[6][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, changed)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # a terminal that was closed
            termios.tcsetattr(terminal, termios.TCSANOW, before)
