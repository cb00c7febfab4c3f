"""What people read: grammar, names of files, and nothing that is not there."""

from __future__ import annotations

import re

from tests.conftest import Factory


def test_one_of_anything_is_said_in_the_singular(factory: Factory) -> None:
    factory.add()
    said = []
    for command in (
        ("batch", "create", "bulb", "--units", 1, "--id", "B1"),
        ("labels", "B1", "--template", "sheet-a4-24"),
        ("labels", "B1", "--template", "sheet-a4-24", "--again"),
        ("reprint", "B1", "ebK300000001", "--reason", "torn"),
        ("verify", "B1", factory.root / "batches" / "B1" / "labels"),
        ("scrap", "B1", "ebK300000001", "--reason", "dropped"),
        ("replace", "B1", "ebK300000001", "--reason", "dropped"),
        ("ledger", "check"),
        ("audit", "verify"),
    ):
        done = factory.cli(*command)
        assert done.code in (0, 1), done
        said.append(done.out + done.err)
    text = "\n".join(said)
    for words in ("1 unit in 1 package", "1 label on 1 page"):
        assert words in text, text
    assert not re.findall(r"(?<![\d,.])1 (?:labels|pages|units|packages|files|events|batches|reads|rows)\b", text)


def test_what_did_not_happen_to_a_batch_is_left_out_of_its_page(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    shown = factory.cli("batch", "show", "B1").out
    assert "None" not in shown and "retired" not in shown and "label files" not in shown
    assert factory.cli("batch", "show", "B1", "--json").json["closed_at"] is None
