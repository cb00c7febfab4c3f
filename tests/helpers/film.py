"""A sheet as a phone films it: pictures of a page in perspective, one after another, for a browser's camera."""

from __future__ import annotations

import io
from collections.abc import Iterator
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from tests.helpers.pictures import Grey

SIZE = (1280, 720)
"""Width and height of a picture in pixels."""
_DESK = 95


def frames(page: Grey, count: int, share: float = 0.62) -> Iterator[Image.Image]:
    """Pictures along a sheet, back and forth over its columns from top to bottom, each of a `share` of its width, with
    tilt, turn, uneven light, blur and noise."""
    rng = np.random.default_rng(7)
    rows, columns = page.shape
    margin = columns // 3
    paper = Image.fromarray(np.pad((25 + page * (210 / 255)).astype(np.uint8), margin, constant_values=_DESK))
    width = columns * share
    height = width * SIZE[1] / SIZE[0]
    shade = np.linspace(0.82, 1.0, SIZE[0], dtype=np.float32)[None, :]
    for number in range(count):
        along = number / max(count - 1, 1)
        x = margin + columns / 2 + (columns - width * 0.8) / 2 * sin(2 * pi * 6 * along)
        y = margin + height * 0.3 + (rows - height * 0.6) * min(max(along * 1.2 - 0.1, 0), 1)
        turn, tilt = 0.16 * sin(2 * pi * 2 * along), 0.1 * cos(2 * pi * 1.5 * along)
        quad = _quad(x, y, width, height, turn, tilt)
        view = paper.transform(
            SIZE, Image.Transform.PERSPECTIVE, _coefficients(quad), Image.Resampling.BICUBIC, fillcolor=_DESK
        )
        view = view.filter(ImageFilter.GaussianBlur(0.5))
        values = np.asarray(view, np.float32) * shade + rng.normal(0, 2.5, (SIZE[1], SIZE[0])).astype(np.float32)
        yield Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def write_film(page: Grey, path: Path, count: int, share: float = 0.62) -> Path:
    """A film as Motion JPEG, which Chromium shows 30 times a second, over and over."""
    with path.open("wb") as file:
        for picture in frames(page, count, share):
            data = io.BytesIO()
            picture.convert("RGB").save(data, "JPEG", quality=88)
            file.write(data.getvalue())
    return path


def _quad(x: float, y: float, width: float, height: float, turn: float, tilt: float) -> list[tuple[float, float]]:
    """The corners on the page of what a picture shows: the far edge is wider than the near one."""
    corners = []
    for side_x, side_y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        wide = width / 2 * (1 + tilt * side_y)
        dx, dy = side_x * wide, side_y * height / 2
        corners.append((x + dx * cos(turn) - dy * sin(turn), y + dx * sin(turn) + dy * cos(turn)))
    return corners


def _coefficients(quad: list[tuple[float, float]]) -> list[float]:
    """The eight numbers that take the picture's corners to the quad's."""
    width, height = SIZE
    rows, values = [], []
    for (u, v), (x, y) in zip(((0, 0), (width, 0), (width, height), (0, height)), quad, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v], [0, 0, 0, u, v, 1, -y * u, -y * v]]
        values += [x, y]
    return [float(number) for number in np.linalg.solve(np.array(rows, float), np.array(values, float))]
