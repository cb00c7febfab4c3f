"""A modelled camera: a page in a pose, under a light, through a lens, onto a sensor, into a picture file.

Light is linear from the page to the sensor: a pinhole projects the page, white paper gets a share of full exposure that
may fall off to one side, the lens blurs, its glare lifts the blacks, the sensor adds noise, colours get their white
balance, and a curve makes grey values of it. Nothing here is the project's own code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

Reflectance = NDArray[np.float32]

PAPER, INK = 0.85, 0.04
"""What white paper and black ink send back."""
_RAYS = (-0.25, 0.25)
"""Where the rays of a pixel lie, each way: four a pixel."""
_TABLE = 0.2
"""What lies around the page sends back."""
_VIEW = 1.4
"""Distance of a picture's projection centre, in its longer sides: a phone's main camera."""


@dataclass(frozen=True)
class Shot:
    """`tilt_x`, `tilt_y` and `turn` turn the page, in degrees; `zoom` are pixels on a mm in its middle, so the
    distance. `light` is the share of full exposure that white paper gets in the middle, `slope` by what share of that
    more or less at the picture's edges, in the direction `slope_angle`. `blur` is the lens, a Gaussian in pixels,
    `glare` the share of the mean light that it spreads over all, `distortion` its barrel; `noise` is the sensor's, in
    grey levels. `balance` are the gains of red, green and blue. `gamma` is the curve's, told in the file; None is sRGB.
    """

    tilt_x: float = 0.0
    tilt_y: float = 0.0
    turn: float = 0.0
    zoom: float = 16.0
    light: float = 0.8
    slope: float = 0.0
    slope_angle: float = 0.0
    blur: float = 0.5
    glare: float = 0.0
    distortion: float = 0.0
    noise: float = 0.0
    balance: tuple[float, float, float] | None = None
    gamma: float | None = None


def photograph(page: Reflectance, pixels_per_mm: float, shot: Shot, size: tuple[int, int], file: Path) -> None:
    """Write a picture of `size` pixels as a PNG. `page` is what a paper sends back, 0 to 1, at `pixels_per_mm`; its
    middle is the picture's."""
    light = _exposed(_projected(page, pixels_per_mm, shot, size), shot)
    light = _gaussian(light, shot.blur)
    light = light * (1 - shot.glare) + shot.glare * light.mean()
    noise = np.random.default_rng(1).standard_normal(light.shape).astype(np.float32) * shot.noise
    told = PngInfo()
    if shot.gamma:
        told.add(b"gAMA", round(100_000 / shot.gamma).to_bytes(4, "big"))

    def written(gain: float) -> NDArray[np.uint8]:
        grey = 255 * curve(np.clip(light * gain, 0, 1), shot.gamma)
        return np.clip(np.round(grey + noise), 0, 255).astype(np.uint8)

    picture = np.stack([written(gain) for gain in shot.balance], axis=-1) if shot.balance else written(1.0)
    Image.fromarray(picture).save(file, pnginfo=told)


def curve(light: Reflectance, gamma: float | None = None) -> Reflectance:
    """Grey values, 0 to 1, of linear light: by IEC 61966-2-1, or a power."""
    if gamma:
        return np.asarray(light ** (1 / gamma))
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def _projected(page: Reflectance, pixels_per_mm: float, shot: Shot, size: tuple[int, int]) -> Reflectance:
    """What each pixel's ray meets."""
    width, height = size
    focus = _VIEW * max(size)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    turned = _rotation(shot)
    normal, away = turned[:, 2], focus / shot.zoom
    seen = np.zeros((height, width), np.float32)
    for dx in _RAYS:
        for dy in _RAYS:
            u, v = (columns + 0.5 + dx - width / 2) / focus, (rows + 0.5 + dy - height / 2) / focus
            bent = 1 + shot.distortion * (u**2 + v**2) / (0.5 / _VIEW) ** 2
            u, v = u * bent, v * bent
            reach = away * normal[2] / (u * normal[0] + v * normal[1] + normal[2])
            x, y = (
                (u * turned[0, axis] + v * turned[1, axis] + turned[2, axis]) * reach - away * turned[2, axis]
                for axis in (0, 1)
            )
            seen += _looked_up(page, x * pixels_per_mm, y * pixels_per_mm) / len(_RAYS) ** 2
    return seen


def _rotation(shot: Shot) -> NDArray[np.float64]:
    a, b, c = np.radians([shot.tilt_x, shot.tilt_y, shot.turn])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z)


def _looked_up(page: Reflectance, x: Reflectance, y: Reflectance) -> Reflectance:
    """The page at points from its middle, between its dots in proportion."""
    rows, columns = page.shape
    x, y = x + columns / 2 - 0.5, y + rows / 2 - 0.5
    inside = (x >= 0) & (y >= 0) & (x < columns - 1) & (y < rows - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, down = x - left, y - top
    above = page[top, left] * (1 - right) + page[top, left + 1] * right
    below = page[top + 1, left] * (1 - right) + page[top + 1, left + 1] * right
    return np.where(inside, above * (1 - down) + below * down, _TABLE).astype(np.float32)


def _exposed(seen: Reflectance, shot: Shot) -> Reflectance:
    """The sensor's light; 1 is where it is full."""
    rows, columns = seen.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    angle, longest = np.radians(shot.slope_angle), max(seen.shape)
    way = ((x - columns / 2) * np.cos(angle) + (y - rows / 2) * np.sin(angle)) / (longest / 2)
    return np.clip(seen * shot.light / PAPER * (1 + shot.slope * way), 0, 1)


def _gaussian(values: Reflectance, sigma: float) -> Reflectance:
    if not sigma:
        return values
    reach = int(4 * sigma) + 1
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        wide = np.pad(values, [(reach, reach) if one == axis else (0, 0) for one in (0, 1)], mode="edge")
        size = values.shape[axis]
        pieces = (wide[at : at + size] if axis == 0 else wide[:, at : at + size] for at in range(2 * reach + 1))
        values = sum((share * piece for share, piece in zip(kernel, pieces, strict=True)), np.zeros_like(values))
    return values
