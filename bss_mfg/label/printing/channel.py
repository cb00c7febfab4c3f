"""A line of bytes to a printer: what a raw port, a device file and a document of a spooler have in common."""

from __future__ import annotations

from typing import Protocol


class Channel(Protocol):
    """A line of bytes to a printer. All methods but `close` raise an `OSError` where it is broken."""

    def write(self, data: memoryview) -> int:
        """Hand over some of it; how many bytes were taken. `TimeoutError` where none were for a poll."""

    def read(self, wait_s: float) -> bytes | None:
        """What the printer says within the time; empty where it says no more, None where it has said nothing."""

    def pending(self) -> int:
        """Bytes that this machine still keeps for the printer; 0 where it does not know."""

    def finish(self) -> None:
        """Nothing more is written."""

    def close(self) -> None:
        """Hang up."""
