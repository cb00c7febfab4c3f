"""The graded parameters by their standard names, whoever grades."""

from __future__ import annotations

from collections.abc import Mapping

PARAMETERS: Mapping[str, str] = {
    "symbol_contrast": "symbol contrast",
    "modulation": "modulation",
    "reflectance_margin": "reflectance margin",
    "axial_nonuniformity": "axial nonuniformity",
    "grid_nonuniformity": "grid nonuniformity",
    "unused_error_correction": "unused error correction",
    "fixed_pattern_damage": "fixed pattern damage",
    "decode": "decode",
    "cell_contrast": "cell contrast",
    "minimum_reflectance": "minimum reflectance",
    "edge_contrast": "edge contrast",
    "defects": "defects",
    "decodability": "decodability",
    "quiet_zone": "quiet zone",
}
"""Graded parameters: those of ISO/IEC 15415 in the order of its clauses, those of photographs, those of bars."""
