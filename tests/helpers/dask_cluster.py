"""A Dask cluster of the tests' own: a scheduler and workers as processes on loopback, in a folder of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SCHEDULER = ("-m", "distributed.cli.dask_scheduler")
WORKER = ("-m", "distributed.cli.dask_worker")
_START_SECONDS = 120


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Cluster:
    """A scheduler's address, and its processes; `environment` has Dask's settings of its certificates."""

    folder: Path
    scheme: str = "tcp"
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """As Dask names it."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """As `--executor` takes it."""
        return self.address if self.scheme == "tls" else f"dask://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        """Start it, and wait until it listens."""
        self.scheduler = self._start(
            *SCHEDULER, "--host", f"{self.scheme}://127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def add_worker(self, *arguments: str, without: str = "--no-nanny", **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker; it registers itself."""
        words = [without] if without else []
        worker = self._start(
            *WORKER, self.address, *words, "--nthreads", "1", "--no-dashboard", *arguments, **environment
        )
        self.workers.append(worker)
        return worker

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many are registered."""
        from distributed import Client
        from distributed.security import Security

        own = {key.removeprefix("DASK_DISTRIBUTED__COMM__TLS__"): value for key, value in self.environment.items()}
        security = (
            Security(
                require_encryption=True,
                tls_ca_file=own["CA_FILE"], tls_client_cert=own["CLIENT__CERT"], tls_client_key=own["CLIENT__KEY"],
            )
            if own
            else None
        )  # fmt: skip
        with Client(self.address, timeout=_START_SECONDS, security=security, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=_START_SECONDS)

    def end_scheduler(self) -> None:
        """Kill it."""
        assert self.scheduler
        self.scheduler.kill()
        self.scheduler.wait()

    def end(self) -> None:
        """Kill all that runs."""
        for process in (self.scheduler, *self.workers):
            if process:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "log").open("ab")
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **self.environment, **environment, "TMPDIR": str(self.folder)},
        )


@contextmanager
def cluster(folder: Path, workers: int = 2, scheme: str = "tcp", **environment: str) -> Iterator[Cluster]:
    """A cluster that ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Cluster(folder, scheme, environment)
    try:
        running.start_scheduler()
        for _ in range(workers):
            running.add_worker()
        if workers:
            running.wait_for_workers(workers)
        yield running
    finally:
        running.end()
