"""`open`: what a batch has, on the screen; where there is none, where it is."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.helpers.commands import advised_in, run_cli
from tests.helpers.factory import Factory


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A screen whose opener notes what it is to open, in the file that is returned."""
    noted, tools = tmp_path / "opened", tmp_path / "tools"
    tools.mkdir()
    (tools / "xdg-open").write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{noted}'\n")
    (tools / "xdg-open").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    monkeypatch.setenv("DISPLAY", ":7")
    return noted


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No screen."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def opened(noted: Path) -> list[str]:
    return noted.read_text().splitlines() if noted.exists() else []


def test_the_sheet_or_the_newer_report_is_opened(printed_factory: Factory, tmp_path: Path, screen: Path) -> None:
    factory = printed_factory.copied(tmp_path / "factory floor")
    sheet = factory.root / "batches/A/labels/A-labels-0001.pdf"
    done = factory.cli("open", "A")
    assert done.code == 0 and opened(screen) == [str(sheet)]
    assert done.out.strip().endswith("A-labels-0001.pdf")
    report = factory.root / "batches/A/report.html"
    report.write_text("<p>all right")
    os.utime(report, (time.time() + 9, time.time() + 9))
    assert factory.cli("open", "A").code == 0
    assert factory.cli("open", "A", "sheet").code == 0
    assert factory.cli("open", "A", "index").code == 0
    assert factory.cli("open", "A", "folder").code == 0
    assert opened(screen)[1:] == [str(report), str(sheet), str(sheet.parent / "A-labels.csv"), str(sheet.parent.parent)]


def test_only_the_path(printed_factory: Factory, screen: Path) -> None:
    done = printed_factory.cli("open", "A", "--path")
    assert (done.code, done.err) == (0, "") and done.out.strip().endswith("A-labels-0001.pdf")
    assert opened(screen) == []


@pytest.mark.usefixtures("nobody")
def test_without_a_screen_it_says_how_to_get_it(printed_factory: Factory) -> None:
    done = printed_factory.cli("open", "A")
    assert done.code == 0 and done.out.strip().endswith("A-labels-0001.pdf") and "scp" in done.err


def test_a_screen_without_a_viewer_is_told(
    printed_factory: Factory, tmp_path: Path, screen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tools" / "xdg-open").write_text("#!/bin/sh\nexit 3\n")
    done = printed_factory.cli("open", "A")
    assert done.code == 6 and done.out.strip().endswith("A-labels-0001.pdf")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert printed_factory.cli("open", "A").code == 6


def test_what_is_not_there_names_the_command_that_makes_it(issued: Factory, screen: Path) -> None:
    for what, command in (
        ((), "labels B1"), (("sheet",), "labels B1"), (("index",), "labels B1"), (("traveller",), "--template"),
        (("report",), "--report"), (("board",), "board"), (("folder",), "labels B1"),
    ):  # fmt: skip
        done = issued.cli("open", "B1", *what)
        assert done.code == 3 and command in done.err, done.err
    assert issued.cli("open", "nothing").code == 3
    assert issued.cli("open", "B1", "keys").code == 2
    assert opened(screen) == []


def test_the_way_out_leads_there(issued: Factory, screen: Path) -> None:
    report = issued.root / "batches" / "B1" / "report.html"
    assert issued.cli("labels", "B1").code == 0
    assert issued.cli("verify", "B1", issued.root / "batches/B1/labels", "--report", report).code == 0
    assert issued.cli("labels", "B1", "--template", "traveller-a4", "--again").code == 0
    assert issued.cli("open", "B1", "report").code == 0
    assert issued.cli("open", "B1", "traveller").code == 0
    assert [Path(path).name for path in opened(screen)] == ["report.html", "B1-batch-labels-0001.pdf"]


def test_the_way_to_a_report_is_typed_from_any_folder(
    issued: Factory, screen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert issued.cli("labels", "B1").code == 0
    monkeypatch.chdir(tmp_path)
    ((start, *words),) = advised_in(issued.cli("open", "B1", "report").err, whole=True)
    assert start == "--workspace"
    words[words.index("SCANS")] = str(issued.root / "batches/B1/labels")
    assert run_cli(start, *words, cwd=tmp_path).code == 0
    assert issued.cli("open", "B1", "report").code == 0
    assert [Path(path).name for path in opened(screen)] == ["report.html"]


def test_files_with_keys_are_never_opened(issued: Factory, screen: Path) -> None:
    """Whatever they are called."""
    folder = issued.root / "batches" / "B1"
    folder.mkdir(parents=True, exist_ok=True)
    assert issued.cli("program", "B1", "--format", "csv", "--out", folder / "report.html").code == 0
    assert issued.cli("open", "B1", "report").code == 3
    assert issued.cli("open", "B1").code == 3
    (folder / "linked.html").symlink_to(issued.root / "vault.key")
    assert issued.cli("open", "B1", "report").code == 3
    assert opened(screen) == []


def test_copies_of_files_with_keys_are_no_output_of_the_batch(issued: Factory, tmp_path: Path, screen: Path) -> None:
    """Whatever they are called, beside labels and reports."""
    folder, keys = issued.root / "batches" / "B1", tmp_path / "keys.csv"
    assert issued.cli("labels", "B1").code == 0
    assert issued.cli("program", "B1", "--format", "csv", "--out", keys).code == 0
    for copy in (folder / "labels/B1-a.csv", folder / "labels/B1-labels-9.png", folder / "a.html"):
        shutil.copyfile(keys, copy)
    assert issued.cli("open", "B1", "report").code == 3
    for what in ("index", "sheet"):
        done = issued.cli("open", "B1", what)
        assert done.code == 0 and len(done.out.splitlines()) == 1
    assert [Path(path).name for path in opened(screen)] == ["B1-labels.csv", "B1-labels-0001.pdf"]


@pytest.mark.parametrize("name", ["B1", "labels"])
def test_a_folder_with_keys_elsewhere_hides_nothing(issued: Factory, tmp_path: Path, screen: Path, name: str) -> None:
    assert issued.cli("labels", "B1").code == 0
    (tmp_path / name).mkdir()
    assert issued.cli("program", "B1", "--format", "esp-nvs", "--out", tmp_path / name).code == 0
    for what in ("sheet", "index", "folder"):
        assert issued.cli("open", "B1", what, "--path").code == 0


def test_a_printers_data_are_not_shown_as_a_picture(issued: Factory, screen: Path) -> None:
    assert issued.cli("labels", "B1", "--template", "roll-50x30", "--printer", "zpl-203").code == 0
    done = issued.cli("open", "B1")
    assert done.code == 0 and done.out.strip().endswith(".zpl") and "ZPL" in done.err
    assert opened(screen) == []
