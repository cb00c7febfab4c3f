"""Standard streams that outlive their readers, and are UTF-8.

`bss-mfg table ... | head` closes the pipe early. That is no fault: what would follow is thrown away, and the command
ends with the code that it would have had with a patient reader, so that a check that found something wrong still says
so. A command that only prints asks `reader_left`, and stops.

Into a file or a pipe Windows would write in the code page of the country, and read so: a template that was printed into
a file could not be read again. A console is left alone.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

_LEFT = {errno.EPIPE, *({errno.EINVAL} if os.name == "nt" else ())}
"""What writing to a pipe that nobody reads any more ends with; Windows calls it an invalid argument."""


class _PatientFile(io.FileIO):
    """A descriptor that takes what is written to it, whether or not someone reads it."""

    reader_left = False

    def write(self, data: object, /) -> int:
        if not self.reader_left:
            try:
                return super().write(data) or 0  # type: ignore[arg-type]
            except OSError as error:
                if error.errno not in _LEFT:
                    raise
                self.reader_left = True
        return memoryview(data).nbytes  # type: ignore[arg-type]


@contextlib.contextmanager
def patient_streams() -> Iterator[None]:
    """Standard output and error are patient inside. A terminal stays as it is: its reader does not leave."""
    before = sys.stdout, sys.stderr
    with contextlib.suppress(AttributeError, OSError, ValueError):  # none, or one that is read already
        _readable(sys.stdin)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        # A Windows console in a national code page must not crash on a character it lacks.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        with contextlib.suppress(AttributeError, OSError, ValueError):  # none, or not of a descriptor
            if not stream.isatty():
                stream.flush()
                setattr(sys, name, _patient(stream))
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):
                stream.flush()
        sys.stdout, sys.stderr = before


def _patient(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    file = _PatientFile(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding=_encoding(stream),
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
    )


def _encoding(stream: io.TextIOWrapper) -> str:
    return "utf-8" if os.name == "nt" and not os.environ.get("PYTHONIOENCODING") else stream.encoding


def _readable(stream: Any) -> None:
    """What can't be decoded is shown as an escape, and is then a wrong code: no scanner's noise ends a station."""
    if not stream.isatty():
        stream.reconfigure(encoding=_encoding(stream), errors="backslashreplace")


def reader_left() -> bool:
    """Whether whoever read standard output has left."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, _PatientFile) and raw.reader_left
