"""Who acts, for the history."""

from __future__ import annotations

import getpass
import platform

from bss_mfg.model import Actor
from bss_mfg.version import __version__


def current_actor(operator: str = "", station: str = "") -> Actor:
    """The operator (else the user who is logged in) at a station (else this computer), with this version."""
    return Actor(operator or _user(), station or platform.node() or "unknown", __version__)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
