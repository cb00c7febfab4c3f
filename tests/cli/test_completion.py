"""The Tab key: what it offers, that it is quiet whatever is wrong, and real shells."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.test_typing_errors import every_option
from tests.helpers import ROOT
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory
from tests.helpers.pace import is_soon
from tests.helpers.tab_key import asked, offered, type_in_shell
from tests.needs import needs


def test_names_are_offered_where_they_can_be_typed(printed_factory: Factory) -> None:
    root, first = printed_factory.root, "ebK300000001"

    def told(*words: object) -> list[str]:
        return offered("--workspace", root, *words)

    assert told("labels", "") == ["B", "A"]
    assert told("run", "bu") == ["bulb"]
    assert told("batch", "create", "") == ["bulb"]
    assert told("labels", "A", "--only", "ebK30000000") == [f"ebK30000000{n}" for n in range(1, 10)]
    assert first not in told("scrap", "B", "ebK3000000")
    assert first in told("scrap", "A", "")
    assert told("labels", "A", "--template", "roll") == ["roll-50x30"]
    assert told("labels", "A", "--printer", "zpl-20") == ["zpl-203"]
    assert told("labels", "A", "--printer", "=", "zpl-20") == ["zpl-203"]
    assert told("labels", "A", "--printer", "=") == told("labels", "A", "--printer", "")
    assert told("labels", "A", "--printer", "=", "zpl-203", "--only", "ebK300000001") == [first]
    assert "amazon-bss-ob04" in told("spec", "show", "")
    assert {"A", "B"} <= set(told("history", ""))
    assert told("history", "ebK30000000")[0] == first
    assert told("manifest", "A") == ["A"]
    assert "status" in told("manifest", "") and "B" in told("manifest", "")
    assert "--template" in told("labels", "A", "--te")
    assert told("lab") == ["labels"]
    assert [f"{word}" for word in told("inspect", "./")] == ["./"]


def test_of_many_serials_only_how_they_go_on_is_offered(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(1100)
    factory.add("lamp", pid="ebK4", oob_bytes=16)
    factory.issue(3, "L", "lamp")

    def told(batch: str, start: str) -> list[str]:
        return offered("--workspace", factory.root, "labels", batch, "--only", start)

    assert told("B1", "") == ["ebK300000", "ebK300001"]
    assert told("B1", "ebK300000") == [f"ebK300000{digit}" for digit in range(10)]
    assert told("B1", "ebK3000001") == [f"ebK3000001{n:02}" for n in range(100)]
    assert told("L", "ebK4") == ["ebK400000001", "ebK400000002", "ebK400000003"]
    assert offered("--workspace", factory.root, "history", "eb") == ["ebK3", "ebK4"]


def test_what_waits_for_presses_and_what_was_packed_is_offered(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3)
    assert factory.cli("labels", "B1", "--template", "roll-50x30", "--queue", "press 2").code == 0
    with factory.database(unguarded=True) as database:
        database.execute(
            "INSERT INTO logistic_unit (no, kind, size, station, opened_at) VALUES (17, 'carton', 4, 's', '2026-11-01')"
        )

    def told(*words: object) -> list[str]:
        return offered("--workspace", factory.root, *words)

    assert told("queue", "show", "") == ["1"]
    assert told("queue", "move", "1", "") == ["press 2"]
    assert told("labels", "B1", "--queue", "pr") == ["press 2"]
    assert told("carton", "show", "") == ["17"]
    assert told("pallet", "show", "") == []
    assert told("ship", "--carton", "1") == ["17"]


NAMES = {
    "BATCH", "[BATCH]", "BATCH...", "[BATCH]...", "UNIT", "UNIT...", "UNIT|BATCH", "SERIAL|UUID", "SERIAL|UUID...",
    "SERIAL|UUID|-", "PRESS", "TEMPLATE", "SPEC", "NAME|FILE", "CODE", "[CODE]...", "FLASHER",
}  # fmt: skip
"""How arguments and options are called that take a name."""
OPTIONS = {"--template", "--pallet-template", "--printer", "--product", "--batch", "--press", "--spec"}


def test_no_name_is_left_out() -> None:
    """A new argument that takes a name completes it."""
    silent = [
        f"{name} {parameter.name}"
        for name, parameter in every_option()
        if (parameter.metavar in NAMES or parameter.name == "product" or OPTIONS & set(parameter.opts))
        and parameter._custom_shell_complete is None
        and isinstance(parameter.type, click.types.StringParamType)
    ]
    assert silent == []


@contextlib.contextmanager
def locked(ledger: Path) -> Iterator[None]:
    """Another program has a ledger for itself."""
    with contextlib.closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def test_nothing_that_is_wrong_is_said(printed_factory: Factory, tmp_path: Path) -> None:
    assert offered("labels", "", cwd=tmp_path) == []
    assert "sheet-a4-24" in offered("labels", "X", "--template", "", cwd=tmp_path)
    assert offered("--workspace", tmp_path / "none", "labels", "") == []
    assert not asked("device", "simulate", "A", "--fault", "list", "", cwd=tmp_path).out
    factory = printed_factory.copied(tmp_path / "w")
    with locked(factory.root / "ledger.db"):
        begun = time.monotonic()
        assert offered("--workspace", factory.root, "labels", "") == ["A", "B"]  # their folders
        assert is_soon(time.monotonic() - begun, 5)
    (factory.root / "ledger.db").unlink()
    assert offered("--workspace", factory.root, "labels", "") == ["A", "B"]
    assert offered("--workspace", factory.root, "labels", "A", "--only", "") == []
    assert not (factory.root / "ledger.db").exists()
    settings = factory.root / "bss-mfg.toml"
    for text in ('[ledger]\nurl = "postgresql://nobody@127.0.0.1:1/none"\n', "ledger = 7\n", "[[", "\xff"):
        settings.write_text(text, "latin-1")
        assert offered("--workspace", factory.root, "labels", "") == ["A", "B"]
        assert offered("--workspace", factory.root, "labels", "A", "--only", "") == []


def test_a_look_changes_nothing(printed_factory: Factory, tmp_path: Path) -> None:
    factory = printed_factory.copied(tmp_path / "w")
    before = {path: path.stat().st_mtime_ns for path in factory.root.rglob("*")}
    assert offered("--workspace", factory.root, "labels", "A", "--only", "ebK300000001")
    assert {path: path.stat().st_mtime_ns for path in factory.root.rglob("*")} == before


def test_it_reads_no_secret(printed_factory: Factory) -> None:
    """What keeps sealed columns from all but few guards this door, too."""
    from bss_mfg.errors import BssError
    from bss_mfg.ledger.name_lookup import name_lookup

    with name_lookup(printed_factory.workspace.ledger_place) as names:
        assert names.batches()
        with pytest.raises(BssError):
            names._db.rows("SELECT sealed_key FROM unit")


def test_it_imports_no_more_than_it_needs(printed_factory: Factory) -> None:
    """Somebody waits: what reads and checks files is not loaded."""
    question = (
        "import sys, runpy\n"
        "sys.argv = ['bss-mfg']\n"
        "try: runpy.run_module('bss_mfg', run_name='__main__')\n"
        "except SystemExit: print({'pydantic', 'numpy', 'PIL', 'cryptography'} & set(sys.modules))"
    )
    words = ["bss-mfg", "--workspace", str(printed_factory.root), "labels", "A", "--only", "ebK300000001"]
    told = subprocess.run(
        [sys.executable, "-c", question], check=True, capture_output=True, text=True, cwd=ROOT,
        env=real_environment({
            "_BSS_MFG_COMPLETE": "bash_complete", "COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1),
        }),
    )  # fmt: skip
    assert told.stdout.splitlines() == ["plain,ebK300000001", "set()"]


def test_each_shell_is_answered_in_its_own_way(printed_factory: Factory) -> None:
    words = f"bss-mfg --workspace {printed_factory.root} labels A --printer=zpl-20"

    def told(shell: str, count: str) -> list[str]:
        done = asked(_BSS_MFG_COMPLETE=f"{shell}_complete", COMP_WORDS=words, COMP_CWORD=count)
        return done.out.splitlines()

    assert told("zsh", "5")[:2] == ["plain", "--printer=zpl-203"]
    assert told("fish", "--printer=zpl-20") == ["plain,--printer=zpl-203"]
    assert told("tcsh", "5") == []


@pytest.mark.parametrize("shell", [pytest.param("bash", marks=needs("bash")), pytest.param("zsh", marks=needs("zsh"))])
def test_a_shell_completes_what_is_typed(shell: str, factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3, "bulb-0001")
    assert factory.cli("labels", "bulb-0001", "--template", "roll-50x30", "--queue", "press 2").code == 0
    (factory.root / "bulb-0001").mkdir()  # no folder that is called so gets into the way
    tools = tmp_path / "tools"
    tools.mkdir()
    said = type_in_shell(
        shell, factory.root, tools,
        [
            "bss-mfg lab\tbul\t--onl\tebK3\t3",
            "bss-mfg labels bulb-0001 --queue pr\t--printer=zpl-20\tx",
            "bss-mfg labels 'bul\t",
        ],
    )  # fmt: skip
    assert said[0] == ["labels", "bulb-0001", "--only", "ebK300000003"]
    assert said[1][:4] == ["labels", "bulb-0001", "--queue", "press 2"]
    assert said[1][4].startswith("--printer=zpl-203")
    assert said[2] == ["labels", "bulb-0001"]


@needs("fish")
def test_fish_completes_what_is_typed(printed_factory: Factory, tmp_path: Path) -> None:
    (tmp_path / "bss-mfg").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bss_mfg "$@"\n')
    (tmp_path / "bss-mfg").chmod(0o755)
    script = "bss-mfg completion fish | source; complete -C 'bss-mfg scrap '; complete -C 'bss-mfg labels A --templ'"
    told = subprocess.run(
        ["fish", "--no-config", "-c", f"set -x PATH {tmp_path} $PATH; {script}"],
        cwd=printed_factory.root, env=real_environment({"HOME": str(tmp_path)}), capture_output=True, text=True,
        check=True,
    ).stdout.splitlines()  # fmt: skip
    assert sorted(told[:2]) == ["A\tbulb: 24 units", "B\tbulb: 24 units"]
    assert told[-1].startswith("--template")
