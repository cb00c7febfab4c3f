"""Why artwork can't be drawn."""

from __future__ import annotations


class NotDrawableError(ValueError):
    """In plain words, with the name of the element, layer or font where it is one."""
