"""A recorded session: over 150 commands of bss-mfg, played with one version of the program and then with another.

    python -m tests.session.record make TREE FOLDER             a factory with issued batches, for every scene
    python -m tests.session.record play TREE FOLDER OUT.json    plays commands.toml with the program of TREE
    python -m tests.session.record compare BEFORE.json AFTER.json [--wording] [--expected FILE.toml]

`make` once, with the older program: keys and barcode strings are then the same for both. Each scene of commands.toml
begins with a fresh copy of FOLDER, on a clock that stands still and goes on a minute with each command. What a command
prints, its exit code, the files it makes or changes and the rows it writes into a ledger are recorded; masking.py says
what is masked, compare.py what may differ. Needs faketime (Debian: `sudo apt-get install faketime`).
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.helpers.copies import let_issue
from tests.session.between import Printer, between, line_of, typed
from tests.session.compare import Expected, compare
from tests.session.masking import Masker, Rows, ledger_rows

HERE = Path(__file__).parent
BEGIN = datetime(2026, 1, 5, 8)
"""When the factory is made; each scene begins a day later."""
PATIENCE_S = 300
"""A command that takes longer is killed, and so recorded."""
SITE = """import platform, select, time
platform.node = lambda: "bench"
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""
"""For the program that is played: the station's name; and faketime makes Python's own sleep fail where the clock stands
still."""
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "node_modules")


@dataclass(frozen=True)
class Scene:
    """Commands that are played one after the other in one copy of the factory.

    `random`: something new is issued, so what nobody can foresee is masked by its first appearance.
    """

    name: str
    steps: tuple[str, ...]
    random: bool


@dataclass(frozen=True)
class Step:
    """One line of a scene: words before the command set the environment, `< FILE` gives its input, `> FILE` keeps what
    it prints, `^C` interrupts it."""

    words: tuple[str, ...]
    env: Mapping[str, str]
    stdin: str
    stdout: str
    interrupted: bool


@dataclass
class Stage:
    """A folder that a scene is played in, and what its files were before the command."""

    folder: Path
    program: Path
    masker: Masker
    minute: int = 0
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    ledgers: dict[str, Rows] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def clock_library() -> Path | None:
    """The library that gives a program another clock; None where faketime is not installed."""
    folders = (Path("/usr/lib"), Path("/usr/local/lib"))
    return next((path for folder in folders for path in folder.glob("**/libfaketime.so.1")), None)


def scenes(path: Path) -> tuple[Scene, list[Scene]]:
    """The scene that makes the factory, and those that are played in it."""
    found = [
        Scene(one["name"], tuple(filter(None, map(str.strip, one["commands"].splitlines()))), one.get("random", False))
        for one in tomllib.loads(path.read_text("utf-8"))["scene"]
    ]
    return found[0], found[1:]


def make(tree: Path, folder: Path, commands: Path = HERE / "commands.toml") -> list[dict[str, Any]]:
    """A factory with issued batches, in a new folder."""
    first, _ = scenes(commands)
    with _place() as place:
        stage = _stage(Path(place), tree, first)
        shutil.copytree(commands.parent / "inputs", stage.folder / "inputs")
        records = [done for line in first.steps for done in _play(stage, first, line)]
        shutil.copytree(stage.folder, folder, symlinks=True)
    return records


def play(
    tree: Path, folder: Path, commands: Path = HERE / "commands.toml", only: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """All commands, or those of some scenes, with what each did."""
    records = []
    for scene in scenes(commands)[1]:
        if only and scene.name not in only:
            continue
        print(f"{scene.name} ...", file=sys.stderr, flush=True)
        with _place() as place:
            stage = _stage(Path(place), tree, scene)
            shutil.copytree(folder, stage.folder, dirs_exist_ok=True, symlinks=True)
            let_issue(stage.folder)
            stage.minute = 24 * 60
            _changes(stage)
            records += [done for line in scene.steps for done in _play(stage, scene, line)]
    return records


def _place() -> tempfile.TemporaryDirectory[str]:
    """A new folder, in memory where there is one: nothing here has to outlive a power cut."""
    return tempfile.TemporaryDirectory(prefix="bss-session-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


def _stage(place: Path, tree: Path, scene: Scene) -> Stage:
    """A new folder, and beside it a copy of the program: what happens to the tree meanwhile changes nothing."""
    program, folder = place / "program", place / "factory"
    shutil.copytree(tree / "bss_mfg", program / "bss_mfg", ignore=LEFT_OUT)
    beside = [tree / "templates", tree / "sample_batches", *(tree / "tests").rglob("old_ledgers")]
    for folder_beside in filter(Path.is_dir, beside):
        shutil.copytree(folder_beside, program / folder_beside.name, ignore=LEFT_OUT)
    (program / "sitecustomize.py").write_text(SITE, "utf-8")
    folder.mkdir()
    named = {str(folder): "{factory}", str(program): "{program}", str(place): "{place}"}
    stage = Stage(folder, program, Masker(named, "?", random=scene.random))
    found = _run(stage, [sys.executable, "-c", "import bss_mfg; print(bss_mfg.__version__, bss_mfg.__file__)"])
    version, _, file = found.stdout.strip().partition(" ")
    if not file.startswith(str(program)):
        raise SystemExit(f"The program of {tree} can't be played: {file or found.stderr}")
    stage.masker = Masker(named, version, random=scene.random)
    return stage


def _play(stage: Stage, scene: Scene, line: str) -> Iterator[dict[str, Any]]:
    """One line of a scene: a command, or a step between commands (`: WORD ...`)."""
    if line.startswith("#"):
        return
    if line.startswith(":"):
        try:
            between(stage.folder, stage.program, shlex.split(line[1:]))
        except (OSError, ValueError, sqlite3.Error) as error:  # told with the next command: then something else differs
            stage.failed.append(stage.masker.text(f"{line}: {error}"))
            print(f"  {stage.failed[-1]}", file=sys.stderr)
        _changes(stage)
        return
    with Printer() as printer:
        stage.masker.name(printer.address, "{printer}")
        step = _step(stage, line.replace("{printer}", printer.address))
        stage.minute += 1
        done = _run(stage, [sys.executable, "-m", "bss_mfg", *step.words], step)
    if step.stdout:
        (stage.folder / step.stdout).write_text(done.stdout, "utf-8")
    files, ledgers = _changes(stage)
    if printer.taken:
        files["{printer}"] = stage.masker.file(printer.taken)
    failed, stage.failed = stage.failed, []
    yield {
        "scene": scene.name,
        "command": line,
        "code": done.returncode,
        **_output(stage.masker, done.stdout),
        "stderr": stage.masker.text(done.stderr),
        "files": files,
        "ledgers": ledgers,
        **({"failed steps": failed} if failed else {}),
    }


def _step(stage: Stage, line: str) -> Step:
    interrupted = line.endswith(" ^C")
    line, _, stdout = line.removesuffix(" ^C").partition(" > ")
    line, _, stdin = line.partition(" < ")
    words = shlex.split(line)
    env = {}
    while words and words[0].partition("=")[0].isupper():
        name, _, env[name] = words.pop(0).partition("=")
    words = [line_of(stage.folder, word) if word.startswith("@") else word for word in words]
    return Step(tuple(words), env, typed(stage.folder / stdin) if stdin else "", stdout, interrupted)


def _run(stage: Stage, argv: Sequence[str], step: Step | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program in the scene's folder, by the scene's clock, knowing nothing of this machine."""
    library = clock_library()
    if library is None:
        raise SystemExit("libfaketime is missing. Debian: sudo apt-get install faketime")
    env = {
        "PATH": os.environ["PATH"], "HOME": str(stage.folder.parent), "LANG": "C.UTF-8", "TZ": "UTC", "LOGNAME": "ann",
        "PYTHONPATH": str(stage.program), "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "100",
        "BSS_MFG_WORKSPACE": "plant", "LD_PRELOAD": str(library), "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME": f"{BEGIN + timedelta(minutes=stage.minute):%Y-%m-%d %H:%M:%S}", "NO_FAKE_STAT": "1",
        **(step.env if step else {}),
    }  # fmt: skip
    if (
        step and step.interrupted
    ):  # where this process ignores Ctrl-C, in the background of a shell, so would the program
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        argv, cwd=stage.folder, env=env, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        guard = threading.Timer(PATIENCE_S, os.killpg, (running.pid, signal.SIGKILL))
        guard.start()
        first = b""
        if step and step.interrupted and running.stdout:
            first = running.stdout.readline()  # it works when it has said where
            running.send_signal(signal.SIGINT)
        out, err = running.communicate(step.stdin.encode() if step else b"")
        guard.cancel()
    texts = [text.decode("utf-8", "backslashreplace") for text in (first + out, err)]
    return subprocess.CompletedProcess(argv, running.returncode, *texts)


def _output(masker: Masker, stdout: str) -> dict[str, Any]:
    """Standard output: as JSON documents where it is nothing else, and how they are written; else as text."""
    for form, pieces in (("document", [stdout]), ("lines", stdout.splitlines())):
        try:
            found = [json.loads(piece) for piece in pieces]
        except ValueError:
            continue
        if found and all(isinstance(one, dict | list) for one in found):
            plain = stdout == json.dumps(found[0], indent=2) + "\n"
            return {"json": [masker.document(one) for one in found], "form": "indented" if plain else form}
    return {"stdout": masker.text(stdout)}


def _changes(stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """Files that were made, changed or removed since the last look, and what was written into ledgers."""
    now = {
        str(path.relative_to(stage.folder)): (f"{path.stat().st_mode & 0o7777:o}", path.read_bytes())
        for path in sorted(stage.folder.rglob("*")) if path.is_file()
    }  # fmt: skip
    files: dict[str, Any] = {}
    ledgers: dict[str, Any] = {}
    changed = [name for name in {**stage.files, **now} if stage.files.get(name) != now.get(name)]
    for name in sorted(changed, key=lambda name: (not name.endswith("ledger.db"), name)):  # ledgers tell heads
        mode, data = now.get(name, ("", b""))
        masked = stage.masker.text(name)
        if not mode:
            files[masked] = None
        elif Path(name).name == "ledger.db":
            rows = ledger_rows(data)
            stage.masker.learn(rows)
            ledgers[masked] = stage.masker.changes(stage.ledgers.get(name, {}), rows)
            stage.ledgers[name] = rows
        else:
            files[masked] = {"mode": mode, **stage.masker.file(data)}
    stage.files = now
    return files, ledgers


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.session.record", description=(__doc__ or "").split("\n")[0])
    parts = parser.add_subparsers(dest="part", required=True)
    for name, words in (("make", ("tree", "folder")), ("play", ("tree", "folder", "out")),
                        ("compare", ("before", "after"))):  # fmt: skip
        part = parts.add_parser(name)
        for word in words:
            part.add_argument(word, type=Path)
        if name == "play":
            part.add_argument("--scene", action="append", default=[], help="Only this scene; may be repeated.")
        if name == "compare":
            part.add_argument("--wording", action="store_true", help="List every message that reads otherwise.")
            part.add_argument("--expected", type=Path, help="TOML: [[expected]] command, where (patterns), why.")
    given = parser.parse_args()
    if given.part == "compare":
        before, after = (json.loads(path.read_text("utf-8")) for path in (given.before, given.after))
        played = dict.fromkeys(one["scene"] for one in after)
        if left := dict.fromkeys(one["scene"] for one in before if one["scene"] not in played):
            print(f"NOT PLAYED: {', '.join(left)}")
        before = [one for one in before if one["scene"] in played]
        wanted = tomllib.loads(given.expected.read_text("utf-8"))["expected"] if given.expected else []
        return compare(before, after, wording=given.wording, expected=[Expected(**one) for one in wanted])
    if given.part == "make":
        records, out = make(given.tree, given.folder), given.folder.with_suffix(".json")
    else:
        records, out = play(given.tree, given.folder, only=given.scene), given.out
    out.write_text(json.dumps(records, indent=1) + "\n", "utf-8")
    print(f"{len(records)} commands played: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
