"""Orders in a folder: each is carried out once, and who gave it hears what became of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add()
    return factory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "from the ERP"
    folder.mkdir()
    return folder


def order(number: str, units: int = 2, **more: Any) -> dict[str, Any]:
    return {"order": number, "product": "bulb", "units": units} | more


def put(folder: Path, name: str, content: object) -> Path:
    """A file that was written some time ago."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def watch(line: Factory, folder: Path) -> Outcome:
    return line.cli("watch-orders", folder, "--once", "--seconds", 0.1, "--jobs", 1)


def batches(line: Factory) -> list[tuple[str, int]]:
    return [(one["id"], one["units"]) for one in line.cli("batch", "list", "--json").json]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def errors(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "errors" / f"{name}.json").read_text())
    return found


def test_an_order_becomes_a_batch_and_its_result_lies_there(line: Factory, folder: Path) -> None:
    put(folder, "po1.json", order("PO-1", 3))
    done = watch(line, folder)
    assert done.code == 0, done.err
    assert "order PO-1: 3 units of bulb in batch PO-1" in done.out
    assert batches(line) == [("PO-1", 3)]
    assert files(folder) == ["done/po1.json", "results/PO-1.json"]
    result = json.loads((folder / "results/PO-1.json").read_text())
    assert (result["order"], result["batch"], result["units"], result["right"]) == ("PO-1", "PO-1", 3, True)
    assert all(Path(path).is_file() for path in (*result["label_files"], *result["control_logs"]))


def test_the_same_order_again_is_the_same_batch_and_another_one_is_refused(line: Factory, folder: Path) -> None:
    put(folder, "po1.json", order("PO-1"))
    watch(line, folder)
    result = (folder / "results/PO-1.json").read_bytes()
    put(folder, "po1.json", order("PO-1"))
    assert watch(line, folder).code == 0
    assert (folder / "results/PO-1.json").read_bytes() == result
    assert batches(line) == [("PO-1", 2)]
    assert files(folder) == ["done/po1-2.json", "done/po1.json", "results/PO-1.json"]

    put(folder, "more.json", order("PO-1", 5))
    told = watch(line, folder)
    assert told.code == 1
    assert errors(folder, "more.json")[0]["exit_code"] == 4
    assert batches(line) == [("PO-1", 2)]
    assert (folder / "results/PO-1.json").read_bytes() == result
    assert (folder / "failed/more.json").is_file()


def test_a_table_with_good_and_bad_rows(line: Factory, folder: Path) -> None:
    put(
        folder,
        "orders.csv",
        "order;product;units;printer\nPO-1;bulb;2;\nPO-2;lamp;2;\nPO-3;bulb;zwei;\nPO-4;bulb;2;\n../PO;bulb;2;\n",
    )
    told = watch(line, folder)
    assert told.code == 1
    assert batches(line) == [("PO-1", 2), ("PO-4", 2)]
    assert [(one["row"], one["order"], one["exit_code"]) for one in errors(folder, "orders.csv")] == [
        (3, "PO-2", 3),
        (4, "PO-3", 3),
        (6, "../PO", 3),
    ]
    assert files(folder) == ["errors/orders.csv.json", "failed/orders.csv", "results/PO-1.json", "results/PO-4.json"]


def test_an_order_that_was_mended_has_no_error_any_more(line: Factory, folder: Path) -> None:
    """In the file that failed, or in another one; what is still wrong stays."""
    put(folder, "orders.csv", "order;product;units\nPO-1;lamp;2\nPO-2;lamp;2\nPO-3;lamp;2\n")
    put(folder, "po4.json", order("PO-4", product="lamp"))
    assert watch(line, folder).code == 1
    put(folder, "orders.csv", "order;product;units\nPO-1;bulb;2\nPO-2;lamp;2\n")
    put(folder, "po4.json", order("PO-4"))
    assert watch(line, folder).code == 1
    assert [one["order"] for one in errors(folder, "orders.csv")] == ["PO-3", "PO-2"]
    assert "errors/po4.json.json" not in files(folder)
    put(folder, "mended.json", [order("PO-2"), order("PO-3")])
    assert watch(line, folder).code == 0
    assert [one for one in files(folder) if one.startswith("errors/")] == []
    assert [name for name, _ in batches(line)] == ["PO-1", "PO-4", "PO-2", "PO-3"]


def test_a_file_that_was_none_and_is_one_has_no_error_any_more(line: Factory, folder: Path) -> None:
    """With a file of errors beside it that isn't ours: it stays as it is."""
    (folder / "errors").mkdir()
    put(folder, "errors/notes.json", "[[[")
    put(folder, "po1.json", "[")
    assert watch(line, folder).code == 1
    assert [one["order"] for one in errors(folder, "po1.json")] == [None]
    put(folder, "po1.json", order("PO-1"))
    assert watch(line, folder).code == 0
    assert [one for one in files(folder) if one.startswith("errors/")] == ["errors/notes.json"]


def test_the_same_name_on_another_day_keeps_what_is_still_wrong(line: Factory, folder: Path) -> None:
    put(folder, "orders.csv", "order;product;units\nPO-1;lamp;2\n")
    assert watch(line, folder).code == 1
    put(folder, "orders.csv", "order;product;units\nPO-2;bulb;2\n")
    assert watch(line, folder).code == 0
    assert [one["order"] for one in errors(folder, "orders.csv")] == ["PO-1"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", '{"order": "A", "product": "bulb"', "not JSON"),
        ("a.json", "[]", "no order"),
        ("a.json", '{"order": "A", "order": "B", "product": "bulb", "units": 1}', "twice"),
        ("a.json", "[" * 100_000, "not JSON"),
        ("a.json", "17", "isn't one that can be read"),
        ("a.json", json.dumps(order("A", True)), "isn't one that can be read"),
        ("a.json", json.dumps(order("A", 10_000_001)), "isn't one that can be read"),
        ("a.json", json.dumps(order("A", colour="red")), "isn't one that can be read"),
        ("a.json", json.dumps(order("A", batch="B")), "isn't one that can be read"),  # two orders might share one
        ("a.json", json.dumps(order("CON")), "can't be used"),
        ("a.json", json.dumps(order("A", template="nothing")), "nothing"),
        ("a.json", json.dumps(order("A", fields={"lot": "7"})), "lot"),
        ("a.csv", "", "empty"),
        ("a.csv", "order,product,units\n", "no order"),
        ("a.csv", "product,units\nbulb,1\n", "order"),
        ("a.csv", "order,product,units,fields\nA,bulb,1,lot\n", "as fields"),
        ("a.csv", "order,product,units\nA,bulb,1e3\n", "isn't one that can be read"),
        ("a.xlsx", "PK\x03\x04 cut off", "XLSX"),
    ],
)
def test_what_is_no_order_goes_to_failed_with_the_reason(
    line: Factory, folder: Path, name: str, content: str, words: str
) -> None:
    put(folder, name, content)
    told = watch(line, folder)
    assert told.code == 1, told.err
    assert "Traceback" not in told.err
    (one,) = errors(folder, name)
    assert words in f"{one['error']} {one['problems']}"
    assert one["way_out"]
    assert (folder / "failed" / name).is_file()
    assert batches(line) == []


def test_what_is_being_written_or_is_no_order_stays(line: Factory, folder: Path) -> None:
    for name in (".po.json", "~$orders.xlsx", "notes.txt", "po.json.part"):
        put(folder, name, order("PO-9"))
    (folder / "folder.json").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.json")
        (folder / "link.json").symlink_to(folder / "notes.txt")
    before = files(folder)
    assert watch(line, folder).code == 0
    assert files(folder) == before
    assert batches(line) == []


def test_a_file_is_read_when_it_has_settled(line: Factory, folder: Path) -> None:
    (folder / "po1.json").write_text(json.dumps(order("PO-1")))  # just now
    assert watch(line, folder).code == 0  # waits for it
    assert batches(line) == [("PO-1", 2)]


def test_two_watch_one_folder(line: Factory, folder: Path) -> None:
    from bss_mfg.integration.order_folder import OrderFolder

    with OrderFolder(folder).held():
        told = watch(line, folder)
    assert told.code == 5
    assert "watches" in told.err


def test_a_folder_that_is_not_there(line: Factory, folder: Path) -> None:
    told = watch(line, folder / "nowhere")
    assert told.code == 3
    assert "no such folder" in told.err


def test_an_order_while_its_batch_is_worked_on_waits(line: Factory, folder: Path) -> None:
    from bss_mfg.pipeline.plan import read_begun_plan, run_lock

    assert line.cli("run", "bulb", "--units", 2, "--id", "PO-1", "--jobs", 1).code == 0
    put(folder, "po1.json", order("PO-1"))
    with run_lock(line.workspace, read_begun_plan(line.workspace, "PO-1").plan):
        told = watch(line, folder)
    assert told.code == 5
    assert files(folder) == ["po1.json"]
    assert watch(line, folder).code == 0
    assert files(folder) == ["done/po1.json", "results/PO-1.json"]


def test_what_has_to_wait_holds_up_no_other_and_is_said_once(
    line: Factory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bss_mfg.pipeline.plan import read_begun_plan, run_lock

    assert line.cli("run", "bulb", "--units", 2, "--id", "PO-2", "--jobs", 1).code == 0
    put(folder, "1.json", [order("PO-1"), order("PO-2")])
    put(folder, "2.json", order("PO-3"))
    looks = iter(range(3))

    def look_again(seconds: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr("bss_mfg.cli.orders.time.sleep", look_again)
    with run_lock(line.workspace, read_begun_plan(line.workspace, "PO-2").plan):
        told = line.cli("watch-orders", folder, "--jobs", 1)
    assert told.out.splitlines() == [
        "order PO-1: 2 units of bulb in batch PO-1",
        "order PO-3: 2 units of bulb in batch PO-3",
    ]
    assert told.err.count("Waits:") == 1
    assert "2 orders carried out, 0 failed" in told.err
    assert files(folder) == ["1.json", "done/2.json", "results/PO-1.json", "results/PO-3.json"]


def test_a_workbook_as_spreadsheets_write_it(line: Factory, folder: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["order", "product", "units"], ["PO-1", "bulb", 2], [815, "bulb", 2]):
        book.active.append(row)
    book.save(folder / "a.xlsx")
    os.utime(folder / "a.xlsx", (1_700_000_000, 1_700_000_000))
    assert watch(line, folder).code == 1
    assert batches(line) == [("PO-1", 2)]
    (one,) = errors(folder, "a.xlsx")
    assert (one["row"], "leading zeros" in one["error"]) == (3, True)


def test_advice_is_for_who_writes_the_table(line: Factory, folder: Path) -> None:
    put(folder, "a.csv", "order,product,units,customer\nPO-1,bulb,2,ACME\n")
    assert watch(line, folder).code == 1
    (one,) = errors(folder, "a.csv")
    assert "customer" in one["error"]
    assert "--" not in one["way_out"]
