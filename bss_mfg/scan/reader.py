"""Grey pages -> symbols that were read, and where. zxing-cpp reads; pylibdmtx is the second, independent reader."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bss_mfg.errors import MissingError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from bss_mfg.scan.sources import Grey

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""

SECOND_READER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Read:
    """A symbol on a page: its octets (empty if it was found but not decoded), its box in pixels, the reader's
    symbology identifier (`]d1` for Data Matrix), and its unused error correction (0 to 1, or None)."""

    octets: bytes
    box: Box
    symbology: str = ""
    unused_error_correction: float | None = None

    @property
    def center(self) -> tuple[float, float]:
        """Centre of the box in pixels."""
        return (self.box[0] + self.box[2] / 2, self.box[1] + self.box[3] / 2)


def read_page(grey: Grey, thorough: bool = False) -> list[Read]:
    """All Data Matrix symbols of a page. Quick by default (upright, clean); `thorough` also turns, scales, inverts.
    Symbols that were found but not decoded come with empty octets."""
    import zxingcpp

    found = zxingcpp.read_barcodes(
        grey,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
        try_rotate=thorough,
        try_downscale=thorough,
        try_invert=thorough,
        return_errors=thorough,
    )
    return [_read(item, 0, 0) for item in found]


def read_box(grey: Grey, box: Box, thorough: bool = False) -> Read | None:
    """The symbol at a known place: the box is cut out with a margin and read, or None."""
    import numpy as np
    import zxingcpp

    margin = box[2] * (0.12 if thorough else 0.03) + 2
    left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
    right, bottom = max(int(box[0] + box[2] + margin) + 1, 0), max(int(box[1] + box[3] + margin) + 1, 0)
    crop = np.ascontiguousarray(grey[top:bottom, left:right])
    if crop.size == 0:
        return None
    binarizers = [zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram]
    for binarizer in binarizers if thorough else [zxingcpp.Binarizer.FixedThreshold]:
        found = zxingcpp.read_barcodes(
            crop,
            formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
            try_rotate=thorough,
            try_downscale=thorough,
            try_invert=thorough,
            binarizer=binarizer,
        )
        if found:
            return _read(found[0], left, top)
    return None


def _read(item: Any, left: int, top: int) -> Read:
    corners = [getattr(item.position, name) for name in ("top_left", "top_right", "bottom_right", "bottom_left")]
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    octets = bytes(item.bytes) if item.valid else b""
    box = (left + min(xs), top + min(ys), max(xs) - min(xs), max(ys) - min(ys))
    extra = item.extra if item.valid else {}
    return Read(octets, box, item.symbology_identifier, extra.get("UEC"))


def within(grey: Grey, box: Box) -> bool:
    """Whether a box lies in the picture, but for a pixel or two."""
    rows, columns = grey.shape
    return box[0] >= -2 and box[1] >= -2 and box[0] + box[2] <= columns + 2 and box[1] + box[3] <= rows + 2


def darkness(grey: Grey, box: Box) -> float:
    """Share of dark pixels in a box: about 0.5 for a symbol, 0 for blank paper."""
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    crop = grey[top : int(box[1] + box[3]) + 1, left : int(box[0] + box[2]) + 1]
    return float((crop < 128).mean()) if crop.size else 0.0


# --- the second reader ----------------------------------------------------------------------------------------------


class SecondReader:
    """pylibdmtx in a process of its own: a picture that stalls or crashes it costs one symbol, not the run."""

    def __init__(self, seconds: float = SECOND_READER_SECONDS) -> None:
        self._seconds = seconds
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Connection | None = None

    def __enter__(self) -> SecondReader:
        self.check()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def check(self) -> None:
        """`MissingError` where libdmtx can't be loaded."""
        answer = self._ask(None, 60)
        if answer != "ready":
            raise MissingError(
                "the second reader needs libdmtx, which is not installed",
                way_out="Debian and Ubuntu: `sudo apt-get install libdmtx0b`; macOS: `brew install libdmtx`; on "
                "Windows it comes with pylibdmtx. Verification without --second-reader works.",
            )

    def read(self, grey: Grey, box: Box) -> bytes | None:
        """The octets of the symbol in the box; None where it could not be read in time."""
        import numpy as np

        margin = box[2] * 0.08 + 3
        left, top = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
        crop = np.ascontiguousarray(
            grey[top : int(box[1] + box[3] + margin) + 1, left : int(box[0] + box[2] + margin) + 1]
        )
        answer = self._ask((crop.tobytes(), crop.shape[1], crop.shape[0]), self._seconds)
        return answer if isinstance(answer, bytes) else None

    def _ask(self, question: object, seconds: float) -> object:
        if self._process is None:
            self._pipe, theirs = self._context.Pipe()
            self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        if self._pipe is None:
            return None
        try:
            self._pipe.send(question)
            if self._pipe.poll(seconds):
                return self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            pass
        self._stop()
        return None

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _serve(pipe: Connection) -> None:
    """The worker: answers `None` with "ready", and (pixels, width, height) with the octets or None."""
    try:
        from pylibdmtx.pylibdmtx import decode
    except (ImportError, OSError):
        pipe.send("missing")
        return
    while True:
        try:
            question = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        if question is None:
            pipe.send("ready")
            continue
        found: Sequence[Any] = decode(question, max_count=1)
        pipe.send(found[0].data if found else None)
