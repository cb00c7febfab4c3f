"""The face: help that teaches, documented codes, JSON, and documents that match the program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bss_mfg.cli.main import COMMANDS, cli
from tests.helpers import ROOT
from tests.helpers.commands import run_cli, run_process
from tests.helpers.factory import Factory
from tests.needs import needs


def all_commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []

    def walk(name: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for child in command.list_commands(context):
                inner = command.get_command(context, child)
                assert inner is not None
                walk(f"{name} {child}".strip(), inner)
        else:
            found.append((name, command))

    walk("", cli)
    return found


@pytest.mark.parametrize(("name", "command"), all_commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_teaches(name: str, command: click.Command) -> None:
    assert command.help
    assert command.epilog and command.epilog.startswith(f"Example: bss-mfg {name}")
    assert all(param.help for param in command.params if isinstance(param, click.Option))


def test_the_short_help_is_the_commands_own() -> None:
    for name, (_, text) in COMMANDS.items():
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert (command.help or "").partition("\n")[0] == text


def test_h_is_help_and_version_is_told() -> None:
    assert run_cli("-h").out == run_cli("--help").out
    assert run_cli("--version").out.startswith("bss-mfg, version ")


def test_usage_mistakes_exit_2() -> None:
    for arguments in (
        ["nonsense"],
        ["labels"],
        ["labels", "B1", "--dpi", "299"],
        ["--nonsense"],
        ["program", "B1", "--format", "csv", "--out", "x.csv", "--again"],
        ["program", "B1"],
        ["program", "B1", "--format", "csv", "--out", "x", "--layout", "x.toml"],
        ["program", "B1", "--format", "csv", "--out", "-"],
        ["manifest", "B1", "--out", "-"],
        ["program", "B1", "--check", "x.csv", "--format", "csv"],
        ["manifest", "B1"],
        ["manifest", "B1", "--out", "x.txt", "--rejected"],
    ):
        assert run_cli(*arguments).code == 2


def test_the_workspace_is_found_upwards_or_by_name(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    assert run_cli("product", "list", cwd=factory.root / "batches").out.count("bulb") == 1
    assert run_cli("product", "list", cwd=tmp_path, env={"BSS_MFG_WORKSPACE": str(factory.root)}).code == 0
    lost = run_cli("product", "list", cwd=tmp_path)
    assert (lost.code, "bss-mfg init" in lost.err) == (3, True)


def test_inspect_opens_a_code_with_the_development_key(factory: Factory, tmp_path: Path) -> None:
    import csv
    import hashlib

    factory.add(units_per_package=2)
    factory.issue(2)
    factory.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv")
    labels = factory.label(template="roll-50x30")
    done = factory.cli("inspect", labels.files[0], "--private-key", factory.private_key, "--json")
    assert done.code == 0, done.err
    [symbol] = done.json
    with factory.ledger() as ledger:
        package = next(ledger.packages.stream("B1"))
    assert symbol["payload"] == package.payload
    assert symbol["spec"] == "amazon-bss-ob04"
    assert [field["key"] for field in symbol["fields"]] == ["ABV", "UPC", "PID", "BMU", "BMO", "BMD"]
    assert [field["status"] for field in symbol["fields"]] == ["published"] * 3 + ["assumed"] * 3
    rows = list(csv.DictReader((tmp_path / "keys.csv").open()))
    assert [(unit["uuid"], unit["oob_key_sha256"]) for unit in symbol["units"]] == [
        (row["uuid"], hashlib.sha256(bytes.fromhex(row["oob_key"])).hexdigest()) for row in rows
    ]


def test_inspect_works_without_a_workspace(tmp_path: Path) -> None:
    done = run_cli("inspect", "ABV:OB04;UPC:841667145075;PID:ebK3;", "--json", cwd=tmp_path)
    assert done.code == 1
    assert "field BMU is missing" in done.json[0]["problems"]


@pytest.mark.parametrize("broken", ['timezone = "Mars/Olympus"\n', "stations = 1\n", "= \n"])
def test_doctor_finds_settings_that_no_command_takes(factory: Factory, broken: str) -> None:
    """Every other command is refused in such a workspace: "all OK" about the machine would mislead."""
    settings = factory.root / "bss-mfg.toml"
    settings.write_text(settings.read_text() + broken)
    done = run_cli("doctor", "--json", cwd=factory.root)
    found = next((check for check in done.json if check["name"] == "workspace"), None)
    assert found is not None
    assert (done.code, found["level"]) == (6, "fault")
    assert "bss-mfg.toml" in found["found"]


@needs("libdmtx")
def test_doctor_finds_this_machine_fit() -> None:
    done = run_cli("doctor", "--json")
    assert done.code == 0
    assert {check["level"] for check in done.json} == {"ok"}


def test_doctor_without_libdmtx_names_the_fix(tmp_path: Path) -> None:
    """libdmtx can't be loaded: the second reader is a gap with a fix, everything else works."""
    (tmp_path / "pylibdmtx").mkdir()
    (tmp_path / "pylibdmtx" / "__init__.py").write_text("")
    (tmp_path / "pylibdmtx" / "pylibdmtx.py").write_text("raise ImportError('Unable to find dmtx shared library')")
    done = run_process("doctor", env={"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert done.code == 0
    assert re.search(r"GAP +libdmtx .*apt-get install libdmtx0b", done.out)
    for name in ("bumble", "bleak"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('is not installed')")
    demo = run_process("demo", "--out", tmp_path / "line", env={"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert demo.code == 0, demo.err
    assert demo.out.count("PROVEN: it knows the key") == 3, "one of the bulbs, both of a pair of plugs: without a radio"


def test_second_reader_without_libdmtx_exits_6(factory: Factory, tmp_path: Path) -> None:
    (tmp_path / "pylibdmtx").mkdir()
    (tmp_path / "pylibdmtx" / "__init__.py").write_text("")
    (tmp_path / "pylibdmtx" / "pylibdmtx.py").write_text("raise ImportError('Unable to find dmtx shared library')")
    factory.add()
    factory.issue(1)
    made = factory.label()
    done = factory.process("verify", "B1", made.files[0], "--second-reader", env={"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert done.code == 6
    assert "libdmtx0b" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_scripts_are_printed(shell: str) -> None:
    assert "_BSS_MFG_COMPLETE" in run_cli("completion", shell).out


def test_a_console_without_unicode_does_not_crash(factory: Factory) -> None:
    factory.add(title="\u039b\u03ac\u03bc\u03c0\u03b1")
    done = factory.process("product", "show", "bulb", env={"PYTHONIOENCODING": "cp1252"})
    assert done.code == 0
    assert "title" in done.out


def test_the_cli_reference_is_current() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "make.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_exit_code_is_documented() -> None:
    text = (ROOT / "docs" / "operator.md").read_text()
    for code in (0, 1, 2, 3, 4, 5, 6, 70, 130):
        assert re.search(rf"^\| *`?{code}`? *\|", text, re.MULTILINE), code


def test_demo_runs_the_whole_line(demo_factory: Factory) -> None:
    with demo_factory.ledger() as ledger:
        batches = ledger.batches.all()
        assert [(batch.id, batch.units) for batch in batches] == [("mesh-bulb-0001", 96), ("mesh-plug-2pack-0001", 40)]
        assert all(ledger.batches.counts(batch.id)["file_verified"] == batch.packages for batch in batches)
        ledger.check()
    for batch in batches:
        folder = demo_factory.root / "batches" / batch.id
        assert {path.name for path in folder.iterdir()} == {
            "labels", "upload", "manifest.jsonl", "programming.csv", "programming.csv.json", "verification.html"
        }  # fmt: skip


@pytest.mark.parametrize("loads", ["click", "bss_mfg.cli.common"])
def test_an_interrupt_while_the_command_loads_is_no_traceback(loads: str) -> None:
    """Ctrl-C a tenth of a second after start fell into Python's imports."""
    script = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {loads!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from bss_mfg.cli import start\n"
        "start()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Interrupted. Run the same command again.\n"


def test_the_code_of_an_interrupt_in_an_executed_string(tmp_path: Path) -> None:
    """As those are that make a dataclass: Python then ends `python -m` by the signal, whatever code it is given."""
    (tmp_path / "interrupted.py").write_text(
        "import bss_mfg.cli.main as program\n"
        "program.cli.main = lambda *_, **__: exec('raise KeyboardInterrupt')\n"
        "program.main([])\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Interrupted. Run the same command again to continue.\n"
