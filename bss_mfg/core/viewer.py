"""What shows a file or a page to the person at this computer: the system's own viewer or browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from enum import StrEnum

_STARTS_WITHIN_S = 3.0
"""How long a viewer's starter is waited for: one that is still there then shows what it was given."""


class Shown(StrEnum):
    """What became of showing something."""

    SHOWN = "shown"
    NO_DISPLAY = "no display"
    """Nobody sits at this computer: a server, or a session over ssh."""
    NO_VIEWER = "no viewer"
    """There is a screen, and no program that takes it."""


def show(target: str, environment: Mapping[str, str]) -> Shown:
    """Show a file (its absolute path) or a web page (its address), and don't wait for its window to be closed."""
    if sys.platform == "win32":
        try:
            os.startfile(target)  # noqa: S606 (a file of ours, by the program that the user chose for its kind)
        except OSError:
            return Shown.NO_VIEWER
        return Shown.SHOWN
    if sys.platform == "darwin":
        return _started("open", target) if not environment.get("SSH_CONNECTION") else Shown.NO_DISPLAY
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return Shown.NO_DISPLAY
    return _started("xdg-open", target)


def _started(program: str, target: str) -> Shown:
    """Start the system's opener in a session of its own: the end of this terminal is not the end of the window."""
    try:
        running = subprocess.Popen(
            [program, target], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        return Shown.NO_VIEWER if running.wait(_STARTS_WITHIN_S) else Shown.SHOWN
    except OSError:
        return Shown.NO_VIEWER
    except subprocess.TimeoutExpired:
        return Shown.SHOWN
