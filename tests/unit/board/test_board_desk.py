"""The desk between ledger and page: what it publishes, when, and what it says of a ledger that can't be read."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.board.desk import BoardDesk, BoardSource
from bss_mfg.board.publication import Publication
from bss_mfg.core.clock import TimeZone
from bss_mfg.errors import LedgerError, MissingError
from bss_mfg.ledger.events import LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.workspace.failure_pictures import FailurePictures
from tests.helpers.factory import Factory, a_read
from tests.helpers.shift import acting, scan

NOW = datetime.now(UTC)


def source(factory: Factory, zone: str = "") -> BoardSource:
    return BoardSource(
        open_ledger=factory.ledger,
        opens_anew=not factory.workspace.ledger_place.url,
        pictures=FailurePictures.of(factory.root),
        zone=TimeZone(zone),
        title="plant",
        hours=8,
    )


def shown(publication: Publication) -> Any:
    return json.loads(publication.now.body)


def verified(publication: Publication) -> int:
    return int(shown(publication)["batches"][0]["verified"])


def test_it_publishes_what_changed_and_no_more(issued: Factory) -> None:
    publication = Publication()
    desk = BoardDesk(source(issued), publication)
    assert desk.look() == ""
    assert (publication.now.number, verified(publication)) == (1, 0)
    desk.look()
    assert publication.now.number == 1, "nothing happened"
    scan(issued, "scan-1", "B1", NOW, [1, 2])
    desk.look()
    assert (publication.now.number, verified(publication)) == (2, 2)


def test_neither_barcode_strings_nor_people_are_on_the_page(issued: Factory) -> None:
    payloads = issued.payloads("B1")
    detail = f"reads {payloads[1]}"
    with issued.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1, "ok"), a_read(2, "wrong label", detail)])
    publication = Publication()
    BoardDesk(source(issued), publication).look()
    body = publication.now.body.decode()
    assert "wrong label" in body
    assert not any(payload in body for payload in payloads)
    assert "tester" not in body, "who read it"


def test_pictures_of_failures_that_are_shown(issued: Factory) -> None:
    scan(issued, "scan-1", "B1", NOW, [1, 2], "wrong label")
    with issued.ledger() as ledger:
        head, digest = ledger.history.head()
    pictures = FailurePictures.of(issued.root)
    pictures.keep({(head, digest): b"PNG", (head - 1, "0" * 64): b"another ledger's", (1, digest): b"not shown"})
    publication = Publication()
    BoardDesk(source(issued), publication).look()
    assert publication.now.pictures == {f"/picture/{head}": b"PNG"}
    assert [one["picture"] for one in shown(publication)["failures"]] == [f"/picture/{head}", None]


def test_where_a_picture_lies_that_another_station_took(issued: Factory) -> None:
    with issued.ledger() as ledger:
        own = ledger.actor.station
    a_page = LabelRead(verdict="unreadable", package=1, file="tray.png", page=1, x_mm=1.0, y_mm=1.0, of="print")
    for station in ("qa-1", own):
        with acting(issued, station, NOW) as ledger:
            ledger.reads.record("B1", [a_page])
    scan(issued, "scan-1", "B1", NOW, [2], "wrong label")
    publication = Publication()
    BoardDesk(source(issued), publication).look()
    assert [one["picture_at"] for one in shown(publication)["failures"]] == [None, None, "qa-1"]


def test_the_oldest_pictures_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bss_mfg.workspace.failure_pictures.MOST_KEPT", 3)
    pictures = FailurePictures.of(tmp_path)
    pictures.keep({})
    assert not pictures.folder.exists()
    pictures.keep({(number, f"{number:064x}"): b"PNG" for number in (8, 9, 10)})
    pictures.keep({(number, f"{number:064x}"): b"PNG" for number in (11, 7)})
    assert [number for number in range(6, 12) if pictures.find(number, f"{number:064x}")] == [9, 10, 11]


def test_times_are_those_of_the_workspace(issued: Factory) -> None:
    scan(issued, "scan-1", "B1", NOW, [1], "wrong label")
    publication = Publication()
    BoardDesk(source(issued, "Asia/Kathmandu"), publication).look()
    (failure,) = shown(publication)["failures"]
    assert failure["clock"] == (NOW + timedelta(hours=5, minutes=45)).strftime("%H:%M")
    assert shown(publication)["hours"][-1].endswith(":00:00+05:45")


def test_a_ledger_that_can_not_be_read_is_told_and_looked_at_again(issued: Factory) -> None:
    answers: list[Exception | None] = [None, LedgerError("busy"), LedgerError("busy"), MissingError("gone"), None]

    @contextlib.contextmanager
    def opened() -> Iterator[Ledger]:
        if error := answers.pop(0):
            raise error
        with issued.ledger() as ledger:
            yield ledger

    publication, said = Publication(), list[str]()
    desk = BoardDesk(replace(source(issued), open_ledger=opened, opens_anew=True), publication)
    for _ in range(5):
        said.append(desk.look())
    assert [bool(words) for words in said] == [False, True, True, True, False]
    assert publication.now.number == 3, "the trouble, and that it is over, once each"
    assert (shown(publication)["trouble"], verified(publication)) == (False, 0)


def test_in_trouble_the_last_numbers_stay(issued: Factory) -> None:
    scan(issued, "scan-1", "B1", NOW, [1])
    publication = Publication()
    desk = BoardDesk(source(issued), publication)
    desk.look()
    before = publication.now.looked
    issued.workspace.ledger_file.rename(issued.root / "elsewhere.db")
    assert desk.look()
    assert (shown(publication)["trouble"], verified(publication)) == (True, 1)
    desk.look()
    assert publication.now.number == 2
    (issued.root / "elsewhere.db").rename(issued.workspace.ledger_file)
    assert desk.look() == ""
    assert shown(publication)["trouble"] is False
    assert publication.now.looked > before


def test_a_ledger_that_was_never_read_is_told_too(issued: Factory) -> None:
    publication = Publication()
    issued.workspace.ledger_file.rename(issued.root / "elsewhere.db")
    BoardDesk(source(issued), publication).look()
    assert shown(publication) == {"trouble": True}


def test_it_serves_until_it_is_ended(issued: Factory) -> None:
    publication, ended = Publication(), threading.Event()
    thread = threading.Thread(target=BoardDesk(source(issued), publication).serve, args=(ended,))
    thread.start()
    assert publication.wait(0, 60)
    ended.set()
    thread.join(60)
    assert not thread.is_alive()
