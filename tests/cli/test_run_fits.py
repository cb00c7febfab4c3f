"""What `run` can know before it issues: the batch's own fields on its labels, and its traveller."""

from __future__ import annotations

import pytest

from tests.helpers.factory import Factory

LOT = """format = 1
media = { kind = "roll", label_width = 100, label_height = 50 }
sample = { x = 40, y = 40, width = 56, height = 8 }
element = [
  { kind = "data-matrix", x = 2, y = 2, size = 30 },
  { kind = "text", x = 40, y = 5, width = 50, text = "{fields.lot}" },
]
"""
ASKED = ("run", "bulb", "--units", 4, "--id", "W1", "--template", "lot", "--printer", "pdf-203")


@pytest.fixture
def templates(factory: Factory) -> Factory:
    folder = factory.root / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "lot.toml").write_text(LOT, "utf-8")
    (folder / "bare.toml").write_text(LOT.replace("{fields.lot}", "{serial}"), "utf-8")
    return factory


def test_fields_that_do_not_fit_are_refused_before_anything_is_issued(templates: Factory) -> None:
    """The example in the product's file fits; what counts is the value that is given."""
    templates.add(oob_bytes=16, batch_fields={"lot": "L1"})
    for more in (["--plan"], []):
        done = templates.cli(*ASKED, "--field", "lot=" + "W" * 120, *more)
        assert done.code == 3
        assert "mm wide" in done.err
    assert not list((templates.root / "batches").iterdir())
    assert templates.cli(*ASKED, "--field", "lot=L2", "--jobs", 1).code == 0


def test_fields_count_in_the_language_of_the_labels(templates: Factory) -> None:
    templates.add(oob_bytes=16, fields={"lot": "L1", "de": {"lot": "W" * 120}}, print={"language": "de"})
    done = templates.cli(*ASKED, "--plan")
    assert done.code == 3
    assert "mm wide" in done.err


def test_a_title_that_the_traveller_can_not_show_is_refused_before_anything_is_issued(templates: Factory) -> None:
    """The label's template does not print the title, so its own check can't tell. The way out that is named works."""
    templates.add(oob_bytes=16, title="日本")
    asked = tuple("bare" if word == "lot" else word for word in ASKED)
    for more in (["--plan"], []):
        done = templates.cli(*asked, *more)
        assert done.code == 3
        assert "traveller" in done.err
        assert "template copy traveller-a4" in done.err
    assert not list((templates.root / "batches").iterdir())
    assert templates.cli("template", "copy", "traveller-a4", "traveller-a4").code == 0
    own = templates.root / "templates" / "traveller-a4.toml"
    own.write_text(own.read_text("utf-8").replace('"{title}"', '"{product}"'), "utf-8")
    assert templates.cli(*asked, "--jobs", 1).code == 0


def test_the_longest_title_is_on_the_traveller(templates: Factory) -> None:
    templates.add(oob_bytes=16, title="W" * 80)
    done = templates.cli(*(("bare" if word == "lot" else word) for word in ASKED), "--jobs", 1)
    assert done.code == 0, done.err
