"""The house stands as drawn: imports run downward, one room speaks SQL, one writes files, only cli prints."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bss_mfg

ROOT = Path(bss_mfg.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

FLOORS: list[set[str]] = [
    {"errors", "model"},
    {"files", "resources", "spool", "workers"},
    {"tomlfile", "credentials", "parts"},
    {"payload", "symbol"},
    {"product"},
    {"ledger", "workspace", "identities"},
    {"making"},
    {"issuing", "label", "scan", "export", "vaulting"},
    {"replacing", "reconciling"},
    {"report"},
    {"demo", "inspection", "doctor", "looking"},
    {"running"},
    {"cli"},
    {"__main__"},
]
"""A room imports from floors below it, and inside itself. `workspace` may open the ledger beside it."""
BESIDE = {("workspace", "ledger")}
NEVER = {
    "payload": {"ledger", "files", "workspace"},
    "symbol": {"ledger", "files", "workspace"},
    "label": {"credentials", "cryptography", "sqlite3"},
    "scan": {"label", "reportlab", "sqlite3"},
}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """First names of what a file imports; inside the package, the room's."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [
                f"{node.module}.{alias.name}" if node.module == "bss_mfg" else node.module or "" for alias in node.names
            ]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            parts = name.split(".")
            found.add(parts[1] if parts[0] == "bss_mfg" and len(parts) > 1 else parts[0])
    return found


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


ROOMS = {name for rooms in FLOORS for name in rooms}


def test_every_room_has_a_floor() -> None:
    assert {room(path) for path in FILES} - ROOMS == {"__init__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downward(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return
    for name in imports(path) & ROOMS - {here}:
        assert floor(name) < floor(here) or (here, name) in BESIDE, f"{here} imports {name}"
    assert not imports(path) & NEVER.get(here, set())


def code(path: Path) -> str:
    return path.read_text()


def test_only_the_ledger_speaks_sql() -> None:
    for path in FILES:
        if room(path) != "ledger":
            assert "sqlite3" not in imports(path), path
            assert not re.search(r'"(SELECT|INSERT|UPDATE|DELETE|PRAGMA) ', code(path)), path


def test_only_files_writes_files() -> None:
    pattern = re.compile(r"\.write_(text|bytes)\(|open\([^)]*[\"'][wax]|os\.open\(|\.mkdir\(|\.unlink\(|shutil")
    allowed = {"files.py", "ledger/connection.py", "cli/main.py"}  # an exclusive ledger.db; devnull for a closed pipe
    for path in FILES:
        if str(path.relative_to(ROOT)) not in allowed:
            assert not pattern.search(code(path)), path
    # What waits on the disk while a job runs has no name, and one maker.
    assert {str(path.relative_to(ROOT)) for path in FILES if "tempfile" in imports(path)} == {"spool.py"}


def test_only_cli_prints_and_exits() -> None:
    for path in FILES:
        if room(path) not in ("cli", "__main__"):
            assert not re.search(r"\bprint\(|import click|sys\.exit|sys\.std(out|err)", code(path)), path


def test_keys_are_revealed_in_few_places() -> None:
    places = {str(path.relative_to(ROOT)) for path in FILES if ".reveal()" in code(path)}
    assert places == {
        "payload/build.py",  # into the encrypted field
        "ledger/vault.py",  # sealing and digests
        "ledger/keyfile.py",  # the vault key into its file
        "export/programming/model.py",  # the one release: octets_of
        "inspection.py",  # SHA-256 of a development key's finding
    }


def test_files_stay_small() -> None:
    assert {path.name: len(code(path).splitlines()) for path in FILES if len(code(path).splitlines()) > 450} == {}


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['bss-mfg', '--help']\n"
        "from bss_mfg.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({n.split('.')[0] for n in sys.modules} & "
        "{'pandas','numpy','reportlab','pydantic','PIL','cryptography','pypdfium2','zxingcpp','zint','sqlite3'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
