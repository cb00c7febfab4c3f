"""What people read, checked in the source: `1 serials are` and turns of phrase that are not English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.helpers import ROOT

BAD = {
    r"(?<!here )\b(is|are|was|were) no (?!longer\b|[a-z]+ yet\b)[a-z]": "say: isn't a, aren't",
    r"(?<!here )\b(is|are|was|were) none\b": "say what there is",
    r"\b(goes|go|went|gone|going) on (?!the )": "say: continues",
    r"\bof then\b": "say: of that time",
}
COUNTED = re.compile(
    r" (units|packages|labels|pages|files|batches|serials|rows|reads|events|keys|logs|symbols|devices|cells|regions|"
    r"barcodes|differences|identities|products|records) (are|were|is|was|have|hold|to be)\b"
)


def messages() -> Iterator[tuple[str, str]]:
    """(place, text) of every text that is no docstring; what is filled in is shown as {}."""
    for path in sorted((ROOT / "bss_mfg").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        commands = set(_command_docs(tree))
        inside = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
                if id(node) in docs and id(node) not in commands:
                    continue
                text = node.value
            else:
                continue
            yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def _command_docs(tree: ast.AST) -> Iterator[int]:
    """The docstrings of commands: these are their help."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.decorator_list and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and any("command" in ast.unparse(one) for one in node.decorator_list):
                yield id(first.value)


def test_messages_are_english() -> None:
    found = [f"{place}: {text!r} ({why})" for place, text in messages() for bad, why in BAD.items()
             if re.search(bad, text, re.I)]  # fmt: skip
    assert found == []


def test_numbers_agree_with_their_nouns() -> None:
    """`{n} units are` says "1 units are" of one: `core.text.count_words` and `one_or` know better."""
    found = [
        f"{place}: {text!r}" for place, text in messages()
        for at in [match.start() for match in re.finditer(r"\{\}", text)] if COUNTED.match(text[at + 2 :])
    ]  # fmt: skip
    assert found == []


def test_the_check_sees_what_it_is_for() -> None:
    assert any(Path(place.rpartition(":")[0]).name == "units.py" for place, _ in messages())
    assert COUNTED.match(" serials are not in this batch")
    assert re.search(next(iter(BAD)), "is no folder") and not re.search(next(iter(BAD)), "there is no folder")
