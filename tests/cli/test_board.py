"""`board`: how it begins and ends, whom it lets in, and what it prints instead of a page."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.board.access import BoardAccess
from bss_mfg.board.place import noted
from tests.helpers.commands import advised, real_environment
from tests.helpers.factory import Factory


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--address", "127.0.0.1"], 2, "go with --lan"),
        (["--new-token"], 2, "go with --lan"),
        (["--hours", "0"], 2, "--hours"),
        (["--hours", "49"], 2, "--hours"),
        (["--port", "65536"], 2, "--port"),
        (["--lan", "--address", "0.0.0.0"], 3, "--address"),  # noqa: S104
    ],
)
def test_options_that_do_not_go(issued: Factory, options: list[str], code: int, says: str) -> None:
    done = issued.cli("board", *options)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert not (issued.root / "board-token").exists()


def test_a_document_instead_of_a_page(issued: Factory) -> None:
    document = issued.cli("board", "--json", "--hours", "3").json
    assert len(document["hours"]) == 3
    (batch,) = document["batches"]
    assert (batch["batch"], batch["packages"], batch["verified"], batch["state"]) == ("B1", 6, 0, "open")
    assert {(one["work"], one["desk"], one["count"]) for one in document["waiting"]} == {
        ("print", "press", 6), ("program", "flasher", 6),
    }  # fmt: skip
    assert document["counts"]["issued"] == 6
    assert document["counts"]["first_pass_yield"] is None


def begun(factory: Factory, *options: str) -> tuple[subprocess.Popen[str], str]:
    """A board in a process of its own, and what it said until its page could be opened."""
    process = subprocess.Popen(
        factory.command("board", "--port", "0", *options),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=real_environment(),
    )  # fmt: skip
    assert process.stderr
    told = ""
    for line in process.stderr:
        told += line
        if "--lan shows it" in line or re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}\n", line):
            break
    return process, told


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    return process.returncode, out


def test_for_this_computer_it_makes_nothing(issued: Factory) -> None:
    before = sorted(path.name for path in issued.root.iterdir())
    process, told = begun(issued)
    assert re.search(r"http://127\.0\.0\.1:\d+/\n", told), told
    assert ended(process) == (0, "")
    assert sorted(path.name for path in issued.root.iterdir()) == before


def test_in_the_network_it_shows_link_and_fingerprint(issued: Factory) -> None:
    token = BoardAccess.of(issued.root).token
    process, told = begun(issued, "--lan", "--address", "127.0.0.1", "--new-token")
    link = re.search(r"https://127\.0\.0\.1:\d+/#([\w-]{32})\n", told)
    assert link, told
    assert ended(process) == (0, "")
    assert link[1] == BoardAccess.of(issued.root).token != token


def opened(factory: Factory) -> tuple[int, str]:
    done = factory.cli("open", "B1", "board", "--path")
    return done.code, done.out.strip()


def test_open_finds_the_board_of_this_ledger(issued: Factory, new_factory: Callable[[], Factory]) -> None:
    """Two factories on one computer, each with its board on some port; one with TLS, one without. What a board that
    was killed left behind leads nowhere, and one that took over its port is not taken for it."""
    other = new_factory()
    other.add()
    other.issue(2)
    assert opened(issued)[0] == 3
    (process, told), (another, there) = begun(issued, "--lan", "--address", "127.0.0.1"), begun(other)
    here = re.search(r"https://127\.0\.0\.1:\d+/", told)
    page = re.search(r"http://127\.0\.0\.1:\d+/", there)
    assert here and page
    assert (opened(issued), opened(other)) == ((0, here[0]), (0, page[0]))
    note = issued.root / "board-address"
    left = note.read_text()
    assert ended(process)[0] == 0
    assert not note.exists()
    for text in (left, page[0].rstrip("/"), "http://[", "file:///etc/passwd", "\0"):
        note.write_text(text)
        assert opened(issued)[0] == 3
    assert ended(another)[0] == 0


def test_the_way_out_starts_a_board(issued: Factory) -> None:
    (words,) = advised(issued.cli("open", "B1", "board"))
    process = subprocess.Popen(
        issued.command(*words), stderr=subprocess.PIPE, text=True, env=real_environment()
    )  # fmt: skip
    assert process.stderr and "http://127.0.0.1" in process.stderr.readline()
    assert opened(issued)[0] == 0
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def test_a_workspace_that_nobody_may_write_to_has_a_board_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "board-address").mkdir()
    with noted(tmp_path, "http://127.0.0.1:1"):
        pass
    with noted(tmp_path / "gone", "http://127.0.0.1:1"):
        pass


def test_a_second_board_of_a_workspace_takes_the_note_along(tmp_path: Path) -> None:
    with noted(tmp_path, "http://127.0.0.1:1"):
        with noted(tmp_path, "http://127.0.0.1:2"):
            pass
        assert not (tmp_path / "board-address").exists()
    with noted(tmp_path, "http://127.0.0.1:1"):
        (tmp_path / "board-address").write_text("http://127.0.0.1:3\n")
    assert (tmp_path / "board-address").exists()
