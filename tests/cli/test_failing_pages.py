"""One page or file that breaks a reader costs itself, by name, in every command that reads pictures."""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.imaging.sources import Page, Source
from bss_mfg.reconcile.reconciliation import ReconcileRequest, reconcile
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.pace import is_soon
from tests.helpers.scans import cell


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[tuple[str, int]]]:
    """Pages, by file and number, at which a library raises what nobody has thought of."""
    pages: set[tuple[str, int]] = set()
    draw = Source.page

    def page(self: Source, number: int, areas: object = ()) -> Page:
        if (self.path.name, number) in pages:
            raise ZeroDivisionError("of the library")
        return draw(self, number, areas)  # type: ignore[arg-type]

    monkeypatch.setattr(Source, "page", page)
    yield pages


def scanned(printed: Factory, batch: str = "A") -> Image.Image:
    document = pypdfium2.PdfDocument(printed.root / "batches" / batch / "labels" / f"{batch}-labels-0001.pdf")
    return Image.fromarray(np.asarray(document[0].render(scale=300 / 72, grayscale=True).to_pil()))


@pytest.fixture(scope="module")
def scan(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of the sheet of batch A."""
    path = tmp_path_factory.mktemp("scan") / "scan.png"
    scanned(printed).save(path, dpi=(300, 300))
    return path


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut.png": lambda data: data[: len(data) // 2],
    "flipped.png": lambda data: data[:2000] + bytes(byte ^ 0xA5 for byte in data[2000:2400]) + data[2400:],
    "header.png": lambda data: data[:20],
    "noise.png": lambda data: data[:8] + bytes(range(256)) * 9,
    "empty.png": lambda data: b"",
    "text.png": lambda data: b"hello",
    "noise.pdf": lambda data: b"%PDF-1.7\n" + data[:5000],
    "noise.tif": lambda data: b"II*\0" + data[100:4000],
    "noise.webp": lambda data: b"RIFF\x00\x10\x00\x00WEBPVP8 " + data[:900],
    "noise.jpg": lambda data: b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + data[:900],
    "noise.bmp": lambda data: b"BM" + data[:900],
}
"""Files that are none, made of a good one."""


def test_damaged_files_among_good_ones_are_named(printed: Factory, scan: Path, tmp_path: Path) -> None:
    for name, damage in DAMAGE.items():
        (tmp_path / name).write_bytes(damage(scan.read_bytes()))
    shutil.copy(scan, tmp_path / "m.png")
    done = printed.cli("verify", "A", tmp_path, "--json", "--jobs", 1)
    assert done.code == 1, done.err
    assert done.json["counts"]["matched"] == 24
    assert sorted(Path(item["file"].split(", page")[0]).name for item in done.json["broken_files"]) == sorted(DAMAGE)


def test_a_page_that_breaks_a_reader_is_named_and_the_rest_is_read(
    printed: Factory, scan: Path, tmp_path: Path, failing: set[tuple[str, int]]
) -> None:
    for name in ("a.png", "b.png"):
        shutil.copy(scan, tmp_path / name)
    (tmp_path / "a.png").write_bytes(scan.read_bytes() + b"\0")  # other bytes: read though b.png shows the same
    failing.add(("a.png", 1))
    with printed.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("A"), [tmp_path])
    assert outcome.counts["matched"] == 24
    (broken,) = outcome.broken
    assert broken[0].endswith("a.png, page 1") and "ZeroDivisionError" in broken[1]
    assert "of the library" not in broken[1]


def test_a_run_names_the_page_that_it_cannot_read_back(factory: Factory, failing: set[tuple[str, int]]) -> None:
    factory.add(oob_bytes=16)
    failing.add(("R1-labels-0001.pdf", 2))
    done = factory.cli("run", "bulb", "--units", 72, "--id", "R1", "--template", "sheet-a4-24")
    assert done.code == 1, done.err
    assert "R1-labels-0001.pdf, page 2: it failed (ZeroDivisionError)" in done.err
    assert "defect of bss-mfg" not in done.err
    failing.clear()
    assert factory.cli("run", "--resume", "R1").code == 0


def test_reconcile_names_the_page_that_it_cannot_read(issued: Factory, failing: set[tuple[str, int]]) -> None:
    made = issued.label(template="roll-50x30")
    failing.add((made.files[0].name, 3))
    with issued.ledger() as ledger:
        request = ReconcileRequest(ledger.batches.get("B1"), issued.workspace.batch_folder("B1"), None)
        outcome = reconcile(ledger, issued.workspace.open_vault(), request)
    (words,) = [item.what for item in outcome.differences if "can't be read" in item.what]
    assert words.startswith("page 3 can't be read: it failed (ZeroDivisionError)")


def test_inspect_explains_the_other_pages(printed: Factory, tmp_path: Path, failing: set[tuple[str, int]]) -> None:
    path = tmp_path / "three.tif"
    pages = [scanned(printed, batch).crop((0, 0, 1000, 600)) for batch in ("A", "B", "A")]
    pages[0].save(path, save_all=True, append_images=pages[1:], dpi=(300, 300))
    whole = printed.cli("inspect", path, "--json").json
    failing.add(("three.tif", 2))
    done = printed.cli("inspect", path, "--json")
    assert done.code == 1, done.err
    symbols = [item for item in done.json if item["payload"]]
    assert symbols == [item for item in whole if item["page"] != 2]
    (broken,) = (item for item in done.json if not item["payload"])
    assert (broken["file"], broken["page"]) == ("three.tif", 2)
    assert "it failed (ZeroDivisionError)" in broken["problems"][0]
    failing.update({("three.tif", 1), ("three.tif", 3)})
    done = printed.cli("inspect", path)
    assert (done.code, "page 1" in done.err, "page 3" in done.err) == (3, True, True)


def test_inspect_explains_pages_beside_a_damaged_one(printed: Factory, tmp_path: Path) -> None:
    """A page whose content is cut: without any help of the test."""
    path, label = tmp_path / "two.pdf", printed.root / "batches" / "A" / "labels" / "A-labels-0001.pdf"
    with pikepdf.open(label) as pdf:
        pdf.pages.append(pdf.pages[0])
        pdf.pages[1].mediabox = [0, 0, 90_000, 90_000]
        pdf.save(path)
    done = printed.cli("inspect", path, "--json")
    assert done.code == 1, done.err
    assert len([item for item in done.json if item["payload"]]) == 24
    assert "megapixels" in done.json[-1]["problems"][0]


def test_watching_names_a_damaged_file_at_once(printed: Factory, scan: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "bad.png").write_bytes(scan.read_bytes()[:3000])
    watching = subprocess.Popen(
        printed.command("verify", "A", "--watch", inbox, "--jobs", 1), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        assert watching.stderr is not None
        said = ""
        for line in watching.stderr:
            said += line
            if "UNREADABLE FILE" in line:
                break
        assert "bad.png" in said and "damaged or cut-off" in said
        shutil.copy(scan, inbox / "part")
        (inbox / "part").rename(inbox / "good.png")
        out, err = watching.communicate(timeout=120)
    finally:
        watching.kill()
    assert watching.returncode == 1, err
    assert "UNREADABLE FILE" in out and "24 matched" in out


def test_watching_names_the_labels_that_are_wrong_at_once(printed: Factory, scan: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    page = np.array(Image.open(scan))
    page[cell(5)] = 255
    Image.fromarray(page).save(inbox / "bad.png", dpi=(300, 300))
    watching = subprocess.Popen(
        printed.command("verify", "A", "--watch", inbox, "--jobs", 1), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        assert watching.stderr is not None
        said = next(line for line in watching.stderr if line.startswith("MISSING: "))
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=120)
    finally:
        watching.kill()
    assert said.startswith("MISSING: ebK300000005: its place is blank or covered [bad.png, page 1")


@pytest.mark.parametrize("size", [(612, 792), (612, 1008), (288, 432)])
def test_pages_of_american_sizes_are_verified(printed: Factory, tmp_path: Path, size: tuple[int, int]) -> None:
    out, document = io.BytesIO(), pypdfium2.PdfDocument.new()
    document.new_page(*size)
    document.save(out)
    (tmp_path / "blank.pdf").write_bytes(out.getvalue())
    begun = time.monotonic()
    done = printed.cli("verify", "A", tmp_path / "blank.pdf", "--partial", "--json", "--jobs", 1)
    assert done.code in (0, 1), done.err
    assert done.json["broken_files"] == [] and is_soon(time.monotonic() - begun, 60)
