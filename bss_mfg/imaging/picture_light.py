"""By which curve a picture's grey values are light: that of its ICC profile or gAMA chunk, else sRGB."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from bss_mfg.imaging.reflectance import LINEAR, SRGB, Light, gamma_light

_SAME_CURVE = 0.6
"""Percent of light up to which a profile's curve is that of sRGB, but for rounding."""


def light_of(picture: Any) -> Light:
    """The light of an open picture (Pillow). A profile that can't be used counts as none: a scanner's is near sRGB."""
    if picture.mode == "F":  # floating point is light itself
        return LINEAR
    profile = picture.info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        return _profile_light(profile, "L" if picture.mode in ("1", "L", "LA") else "RGB") or SRGB
    gamma = picture.info.get("gamma")
    if picture.format == "PNG" and "srgb" not in picture.info and isinstance(gamma, float) and 0.2 < gamma <= 1:
        # The chunk has the encoding's exponent: 1/2.2 is as good as sRGB, which most programs mean by it.
        return SRGB if abs(gamma - 1 / 2.2) < 0.01 else gamma_light(1 / gamma)
    return SRGB


def _profile_light(profile: bytes, mode: str) -> Light | None:
    """The curve of a profile's greys, by what they are in sRGB."""
    from PIL import Image, ImageCms

    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        name = str(ImageCms.getProfileDescription(source)).strip() or "ICC profile"
        shown = ImageCms.profileToProfile(
            ramp if mode == "L" else Image.merge("RGB", (ramp, ramp, ramp)),
            source,
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    if shown is None:
        return None
    percent = tuple(SRGB.percent[value] for value in shown.getchannel("R").tobytes())
    near = max(abs(one - other) for one, other in zip(percent, SRGB.percent, strict=True)) <= _SAME_CURVE
    return SRGB if near else Light(percent, name)
