"""The JSON Schema of templates in Taplo, the checker behind TOML editors: shipped templates pass, and a
mistake is marked on its line."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from bss_mfg.core import resources
from bss_mfg.core.json_schemas import editor_schema
from bss_mfg.label.template.template import Template

GOOD = """format = 1
[media]
label_width = 60
label_height = 30
[[element]]
kind = "data-matrix"
x = 1
y = 1
size = 20
[[element]]
kind = "box"
place = { of = "a", side = "right" }
width = 20
height = 8
"""


def taplo() -> Path:
    """The program of the package of that name."""
    package = metadata.distribution("taplo")
    return next(
        Path(str(package.locate_file(file)))
        for file in package.files or ()
        if file.stem == "taplo" and not file.suffix[1:]
    )


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "template.schema.json"
    path.write_text(json.dumps(editor_schema(Template)))
    return path


def blamed_lines(schema: Path, path: Path) -> set[int]:
    """Lines that Taplo marks."""
    command = [str(taplo()), "lint", "--no-auto-config", "--colors", "never", "--schema", schema.as_uri(), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    lines = {int(line) for line in re.findall(rf"{re.escape(path.name)}:(\d+):\d+", done.stderr + done.stdout)}
    assert bool(done.returncode) == bool(lines), done.stderr
    return lines


@pytest.mark.parametrize("path", sorted(resources.folder("templates").glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_templates_pass(schema: Path, path: Path) -> None:
    assert blamed_lines(schema, path) == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "box"', 'kind = "boks"'),
        ("size = 20", 'size = "2in"'),
        ('side = "right"', 'side = "east"'),
        ("height = 8", "height = -8"),
        ("label_width = 60", "label_width = 0"),
        ("width = 20\nheight", "width = true\nheight"),
    ],
)
def test_a_mistake_is_marked_on_its_line(schema: Path, tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "label.toml"
    path.write_text(GOOD)
    assert blamed_lines(schema, path) == set()
    assert GOOD.count(old) == 1
    path.write_text(GOOD.replace(old, new))
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    assert blamed_lines(schema, path) == {line}
