"""What `run` can know before it issues: the batch's own fields on its labels, and its traveller."""

from __future__ import annotations

from pathlib import Path

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


@pytest.mark.parametrize(("at", "column", "value", "element", "said"), [
    (0, "serial", "W" * 32, 'kind = "text", width = 20, text = "{serial}"', "mm wide"),
    (3, "serial", "w" * 32, 'kind = "data-matrix-text", width = 5.6, height = 5.6, shape = "square"', "does not fit"),
    (5, "mac", "C47C8D6A102500FF", 'kind = "text", width = 28, text = "{mac:colons}"', "mm wide"),
    (2, "uuid", "DDDDDDDD-DDDD-4DDD-8DDD-DDDDDDDDDDDD", 'kind = "text", width = 62.5, text = "{uuid}"', "mm wide"),
])  # fmt: skip
def test_identities_that_do_not_fit_are_refused_before_anything_is_issued(
    templates: Factory, tmp_path: Path, at: int, column: str, value: str, element: str, said: str
) -> None:
    """What a serial of the product's own pattern leaves room for, a longer one of the file need not have."""
    templates.add(oob_bytes=16)
    sized = element if "size =" in element or "matrix" in element else f"{element}, size = 8"
    text = LOT.replace("]\n", f"  {{ {sized}, x = 32, y = 25 }},\n]\n").replace("{fields.lot}", "A")
    (templates.root / "templates" / "narrow.toml").write_text(text, "utf-8")
    rows = tmp_path / "units.csv"
    cells = {"serial": "S", "mac": "C47C8D6A10", "uuid": "11111111-1111-4111-8111-1111111111"}

    def write(long_one: bool) -> None:
        lines = [",".join(cells)]
        for number in range(6):
            made = {name: f"{start}{number:02}" for name, start in cells.items()}
            lines.append(",".join((made | ({column: value} if long_one and number == at else {})).values()))
        rows.write_text("\n".join(lines) + "\n")

    asked = ("run", "bulb", "--units", 6, "--id", "B1", "--template", "narrow", "--identities", rows)
    write(long_one=True)
    for more in (["--plan"], []):
        done = templates.cli(*asked, *more)
        assert done.code == 3, done.out
        assert said in done.err
        assert (f"S{at:02}" if column != "serial" else value) in done.err
        assert "Nothing was issued." in done.err
    assert not templates.rows("SELECT * FROM batch")
    assert not list((templates.root / "batches").iterdir())
    write(long_one=False)
    assert templates.cli(*asked, "--jobs", 1, "--plan").code == 0
