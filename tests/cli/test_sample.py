"""`sample`, then `verify --sample`: accepted and rejected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.scans import cell

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.xdist_group("report")


def test_sample_then_verify_accepts_and_rejects(new_factory: Callable[[], Factory], tmp_path: Path) -> None:
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(48, "L")
    labels = factory.label("L")
    assert factory.cli("verify", "L", labels.files[0], "--sample").code == 3  # none drawn yet
    drawn = factory.cli("sample", "L", "--plan", "aql-1.0", "--json").json
    assert (drawn["letter"], drawn["sample"], drawn["accept"]) == ("E", 13, 0)
    assert factory.cli("sample", "L", "--json").json["packages"] == drawn["packages"]
    pages = [np.asarray(page.render(scale=300 / 72, grayscale=True).to_pil()).copy()
             for page in pypdfium2.PdfDocument(labels.files[0])]  # fmt: skip
    first, second = (Image.fromarray(page) for page in pages)
    first.save(tmp_path / "1.png", dpi=(300, 300))
    second.save(tmp_path / "2.png", dpi=(300, 300))
    good = factory.cli("verify", "L", tmp_path / "1.png", tmp_path / "2.png", "--sample")
    assert good.code == 0, good.err
    assert "ACCEPT" in good.err
    half = factory.cli("verify", "L", tmp_path / "1.png", "--sample", "--json")
    assert (half.code, half.json["sample"]["verdict"]) == (1, "incomplete")
    number = next(row["package"] for row in drawn["packages"])
    page = pages[(number - 1) // 24]
    page[cell((number - 1) % 24 + 1)] = 255
    for index, pixels in enumerate(pages):
        Image.fromarray(pixels).save(tmp_path / f"{index + 1}.png", dpi=(300, 300))
    bad = factory.cli("verify", "L", tmp_path / "1.png", tmp_path / "2.png", "--sample", "--json")
    assert (bad.code, bad.json["sample"]["verdict"], bad.json["sample"]["wrong"]) == (1, "reject", [number])
    advice = factory.cli("sample", "L", "--again", "--json").json
    assert advice["seed"] != drawn["seed"]
    with factory.ledger() as ledger:
        assert [event.data["decision"] for event in ledger.history.events_of(("sample decided",))] == [
            "accept",
            "reject",
        ]


def test_a_label_that_no_file_shows_is_not_looked_for_in_the_file_of_the_old_one(
    new_factory: Callable[[], Factory],
) -> None:
    """A replaced unit's new label lies in no file until it is printed; the old one's place was named for it."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(12, "L")
    assert "no label yet" in factory.cli("sample", "L", "--plan", "aql-4.0").err
    labels = factory.label("L")
    drawn = factory.cli("sample", "L", "--plan", "aql-4.0", "--json").json["packages"]
    assert all(row["file"] for row in drawn)
    old = drawn[0]["serials"]
    assert factory.cli("scrap", "L", old, "--reason", "dead").code == 0
    assert "scrapped unit" in factory.cli("sample", "L", "--plan", "aql-4.0").err
    replaced = factory.cli("replace", "L", old, "--reason", "dead", "--json").json["replaced"]
    again = factory.cli("sample", "L", "--plan", "aql-4.0", "--json")
    assert (again.json["packages"][0]["serials"], again.json["packages"][0]["file"]) == (replaced[0]["by"], None)
    assert "1 package of the sample has no label yet" in again.err
    found = factory.cli("verify", "L", labels.files[0], "--json").json["findings"]
    (missing,) = [row for row in found if row["verdict"] == "missing"]
    assert (missing["serials"], missing["file"]) == (replaced[0]["by"], None)
    assert factory.cli("reprint", "L", replaced[0]["by"], "--reason", "replaced").code == 0
    assert factory.cli("sample", "L", "--plan", "aql-4.0", "--json").json["packages"][0]["file"].startswith("L-reprint")
