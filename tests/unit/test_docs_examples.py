"""The documentation's examples are run as they stand. CONTRIBUTING.md says how an example is written."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import pytest
from sybil import Document, Example, Region
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[2]
COMPARISON = doctest.ELLIPSIS
MARK = "<!-- run"
_APPENDED_BLOCK = re.compile(r"^<!-- append: (?P<file>\S+) -->\n```\w*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_MARKED_BLOCK = re.compile(
    r"^(?P<indent> *)<!-- run(?:: exit (?P<exit>\d+))? -->\n(?P=indent)```\w*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


SLOW = [ROOT / "docs/spec-workbench.md"]
"""Pages whose examples take longer than those of all others: they run with the long tests."""


def pages() -> list[Path]:
    """Every page of the documentation that has an example."""
    all_pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
    return sorted(page for page in all_pages if list(parse(page).examples()))


def parse(page: Path) -> Document:
    """The page's examples, Python, commands and edits, in order."""
    return Document.parse(
        str(page), PythonCodeBlockParser(doctest_optionflags=COMPARISON), marked_blocks, appended_blocks
    )


def appended_blocks(document: Document) -> Iterable[Region]:
    """The blocks that a reader is told to write at the end of a file."""
    for block in _APPENDED_BLOCK.finditer(document.text):
        yield Region(block.start(), block.end(), (block["file"], block["text"]), append_block)


def append_block(example: Example) -> None:
    """Write the block at the end of a file that is there."""
    name, text = example.parsed
    path = Path(name)
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def marked_blocks(document: Document) -> Iterable[Region]:
    """The blocks of commands that are marked to be run. A mark without a block is an error of the page's."""
    blocks = list(_MARKED_BLOCK.finditer(document.text))
    marks = len(re.findall(rf"^ *{MARK}", document.text, re.MULTILINE))
    assert len(blocks) == marks, f"{document.path}: {marks} marks `{MARK}`, but {len(blocks)} blocks below one"
    for block in blocks:
        yield Region(block.start(), block.end(), (dedent(block["text"]), int(block["exit"] or 0)), run_block)


def run_block(example: Example) -> None:
    """Run the block's commands. The last one ends with the exit code of the mark, those before it with 0."""
    text, last_code = example.parsed
    commands = list(commands_of(text))
    assert commands, "a block without a command"
    for number, (command, printed) in enumerate(commands, 1):
        code, out = run(shlex.split(command, comments=True))
        expected = last_code if number == len(commands) else 0
        assert code == expected, f"{command}\nended with {code} instead of {expected}:\n{out}"
        if printed is not None and not doctest.OutputChecker().check_output(printed, out, COMPARISON):
            raise AssertionError(f"{command}\nprinted:\n{out}\ninstead of:\n{printed}")


def commands_of(text: str) -> Iterable[tuple[str, str | None]]:
    """Each command, and what it is to print, or None where the block has commands alone."""
    text = text.replace("\\\n", " ")
    if not re.search(r"^\$ ", text, re.MULTILINE):
        yield from ((line, None) for line in text.splitlines() if line.strip() and not line.startswith("#"))
        return
    before, *transcript = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not before.strip(), f"text before the first command: {before}"
    for entry in transcript:
        command, _, printed = entry.partition("\n")
        yield command, printed


def run(words: list[str]) -> tuple[int, str]:
    """Exit code and stdout of bss-mfg, in the page's folder; `cd` moves within it, `cp` copies files."""
    match words:
        case ["cd", folder]:
            os.chdir(folder)
            return 0, ""
        case ["cp", *files, folder]:
            for file in files:
                shutil.copy(file, folder)
            return 0, ""
        case ["bss-mfg", *arguments]:
            kept = {name: value for name, value in os.environ.items() if not name.startswith("BSS_MFG_")}
            done = subprocess.run(
                [sys.executable, "-m", "bss_mfg", *arguments],
                env={**kept, "PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
            )  # fmt: skip
            print(done.stderr, file=sys.stderr)
            return done.returncode, done.stdout
    raise AssertionError(f"only bss-mfg, cd and cp can be run in an example, not: {shlex.join(words)}")


def evaluate(page: Path) -> None:
    """Run all examples of the page here, in the working directory, beside the files that the page speaks of."""
    if (beside := page.with_suffix("")).is_dir():
        shutil.copytree(beside, Path.cwd(), dirs_exist_ok=True)
    for example in parse(page).examples():
        example.evaluate()


@pytest.mark.parametrize(
    "page", [page for page in pages() if page not in SLOW], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_examples_do_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evaluate(page)


def test_the_api_page_and_the_quick_start_have_examples() -> None:
    assert {ROOT / "docs/api.md", ROOT / "README.md"} <= set(pages())


GOOD = """
```python
>>> 1 + 1
2
```

1. In a list:

    <!-- run -->
    ```
    bss-mfg init factory   # a comment
    cd factory
    ```

<!-- run: exit 3 -->
```console
$ bss-mfg batch list --json
[]
$ bss-mfg batch \\
    show none
```

```python
from pathlib import Path
assert Path("ledger.db").exists()
```
"""


def test_a_good_page_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evaluate(written(GOOD))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("2\n```", "3\n```", id="a value"),
        pytest.param('"ledger.db"', '"ledger"', id="an assertion"),
        pytest.param("bss-mfg init", "bss-mfg innit", id="a command"),
        pytest.param("bss-mfg init", "make", id="another program"),
        pytest.param("run: exit 3", "run", id="a code that is no longer 0"),
        pytest.param("run -->", "run: exit 1 -->", id="a code that is 0"),
        pytest.param("[]\n", "[1]\n", id="the output"),
        pytest.param("run -->\n", "run -->\n\n", id="a mark above nothing"),
        pytest.param("run: exit 3", "run: code 3", id="a mark written wrong"),
    ],
)
def test_a_broken_example_fails(right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the good page with one thing wrong."""
    assert right in GOOD
    monkeypatch.chdir(tmp_path)
    page = written(GOOD.replace(right, wrong, 1))
    with pytest.raises(AssertionError):
        evaluate(page)


def written(text: str) -> Path:
    page = Path("page.md").absolute()
    page.write_text(text, "utf-8")
    return page
