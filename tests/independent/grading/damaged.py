"""Pictures of symbols with faults of print and of the camera: seeded, so every run has the same 200."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Bits = npt.NDArray[np.bool_]
Quad = tuple[tuple[float, float], ...]
DOTS = 8  # dots of the print on a module
FINE = 2  # rays on a side of a pixel


@dataclass(frozen=True)
class Damage:
    """What is wrong with a print and its picture. Lengths in modules, light from 0 to 1, `noise` in grey values."""

    blur: float = 0.0
    growth: int = 0  # dots that dark grows on every side, negative: shrinks
    noise: float = 0.0
    dark: float = 0.04
    light: float = 0.88
    slope: float = 0.0  # share of the light that is lost towards the right
    spots: tuple[tuple[float, float, float, bool], ...] = ()  # x, y, radius, dark
    voids: tuple[tuple[float, float, float, float], ...] = ()  # left, top, right, bottom: nothing was printed there
    flipped: tuple[tuple[int, int], ...] = ()  # modules printed the wrong way round
    shear: float = 0.0  # how far the top is moved to the right, as a share of the width
    stretch: float = 0.0
    keystone: float = 0.0
    turn: float = 0.0  # degrees


@dataclass(frozen=True)
class Picture:
    """Grey values of a picture as a camera writes it (sRGB), and where the symbol's outer corners are in it."""

    grey: npt.NDArray[np.uint8]
    corners: Quad


def _map(source: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> list[float]:
    """Coefficients a..h of the projective map that takes source to target, as Pillow wants them."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return [float(value) for value in np.linalg.solve(np.array(rows), np.array(wanted))]


def photograph(bits: Bits, pixels: float, margins: tuple[float, float], damage: Damage, seed: int) -> Picture:
    """Print modules with margins (left and right, top and bottom; in modules), and see them with `pixels` a module."""
    rows, columns = bits.shape
    bits = bits.copy()
    for row, column in damage.flipped:
        bits[row, column] ^= True
    side, end = (int(np.ceil(m)) for m in margins)
    paper = np.pad(
        np.kron(~bits, np.ones((DOTS, DOTS), bool)), ((end * DOTS,) * 2, (side * DOTS,) * 2), constant_values=True
    )
    sheet = Image.fromarray((paper * 255).astype(np.uint8))
    if damage.growth:
        size = 2 * abs(damage.growth) + 1
        sheet = sheet.filter(ImageFilter.MinFilter(size) if damage.growth > 0 else ImageFilter.MaxFilter(size))
    ink = np.array(sheet)
    down, over = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]] / DOTS
    for x, y, radius, dark in damage.spots:
        ink[(over - side - x) ** 2 + (down - end - y) ** 2 < radius**2] = 0 if dark else 255
    for left, top, right, bottom in damage.voids:
        ink[(over - side >= left) & (over - side < right) & (down - end >= top) & (down - end < bottom)] = 255
    wide, high = columns * pixels * (1 + damage.stretch), rows * pixels
    corner = np.array([[0, 0], [wide, 0], [wide, high], [0, high]])
    corner += np.array([[damage.shear * wide, 0], [damage.shear * wide, 0], [0, 0], [0, 0]])
    corner += np.array([[0, 0], [0, damage.keystone * high], [0, -damage.keystone * high], [0, 0]])
    turn = np.radians(damage.turn)
    corner = corner @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corner += np.array([side * pixels, end * pixels]) * 1.1 + 3.3 - corner.min(axis=0)
    size = tuple(int(v) for v in corner.max(axis=0) + np.array([side * pixels, end * pixels]) * 1.1 + 4)
    dots = np.array([[side, end], [side + columns, end], [side + columns, end + rows], [side, end + rows]]) * DOTS
    seen = Image.fromarray(ink).transform(
        (size[0] * FINE, size[1] * FINE),
        Image.Transform.PERSPECTIVE,
        _map(corner * FINE, dots.astype(float)),
        Image.Resampling.BILINEAR,
        fillcolor=255,
    )
    if damage.blur:
        seen = seen.filter(ImageFilter.GaussianBlur(damage.blur * pixels * FINE))
    share = np.asarray(seen.reduce(FINE), dtype=float) / 255
    linear = damage.dark + (damage.light - damage.dark) * share
    linear *= 1 - damage.slope * np.linspace(0, 1, share.shape[1])
    written = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    written += np.random.default_rng(seed).normal(0, damage.noise, written.shape) if damage.noise else 0
    grey = np.clip(np.round(written), 0, 255).astype(np.uint8)
    return Picture(grey, tuple((float(x), float(y)) for x, y in corner))


def light_of(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Linear light of sRGB grey values (IEC 61966-2-1), 1 is white."""
    c = np.arange(256) / 255
    return np.asarray(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)[grey])


def random_damage(rng: random.Random, rows: int, columns: int, bars: bool = False) -> Damage:
    """One to three faults, of any strength between hardly seen and unreadable."""
    faults = rng.sample(
        ["blur", "growth", "noise", "contrast", "spots", "voids", "flipped", "shape", "slope"], rng.randint(1, 3)
    )
    has = {name: name in faults for name in faults}.get
    most = 0.65 if bars else 0.45

    around = 10 if bars else 1

    def spot() -> tuple[float, float, float, bool]:
        x, y = rng.uniform(-around, columns + around), rng.uniform(-1, rows + 1)
        return x, y, rng.uniform(0.3, 1.2 if bars else 1.6), rng.random() < 0.5

    def void() -> tuple[float, float, float, float]:
        wide, high = rng.choice([(0.2 if bars else 1, rows / 2), (columns / 4, 1), (2.0, 2.0)])
        x, y = rng.choice([0.0, rng.uniform(0, columns)]), rng.choice([0.0, rows - 1.0, rng.uniform(0, rows)])
        return x, y, x + wide, y + high

    flips = rng.randint(1, 10) if has("flipped") and not bars else 0
    return Damage(
        blur=rng.uniform(0.05, most) if has("blur") else rng.uniform(0, 0.12),
        growth=rng.choice([-3, -2, -1, 1, 2, 3] if bars else [-2, -1, 1, 2, 3]) if has("growth") else 0,
        noise=rng.uniform(2, 20) if has("noise") else rng.uniform(0, 2),
        dark=rng.uniform(0.02, 0.45) if has("contrast") else 0.04,
        light=rng.uniform(0.5, 0.95) if has("contrast") else 0.88,
        slope=rng.uniform(0.05, 0.4) if has("slope") else 0.0,
        spots=tuple(spot() for _ in range(rng.randint(1, 8))) if has("spots") else (),
        voids=(void(),) if has("voids") else (),
        flipped=tuple((rng.randrange(rows), rng.randrange(columns)) for _ in range(flips)),
        shear=rng.uniform(-0.06, 0.06) if has("shape") else 0.0,
        stretch=rng.uniform(-0.15, 0.15) if has("shape") else 0.0,
        keystone=rng.uniform(-0.06, 0.06) if has("shape") else 0.0,
        turn=rng.uniform(-12, 12) if rng.random() < 0.6 else 0.0,
    )
