"""The names of a module's stories, without loading it: it lives on Windows alone."""

from __future__ import annotations

import re

from tests.helpers import ROOT


def stories(module: str) -> list[str]:
    """In the order in which they are told."""
    text = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf-8")
    return re.findall(r"^def (on_windows_\w+)", text, re.MULTILINE)
