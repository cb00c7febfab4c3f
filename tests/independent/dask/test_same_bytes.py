"""What a Dask cluster makes and says is what this machine alone makes and says, on both ledgers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bss_mfg.core import dask_executor
from bss_mfg.core.dask_worker import Job
from tests.helpers.dask_cluster import Cluster, cluster
from tests.helpers.factory import Factory, make_factory
from tests.helpers.pictures import pdfium
from tests.helpers.postgres import server
from tests.needs import needs

pytestmark = pytest.mark.xdist_group("dask")


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("far away")) as running:
        yield running


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    factory = make_factory(tmp_path_factory.mktemp("here") / "w")
    factory.add(units_per_package=2)
    factory.issue(96, "B1")
    factory.add("lamp", title="Mesh Lamp")
    factory.issue(4, "OTHER", "lamp")
    return factory


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that leave this machine."""
    jobs: list[Job] = []
    made = dask_executor._Sent

    def note(job: Job) -> Any:
        jobs.append(job)
        return made(job)

    monkeypatch.setattr(dask_executor, "_Sent", note)
    return jobs


def files_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    "how",
    [
        ("--template", "sheet-a4-24", "--printer", "pdf-300"),
        ("--template", "roll-50x30", "--printer", "zpl-300"),
        ("--template", "languages-70x40", "--printer", "png-300"),
        ("--template", "device-30x20"),
        ("--template", "carton-105x74"),
        ("--template", "traveller-a4"),
    ],
    ids=lambda how: how[1],
)
def test_labels(printed: Factory, two_workers: Cluster, tmp_path: Path, sent: list[Job], how: tuple[str, ...]) -> None:
    factory = printed.copied(tmp_path / "w")
    far, near, alone = (factory.root / name for name in ("far", "near", "alone"))
    labels = ("labels", "B1", *how, "--labels-per-file", "24", "--again")
    # A label of a whole batch shows the ledger's head, which goes on with each file: two copies make it.
    done = factory.cli(*labels, "--out", far, "--executor", two_workers.url)
    assert done.code == 0, done.err
    assert sent
    assert not [job for job in sent if str(factory.root).encode() in job.call.pickled]  # no path of this machine
    other = printed.copied(tmp_path / "v") if "traveller-a4" in how else factory
    assert other.cli(*labels, "--out", near, "--jobs", "2").code == 0
    assert files_of(far) == files_of(near)
    if other is factory:
        assert factory.cli(*labels, "--out", alone, "--jobs", "1").code == 0
        assert files_of(far) == files_of(alone)


def verdict(factory: Factory, *arguments: object) -> tuple[int, Any]:
    done = factory.cli("verify", "B1", *arguments, "--json")
    return done.code, json.loads(done.out.replace(str(factory.root), "ROOT"))


def test_verdicts_grades_and_books(printed: Factory, two_workers: Cluster, tmp_path: Path, sent: list[Job]) -> None:
    """Label files, a picture of a sheet with a label of another batch on it, one that is none, one that is not there
    any more and a folder: each is told as by this machine."""
    far, near = printed.copied(tmp_path / "far"), printed.copied(tmp_path / "near")
    for factory in (far, near):
        assert factory.cli("labels", "B1", "--out", factory.root / "made", "--labels-per-file", "24").code == 0
        assert factory.cli("labels", "OTHER", "--out", factory.root / "other").code == 0
        save_scan(factory.root / "made", factory.root / "scan.png")
        save_scan(factory.root / "other", factory.root / "stray.png")
        (factory.root / "no-picture.png").write_bytes(b"no picture")
    names = ("made", "scan.png", "stray.png", "no-picture.png")

    def asked(factory: Factory, *more: object) -> tuple[int, Any]:
        return verdict(factory, *(factory.root / name for name in names), "--grade", *more)

    code, said = asked(far, "--executor", two_workers.url)
    assert (code, without_moments(said)) == (1, without_moments(asked(near)[1]))
    assert len(sent) > 5
    sent.clear()
    assert books(far, "--executor", two_workers.url) == (0, books(near)[1])
    assert sent


def books(factory: Factory, *more: object) -> tuple[int, Any]:
    done = factory.cli("reconcile", "B1", "--folder", factory.root / "made", "--json", *more)
    return done.code, json.loads(done.out.replace(str(factory.root), "ROOT"))


def save_scan(folder: Path, picture: Path) -> None:
    """The first page of a label file, as a flatbed sees it."""
    Image.fromarray(pdfium(min(folder.glob("*.pdf")), 300)).save(picture, dpi=(300, 300))


def without_moments(said: Any) -> Any:
    """What was said, but for when."""
    return {name: value for name, value in said.items() if name not in ("at", "seconds", "head")}


def test_keys_stay_here(printed: Factory, two_workers: Cluster, tmp_path: Path, sent: list[Job]) -> None:
    """With the development key barcodes are opened, and compared with the keys of the ledger and of a programming file:
    what holds one is done by processes of this machine."""
    factory = printed.copied(tmp_path / "w")
    assert factory.cli("labels", "B1", "--out", factory.root / "all").code == 0
    assert factory.cli("program", "B1", "--format", "csv", "--out", factory.root / "all" / "keys.csv").code == 0
    done = factory.cli(
        "reconcile", "B1", "--folder", factory.root / "all", "--private-key", factory.private_key, "--executor",
        two_workers.url,
    )  # fmt: skip
    assert done.code == 0, done.out
    assert "48 barcodes opened" in done.err
    called = b"".join(job.call.pickled for job in sent)
    assert b"read_pages" in called
    assert b"compare_barcodes" not in called
    assert b"programming" not in called


@needs("postgresql")
def test_a_ledger_on_a_server(two_workers: Cluster, tmp_path: Path) -> None:
    """Workers ask the server themselves; the key folder is not theirs."""
    with server() as running:
        factory = make_factory(tmp_path / "w", running.new_database("far"))
        factory.add()
        factory.issue(48)
        far, near = factory.root / "far", factory.root / "near"
        done = factory.cli("labels", "B1", "--out", far, "--executor", two_workers.url)
        assert done.code == 0, done.err
        assert factory.cli("labels", "B1", "--out", near, "--again").code == 0
        assert files_of(far) == files_of(near)
        assert verdict(factory, near, "--executor", two_workers.url)[0] == 0
