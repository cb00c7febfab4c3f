"""Machines that die, stall, come back, or are not the ones they should be: the run goes on, or says what is wrong."""

from __future__ import annotations

import datetime
import ipaddress
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bss_mfg.core.dask_executor import DaskExecutor
from bss_mfg.core.portable_tasks import Part
from bss_mfg.core.processes import ProcessExecutor
from tests.helpers.commands import Outcome
from tests.helpers.dask_cluster import Cluster, cluster, free_port
from tests.helpers.factory import Factory, make_factory
from tests.independent.dask.test_same_bytes import files_of

pytestmark = pytest.mark.xdist_group("dask")


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    factory = make_factory(tmp_path_factory.mktemp("here") / "w")
    factory.add()
    factory.issue(480, "B1")
    assert factory.cli("labels", "B1", "--out", factory.root / "near", "--labels-per-file", "24").code == 0
    return factory


def labels(factory: Factory, running: Cluster) -> tuple[subprocess.Popen[str], Path]:
    """The batch's labels as they are made by a cluster."""
    folder = factory.root / "far"
    words = ("labels", "B1", "--out", folder, "--labels-per-file", "24", "--again", "--executor", running.url)
    made = subprocess.Popen(
        factory.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    return made, folder


def made_so_far(folder: Path) -> int:
    return len(list(folder.glob("*.pdf"))) if folder.is_dir() else 0


def wait_until_made(made: subprocess.Popen[str], folder: Path, count: int) -> None:
    until = time.monotonic() + 300
    while made.poll() is None and made_so_far(folder) < count and time.monotonic() < until:
        time.sleep(0.01)


@pytest.mark.parametrize("after", [0, 5])
def test_a_worker_dies(issued: Factory, tmp_path: Path, after: int) -> None:
    factory = issued.copied(tmp_path / "w")
    with cluster(tmp_path / "far away") as running:
        made, folder = labels(factory, running)
        wait_until_made(made, folder, after)
        running.workers[0].kill()
        errors = made.communicate(timeout=500)[1]
        assert made.returncode == 0, errors
    assert files_of(folder) == files_of(factory.root / "near")


def test_a_scheduler_is_started_anew(issued: Factory, tmp_path: Path) -> None:
    """Its workers are started with it, as they leave a scheduler that is gone."""
    factory = issued.copied(tmp_path / "w")
    with cluster(tmp_path / "far away", workers=1) as running:
        made, folder = labels(factory, running)
        wait_until_made(made, folder, 2)
        running.end_scheduler()
        running.start_scheduler()
        running.add_worker()
        errors = made.communicate(timeout=500)[1]
        assert made.returncode == 0, errors
    assert files_of(folder) == files_of(factory.root / "near")


def test_a_worker_stalls_and_goes_on(issued: Factory, tmp_path: Path) -> None:
    factory = issued.copied(tmp_path / "w")
    with cluster(tmp_path / "far away") as running:
        made, folder = labels(factory, running)
        wait_until_made(made, folder, 2)
        running.workers[0].send_signal(signal.SIGSTOP)
        threading.Timer(6, running.workers[0].send_signal, (signal.SIGCONT,)).start()
        errors = made.communicate(timeout=500)[1]
        assert made.returncode == 0, errors
    assert files_of(folder) == files_of(factory.root / "near")


def test_where_nobody_works_any_more_the_run_ends_and_is_resumed(
    issued: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bss_mfg.core.dask_executor.ABSENT_SECONDS", 4.0)
    factory = issued.copied(tmp_path / "w")
    folder = factory.root / "far"
    words = ("labels", "B1", "--out", folder, "--labels-per-file", "24", "--again")
    with cluster(tmp_path / "far away", workers=1) as running:

        def end() -> None:
            until = time.monotonic() + 300
            while made_so_far(folder) < 2 and time.monotonic() < until:
                time.sleep(0.01)
            running.end()

        ending = threading.Thread(target=end)
        ending.start()
        done = factory.cli(*words, "--executor", running.url)
        ending.join()
    assert done.code == 6
    assert "no worker is there" in done.err
    assert 2 <= made_so_far(folder) < 20
    assert factory.cli(*words).code == 0
    assert files_of(folder) == files_of(factory.root / "near")


def test_a_worker_of_another_version_is_named(issued: Factory, tmp_path: Path) -> None:
    """A worker whose pypdfium2 says that it is another."""
    shadow = tmp_path / "shadow" / "pypdfium2-0.1.dist-info"
    shadow.mkdir(parents=True)
    (shadow / "METADATA").write_text("Metadata-Version: 2.1\nName: pypdfium2\nVersion: 0.1\n")
    factory = issued.copied(tmp_path / "w")
    with cluster(tmp_path / "far away", workers=0) as running:
        running.add_worker(PYTHONPATH=str(shadow.parent))
        running.wait_for_workers(1)
        done = factory.cli("labels", "B1", "--again", "--executor", running.url)
    assert done.code == 3
    assert "pypdfium2 0.1 (here " in done.err


def test_a_worker_under_a_nanny_is_named(issued: Factory, tmp_path: Path) -> None:
    factory = issued.copied(tmp_path / "w")
    with cluster(tmp_path / "far away", workers=0) as running:
        running.add_worker(without="")
        running.wait_for_workers(1)
        done = factory.cli("labels", "B1", "--again", "--executor", running.url)
    assert done.code == 6
    assert "`dask worker --no-nanny`" in done.err


def test_no_scheduler_answers(issued: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bss_mfg.core.dask_executor.CONNECT_SECONDS", 1.0)
    done = issued.cli("labels", "B1", "--again", "--executor", f"dask://127.0.0.1:{free_port()}")
    assert done.code == 6
    assert "no Dask scheduler answers" in done.err


# --- certificates ---------------------------------------------------------------------------------------------------


def certificates(folder: Path, name: str) -> dict[str, str]:
    """An authority and one certificate of it for 127.0.0.1, as settings of Dask for both sides."""
    folder.mkdir()
    now = datetime.datetime.now(datetime.UTC)

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def made(subject: str, own: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, is_ca: bool) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(f"authority of {name}"))
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        )
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "ca.pem").write_bytes(made(f"authority of {name}", authority, authority, is_ca=True))
    (folder / "own.pem").write_bytes(made(name, own, authority, is_ca=False))
    (folder / "own.key").write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    found = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(folder / "ca.pem")}
    for side in ("CLIENT", "SCHEDULER", "WORKER"):
        found[f"DASK_DISTRIBUTED__COMM__TLS__{side}__CERT"] = str(folder / "own.pem")
        found[f"DASK_DISTRIBUTED__COMM__TLS__{side}__KEY"] = str(folder / "own.key")
    return found


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("guarded")
    with cluster(folder / "far", workers=1, scheme="tls", **certificates(folder / "certificates", "factory")) as made:
        yield made


def run_with(factory: Factory, running: Cluster, settings: dict[str, str]) -> Outcome:
    """In a process of its own: Dask reads its settings once."""
    return factory.process("labels", "B1", "--again", "--executor", running.url, env=settings)


def test_with_certificates(issued: Factory, guarded: Cluster, tmp_path: Path) -> None:
    done = run_with(issued.copied(tmp_path / "w"), guarded, dict(guarded.environment))
    assert done.code == 0, done.err


def test_without_a_certificate(issued: Factory, guarded: Cluster) -> None:
    done = run_with(issued, guarded, {})
    assert done.code == 3
    assert "distributed.comm.tls.ca-file" in done.err


def test_with_a_certificate_of_somebody_else(issued: Factory, guarded: Cluster, tmp_path: Path) -> None:
    done = run_with(issued, guarded, certificates(tmp_path / "stranger", "stranger"))
    assert done.code == 6
    assert "no Dask scheduler answers" in done.err


class _Nothing:
    """Tasks that name nothing of this machine."""

    def part_of(self, thing: object) -> Part | None:
        return None

    def read(self, part: Part) -> bytes:
        raise AssertionError("nothing travels beside a task")


def test_a_worker_has_its_next_task_while_it_works_on_one(tmp_path: Path) -> None:
    """One is at its process, one is ready, and the third waits at the scheduler or in the worker's queue."""
    from distributed import Client

    def at_work_and_ready(dask_worker: Any) -> tuple[int, int]:
        return len(dask_worker.state.long_running), len(dask_worker.state.executing)

    with (
        cluster(tmp_path / "cluster", 1) as running,
        ProcessExecutor(1) as near,
        DaskExecutor(running.url, _Nothing(), near) as dask,
        Client(running.address, set_as_default=False) as client,
    ):
        tasks = [dask.submit_within(60.0, time.sleep, 4.0) for _ in range(4)]
        seen: Counter[tuple[int, int]] = Counter()
        while not tasks[-1].done():
            seen.update(client.run(at_work_and_ready).values())
        # Where one ends and the next takes its place, both may be counted for a moment.
        too_many = sum(count for states, count in seen.items() if sum(states) > 2)
        assert seen[1, 1] > 0 and too_many * 10 < seen.total(), seen
