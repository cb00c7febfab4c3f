"""pylibdmtx, the second and independent reader, in a process of its own with a time limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bss_mfg.core.processes import TaskFailure, Worker
from bss_mfg.errors import MissingError

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey, PixelBox

READ_SECONDS = 30.0
"""After this a picture that stalls libdmtx is given up."""
SEARCH_MS = 800
"""How long libdmtx may look for a symbol in one picture: the one clock that can still cost a read. Without it, and with
a coarser grid of lines, it reads as many, but a symbol scanned at 900 dpi takes 10 s."""

GreyPixels = tuple[bytes, int, int]
"""8-bit grey pixels, width and height."""


class SecondReader:
    """A picture that stalls or crashes libdmtx costs one symbol, not the run."""

    def __init__(self, seconds: float = READ_SECONDS, search_ms: int = SEARCH_MS) -> None:
        self._worker: Worker[GreyPixels | None, bytes | bool | None] = Worker(_make_decoder, (search_ms,), seconds)
        self._available: bool | None = None
        self.failures = 0
        """Pictures that gave no answer: they stalled it, crashed it, or raised an error."""

    def __enter__(self) -> SecondReader:
        self.require()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    @contextmanager
    def on_demand(cls) -> Iterator[SecondReader]:
        """A reader whose process is started when it is first asked, and ended with the context."""
        reader = cls()
        try:
            yield reader
        finally:
            reader.close()

    def close(self) -> None:
        """End the process."""
        self._worker.close()

    def is_available(self) -> bool:
        """Whether libdmtx can be loaded here."""
        if self._available is None:
            self._available = self._worker.run(None) is True
        return self._available

    def require(self) -> None:
        """`MissingError` where libdmtx can't be loaded."""
        if not self.is_available():
            raise MissingError(
                "the second reader needs libdmtx, which is not installed",
                way_out="Debian and Ubuntu: `sudo apt-get install libdmtx0b`; macOS: `brew install libdmtx`; on "
                "Windows it comes with pylibdmtx. Verification without --second-reader works.",
            )

    def read(self, grey: Grey, box: PixelBox, margin: float = 0.08) -> bytes | None:
        """The bytes of the symbol in the box; None where it could not be read in time. `margin` is in box widths."""
        import numpy as np

        edge = box[2] * margin + 3
        left, top = max(int(box[0] - edge), 0), max(int(box[1] - edge), 0)
        crop = np.ascontiguousarray(grey[top : int(box[1] + box[3] + edge) + 1, left : int(box[0] + box[2] + edge) + 1])
        if min(crop.shape) < 8:
            return None
        answer = self._worker.run((crop.tobytes(), crop.shape[1], crop.shape[0]))
        if isinstance(answer, TaskFailure):
            self.failures += 1
        return answer if isinstance(answer, bytes) else None


def _make_decoder(search_ms: int) -> Callable[[GreyPixels | None], bytes | bool | None]:
    try:
        from pylibdmtx.pylibdmtx import decode
    except (ImportError, OSError):
        return lambda question: False

    def read(question: GreyPixels | None) -> bytes | bool | None:
        if question is None:
            return True
        found = decode(question, max_count=1, timeout=search_ms)
        return bytes(found[0].data) if found else None

    return read
