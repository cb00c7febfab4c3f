"""`python -m tests.count [REVISION ...]`: how much the tests assert, now and at revisions.

Counted in every Python file below tests/: `assert` statements, `pytest.raises` and the test functions; and the cases
that pytest collects (a function with parameters is many).
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from tests.helpers import ROOT


def counts(tests: Path) -> Counter[str]:
    """What the files of a folder hold."""
    found: Counter[str] = Counter()
    for path in tests.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found["assert statements"] += isinstance(node, ast.Assert)
            found["pytest.raises"] += isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises"
            found["test functions"] += isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    return found


def cases(root: Path) -> int:
    """The cases that pytest collects in a source tree."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return sum(int(number) for number in re.findall(r"^tests.*: (\d+)$", done.stdout, re.MULTILINE))


def main() -> None:
    """Print a line for each revision, and one for the tree as it stands."""
    parser = argparse.ArgumentParser(prog="python -m tests.count", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("revision", nargs="*")
    for revision in [*parser.parse_args().revision, ""]:
        if revision:
            with tempfile.TemporaryDirectory() as folder:
                packed = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=True).stdout
                with tarfile.open(fileobj=io.BytesIO(packed)) as files:
                    files.extractall(folder, filter="data")
                show(revision, Path(folder))
        else:
            show("as it stands", ROOT)


def show(name: str, root: Path) -> None:
    """A line of numbers."""
    found = {**counts(root / "tests"), "cases": cases(root)}
    print(f"{name}: " + ", ".join(f"{number:,} {what}" for what, number in found.items()))


if __name__ == "__main__":
    main()
