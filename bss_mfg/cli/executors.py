"""Who does the work of a command: this process, processes of this machine, or the machines of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import Command

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from bss_mfg.core.processes import ProcessExecutor
    from bss_mfg.core.timed_executor import TimedExecutor


def executor_option(function: Command) -> Command:
    """`--executor`: the scheduler of machines that do the work."""
    return click.option(
        "--executor",
        "scheduler",
        metavar="URL",
        help="Do the work on the machines of a Dask cluster: dask://HOST:8786. The results are the same.",
    )(function)


def processes_or_cluster(scheduler: str | None, jobs: int, batch: str = "") -> AbstractContextManager[TimedExecutor]:
    """Processes of this machine, or a cluster's workers, which then get of a ledger in a file what is of `batch`, or
    all."""
    from bss_mfg.core.processes import ProcessExecutor, cores

    near = ProcessExecutor(jobs or cores())
    return _cluster(scheduler, near, batch) if scheduler else near


@contextmanager
def here_or_cluster(scheduler: str | None, jobs: int, items: int, batch: str) -> Iterator[Executor | None]:
    """As `processes_or_cluster`; this process where there are too few items for others."""
    from bss_mfg.core.processes import open_executor

    if scheduler:
        with processes_or_cluster(scheduler, jobs, batch) as cluster:
            yield cluster
    else:
        with open_executor(jobs, items) as executor:
            yield executor


@contextmanager
def _cluster(scheduler: str, near: ProcessExecutor, batch: str) -> Iterator[TimedExecutor]:
    from bss_mfg.core.dask_executor import DaskExecutor
    from bss_mfg.workspace.portable_parts import WorkspaceParts

    with near, DaskExecutor(scheduler, WorkspaceParts(batch), near) as cluster:
        yield cluster
