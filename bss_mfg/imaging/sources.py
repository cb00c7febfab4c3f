"""Files to grey pages: PDFs rasterised at 300 dpi, pictures as they are. Bad files are refused one by one.

Colour pictures are judged by their red channel, which lies nearest to a scanner's light of 660 nm: red ink is as good
as none there, and cyan is dark. Pages that a program drew are made grey: their colours were checked with the template.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.core.files import read_bytes
from bss_mfg.core.units import MM_PER_INCH, POINTS_PER_INCH, POINTS_PER_MM
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError
from bss_mfg.imaging.pictures import MAX_PIXELS, open_picture
from bss_mfg.imaging.pictures import SUFFIXES as PICTURE_SUFFIXES
from bss_mfg.imaging.reflectance import SRGB, Light
from bss_mfg.imaging.scanned_pages import is_scan

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey, MmBox

PageCrop = tuple[int, int, "Grey"]
"""Left and top in pixels, and the grey there."""

PDF_DPI = 300
MAX_FILE_BYTES = LIMITS[Reader.PICTURE].size
"""Of one file."""
SUFFIXES = (".pdf", *PICTURE_SUFFIXES)
"""How the names of files that are read end: in folders the others are passed over."""


@dataclass(frozen=True)
class Page:
    """One page as grey pixels (rows, columns; 0 = black). `dpi` is None where the file does not say.

    `crops` are what was drawn of it, (left, top, grey): the whole of it, or strips of a page of `size` (columns, rows)
    that is white elsewhere. They are good until the next page is drawn. `scanned`: it shows a sheet as a scanner or
    camera saw it, not one that a program drew.
    """

    file: str
    number: int
    size: tuple[int, int]
    crops: tuple[PageCrop, ...]
    dpi: float | None
    scanned: bool
    light: Light = SRGB
    """What its grey values are as light."""

    @cached_property
    def grey(self) -> Grey:
        """All of it in one picture."""
        import numpy as np

        width, height = self.size
        if len(self.crops) == 1 and self.crops[0][2].shape == (height, width):
            return self.crops[0][2]
        whole = np.full((height, width), 255, np.uint8)
        for left, top, grey in self.crops:
            whole[top : top + grey.shape[0], left : left + grey.shape[1]] = grey
        return whole

    @property
    def digest(self) -> str:
        """SHA-256 of its pixels, however they are stored in a file: the size in columns and rows, then grey by rows."""
        digest = hashlib.sha256(f"{self.grey.shape[1]}x{self.grey.shape[0]}:".encode())
        for row in range(0, self.grey.shape[0], 256):
            digest.update(self.grey[row : row + 256].tobytes())
        return digest.hexdigest()

    def crop_at(self, x: float, y: float) -> PageCrop:
        """The piece that holds a pixel, or the whole page."""
        for left, top, grey in self.crops:
            if left <= x < left + grey.shape[1] and top <= y < top + grey.shape[0]:
                return left, top, grey
        return 0, 0, self.grey


class Source:
    """One file with its pages, open. Made by `open_source` and `source_from_bytes`."""

    def __init__(self, path: Path, pages: int, draw: Callable[[int, Sequence[MmBox]], Page], close: Callable[[], None]):
        self.path, self.pages, self._draw, self._close = path, pages, draw, close

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._close()

    def page(self, number: int, areas: Sequence[MmBox] = ()) -> Page:
        """A page, from 1; `InputError` where it is damaged or over 50 megapixels.

        With `areas`, a page of a PDF is drawn at these alone and stays white elsewhere, and its pixels are good until
        the next page is drawn: for our own files, where nothing else can lie. Each pixel drawn is the same as without,
        but for the rounding of an edge's grey.
        """
        return self._draw(number, areas)


def open_source(path: Path) -> Source:
    """A PDF or picture, open; `InputError` where it is neither, or is damaged."""
    return source_from_bytes(read_bytes(path, "picture or PDF", MAX_FILE_BYTES), path)


def source_from_bytes(data: bytes, path: Path) -> Source:
    """The same of bytes in memory; `path` is their name."""
    if not data:
        raise InputError("is empty", where=path, way_out="Scan or print it again.")
    return _open_pdf(data, path) if data[:1024].lstrip()[:5] == b"%PDF-" else _open_picture(data, path)


def pages_of(path: Path) -> Iterator[Page]:
    """All pages of a file, one at a time."""
    with open_source(path) as source:
        for number in range(1, source.pages + 1):
            yield source.page(number)


def _open_pdf(data: bytes, path: Path) -> Source:
    import pypdfium2

    try:
        document: Any = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise InputError(
                "is a PDF that opens with a password only",
                where=path,
                way_out="Save it without a password, or print it to a PDF, and name that.",
            ) from error
        raise InputError("is not a readable PDF", where=path, way_out="Make or copy it again.") from error
    if not count:
        document.close()
        raise InputError("has no pages", where=path, way_out="Make it again.")

    canvases: dict[int, _Canvas] = {}

    def draw(number: int, only: Sequence[MmBox]) -> Page:
        try:
            page = document[number - 1]
            width, height = page.get_size()
            if width * height * (PDF_DPI / POINTS_PER_INCH) ** 2 > MAX_PIXELS:
                raise InputError(
                    f"page {number} measures {width / POINTS_PER_MM:.0f} x {height / POINTS_PER_MM:.0f} mm, over "
                    f"{MAX_PIXELS // 1_000_000} megapixels at {PDF_DPI} dpi",
                    where=path,
                    way_out="Verify it in smaller pages.",
                )
            scanned = not only and is_scan(page)
            crops = _scan_crops(page) if scanned else _render_crops(page, only, canvases)
            found = Page(path.name, number, *crops, PDF_DPI, scanned)
            page.close()
        except pypdfium2.PdfiumError as error:
            raise InputError(f"page {number} can't be drawn", where=path, way_out="Make it again.") from error
        return found

    return Source(path, count, draw, document.close)


def _scan_crops(page: Any) -> tuple[tuple[int, int], tuple[PageCrop, ...]]:
    """A scanned page as a scanner's red light sees it: its red channel."""
    import numpy as np

    pixels = page.render(scale=PDF_DPI / POINTS_PER_INCH, rev_byteorder=True).to_numpy()
    red: Grey = np.ascontiguousarray(pixels[..., 0]) if pixels.ndim == 3 else pixels
    return (red.shape[1], red.shape[0]), ((0, 0, red),)


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Memory that pdfium draws on: its pixels, and its bitmap over the same."""

    grey: Grey
    bitmap: Any

    @classmethod
    def new(cls, width: int, height: int, format_: int) -> _Canvas:
        import numpy as np
        import pypdfium2

        grey: Grey = np.empty((height, width), np.uint8)
        memory = (ctypes.c_ubyte * (width * height)).from_buffer(grey.data)
        return cls(grey, pypdfium2.PdfBitmap.new_native(width, height, format_, buffer=memory, stride=width))


def _render_crops(
    page: Any, areas: Sequence[MmBox], canvases: dict[int, _Canvas]
) -> tuple[tuple[int, int], tuple[PageCrop, ...]]:
    """The size of a page in pixels, and all of it, or the strips of it that hold `areas`, each on a canvas of its own,
    which the next page uses again: memory that lies together is quicker to clear, to draw on and to read than strips of
    a whole page's.

    How large a page is, its bitmap says: a size that is computed here can be a pixel off what pdfium makes of it.
    """
    scale = PDF_DPI / POINTS_PER_INCH
    if not areas:
        pixels: Grey = page.render(scale=scale, grayscale=True).to_numpy()
        grey: Grey = pixels.reshape(pixels.shape[:2])
        return (grey.shape[1], grey.shape[0]), ((0, 0, grey),)
    width, height = (math.ceil(side * scale) for side in page.get_size())
    strips = _strips(tuple(areas), width, height)

    def bitmap(number: int, width: int, height: int, format: int, rev_byteorder: bool = False) -> Any:
        if number not in canvases or canvases[number].grey.shape != (height, width):
            canvases[number] = _Canvas.new(width, height, format)
        return canvases[number].bitmap

    crops: list[PageCrop] = []
    for number, (left, top, right, bottom) in enumerate(strips):
        # pdfium rounds each crop up to whole pixels: half a pixel less is exact.
        sides = (left, height - bottom, width - right, top)
        page.render(
            scale=scale,
            grayscale=True,
            crop=[max(side - 0.5, 0) / scale for side in sides],
            may_draw_forms=False,
            draw_annots=False,
            bitmap_maker=partial(bitmap, number),
        )
        crops.append((left, top, canvases[number].grey))
    if crops:
        (_, _, right, bottom), (left, top, first) = strips[0], crops[0]
        width, height = left + first.shape[1] + width - right, top + first.shape[0] + height - bottom
    return (width, height), tuple(crops)


@lru_cache(maxsize=4)  # the same on each page of a file
def _strips(areas: tuple[MmBox, ...], width: int, height: int) -> tuple[tuple[int, int, int, int], ...]:
    """Upright strips (left, top, right, bottom in pixels) that hold the areas and a fifth more around each."""
    scale = PDF_DPI / MM_PER_INCH
    strips: list[tuple[int, int, int, int]] = []
    for x, y, across, down in sorted(areas):
        left, top = max(int((x - across / 5) * scale), 0), max(int((y - down / 5) * scale), 0)
        right = min(int((x + across * 1.2) * scale) + 1, width)
        bottom = min(int((y + down * 1.2) * scale) + 1, height)
        if strips and left <= strips[-1][2]:
            last = strips.pop()
            left, top, right, bottom = last[0], min(last[1], top), max(last[2], right), max(last[3], bottom)
        strips.append((left, top, right, bottom))
    return tuple(strip for strip in strips if strip[0] < strip[2] and strip[1] < strip[3])


def _open_picture(data: bytes, path: Path) -> Source:
    file = open_picture(data, path)

    def draw(number: int, only: Sequence[MmBox]) -> Page:
        grey, dpi = file.grey(number)
        size, light = (grey.shape[1], grey.shape[0]), file.light()
        return Page(path.name, number, size, ((0, 0, grey),), dpi, scanned=True, light=light)

    return Source(path, len(file.frames), draw, file.close)
