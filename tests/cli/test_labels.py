"""`labels` and `reprint`: which labels, how often, in which order."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from bss_mfg import open_workspace
from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium


def test_copies_are_sets_of_their_own_and_no_duplicates(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3)
    made = factory.label(copies=2)
    assert [path.name for path in made.files] == ["B1-labels-0001.pdf", "B1-labels-0002.pdf"]
    both = factory.cli("verify", "B1", *made.files, "--json")
    assert both.json["counts"]["matched"] == 6
    assert both.code == 0, both.err
    scans = []
    for number in range(3):  # three sheets, none of whose pictures is like another
        page = pdfium(made.files[0], 300).copy()
        page[-1, : 10 * number] = 0
        scans.append(tmp_path / f"scan-{number}.png")
        Image.fromarray(page).save(scans[-1], dpi=(300, 300))
    counts = [factory.cli("verify", "B1", *made.files, *scans[:sheets], "--json") for sheets in (1, 2, 3)]
    assert [(done.code, done.json["counts"]["missing"], done.json["counts"]["duplicate"]) for done in counts] == [
        (1, 3, 0),  # the second set was not shown, though its file was
        (0, 0, 0),
        (1, 0, 3),
    ]


def test_single_labels_and_the_rest_from_one_on(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(30)
    done = factory.cli("labels", "B1", "--only", "ebK300000003", "--only", "ebK300000009", "--json")
    assert (done.code, done.json["labels"]) == (0, 2)
    assert factory.cli("labels", "B1", "--from", "ebK300000009").code == 4
    rest = factory.cli("labels", "B1", "--from", "ebK300000025", "--json")
    assert (rest.code, rest.json["labels"]) == (0, 6)
    files = [*done.json["files"], *rest.json["files"]]
    checked = factory.cli("verify", "B1", *files, "--partial", "--json")
    assert (checked.code, checked.json["counts"]["matched"]) == (0, 8), checked.err
    unknown = factory.cli("labels", "B1", "--only", "nobody")
    assert unknown.code == 3
    assert "'nobody'" in unknown.err


def test_a_reprint_is_the_same_payload_with_a_reason(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(5)
    factory.cli("labels", "B1", "--template", "roll-50x30", "--printer", "pdf-600")
    assert factory.cli("reprint", "B1", "ebK300000002").code == 2  # without a reason
    for number in ("001", "002"):
        done = factory.cli(
            "reprint", "B1", "ebK300000002", "ebK300000004", "--reason", "torn", "--operator", "Ann", "--json"
        )
        assert done.code == 0, done.err
        assert [Path(file).name for file in done.json["files"]] == [f"B1-reprint-{number}-0001.pdf"]
        assert (done.json["template"], done.json["printer"]) == ("roll-50x30", "pdf-600")
        read = [zxingcpp.read_barcodes(pdfium(Path(done.json["files"][0]), 300, page))[0].text for page in (1, 2)]
        assert read == [factory.payloads()[1], factory.payloads()[3]]
    history = factory.cli("batch", "show", "B1", "--history", "--json").json["history"]
    acts = [event for event in history if event["kind"] == "labels reprinted"]
    assert [(act["reason"], act["operator"], act["serials"]) for act in acts] == [
        ("torn", "Ann", ["ebK300000002", "ebK300000004"])
    ] * 2


@pytest.mark.parametrize("order", ["columns", "snake"])
def test_pages_are_filled_in_the_order_asked_for(factory: Factory, order: str) -> None:
    factory.add(oob_bytes=16)
    factory.issue(6)
    made = factory.label(order=order)
    rows = [(int(row["row"]), int(row["column"])) for row in csv.DictReader(made.index.open())]
    assert (
        rows
        == {
            "columns": [(row, 1) for row in range(1, 7)],
            "snake": [(1, 1), (1, 2), (1, 3), (2, 3), (2, 2), (2, 1)],
        }[order]
    )
    assert factory.cli("verify", "B1", *made.files).code == 0


@pytest.mark.parametrize("template", ["sheet-a4-24", "device-30x20", "carton-105x74", "traveller-a4"])
def test_a_label_file_has_one_name_whoever_makes_it(factory: Factory, tmp_path: Path, template: str) -> None:
    """The command, the Python API, a run's own functions: files of one kind are found by one name."""
    factory.add(oob_bytes=16)
    factory.issue(2)
    typed = factory.cli("labels", "B1", "--template", template, "--out", tmp_path / "a", "--json")
    assert typed.code == 0, typed.err
    with open_workspace(factory.root) as workspace:
        called = workspace.make_labels("B1", template=template, folder=tmp_path / "b", again=True)
    made = factory.label(template=template, folder=tmp_path / "c")
    names = {tuple(Path(file).name for file in files) for files in (typed.json["files"], called.files, made.files)}
    assert len(names) == 1
    assert Path(typed.json["index"]).name == called.index.name == made.index.name
