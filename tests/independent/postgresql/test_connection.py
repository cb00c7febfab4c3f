"""A connection to the server that breaks, at every message and in every way, and a server that is killed: what was
acknowledged is there, what was not is told."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.errors import LedgerError, MissingError
from bss_mfg.ledger import postgresql
from bss_mfg.ledger.batch_lock import BatchWork
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.place import LedgerPlace
from tests.helpers.factory import WHO, Factory, a_read, issue_lamps, make_factory
from tests.helpers.postgres import Server
from tests.helpers.postgres import server as running_server
from tests.needs import needs

pytestmark = needs("postgresql")


class Cutter:
    """A proxy before the server that cuts a connection: before or after it passes a message of a kind on."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._target = str(server.folder / ".s.PGSQL.5432")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self.cut: Callable[[bytes], str] = lambda data: ""
        """Asked of what a client says: "" passes it on, "before" cuts instead, "after" cuts once the server has it.
        "half": nothing more goes to the server then. "deaf": only the client hears of a cut, and the server waits on.
        "late": it is passed on a little later."""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(self._target)
            threading.Thread(target=self._pass_on, args=(client, upstream), daemon=True).start()

    def _pass_on(self, client: socket.socket, upstream: socket.socket) -> None:
        answering = threading.Event()
        answering.set()

        def answers() -> None:
            while data := _received(upstream):
                if not answering.is_set() or not _sent(client, data):
                    break
            for one in (client, upstream):
                _end(one)

        threading.Thread(target=answers, daemon=True).start()
        while data := _received(client):
            how = self.cut(data)
            if how == "before":
                break
            if how == "deaf":
                _end(client)
                return
            if how == "late":
                time.sleep(0.02)
            if how == "after":
                answering.clear()
            if not _sent(upstream, data):
                break
            if how == "half":
                upstream.shutdown(socket.SHUT_WR)
                return
        else:
            _end(upstream)
            return
        for one in (client, upstream):
            _end(one)

    def close(self) -> None:
        _end(self._listener)
        self._listener.close()


def _received(one: socket.socket) -> bytes:
    try:
        return one.recv(1 << 16)
    except OSError:
        return b""


def _sent(one: socket.socket, data: bytes) -> bool:
    try:
        one.sendall(data)
    except OSError:
        return False
    return True


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@pytest.fixture
def cutter(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cutter]:

    with tempfile.TemporaryDirectory(prefix="cut", dir="/tmp") as folder:
        made = Cutter(server, Path(folder))
        made.folder = folder  # type: ignore[attr-defined]
        yield made
        made.close()


def through(cutter: Cutter, factory: Factory) -> Ledger:
    url = factory.workspace.ledger_place.url
    database = url.partition("?")[0].rpartition("/")[2]
    return Ledger.open(LedgerPlace(factory.root, f"postgresql://factory@/{database}?host={cutter.folder}"), WHO)  # type: ignore[attr-defined]


def test_a_commit_whose_answer_was_lost_is_found_out(issued: Factory, cutter: Cutter) -> None:
    """Cut after the server has the COMMIT: it was made, so the act is done, and once."""
    with through(cutter, issued) as ledger:
        cutter.cut = lambda data: "after" if b"COMMIT" in data else ""
        ledger.reads.record("B1", [a_read(1)])
        cutter.cut = lambda data: ""
        ledger.reads.record("B1", [a_read(2)])
        assert [ledger.reads.times_verified("B1", number) for number in (1, 2)] == [1, 1]
        ledger.check()


def test_a_lost_answer_without_an_event_to_look_for_stays_unknown(issued: Factory, cutter: Cutter) -> None:
    """A number alone may be another transaction's, after a crash: it acknowledges nothing."""
    with through(cutter, issued) as ledger:
        connection: Any = ledger.history._db
        cutter.cut = lambda data: "after" if b"COMMIT" in data else ""
        with pytest.raises(MissingError, match="can't be asked what became of it"), connection.transaction():
            connection.rows("SELECT 1")


def test_the_lock_of_a_batch_outlives_a_connection(issued: Factory, cutter: Cutter) -> None:
    with through(cutter, issued) as ledger, issued.ledger() as other:
        with ledger.locked("B1", BatchWork.SENDING):
            cutter.cut = lambda data: "after" if b"COMMIT" in data else ""
            ledger.reads.record("B1", [a_read(1)])
            with pytest.raises(LedgerError, match="is sending"), other.locked("B1", BatchWork.SENDING):
                pass
        with other.locked("B1", BatchWork.SENDING):
            pass


def test_a_commit_that_never_arrived_is_told(issued: Factory, cutter: Cutter) -> None:
    with through(cutter, issued) as ledger:
        cutter.cut = lambda data: "before" if b"COMMIT" in data else ""
        with pytest.raises(MissingError, match="was lost") as lost:
            ledger.reads.record("B1", [a_read(1)])
        assert "Nothing was changed" in lost.value.way_out
        cutter.cut = lambda data: ""
        ledger.reads.record("B1", [a_read(1)])
        assert ledger.reads.times_verified("B1", 1) == 1
        ledger.check()


def test_a_server_that_is_gone_for_good_leaves_the_commit_unknown(
    issued: Factory, cutter: Cutter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_RESOLVE_S", 0.5)
    with through(cutter, issued) as ledger:

        def cut(data: bytes) -> str:
            if b"COMMIT" not in data:
                return ""
            cutter.close()
            return "after"

        cutter.cut = cut
        with pytest.raises(MissingError, match="can't be asked what became of it"):
            ledger.reads.record("B1", [a_read(1)])


def test_a_connection_cut_at_every_message(issued: Factory, cutter: Cutter) -> None:
    """An act by a connection that is cut before, or right after, its n-th message: done and told so, or not done."""
    done = 0
    for how in ("before", "after", "half"):
        for count in itertools.count(1):
            messages = itertools.count(1)
            with through(cutter, issued) as ledger:
                cutter.cut = lambda data, how=how, count=count, messages=messages: (  # type: ignore[misc]
                    how if next(messages) == count else ""
                )
                try:
                    ledger.reads.record("B1", [a_read(1)])
                    done += 1
                    was_cut = next(messages) > count
                except MissingError:
                    was_cut = True
                cutter.cut = lambda data: ""
            with issued.ledger() as plain:
                assert plain.reads.times_verified("B1", 1) == done, (how, count)
            if not was_cut:
                break
        assert count > 4
    with issued.ledger() as plain:
        plain.check()


def test_messages_that_are_late_change_nothing(issued: Factory, cutter: Cutter) -> None:
    cutter.cut = lambda data: "late"
    with through(cutter, issued) as ledger:
        ledger.reads.record("B1", [a_read(1)])
        assert ledger.reads.times_verified("B1", 1) == 1


def test_a_server_that_does_not_notice_keeps_nobody_waiting(issued: Factory, cutter: Cutter) -> None:
    """Only the client hears that the connection is gone, and the server would hold the ledger for it: it is told."""
    with through(cutter, issued) as ledger:
        cutter.cut = lambda data: "deaf" if b"COMMIT" in data else ""
        begun = time.monotonic()
        with pytest.raises(MissingError, match="was lost") as lost:
            ledger.reads.record("B1", [a_read(1)])
        assert "Nothing was changed" in lost.value.way_out
        cutter.cut = lambda data: ""
        with issued.ledger() as other:
            other.reads.record("B1", [a_read(1)])
            assert other.reads.times_verified("B1", 1) == 1
        assert time.monotonic() - begun < postgresql._RESOLVE_S


def test_without_asking_a_lost_answer_would_count_as_a_failure(
    issued: Factory, cutter: Cutter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: who doesn't ask the server tells of a failure what was done."""

    def fail(self: postgresql.PostgresConnection, number: str) -> None:
        raise postgresql.lost_connection(self.where)

    monkeypatch.setattr(postgresql.PostgresConnection, "_find_out", fail)
    with through(cutter, issued) as ledger:
        cutter.cut = lambda data: "after" if b"COMMIT" in data else ""
        with pytest.raises(MissingError):
            ledger.reads.record("B1", [a_read(1)])
    cutter.cut = lambda data: ""
    until = time.monotonic() + 60
    with issued.ledger() as plain:
        while not plain.reads.times_verified("B1", 1):
            assert time.monotonic() < until


def test_the_server_is_killed_and_comes_back(tmp_path: Path) -> None:
    """What was acknowledged is there, what was not is not."""
    with running_server() as server:
        factory = issue_lamps(make_factory(tmp_path / "w", server.new_database("killed")))
        with factory.ledger() as ledger:
            ledger.reads.record("B1", [a_read(1)])
            with pytest.raises(MissingError, match="was lost"), ledger.transaction():
                ledger.reads.record("B1", [a_read(2)])
                server.control("-m", "immediate", "stop")
                server.start()
                ledger.reads.record("B1", [a_read(3)])
        with factory.ledger() as ledger:
            assert [ledger.reads.times_verified("B1", number) for number in (1, 2, 3)] == [1, 0, 0]
            ledger.check()


def test_who_is_killed_gives_the_ledger_back(issued: Factory) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom bss_mfg.ledger.ledger import Ledger\n"
        "from bss_mfg.ledger.place import LedgerPlace\nfrom tests.helpers.factory import WHO, a_read\n"
        "with Ledger.open(LedgerPlace(Path(sys.argv[1]), sys.argv[2]), WHO) as ledger, ledger.transaction():\n"
        "    ledger.reads.record('B1', [a_read(1)])\n    print('holds', flush=True)\n    sys.stdin.read()\n"
    )
    import sys

    with subprocess.Popen(
        [sys.executable, "-c", script, str(issued.root), issued.workspace.ledger_place.url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as holder:  # fmt: skip
        assert holder.stdout is not None and holder.stdout.readline() == b"holds\n"
        holder.kill()
    with issued.ledger() as ledger:
        ledger.reads.record("B1", [a_read(2)])
        assert [ledger.reads.times_verified("B1", number) for number in (1, 2)] == [0, 1]


# --- the server's processes killed ------------------------------------------------------------------------------------

STATIONS, KILLS = 3, 4


@dataclass
class Station:
    """Records one read after the other; what it was told of each, by its detail."""

    factory: Factory
    number: int
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def work(self, stop: threading.Event) -> None:
        for count in itertools.count():
            if stop.is_set():
                return
            what = f"{self.number}-{count}"
            try:
                with self.factory.ledger() as ledger:
                    ledger.reads.record("B1", [a_read(1, "already", detail=what)])
            except (MissingError, LedgerError) as error:
                (self.unknown if "can't be asked" in str(error) else self.failed).add(what)
                time.sleep(0.02)
            else:
                self.done.add(what)


def test_a_number_that_the_server_gave_again_acknowledges_nothing(tmp_path: Path) -> None:
    """What reached no log before a kill has a number that is another transaction's after it."""
    with running_server() as server:
        factory = issue_lamps(make_factory(tmp_path / "w", server.new_database("numbers_again")))
        with factory.ledger() as ledger:
            connection: Any = ledger.history._db
            begin, numbers = connection._begin, list[str]()

            def noted() -> str:
                numbers.append(begin())
                return numbers[-1]

            connection._begin = noted
            with pytest.raises(MissingError, match="Nothing was changed"), connection.transaction():
                ledger.reads.record("B1", [a_read(1, "already", detail="lost")])
                server.kill()
                server.start()
                with factory.ledger() as other:
                    theirs: Any = other.history._db
                    number = ""
                    while not number or int(number) < int(numbers[-1]):
                        with theirs.transaction():
                            other.reads.record("B1", [a_read(2, "already", detail="theirs")])
                            number = theirs.rows("SELECT pg_current_xact_id()::text")[0][0]
            there = {event.data["detail"] for event in ledger.history.events_of((EventKind.READ,))}
        assert number == numbers[-1]
        assert there == {"theirs"}


def test_what_was_acknowledged_outlives_kills_of_the_server(tmp_path: Path) -> None:
    """Kill -9 of all of its processes while three stations write: what was acknowledged is there, what was told to
    have failed is not, and nothing is there twice."""
    with running_server() as server:
        factory = issue_lamps(make_factory(tmp_path / "w", server.new_database("killed_often")))
        stations, stop = [Station(factory, number) for number in range(STATIONS)], threading.Event()
        threads = [threading.Thread(target=station.work, args=(stop,)) for station in stations]
        for thread in threads:
            thread.start()
        try:
            for kill in range(1, KILLS + 1):
                until = time.monotonic() + 60
                while min(len(station.done) for station in stations) < 4 * kill and time.monotonic() < until:
                    time.sleep(0.01)
                server.kill()
                server.start()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        with factory.ledger() as ledger:
            ledger.check()
            reads = list(ledger.history.events_of((EventKind.READ,)))
        there = Counter(event.data["detail"] for event in reads)
    told = [station.done | station.failed | station.unknown for station in stations]
    assert set(there) <= set().union(*told)
    assert max(there.values()) == 1
    for station in stations:
        assert station.done <= set(there)
        assert not station.failed & set(there)
        assert len(station.done) >= 4 * KILLS
    assert any(station.failed | station.unknown for station in stations)
