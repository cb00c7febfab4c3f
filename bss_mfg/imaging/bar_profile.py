"""A scan reflectance profile of bars: its elements, edges, and how even each element is (ISO/IEC 15416)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats


@dataclass(frozen=True, slots=True, eq=False)
class BarProfile:
    """A profile across bars, quiet zones at both ends, as reflectances in percent. `lightest` and `darkest` are of all
    of it; `edges` where the elements between the quiet zones begin and end, in samples; `contrasts` the edges' contrast
    in percent; `unevenness` the elements' (and the quiet zones') largest reflectance nonuniformity in percent."""

    lightest: float
    darkest: float
    edges: Floats
    contrasts: Floats
    unevenness: float

    @property
    def contrast(self) -> float:
        """Symbol contrast in percent."""
        return self.lightest - self.darkest

    @property
    def threshold(self) -> float:
        """The global threshold in percent."""
        return (self.lightest + self.darkest) / 2

    @property
    def widths(self) -> Floats:
        """The widths of the elements in samples, a bar first."""
        import numpy as np

        found: Floats = np.diff(self.edges)
        return found


def read_profile(reflectance: Floats, elements: int) -> BarProfile | None:
    """The profile of a line of samples; None where it does not begin and end light, or has not so many elements."""
    import numpy as np

    lightest, darkest = float(reflectance.max()), float(reflectance.min())
    threshold = (lightest + darkest) / 2
    light = reflectance >= threshold
    if lightest <= darkest or not light[0] or not light[-1]:
        return None
    crossings = np.flatnonzero(light[1:] != light[:-1]) + 1
    if len(crossings) != elements + 1:
        return None
    parts = np.split(reflectance, crossings)
    bars = np.arange(len(parts)) % 2 == 1
    peaks = np.array([part.min() if bar else part.max() for part, bar in zip(parts, bars, strict=True)])
    places = np.concatenate([[0], crossings]) + [
        int(part.argmin() if bar else part.argmax()) for part, bar in zip(parts, bars, strict=True)
    ]
    edges = [
        _edge(reflectance, (int(places[index]), int(places[index + 1])), int(crossings[index]), middle)
        for index, middle in enumerate((peaks[:-1] + peaks[1:]) / 2)
    ]
    uneven = max(_unevenness(-part if bar else part) for part, bar in zip(parts, bars, strict=True))
    return BarProfile(lightest, darkest, np.array(edges), np.abs(np.diff(peaks)), uneven)


def _edge(reflectance: Floats, between: tuple[int, int], crossing: int, level: float) -> float:
    """Where a profile crosses a level between two peaks, in samples: nearest to where it crosses the threshold, between
    `crossing` - 1 and it."""
    import numpy as np

    piece = reflectance[between[0] : between[1] + 1] - level
    at = np.flatnonzero((piece[1:] >= 0) != (piece[:-1] >= 0))
    if not len(at):
        return crossing - 0.5
    before, after = piece[at], piece[at + 1]
    places = between[0] + at + before / (before - after)
    return float(places[np.abs(places - (crossing - 0.5)).argmin()])


def _unevenness(light: Floats) -> float:
    """How far the reflectance of a space falls and rises again: of each point the lower of what is lighter before it
    and after it, less what is there (a bar comes with its sign turned)."""
    import numpy as np

    before = np.maximum.accumulate(light)
    after = np.maximum.accumulate(light[::-1])[::-1]
    return float((np.minimum(before, after) - light).max())
