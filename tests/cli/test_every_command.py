"""Every command once in a process of its own: that it starts, shows its help, does a small thing, and says the same as
in the tests' own process, where all other tests of commands type them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bss_mfg.cli.main import COMMANDS
from tests.helpers.commands import Outcome, run_process
from tests.helpers.factory import Factory

PAYLOAD = "ABV:OB04;UPC:841667145075;PID:ebK3;"
DID: dict[str, tuple[list[str], int]] = {
    "start": (["--product", "bulb"], 2),
    "init": (["{out}"], 0),
    "dev-key": (["second"], 0),
    "product": (["list", "--json"], 0),
    "spec": (["list"], 0),
    "mapping": (["check", "amazon-bss-ob04", "--sample", "{root}/none.json"], 3),
    "run": (["bulb", "--units", "2", "--plan"], 0),
    "batch": (["create", "bulb", "--units", "2", "--id", "NEW"], 0),
    "labels": (["B", "--template", "minimal", "--out", "{out}", "--again"], 0),
    "reprint": (["A", "ebK300000001", "--reason", "torn", "--out", "{out}"], 0),
    "press": (["--once", "--name", "press-2"], 0),
    "queue": (["list"], 0),
    "preflight": (["bulb"], 0),
    "template": (["list"], 0),
    "media": (["list"], 0),
    "printer": (["list"], 0),
    "verify": (["A", "{root}/batches/A/labels"], 0),
    "sample": (["A", "--plan", "aql-9"], 3),
    "grades": (["mappings"], 0),
    "trends": (["A"], 0),
    "scan": (["A", "--plain"], 1),
    "board": (["--json", "--hours", "1"], 0),
    "report": (["yield", "--from", "2020-01-01"], 0),
    "open": (["A", "--path"], 0),
    "inspect": ([PAYLOAD], 1),
    "scrap": (["A", "ebK300000001", "--reason", "dropped"], 0),
    "replace": (["A", "ebK300000001", "--reason", "dropped"], 4),
    "pack": (["--plain"], 1),
    "carton": (["show", "1"], 3),
    "pallet": (["list"], 0),
    "returns": (["ebK300000001"], 0),
    "ship": (["A", "ebK300000001", "--for", "pallet 1"], 4),
    "close": (["A"], 4),
    "retire": (["A", "--acknowledged", "feedback"], 4),
    "manifest": (["A", "--format", "csv", "--out", "{out}"], 0),
    "table": (["A", "--format", "jsonl", "--out", "-"], 0),
    "program": (["A", "--format", "csv", "--out", "{root}/out"], 0),
    "flash": (["list"], 0),
    "device": (["simulate", "A", "ebK300000001", "--fault", "list"], 0),
    "reconcile": (["A"], 0),
    "import-issued": (["bulb", "{root}/none.csv"], 3),
    "vault": (["status"], 0),
    "station": (["check"], 0),
    "history": (["ebK300000001"], 0),
    "events": (["--since", "2"], 0),
    "forward": (["ftp://erp.example/x"], 3),
    "watch-orders": (["{root}/none", "--once"], 3),
    "ledger": (["check"], 0),
    "audit": (["verify"], 0),
    "record": (["verify", "{root}/none.zip"], 3),
    "checkpoint": (["show"], 0),
    "policy": (["show"], 0),
    "schema": (["spec"], 0),
    "doctor": (["--json"], 0),
    "demo": (["--out", "{root}"], 4),
    "completion": (["bash"], 0),
}
"""A small call of each command, and the code it ends with. {root} is the workspace; {out} is not there yet."""


def test_none_is_left_out() -> None:
    assert set(DID) == set(COMMANDS)


def said(outcome: Outcome, factory: Factory) -> tuple[int, str, str]:
    """What a command said, but for what is of its folder, its moment and this machine's state."""
    moment = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?|[\d.]+ (s|GB)\b|\d+:\d\d|[0-9a-f]{8,}")
    return outcome.code, *(
        moment.sub("", text.replace(str(factory.root.parent), "")) for text in (outcome.out, outcome.err)
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_it_starts_helps_and_does_the_same(printed_factory: Factory, tmp_path: Path, command: str) -> None:
    arguments, code = DID[command]
    shown = run_process(command, "--help", cwd=tmp_path)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"Usage: bss-mfg {command} ")
    outcomes = []
    for name in ("real", "here"):
        (tmp_path / name).mkdir()
        factory = printed_factory.copied(tmp_path / name / "w")
        places = {"{root}": str(factory.root), "{out}": str(tmp_path / name / "out")}
        given = [re.sub(r"\{\w+\}", lambda found: places[found[0]], text) for text in arguments]  # noqa: B023
        run = factory.process if name == "real" else factory.cli
        outcomes.append(said(run(command, *given, cwd=tmp_path / name, stdin="nonsense\n"), factory))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == code, outcomes[0]
    assert "Traceback" not in outcomes[0][2]
