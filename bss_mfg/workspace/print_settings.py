"""With what labels are printed unless somebody says otherwise: a table of the product's file and of the workspace's."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bss_mfg.core.models import FileModel
from bss_mfg.workspace.product_fields import LANGUAGE_PATTERN

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Names of printers and templates."""


class PrintSettings(FileModel):
    """The table `[print]` of products/NAME.toml and of bss-mfg.toml."""

    printer: Annotated[str, Field(pattern=NAME_PATTERN, description="A printer by name.")] | None = None
    template: Annotated[str, Field(pattern=NAME_PATTERN, description="A label template by name.")] | None = None
    language: (
        Annotated[
            str, Field(pattern=LANGUAGE_PATTERN, description="Of the product's own fields; base: as [fields] has them.")
        ]
        | None
    ) = None
