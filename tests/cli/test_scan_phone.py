"""`scan --phone`: how it begins and ends."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--phone", "--units"], "--units is for the hand scanner"),
        (["--phone", "--port", "COM3"], "--port is a number"),
        (["--phone", "--port", "65536"], "--port is a number"),
        (["--address", "127.0.0.1"], "--address goes with --phone"),
    ],
)
def test_options_that_do_not_go_together(issued: Factory, options: list[str], says: str) -> None:
    done = issued.cli("scan", "B1", *options)
    assert done.code == 2
    assert says in done.err


def test_an_address_of_nobody_is_bad_input(issued: Factory) -> None:
    done = issued.cli("scan", "B1", "--phone", "--address", "0.0.0.0")  # noqa: S104
    assert done.code == 3
    assert "--address" in done.err


def test_it_says_where_the_page_is_and_ctrl_c_ends_it(issued: Factory, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    process = subprocess.Popen(
        [*issued.command("--log-file", log)[:], "scan", "B1", "--phone", "--address", "127.0.0.1", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=real_environment(),
    )  # fmt: skip
    assert process.stderr
    told = ""
    for line in process.stderr:
        told += line
        if re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}\n", line):
            break
    page = re.search(r"https://127\.0\.0\.1:\d+/#([\w-]{32})\n", told)
    assert page, told
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "0 reads, 0 wrong; 0 of 6 packages verified, 6 missing" in rest
    assert page[1] not in log.read_text()
    assert (issued.root / "phone-station.pem").stat().st_mode & 0o777 == 0o600
