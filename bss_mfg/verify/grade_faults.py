"""Labels whose print quality is below what was asked for: why, and what to do about it."""

from __future__ import annotations

from bss_mfg.imaging.grade import SymbolGrade
from bss_mfg.imaging.grade_parameters import PARAMETERS

_PALE = "print darker, or on whiter stock"
_UNEVEN = "clean the print head, and look at darkness and ribbon"
_STRETCHED = "look at feed and speed: it is stretched to one side"
_DAMAGED = "look for lines and spots: clean the print head and the rollers"
_WAYS_OUT = {
    "symbol_contrast": _PALE,
    "cell_contrast": _PALE,
    "minimum_reflectance": _PALE,
    "edge_contrast": _PALE,
    "modulation": _UNEVEN,
    "reflectance_margin": _UNEVEN,
    "decodability": "less darkness, or a larger symbol: bars have grown or shrunk",
    "axial_nonuniformity": _STRETCHED,
    "grid_nonuniformity": _STRETCHED,
    "unused_error_correction": _DAMAGED,
    "fixed_pattern_damage": _DAMAGED,
    "defects": _DAMAGED,
    "decode": _DAMAGED,
    "quiet_zone": "keep the room around the symbol free",
}
"""What may mend each parameter, and print it again."""


def lowest_parameters(grade: SymbolGrade | None) -> tuple[str, ...]:
    """The parameters to which a label owes its grade."""
    grades = grade.grades if grade else {}
    return tuple(name for name in PARAMETERS if name in grades and grades[name] == min(grades.values()))


def grade_fault(grade: SymbolGrade | None, least: float) -> str:
    """Why a label doesn't have the least grade, in words, with a way out; empty where it has. What can't be graded
    hasn't."""
    if grade is None:
        return "it could not be graded: where and how large its symbol is isn't known; scan it flat"
    if not grade.quiet_zone_shown:
        return "it could not be graded: the picture cuts its quiet zone off, show all of the label"
    if grade.overall is None:
        return f"it could not be graded: {grade.pixels_per_module:.1f} pixels per module are too few, scan it finer"
    if grade.overall >= least:
        return ""
    lowest = lowest_parameters(grade)
    why = ", ".join(PARAMETERS[name] for name in lowest)
    ways_out = "; ".join(dict.fromkeys(_WAYS_OUT[name] for name in lowest))
    return f"grade {grade.overall:.1f} ({grade.formal}), at least {least:.1f} is asked for: {why} ({ways_out})"
