"""The log: what it tells, where it goes, and that it holds no secret."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import bss_mfg
from bss_mfg.model import Secret
from tests.cli.test_secrets import forms, leaks
from tests.helpers.factory import Factory

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO |DEBUG) \[\d+\] bss_mfg(\.\w+)+: \S.*")


def entries(log: Path) -> list[str]:
    """The lines of a log, each of which is one."""
    first, *lines = log.read_text("utf-8").splitlines()
    assert first == "# log of bss-mfg"
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return lines


def test_a_whole_run_is_told_without_any_key(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    log, export, secret = tmp_path / "bss.log", tmp_path / "keys.csv", tmp_path / "passphrase"
    secret.write_text("five random words are best")
    told = ""
    for command in (
        ("vault", "rekey", "--to", "passphrase"),
        ("run", "bulb", "--units", 100, "--id", "B1", "--jobs", 2),
        ("program", "B1", "--format", "csv", "--out", export),
        ("reconcile", "B1", "--private-key", factory.private_key),
        ("scrap", "B1", "ebK300000001", "--reason", "dropped"),
        ("replace", "B1", "ebK300000001", "--reason", "dropped"),
        ("vault", "export-recovery", tmp_path / "recovery.txt"),
        ("ledger", "check"),
    ):
        done = factory.cli("--verbose", "--log-file", log, *command, env={"BSS_MFG_PASSPHRASE_FILE": str(secret)})
        assert done.code == 0, done.err
        told += done.out + done.err
    assert log.stat().st_mode & 0o777 == 0o600
    lines = entries(log)
    text = "\n".join(lines)
    for what in (
        "reading .*bulb.toml", "wrote .*B1-labels-0001.pdf", r"started process \d+", "step verify of batch B1",
        "100 labels read right", "committed: waited", "ended with exit code 0 after", "reading .*vault.key",
    ):  # fmt: skip
        assert re.search(what, text), what
    assert len({line.split("[")[1].split("]")[0] for line in lines}) > 2  # worker processes log, too
    keys = [bytes.fromhex(row.split(",")[2]) for row in export.read_text().splitlines()[1:]]
    assert len(keys) == 100
    with factory.workspace.open_vault(ask=lambda what, new: passphrase_of(secret)) as vault:
        keys += [vault.key.reveal(), secret.read_bytes()]
    private = factory.private_key.read_bytes().splitlines()[2]
    needles = {form for key in keys for form in forms(key)} | {private}
    assert not leaks(needles, log.read_bytes()) and not leaks(needles, told.encode())
    # Negative control: the same search finds a key where one is.
    assert leaks(needles, log.read_bytes() + keys[7].hex().encode())


def passphrase_of(file: Path) -> Secret:
    return Secret(file.read_bytes())


def test_without_the_option_stderr_has_messages_only(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    quiet = factory.cli("batch", "create", "bulb", "--units", 2, "--id", "B1")
    logged = factory.cli("--log-file", tmp_path / "bss.log", "batch", "create", "bulb", "--units", 2, "--id", "B2")
    verbose = factory.cli("--verbose", "batch", "create", "bulb", "--units", 2, "--id", "B3")
    assert quiet.err.replace("B1", "B2") == logged.err
    assert logged.err.replace("B2", "B3") in verbose.err
    assert [line for line in verbose.err.splitlines() if LINE.fullmatch(line)]
    assert not LINE.search(quiet.err)
    assert quiet.out.replace("B1", "B3") == verbose.out


def test_a_failed_command_tells_why_it_ended(factory: Factory, tmp_path: Path) -> None:
    log = tmp_path / "bss.log"
    assert factory.cli("--log-file", log, "batch", "show", "B1").code == 3
    assert "there is no batch 'B1'" in entries(log)[-1]
    assert factory.cli("--log-file", log, "doctor").code in (0, 6)
    assert re.search("ended with exit code [06]", entries(log)[-1])


def test_only_a_log_is_added_to(factory: Factory, tmp_path: Path) -> None:
    for file in (factory.root / "ledger.db", factory.root / "bss-mfg.toml"):
        before = file.read_bytes()
        done = factory.cli("--log-file", file, "batch", "list")
        assert done.code == 4 and "is not a log file of bss-mfg" in done.err
        assert file.read_bytes() == before
    assert factory.cli("--log-file", tmp_path, "batch", "list").code == 3
    assert factory.cli("--log-file", tmp_path / "no" / "bss.log", "batch", "list").code == 3


def test_a_name_of_a_file_can_neither_break_a_line_nor_reach_the_terminal(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    evil = tmp_path / "ids\n2026-01-01T00:00:00.000Z INFO  [1] bss_mfg.cli: all is well\x1b[31m.csv"
    evil.write_text("serial\nA1\n")
    log = tmp_path / "bss.log"
    done = factory.cli("--log-file", log, "--verbose", "batch", "create", "bulb", "--units", 1, "--identities", evil)
    assert done.code == 0, done.err
    (line,) = {line.partition("] ")[2] for line in entries(log) if "all is well" in line}
    assert "\\x0a2026" in line and "\\x1b" in line
    assert "\x1b" not in done.err


def test_modules_log_at_info_and_debug_under_their_own_name_only() -> None:
    """Above INFO, Python itself prints on stderr where nobody set a log up."""
    root, loggers = Path(bss_mfg.__file__).parent, 0
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "_log":
                assert node.func.attr in ("info", "debug"), path
                assert isinstance(node.args[0], ast.Constant), path  # values are arguments, so they are escaped last
            if ast.unparse(node.func) == "logging.getLogger" and path.name not in ("log.py", "artwork.py"):
                assert ast.unparse(node.args[0]) == "__name__", path
                loggers += 1
    assert loggers > 5


def test_a_program_that_uses_the_api_hears_the_same(factory: Factory, caplog: pytest.LogCaptureFixture) -> None:
    factory.add()
    with caplog.at_level("INFO", "bss_mfg"), bss_mfg.open_workspace(factory.root) as line:
        line.create_batch("bulb", 1)
    assert any(record.name == "bss_mfg.core.files" and "bulb.toml" in record.getMessage() for record in caplog.records)
