"""The recorder sees what it is there to see: every kind of change but another wording, and nothing where nothing is."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.needs import needs
from tests.session.compare import Expected, Found, compare, differences
from tests.session.masking import Masker, ledger_rows
from tests.session.record import make, play, scenes

TREE = Path(__file__).parents[2]
COMMANDS = """
[[scene]]
name = "start"
random = true
commands = '''
init plant
dev-key amazon
product add bulb --pid ebK3 --upc 841667145075 --public-key plant/dev-keys/amazon.public.pem
batch create bulb --units 2 --id B1 --jobs 1
'''

[[scene]]
name = "short"
commands = '''
labels B1 --jobs 1
batch show B1 --json
batch show B2
: remove plant/vault.key
program B1 --format csv --out keys.csv
'''

[[scene]]
name = "new"
random = true
commands = '''
batch create bulb --units 2 --id B2 --jobs 1 --json
'''
"""
RECORD: dict[str, Any] = {
    "scene": "s", "command": "verify B1 scans", "code": 1,
    "stdout": "MISSING: S1: blank or covered\n5 matched, 1 missing\n", "stderr": "WRONG: not all labels are right\n",
    "files": {"report.html": {"mode": "600", "sha256": "a", "text": "<p>5 labels stand here</p>\n"},
              "b1.csv": {"mode": "600", "sha256": "b", "text": "serial\nS1\n"},
              "b1.pdf": {"mode": "600", "sha256": "c", "size": 10}},
    "ledgers": {"ledger.db": [[["event", 1], "added", {"kind": "read", "detail": "blank", "package": 1}]]},
}  # fmt: skip
DOCUMENT = {
    **RECORD,
    "command": "verify B1 --json",
    "json": [{"right": True, "detail": "none was found", "reason": "wet", "count": 1}],
}
PAGE = "Usage: bss-mfg run\n\n  Makes it.\n\nOptions:\n  --jobs INTEGER  How many.  [default: 1]\n"
HELP = {**RECORD, "command": "run -h", "stdout": PAGE}


def found(change: Callable[[dict[str, Any]], Any], record: dict[str, Any] = RECORD) -> list[Found]:
    """What is found where one record was changed."""
    after = copy.deepcopy(record)
    change(after)
    return list(differences([record], [after]))


def test_nothing_is_found_where_nothing_is() -> None:
    assert not found(lambda after: None)


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "exit code": lambda after: after.update(code=0),
    "a result": lambda after: after.update(stdout=after["stdout"].replace("5", "4")),
    "a serial": lambda after: after.update(stdout=after["stdout"].replace("S1", "S2")),
    "a line": lambda after: after.update(stdout=after["stdout"] + "more\n"),
    "bytes": lambda after: after["files"]["b1.pdf"].update(sha256="d"),
    "a letter": lambda after: after["files"]["b1.csv"].update(sha256="d", text="serial\ns1\n"),
    "rights": lambda after: after["files"]["report.html"].update(mode="644"),
    "no file": lambda after: after["files"].pop("b1.csv"),
    "another file": lambda after: after["files"].update(more=after["files"]["b1.csv"]),
    "a number in a report": lambda after: after["files"]["report.html"].update(text="<p>6 labels stand here</p>\n"),
    "a row": lambda after: after["ledgers"]["ledger.db"].pop(),
    "a column": lambda after: after["ledgers"]["ledger.db"][0][2].update(package=2),
    "an event's kind": lambda after: after["ledgers"]["ledger.db"][0][2].update(kind="seen"),
    "a failed step": lambda after: after.update({"failed steps": [": copy a b"]}),
    "another command": lambda after: after.update(command="verify B2 scans"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_kind_of_change_is_found(name: str) -> None:
    assert [one.kind for one in found(CHANGES[name])] == ["difference"]


@pytest.mark.parametrize(
    "change",
    [
        lambda after: after["json"][0].update(right=False),
        lambda after: after["json"][0].update(count="1"),
        lambda after: after["json"][0].update(more=None),
        lambda after: after["json"][0].pop("count"),
        lambda after: after["json"][0].update(detail=""),
        lambda after: after["json"][0].update(reason="dry"),
        lambda after: after.pop("json"),
    ],
)
def test_every_change_of_a_document_is_found(change: Callable[[dict[str, Any]], Any]) -> None:
    assert "difference" in [one.kind for one in found(change, DOCUMENT)]


def test_other_wording_is_told_apart() -> None:
    for change, record in (
        (lambda after: after.update(stderr="WRONG: some labels are not right\n"), RECORD),
        (lambda after: after.update(stdout=RECORD["stdout"].replace("or covered", "or hidden")), RECORD),
        (lambda after: after["files"]["report.html"].update(sha256="d", text="<p>5 labels are here</p>\n"), RECORD),
        (lambda after: after["ledgers"]["ledger.db"][0][2].update(detail="empty"), RECORD),
        (lambda after: after["json"][0].update(detail="nothing was found"), DOCUMENT),
        (lambda after: after.update(stdout=PAGE.replace("Makes it", "It is made")), HELP),
    ):
        assert [one.kind for one in found(change, record)] == ["wording"]
    (number,) = found(lambda after: after.update(stderr="WRONG: 2 labels are not right\n"))
    assert number.kind == "values"


def test_words_of_a_table_are_no_wording() -> None:
    table = {**RECORD, "command": "table B1 --format csv --out -", "stdout": "serial,state\nS1,printed\n"}
    (one,) = found(lambda after: after.update(stdout="serial,state\nS1,scrapped\n"), table)
    assert (one.kind, one.before, one.after) == ("difference", "S1,printed", "S1,scrapped")
    rows = ("matched,as it is", "missing,as it is", "matched,right")
    texts = [f"serials,verdict,detail\nS1,{row}\n" for row in rows]
    records = [{**RECORD, "files": {"report.csv": {"mode": "600", "sha256": text, "text": text}}}
               for text in (*texts, texts[0].replace("\n", "\r\n"))]  # fmt: skip
    kinds = [[one.kind for one in differences([records[0]], [record])] for record in records]
    assert kinds == [[], ["difference"], ["wording"], ["difference"]]


def test_a_page_is_compared_as_a_browser_takes_it() -> None:
    texts = ["<p>can't be read</p><b>5</b>\n", "<p>can&#39;t be read</p>\n<b>5</b>\n", "<p>can't be read</p><b>6</b>\n"]
    records = [{**RECORD, "files": {"report.html": {"mode": "600", "sha256": text, "text": text}}} for text in texts]
    kinds = [[one.kind for one in differences([records[0]], [record])] for record in records]
    assert kinds == [[], ["wording"], ["difference"]]


def test_what_is_expected_is_told_apart_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    other = {**RECORD, "code": 0}
    wanted = Expected("s: verify *", "exit code", "nothing is wrong any more")
    assert compare([RECORD], [other], expected=[wanted]) == 0
    assert "EXPECTED: 1 times: nothing is wrong any more" in capsys.readouterr().out
    assert compare([RECORD], [{**other, "stdout": ""}], expected=[wanted]) == 1
    assert compare([RECORD], [other], expected=[Expected("s: scan *", "*", "another command")]) == 1


def test_another_option_or_default_of_a_help_page_is_found() -> None:
    (page,) = differences([{**HELP, "command": "-h"}], [{**HELP, "command": "-h", "stdout": PAGE + "More."}])
    assert page.kind == "wording"
    for old, new in (("--jobs", "--job"), ("default: 1", "default: 2"), ("bss-mfg run", "bss-mfg go")):
        (one,) = differences([HELP], [{**HELP, "stdout": PAGE.replace(old, new)}])
        assert one.kind == "difference"


def test_the_exit_code_says_whether_something_differs(capsys: pytest.CaptureFixture[str]) -> None:
    other = copy.deepcopy(RECORD)
    other["stderr"] = "WRONG: some labels are not right\n"
    assert compare([RECORD], [other]) == 0
    assert "some labels" not in capsys.readouterr().out
    assert compare([RECORD], [other], wording=True) == 0
    assert "some labels" in capsys.readouterr().out
    other["code"] = 0
    assert compare([RECORD], [other]) == 1
    assert "exit code" in capsys.readouterr().out


def test_a_random_value_in_the_wrong_place_is_seen() -> None:
    first, second = "0123456789abcdef" * 2, "fedcba9876543210" * 2
    texts = [f"{first} {second} {first.upper()}", f"{second} {first} {second.upper()}", f"{second} {first} {first}"]
    masked = [Masker({}, "1.0", random=True).text(text) for text in texts]
    assert masked[0] == masked[1] == "<hex 32#1> <hex 32#2> <hex 32 upper#1>"
    assert masked[2] != masked[0]


def test_the_session_is_long_and_calls_every_command() -> None:
    from bss_mfg.cli.main import cli

    first, played = scenes(Path(__file__).parent / "commands.toml")
    lines = [line for scene in (first, *played) for line in scene.steps if not line.startswith((":", "#"))]
    assert len(lines) >= 150
    called = "\n".join(line for line in lines if not line.endswith("-h"))
    context = cli.make_context("bss-mfg", [], resilient_parsing=True)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        for full in [f"{name} {sub}" for sub in getattr(command, "commands", ())] or [name]:
            assert f"\n{full} " in called or f" {full} " in called or f"\n{full}\n" in called, full


@needs("faketime")
def test_the_same_program_twice_is_equal_and_a_changed_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = tmp_path / "commands.toml"
    commands.write_text(COMMANDS, "utf-8")
    (tmp_path / "inputs").mkdir()
    assert {one["code"] for one in make(TREE, tmp_path / "factory", commands)} == {0}
    before = json.loads(json.dumps(play(TREE, tmp_path / "factory", commands)))
    assert [one["code"] for one in before] == [0, 0, 3, 6, 0]
    assert {key[0] for key in ledger_rows(tmp_path / "factory/plant/ledger.db")} >= {"pragma", "schema", "unit"}
    assert compare(before, play(TREE, tmp_path / "factory", commands)) == 0
    assert "0 differences, 0 messages with other values, 0 texts" in capsys.readouterr().out
    changed = tmp_path / "changed"
    for name in ("bss_mfg", "templates", "sample_batches"):
        shutil.copytree(TREE / name, changed / name, ignore=shutil.ignore_patterns("__pycache__"))
    errors = changed / "bss_mfg/errors.py"
    text = errors.read_text("utf-8")
    other, times = re.subn(r"(exit_code\b.*= )6\b", r"\g<1>7", text)
    assert times == 1
    errors.write_text(other, "utf-8")
    assert compare(before, play(changed, tmp_path / "factory", commands)) == 1
    assert "- 6\n  + 7" in capsys.readouterr().out
