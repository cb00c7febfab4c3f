"""The pictures of the docs show the program as it is: each is made anew and compared, each is shown, each is made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers import ROOT
from tests.helpers.commands import real_environment
from tests.needs import needs

if sys.platform == "win32":
    pytest.skip("pictures are made on systems with pseudo-terminals", allow_module_level=True)

DOCS = ROOT / "docs"
PICTURES = DOCS / "pictures"
SCRIPTS = ("terminal_pictures", "demo_cast", "label_pictures", "template_pictures", "page_pictures")
OF_BENCHMARKS = {f"performance-{name}.svg" for name in ("choices", "line", "memory", "processes", "time")}
"""Drawn of stored numbers by docs/performance_pictures.py; tests/unit/test_benchmarks.py tests that."""
LARGEST = {".svg": 60_000, ".png": 150_000, ".cast": 60_000}


def script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DOCS / f"{name}.py", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", env=real_environment(), check=False,
    )  # fmt: skip


def made_by_scripts() -> set[str]:
    listed = [script(name, "--list") for name in SCRIPTS]
    assert [done.stderr for done in listed if done.returncode] == []
    return {name for done in listed for name in done.stdout.split()} | OF_BENCHMARKS


@pytest.mark.parametrize("name", ["terminal_pictures", "demo_cast", "label_pictures", "template_pictures"])
def test_pictures_are_current(name: str) -> None:
    done = script(name, "--check")
    assert done.returncode == 0, done.stderr


@needs("chromium", "chromedriver")
def test_pictures_of_pages_say_what_the_pages_say() -> None:
    done = script("page_pictures", "--check")
    assert done.returncode == 0, done.stderr


def test_a_changed_word_is_found(tmp_path: Path) -> None:
    """The control."""
    text = (PICTURES / "screen-batch.svg").read_text("utf-8")
    (tmp_path / "screen-batch.svg").write_text(text.replace("OK: batch", "OK: badge"), "utf-8")
    done = script("terminal_pictures", "screen-batch.svg", "--check", "--folder", tmp_path)
    assert done.returncode == 1
    assert "screen-batch.svg" in done.stderr


def test_a_changed_character_of_a_label_is_found(tmp_path: Path) -> None:
    """The control: the blank of one digit's size on a sheet."""
    picture = Image.open(PICTURES / "sheet.png").convert("L")
    picture.paste(255, (30, 60, 90, 76))
    picture.save(tmp_path / "sheet.png")
    done = script("label_pictures", "sheet.png", "--check", "--folder", tmp_path)
    assert done.returncode == 1
    assert "sheet.png" in done.stderr


def test_each_picture_is_made_by_a_script_and_shown_on_a_page() -> None:
    there = {path.name for path in PICTURES.iterdir()}
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    shown = {
        name for page in pages for name in re.findall(r"pictures/([\w.-]+\.(?:png|svg|cast))", page.read_text("utf-8"))
    }
    assert there == made_by_scripts()
    assert shown == there


def test_pictures_say_to_everybody_what_they_show() -> None:
    """Each has a text instead, terminals also one inside, and none loads anything."""
    for page in (*ROOT.glob("*.md"), *DOCS.rglob("*.md")):
        assert not re.search(r"!\[\s*\]", page.read_text("utf-8")), page
    for path in (*PICTURES.glob("screen-*.svg"), PICTURES / "demo.svg"):
        text = path.read_text("utf-8")
        assert re.search(r"<title [^>]+>[^<]+</title>\n<desc [^>]+>[^<]+</desc>", text), path.name
        assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', ""), path.name
        assert not re.search(r"/tmp|<script", text), path.name


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES.iterdir()}
    assert {name: size for name, size in sizes.items() if size > LARGEST[Path(name).suffix]} == {}


def test_the_cast_is_one() -> None:
    """asciicast v2: a header, then events whose times rise, of two minutes at most."""
    header, *events = [json.loads(line) for line in (PICTURES / "demo.cast").read_text("utf-8").splitlines()]
    assert (header["version"], header["width"], header["height"]) == (2, 104, 30)
    times = [at for at, _, _ in events]
    assert times == sorted(times) and times[0] > 0 and times[-1] <= 120
    assert {kind for _, kind, _ in events} == {"o"}
    text = "".join(shown for _, _, shown in events)
    typed = re.findall(r"^\$ \x1b\[1m(.*?)\x1b\[0m\r\n", text, re.MULTILINE)
    assert typed[0] == "bss-mfg demo" and len(typed) > 3
