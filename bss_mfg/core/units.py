"""Lengths on paper."""

from __future__ import annotations

MM_PER_INCH = 25.4
"""Millimetres in an inch, exactly."""
POINTS_PER_INCH = 72
"""PDF points in an inch (ISO 32000-1, 8.3.2.3), exactly."""
POINTS_PER_MM = POINTS_PER_INCH / MM_PER_INCH
"""PDF points in a millimetre."""
