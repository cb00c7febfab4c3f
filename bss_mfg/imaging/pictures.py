"""Picture files of every kind to grey pages: as a scanner's red light (660 nm) sees them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.core.untrusted import LIMITS, Reader, guarded
from bss_mfg.errors import InputError
from bss_mfg.imaging.picture_light import light_of
from bss_mfg.imaging.reflectance import Light
from bss_mfg.installation import how_to_add

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Grey

MAX_PIXELS = LIMITS[Reader.PICTURE].items
FORMATS = (
    "AVIF", "BMP", "DCX", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM", "QOI", "TIFF", "WEBP",
)  # fmt: skip
"""What is read, by Pillow's names. The others that it opens are no pictures of a scanner or camera, and some of them
start programs."""
SUFFIXES = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".gif",
    ".heic", ".heif", ".heics", ".heifs", ".hif", ".avif", ".avifs", ".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c",
    ".pbm", ".pgm", ".ppm", ".pnm", ".pfm", ".pcx", ".dcx", ".qoi",
)  # fmt: skip
"""How the names of such files end."""
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"heif")
"""Brands of ISO/IEC 14496-12 files that hold HEIF pictures (ISO/IEC 23008-12)."""
_NEW_SUBFILE_TYPE, _PHOTOMETRIC, _REDUCED, _MASK, _WHITE_IS_ZERO = 254, 262, 1, 4, 0
"""Tags of TIFF 6.0, and their values for a preview, for a mask, and for "0 is white"."""
_FULL_SCALES = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
"""What white may be in pictures of more than 8 bits: the least that no pixel is above."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file, open. `frames` are the numbers of those of its frames that are pages."""

    path: Path
    picture: Any
    frames: tuple[int, ...]

    def grey(self, page: int) -> tuple[Grey, float | None]:
        """A page, from 1, and its dpi, where the file says; `InputError` where it is damaged or over 50 megapixels."""
        with _picture_errors(self.path):
            self.picture.seek(self.frames[page - 1])
            if self.picture.width * self.picture.height > MAX_PIXELS:
                raise _too_large_error(self.path)
            return _red_light(self.picture), _dpi(self.picture)

    def light(self) -> Light:
        """What the grey values of the page that was read last are as light."""
        with _picture_errors(self.path):
            return light_of(self.picture)

    def close(self) -> None:
        """Let go of the file."""
        self.picture.close()


def open_picture(data: bytes, path: Path) -> PictureFile:
    """A picture, open; `InputError` where it is none, or is damaged."""
    from PIL import Image

    _register_heif(data, path)
    with _picture_errors(path):
        Image.init()
        picture: Any = Image.open(BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
        return PictureFile(path, picture, _page_frames(picture))


def _page_frames(picture: Any) -> tuple[int, ...]:
    """The frames that are pages: all of a TIFF but for previews and masks, all of an animation, and the first of an
    MPO, whose others are the same picture smaller, from beside, or in other light."""
    count = 1 if picture.format == "MPO" else int(getattr(picture, "n_frames", 1))
    if picture.format != "TIFF" or count == 1:
        return tuple(range(count))
    found = []
    for frame in range(count):
        picture.seek(frame)
        if not int(picture.tag_v2.get(_NEW_SUBFILE_TYPE, 0)) & (_REDUCED | _MASK):
            found.append(frame)
    return tuple(found) or (0,)


@contextmanager
def _picture_errors(path: Path) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError

    told = (Image.DecompressionBombError, Image.DecompressionBombWarning, UnidentifiedImageError)
    try:
        with warnings.catch_warnings(), guarded(partial(_damaged_error, path), ours=told):
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large_error(path) from None
    except UnidentifiedImageError as error:
        raise InputError(
            "is neither a PDF nor a picture that can be read",
            where=path,
            way_out="Known are PDF, PNG, JPEG, TIFF, BMP, GIF, WebP, AVIF, JPEG 2000, PNM and PCX, and HEIC where "
            "pi-heif is installed.",
        ) from error


def _damaged_error(path: Path, kind: str) -> InputError:
    del kind  # a library's own word: every one of them means the same
    return InputError("is a damaged or cut-off picture", where=path, way_out="Scan it again.")


def _red_light(picture: Any) -> Grey:
    """Of colours the red channel. Transparent is paper."""
    import numpy as np
    from PIL import Image, ImageOps

    flat = ImageOps.exif_transpose(picture)
    if flat.mode.startswith("I") or flat.mode == "F":
        values = np.asarray(flat, np.float64)
        inverted = getattr(picture, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO
        return _eight_bits(values, inverted)
    if "A" in flat.mode or "a" in flat.mode or "transparency" in flat.info:
        flat = Image.alpha_composite(Image.new("RGBA", flat.size, "white"), flat.convert("RGBA"))
    if flat.mode in ("1", "L"):
        return np.asarray(flat.convert("L"))
    return np.asarray(flat.convert("RGB").getchannel("R"))


def _eight_bits(values: NDArray[np.float64], inverted: bool) -> Grey:
    """Grey of 10 to 32 bits or of floating point, as 8 bits. What is no number is paper."""
    import numpy as np

    known = np.isfinite(values)
    most = float(values[known].max()) if known.any() else 1.0
    white = next((scale for scale in _FULL_SCALES if most <= scale), most)
    share = np.clip(np.where(known, values, white) / white, 0.0, 1.0)
    grey: Grey = ((1.0 - share if inverted else share) * 255 + 0.5).astype(np.uint8)
    return grey


def _dpi(picture: Any) -> float | None:
    dpi = picture.info.get("dpi", (None,))[0]
    return float(dpi) if dpi and 50 <= float(dpi) <= 4800 else None


def _register_heif(data: bytes, path: Path) -> None:
    """Telephones save HEIC, also under the names of others; Pillow reads it where pi-heif is installed."""
    if data[4:8] != b"ftyp" or data[8:12] not in _HEIF_BRANDS:
        return
    try:
        from pi_heif import register_heif_opener
    except ImportError:
        raise InputError(
            "is a HEIC picture, and pi-heif is not installed",
            where=path,
            way_out=f"{how_to_add('heic')} Or let the telephone save JPEG.",
        ) from None
    register_heif_opener()


def _too_large_error(path: Path) -> InputError:
    return InputError(
        f"has more than {MAX_PIXELS // 1_000_000} megapixels",
        where=path,
        way_out="Scan at 300 to 600 dpi, or cut it into pieces.",
    )
