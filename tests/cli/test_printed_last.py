"""The next labels of a batch are printed as its last ones were; another printer or template is asked for, and told."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory

ROLL = ("--template", "roll-50x30", "--printer", "zpl-203")


@pytest.fixture
def printed(factory: Factory) -> Factory:
    """A batch of thirty, printed on a roll."""
    factory.add(oob_bytes=16)
    factory.issue(30)
    assert factory.cli("labels", "B1", *ROLL).code == 0
    return factory


def test_labels_again_and_from_take_printer_and_template_of_the_last_print(printed: Factory) -> None:
    for more in (["--again"], ["--from", "ebK300000021", "--again"], ["--only", "ebK300000003", "--again"]):
        done = printed.cli("labels", "B1", *more, "--json")
        assert done.code == 0, done.err
        assert (done.json["template"], done.json["printer"]) == ("roll-50x30", "zpl-203")
        assert "As printed last: roll-50x30 on zpl-203" in done.err


def test_copies_that_are_kept_are_told(printed: Factory) -> None:
    """Two labels of one box where one was asked for are two boxes with one identity."""
    assert printed.cli("labels", "B1", "--again", "--copies", 2, "--no-collate").code == 0
    kept = printed.cli("labels", "B1", "--only", "ebK300000003", "--again")
    assert "2 labels on 2 pages" in kept.err
    assert "As printed last: roll-50x30 on zpl-203, 2 of each label" in kept.err
    one = printed.cli("labels", "B1", "--only", "ebK300000003", "--again", "--copies", 1)
    assert "of each label" not in one.err


def test_the_same_labels_are_known_without_their_options(printed: Factory) -> None:
    done = printed.cli("labels", "B1")
    assert done.code == 4
    assert "30 labels were made already" in done.err


def test_another_printer_needs_again_and_says_what_changes(printed: Factory) -> None:
    refused = printed.cli("labels", "B1", "--printer", "zpl-300")
    assert refused.code == 4
    assert "printer zpl-300 (it was zpl-203)" in refused.err
    done = printed.cli("labels", "B1", "--printer", "zpl-300", "--again")
    assert done.code == 0, done.err
    assert "Otherwise than printed last: printer zpl-300 (it was zpl-203)" in done.err
    assert "As printed last: roll-50x30 on zpl-300" in printed.cli("labels", "B1", "--again").err


def test_the_file_that_is_named_is_in_force(printed: Factory) -> None:
    assert printed.cli("labels", "B1", "--again", "--template", "sheet-a4-24", "--printer", "pdf-300").code == 0
    refused = printed.cli("labels", "B1", "--labels-per-file", 24)
    assert refused.code == 4
    assert "B1-labels-0001.pdf" in refused.err
    assert ".zpl" not in refused.err, "it is superseded"


def test_a_reprint_on_another_printer_moves_no_line(printed: Factory) -> None:
    done = printed.cli("reprint", "B1", "ebK300000003", "--reason", "torn", "--printer", "pdf-300")
    assert done.code == 0, done.err
    assert printed.cli("labels", "B1", "--again", "--json").json["printer"] == "zpl-203"
    again = printed.cli("reprint", "B1", "ebK300000003", "--reason", "torn", "--json")
    assert again.json["printer"] == "zpl-203"


def test_how_files_are_cut_and_filled_is_kept_too(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(50)
    given = ("--labels-per-file", 24, "--order", "columns", "--symbols", "vector", "--copies", 2)
    first = factory.cli("labels", "B1", *given, "--json")
    assert len(first.json["files"]) == 6
    before = [Path(file).read_bytes() for file in first.json["files"]]
    again = factory.cli("labels", "B1", "--again", "--json")
    assert again.code == 0, again.err
    assert again.json["files"] == first.json["files"]
    assert [Path(file).read_bytes() for file in again.json["files"]] == before


def test_a_template_that_was_changed_since_is_told(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(4)
    assert factory.cli("template", "copy", "roll-50x30", "mine").code == 0
    assert factory.cli("labels", "B1", "--template", "mine").code == 0
    path = factory.root / "templates" / "mine.toml"
    path.write_text(path.read_text() + "\n# changed\n")
    done = factory.cli("labels", "B1")
    assert done.code == 4
    assert "template mine was changed since" in done.err
    path.unlink()
    lost = factory.cli("labels", "B1", "--again")
    assert lost.code == 3
    assert "'mine', which is not in this workspace" in lost.err


# --- run ------------------------------------------------------------------------------------------------------------


def asked(*more: object) -> tuple[object, ...]:
    return ("run", "bulb", "--units", 30, "--id", "B1", *more)


def test_a_run_goes_on_with_labels_that_were_made(printed: Factory) -> None:
    done = printed.cli(*asked("--json"))
    assert done.code == 0, done.err
    assert [Path(file).name for file in done.json["label_files"]] == ["B1-labels-0001.zpl"]
    plan = json.loads((printed.root / "batches/B1/run.json").read_text())
    assert (plan["template"], plan["printer"]) == ("roll-50x30", "zpl-203")
    with printed.ledger() as ledger:
        assert ledger.batches.counts("B1")["printed"] == 30
        made = [event.kind for event in ledger.history.events("B1") if event.kind == "labels made"]
    assert len(made) == 2, "the labels once, and the traveller"


def test_a_run_on_another_printer_fails_before_its_plan_is_written_and_its_ways_out_work(
    printed: Factory, tmp_path: Path
) -> None:
    plan = printed.root / "batches/B1/run.json"
    other = asked("--template", "sheet-a4-24", "--printer", "pdf-300")
    refused = printed.cli(*other)
    assert refused.code == 4, refused.err
    assert not plan.exists()
    assert "(roll-50x30 on zpl-203)" in refused.err
    as_last, again = (shlex.split(line) for line in re.findall(r"`bss-mfg ([^`]+)`", refused.err))
    copy = printed.copied(tmp_path / "copy")
    assert copy.cli(*as_last[as_last.index("run") :]).code == 0
    assert printed.cli(*again).code == 0
    done = printed.cli(*other, "--json")
    assert done.code == 0, done.err
    assert done.json["file_verified"] == 30


def test_labels_cut_otherwise_are_taken_by_a_run(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(30)
    assert factory.cli("labels", "B1", "--labels-per-file", 24, "--start-at", 3).code == 0
    done = factory.cli(*asked("--json"))
    assert done.code == 0, done.err
    assert (len(done.json["label_files"]), done.json["file_verified"]) == (2, 30)


def test_a_few_labels_made_before_a_run_have_a_way_out_that_works(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(30)
    assert factory.cli("labels", "B1", "--only", "ebK300000003").code == 0
    refused = factory.cli(*asked())
    assert refused.code == 4
    assert not (factory.root / "batches/B1/run.json").exists()
    assert " labels B1 --again`" in refused.err
    assert factory.cli("labels", "B1", "--again").code == 0
    assert factory.cli(*asked()).code == 0


def test_labels_made_otherwise_after_a_run_was_begun_have_a_way_out_that_works(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    assert factory.cli(*asked()).code == 0
    assert factory.cli("labels", "B1", "--again", *ROLL).code == 0
    refused = factory.cli("run", "--resume", "B1")
    assert refused.code == 4
    again = re.search(r"`(bss-mfg --workspace [^`]+ labels B1 --again [^`]+)`", refused.err)
    assert again, refused.err
    assert run_cli(*shlex.split(again[1])[1:]).code == 0
    done = factory.cli("run", "--resume", "B1")
    assert done.code == 0, done.err


# --- settings -------------------------------------------------------------------------------------------------------


def set_print(path: Path, **values: str) -> None:
    path.write_text(
        path.read_text() + "\n[print]\n" + "".join(f'{name} = "{value}"\n' for name, value in values.items())
    )


def test_the_products_settings_come_before_the_workspaces(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.add("lamp", oob_bytes=16, pid="ebK4")
    set_print(factory.root / "bss-mfg.toml", printer="zpl-300", template="roll-50x30")
    for name in ("B1", "B2"):
        factory.issue(3, name)
    factory.issue(3, "B3", "lamp")
    assert printed_with(factory, "B1") == ("roll-50x30", "zpl-300")
    set_print(factory.root / "products" / "bulb.toml", printer="pdf-203", template="sheet-a4-24")
    assert printed_with(factory, "B2") == ("sheet-a4-24", "pdf-203")
    assert printed_with(factory, "B3") == ("roll-50x30", "zpl-300")
    assert printed_with(factory, "B1", "--again") == ("roll-50x30", "zpl-300"), "as printed last comes first"
    shown = factory.cli("product", "show", "bulb", "--json").json
    assert (shown["default_printer"], shown["default_template"]) == ("pdf-203", "sheet-a4-24")
    assert shown["print"] == {"printer": "pdf-203", "template": "sheet-a4-24", "language": None}
    assert "default printer: " in factory.cli("product", "show", "lamp").out
    run = factory.cli("run", "lamp", "--units", 2, "--id", "B4", "--json")
    assert run.code == 0, run.err
    assert run.json["label_files"][0].endswith(".zpl")
    assert run.json["traveller"].endswith(".pdf")


def printed_with(factory: Factory, batch: str, *more: str) -> tuple[str, str]:
    done = factory.cli("labels", batch, *more, "--json")
    assert done.code == 0, done.err
    return done.json["template"], done.json["printer"]


def test_a_product_that_names_its_template_keeps_it(factory: Factory) -> None:
    factory.add(oob_bytes=16, template="sheet-a4-24")
    set_print(factory.root / "bss-mfg.toml", template="roll-50x30")
    factory.issue(3)
    assert printed_with(factory, "B1") == ("sheet-a4-24", "pdf-300")


def test_a_wrong_setting_is_named_with_its_line(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    set_print(factory.root / "products" / "bulb.toml", printr="zpl-203")
    done = factory.cli("product", "show", "bulb")
    assert done.code == 3
    assert "bulb.toml, line" in done.err


def test_batch_show_tells_the_template_that_was_printed(factory: Factory) -> None:
    factory.add(template="sheet-a4-24")
    factory.issue(2)
    before = factory.cli("batch", "show", "B1", "--json").json
    assert (before["template"], before["printed_template"], before["printed_printer"]) == ("sheet-a4-24", None, None)
    assert factory.cli("labels", "B1", "--template", "roll-50x30", "--printer", "zpl-203").code == 0
    after = factory.cli("batch", "show", "B1", "--json").json
    assert (after["printed_template"], after["printed_printer"]) == ("roll-50x30", "zpl-203")
    shown = factory.cli("batch", "show", "B1").out
    assert re.search(r"^template: +roll-50x30$", shown, re.MULTILINE)
    assert re.search(r"^printed printer: +zpl-203$", shown, re.MULTILINE)
    assert "sheet-a4-24" not in shown
