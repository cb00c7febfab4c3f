"""Pictures (PNG, JPEG) as labels need them: 8 bits, sRGB, the right way up; checked when the template is loaded."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from bss_mfg.core.untrusted import LIMITS, Reader

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = LIMITS[Reader.ARTWORK].items
"""Of a picture, width times height."""
EXIF_ORIENTATION = 0x0112


def check_picture(data: bytes) -> None:
    """`ValueError` says why this is no PNG or JPEG that can be drawn."""
    _open(data)


def normal_picture(data: bytes) -> tuple[bytes, int, int]:
    """The picture as PNG or JPEG of 8 bits in sRGB or grey, upright, and its size in pixels.

    A picture that is so already keeps its bytes, so a JPEG is not coded twice. 16-bit samples are scaled (not cut), the
    EXIF orientation is carried out, ICC profiles and CMYK are converted to sRGB, and transparency is kept.
    """
    picture = _open(data)
    turned = picture.getexif().get(EXIF_ORIENTATION, 1) not in (0, 1)
    profile = picture.info.get("icc_profile")
    if profile and _is_srgb(profile):
        profile = None
    plain = picture.mode in ("L", "RGB") and "transparency" not in picture.info and _bits(data) <= 8
    if plain and not turned and not profile:
        return data, picture.width, picture.height
    from PIL import Image, ImageOps

    drawn = _in_srgb(_eight_bits(ImageOps.exif_transpose(picture)), profile)
    if drawn.mode == "RGBA" and drawn.getchannel("A").getextrema() == (255, 255):
        drawn = drawn.convert("RGB")
    clean, out = Image.new(drawn.mode, drawn.size), BytesIO()  # nothing of the old file goes along
    clean.paste(drawn)
    clean.save(out, "PNG")
    return out.getvalue(), drawn.width, drawn.height


def _eight_bits(picture: Image) -> Image:
    """The picture in one of the modes L, RGB, RGBA and CMYK. 16 bits are scaled: cutting or clipping them is what
    makes grey scans white."""
    if picture.mode.startswith("I"):
        import numpy as np
        from PIL import Image

        samples = np.asarray(picture).astype(np.uint32)
        grey = Image.fromarray(((samples * 255 + 32_767) // 65_535).clip(0, 255).astype(np.uint8))
        if (clear := picture.info.get("transparency")) is None:
            return grey
        alpha = Image.fromarray(np.where(samples == clear, 0, 255).astype(np.uint8))
        drawn = grey.convert("RGBA")
        drawn.putalpha(alpha)
        return drawn
    if "A" in picture.mode or "a" in picture.mode or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode == "P":
        return picture.convert("RGB")
    return picture.convert("L") if picture.mode == "1" else picture


def _in_srgb(picture: Image, profile: bytes | None) -> Image:
    """The picture's colours in sRGB. Without a profile RGB counts as sRGB, and CMYK is converted as screens do."""
    if not profile:
        return picture.convert("RGB") if picture.mode == "CMYK" else picture
    from PIL import ImageCms

    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha is not None else picture
    try:
        space = ImageCms.getOpenProfile(BytesIO(profile))
        if space.profile.xcolor_space.strip() == "GRAY" and colours.mode == "RGB":
            colours = colours.convert("L")
        elif space.profile.xcolor_space.strip() == "RGB" and colours.mode == "L":
            colours = colours.convert("RGB")
        converted = ImageCms.profileToProfile(colours, space, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        raise ValueError("its colour profile (ICC) can't be used: save it in sRGB") from None
    if converted is None:
        raise ValueError("its colour profile (ICC) can't be used: save it in sRGB")
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _is_srgb(profile: bytes) -> bool:
    """Whether a profile is the one that everything without one has: then a JPEG is not coded twice."""
    from PIL import ImageCms

    try:
        return ImageCms.getProfileDescription(ImageCms.getOpenProfile(BytesIO(profile))).startswith("sRGB")
    except (ImageCms.PyCMSError, OSError):
        return False


def _open(data: bytes) -> Image:
    """The picture, its pixels read."""
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(BytesIO(data))
        if picture.format == "MPO":
            raise ValueError("it holds several pictures (MPO)")
        if picture.format not in ("PNG", "JPEG"):
            raise ValueError(f"it is a {picture.format}, no PNG or JPEG")
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"it has {picture.width * picture.height // 1_000_000} megapixels")
        if (frames := getattr(picture, "n_frames", 1)) > 1:
            raise ValueError(f"it is animated: it has {frames} pictures")
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError("it can't be read") from None
    return picture


def _bits(data: bytes) -> int:
    """Bits of a sample in the file: Pillow cuts PNGs of 16 bits a colour to 8, and says nothing."""
    return data[24] if data.startswith(b"\x89PNG") and len(data) > 24 else 8
