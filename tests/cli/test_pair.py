"""station pair: boxes are scanned, and simulated devices behind a port of this computer prove their keys."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
import pytest
from bleak.exc import BleakError

from bss_mfg.cli import station_screen
from bss_mfg.cli.station_screen import Face, Screen, View, Working
from bss_mfg.cli.terminal import Terminal
from bss_mfg.device.bleak_radio import BleakRadio
from bss_mfg.device.provisionee import Fault
from bss_mfg.errors import MissingError
from bss_mfg.oob_information import OobInformation
from tests.cli.test_device import events
from tests.helpers.commands import advised_in
from tests.helpers.factory import Factory
from tests.helpers.packing import verify_all
from tests.helpers.simulated_devices import on_air, provisionee

FIND_S = 10
"""What is there is seen at once; what isn't is waited for."""


@pytest.fixture
def boxes(factory: Factory) -> Factory:
    """Two packages of two units each, and one of another batch."""
    factory.add(oob_bytes=16, units_per_package=2, require_device=True)
    factory.issue(4)
    factory.issue(2, "B2")
    verify_all(factory, "B1", "B2")
    return factory


def pair(
    factory: Factory, radio: str, lines: Sequence[str], *more: object, code: int = 0, find: float = FIND_S
) -> list[dict[str, object]]:
    options = ("--radio", radio, "--find", find, "--json", *more)
    done = factory.cli("station", "pair", "B1", *options, stdin="".join(f"{line}\n" for line in lines))
    assert done.code == code, done.err
    assert done.err.count("\a") == sum(json.loads(line)["tone"] != "good" for line in done.out.splitlines())
    return [json.loads(line) for line in done.out.splitlines()]


def words(answers: Sequence[dict[str, object]]) -> list[object]:
    return [answer["word"] for answer in answers]


def test_boxes_whose_devices_are_proven_are_packed(boxes: Factory) -> None:
    first, second = boxes.payloads()
    with on_air(*(provisionee(boxes, number) for number in (1, 2, 3, 4))) as radio:
        answers = pair(boxes, radio, [first, second])
    assert words(answers) == ["PROVEN", "PROVEN"]
    last = answers[-1]
    assert (last["units"], last["proven"], last["boxes"], last["failed"], last["per_minute"]) == (4, 4, 2, 0, 2)
    assert [(one["serial"], one["verdict"]) for one in last["devices"]] == [  # type: ignore[attr-defined]
        ("ebK300000003", "proven"), ("ebK300000004", "proven"),
    ]  # fmt: skip
    assert [one["kind"] for one in events(boxes, "ebK300000003")] == ["device checking", "device checked"]
    packed = boxes.cli("pack", "--json", stdin=f"{first}\n{second}\n")
    assert packed.code == 0, packed.out
    with boxes.ledger() as ledger:
        assert ledger.check()


def test_a_wrong_device_is_named_and_not_asked(boxes: Factory) -> None:
    """Box 1 holds unit 1, and unit 3 instead of 2: 1 proves its key, nothing is asked of 3. When 2 has come, 1 is not
    asked again."""
    first, _ = boxes.payloads()
    with on_air(provisionee(boxes, 1), provisionee(boxes, 3)) as radio:
        (answer,) = pair(boxes, radio, [first], code=1, find=3)
    assert answer["word"] == "OTHER DEVICE"
    other = answer["other"]
    assert isinstance(other, dict)
    assert (other["batch"], other["serial"]) == ("B1", "ebK300000003")
    assert "ebK300000003 of batch B1" in str(answer["detail"])
    assert events(boxes, "ebK300000003") == events(boxes, "ebK300000002") == []
    with on_air(provisionee(boxes, 1), provisionee(boxes, 2)) as radio:
        answers = pair(boxes, radio, [first, first], code=1)
    assert words(answers) == ["PROVEN", "TWICE"]
    assert [one["before"] for one in answers[0]["devices"]] == [True, False]  # type: ignore[attr-defined]
    assert len(events(boxes, "ebK300000001")) == 2


def test_attempts_are_limited(boxes: Factory) -> None:
    first, _ = boxes.payloads()
    with on_air(provisionee(boxes, 1, Fault.OTHER_KEY), provisionee(boxes, 2)) as radio:
        answers = pair(boxes, radio, [first] * 4, code=1)
    assert words(answers) == ["NOT PROVEN"] * 3 + ["REFUSED"]
    assert "ebK300000001: it holds another key" in str(answers[0]["detail"])
    assert answers[-1]["failed"] == 4
    assert advised_in(str(answers[-1]["detail"]))[0][:4] == ["device", "check", "B1", "ebK300000001"]
    assert len(events(boxes, "ebK300000001")) == 6


def test_a_floor_keeps_weak_devices_out(boxes: Factory) -> None:
    """Virtual radios hear everything with -50 dBm."""
    first, _ = boxes.payloads()
    with on_air(provisionee(boxes, 1), provisionee(boxes, 2)) as radio:
        assert words(pair(boxes, radio, [first], "--floor", -49, code=1, find=2)) == ["NO DEVICE"]
        assert events(boxes, "ebK300000001") == []
        assert words(pair(boxes, radio, [first], "--floor", -50)) == ["PROVEN"]


def test_all_units_of_a_box_are_asked_at_once(factory: Factory) -> None:
    """One of eight is not as its product says: the box is named, the others are proven."""
    factory.add(oob_bytes=16, units_per_package=8, oob_information=["On box"])
    factory.issue(8)
    devices = [provisionee(factory, number, None, OobInformation.ON_BOX) for number in range(1, 8)]
    with on_air(*devices, provisionee(factory, 8)) as radio:
        (answer,) = pair(factory, radio, factory.payloads(), code=1)
    assert answer["word"] == "NOT PROVEN"
    found = answer["devices"]
    assert isinstance(found, list)
    assert [one["passed"] for one in found] == [True] * 7 + [False]
    assert found[-1]["faults"] == ["oob information"]
    assert "its product says On box" in str(answer["detail"])
    assert answer["proven"] == 7
    assert isinstance(answer["seconds"], float)


def test_twins_are_named(boxes: Factory) -> None:
    first, _ = boxes.payloads()
    with on_air(provisionee(boxes, 1), provisionee(boxes, 1), provisionee(boxes, 2)) as radio:
        (answer,) = pair(boxes, radio, [first], code=1)
    assert answer["word"] == "TWINS"
    assert "ebK300000001: two devices show its Device UUID" in str(answer["detail"])
    assert answer["other"] is None
    assert [one["verdict"] for one in answer["devices"]] == [None, "proven"]  # type: ignore[attr-defined]
    assert events(boxes, "ebK300000001") == []


def test_devices_that_failed_alike_are_named_together_and_what_matters_first(factory: Factory) -> None:
    """Of a box of four, one answers wrongly, two aren't there; then a twin."""
    factory.add(oob_bytes=16, units_per_package=4)
    factory.issue(8)
    first, _ = factory.payloads()
    one, three, four = (f"ebK30000000{number}" for number in (1, 3, 4))
    with on_air(provisionee(factory, 1, Fault.OTHER_KEY), provisionee(factory, 2)) as radio:
        (answer,) = pair(factory, radio, [first], code=1, find=3)
    assert answer["word"] == "NO DEVICE"
    assert str(answer["detail"]).startswith(f"{three}, {four}: no device near shows its Device UUID")
    assert f"; {one}: it holds another key" in str(answer["detail"])
    with on_air(provisionee(factory, 4), provisionee(factory, 4), provisionee(factory, 5)) as radio:
        (other,) = pair(factory, radio, [first], code=1, find=3)
    assert other["word"] == "OTHER DEVICE"
    told = str(other["detail"]).split("; ")
    assert told[0].startswith("near is ebK300000005 of batch B1")
    assert told[1].startswith(f"{four}: two devices show its Device UUID")


def test_the_word_stays_in_a_small_window(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """80 columns and 24 rows: a box of which much is wrong, after ten other boxes, and two things are said of it in so
    many words that they have to be cut."""
    monkeypatch.setattr(station_screen, "_rows", lambda: 24)
    monkeypatch.setattr(station_screen, "_columns", lambda: 80)
    serials = ", ".join(f"ebK3000000{number:02}" for number in range(1, 9))
    bad = Working("NO DEVICE", f"{serials}: no device near shows it; " * 20, "bad", serials)
    good = Working("PROVEN", "2 devices proven", "good", serials)
    face = Face(lambda: View("B1 on air", 1, 8, "devices proven 1 of 8   ", "1 box"), lambda answer: "")
    screen = Screen(face, Terminal(80, colours=True, redraws=True))
    for answer in (*[good] * 11, bad):
        capsys.readouterr()
        screen.draw(answer)
        shown = click.unstyle(capsys.readouterr().out).splitlines()
        assert len(shown) <= 24
        assert max(map(len, shown)) <= 80
        assert answer.word in [line.strip() for line in shown]
        assert shown[-1] == " > "
    assert shown[-5].strip() == "..."
    words = {word.strip(",:;") for word in " ".join(shown).split()}
    assert not [word for word in words if word.startswith("ebK") and len(word) != 12]


def test_labels_that_are_none_of_the_batch(boxes: Factory) -> None:
    lines = ["", "nonsense", *boxes.payloads("B2")]
    assert boxes.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    with on_air() as radio:
        answers = pair(boxes, radio, [*lines, boxes.payloads()[0]], code=1)
    assert words(answers) == ["WRONG LABEL", "WRONG LABEL", "SCRAPPED"]
    assert "B2" in str(answers[1])
    assert answers[-1]["failed"] == 0


def test_the_end_is_told_in_words(boxes: Factory) -> None:
    first, second = boxes.payloads()
    options = ("--plain", "--find", 3)
    with on_air(provisionee(boxes, 1), provisionee(boxes, 2)) as radio:
        done = boxes.cli("station", "pair", "B1", "--radio", radio, *options, stdin=f"{first}\n{second}\n")
    assert done.code == 1
    told = done.out.splitlines()
    assert told[0] == "PROVEN: ebK300000001, ebK300000002; 2 devices proven"
    assert told[1].startswith("NO DEVICE: ebK300000003, ebK300000004; ")
    assert done.err.splitlines()[-1].endswith("1 box proven, 1 failed; 2 of 4 devices of batch B1 proven")


def test_a_radio_that_is_not_there(boxes: Factory) -> None:
    """Also where nothing is scanned."""
    assert boxes.cli("station", "pair", "B1", "--radio", "tcp-client:127.0.0.1:1").code == 6


def test_a_computer_without_bluetooth_is_told_before_a_box_is_scanned(
    boxes: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoScanner:
        def __init__(self, *_: object, **__: object) -> None:
            raise BleakError("no adapter")

    bleak_radio = BleakRadio
    monkeypatch.setattr("bss_mfg.device.bleak_radio.BleakRadio", lambda: bleak_radio(NoScanner))  # type: ignore[arg-type]
    done = boxes.cli("station", "pair", "B1", stdin="")
    assert (done.code, done.out) == (6, "")
    assert "Traceback" not in done.err


def test_what_is_waited_for_is_said_before_the_radio_is_open(boxes: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def opened(transport: str) -> None:
        told.extend(said)
        raise MissingError("no radio")

    said: list[str] = []
    monkeypatch.setattr("bss_mfg.cli.pair.say", said.append)
    monkeypatch.setattr("bss_mfg.cli.pair.open_radio", opened)
    assert boxes.cli("station", "pair", "B1", "--radio", "usb:0").code == 6
    assert len(told) == 1
    assert "usb:0" in told[0]
