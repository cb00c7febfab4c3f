"""What the models of all files share: TOML that people edit, JSON that bss-mfg wrote."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

GRADE_PATTERN = r"^([A-D]|[0-3](\.[0-9])?|4(\.0)?)$"
"""A least print quality in a file: a letter, or a number of one decimal."""


class FileModel(BaseModel):
    """A part of a file: frozen, and no field that is not known. JSON is validated with `strict=True`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
