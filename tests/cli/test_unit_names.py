"""Where a serial is asked for, what a scanner types does as well, and so does a list of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.factory import Factory


@pytest.fixture
def two(issued: Factory) -> Factory:
    """Batch B1 of six units, D1 of three packages of two, and B2 of the same product as B1."""
    issued.issue(6, "D1", "duo")
    issued.issue(2, "B2")
    return issued


def uuid_of(factory: Factory, serial: str, batch: str = "B1") -> str:
    with factory.ledger() as ledger:
        (unit,) = ledger.units.find(batch, "serial", [serial])
        return unit.uuid


def scrapped(factory: Factory, batch: str = "B1") -> set[str]:
    query = "SELECT u.serial FROM unit u JOIN batch b ON b.no = u.batch WHERE b.id = '{}' AND u.scrapped"
    return {serial for (serial,) in factory.rows(query.format(batch))}


@pytest.mark.parametrize(
    "form", ["payload", "AIM prefix", "line end", "UUID", "UUID with dashes", "lower case", "blanks"]
)
def test_a_unit_is_named_by_what_is_scanned(two: Factory, form: str) -> None:
    payload, device = two.payloads()[1], uuid_of(two, "ebK300000002")
    dashes = "-".join((device[:8], device[8:12], device[12:16], device[16:20], device[20:]))
    text = {
        "payload": payload,
        "AIM prefix": f"]d1{payload}",
        "line end": f"{payload}\r\n",
        "UUID": device,
        "UUID with dashes": dashes,
        "lower case": device.lower(),
        "blanks": "  ebK300000002 ",
    }[form]
    done = two.cli("scrap", "B1", text, "--reason", "dropped")
    assert done.code == 0, done.err
    assert scrapped(two) == {"ebK300000002"}


@pytest.mark.parametrize("way", ["-", "@"])
def test_a_list_comes_from_standard_input_or_a_file(two: Factory, tmp_path: Path, way: str) -> None:
    listed = f"\ufeffebK300000001\r\n\r\n{two.payloads()[2]}\n]d1{two.payloads()[2]}\n{uuid_of(two, 'ebK300000005')}"
    (tmp_path / "list").write_bytes(listed.encode())
    given = "-" if way == "-" else f"@{tmp_path / 'list'}"
    done = two.cli("scrap", "B1", given, "--reason", "dropped", stdin=listed)
    assert done.code == 0, done.err
    assert scrapped(two) == {"ebK300000001", "ebK300000003", "ebK300000005"}


def test_what_is_wrong_is_named_by_line_and_nothing_is_done(two: Factory, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(
        f"ebK300000001\n{two.payloads('B2')[0]}\nnonsense\n{two.payloads()[0][:60]}\nebK300000007\n"
    )
    done = two.cli("scrap", "B1", f"@{tmp_path / 'list'}", "--reason", "dropped")
    assert done.code == 3
    for line, word in ((2, "batch B2"), (3, "nonsense"), (4, "cut off"), (5, "batch B2")):
        assert f"line {line}" in done.err
        assert word in done.err
    assert "line 1" not in done.err
    assert scrapped(two) == set()


@pytest.mark.parametrize("text", ["-", "@{empty}"])
def test_an_empty_list_is_no_list(two: Factory, tmp_path: Path, text: str) -> None:
    (tmp_path / "empty").write_text("\n \n")
    done = two.cli("scrap", "B1", text.format(empty=tmp_path / "empty"), "--reason", "x", stdin="\n")
    assert done.code == 3
    assert two.cli("scrap", "B1", f"@{tmp_path / 'none'}", "--reason", "x").code == 3


def test_a_label_that_was_superseded_is_refused_and_named(two: Factory) -> None:
    old = two.payloads()[0]
    two.cli("scrap", "B1", old, "--reason", "dropped")
    done = two.cli("replace", "B1", old, "--reason", "dropped", "--json")
    assert done.code == 0, done.err
    (replaced,) = done.json["replaced"]
    refused = two.cli("scrap", "B1", old, "--reason", "again")
    assert refused.code == 3
    assert "older barcode" in refused.err
    assert replaced["by"] in refused.err  # what it is now
    assert two.cli("history", old).code == 0  # what happened to it can be asked all the same


def test_a_box_of_several_units_is_not_one_of_them(two: Factory) -> None:
    box = two.payloads("D1")[0]
    refused = two.cli("scrap", "D1", box, "--reason", "dropped")
    assert refused.code == 3
    with two.ledger() as ledger:
        assert ledger.packages.get("D1", 1).serials_text in refused.err
    two.label("D1", template="multipack-100x70")
    two.cli("verify", "D1", two.root / "batches" / "D1" / "labels")
    again = two.cli("reprint", "D1", box, "--reason", "torn", "--json")
    assert again.code == 0, again.err
    assert again.json["labels"] == 1


def test_every_command_that_asks_for_a_serial_takes_a_payload(two: Factory, tmp_path: Path) -> None:
    first, second, third = two.payloads()[:3]

    def done(*arguments: object, **more: Any) -> Any:
        outcome = two.cli(*arguments, **more)
        assert outcome.code == 0, (arguments, outcome.err)
        return outcome

    only = done("labels", "B1", "--only", first, "--only", "-", "--out", tmp_path / "a", "--json", stdin=f"{third}\n")
    assert only.json["labels"] == 2
    assert (
        done("labels", "B1", "--from", f"]d1{third}", "--again", "--out", tmp_path / "b", "--json").json["labels"] == 4
    )
    done("labels", "B1", "--again")
    done("verify", "B1", two.root / "batches" / "B1" / "labels")
    assert done("reprint", "B1", "-", "--reason", "torn", "--json", stdin=f"{first}\n{second}\n").json["labels"] == 2
    kinds = [event["kind"] for event in done("history", first, "--json").json]
    assert "labels reprinted" in kinds
    done("scrap", "B1", second, "--reason", "dropped")
    replaced = done("replace", "B1", second, "--reason", "dropped", "--json").json["replaced"]
    assert [row["serial"] for row in replaced] == ["ebK300000002"]
    shown = done("inspect", "ebK300000001", "--json").json
    assert first in [symbol["payload"] for symbol in shown]  # and those of other products with this serial
    listed = done("inspect", "-", "--json", stdin=f"{first}\n]d1{third}\n").json
    assert [symbol["payload"].removeprefix("]d1") for symbol in listed] == [first, third]
    assert done("inspect", uuid_of(two, "ebK300000003"), "--json").json[0]["payload"] == third


def test_shipping_by_scanned_labels(printed: Factory, tmp_path: Path) -> None:
    assert printed.cli("verify", "B", printed.root / "batches" / "B" / "labels").code == 0
    payloads = printed.payloads("B")
    for payload in payloads[:3]:  # as the packing table does, whatever counts as verified
        printed.cli("scan", "B", "--plain", stdin=f"{payload}\n")
    done = printed.cli("ship", "B", "-", "--for", "pallet 17", stdin="".join(f"]d1{one}\r\n" for one in payloads[:3]))
    assert done.code == 0, done.err
    assert printed.rows("SELECT count(*) FROM package WHERE shipped") == [(3,)]
    back = printed.cli("ship", "B", payloads[0], "--returned")
    assert back.code == 0, back.err


@pytest.mark.parametrize(
    "content", ["ebK300000001\n".encode("utf-16"), b"ebK300000001\n\x9c\xff\n", "Tür\n".encode("latin-1")]
)
@pytest.mark.parametrize(
    "command",
    [
        ("scrap", "B1", "{}", "--reason", "x"), ("ship", "B1", "{}", "--for", "x"), ("history", "{}"),
        ("inspect", "{}"), ("labels", "B1", "--only", "{}"), ("manifest", "acknowledge", "--withdrawn", "{}"),
    ],
)  # fmt: skip
def test_a_list_that_is_no_utf_8_text_is_told(
    two: Factory, tmp_path: Path, command: tuple[str, ...], content: bytes
) -> None:
    """As PowerShell's > writes it (UTF-16), or an old editor."""
    file = tmp_path / "names.txt"
    file.write_bytes(content)
    done = two.cli(*(word.format(f"@{file}") for word in command))
    assert done.code == 3, done.err
    assert "of " + str(file) in done.err
    assert "is not UTF-8 text" in done.err
    assert scrapped(two) == set()


@pytest.mark.parametrize(
    "command", [("batch", "show"), ("history",), ("verify",), ("scan",), ("labels",), ("inspect",)]
)
def test_a_name_that_is_no_text_is_no_defect(two: Factory, command: tuple[str, ...]) -> None:
    files = (two.root / "bss-mfg.toml",) if command == ("verify",) else ()
    done = two.cli(*command, b"\xff\xfe".decode("utf-8", "surrogateescape"), *files)
    assert done.code == 3, done.err
