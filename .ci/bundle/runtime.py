"""The Python of a bundle: the interpreter that runs this, its standard library, and what they need of the system.

Nothing is frozen: it is CPython as it is, in a folder that can be moved. Linux and Windows.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_LEFT_OUT = {
    "test", "tests", "idlelib", "tkinter", "turtledemo", "turtle.py", "ensurepip", "lib2to3", "pydoc_data", "venv",
    "site-packages", "dist-packages", "__pycache__", "curses", "nis", "dbm", "EXTERNALLY-MANAGED", "macholib",
}  # fmt: skip
"""Of the standard library: what asks for a screen, installs packages, or tests Python."""
_NO_MODULES = re.compile(
    r"(_test|_ctypes_test|_xxtest|xxlimited|_tkinter|_curses|_dbm|_gdbm|readline|nis|ossaudiodev|_crypt\.|tcl|tk|_testc)"
)
"""Compiled modules that go with them. readline, as it would put the GNU GPL on the whole."""
_OF_EVERY_LINUX = re.compile(r"(ld-linux.*|lib(c|m|dl|pthread|rt|resolv|util|anl|nss_.*))\.so\.[0-9]+")
"""The C library of the machine: one of another would not fit its kernel and its names of users."""


@dataclass(frozen=True)
class Runtime:
    """Where Python lies in a bundle: the program, its standard library, packages, and libraries of the system."""

    program: Path
    standard_library: Path
    packages: Path
    libraries: Path


def copy_runtime(folder: Path) -> Runtime:
    """Copy this Python into an empty folder."""
    base = Path(sys.base_prefix)
    if sys.platform == "win32":
        runtime = Runtime(folder / "python.exe", folder / "Lib", folder / "Lib" / "site-packages", folder)
        folder.mkdir(parents=True)
        for path in (*base.glob("*.exe"), *base.glob("*.dll"), base / "LICENSE.txt"):
            shutil.copy2(path, folder / path.name)
        _copy_library(base / "DLLs", folder / "DLLs")
    elif sys.platform == "linux":
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        library = folder / "lib" / version
        runtime = Runtime(folder / "bin" / "python3", library, library / "site-packages", folder / "lib")
        runtime.program.parent.mkdir(parents=True)
        shutil.copy2(Path(sys._base_executable).resolve(), runtime.program)  # type: ignore[attr-defined]
    else:
        raise SystemExit("A bundle is made on Linux and on Windows. On macOS use `make wheelhouse`.")
    _copy_library(Path(sysconfig.get_path("stdlib")), runtime.standard_library)
    return runtime


def _copy_library(source: Path, target: Path) -> None:
    def left_out(folder: str, names: list[str]) -> set[str]:
        compiled = Path(folder).name in ("lib-dynload", "DLLs")
        return {
            name
            for name in names
            if name in _LEFT_OUT or name.startswith("config-") or (compiled and _NO_MODULES.match(name))
        }

    shutil.copytree(source, target, ignore=left_out)


def add_system_libraries(runtime: Runtime, names: Iterable[str] = ()) -> list[Path]:
    """Copy what Python and its packages need of the system's libraries, and those named, beside it; all of it finds
    them there. The libraries' places on this machine."""
    if sys.platform != "linux":
        return []
    home = runtime.program.parent.parent
    found: dict[str, Path] = {}
    programs = [runtime.program, *(path for path in home.rglob("*.so*") if is_elf(path))]
    for program in (*programs, *map(Path, names)):
        for name, path in _needed(program).items():
            if not path.is_relative_to(home):
                found[name] = path
    found |= {Path(name).name: Path(name) for name in names}
    for name, path in found.items():
        shutil.copy2(path.resolve(), runtime.libraries / name)
        programs.append(runtime.libraries / name)
    for program in programs:
        program.chmod(0o755)
        # What a wheel's maker moved about in it is left as it is: strip breaks such files.
        if not any(part.endswith(".libs") for part in program.parts):
            subprocess.run(["strip", "--strip-unneeded", program], check=True)
        _look_beside(program, runtime, found)
    return sorted(path.resolve() for name, path in found.items() if name != sysconfig.get_config_var("INSTSONAME"))


def is_elf(path: Path) -> bool:
    """Whether a file is a program or a library of Linux."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _needed(program: Path) -> dict[str, Path]:
    """The libraries that a program needs, and theirs, without the C library's."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    lines = re.findall(r"^\s*(\S+) => (\S+)", listed, re.MULTILINE)
    # What a wheel's maker put beside it is found by the paths of who loads it.
    lines = [(name, path) for name, path in lines if not (program.parent / name).is_file()]
    missing = [name for name, path in lines if not path.startswith("/")]
    if missing:
        raise SystemExit(f"{program} needs {', '.join(missing)}, which this machine does not have.")
    return {name: Path(path) for name, path in lines if not _OF_EVERY_LINUX.fullmatch(name)}


def _look_beside(program: Path, runtime: Runtime, found: dict[str, Path]) -> None:
    """Have a program look for the system's libraries beside Python, and forget the folders of this machine."""
    needed = _patchelf("--print-needed", program).split()
    before = [part for part in _patchelf("--print-rpath", program).strip().split(":") if part]
    wanted = [part for part in before if part.startswith("$ORIGIN")]
    own_library = sysconfig.get_config_var("INSTSONAME")
    if any(name in found or name == own_library for name in needed):
        there = os.path.relpath(runtime.libraries, program.parent)
        wanted.append("$ORIGIN" if there == "." else f"$ORIGIN/{there}")
    if wanted != before:
        # The old kind of path also holds for what is loaded by what is loaded.
        _patchelf("--remove-rpath", program)
        if wanted:
            _patchelf("--force-rpath", "--set-rpath", ":".join(wanted), program)


def _patchelf(*arguments: str | Path) -> str:
    tool = Path(sysconfig.get_path("scripts")) / "patchelf"
    command = [tool if tool.exists() else "patchelf", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def compile_all(folder: Path) -> None:
    """Compile what is Python, and drop its sources: a sixth less to carry. In a fixed order, and so that nothing
    compiles it again: the same bytes each time."""
    code = (
        "import pathlib, py_compile, sys\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "for path in sorted(home.rglob('*.py')):\n"
        "    if path.name != 'start.py':\n"
        "        py_compile.compile(str(path), str(path) + 'c', path.relative_to(home).as_posix(), doraise=True,\n"
        "                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)\n"
        "        path.unlink()\n"
    )
    command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", code, folder]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})
