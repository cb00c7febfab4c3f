"""A damage suite: real labels, spoiled in the ways of print, paper and camera, each from mild to severe, the same for
the same seed. `python -m tests.faults.damage OUTDIR [--measure]` writes the pictures for a human, and
measures the baselines.

The severest levels are meant to be beyond any reader: a 48 x 48 symbol corrects 34 of its 242 codewords, which 2 % of
flipped modules are enough to spoil."""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import sys
import tempfile
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from math import ceil, cos, pi, radians, sin
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from bss_mfg.label.make import LabelFiles
from bss_mfg.ledger.digests import payload_digest
from bss_mfg.symbol import data_matrix
from tests.helpers.factory import Factory, make_factory
from tests.helpers.pictures import Grey, pdfium

Floats = NDArray[np.floating]
Box = tuple[int, int, int, int]
"""x, y, width, height of a symbol in pixels, without its quiet zone."""

SEED = 1
INK, PAPER, DESK = 25, 235, 95
"""What a scanner or camera makes of black, of white, and of what lies beside the paper."""


@dataclass(frozen=True)
class Damaged:
    """A spoiled picture of several labels. `labels` are the indices, in the boxes given, of those that count."""

    kind: str
    level: str
    grey: Grey
    labels: list[int]


@dataclass(frozen=True)
class Piece:
    """A piece of a page, and by label the box of its symbol. Effects that move the symbols leave their boxes behind:
    an effect on modules comes first."""

    grey: Grey
    boxes: dict[int, Box]
    modules: int

    def painted(self, paint: Callable[[Grey, Symbol], None]) -> Piece:
        """Every symbol changed in place."""
        grey = self.grey.copy()
        for label, (x, y, width, height) in self.boxes.items():
            paint(grey, Symbol(label, x, y, width / self.modules, height / self.modules, self.modules))
        return replace(self, grey=grey)


@dataclass(frozen=True)
class Symbol:
    """Where a symbol's modules lie: what to paint is said in modules from its top left corner."""

    label: int
    x: int
    y: int
    module_x: float
    module_y: float
    modules: int

    def area(self, column: float, row: float, columns: float, rows: float) -> tuple[slice, slice]:
        """The pixels of some modules; what lies beyond the top or left of the picture is cut off."""
        left, right = self.x + column * self.module_x, self.x + (column + columns) * self.module_x
        top, bottom = self.y + row * self.module_y, self.y + (row + rows) * self.module_y
        return slice(max(round(top), 0), max(round(bottom), 0)), slice(max(round(left), 0), max(round(right), 0))


Effect = Callable[[Piece, Generator], Piece]

# --- helpers --------------------------------------------------------------------------------------------------------


def _grey(values: NDArray[np.floating] | Grey) -> Grey:
    grey: Grey = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    return grey


def _axes(grey: Grey) -> tuple[Floats, Floats]:
    """x as a row and y as a column, from 0 to 1."""
    rows, columns = grey.shape
    return np.linspace(0, 1, columns, dtype=np.float32)[None, :], np.linspace(0, 1, rows, dtype=np.float32)[:, None]


def _toned(grey: Grey) -> Floats:
    """Ink is not black and paper is not white."""
    return INK + grey.astype(np.float32) * ((PAPER - INK) / 255)


def _blurred(grey: Grey, sigma: float) -> Grey:
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(sigma)))


def _with_noise(values: NDArray[np.floating] | Grey, sigma: float, rng: Generator) -> Grey:
    return _grey(values + rng.normal(0, sigma, values.shape).astype(np.float32))


def _seen(piece: Piece, rng: Generator, blur: float = 0.7, noise: float = 3) -> Piece:
    """As a fair scanner sees it: slightly soft, slightly noisy."""
    return replace(piece, grey=_with_noise(_blurred(_grey(_toned(piece.grey)), blur), noise, rng))


def _jpeg(grey: Grey, quality: int) -> Grey:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def _sampled(grey: Grey, x: Floats, y: Floats, outside: float) -> Floats:
    """Bilinear samples of a picture; x and y in pixels."""
    rows, columns = grey.shape
    inside = (x >= 0) & (y >= 0) & (x <= columns - 1) & (y <= rows - 1)
    x, y = np.clip(x, 0, columns - 1.001), np.clip(y, 0, rows - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    dx, dy = x - left, y - top
    upper = grey[top, left] * (1 - dx) + grey[top, left + 1] * dx
    lower = grey[top + 1, left] * (1 - dx) + grey[top + 1, left + 1] * dx
    return np.where(inside, upper * (1 - dy) + lower * dy, outside).astype(np.float32)


def _onto_quad(grey: Grey, quad: Sequence[tuple[float, float]], fill: int) -> Grey:
    """The picture with its corners (from top left, clockwise) moved; the canvas stays as large."""
    rows, columns = grey.shape
    here = ((0, 0), (columns, 0), (columns, rows), (0, rows))
    equations, values = [], []
    for (u, v), (x, y) in zip(here, quad, strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    there = tuple(np.linalg.solve(np.array(equations, float), np.array(values, float)))
    moved = Image.fromarray(grey).transform(
        (columns, rows), Image.Transform.PERSPECTIVE, there, Image.Resampling.BICUBIC, fillcolor=fill
    )
    return np.asarray(moved)


def _tilted(grey: Grey, far: float, turn: int) -> Grey:
    """Seen from a slant: the far side (0 top, 1 right, 2 bottom, 3 left) is `far` as long as the near side."""
    turned = np.rot90(grey, turn)
    rows, columns = turned.shape
    gap, drop = columns * (1 - far) / 2, rows * (1 - far) * 0.5
    quad = [(gap * 1.2, drop), (columns - gap * 0.8, drop), (columns, rows), (0, rows)]
    return np.ascontiguousarray(np.rot90(_onto_quad(np.ascontiguousarray(turned), quad, DESK), -turn))


# --- the sensor -----------------------------------------------------------------------------------------------------


def blur(piece: Piece, rng: Generator, sigma: float) -> Piece:
    """Out of focus."""
    return _seen(piece, rng, blur=sigma)


def motion(piece: Piece, rng: Generator, length: float, angle: float) -> Piece:
    """Moved while the shutter was open."""
    values, steps = _toned(piece.grey), max(round(length * 2), 2)
    x, y = (np.arange(size, dtype=np.float32) for size in reversed(values.shape))
    source, total = _grey(values), np.zeros_like(values)
    for offset in np.linspace(-length / 2, length / 2, steps):
        dx, dy = offset * cos(radians(angle)), offset * sin(radians(angle))
        here = np.broadcast_to((x + dx)[None, :], values.shape), np.broadcast_to((y + dy)[:, None], values.shape)
        total += _sampled(source, *here, outside=PAPER)
    return replace(piece, grey=_with_noise(total / steps, 3, rng))


def noise(piece: Piece, rng: Generator, sigma: float) -> Piece:
    """Too little light."""
    return _seen(piece, rng, noise=sigma)


def jpeg(piece: Piece, rng: Generator, quality: int) -> Piece:
    """Sent by a messenger that saves."""
    return replace(piece, grey=_jpeg(_seen(piece, rng).grey, quality))


def contrast(piece: Piece, rng: Generator, share: float) -> Piece:
    """Faded print on an uneven background."""
    x, y = _axes(piece.grey)
    along = x * cos(tilt := rng.uniform(0, pi / 2)) + y * sin(tilt)
    background = 235 - 85 * along / (cos(tilt) + sin(tilt)) - 18 * np.sin(5 * x + 3) * np.cos(4 * y)
    soft = _blurred(piece.grey, 0.7).astype(np.float32) / 255
    return replace(piece, grey=_with_noise(background - share * 255 * (1 - soft), 2, rng))


def fax(piece: Piece, rng: Generator, angle: float, speckles: float) -> Piece:
    """200 dpi from 300, black or white, with speckles of one to four dots."""
    turned = Image.fromarray(_blurred(piece.grey, 0.6)).rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)
    small = turned.resize((turned.width * 2 // 3, turned.height * 2 // 3), Image.Resampling.BOX)
    dark = np.asarray(small) < rng.normal(128, 12, (small.height, small.width))
    for _ in range(round(speckles * dark.size)):
        x, y, width, height = rng.integers((0, 0, 1, 1), (small.width, small.height, 3, 3))
        dark[y : y + height, x : x + width] = rng.random() < 0.6
    return replace(piece, grey=np.where(dark, 0, 255).astype(np.uint8))


# --- the place it is seen from --------------------------------------------------------------------------------------


def rotation(piece: Piece, rng: Generator, angle: float) -> Piece:
    """Laid on the scanner askew."""
    turned = Image.fromarray(piece.grey).rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    return _seen(replace(piece, grey=np.asarray(turned)), rng)


def perspective(piece: Piece, rng: Generator, far: float, turn: int) -> Piece:
    """Photographed from a slant."""
    return replace(piece, grey=_with_noise(_tilted(_blurred(_grey(_toned(piece.grey)), 0.7), far, turn), 3, rng))


def curl(piece: Piece, rng: Generator, degrees: float) -> Piece:
    """Each label on a bottle, upright or lying, seen a bit from above, the symbol from -`degrees` to +`degrees`."""
    tiles: list[Floats] = []
    for x, y, width, height in piece.boxes.values():
        lying, sag, shift = len(tiles) % 2 == 1, rng.uniform(0.05, 0.25), rng.uniform(-0.03, 0.03)
        side = ceil(max(width, height) * 1.45)
        across, along = np.meshgrid(np.arange(side, dtype=np.float32) - side / 2,
                                    np.arange(side, dtype=np.float32) - side / 2)  # fmt: skip
        radius = max(width, height) / 2 / radians(degrees)
        ratio = np.clip(across / radius, -1, 1)
        angle = np.arcsin(ratio)
        bulge = np.sqrt(1 - ratio**2)
        u = radius * angle + shift * width
        v = along * (1 + (1 - bulge) * radius / (12 * side)) + sag * radius * (1 - bulge)
        if lying:
            u, v = v.T, u.T
        # The label ends where its neighbours on the sheet begin, far outside the symbol: the bottle is paper all over.
        label = _grey(_toned(_blurred(piece.grey, 0.6)))
        values = _sampled(label, x + width / 2 + u, y + height / 2 + v, PAPER)
        light = (0.45 + 0.55 * np.clip(np.cos(angle - 0.35), 0, 1)) * np.where(np.abs(across) < radius, 1, 0)
        light = light.T if lying else light
        tiles.append(values * light + DESK * (light == 0))
    rows = [np.hstack(tiles[start : start + 3]) for start in range(0, len(tiles) // 3 * 3, 3)]
    return replace(piece, grey=_with_noise(np.vstack(rows), 4, rng))


def fold(piece: Piece, rng: Generator, at: float, slope: float) -> Piece:
    """The lower part turned up along a slanted line: what is under the flap, or on it, does not count."""
    rows, columns = piece.grey.shape
    x, y = (axis.astype(np.float32) for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    normal = np.array([-slope, 1.0]) / np.hypot(slope, 1)
    distance = ((x - columns / 2) * normal[0] + (y - rows * at) * normal[1]).astype(np.float32)
    flap_x, flap_y = x - 2 * distance * normal[0], y - 2 * distance * normal[1]
    gone = distance >= 0
    covered = ~gone & (flap_x >= 0) & (flap_x < columns) & (flap_y >= 0) & (flap_y < rows)
    values = _toned(piece.grey)
    back: Floats = 222 - 14 * (1 - _sampled(_blurred(piece.grey, 1.5), flap_x, flap_y, 255) / 255)
    values = np.where(covered, back - 40 * np.exp(distance / 6), values)
    edge = np.asarray(Image.fromarray(np.where(covered, 255, 0).astype(np.uint8)).filter(ImageFilter.GaussianBlur(9)))
    values = np.where(covered, values, values * (1 - 0.5 * (edge.astype(np.float32) / 255)))
    values[gone] = DESK
    hidden = gone | covered
    left = {
        label: box for label, box in piece.boxes.items()
        if not hidden[box[1] - 10 : box[1] + box[3] + 10, box[0] - 10 : box[0] + box[2] + 10].any()
    }  # fmt: skip
    return replace(piece, grey=_with_noise(_blurred(_grey(values), 0.7), 3, rng), boxes=left)


def squeeze(piece: Piece, rng: Generator, share: float, through: bool) -> Piece:
    """Folded and opened again: right of the crease the paper rises and is `share` as wide. The crease is between the
    columns of symbols, or right through the first."""
    rows, columns = piece.grey.shape
    lefts, wide = [box[0] for box in piece.boxes.values()], piece.boxes[next(iter(piece.boxes))][2]
    crease = min(lefts) + 0.55 * wide if through else max(lefts) - 0.3 * wide
    x, y = (axis.astype(np.float32) for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    beyond = np.maximum(x - crease, 0)
    source_x, source_y = np.minimum(x, crease) + beyond / share, y + beyond * (1 - share) * 0.12
    width = ceil(crease + (columns - crease) * share)
    values = _sampled(_grey(_toned(_blurred(piece.grey, 0.6))), source_x, source_y, DESK)
    values = values * np.where(x > crease, 0.55 + 0.45 * share, 1) - 60 * np.exp(-((x - crease) ** 2) / 4)
    return replace(piece, grey=_with_noise(values[:, :width], 3, rng))


def photo(piece: Piece, rng: Generator, far: float, shadow: float, soft: float, grain: float) -> Piece:
    """A hand-held photograph: from a slant, brighter on one side, the edge of a shadow across, soft and noisy."""
    values: Floats = _tilted(_grey(_toned(piece.grey)), far, int(rng.integers(4))).astype(np.float32)
    x, y = _axes(piece.grey)
    tilt, along = rng.uniform(0.3, 1.2), rng.uniform(0.4, 0.6)
    light = 1.05 - (1 - shadow) * 0.5 * (x * rng.uniform(0, 1) + y * rng.uniform(0, 1))
    edge = 1 / (1 + np.exp(np.clip((x * cos(tilt) + y * sin(tilt) - along * (cos(tilt) + sin(tilt))) * -160, -60, 60)))
    values = values * light * (1 - (1 - shadow) * edge)
    return replace(piece, grey=_jpeg(_with_noise(_blurred(_grey(values), soft), grain, rng), 75))


# --- light and ink on the symbol ------------------------------------------------------------------------------------


def glare(piece: Piece, rng: Generator, size: float) -> Piece:
    """A lamp mirrored in the laminate: a white spot, `size` modules of standard deviation, over each symbol."""
    values = _blurred(_grey(_toned(piece.grey)), 0.7).astype(np.float32)
    x, y = (np.arange(side, dtype=np.float32) for side in reversed(values.shape))
    for left, top, width, height in piece.boxes.values():
        sigma = size * width / piece.modules
        center_x, center_y = left + width * rng.uniform(0.1, 0.9), top + height * rng.uniform(0.1, 0.9)
        wide = rng.uniform(0.8, 1.3)
        spot = np.exp(-(((y - center_y)[:, None] * wide) ** 2 + ((x - center_x)[None, :] / wide) ** 2) / 2 / sigma**2)
        values += 400 * spot
    return replace(piece, grey=_with_noise(np.minimum(values, 255), 2, rng))


def quiet_zone(piece: Piece, rng: Generator, edges: int, width: float, share: float = 1) -> Piece:
    """A frame printed too near: ink right up to some edges of the symbol."""

    def paint(grey: Grey, symbol: Symbol) -> None:
        side = symbol.modules
        for number in range(edges):
            edge = (symbol.label + number) % 4  # left, bottom, right, top
            start, length = (-width, side + 2 * width) if edges > 1 else (-3, side + 6)
            if share < 1:
                start, length = rng.uniform(0, side * (1 - share)), side * share
            area = (
                (-width, start, width, length), (start, side, length, width),
                (side, start, width, length), (start, -width, length, width),
            )[edge]  # fmt: skip
            grey[symbol.area(*area)] = 0

    return _seen(piece.painted(paint), rng)


def finder(piece: Piece, rng: Generator, missing: int, longest: int) -> Piece:
    """Modules of the finder L missing, in runs."""

    def paint(grey: Grey, symbol: Symbol) -> None:
        side = symbol.modules
        left: dict[str, list[int]] = {"left": list(range(side)), "bottom": list(range(side))}
        todo = missing
        while todo:
            arm = ("left", "bottom")[int(rng.integers(2))]
            start, run = int(rng.integers(side)), min(int(rng.integers(1, longest + 1)), todo)
            for module in range(start, min(start + run, side)):
                if module in left[arm] and todo:
                    left[arm].remove(module)
                    todo -= 1
                    grey[symbol.area(0, module, 1, 1) if arm == "left" else symbol.area(module, side - 1, 1, 1)] = 255

    return _seen(piece.painted(paint), rng)


def corner(piece: Piece, rng: Generator, modules: int) -> Piece:
    """The corner of the L torn off."""

    def paint(grey: Grey, symbol: Symbol) -> None:
        for row in range(modules):
            grey[symbol.area(-1, symbol.modules - modules + row, row + 2, 1)] = 255
        grey[symbol.area(-1, symbol.modules, modules + 1, 1)] = 255

    return _seen(piece.painted(paint), rng)


def flips(piece: Piece, rng: Generator, share: float) -> Piece:
    """Single modules black for white and white for black, anywhere in the symbol."""

    def paint(grey: Grey, symbol: Symbol) -> None:
        for module in rng.choice(symbol.modules**2, round(share * symbol.modules**2), replace=False):
            row, column = divmod(int(module), symbol.modules)
            area = symbol.area(column, row, 1, 1)
            grey[area] = 255 - grey[area]

    return _seen(piece.painted(paint), rng)


def patches(piece: Piece, rng: Generator, share: float, ink: int, count: int = 1) -> Piece:
    """Blots or scuffs within the symbol, of `share` of its area together."""

    def paint(grey: Grey, symbol: Symbol) -> None:
        side = symbol.modules
        for _ in range(count):
            shape = rng.uniform(0.7, 1.4)
            columns, rows = ((share / count) ** 0.5 * side * factor for factor in (shape, 1 / shape))
            grey[symbol.area(rng.uniform(1, side - columns), rng.uniform(0, side - 1 - rows), columns, rows)] = ink

    return _seen(piece.painted(paint), rng)


def line(piece: Piece, rng: Generator, ink: int, where: str, width: float = 1) -> Piece:
    """A line through a symbol and its quiet zone: a dead element of the print head (white), or a scratch or a smear
    (black). `where` is a row or column of the data, or an edge of the symbol."""

    def paint(grey: Grey, symbol: Symbol) -> None:
        side = symbol.modules
        anywhere = int(rng.integers(2, side - 2 - ceil(width)))
        at = {"row": anywhere, "column": anywhere, "left": 0, "bottom": side - width, "top": 0, "right": side - width}
        if where in ("row", "bottom", "top"):
            grey[symbol.area(-6, at[where], side + 12, width)] = ink
        else:
            grey[symbol.area(at[where], -6, width, side + 12)] = ink

    return _seen(piece.painted(paint), rng)


# --- the suite ------------------------------------------------------------------------------------------------------

CLASSES: dict[str, dict[str, Effect]] = {
    "blur": {f"sigma {sigma:g}": partial(blur, sigma=sigma) for sigma in (1, 1.5, 2, 2.5, 3, 4)},
    "motion": {
        f"{length} px at {angle}°": partial(motion, length=length, angle=angle)
        for length, angle in ((4, 0), (6, 30), (7, 90), (8, 45), (10, 0))
    },
    "noise": {f"sigma {sigma}": partial(noise, sigma=sigma) for sigma in (20, 40, 60, 80)},
    "jpeg": {f"quality {quality}": partial(jpeg, quality=quality) for quality in (20, 10, 5)},
    "contrast": {f"{share:.0%}": partial(contrast, share=share) for share in (0.5, 0.3, 0.15)},
    "rotation": {f"{angle}°": partial(rotation, angle=angle) for angle in (1, 3, 7, 15, 30, 45)},
    "perspective": {
        f"far side {far:.0%}": partial(perspective, far=far, turn=turn)
        for turn, far in enumerate((0.9, 0.8, 0.7, 0.6, 0.5))
    },
    "curl": {f"±{degrees}°": partial(curl, degrees=degrees) for degrees in (12, 25, 40, 55)},
    "glare": {f"{size} modules": partial(glare, size=size) for size in (3, 5, 7, 9)},
    "quiet zone": {
        "a quarter of an edge": partial(quiet_zone, edges=1, width=2, share=0.25),
        "a line at one edge": partial(quiet_zone, edges=1, width=1),
        "a bar at one edge": partial(quiet_zone, edges=1, width=4),
        "two edges": partial(quiet_zone, edges=2, width=2),
        "all edges": partial(quiet_zone, edges=4, width=2),
    },
    "finder": {
        "1 module": partial(finder, missing=1, longest=1),
        "4 modules": partial(finder, missing=4, longest=2),
        "10 modules": partial(finder, missing=10, longest=4),
        "20 modules": partial(finder, missing=20, longest=6),
        "corner off, 4": partial(corner, modules=4),
        "corner off, 8": partial(corner, modules=8),
    },
    "flips": {f"{share:.1%}": partial(flips, share=share) for share in (0.005, 0.01, 0.015, 0.02, 0.03)},
    "patches": {
        "5 % white": partial(patches, share=0.05, ink=255),
        "5 % black": partial(patches, share=0.05, ink=0),
        "7 % in three": partial(patches, share=0.07, ink=0, count=3),
        "10 % white": partial(patches, share=0.10, ink=255),
        "10 % black": partial(patches, share=0.10, ink=0),
    },
    "white line": {
        "a dot of a column": partial(line, ink=255, where="column", width=0.2),
        "a row": partial(line, ink=255, where="row"),
        "a column": partial(line, ink=255, where="column"),
        "two columns": partial(line, ink=255, where="column", width=2),
        "half the left edge": partial(line, ink=255, where="left", width=0.5),
        "the left edge": partial(line, ink=255, where="left"),
        "the bottom edge": partial(line, ink=255, where="bottom"),
    },
    "black line": {
        "a dot of a row": partial(line, ink=0, where="row", width=0.2),
        "a row": partial(line, ink=0, where="row"),
        "a column": partial(line, ink=0, where="column"),
        "two rows": partial(line, ink=0, where="row", width=2),
        "the top edge": partial(line, ink=0, where="top"),
        "the right edge": partial(line, ink=0, where="right"),
    },
    "fold": {
        "lower quarter": partial(fold, at=0.76, slope=0.05),
        "corner": partial(fold, at=0.95, slope=-0.7),
        "squeezed to 80 %": partial(squeeze, share=0.8, through=False),
        "squeezed to 60 %": partial(squeeze, share=0.6, through=False),
        "crease through, 90 %": partial(squeeze, share=0.9, through=True),
        "crease through, 75 %": partial(squeeze, share=0.75, through=True),
    },
    "fax": {
        "few speckles": partial(fax, angle=0, speckles=0.0005),
        "askew": partial(fax, angle=1.5, speckles=0.0005),
        "many speckles": partial(fax, angle=0.5, speckles=0.005),
    },
    "photo": {
        "mild": partial(photo, far=0.92, shadow=0.7, soft=0.7, grain=4),
        "fair": partial(photo, far=0.85, shadow=0.5, soft=1.0, grain=6),
        "poor": partial(photo, far=0.78, shadow=0.35, soft=1.3, grain=9),
        "bad": partial(photo, far=0.7, shadow=0.25, soft=1.6, grain=12),
    },
}
"""By class, by level from mild to severe: what makes a spoiled piece of a clean one."""

ROWS, COLUMNS, FOLD_ROWS = 3, 2, 4
"""Labels on a piece. A fold hides some, so that there are more to begin with."""


def pieces(page: Grey, boxes: Sequence[Box], modules: int, rows: int) -> list[Piece]:
    """All pieces of `rows` x 2 labels of a sheet whose labels lie in a grid, with a margin of 12 modules. Text beside
    the symbols of the last column is cut off."""
    lefts, tops = sorted({box[0] for box in boxes}), sorted({box[1] for box in boxes})
    across, down = min(COLUMNS, len(lefts)), min(rows, len(tops))
    margin = round(12 * boxes[0][2] / modules)
    found = []
    for row in range(len(tops) - down + 1):
        for column in range(len(lefts) - across + 1):
            chosen = {
                label: box for label, box in enumerate(boxes)
                if box[0] in lefts[column : column + across] and box[1] in tops[row : row + down]
            }  # fmt: skip
            left, top = max(lefts[column] - margin, 0), max(tops[row] - margin, 0)
            right = max(x + width for x, _, width, _ in chosen.values()) + margin
            bottom = max(y + height for _, y, _, height in chosen.values()) + margin
            moved = {label: (x - left, y - top, width, height) for label, (x, y, width, height) in chosen.items()}
            found.append(Piece(np.ascontiguousarray(page[top:bottom, left:right]), moved, modules))
    return found


def damaged(
    page: Grey, boxes: Sequence[Box], seed: int = SEED, modules: int = 48, kinds: Collection[str] = tuple(CLASSES)
) -> Iterator[Damaged]:
    """The suite of a clean page (8-bit grey, 300 dpi) with its symbols' boxes in pixels. Every picture depends on the
    page, the seed, its class and its level only."""
    cut = {rows: pieces(page, boxes, modules, rows) for rows in (ROWS, FOLD_ROWS)}
    for kind in kinds:
        for level, effect in CLASSES[kind].items():
            rng = np.random.default_rng([seed, zlib.crc32(f"{kind}: {level}".encode())])
            choice = cut[FOLD_ROWS if kind == "fold" else ROWS]
            spoiled = effect(choice[int(rng.integers(len(choice)))], rng)
            yield Damaged(kind, level, np.ascontiguousarray(spoiled.grey), list(spoiled.boxes))


@dataclass(frozen=True)
class Sheet:
    """A clean page, its symbols' boxes, and what they say, in the same order."""

    grey: Grey
    boxes: list[Box]
    payloads: list[bytes]
    modules: int


def label_sheet(factory: Factory) -> LabelFiles:
    """The labels of batch A as the suite has them."""
    template = Path(__file__).with_name("damage_sheet.toml")
    shutil.copy(template, factory.root / "templates" / template.name)
    return factory.label("A", template.stem)


def real_sheet(folder: Path, seed: int = SEED) -> Sheet:
    """A rendered sheet of 24 labels from a new workspace in `folder`, at 300 dpi. Payloads are random in any new batch:
    for pictures that are always the same, those of the seed are printed in their place, on the same dots."""
    factory = make_factory(folder)
    factory.add(oob_bytes=16)
    factory.issue(24, "A")
    made = label_sheet(factory)
    grey, plan, rng = pdfium(made.files[0], 300), made.layout.symbol, np.random.default_rng(seed)
    assert plan is not None
    width, height = plan.columns * plan.module_dots_x, plan.rows * plan.module_dots_y
    boxes, payloads = [(x, y, width, height) for x, y in plan.origins], []
    for x, y in plan.origins:
        secret = b64encode(b"\x03" + rng.bytes(80)).decode()
        text = f"ABV:OB04;UPC:841667145075;PID:ebK3;BMU:{rng.bytes(16).hex().upper()};BMO:2;BMD:{secret};"
        matrix = data_matrix(text.encode(), plan.modules)
        marks = np.array([[mark == "1" for mark in row] for row in str(matrix).splitlines()])
        dots = np.kron(marks, np.ones((plan.module_dots_y, plan.module_dots_x), bool))
        grey[y : y + height, x : x + width] = np.where(dots, 0, 255)
        payloads.append(text.encode())
    return Sheet(grey, boxes, payloads, plan.modules)


def keep_books(factory: Factory, sheet: Sheet) -> None:
    """Batch A of a new workspace, whose ledger says of its labels what a sheet shows: issued strings never are the same
    twice, and what is measured on them isn't either."""
    factory.add(oob_bytes=16)
    factory.issue(len(sheet.payloads), "A")
    label_sheet(factory)
    with factory.database(unguarded=True) as database:
        for number, payload in enumerate(sheet.payloads, 1):
            text = payload.decode()
            change = "UPDATE package SET payload = ?, digest = ? WHERE number = ?"
            database.execute(change, (text, payload_digest(text), number))


# --- baselines ------------------------------------------------------------------------------------------------------


def read_with_zxing(grey: Grey) -> set[bytes]:
    """zxing-cpp alone, at its most thorough."""
    import zxingcpp

    found = zxingcpp.read_barcodes(
        grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix), try_rotate=True, try_downscale=True,
        try_invert=True,
    )  # fmt: skip
    return {bytes(item.bytes) for item in found if item.valid}


def read_with_libdmtx(grey: Grey, max_count: int, timeout_ms: int = 4000) -> set[bytes]:
    """libdmtx alone."""
    from pylibdmtx.pylibdmtx import decode

    rows, columns = grey.shape
    found = decode((grey.tobytes(), columns, rows), max_count=max_count, timeout=timeout_ms)
    return {bytes(item.data) for item in found}


# --- for a human ----------------------------------------------------------------------------------------------------


def _contact_sheet(shots: Sequence[Damaged], columns: int = 9, side: int = 260) -> Image.Image:
    rows = ceil(len(shots) / columns)
    sheet = Image.new("L", (columns * side, rows * (side + 16)), 160)
    draw = ImageDraw.Draw(sheet)
    for number, shot in enumerate(shots):
        x, y = number % columns * side, number // columns * (side + 16)
        small = Image.fromarray(shot.grey)
        small.thumbnail((side - 6, side - 6))
        sheet.paste(small, (x + 3, y + 15))
        draw.text((x + 3, y + 1), f"{shot.kind}: {shot.level}", fill=0)
    return sheet


def _measure(shots: Sequence[Damaged], payloads: Sequence[bytes]) -> None:
    """Print what the baselines read, by level and by class."""
    total = np.zeros(3, int)
    seconds = [0.0, 0.0]
    print(f"{'class':12} {'level':24} {'labels':>6} {'zxing':>6} {'dmtx':>6}")
    for kind in dict.fromkeys(shot.kind for shot in shots):
        of_kind = np.zeros(3, int)
        for shot in (shot for shot in shots if shot.kind == kind):
            wanted, counts = {payloads[label] for label in shot.labels}, [len(shot.labels)]
            for number in range(2):
                start = time.perf_counter()
                found = read_with_libdmtx(shot.grey, len(wanted)) if number else read_with_zxing(shot.grey)
                seconds[number] += time.perf_counter() - start
                counts.append(len(found & wanted))
                wrong = found - set(payloads)
                if wrong:
                    print(f"{kind}: {shot.level}: {('zxing', 'libdmtx')[number]} misread {len(wrong)}")
            print(f"{kind:12} {shot.level:24} {counts[0]:6} {counts[1]:6} {counts[2]:6}", flush=True)
            of_kind += counts
        print(f"{kind:12} {'TOTAL':24} {of_kind[0]:6} {of_kind[1]:6} {of_kind[2]:6}", flush=True)
        total += of_kind
    print(f"{'ALL':12} {'':24} {total[0]:6} {total[1]:6} {total[2]:6}")
    print(f"zxing-cpp {seconds[0]:.1f} s, libdmtx {seconds[1]:.1f} s for {len(shots)} pictures")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the suite as PNG files, with index.csv and a contact sheet."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.damage", description=main.__doc__)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--kind", action="append", choices=list(CLASSES), help="only this class (repeatable)")
    parser.add_argument("--measure", action="store_true", help="what zxing-cpp alone and libdmtx alone read")
    parser.add_argument("--save", action="store_true", help="write what libdmtx reads alone to damage_baseline.json")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        sheet = real_sheet(Path(folder) / "w", asked.seed)
    start = time.perf_counter()
    shots = list(damaged(sheet.grey, sheet.boxes, asked.seed, sheet.modules, asked.kind or tuple(CLASSES)))
    print(
        f"{len(shots)} pictures, {sum(len(shot.labels) for shot in shots)} labels: {time.perf_counter() - start:.1f} s"
    )
    asked.outdir.mkdir(parents=True, exist_ok=True)
    with (asked.outdir / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "class", "level", "width", "height", "labels"))
        for number, shot in enumerate(shots, 1):
            name = f"{number:03}-{shot.kind.replace(' ', '-')}.png"
            Image.fromarray(shot.grey).save(asked.outdir / name)
            rows, columns = shot.grey.shape
            writer.writerow((name, shot.kind, shot.level, columns, rows, " ".join(map(str, shot.labels))))
    _contact_sheet(shots).save(asked.outdir / "contact-sheet.png")
    if asked.measure:
        _measure(shots, sheet.payloads)
    if asked.save:
        found = {
            sha256(shot.grey.tobytes()).hexdigest(): len(
                read_with_libdmtx(shot.grey, len(shot.labels)) & {sheet.payloads[label] for label in shot.labels}
            )
            for shot in shots
        }
        Path(__file__).with_name("damage_baseline.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
