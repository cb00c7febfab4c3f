"""Lines out of what a scanner types into a terminal, which tells its control characters from keys that people press.

A scanner may end a read with ETX or EOT, which are also Ctrl-C and Ctrl-D. A scanner sends its characters in one go;
who presses a key does so before or after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

BURST_SECONDS = 0.05
"""Characters that follow one another faster than this come from a scanner."""
_ETX, _EOT, _SUB, _STX = 0x03, 0x04, 0x1A, 0x02
_LONGEST = 100_000
"""A line is cut here: what sends no line ends must not fill the memory."""


class Happening(Enum):
    """What a source of lines tells besides lines."""

    NOTHING = auto()
    """Nothing came for a while."""
    UNPLUGGED = auto()
    PLUGGED_IN = auto()


class Key(Enum):
    """A key that somebody pressed."""

    INTERRUPT = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class _Control:
    """A control character that may be a key, and when it came."""

    code: int
    at: float
    alone_before: bool


class Keystrokes:
    """Puts lines together. `feed` takes bytes as they come, `tick` the time while none come."""

    def __init__(self, *, end_key: int = _EOT) -> None:
        self._end_key = end_key
        self._line = bytearray()
        self._last = float("-inf")
        self._control: _Control | None = None

    @property
    def undecided(self) -> bool:
        """Whether a control character waits for what follows it."""
        return self._control is not None

    def feed(self, data: bytes, now: float) -> list[str | Key]:
        """The lines that are whole, and the keys, in their order."""
        found = self.tick(now)
        for code in data:
            if self._control:
                found += self._end_line()  # more came at once: it was the scanner's
            alone = now - self._last >= BURST_SECONDS
            self._last = now
            if code in (_ETX, self._end_key):
                self._control = _Control(code, now, alone)
            elif code in b"\r\n":
                found += self._end_line()
            elif code in (0x08, 0x7F):
                del self._line[-1:]
            elif code != _STX or self._line:
                self._line.append(code)
                if len(self._line) >= _LONGEST:
                    found += self._end_line()
        return found

    def tick(self, now: float) -> list[str | Key]:
        """A key, once it is sure that nothing follows it."""
        control = self._control
        if control is None or now - control.at < BURST_SECONDS:
            return []
        if not control.alone_before:
            return [*self._end_line()]  # the end of what a scanner sent
        self._control = None
        if control.code == _ETX:
            return [Key.INTERRUPT]
        return [] if self._line else [Key.END]

    def rest(self) -> list[str]:
        """What is left where nothing more can come."""
        return self._end_line()

    def _end_line(self) -> list[str]:
        self._control = None
        line = self._line.decode("utf-8", "surrogateescape")
        self._line.clear()
        return [line] if line else []
