"""Artwork drawn for a trial. SVG and PDF are programs of others: they are drawn in a process with bounds of memory and
time, which may be ended. Pixels have a size that is known before they are read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bss_mfg.core.bounds import Bounds
from bss_mfg.core.processes import TaskFailure, Worker
from bss_mfg.core.untrusted import LIMITS, Reader, guarded
from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.artwork_tone import Tone, tone_of_pdf, tone_of_picture
from bss_mfg.label.template.svg_artwork import FontFile
from bss_mfg.model import Rect

_WAIT_SECONDS = 600.0
"""How long an answer is waited for, where the system bounds no processor time or others need the processors."""
_LIMITS = LIMITS[Reader.ARTWORK]


@dataclass(frozen=True, slots=True)
class DrawnArtwork:
    """Artwork without its name; the fields are those of `Artwork`."""

    kind: Literal["pdf", "pixels"]
    data: bytes
    width: float
    height: float
    bleed: Rect | None
    note: str
    tone: Tone
    is_blank: bool


@dataclass(frozen=True, slots=True)
class DrawTask:
    """A file that is to be drawn: how its name ends, its bytes, and the fonts that texts in an SVG may use."""

    suffix: str
    data: bytes
    fonts: tuple[FontFile, ...]


@lru_cache(maxsize=32)
def draw_artwork(suffix: str, data: bytes, fonts: tuple[FontFile, ...]) -> DrawnArtwork:
    """The artwork of a file whose name ends with `suffix`; `NotDrawableError` says why it can't be drawn. The same
    bytes are drawn once."""
    task = DrawTask(suffix, data, fonts)
    return _artist().draw(task) if suffix in ("svg", "pdf") else _drawn(task)


class Artist:
    """The process that draws; its next drawing starts another where it was ended."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._worker: Worker[DrawTask, DrawnArtwork | str] = Worker(_make_drawer, (), _WAIT_SECONDS, bounds)
        self._lock = threading.Lock()

    def draw(self, task: DrawTask) -> DrawnArtwork:
        """As `draw_artwork`."""
        with self._lock:
            answer = self._worker.run(task)
        if isinstance(answer, DrawnArtwork):
            return answer
        if isinstance(answer, TaskFailure):
            raise NotDrawableError(
                f"it is damaged, or needs more than {self._bounds.memory >> 20:,} MiB of memory or "
                f"{self._bounds.seconds} s of work ({answer.kind})"
            )
        raise NotDrawableError(answer)


@lru_cache(maxsize=1)
def _artist() -> Artist:
    return Artist(Bounds(_LIMITS.memory, _LIMITS.seconds))


def _make_drawer() -> Callable[[DrawTask], DrawnArtwork | str]:
    return _drawn_or_why


def _drawn_or_why(task: DrawTask) -> DrawnArtwork | str:
    try:
        return _drawn(task)
    except ValueError as error:
        return str(error)


def _drawn(task: DrawTask) -> DrawnArtwork:
    with guarded(lambda kind: NotDrawableError(f"it is damaged ({kind})"), ours=(ValueError,)):
        return _draw(task)


def _draw(task: DrawTask) -> DrawnArtwork:
    from bss_mfg.label.template.artwork_proof import is_blank_page
    from bss_mfg.label.template.pdf_artwork import normal_page, prove_page

    data, note = task.data, ""
    if task.suffix == "svg":
        from bss_mfg.label.template.svg_artwork import draw_svg

        drawing = draw_svg(data, task.fonts)
        if drawing.png:
            return _pixels(drawing.png, drawing.width, drawing.height, drawing.note)
        page = normal_page(drawing.pdf)
    elif task.suffix == "pdf":
        page = normal_page(data)
        prove_page(data, page)
    else:
        from bss_mfg.label.template.pictures import normal_picture

        return _pixels(*normal_picture(data), note)
    tone, blank = tone_of_pdf(page.pdf), is_blank_page(page.pdf)
    return DrawnArtwork("pdf", page.pdf, page.width, page.height, page.bleed, note, tone, blank)


def _pixels(png: bytes, width: float, height: float, note: str) -> DrawnArtwork:
    from bss_mfg.label.template.artwork_proof import is_blank_picture

    return DrawnArtwork("pixels", png, width, height, None, note, tone_of_picture(png), is_blank_picture(png))
