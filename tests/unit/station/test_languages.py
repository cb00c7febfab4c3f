"""The screens of the hand-scanner station and the packing table in every language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from wcwidth import wcswidth

from bss_mfg.cli.pack import _face as pack_face
from bss_mfg.cli.returns import _face as returns_face
from bss_mfg.cli.scan import _face as scan_face
from bss_mfg.cli.scan import _summary
from bss_mfg.cli.station_screen import Answers, Face, Screen
from bss_mfg.cli.terminal import Terminal
from bss_mfg.core.languages import Language
from bss_mfg.station.answers import ScanWord, answer_of
from bss_mfg.station.check_codes import CHECK_TEXTS
from bss_mfg.station.keystrokes import Happening
from bss_mfg.station.packing_answers import PackWord, desk_answer
from bss_mfg.station.returns import ReturnsDesk, ReturnsRequest
from bss_mfg.station.station import Station
from tests.helpers.factory import Factory
from tests.helpers.languages import BRACKETS, OTHERS, all_languages, unmarked
from tests.helpers.packing import at, hall, table

COMMANDS = (" remove   close carton REASON   close pallet REASON   label", "bss-mfg", "Ctrl-D")


@pytest.fixture(scope="module")
def line(new_factory: Any) -> Factory:
    """A batch of five packages of two, and another one."""
    factory: Factory = new_factory()
    factory.add(units_per_package=2, oob_bytes=16)
    factory.issue(10)
    factory.issue(2, "B2")
    return factory


def reads(factory: Factory) -> list[str]:
    """What a scanner may send, each for another answer."""
    one, two, three = factory.payloads()[:3]
    return [
        one, one, two, "nonsense", three[:60], three.swapcase(), f"]d2{three}", f"XY{three}", factory.payloads("B2")[0],
        three.replace("PID:", "PID:ebK3;PID:", 1), "A" * 5000, CHECK_TEXTS[0], CHECK_TEXTS[0].swapcase(),
        f"]d1{CHECK_TEXTS[1]}", CHECK_TEXTS[0].lower(), three + three, "4006381333931", factory_serial(factory),
        three.replace(":", "ö").replace(";", "ß"),
    ]  # fmt: skip


def factory_serial(factory: Factory) -> str:
    with factory.ledger() as ledger:
        return next(ledger.packages.stream("B1")).units[0].serial


def drawn(face: Face, answers: Sequence[Any], capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """The screen after each answer, first before all of them, without colours."""
    screen = Screen(face, Terminal(80, colours=True, redraws=True))
    capsys.readouterr()
    for answer in (None, *answers):
        screen.draw(answer)
        yield re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().out)


def scanned(factory: Factory, speak: Language, with_units: bool = False) -> tuple[Face, list[Any]]:
    with factory.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"), with_units=with_units)
        face = scan_face("B1", station, speak)
        answers = [answer for text in reads(factory) if (answer := station.read(text))]
        view = face.view()
        foot = view.foot()
    return replace(face, view=lambda: replace(view, foot=lambda: foot)), answers


def data_of(answers: Sequence[Any]) -> list[str]:
    """What is no text on a screen: names and serials."""
    serials = [part for answer in answers for part in answer.serials.split(", ") if part]
    return [*serials, *COMMANDS, "nonsense", "B1", "B2"]


@pytest.mark.parametrize("with_units", [False, True])
def test_no_text_of_the_station_is_unmarked(
    line: Factory, capsys: pytest.CaptureFixture[str], with_units: bool
) -> None:
    face, answers = scanned(line, BRACKETS, with_units)
    assert len({answer.word for answer in answers}) >= 6
    for screen in drawn(face, answers, capsys):
        assert not unmarked(without_scanned(screen), data_of(answers)), screen


def without_scanned(screen: str) -> str:
    """Pieces of barcode strings, in messages, are data; so are names of keyboard layouts."""
    return re.sub(r"\.{2,}|#+|\bebK\d+", " ", screen)


def test_no_word_of_an_answer_is_unmarked() -> None:
    for word in (*ScanWord, *PackWord):
        assert not unmarked(BRACKETS(word))


def test_the_station_holds_in_80_columns(line: Factory, capsys: pytest.CaptureFixture[str]) -> None:
    for speak in all_languages():
        face, answers = scanned(line, speak)
        for screen in drawn(face, answers, capsys):
            for row in screen.splitlines():
                assert wcswidth(row) <= 80, (speak.code, row)
        bands = re.findall(r"(?m)^ {80}\n(.*)\n {80}$", screen)
        assert bands, "the word stands in its band"
        assert all(wcswidth(band) == 80 for band in bands)


def test_every_word_has_room(capsys: pytest.CaptureFixture[str], line: Factory) -> None:
    for speak in all_languages():
        face, _ = scanned(line, speak)
        answers = [
            *(answer_of(word, "x", 1, "S1") for word in ScanWord),
            *(desk_answer(word, "x", ("B1", 1), "S1") for word in PackWord),
        ]
        for screen in drawn(face, answers, capsys):
            assert all(wcswidth(row) <= 80 for row in screen.splitlines()), speak.code
        shown = [speak(answer.word) for answer in answers]
        assert all(len(word) <= 30 for word in shown), "read from three metres away"


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_recorded_and_told_to_programs_is_english(issued: Factory, code: str) -> None:
    text = issued.payloads()[0]
    outcomes = {}
    for one in ("en", code):
        told = issued.cli("scan", "B1", "--json", "--language", one, stdin="nonsense\n")
        assert told.code == 1
        outcomes[one] = {key: value for key, value in json.loads(told.out).items() if key in ("word", "tone", "detail")}
    assert outcomes[code] == outcomes["en"]
    shown = issued.cli("scan", "B1", "--plain", "--language", code, stdin=f"nonsense\n{text}\n")
    assert "barcode of this family" not in shown.out
    with issued.ledger() as ledger:
        reads = [event.data for event in ledger.history.events("B1") if event.kind == "read"]
    assert {read["verdict"] for read in reads} == {"other label", "ok"}
    assert len({read["detail"] for read in reads if read["verdict"] == "other label"}) == 1


def test_the_packing_table_and_the_returns_desk(new_factory: Any, capsys: pytest.CaptureFixture[str]) -> None:
    factory = hall(new_factory())
    factory.issue(1, "D")
    one, two, three = factory.payloads("A")[:3]
    inputs = [
        one, one, "remove", one, one, factory.payloads("D")[0], "nonsense", two, two, three,
        "close carton end of shift", three, "carton 1", "remove", "carton 1", "label", "close pallet",
        factory.payloads("C")[0], "close pallet x",
    ]  # fmt: skip
    for speak in (BRACKETS, *all_languages()):
        with at(factory, "T1") as ledger, ledger.packing.table("T1"):
            packing, desk = table(factory, ledger), ReturnsDesk(ledger, ReturnsRequest())
            answers = [answer for text in inputs if (answer := packing.read(text))]
            looked_up = [answer for text in inputs if (answer := desk.read(text))]
            assert speak is not BRACKETS or len({answer.word for answer in answers}) >= 8
            faces = ((pack_face(ledger, packing, "EU", speak), answers), (returns_face(desk, "x", speak), looked_up))
            for face, told in faces:
                for screen in drawn(face, told, capsys):
                    assert all(wcswidth(row) <= 80 for row in screen.splitlines()), screen
                    if speak is BRACKETS:
                        data = [*data_of(told), "T1", "EU", str(factory.root), "bulb", "plug", "pdf", "carton-00"]
                        assert not unmarked(without_scanned(screen), data), screen


def test_happenings_and_the_last_line(line: Factory, capsys: pytest.CaptureFixture[str]) -> None:
    face, answers = scanned(line, BRACKETS)
    told = Answers(face, plain=True, as_json=False)
    told.tell(Happening.UNPLUGGED)
    told.tell(Happening.PLUGGED_IN)
    for answer in answers:
        told.show(answer)
    output = capsys.readouterr()
    assert not unmarked(without_scanned(output.out + output.err), data_of(answers))
    with line.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"))
        assert not unmarked(BRACKETS(_summary(station.counts)))
