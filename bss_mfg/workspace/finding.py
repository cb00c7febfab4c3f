"""Which folder is the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bss_mfg.errors import InputError, NoWorkspaceError

CONFIG = "bss-mfg.toml"
"""The file that makes a folder a workspace."""


def find_root(folder: str | None, start: Path, environment: Mapping[str, str]) -> Path:
    """The folder of the workspace: `folder`, or what BSS_MFG_WORKSPACE names, or the nearest upwards from `start`."""
    named = folder or environment.get("BSS_MFG_WORKSPACE")
    if named:
        root = Path(named).expanduser()
        if not (root / CONFIG).is_file():
            raise InputError(
                f"is not a workspace (it has no {CONFIG})",
                where=root,
                way_out="Make one with `bss-mfg init DIR`, or name another folder with --workspace.",
            )
    else:
        roots = [folder for folder in (start, *start.parents) if (folder / CONFIG).is_file()]
        if not roots:
            raise NoWorkspaceError(
                "no workspace here or in a folder above",
                where=start,
                way_out="Go into one, name one with `bss-mfg --workspace DIR ...`, or make one with "
                "`bss-mfg init DIR`.",
            )
        root = roots[0]
    return root.resolve()
