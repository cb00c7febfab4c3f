"""A press that is killed anywhere, two that race, two that ask for the same: each label comes out once, and where
nobody can know, it is asked."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.label.printing.ask_printer import printer_state
from bss_mfg.ledger.queue_reading import QueueReader
from tests.helpers import strace
from tests.helpers.copies import let_issue
from tests.helpers.factory import Factory, make_factory
from tests.helpers.queued import WAYS, KnownLabels, prepared, press, queue, serial, shown
from tests.helpers.raw_port import RawPort
from tests.needs import needs

LABELS = 12
SENDING = ("sendto", "connect")


class Line:
    """A printer, and what came out of it on all its connections."""

    def __init__(self, port: RawPort, known: KnownLabels) -> None:
        self._port, self._known = port, known

    def printed(self) -> list[int]:
        """The numbers of the labels that came out, once it has taken all that was on its way."""
        printer_state(self._port.address, "zpl")
        return [number for data in self._port.received for number in self._known.numbers(data)]

    def last(self) -> str:
        """What the operator scans."""
        printed = self.printed()
        return serial(printed[-1]) if printed else "none"


@pytest.mark.sqlite
@needs("strace")
@pytest.mark.parametrize("calls", [strace.CHANGING, SENDING], ids=["at-the-disk", "at-the-printer"])
def test_killed_anywhere_nothing_is_lost_or_printed_twice(tmp_path: Path, calls: Sequence[str]) -> None:
    start = prepared(make_factory(tmp_path / "start"), LABELS)
    known = KnownLabels(start, tmp_path / "reference")
    assert queue(start, "--labels-per-file", 5).code == 0
    points = moments(start.root, tmp_path / "w", calls)
    assert len(points) >= 3
    asked = 0
    for call, number in points:
        root = fresh(start.root, tmp_path / "w")
        factory = Factory(type(start.workspace).find(str(root), root, {}))
        with RawPort() as port:
            line = Line(port, known)
            killed = strace.run(root, arguments(port), strace=strace.fault(call, number, "signal=KILL"))
            assert killed.code == -9, (call, number, killed)
            before = shown(factory)
            assert before["good"] <= len(line.printed())
            asked += before["state"] == "paused"
            done = press(factory, port.address, typed=[line.last()])
            assert done.code == 0, (call, number, done.err)
            assert line.printed() == list(range(1, LABELS + 1)), (call, number, done.err)
        assert (shown(factory)["good"], shown(factory)["state"]) == (LABELS, "printed"), (call, number)
        with factory.ledger() as ledger:
            ledger.check()
    assert asked, "no kill came while labels were on their way"


def arguments(port: RawPort) -> list[object]:
    return ["press", "--name", "press-2", "--once", "--send", port.address]


def fresh(start: Path, root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(start, root)
    let_issue(root)
    return root


def moments(start: Path, root: Path, wanted: Sequence[str], most: int = 24) -> list[tuple[str, int]]:
    """Calls of an undisturbed press at which it is killed: of many some, from the first to the last."""
    log = root.with_name("calls")
    with RawPort() as port:
        strace.warm_up(fresh(start, root), arguments(port))
    with RawPort() as port:
        traced = ["-o", str(log), "-e", f"trace={','.join(wanted)}"]
        done = strace.run(fresh(start, root), arguments(port), strace=traced)
    assert done.code == 0, done
    counts: dict[str, int] = {}
    found = []
    for line in log.read_text(errors="replace").splitlines():
        call = line.split()[1].partition("(")[0]
        if call in wanted:
            counts[call] = counts.get(call, 0) + 1
            if call != "openat" or "O_CREAT" in line:
                found.append((call, counts[call]))
    step = max(len(found) / most, 1.0)
    return [found[int(place * step)] for place in range(int(len(found) / step))]


def test_a_press_that_forgets_what_it_sent_prints_twice(factory: Factory, tmp_path: Path) -> None:
    """The control of the tests above."""
    known = KnownLabels(prepared(factory, LABELS), tmp_path / "reference")
    queue(factory)
    with RawPort(cut_after=20_000) as port:
        line = Line(port, known)
        assert press(factory, port.address).code == 130
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(QueueReader, "send_state", lambda *_: None)
            press(factory, port.address)
        assert press(factory, port.address, typed=["none"]).code == 0
        assert line.printed() != list(range(1, LABELS + 1))


def at_once(factory: Factory, *commands: Sequence[object]) -> list[tuple[int, str]]:
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(factory.command(*one), text=True, **quiet) for one in commands]
    told = [one.communicate(timeout=200)[1] for one in running]
    return [(one.returncode, err) for one, err in zip(running, told, strict=True)]


def test_of_two_that_ask_for_the_same_labels_one_is_refused(factory: Factory) -> None:
    prepared(factory, LABELS)
    found = at_once(factory, *[("labels", "B1", *WAYS, "--queue", f"press-{number}") for number in (2, 3, 4)])
    assert sorted(code for code, _ in found) == [0, 4, 4], found
    assert len(factory.cli("queue", "list", "--json").json) == 1


def test_two_of_one_name_and_one_of_another_print_each_label_once(factory: Factory, tmp_path: Path) -> None:
    known = KnownLabels(prepared(factory, LABELS), tmp_path / "reference")
    queue(factory, "--to", serial(6), "--labels-per-file", 2)
    queue(factory, "--from", serial(7), "--labels-per-file", 2, press="press-3")
    with RawPort() as one, RawPort() as other:
        found = at_once(
            factory,
            arguments(one),
            arguments(one),
            ["press", "--name", "press-3", "--once", "--send", other.address],
        )
        assert {code for code, _ in found[:2]} <= {0, 5}, found
        assert found[2][0] == 0, found
        assert Line(one, known).printed() == list(range(1, 7))
        assert Line(other, known).printed() == list(range(7, LABELS + 1))
    assert [entry["state"] for entry in factory.cli("queue", "list", "--all", "--json").json] == ["printed", "printed"]


def test_labels_and_a_press_at_once_print_each_label_once(factory: Factory, tmp_path: Path) -> None:
    known = KnownLabels(prepared(factory, LABELS), tmp_path / "reference")
    queue(factory)
    with RawPort() as port:
        found = at_once(factory, arguments(port), ["labels", "B1", *WAYS, "--send", port.address, "--jobs", 1])
        assert sorted(code for code, _ in found)[0] == 0, found
        assert {code for code, _ in found} <= {0, 4, 5}, found
        assert sorted(Line(port, known).printed()) == list(range(1, LABELS + 1))
