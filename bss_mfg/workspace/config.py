"""The settings of a workspace: bss-mfg.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bss_mfg.core.models import FileModel
from bss_mfg.workspace.station_settings import PlainName


class WorkspaceConfig(FileModel):
    """Settings of bss-mfg.toml."""

    format: Literal[1]
    station: PlainName = Field("", description="This station's name in the history; empty: the computer's name.")
    group: str = Field("", description="The group of the system whose members work here; empty: its owner alone.")
