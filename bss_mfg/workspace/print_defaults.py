"""What labels are printed with where nobody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrintDefaults:
    """A printer by name, None where none is set, and a template by name."""

    printer: str | None
    template: str
