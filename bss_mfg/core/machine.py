"""Which machine this is."""

from __future__ import annotations

import hashlib
import hmac
import sys
from pathlib import Path

_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def machine_digest() -> str:
    """16 hex digits that are another machine's only by chance; empty where the system has no number of its own.

    The system's number itself is nobody else's business (machine-id(5)): it is the key of an HMAC.
    """
    number = _windows_number() if sys.platform == "win32" else _first_line(_FILES)
    return hmac.new(number.encode(), b"bss-mfg ledger", hashlib.sha256).hexdigest()[:16] if number else ""


def _first_line(files: tuple[Path, ...]) -> str:
    for file in files:
        try:
            return file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def _windows_number() -> str:
    if sys.platform != "win32":
        return ""
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    except OSError:
        return ""
