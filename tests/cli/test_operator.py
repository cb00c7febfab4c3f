"""Who did it: `--operator` on every command that changes something, and what stands in for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bss_mfg.cli.main import cli
from tests.helpers.factory import Factory

READS = {
    "product list", "product show", "spec list", "spec show", "spec check", "spec explain", "batch list", "batch show",
    "preflight",
    "template list", "template preview", "media list", "printer list", "printer show", "printer status",
    "printer test-page", "inspect",
    "mapping check", "mapping fit", "manifest status", "table",
    "reconcile", "vault status", "history", "ledger check", "ledger backup",
    "audit verify", "checkpoint show", "policy show", "record verify", "record verifier",
    "schema", "doctor", "completion", "station check", "flash list",
    "queue list", "queue rolls", "queue show", "open",
}  # fmt: skip
"""Commands that write neither into the ledger nor into the workspace."""


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with its words."""

    def walk(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(command, click.Group):
            yield words, command
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from walk(f"{words} {name}".strip(), inner)

    return walk("", cli)


LEAVES = dict(leaves())


def test_every_command_that_writes_takes_it_once() -> None:
    assert set(LEAVES) >= READS
    for words, command in LEAVES.items():
        options = [param for param in command.params if "--operator" in param.opts]
        assert len(options) == (words not in READS), words


@pytest.mark.parametrize(
    "arguments",
    [
        ["product", "list"], ["product", "show", "bulb"], ["spec", "list"], ["spec", "show", "amazon-bss-ob04"],
        ["spec", "check", "amazon-bss-ob04"], ["batch", "list"], ["batch", "show", "B1"], ["preflight", "bulb"],
        ["template", "list"], ["template", "preview", "minimal", "--out", "{out}.png"], ["media", "list"],
        ["printer", "list"], ["printer", "show", "zpl-203"], ["printer", "test-page", "pdf-300", "--out", "{out}.pdf"],
        ["inspect", "ABV:OB04;"], ["manifest", "status", "B1"], ["table", "B1", "--format", "csv", "--out", "-"],
        ["reconcile", "B1"], ["vault", "status"], ["history", "B1"], ["ledger", "check"],
        ["ledger", "backup", "{out}.db"], ["audit", "verify"], ["checkpoint", "show"], ["policy", "show"],
        ["schema", "spec"], ["doctor"], ["completion", "bash"],
        ["open", "B1", "folder", "--path"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_does_not_take_it_writes_nothing(issued: Factory, tmp_path: Path, arguments: list[str]) -> None:
    def files() -> set[str]:
        return {str(path) for path in issued.root.rglob("*") if not path.name.startswith("ledger.db")}

    assert next(words for words in READS if " ".join(arguments).startswith(words))
    before, events = files(), issued.rows("SELECT count(*) FROM event")
    issued.cli(*(text.replace("{out}", str(tmp_path / "out")) for text in arguments), cwd=tmp_path)
    assert (files(), issued.rows("SELECT count(*) FROM event")) == (before, events)


def operators(factory: Factory) -> list[str]:
    return [row[0] for row in factory.rows("SELECT json_extract(data, '$.operator') FROM event ORDER BY seq")]


def test_the_nearest_one_counts(issued: Factory, tmp_path: Path) -> None:
    serials = [f"ebK30000000{number}" for number in range(1, 7)]
    (tmp_path / "bss-mfg").mkdir()
    (tmp_path / "bss-mfg" / "station.toml").write_text('operator = "Line 3"\nstation = "table 7"\n')
    none = {"BSS_MFG_OPERATOR": "", "XDG_CONFIG_HOME": str(tmp_path / "nothing"), "LOGNAME": "account"}
    file = {**none, "XDG_CONFIG_HOME": str(tmp_path)}
    variable = {**file, "BSS_MFG_OPERATOR": "Bert"}
    scrap = ("scrap", "B1", "--reason", "dropped")
    for number, (environment, before, after) in enumerate(
        [
            (none, (), ()),
            (file, (), ()),
            (variable, (), ()),
            (variable, ("--operator", "Carla"), ()),
            (variable, (), ("--operator", "Dora")),
            (variable, ("--operator", "Carla"), ("--operator", "Dora")),
        ]
    ):
        done = issued.cli(*before, *scrap, serials[number], *after, env=environment)
        assert done.code == 0, done.err
    assert operators(issued)[-6:] == ["account", "Line 3", "Bert", "Carla", "Dora", "Dora"]
    (station,) = issued.rows("SELECT json_extract(data, '$.station') FROM event ORDER BY seq DESC LIMIT 1")
    assert station == ("table 7",)


def test_a_scan_and_a_reprint_have_it_as_all_others(printed: Factory, tmp_path: Path) -> None:
    printed.cli("scan", "A", "--plain", "--operator", "Ann", stdin="nonsense\n")
    assert operators(printed)[-1] == "Ann"
    done = printed.cli(
        "reprint", "A", "ebK300000001", "--reason", "torn", "--out", tmp_path / "o", env={"BSS_MFG_OPERATOR": "Bert"}
    )
    assert done.code == 0, done.err
    assert operators(printed)[-1] == "Bert"


@pytest.mark.parametrize("name", [" ", "a\nb", "a\x1b[2J", "=1+1", "@x", "-x", "+x", "x" * 65, "\u202eAnn", "a\u2028b"])
@pytest.mark.parametrize("by", ["option", "global option", "variable", "file"])
def test_a_name_that_would_do_harm_is_refused(issued: Factory, tmp_path: Path, name: str, by: str) -> None:
    (tmp_path / "bss-mfg").mkdir()
    given = name.encode("unicode_escape").decode().replace("\\x", "\\u00") if by == "file" else name
    (tmp_path / "bss-mfg" / "station.toml").write_text(f'operator = "{given}"\n' if by == "file" else "")
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "BSS_MFG_OPERATOR": name if by == "variable" else ""}
    before = ("--operator", name) if by == "global option" else ()
    after = ("--operator", name) if by == "option" else ()
    events = issued.rows("SELECT count(*) FROM event")
    done = issued.cli(*before, "scrap", "B1", "ebK300000001", "--reason", "x", *after, env=environment)
    assert done.code == (2 if "option" in by else 3), done.err
    assert issued.rows("SELECT count(*) FROM event") == events


def test_an_account_with_an_odd_name_can_work(issued: Factory, tmp_path: Path) -> None:
    environment = {"LOGNAME": "=cmd|x\x07", "BSS_MFG_OPERATOR": "", "XDG_CONFIG_HOME": str(tmp_path)}
    assert issued.cli("scrap", "B1", "ebK300000001", "--reason", "x", env=environment).code == 0
    assert operators(issued)[-1] == "cmd|x\\x07"


def test_a_new_workspace_names_its_maker(tmp_path: Path) -> None:
    from tests.helpers.commands import run_cli

    assert run_cli("init", tmp_path / "w", "--operator", "Ann").code == 0
    events = run_cli("--workspace", tmp_path / "w", "audit", "verify", "--json")
    assert events.code == 0
    from bss_mfg.workspace.workspace import Workspace
    from tests.helpers.factory import Factory

    assert operators(Factory(Workspace.find(str(tmp_path / "w"), tmp_path, {}))) == ["Ann"]


def test_doctor_says_where_each_name_comes_from(issued: Factory, tmp_path: Path) -> None:
    (tmp_path / "bss-mfg").mkdir()
    settings = tmp_path / "bss-mfg" / "station.toml"
    settings.write_text('station = "table 7"\n')
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "BSS_MFG_OPERATOR": "Bert"}
    found = {check["name"]: check for check in issued.cli("doctor", "--json", env=environment).json}
    assert "Bert" in found["operator"]["found"]
    assert "BSS_MFG_OPERATOR" in found["operator"]["found"]
    assert "table 7" in found["station"]["found"]
    assert str(settings) in found["station"]["found"]
    settings.write_text("staton = 1\n")
    broken = issued.cli("doctor", "--json", env={**environment, "BSS_MFG_OPERATOR": ""})
    assert {check["name"]: check["level"] for check in broken.json}["station"] == "fault"
    assert broken.code == 6
