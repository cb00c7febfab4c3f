"""Parts on executors: in order, bounded, whatever dies; and the same results whoever works."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest

from bss_mfg.core import parallel
from bss_mfg.core.processes import ProcessExecutor, TaskFailure, Worker, WorkerError, open_executor
from bss_mfg.core.spool import Spool
from bss_mfg.errors import InputError, MissingError
from bss_mfg.issuing.batch import MAKE_AHEAD_FROM, create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.make import LabelRequest, make_labels
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.ledger.keys import open_keys
from tests.helpers import ROOT
from tests.helpers.factory import Factory
from tests.helpers.pace import PATIENCE, is_soon


def fragile(job: int) -> int:
    """Dies on 13, hangs on 17, doubles the rest."""
    if job == 13:
        os.abort()
    if job == 17:
        time.sleep(600)
    return job * 2


def dies_once(mark: Path) -> str:
    """Dies the first time, works the second."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def chatty(job: int, tell: Callable[[str], None]) -> int:
    """Says what it does; dies on 13, and hangs on 17."""
    tell(f"{job} begins")
    fragile(job)
    tell(f"{job} ends")
    return job * 2


def refuses(job: int) -> int:
    if job == 5:
        raise InputError("five is bad", where="row 5", way_out="Leave it out.")
    return job


def own_process(job: int) -> int:
    """A worker with a worker of its own, as a reader of pages has one."""
    inner: Worker[int, int] = Worker(doubler, (), 30)
    answer = inner.run(job)
    assert isinstance(answer, int)
    return answer


def doubler():  # type: ignore[no-untyped-def]
    return fragile


@pytest.fixture(scope="module")
def two() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2) as executor:
        yield executor


def test_one_dead_and_one_hanging_part_are_named_and_the_rest_is_done(two: ProcessExecutor) -> None:
    found = list(parallel.run(fragile, range(30), two, seconds=1.5))
    assert [job for job, _ in found] == list(range(30))
    failed = {job: result.reason for job, result in found if isinstance(result, TaskFailure)}
    assert set(failed) == {13, 17}
    assert "crashed" in failed[13]
    assert "no progress" in failed[17]
    assert all(result == job * 2 for job, result in found if job not in failed)


def test_a_hang_of_a_process_that_was_just_started_is_called_a_hang() -> None:
    """It has longer to start, ended itself meanwhile, and was called a crash."""
    with ProcessExecutor(1) as executor, pytest.raises(WorkerError, match="no progress"):
        executor.submit_within(1.5, fragile, 17).result(120)


def test_a_worker_is_replaced_after_a_crash() -> None:
    worker: Worker[int, int] = Worker(doubler, (), 30)
    try:
        assert worker.run(1) == 2
        assert isinstance(worker.run(13), TaskFailure)
        assert worker.run(2) == 4
    finally:
        worker.close()


def test_a_part_whose_process_was_killed_is_done_again(two: ProcessExecutor, tmp_path: Path) -> None:
    jobs = [tmp_path / f"{number}" for number in range(4)]
    assert [result for _, result in parallel.run(dies_once, jobs, two)] == ["done"] * 4
    assert all(job.exists() for job in jobs)


def test_what_a_part_raises_is_raised_here_with_all_it_says(two: ProcessExecutor) -> None:
    with pytest.raises(InputError) as raised:
        list(parallel.run(refuses, range(10), two))
    assert (raised.value.where, raised.value.way_out) == ("row 5", "Leave it out.")
    assert dict(parallel.run(refuses, range(5), two)) == {number: number for number in range(5)}


def test_work_that_is_worth_nothing_unless_whole_says_what_died(two: ProcessExecutor) -> None:
    with pytest.raises(MissingError, match="a process died while it doubled 13") as raised:
        list(parallel.run_or_raise(fragile, [1, 13, 2], two, describe=lambda job: f"doubled {job}", where="batch B1"))
    assert raised.value.where == "batch B1"
    assert "crashed" in raised.value.problems[0]
    assert dict(parallel.run_or_raise(fragile, [1, 2], two, describe=str, where="")) == {1: 2, 2: 4}


def test_few_parts_are_in_flight(two: ProcessExecutor) -> None:
    handed_out: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(100, 200):
            handed_out.append(number)
            yield number

    for taken, _ in enumerate(parallel.run(fragile, jobs(), two), 1):
        assert len(handed_out) - taken <= parallel.IN_FLIGHT * 2
    assert taken == 100


def test_a_worker_may_have_a_process_of_its_own(two: ProcessExecutor) -> None:
    assert two.submit(own_process, 4).result(60) == 8


def test_leaving_ends_the_processes_at_once() -> None:
    with ProcessExecutor(2) as executor:
        slow = executor.submit(time.sleep, 600)
        assert executor.submit(fragile, 1).result(60) == 2
        pids = executor.pids
        begun = time.monotonic()
    assert is_soon(time.monotonic() - begun, 5)
    with pytest.raises(WorkerError):
        slow.result(1)
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(RuntimeError):
        executor.submit(fragile, 1)


def test_an_executor_that_is_broken_for_good_fails_its_parts_by_name() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        # More than are in flight at once: the last ones are handed to a pool that is known to be broken.
        found = dict(parallel.run(fragile, [1, 13, *range(20, 30)], pool))
    assert found[1] == 2
    assert isinstance(found[13], TaskFailure)
    assert all(isinstance(found[job], TaskFailure) for job in range(20, 30))


@dataclass
class Unpicklable:
    def __reduce__(self) -> str:
        raise TypeError("not this")


def unpicklable(job: int) -> Unpicklable:
    return Unpicklable()


def test_a_result_that_cannot_travel_is_an_error_of_its_part_alone(two: ProcessExecutor) -> None:
    with pytest.raises(TypeError, match="travel"):
        two.submit(unpicklable, 1).result(60)
    assert two.submit(fragile, 1).result(60) == 2


def test_processes_are_not_started_for_a_handful() -> None:
    with open_executor(0, items=100) as executor:
        assert executor is None
    with open_executor(1, items=1_000_000) as executor:
        assert executor is None
    with open_executor(3, items=1) as executor:
        assert isinstance(executor, ProcessExecutor)
        assert executor.count == 3


def test_circles_are_looked_for_as_before_once_the_work_is_done() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError), open_executor(1):
        assert gc.get_threshold() > before
        raise KeyError
    assert gc.get_threshold() == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_no_process_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from bss_mfg.core.processes import ProcessExecutor\n"
        "if __name__ == '__main__':\n"
        "    with ProcessExecutor(2) as executor:\n"
        "        jobs = [executor.submit(time.sleep, 0.5) for _ in range(2)]\n"
        "        while len(executor.pids) < 2: time.sleep(0.01)\n"
        "        print(*executor.pids, flush=True)\n"
        "        time.sleep(600)\n"
    )
    (tmp_path / "parent.py").write_text(script)
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.wait()
    end = time.monotonic() + PATIENCE
    while (left := [pid for pid in pids if _runs(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


# --- what is set aside -----------------------------------------------------------------------------------------------


def test_a_spool_gives_its_items_in_order_as_often_as_asked(tmp_path: Path) -> None:
    with Spool[int](tmp_path) as spool:
        for number in range(5):
            spool.add(number)
        first = iter(spool)
        assert next(first) == 0
        assert list(spool) == list(range(5))
        spool.add(5)
        assert list(first) == [1, 2, 3, 4, 5]
        assert list(tmp_path.iterdir()) == []  # it has no name
    assert list(tmp_path.iterdir()) == []


# --- the rooms that work in parts ------------------------------------------------------------------------------------


def executors() -> list[tuple[str, Executor | None]]:
    return [("here", None), ("processes", ProcessExecutor(2)),
            ("standard", ProcessPoolExecutor(2, get_context("spawn"))), ("threads", ThreadPoolExecutor(2))]  # fmt: skip


def test_label_files_are_the_same_whoever_makes_them(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(500)
    made: dict[str, dict[str, bytes]] = {}
    template = load_template(factory.workspace.template_file("sheet-a4-24"))
    for name, executor in executors():
        with factory.ledger() as ledger:
            batch, folder = ledger.batches.get("B1"), tmp_path / name
            request = LabelRequest(again=True, labels_per_file=48)
            make_labels(ledger, batch, template, BUILT_IN["pdf-300"], folder, request, executor=executor)
        made[name] = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        if executor:
            executor.shutdown()
    assert len(made["here"]) == 12  # eleven files and the index
    assert all(files == made["here"] for files in made.values())


def test_a_batch_is_issued_by_whoever_works(factory: Factory) -> None:
    factory.add(units_per_package=4, oob_bytes=16)
    loaded = factory.workspace.product("bulb")
    spec = factory.workspace.spec(loaded.product.spec)
    units = MAKE_AHEAD_FROM + 9_000
    steps: list[int] = []
    with ProcessExecutor(2) as executor, factory.ledger() as ledger:
        create_batch(ledger, factory.workspace.open_vault(), BatchRequest(loaded, spec, units, "B1"), executor=executor,
                     progress=lambda done, total: steps.append(done))  # fmt: skip
        packages = list(ledger.packages.stream("B1"))
        keys = {unit.key.reveal() for unit in open_keys(ledger).units("B1", factory.workspace.open_vault()) if unit.key}
        ledger.check()
    assert steps == sorted(steps)
    assert steps[-1] == units
    assert [unit.serial for package in packages for unit in package.units] == [
        f"ebK3{number:08}" for number in range(1, units + 1)
    ]
    assert len(keys) == len({package.payload for package in packages}) * 4 == units
    assert not any(path.name.startswith("tmp") for path in factory.root.iterdir())


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_batch_made_ahead_gives_way_to_one_that_came_between(factory: Factory, jobs: int) -> None:
    factory.add()
    loaded = factory.workspace.product("bulb")
    spec = factory.workspace.spec(loaded.product.spec)
    came = False

    def meanwhile(done: int, total: int) -> None:
        nonlocal came
        if not came:  # the ledger is free while a large batch is made
            came = True
            factory.issue(7, "small")

    with factory.ledger() as ledger, open_executor(jobs) as executor:
        create_batch(ledger, factory.workspace.open_vault(), BatchRequest(loaded, spec, MAKE_AHEAD_FROM + 1, "large"),
                     executor=executor, progress=meanwhile)  # fmt: skip
        serials = [unit.serial for package in ledger.packages.stream("large") for unit in package.units]
        assert next(package.serials_text for package in ledger.packages.stream("small")) == "ebK300000001"
        ledger.check()
    assert serials == [f"ebK3{number:08}" for number in range(8, MAKE_AHEAD_FROM + 9)]


@pytest.mark.parametrize("count", [0, 2])
def test_what_tasks_say_is_heard_while_they_work(count: int) -> None:
    told: list[str] = []
    if count:
        with ProcessExecutor(count) as executor:
            found = list(parallel.run(chatty, range(6), executor, tell=told.append))
    else:
        found = list(parallel.run(chatty, range(6), tell=told.append))
    assert found == [(job, job * 2) for job in range(6)]
    assert sorted(told) == sorted(f"{job} {word}" for job in range(6) for word in ("begins", "ends"))
    assert all(told.index(f"{job} begins") < told.index(f"{job} ends") for job in range(6))


def test_a_task_that_says_something_may_still_die_or_hang() -> None:
    told: list[str] = []
    with ProcessExecutor(1) as executor:
        found = list(parallel.run(chatty, (1, 13, 17, 2), executor, seconds=2.0, attempts=1, tell=told.append))
    assert [isinstance(answer, TaskFailure) for _, answer in found] == [False, True, True, False]
    assert told == ["1 begins", "1 ends", "13 begins", "17 begins", "2 begins", "2 ends"]
