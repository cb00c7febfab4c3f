"""Who acts, for the history: the operator at a station, each from where it was named nearest."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.languages import Language, chosen_language
from bss_mfg.core.text import FORMULA_STARTS, NAME_RULE, is_plain_name, printable
from bss_mfg.errors import InputError
from bss_mfg.model import Actor
from bss_mfg.version import __version__
from bss_mfg.workspace.config import WorkspaceConfig
from bss_mfg.workspace.station_settings import StationSettings, read_station_settings, station_settings_file
from bss_mfg.workspace.workspace import environment

OPERATOR_VARIABLE = "BSS_MFG_OPERATOR"
"""The environment variable that names the operator."""
_SETTINGS = "the workspace's settings"


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name for the history, and where it comes from, in words."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class FoundActor:
    """Who acts where, with the sources of both names."""

    operator: FoundName
    station: FoundName

    @property
    def actor(self) -> Actor:
        """As it goes into the history."""
        return Actor(self.operator.name, self.station.name, __version__)


@dataclass(frozen=True, slots=True)
class WorkspaceNames:
    """Who works at a workspace's station, and its name, as bss-mfg.toml says; empty: it says nothing."""

    operator: str = ""
    station: str = ""


NO_NAMES = WorkspaceNames()


def find_actor(
    variables: Mapping[str, str], operator: str = "", station: str = "", workspace: WorkspaceNames = NO_NAMES
) -> FoundActor:
    """The operator: as given, else of BSS_MFG_OPERATOR, of the account's settings, of the workspace, else the user who
    is logged in. The station: as given, else of the account's settings, of the workspace, else this computer.

    `InputError` for a name that would do harm in a terminal or a spreadsheet.
    """
    file = station_settings_file(variables)
    settings = read_station_settings(file)
    return FoundActor(
        _find_operator(variables, operator, settings, file, workspace.operator),
        _find_station(station, settings, file, workspace.station),
    )


def current_actor(operator: str = "", station: str = "", workspace: WorkspaceNames = NO_NAMES) -> Actor:
    """Who acts in this process's environment."""
    return find_actor(environment(), operator, station, workspace).actor


def operators_language(typed: str, config: WorkspaceConfig | None) -> Language:
    """What operators see in this process's environment; `config` of the workspace, None where there is none."""
    settings = read_station_settings(station_settings_file(environment()))
    return chosen_language(typed, settings.language or (config.language if config else ""), environment())


def workspace_names(config: WorkspaceConfig) -> WorkspaceNames:
    """The names that a workspace's settings say."""
    return WorkspaceNames(config.operator, config.station)


def check_name(name: str, where: str) -> str:
    """`name` without blanks around it if it can stand in the history; `InputError` says `where` it comes from."""
    if not is_plain_name(name):
        raise InputError(f"{name[:80]!a} can't be used as a name", where=where, way_out=f"Choose another: {NAME_RULE}.")
    return name.strip()


def _find_operator(
    variables: Mapping[str, str], given: str, settings: StationSettings, file: Path, workspace_operator: str
) -> FoundName:
    if given:
        return FoundName(check_name(given, "operator"), "--operator")
    if named := variables.get(OPERATOR_VARIABLE):
        return FoundName(check_name(named, OPERATOR_VARIABLE), OPERATOR_VARIABLE)
    if settings.operator:
        return FoundName(settings.operator, str(file))
    if workspace_operator:
        return FoundName(workspace_operator, _SETTINGS)
    return FoundName(_harmless(_user()), "the account")


def _find_station(given: str, settings: StationSettings, file: Path, workspace_station: str) -> FoundName:
    if given:
        return FoundName(check_name(given, "station"), "as given")
    if settings.station:
        return FoundName(settings.station, str(file))
    if workspace_station:
        return FoundName(workspace_station, _SETTINGS)
    return FoundName(_harmless(platform.node()), "the computer's name")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _harmless(name: str) -> str:
    """What the system calls someone, who can't help it: made harmless, not refused."""
    if is_plain_name(name):
        return name.strip()
    return printable(name.strip(), 40).lstrip("".join(FORMULA_STARTS)) or "unknown"
