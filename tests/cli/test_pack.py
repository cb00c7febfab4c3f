"""pack, carton, pallet, returns and ship, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from tests.helpers.commands import Outcome, advised, advised_in
from tests.helpers.factory import Factory
from tests.helpers.label_printer import NetworkPrinter
from tests.helpers.packing import PREFIX, hall, verify_all


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    settings = factory.root / "bss-mfg.toml"
    settings.write_text(f'{settings.read_text()}\n[packing]\nsscc_prefix = "{PREFIX}"\n')
    return hall(factory)


def scan(factory: Factory, lines: Sequence[str], *more: object, code: int = 0) -> list[dict[str, object]]:
    done = factory.cli("pack", "--json", *more, stdin="".join(f"{line}\n" for line in lines))
    assert done.code == code, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def words(answers: Sequence[dict[str, object]]) -> list[object]:
    return [answer["word"] for answer in answers]


def shown(factory: Factory, kind: str, code: object) -> dict[str, object]:
    done = factory.cli(kind, "show", code, "--json")
    assert done.code == 0, done.err
    found: dict[str, object] = json.loads(done.out)
    return found


def test_boxes_of_two_batches_fill_cartons_and_cartons_a_pallet(boxes: Factory) -> None:
    a, b = boxes.payloads("A"), boxes.payloads("B")
    answers = scan(boxes, [*a[:3], b[0]], "--carton", 2, "--pallet", 2)
    assert words(answers) == ["PACKED", "CARTON CLOSED", "PACKED", "PALLET CLOSED"]
    assert answers[2]["in_carton"] == 1
    assert answers[2]["on_pallet"] == 1
    assert (answers[3]["carton"], answers[3]["pallet"], answers[3]["packed"]) == (0, 0, 4)
    pallets = boxes.cli("pallet", "list", "--json").json
    assert [(one["held"], one["size"], one["sent"]) for one in pallets] == [(2, 2, False)]
    found = shown(boxes, "pallet", pallets[0]["sscc"])
    assert [one["batch"] for one in found["packages"]] == ["A", "A", "A", "B"]  # type: ignore[attr-defined]
    names = sorted(path.name for path in (boxes.root / "packing").iterdir())
    assert [name.partition("-")[0] for name in names] == ["carton", "carton", "pallet"]


def test_the_label_of_a_carton_names_it_to_every_command(boxes: Factory) -> None:
    scan(boxes, boxes.payloads("A")[:2], "--carton", 2)
    (file,) = (boxes.root / "packing").glob("carton-*")
    codes = codes_of(file)
    assert "PACKED-1" in codes
    (sscc,) = (code for code in codes if code.startswith(("(00)", "00")))
    assert shown(boxes, "carton", sscc)["number"] == shown(boxes, "carton", "PACKED-1")["number"] == 1
    assert words(scan(boxes, [sscc], "--pallet", 2)) == ["ON THE PALLET"]
    assert boxes.cli("returns", sscc).code == 0
    assert boxes.cli("returns", "PACKED-1").code == 0


def codes_of(pdf: Path) -> set[str]:
    """The codes that a reader finds on a page."""
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil()
    return {code.text for code in zxingcpp.read_barcodes(page)}


def test_a_session_that_ended_goes_on_with_its_carton_and_another_table_has_its_own(boxes: Factory) -> None:
    a = boxes.payloads("A")
    assert scan(boxes, a[:1], "--carton", 3)[0]["carton"] == 1
    settings = boxes.root / "bss-mfg.toml"
    before = settings.read_text()
    settings.write_text(before.replace('station = ""', 'station = "table-2"'))
    assert scan(boxes, a[1:2], "--carton", 3)[0]["carton"] == 2
    assert words(scan(boxes, a[:1], "--carton", 3, code=1)) == ["IN ANOTHER"]
    settings.write_text(before)
    answers = scan(boxes, [*a[2:4]], "--carton", 9)
    assert words(answers) == ["PACKED", "CARTON CLOSED"]  # its own size holds


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (("scrap", "A", "ebK300000001", "--reason", "dropped"), "SCRAPPED"),
        (("ship", "A", "ebK300000001", "--for", "order 1"), "SHIPPED"),
    ],
)
def test_a_refused_box_rings_and_counts_for_nothing(boxes: Factory, spoil: Sequence[str], word: str) -> None:
    assert boxes.cli(*spoil).code == 0
    done = boxes.cli("pack", "--plain", stdin=f"{boxes.payloads('A')[0]}\n")
    assert done.code == 1
    assert done.out.startswith(f"{word}: ")
    assert "\a" in done.err
    assert boxes.cli("carton", "list", "--json").json == []


def test_a_box_that_was_not_read_and_one_of_another_product_or_market(boxes: Factory) -> None:
    boxes.issue(1, "N")
    unread, bulb, plug = boxes.payloads("N")[0], boxes.payloads("A")[0], boxes.payloads("C")[0]
    assert words(scan(boxes, [unread, bulb, plug], code=1)) == ["NOT VERIFIED", "PACKED", "OTHER PRODUCT"]
    assert words(scan(boxes, [boxes.payloads("A")[1]], "--market", "EU", code=1)) == ["OTHER MARKET"]


def test_a_wrong_box_is_taken_out_by_words_or_codes(boxes: Factory) -> None:
    a = boxes.payloads("A")
    lines = [a[0], a[1], "remove", a[0], "PACK REMOVE", a[0], "remove", "remove", a[0]]
    answers = scan(boxes, lines, code=1)
    assert words(answers)[2:] == [
        "SCAN WHAT TO REMOVE", "REMOVED", "SCAN WHAT TO REMOVE", "NOT PACKED", "SCAN WHAT TO REMOVE",
        "NOTHING REMOVED", "PACKED",
    ]  # fmt: skip
    assert answers[-1]["in_carton"] == 2
    assert answers[-1]["packed"] == 2  # a box that was taken out and packed again counts once


def test_what_is_no_box_is_named_and_a_scanner_set_wrong_too(boxes: Factory) -> None:
    a = boxes.payloads("A")
    answers = scan(boxes, [a[0], "841667145075", "ebK300000002", "rubbish", a[1].swapcase()], code=1)
    assert words(answers) == ["PACKED", "OTHER CODE", "OTHER CODE", "WRONG LABEL", "WRONG LABEL"]
    assert "caps lock" in str(answers[4]["detail"])


def test_a_carton_that_is_not_full_is_closed_for_a_reason(boxes: Factory) -> None:
    a = boxes.payloads("A")
    assert words(scan(boxes, [a[0], "close carton"], code=1)) == ["PACKED", "REFUSED"]
    assert words(scan(boxes, ["PACK CLOSE CARTON end of batch"])) == ["CARTON CLOSED"]
    assert boxes.cli("pack", "--close-carton", "--reason", "again").code == 1  # none is open
    scan(boxes, [a[1]])
    assert boxes.cli("pack", "--close-carton", "--reason", "end of shift").code == 0
    assert "reason end of shift" in boxes.cli("history", "ebK300000002").out


def test_what_was_scrapped_on_an_open_pallet_is_taken_out_as_the_messages_say(boxes: Factory) -> None:
    a = boxes.payloads("A")
    scan(boxes, a[:4], "--carton", 2, "--pallet", 3)
    (pallet,) = boxes.cli("pallet", "list", "--json").json
    ship = ("ship", "--pallet", pallet["number"], "--for", "order 7")
    (close_pallet,) = advised(boxes.cli(*ship))
    assert boxes.cli("scrap", "A", "ebK300000002", "--reason", "dropped").code == 0
    refused = boxes.cli(*close_pallet)
    assert refused.code == 1
    show_pallet, _, reopen = advised_in(refused.out)
    assert "package 2  ebK300000002  carton 1" in boxes.cli(*show_pallet).out
    closed, off = scan(boxes, ["remove", a[1], "remove", "carton 1"], code=1)[1::2]
    assert (closed["word"], off["word"]) == ("CLOSED", "OFF THE PALLET")
    _, reopen_this = advised_in(str(closed["detail"]))
    assert reopen_this == ["1" if word == "N" else word for word in reopen]
    assert boxes.cli(*reopen_this).code == 0
    answers = scan(boxes, ["remove", a[1], "close carton short"], "--pallet", 3)
    assert words(answers)[1:] == ["REMOVED", "CARTON CLOSED"]
    assert boxes.cli(*close_pallet).code == 0
    assert boxes.cli(*ship).code == 0


def test_a_pallet_is_reopened_shipped_and_told(boxes: Factory) -> None:
    a = boxes.payloads("A")
    scan(boxes, a[:4], "--carton", 2, "--pallet", 2)
    (pallet,) = boxes.cli("pallet", "list", "--json").json
    number = pallet["number"]
    assert boxes.cli("pallet", "reopen", number, "--reason", "wrong carton").code == 0
    assert boxes.cli("ship", "--pallet", number, "--for", "order 7").code == 4
    assert words(scan(boxes, ["remove", "PACKED-1"], "--pallet", 2)) == ["SCAN WHAT TO REMOVE", "OFF THE PALLET"]
    assert boxes.cli("pack", "--close-pallet", "--reason", "short order").code == 0
    assert boxes.cli("ship", "--pallet", number, "--for", "order 7").code == 0
    assert boxes.cli("pallet", "reopen", number, "--reason", "late").code == 4
    rows = boxes.cli("table", "A", "--format", "jsonl", "--columns", "serial,state,carton,pallet", "--out", "-").out
    states = [tuple(json.loads(row).values()) for row in rows.splitlines()][:5]
    assert [state for _, state, _, _ in states] == ["verified", "verified", "shipped", "shipped", "verified"]
    assert [pallet for _, _, _, pallet in states] == [None, None, number, number, None]
    way = boxes.cli("returns", "ebK300000003").out
    assert "shipped (order 7)" in way
    assert f"put on pallet {number}" in way
    assert boxes.cli("ledger", "check").code == 0


def test_returns_take_back_read_again_and_say_what_was_not_shipped(boxes: Factory) -> None:
    a = boxes.payloads("A")
    scan(boxes, a[:2], "--carton", 2)
    assert boxes.cli("ship", "--carton", "1", "--for", "order 7").code == 0
    scanned = f"{a[0]}\n{a[0]}\n{a[5]}\nrubbish\n"
    done = boxes.cli("returns", "--reason", "torn", "--json", stdin=scanned)
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert words(answers) == ["RETURNED", "NOT SHIPPED", "NOT SHIPPED", "WRONG LABEL"]
    assert [step["kind"] for step in answers[0]["way"]][-2:] == ["shipped", "returned"]
    assert words(scan(boxes, [a[0]], code=1)) == ["NOT VERIFIED"]
    again = boxes.cli("returns", "--verify", stdin=f"{a[0]}\n")
    assert again.code == 0
    assert words(scan(boxes, [a[0]])) == ["PACKED"]
    both = boxes.cli("returns", "--reason", "torn", "--verify", "--json", stdin=f"{a[1]}\n")
    assert words([json.loads(both.out)]) == ["VERIFIED AGAIN"]
    assert words(scan(boxes, [a[1]])) == ["PACKED"]


def test_labels_go_to_the_printer_and_again_where_it_was_off(boxes: Factory) -> None:
    a = boxes.payloads("A")
    with NetworkPrinter("zpl") as printer:
        scan(boxes, a[:1], "--carton", 1, "--printer", "zpl-203", "--send", printer.address)
        (label,) = printer.wait_for(1)
        assert label.startswith(b"^XA")
    answers = scan(boxes, a[1:2], "--carton", 1, "--printer", "zpl-203", "--send", "tcp://127.0.0.1:9", code=1)
    assert words(answers) == ["LABEL NOT SENT"]
    assert [one["sent"] for one in boxes.cli("carton", "list", "--json").json] == [True, False]


def test_numbers_go_on_after_a_restored_copy(boxes: Factory, tmp_path: Path) -> None:
    a = boxes.payloads("A")
    scan(boxes, a[:1], "--carton", 1)
    assert boxes.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    scan(boxes, a[1:2], "--carton", 1)
    seen = {one["sscc"] for one in boxes.cli("carton", "list", "--json").json}
    for _ in range(2):
        (boxes.root / "ledger.db").unlink()
        done = boxes.cli("ledger", "restore", tmp_path / "copy.db", "--skip-serials", 1, "--reason", "lost")
        assert done.code == 0, done.err
        scan(boxes, a[1:2], "--carton", 1)
        new = boxes.cli("carton", "list", "--json").json[-1]["sscc"]
        assert new not in seen
        seen.add(new)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("pack", "--mixed"), 2),
        (("pack", "--reason", "x"), 2),
        (("pack", "--template", "minimal"), 3),
        (("carton", "show", "17"), 3),
        (("pallet", "show", "1"), 3),
        (("pallet", "reopen", "nonsense", "--reason", "x"), 3),
        (("ship", "A", "--pallet", "1", "--for", "x"), 2),
        (("ship", "--for", "x"), 2),
        (("ship", "--pallet", "1"), 2),
        (("labels", "A", "--template", "logistic-105x148"), 3),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(boxes: Factory, typed: Sequence[str], code: int) -> None:
    scan(boxes, boxes.payloads("A")[:1])
    done: Outcome = boxes.cli(*typed)
    assert done.code == code, done.err


def test_the_control_sheet_says_what_pack_understands(boxes: Factory, tmp_path: Path) -> None:
    from bss_mfg.station.packing_answers import CONTROLS, control_of

    assert boxes.cli("pack", "--control-sheet", tmp_path / "sheet.pdf").code == 0
    said = codes_of(tmp_path / "sheet.pdf")
    assert said == {control.text for control in CONTROLS}
    assert {control_of(text) for text in said} == set(CONTROLS)


def test_a_market_of_another_batch_needs_its_own_carton(boxes: Factory) -> None:
    file = boxes.root / "products" / "plug.toml"
    file.write_text(file.read_text().replace('"EU"', '"US"'))
    boxes.issue(1, "D", "plug")
    verify_all(boxes, "D")
    answers = scan(boxes, [boxes.payloads("C")[0], boxes.payloads("D")[0]], code=1)
    assert words(answers) == ["PACKED", "OTHER MARKET"]


def printed(factory: Factory, batch: str) -> None:
    """Labels of all boxes of a batch are made, and read right."""
    factory.label(batch)
    verify_all(factory, batch)


def test_a_closed_batch_is_packed_only_after_it_was_reopened(boxes: Factory) -> None:
    printed(boxes, "A")
    a = boxes.payloads("A")
    scan(boxes, a[:1])
    assert boxes.cli("close", "A").code == 0
    (refused,) = scan(boxes, a[1:2], code=1)
    assert refused["word"] == "BATCH CLOSED"
    assert [one["held"] for one in boxes.cli("carton", "list", "--json").json] == [1]
    (way_out,) = advised_in(str(refused["detail"]))
    assert boxes.cli(*way_out).code == 0
    assert words(scan(boxes, a[1:2])) == ["PACKED"]
    # What is in a carton when its batch is closed leaves as it is.
    assert boxes.cli("close", "A").code == 0
    assert words(scan(boxes, ["close carton end of batch"])) == ["CARTON CLOSED"]
    assert boxes.cli("ship", "--carton", "1", "--for", "order 7").code == 0


def test_a_batch_tells_what_of_it_is_packed_and_not_shipped(boxes: Factory) -> None:
    def shown_of(batch: str) -> dict[str, object]:
        found = boxes.cli("batch", "show", batch, "--json").json
        return {name: found[name] for name in ("packed", "packed_not_shipped", "cartons", "pallets")}

    a = boxes.payloads("A")
    assert shown_of("A") == {"packed": 0, "packed_not_shipped": 0, "cartons": 0, "pallets": 0}
    assert "packed" not in boxes.cli("batch", "show", "A").out
    scan(boxes, [*a[:5], boxes.payloads("B")[0]], "--carton", 2, "--pallet", 2)
    assert shown_of("A") == {"packed": 5, "packed_not_shipped": 5, "cartons": 3, "pallets": 2}
    assert shown_of("B") == {"packed": 1, "packed_not_shipped": 1, "cartons": 1, "pallets": 1}
    assert "packed not shipped" in boxes.cli("batch", "show", "A").out
    (first, *_) = boxes.cli("pallet", "list", "--json").json
    assert boxes.cli("ship", "--pallet", first["number"], "--for", "order 7").code == 0
    assert shown_of("A")["packed_not_shipped"] == 1
    assert {one["id"]: one["packed"] for one in boxes.cli("batch", "list", "--json").json} == {"A": 5, "B": 1, "C": 0}


def test_closing_says_what_is_not_packed_where_the_product_is_packed_at_all(boxes: Factory) -> None:
    for batch in ("A", "B", "C"):
        printed(boxes, batch)
    scan(boxes, boxes.payloads("A")[:4], "--carton", 2)
    closed = {batch: boxes.cli("close", batch, "--json") for batch in ("A", "B", "C")}
    told = [(one.json["packed"], one.json["not_packed"], one.json["packed_not_shipped"]) for one in closed.values()]
    assert told == [(4, 2, 4), (0, 6, 0), (0, 6, 0)]
    assert [["batch", "reopen", batch] in [typed[:3] for typed in advised(closed[batch])] for batch in "ABC"] == [
        True,
        True,
        False,  # nothing of its product ever went into a carton
    ]
    assert boxes.cli("batch", "reopen", "A", "--reason", "two are left").code == 0
    scan(boxes, boxes.payloads("A")[4:], "--carton", 2)
    all_in = boxes.cli("close", "A", "--json")
    assert (all_in.json["not_packed"], advised(all_in)) == (0, [])


def test_a_box_that_is_packed_is_not_called_refused_where_its_carton_does_not_go_on_the_pallet(boxes: Factory) -> None:
    scan(boxes, boxes.payloads("C")[:1], "--carton", 1, "--pallet", 2)
    (answer,) = scan(boxes, boxes.payloads("A")[:1], "--carton", 1, "--pallet", 2, code=1)
    assert (answer["word"], answer["packed"], answer["on_pallet"]) == ("NOT ON THE PALLET", 1, 1)


def test_the_next_session_of_a_table_uses_the_printer_of_the_last_and_its_open_pallet(boxes: Factory) -> None:
    a = boxes.payloads("A")
    with NetworkPrinter("zpl") as printer:
        typed = ("--printer", "zpl-203", "--send", printer.address)
        scan(boxes, a[:3], "--carton", 2, "--pallet", 2, *typed)
        printer.wait_for(1)
        assert boxes.cli("pack", "--close-carton", "--reason", "end of shift").code == 0
        assert len(printer.wait_for(3)) == 3  # the carton's label, and that of its pallet, which is full
        (pallet,) = boxes.cli("pallet", "list", "--json").json
        assert (pallet["held"], bool(pallet["closed_at"]), pallet["sent"]) == (2, True, True)
        scan(boxes, a[3:4], "--carton", 1)
        assert len(printer.wait_for(4)) == 4
        scan(boxes, a[4:5], "--carton", 1, "--anew")
        scan(boxes, a[5:6], "--carton", 1)
        assert [one["sent"] for one in boxes.cli("carton", "list", "--json").json] == [True, True, True, False, False]


def test_another_table_and_another_printer_have_their_own_address(boxes: Factory) -> None:
    a = boxes.payloads("A")
    with NetworkPrinter("zpl") as printer:
        scan(boxes, a[:1], "--carton", 1, "--printer", "zpl-203", "--send", printer.address)
        printer.wait_for(1)
        settings = boxes.root / "bss-mfg.toml"
        here = settings.read_text()
        settings.write_text(here.replace('station = ""', 'station = "table-2"'))
        scan(boxes, a[1:2], "--carton", 1)
        settings.write_text(here)
        scan(boxes, a[2:3], "--carton", 1, "--printer", "pdf-300")
        assert len(printer.printed) == 1
    names = sorted(path.suffix for path in (boxes.root / "packing").iterdir())
    assert names == [".pdf", ".pdf", ".zpl"]
