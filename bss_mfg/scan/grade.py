"""Indicative grades of what was read (ISO/IEC 15415). So far: unused error correction, as the reader reports it."""

from __future__ import annotations

UEC_LEVELS = ((0.62, 4), (0.50, 3), (0.37, 2), (0.25, 1))
"""Least unused error correction for grades 4 to 1 (ISO/IEC 15415, 7.8.8)."""


def unused_error_correction(share: float) -> int:
    """Grade 4 to 0 for a share of unused error correction between 0 and 1."""
    return next((grade for least, grade in UEC_LEVELS if share >= least), 0)
