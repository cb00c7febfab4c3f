"""Grades of Data Matrix and bars, written a second time from the standards by someone who had not seen bss_mfg/imaging.

It imports nothing of bss_mfg. ISO/IEC 15415 with 16022 annex M for Data Matrix, ISO/IEC 15416 for bars, with the
continuous scale of ISO/IEC 15416:2016. Light is linear: 1 is 100 % reflectance. The first pixel's centre is (0.5, 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Knots of the grade scales: values at grade 4, 3, 2, 1 and 0.
CONTRAST = (0.70, 0.55, 0.40, 0.20, 0.15)
MODULE = (0.50, 0.40, 0.30, 0.20, 0.10)
AXIAL = (0.06, 0.08, 0.10, 0.12, 0.14)
GRID = (0.38, 0.50, 0.63, 0.75, 0.87)
UNUSED = (0.62, 0.50, 0.37, 0.25, 0.20)
DAMAGE = (0.0, 0.09, 0.13, 0.17, 0.21)
AVERAGE = (4.0, 3.5, 3.0, 2.5, 2.0)
EDGES = (0.70, 0.60, 0.50, 0.40, 0.30)
DEFECTS = (0.15, 0.20, 0.25, 0.30)

# ISO/IEC 16022 table 7: side -> error correction codewords of the symbol, interleaved blocks, regions on a side.
ECC200 = {
    10: (5, 1, 1), 12: (7, 1, 1), 14: (10, 1, 1), 16: (12, 1, 1), 18: (14, 1, 1), 20: (18, 1, 1), 22: (20, 1, 1),
    24: (24, 1, 1), 26: (28, 1, 1), 32: (36, 1, 2), 36: (42, 1, 2), 40: (48, 1, 2), 44: (56, 1, 2), 48: (68, 1, 2),
    52: (84, 2, 2), 64: (112, 2, 4), 72: (144, 4, 4), 80: (192, 4, 4), 88: (224, 4, 4), 96: (272, 4, 4),
    104: (336, 6, 4), 120: (408, 6, 6), 132: (496, 8, 6), 144: (620, 10, 6),
}  # fmt: skip

# ISO/IEC 15420 table 1, set A: widths of the four elements; set C has the same widths, set B has them turned round.
SET_A = ("3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112")
QUIET = {"code128": (10, 10), "itf": (10, 10), "ean13": (11, 7), "upca": (9, 9), "ean8": (7, 7)}


@dataclass(frozen=True)
class Judgement:
    """Grades 0.0 to 4.0: of each parameter, the mean of its scans; `values` are the scans' means before grading."""

    overall: float
    grades: dict[str, float]
    values: dict[str, float] = field(default_factory=dict)
    complete: bool = True  # False: some profile has not the elements it should have, so its parameters have no values


def tenth(value: float) -> float:
    """Round half up to one decimal."""
    return float(np.floor(value * 10 + 0.5 + 1e-9) / 10)


def grade(values: object, knots: tuple[float, ...]) -> Array:
    """Continuous grade of values: linear between the knots, clipped, to one decimal."""
    at, to = np.asarray(knots, dtype=float), np.array([4.0, 3.0, 2.0, 1.0, 0.0])
    if at[0] > at[-1]:
        at, to = at[::-1], to[::-1]
    return np.floor(np.interp(np.asarray(values, dtype=float), at, to) * 10 + 0.5 + 1e-9) / 10


class Light:
    """A picture through a round aperture. The disc is cut in pixel rows, its chords are integrated along each row."""

    NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)

    def __init__(self, linear: Array) -> None:
        self.high, self.wide = linear.shape
        self.sums = np.zeros((self.high, self.wide + 1))
        np.cumsum(linear, axis=1, out=self.sums[:, 1:])

    def _until(self, rows: npt.NDArray[np.int64], x: Array) -> Array:
        x = np.clip(x, 0, self.wide)
        column = np.minimum(x.astype(np.int64), self.wide - 1)
        at = rows * (self.wide + 1) + column
        flat = self.sums.ravel()
        left = flat[at]
        return np.asarray(left + (flat[at + 1] - left) * (x - column))

    def seen(self, points: Array, diameter: float) -> Array:
        """Mean light of the disc about each point (last axis x, y); discs over the border are moved inside."""
        radius = diameter / 2
        x = np.clip(points[..., 0], radius, self.wide - radius)[..., None, None]
        y = np.clip(points[..., 1], radius, self.high - radius)[..., None]
        rows = np.floor(y - radius).astype(np.int64) + np.arange(int(np.ceil(diameter)) + 1)
        low = np.arcsin(np.clip((rows - y) / radius, -1, 1))[..., None]
        high = np.arcsin(np.clip((rows + 1 - y) / radius, -1, 1))[..., None]
        angle = (low + high) / 2 + (high - low) / 2 * self.NODES
        half = radius * np.cos(angle)
        inside = np.clip(rows, 0, self.high - 1)[..., None]
        chord = self._until(inside, x + half) - self._until(inside, x - half)
        pieces = chord * half * self.WEIGHTS * (high - low) / 2
        return np.asarray(pieces.sum(axis=(-1, -2)) / (np.pi * radius**2))


# --- Data Matrix


def codeword_places(side: int) -> list[list[tuple[int, int]]]:
    """Rows and columns (in the whole symbol) of the eight modules of each codeword, ISO/IEC 16022 annex F."""
    regions = ECC200[side][2]
    span = side // regions - 2
    size = span * regions
    taken: dict[tuple[int, int], bool] = {}
    words: list[list[tuple[int, int]]] = []

    def place(cells: list[tuple[int, int]]) -> None:
        word = []
        for row, column in cells:
            r, c = row, column
            if r < 0:
                r, c = r + size, c + 4 - (size + 4) % 8
            if c < 0:
                r, c = r + 4 - (size + 4) % 8, c + size
            taken[r, c] = True
            word.append((r + 2 * (r // span) + 1, c + 2 * (c // span) + 1))
        words.append(word)

    def utah(r: int, c: int) -> None:
        place(
            [(r - 2, c - 2), (r - 2, c - 1), (r - 1, c - 2), (r - 1, c - 1), (r - 1, c), (r, c - 2), (r, c - 1), (r, c)]
        )

    n = size
    corners = {
        1: [(n - 1, 0), (n - 1, 1), (n - 1, 2), (0, n - 2), (0, n - 1), (1, n - 1), (2, n - 1), (3, n - 1)],
        2: [(n - 3, 0), (n - 2, 0), (n - 1, 0), (0, n - 4), (0, n - 3), (0, n - 2), (0, n - 1), (1, n - 1)],
        3: [(n - 3, 0), (n - 2, 0), (n - 1, 0), (0, n - 2), (0, n - 1), (1, n - 1), (2, n - 1), (3, n - 1)],
        4: [(n - 1, 0), (n - 1, n - 1), (0, n - 3), (0, n - 2), (0, n - 1), (1, n - 3), (1, n - 2), (1, n - 1)],
    }
    row, column = 4, 0
    while row < n or column < n:
        if (row, column) == (n, 0):
            place(corners[1])
        if (row, column) == (n - 2, 0) and n % 4:
            place(corners[2])
        if (row, column) == (n - 2, 0) and n % 8 == 4:
            place(corners[3])
        if (row, column) == (n + 4, 2) and n % 8 == 0:
            place(corners[4])
        while True:  # up and to the right
            if row < n and column >= 0 and (row, column) not in taken:
                utah(row, column)
            row, column = row - 2, column + 2
            if row < 0 or column >= n:
                break
        row, column = row + 1, column + 3
        while True:  # down and to the left
            if row >= 0 and column < n and (row, column) not in taken:
                utah(row, column)
            row, column = row + 2, column - 2
            if row >= n or column < 0:
                break
        row, column = row + 3, column + 1
    return words


def module_centres(corners: Array, side: int) -> Array:
    """Centres (row, column, xy) by the map of the unit square to the four corners (Heckbert)."""
    p0, p1, p2, p3 = corners
    across, down, rest = p1 - p2, p3 - p2, p0 - p1 + p2 - p3
    (g, h) = np.linalg.solve(np.stack([across, down], axis=1), rest)
    u, v = np.meshgrid((np.arange(side) + 0.5) / side, (np.arange(side) + 0.5) / side)
    top = (p1 * (1 + g) - p0) * u[..., None] + (p3 * (1 + h) - p0) * v[..., None] + p0
    return np.asarray(top / (g * u + h * v + 1)[..., None])


def _with_rim(centres: Array) -> Array:
    rows = np.concatenate([[2 * centres[0] - centres[1]], centres, [2 * centres[-1] - centres[-2]]])
    left, right = 2 * rows[:, :1] - rows[:, 1:2], 2 * rows[:, -1:] - rows[:, -2:-1]
    return np.concatenate([left, rows, right], axis=1)


def _overlaid(word_grades: Array, blocks: int, share: float) -> float:
    """Best of min(level, notional UEC grade at that level); a word below the level counts as wrong."""
    best = 0.0
    for level in np.arange(41) / 10:
        wrong = word_grades < level - 1e-9
        best = max(best, min(float(level), float(grade(_unused(wrong, blocks, share), UNUSED))))
    return best


def _unused(wrong: npt.NDArray[np.bool_], blocks: int, share: float) -> float:
    return min(max(0.0, 1 - 2 * float(wrong[b::blocks].sum()) / share) for b in range(blocks))


def _line(grades: Array) -> float:
    """Grade of one line of the fixed pattern."""
    return max(min(float(level), float(grade((grades < level - 1e-9).mean(), DAMAGE))) for level in np.arange(41) / 10)


def fixed_pattern(grades: Array, regions: int) -> float:
    """FPD of 16022 annex M from the module grades with one row and column of quiet zone about them."""
    n = len(grades) - 2
    span = n // regions
    bands = [slice(1 + k * span, 1 + (k + 1) * span) for k in range(regions)]
    inner = slice(1, n + 1)
    wholes = [grades[inner, 1], grades[n, inner], grades[:, 0], grades[n + 1, :]]
    parts = [[grades[b, 1] for b in bands], [grades[n, b] for b in bands], [grades[b, 0] for b in bands],
             [grades[n + 1, b] for b in bands]]  # fmt: skip
    if regions == 1:
        parts = [[], [], [], []]
    segments = [min(_line(line) for line in [whole, *some]) for whole, some in zip(wholes, parts, strict=True)]
    tracks = []
    for down in bands:
        for over in bands:
            top, right = down.start, over.stop - 1
            tracks += [grades[top, over], grades[top - 1, over], grades[down, right], grades[down, right + 1]]
    segments.append(min(_line(line) for line in tracks))
    return min(*segments, float(grade(np.mean(segments), AVERAGE)))


def grade_data_matrix(
    linear: Array, corners: Array, modules: npt.NDArray[np.bool_], off: float = 0.0
) -> Judgement | None:
    """Grade a square Data Matrix; corners: top left, top right, bottom right, bottom left. None: under 5 px a module.

    `off` moves the threshold that tells dark from light: what changes with it was too close to call.
    """
    side = len(modules)
    errors, blocks, regions = ECC200[side]
    share = errors / blocks
    words = np.array(codeword_places(side))
    centres = module_centres(np.asarray(corners, dtype=float), side)
    over = float(np.linalg.norm((centres[:, -1] - centres[:, 0]).mean(axis=0))) / (side - 1)
    down = float(np.linalg.norm((centres[-1] - centres[0]).mean(axis=0))) / (side - 1)
    x = (over + down) / 2
    if x < 5 * 0.99:
        return None
    an = abs(over - down) / x
    t = np.arange(side) / (side - 1)
    u, v = t[None, :, None], t[:, None, None]
    ideal = (1 - v) * ((1 - u) * centres[0, 0] + u * centres[0, -1]) + v * (
        (1 - u) * centres[-1, 0] + u * centres[-1, -1]
    )
    gn = float(np.linalg.norm(centres - ideal, axis=-1).max()) / x
    points = _with_rim(centres)
    dark_wanted = np.zeros((side + 2, side + 2), dtype=bool)
    dark_wanted[1:-1, 1:-1] = modules
    light = Light(linear)
    scans: list[dict[str, float]] = []
    values: list[dict[str, float]] = []
    for k in range(5):
        turn = 2 * np.pi * k / 5
        seen = light.seen(points + 0.05 * x * np.array([np.cos(turn), np.sin(turn)]), 0.8 * x)
        contrast = float(seen.max() - seen.min())
        threshold = float(seen.max() + seen.min()) / 2 + off
        modulation = 2 * np.abs(seen - threshold) / contrast if contrast > 0 else np.zeros_like(seen)
        right = (seen < threshold) == dark_wanted
        margin = np.where(right, modulation, 0.0)
        in_words = tuple((words + 1)[..., axis] for axis in (0, 1))
        wrong = ~right[in_words].all(axis=1)
        uec = _unused(wrong, blocks, share)
        decoded = all(int(wrong[b::blocks].sum()) <= int(share) // 2 for b in range(blocks))
        margins = grade(margin, MODULE)
        scans.append({
            "decode": 4.0 if decoded else 0.0,
            "SC": float(grade(contrast, CONTRAST)),
            "MOD": _overlaid(grade(modulation, MODULE)[in_words].min(axis=1), blocks, share),
            "RM": _overlaid(margins[in_words].min(axis=1), blocks, share),
            "FPD": fixed_pattern(margins, regions),
            "AN": float(grade(an, AXIAL)),
            "GN": float(grade(gn, GRID)),
            "UEC": float(grade(uec, UNUSED)),
        })  # fmt: skip
        values.append({"SC": contrast, "UEC": uec, "AN": an, "GN": gn})
    return _mean(scans, values)


def _mean(scans: list[dict[str, float]], values: list[dict[str, float]], complete: bool = True) -> Judgement:
    overall = tenth(float(np.mean([min(scan.values()) for scan in scans])))
    grades = {name: tenth(float(np.mean([scan[name] for scan in scans]))) for name in scans[0]}
    means = {name: float(np.mean([value[name] for value in values])) for name in values[0]}
    return Judgement(overall, grades, means, complete)


# --- bars


def aperture(x: float, x_mm: float | None) -> float:
    """Diameter in pixels for modules of x pixels, x_mm millimetres."""
    if x_mm is None:
        return max(1.0, 0.4 * x)
    for limit, diameter in ((0.180, 0.075), (0.330, 0.125), (0.635, 0.250)):
        if x_mm < limit:
            return max(1.0, diameter / x_mm * x)
    return max(1.0, 0.500 / x_mm * x)


def _code128(measured: Array, modules: Array) -> float:
    worst = 1.0
    for at in range(0, len(modules) - 1, 6):
        w, m = measured[at : at + 6], modules[at : at + 6]
        scale = 11 / w.sum()
        pairs = np.abs((w[:4] + w[1:5]) * scale - (m[:4] + m[1:5]))
        bars = abs(w[::2].sum() * scale - m[::2].sum())
        worst = min(worst, float((0.5 - pairs.max()) / 0.5), float((1.75 - bars) / 1.75))
    return worst


def _retail(measured: Array, modules: Array) -> float:
    half = (len(modules) - 11) // 8
    starts = [3 + 4 * k for k in range(half)] + [8 + 4 * half + 4 * k for k in range(half)]
    worst = 1.0
    for at in starts:
        w, m = measured[at : at + 4], modules[at : at + 4]
        scale = 7 / w.sum()
        pairs = np.abs((w[:2] + w[1:3]) * scale - (m[:2] + m[1:3]))
        worst = min(worst, float((0.5 - pairs.max()) / 0.5))
        pattern = "".join(str(int(v)) for v in m)
        left = at < 3 + 4 * half
        in_a = left and pattern in SET_A
        digit = SET_A.index(pattern if in_a or not left else pattern[::-1])
        if digit in (1, 2, 7, 8):
            first = 1 if left else 0  # characters left of the centre begin with a space
            limit = 4 if in_a else 3
            many = float(m[first::2].sum()) > limit
            away = float(w[first::2].sum() * scale - limit)
            worst = min(worst, away if many else -away)
    return worst


def _itf(measured: Array, modules: Array) -> float:
    worst = 1.0
    for at in range(4, len(modules) - 3, 10):
        w, m = measured[at : at + 10], modules[at : at + 10]
        wide = m > (m.min() + m.max()) / 2
        threshold = 7 * w.sum() / 64
        away = np.where(wide, w - threshold, threshold - w)
        worst = min(worst, float(away.min() / ((w[wide].mean() - w[~wide].mean()) / 2)))
    return worst


DECODABILITY = {"code128": _code128, "itf": _itf, "ean13": _retail, "ean8": _retail, "upca": _retail}


def _irregular(samples: Array) -> float:
    """The largest dip of a space between two peaks of it; of a bar, give it negated."""
    before, after = np.maximum.accumulate(samples), np.maximum.accumulate(samples[::-1])[::-1]
    return float((np.minimum(before, after) - samples).max())


def _edge(profile: Array, first: int, last: int, level: float, near: float) -> float:
    """Where the profile crosses a level between two samples, the crossing nearest to `near`."""
    part = profile[first : last + 1] - level
    found = [i + part[i] / (part[i] - part[i + 1]) for i in range(len(part) - 1)
             if part[i] != part[i + 1] and part[i] * part[i + 1] <= 0]  # fmt: skip
    return min((first + float(at) for at in found), key=lambda at: abs(at - near)) if found else near


def _profile(
    seen: Array, widths: Array, symbology: str, quiet: tuple[int, int]
) -> tuple[dict[str, float], dict[str, float], bool]:
    high, low = float(seen.max()), float(seen.min())
    contrast, threshold = high - low, (high + low) / 2
    space = seen >= threshold
    cuts = [0, *(np.flatnonzero(space[1:] != space[:-1]) + 1).tolist(), len(seen)]
    runs = [(cuts[i], cuts[i + 1]) for i in range(len(cuts) - 1)]
    step = np.arange(len(seen))
    kept = (step <= (quiet[0] - 1.5) * 16 + 1e-9) | (step >= len(seen) - 1 - (quiet[1] - 1.5) * 16 - 1e-9)
    grades = {
        "SC": float(grade(contrast, CONTRAST)),
        "Rmin": 4.0 if low <= 0.5 * high else 0.0,
        "quiet": 4.0 if space[kept].all() else 0.0,
    }
    values = {"SC": contrast}
    if contrast <= 0 or not (space[0] and space[-1]) or len(runs) != len(widths) + 2:
        return grades | dict.fromkeys(("EC", "MOD", "defects", "decodability", "decode"), 0.0), values, False
    peaks = [a + int(np.argmax(seen[a:b]) if space[a] else np.argmin(seen[a:b])) for a, b in runs]
    tops = seen[peaks]
    ec = float(np.abs(np.diff(tops)).min())
    ern = max(_irregular(seen[a:b] if space[a] else -seen[a:b]) for a, b in runs)
    edges = []
    for (_, cut), i in zip(runs[:-1], range(len(runs) - 1), strict=True):
        near = cut - 1 + (seen[cut - 1] - threshold) / (seen[cut - 1] - seen[cut])
        edges.append(_edge(seen, peaks[i], peaks[i + 1], (tops[i] + tops[i + 1]) / 2, float(near)))
    decodability = DECODABILITY[symbology](np.diff(np.array(edges)), widths)
    flaw = ern / contrast
    values |= {"EC": ec, "MOD": ec / contrast, "defects": flaw, "decodability": float(np.clip(decodability, 0, 1))}
    grades |= {
        "EC": 4.0 if ec >= 0.15 else 0.0,
        "MOD": float(grade(ec / contrast, EDGES)),
        "defects": tenth(float(np.interp(flaw, DEFECTS, (4, 3, 2, 1)))) if flaw <= DEFECTS[-1] else 0.0,
        "decodability": float(grade(np.clip(decodability, 0, 1), UNUSED)),
        "decode": 4.0 if decodability >= 0 else 0.0,
    }
    return grades, values, True


def grade_bars(linear: Array, quad: Array, widths: list[float], symbology: str, x_mm: float | None) -> Judgement:
    """Grade bars; quad: outer edges (top left, top right, bottom right, bottom left); widths in modules, bar first."""
    top_left, top_right, bottom_right, bottom_left = np.asarray(quad, dtype=float)
    modules = np.asarray(widths, dtype=float)
    total, quiet = float(modules.sum()), QUIET[symbology]
    light = Light(linear)
    scans, values, complete = [], [], True
    for k in range(10):
        at = 0.10 + 0.80 * (k + 0.5) / 10
        left, right = top_left + at * (bottom_left - top_left), top_right + at * (bottom_right - top_right)
        x = float(np.linalg.norm(right - left)) / total
        along = (right - left) / np.linalg.norm(right - left)
        count = int(np.floor(16 * (total + sum(quiet) - 1) + 1e-6)) + 1
        places = (np.arange(count) / 16 - (quiet[0] - 0.5)) * x
        seen = light.seen(left + places[:, None] * along, aperture(x, x_mm))
        grades, value, whole = _profile(seen, modules, symbology, quiet)
        scans.append(grades)
        complete = complete and whole
        values.append(value)
    names = set.intersection(*(set(value) for value in values))
    return _mean(scans, [{name: value[name] for name in names} for value in values], complete)
