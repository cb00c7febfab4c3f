"""What labels are printed with where nobody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrintDefaults:
    """A printer by name, a template by name, and the language of the product's own fields; None where none is set."""

    printer: str | None
    template: str
    language: str | None = None
