"""The graded parameters by their standard names, whoever grades."""

from __future__ import annotations

from collections.abc import Mapping

from bss_mfg.core.languages import phrase

PARAMETERS: Mapping[str, str] = {
    "symbol_contrast": phrase("symbol contrast"),
    "modulation": phrase("modulation"),
    "reflectance_margin": phrase("reflectance margin"),
    "axial_nonuniformity": phrase("axial nonuniformity"),
    "grid_nonuniformity": phrase("grid nonuniformity"),
    "unused_error_correction": phrase("unused error correction"),
    "fixed_pattern_damage": phrase("fixed pattern damage"),
    "decode": phrase("decode"),
    "cell_contrast": phrase("cell contrast"),
    "minimum_reflectance": phrase("minimum reflectance"),
    "edge_contrast": phrase("edge contrast"),
    "defects": phrase("defects"),
    "decodability": phrase("decodability"),
    "quiet_zone": phrase("quiet zone"),
}
"""Graded parameters: those of ISO/IEC 15415 in the order of its clauses, those of photographs, those of bars."""
