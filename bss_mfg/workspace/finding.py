"""Which folder is the workspace."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from bss_mfg.core.home_folder import expanded
from bss_mfg.core.shell_words import shell_word
from bss_mfg.errors import InputError, NoWorkspaceError, RefusedError

CONFIG = "bss-mfg.toml"
"""The file that makes a folder a workspace."""


def find_root(folder: str | None, start: Path, environment: Mapping[str, str]) -> Path:
    """The folder of the workspace: `folder`, or what BSS_MFG_WORKSPACE names, or the nearest upwards from `start` that
    is the user's own, root's, or a group's that the user is in."""
    named = folder or environment.get("BSS_MFG_WORKSPACE")
    if named:
        root = expanded(named)
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
        _refuse_others(root, environment)
    return root.resolve()


def _refuse_others(root: Path, environment: Mapping[str, str]) -> None:
    """Refuse a workspace that nobody named and that is another user's: its settings say which ledger and which keys are
    taken, and in a folder that all may write to anybody can put one."""
    if sys.platform == "win32":
        return
    trusted = {0, os.geteuid()}
    if os.geteuid() == 0 and environment.get("SUDO_UID", "").isdecimal():
        trusted.add(int(environment["SUDO_UID"]))
    folder, settings = root.stat(), (root / CONFIG).stat()
    ours = {os.getegid(), *os.getgroups()}
    shared = folder.st_mode & stat.S_ISGID and not folder.st_mode & stat.S_IWOTH and folder.st_gid in ours
    if shared or trusted >= {folder.st_uid, settings.st_uid}:
        return
    raise RefusedError(
        "is a workspace of another user, and nobody named it",
        where=root,
        way_out=f"If you trust it, name it: `bss-mfg --workspace {shell_word(str(root))} ...`, or BSS_MFG_WORKSPACE.",
    )
