"""On Windows and macOS: the radios import there what those systems have, and nothing of Linux."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORTS = """
import asyncio, importlib, logging.handlers, pkgutil, platform, subprocess, sys, tempfile, types
import bss_mfg, bss_mfg.device
for name in sys.argv[3:]:
    sys.modules[name] = None
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
sys.platform = sys.argv[1]
platform.system = lambda: sys.argv[2]
for module in pkgutil.iter_modules(bss_mfg.device.__path__):
    importlib.import_module(f"bss_mfg.device.{module.name}")
from bleak import BleakScanner
try:
    BleakScanner()
except ImportError as error:
    print(error.name)
"""
LINUX_ONLY = "dbus_fast", "bleak.backends.bluezdbus"
UNIX_ONLY = "fcntl", "termios", "pwd", "resource"


@pytest.mark.parametrize(
    ("system", "missing", "backend"),
    [(("win32", "Windows"), LINUX_ONLY + UNIX_ONLY, "winrt"), (("darwin", "Darwin"), LINUX_ONLY, "objc")],
)
def test_all_of_the_room_imports(system: tuple[str, str], missing: tuple[str, ...], backend: str) -> None:
    """As far as bleak's own way to that system's Bluetooth, which isn't here."""
    command = [sys.executable, "-c", IMPORTS, *system, *missing]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if sys.platform == "linux":
        assert done.stdout.startswith(backend)
