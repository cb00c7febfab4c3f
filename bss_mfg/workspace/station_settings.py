"""The station's own settings: a file of this user on this computer, for every workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bss_mfg.core.home_folder import expanded
from bss_mfg.core.languages import checked_code
from bss_mfg.core.models import FileModel
from bss_mfg.core.text import NAME_RULE, is_plain_name
from bss_mfg.core.toml_files import load_toml, validate
from bss_mfg.errors import InputError


def _plain_name(value: str) -> str:
    if value and not is_plain_name(value):
        raise ValueError(NAME_RULE)
    return value.strip()


PlainName = Annotated[str, AfterValidator(_plain_name)]
"""A name for the history, or nothing."""
LanguageName = Annotated[str, AfterValidator(checked_code)]
"""A language by its code, or nothing."""


class StationSettings(FileModel):
    """What station.toml says."""

    format: Literal[1] = 1
    operator: PlainName = Field("", description="Who works here; empty: the user who is logged in.")
    station: PlainName = Field("", description="This station's name; empty: the workspace's, else the computer's.")
    language: LanguageName = Field(
        "", description="What operators see: en, de, es, vi or zh_CN; empty: the workspace's."
    )


def station_settings_file(environment: Mapping[str, str]) -> Path:
    """Where the settings are, or would be: %APPDATA%\\bss-mfg\\station.toml on Windows, else
    $XDG_CONFIG_HOME/bss-mfg/station.toml, which is in ~/.config where that is not set."""
    if os.name == "nt":
        folder = Path(environment.get("APPDATA") or "~/AppData/Roaming")
    else:
        folder = Path(environment.get("XDG_CONFIG_HOME") or "~/.config")
    try:
        folder = expanded(folder)
    except InputError:  # an account without a home
        return Path(os.devnull)
    return folder / "bss-mfg" / "station.toml"


def read_station_settings(file: Path) -> StationSettings:
    """The settings; those of a station that has no file, or a home that isn't its own (`sudo -u`), are empty."""
    try:
        there = file.is_file()
    except OSError:
        there = False
    if not there:
        return StationSettings()
    return validate(load_toml(file, "station's settings"), StationSettings)
