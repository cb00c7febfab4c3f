"""pylibdmtx, the second and independent reader, in a process of its own with a time limit."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.core.processes import TaskFailure, Worker
from bss_mfg.errors import MissingError
from bss_mfg.imaging.grid import rectify
from bss_mfg.imaging.warp import Warp
from bss_mfg.installation import how_to_repair, is_bundle

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

READ_SECONDS = 30.0
"""After this a picture that stalls libdmtx is given up."""
_PIXELS_PER_MODULE, _PIXELS_PER_SMALL_MODULE = 3, 5
"""Of the upright picture that libdmtx gets. Of few pixels it sees the symbol's sides rather than its modules': it reads
twice as many damaged symbols as at 5, in a fifth of the time."""
_SMALL = 26
"""Modules a side up to which a symbol is small."""
_BORDER = 3
"""Modules around it."""


@dataclass(frozen=True, slots=True)
class _Question:
    """8-bit grey pixels, width and height, the modules a side of the symbol where that is known, and how far libdmtx
    looks: the pixels between its lines, and how long the sides of a symbol may be. With these it ends by itself,
    whatever the picture: no clock decides what it reads."""

    pixels: bytes
    width: int
    height: int
    modules: int | None
    gap: int
    least_side: int
    most_side: int


class SecondReader:
    """A picture that stalls or crashes libdmtx costs one symbol, not the run."""

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._worker: Worker[_Question | None, bytes | bool | None] = Worker(_make_decoder, (), seconds)
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
                way_out=f"{how_to_install_libdmtx()} Verification without --second-reader works.",
            )

    def read(self, grey: Grey, warp: Warp, size_is_known: bool = True) -> bytes | None:
        """The bytes of the symbol under a grid; None where it can't be read. It gets it upright, flat, and without what
        lies around: of tilted ones it reads too few. It is asked for a symbol of the warp's size alone where that is
        known: in a smear it takes a hundred modules for a symbol of ten by ten."""
        import numpy as np

        pixels = _PIXELS_PER_SMALL_MODULE if warp.size <= _SMALL else _PIXELS_PER_MODULE
        picture = np.ascontiguousarray(rectify(grey, warp, pixels, _BORDER))
        rows, columns = picture.shape
        side = warp.size * pixels
        answer = self._worker.run(
            _Question(
                picture.tobytes(),
                columns,
                rows,
                warp.size if size_is_known else None,
                max(warp.size // 3, 2),
                round(side * 0.55),
                round(side * 1.6),
            )
        )
        if isinstance(answer, TaskFailure):
            self.failures += 1
        return answer if isinstance(answer, bytes) else None


def _make_decoder() -> Callable[[_Question | None], bytes | bool | None]:
    try:
        if sys.version_info >= (3, 12):
            importlib.import_module("setuptools")  # brings the distutils that pylibdmtx imports
        _prefer_own_library()
        from pylibdmtx.pylibdmtx import decode
        from pylibdmtx.wrapper import DmtxSymbolSize
    except (ImportError, OSError):
        return lambda question: False

    sizes = {size.name: int(size) for size in DmtxSymbolSize}

    def read(question: _Question | None) -> bytes | bool | None:
        if question is None:
            return True
        found = decode(
            (question.pixels, question.width, question.height),
            shape=sizes.get(f"DmtxSymbol{question.modules}x{question.modules}"),
            max_count=1,
            gap_size=question.gap,
            min_edge=question.least_side,
            max_edge=question.most_side,
        )
        return bytes(found[0].data) if found else None

    return read


def _prefer_own_library() -> None:
    """Have pylibdmtx take the libdmtx that lies beside Python, as in a bundle; it asks the system's linker alone."""
    own = Path(sys.prefix) / "lib" / "libdmtx.so.0"
    if own.is_file():
        from pylibdmtx import dmtx_library

        dmtx_library.find_library = lambda name: str(own)


def how_to_install_libdmtx() -> str:
    """The way out where libdmtx lacks, as a sentence."""
    if is_bundle() or sys.platform == "win32":
        return how_to_repair("pylibdmtx")
    if sys.platform == "darwin":
        return "Install it: `brew install libdmtx`."
    return "Install it, on Debian and Ubuntu by `sudo apt-get install libdmtx0b`."
