"""With what labels are printed unless somebody says otherwise: a table of the product's file and of the workspace's."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bss_mfg.core.models import FileModel

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class PrintSettings(FileModel):
    """The table `[print]` of products/NAME.toml and of bss-mfg.toml."""

    printer: Annotated[str, Field(pattern=_NAME, description="A printer by name.")] | None = None
    template: Annotated[str, Field(pattern=_NAME, description="A label template by name.")] | None = None
