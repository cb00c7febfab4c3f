"""Words as they are typed in this system's shell: a message that advises a command is a line to copy."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable


def shell_line(words: Iterable[str]) -> str:
    """A command and its arguments; in double quotes what needs them on Windows, whose shells know no others."""
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(words)
    return shlex.join(words)


def shell_word(text: str) -> str:
    """One argument."""
    return shell_line([text])
