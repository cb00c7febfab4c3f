"""A symbol in an export, whatever its kind: where it stands, and what stands at the places of a mapping."""

from __future__ import annotations

from collections.abc import Mapping as Texts
from dataclasses import dataclass

from bss_mfg.errors import Location
from bss_mfg.verifier_data.mapping import Place

MOST_ROWS = 1_000_000
"""Symbols of one export."""
LONGEST = 20_000
"""Characters of one value."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """`number`: the row of the table (the first line is 1), or which of the symbols' elements, from 1. `texts` has the
    value at each place; what a document lacks is empty."""

    number: int
    where: Location
    texts: Texts[Place, str]
