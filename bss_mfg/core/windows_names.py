"""Names that no file can have on Windows, where these files may be today or tomorrow.

Source: Microsoft, Naming Files, Paths, and Namespaces (learn.microsoft.com/windows/win32/fileio/naming-a-file).
"""

from __future__ import annotations

import re

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL)
_FORBIDDEN = frozenset('<>:"/\\|?*') | {chr(code) for code in range(32)}


def is_windows_device(name: str) -> bool:
    """Whether Windows takes a file name, with any ending, for one of its devices."""
    return bool(_DEVICE.fullmatch(name))


def trouble_on_windows(name: str) -> str:
    """Why no file can have a name on Windows, in words; empty where one can."""
    if is_windows_device(name):
        return "is the name of a device on Windows"
    if name != name.rstrip(". "):
        return "ends with a dot or a blank, which Windows drops"
    if bad := sorted(_FORBIDDEN.intersection(name)):
        return f"has a {bad[0]!a}, which no name has on Windows"
    return ""
