"""A smooth map from the modules of a symbol to the pixels of a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bss_mfg.imaging.geometry import Quad, apply_homography, homography

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

QUIET_MODULES = 2
"""Modules of quiet zone that take part in a fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A polynomial map from a symbol of `size` modules to pixels. `terms` (K, 2): for each monomial of `degree` x, y.

    In modules the symbol's top left corner is 0, 0; in pixels the picture's.
    """

    size: int
    degree: int
    terms: Floats

    @classmethod
    def from_quad(cls, quad: Quad, size: int, degree: int = 3) -> Warp:
        """The warp of a flat symbol with these corners, also seen from a slant."""
        matrix = homography(((0, 0), (size, 0), (size, size), (0, size)), quad)
        if matrix is None:
            raise ValueError("corners in one line span no symbol")
        points, to_terms = _fit_points(size, degree)
        return cls(size, degree, to_terms @ apply_homography(matrix, points))

    def map_points(self, points: Floats) -> Floats:
        """Pixels of points (..., 2) in modules."""
        return (basis_of(points.reshape(-1, 2), self.size, self.degree) @ self.terms).reshape(points.shape)

    def transposed(self) -> Warp:
        """The warp of the symbol with rows and columns changed."""
        import numpy as np

        # The monomials of each degree come as x^i y^(degree - i), i falling: changed, they come the other way round.
        order = [
            first + index
            for total, first in ((total, total * (total + 1) // 2) for total in range(self.degree + 1))
            for index in range(total, -1, -1)
        ]
        return replace(self, terms=np.asarray(self.terms)[order])

    def centres(self, border: int = 0) -> Floats:
        """Pixels of all module centres (rows, columns, 2), with `border` more modules on each side."""
        side = self.size + 2 * border
        found: Floats = (_centre_basis(self.size, self.degree, border) @ self.terms).reshape(side, side, 2)
        return found

    def quad(self) -> Quad:
        """The symbol's corners in pixels."""
        import numpy as np

        side = self.size
        points = self.map_points(np.array([[0, 0], [side, 0], [side, side], [0, side]], float))
        # To a millionth of a pixel: beyond, sums differ with the number of cores.
        found = [(round(float(x), 6), round(float(y), 6)) for x, y in points]
        return (found[0], found[1], found[2], found[3])

    @property
    def pixels_per_module(self) -> float:
        """Mean X-dimension in pixels."""
        import numpy as np

        quad = np.array(self.quad())
        return float(np.hypot(*(quad - np.roll(quad, 1, axis=0)).T).mean()) / self.size

    def shifted(self, x: float, y: float) -> Warp:
        """The warp with its grid moved by modules: what was at (x, y) is now at (0, 0)."""
        import numpy as np

        points, to_terms = _fit_points(self.size, self.degree, 0)
        return replace(self, terms=to_terms @ self.map_points(points + np.array([x, y])))

    def of_degree(self, degree: int) -> Warp:
        """The warp as a polynomial of another degree, as near as can be."""
        if self.degree == degree:
            return self
        points, to_terms = _fit_points(self.size, degree, 0)
        return Warp(self.size, degree, to_terms @ self.map_points(points))


def basis_of(points: Floats, size: int, degree: int) -> Floats:
    """The monomials up to a degree, of points in modules brought to -1 ... 1."""
    import numpy as np

    x, y = (points * (2 / size) - 1).T
    of_x, of_y = [np.ones_like(x)], [np.ones_like(y)]
    for _ in range(degree):
        of_x.append(of_x[-1] * x)
        of_y.append(of_y[-1] * y)
    return np.stack([of_x[i] * of_y[total - i] for total in range(degree + 1) for i in range(total, -1, -1)], axis=1)


@lru_cache(maxsize=32)
def _fit_points(size: int, degree: int, border: int = QUIET_MODULES) -> tuple[Floats, Floats]:
    """Nine by nine points over a symbol and its quiet zone, and what makes terms of their pixels by least squares: the
    same for every symbol of a size."""
    import numpy as np

    along = np.linspace(-border, size + border, 9)
    points = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)
    return points, np.linalg.pinv(basis_of(points, size, degree))


@lru_cache(maxsize=8)
def _centre_basis(size: int, degree: int, border: int) -> Floats:
    """The basis of all module centres: the same for every symbol of a size, and a third of what grading it costs."""
    import numpy as np

    along = np.arange(-border, size + border) + 0.5
    return basis_of(np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2), size, degree)
