"""Files to grey pages: PDFs rasterised at 300 dpi, pictures as they are. Bad files are refused one by one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.errors import InputError, from_os_error
from bss_mfg.files import read_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

PDF_DPI = 300
MAX_PIXELS = 50_000_000
SUFFIXES = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


@dataclass(frozen=True, slots=True)
class Page:
    """One page as grey pixels (rows, columns; 0 = black). `dpi` is None where the file does not say."""

    file: str
    number: int
    grey: Grey
    dpi: float | None


def pages_of(path: Path) -> Iterator[Page]:
    """The pages of a PDF or picture; `InputError` where it is neither, is damaged, or is over 50 megapixels."""
    data = read_bytes(path, "file to verify", 1 << 30)
    if not data:
        raise InputError("is empty", where=str(path), way_out="Scan or print it again.")
    if data[:1024].lstrip()[:5] == b"%PDF-":
        yield from _pdf(data, path)
    else:
        yield from _picture(data, path)


def _pdf(data: bytes, path: Path) -> Iterator[Page]:
    import pypdfium2

    try:
        document: Any = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        raise InputError("is not a readable PDF", where=str(path), way_out="Make or copy it again.") from error
    if not count:
        raise InputError("has no pages", where=str(path), way_out="Make it again.")
    try:
        for number in range(1, count + 1):
            page = document[number - 1]
            width, height = page.get_size()
            if width * height * (PDF_DPI / 72) ** 2 > MAX_PIXELS:
                raise InputError(
                    f"page {number} measures {width / 72 * 25.4:.0f} x {height / 72 * 25.4:.0f} mm, over "
                    f"{MAX_PIXELS // 1_000_000} megapixels at {PDF_DPI} dpi",
                    where=str(path),
                    way_out="Verify it in smaller pages.",
                )
            grey = page.render(scale=PDF_DPI / 72, grayscale=True).to_numpy()
            yield Page(path.name, number, grey.reshape(grey.shape[:2]), PDF_DPI)
            page.close()
    except pypdfium2.PdfiumError as error:
        raise InputError(f"page {number} can't be drawn", where=str(path), way_out="Make it again.") from error
    finally:
        document.close()


def _picture(data: bytes, path: Path) -> Iterator[Page]:
    from io import BytesIO

    import numpy as np
    from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data)) as picture:
                for number, frame in enumerate(ImageSequence.Iterator(picture), 1):
                    if frame.width * frame.height > MAX_PIXELS:
                        raise _too_large(path)
                    flat = ImageOps.exif_transpose(frame)
                    if "A" in flat.mode or "transparency" in flat.info:
                        flat = Image.alpha_composite(Image.new("RGBA", flat.size, "white"), flat.convert("RGBA"))
                    dpi = picture.info.get("dpi", (None,))[0]
                    plausible = float(dpi) if dpi and 50 <= float(dpi) <= 4800 else None
                    yield Page(path.name, number, np.asarray(flat.convert("L")), plausible)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except UnidentifiedImageError as error:
        raise InputError(
            "is neither a PDF nor a picture that can be read",
            where=str(path),
            way_out="Known are PDF, PNG, JPEG, TIFF, BMP and WebP.",
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise from_os_error(error, "reading the picture", path) from error
        raise InputError("is a damaged or cut-off picture", where=str(path), way_out="Scan it again.") from error


def _too_large(path: Path) -> InputError:
    return InputError(
        f"has more than {MAX_PIXELS // 1_000_000} megapixels",
        where=str(path),
        way_out="Scan at 300 to 600 dpi, or cut it into pieces.",
    )
