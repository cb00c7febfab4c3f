"""Files that are named: every format by what it is, frames and previews, and what is no file at all."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from bss_mfg.core.files import read_bytes
from bss_mfg.errors import InputError
from bss_mfg.imaging import pictures
from bss_mfg.imaging.sources import SUFFIXES, open_source, pages_of
from bss_mfg.verify.folder_watch import new_files
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.prints import scan_of


def ramp() -> np.ndarray:
    """Black at the left, white at the right."""
    return np.tile(np.linspace(0.0, 1.0, 64), (40, 1))


def assert_is_ramp(path: Path) -> None:
    grey = next(pages_of(path)).grey
    assert np.abs(grey.astype(float) / 255 - ramp()).max() < 0.03


DEPTHS: dict[str, np.ndarray] = {
    "float, 0 to 1": ramp().astype(np.float32),
    "float, 0 to 255": (ramp() * 255).astype(np.float32),
    "float, 0 to 65535": (ramp() * 65535).astype(np.float32),
    "16 bits": (ramp() * 65535).astype(np.uint16),
    "12 of 16 bits": (ramp() * 4095).astype(np.uint16),
    "32 bits": (ramp() * 65535).astype(np.int32),
}


@pytest.mark.parametrize("depth", DEPTHS)
def test_deep_grey_is_as_light_as_it_was(tmp_path: Path, depth: str) -> None:
    Image.fromarray(DEPTHS[depth]).save(tmp_path / "x.tif")
    assert_is_ramp(tmp_path / "x.tif")


def test_16_bits_of_a_png_and_of_a_tiff_whose_white_is_zero(tmp_path: Path) -> None:
    Image.fromarray((ramp() * 65535).astype(np.uint16)).save(tmp_path / "x.png")
    assert_is_ramp(tmp_path / "x.png")
    Image.fromarray(((1 - ramp()) * 65535).astype(np.uint16)).save(tmp_path / "x.tif", tiffinfo={262: 0})
    data = (tmp_path / "x.tif").read_bytes()
    with Image.open(io.BytesIO(data)) as saved:
        assert saved.tag_v2[262] == 0
    assert_is_ramp(tmp_path / "x.tif")


def test_what_is_no_number_in_a_picture_is_paper(tmp_path: Path) -> None:
    values = ramp().astype(np.float32)
    values[5, 5] = np.nan
    Image.fromarray(values).save(tmp_path / "x.tif")
    assert next(pages_of(tmp_path / "x.tif")).grey[5, 5] == 255


def test_heic_is_read_under_any_name(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    Image.fromarray((ramp() * 255).astype(np.uint8)).convert("RGB").save(tmp_path / "x.heic", quality=95)
    (tmp_path / "x.heic").rename(tmp_path / "IMG_0001.JPG")
    assert_is_ramp(tmp_path / "IMG_0001.JPG")


@pytest.mark.parametrize("kind", ["gif", "webp", "apng", "tiff"])
def test_every_frame_is_a_page(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("L", (60, 40), 255) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste(0, (10 * number, 0, 10 * number + 10, 40))
    options = {"lossless": True} if kind == "webp" else {}
    format_ = {"apng": "PNG"}.get(kind)
    frames[0].save(tmp_path / f"x.{kind}", format_, save_all=True, append_images=frames[1:], **options)
    with open_source(tmp_path / f"x.{kind}") as source:
        found = [source.page(number + 1).grey for number in range(source.pages)]
    assert len(found) == 3
    for number, grey in enumerate(found):
        dark = np.flatnonzero(grey.mean(axis=0) < 128)
        assert (dark[0], dark[-1]) == (10 * number, 10 * number + 9), number


def test_the_other_pictures_of_an_mpo_are_no_pages(printed: Factory, tmp_path: Path) -> None:
    with Image.open(scan_of(printed.root / "batches/A/labels/A-labels-0001.pdf", tmp_path / "scan.png")) as scan:
        scan.convert("RGB").save(tmp_path / "x.jpg", "MPO", save_all=True, append_images=[scan.convert("RGB")])
    (tmp_path / "scan.png").unlink()
    with printed.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("A"), [tmp_path])
    assert (outcome.counts["matched"], outcome.counts["duplicate"], outcome.pages) == (24, 0, 1)


def test_previews_in_a_tiff_are_no_pages(tmp_path: Path) -> None:
    pages = [Image.new("L", (60, 40), 255), Image.new("L", (6, 4), 255), Image.new("L", (60, 40), 200)]
    pages[1].encoderinfo = {"tiffinfo": {254: 1}}
    pages[0].save(tmp_path / "x.tif", save_all=True, append_images=pages[1:])
    with open_source(tmp_path / "x.tif") as source:
        assert [source.page(number).size for number in range(1, source.pages + 1)] == [(60, 40), (60, 40)]


def test_a_pdf_with_a_password_is_named_so(tmp_path: Path) -> None:
    document = pikepdf.new()
    document.add_blank_page()
    document.save(tmp_path / "x.pdf", encryption=pikepdf.Encryption(user="secret", owner="owner"))
    with pytest.raises(InputError, match="opens with a password") as refused:
        open_source(tmp_path / "x.pdf")
    assert "without a password" in refused.value.way_out


def test_folders_take_all_that_is_read_when_named() -> None:
    Image.init()
    ours = {ending for ending, kind in Image.registered_extensions().items() if kind in pictures.FORMATS}
    assert ours <= set(SUFFIXES)


def test_system_files_in_folders_are_passed_over_and_counted(printed: Factory, tmp_path: Path) -> None:
    scan = scan_of(printed.root / "batches/A/labels/A-labels-0001.pdf", tmp_path / "scan.png")
    system = ["._scan.png", "Thumbs.db", ".DS_Store", "desktop.ini"]
    for name in system:
        (tmp_path / name).write_bytes(b"\x00\x05\x16\x07 is no picture")
    os.mkfifo(tmp_path / "endless.png")
    with printed.ledger() as ledger:
        in_folder = verify(ledger, ledger.batches.get("A"), [tmp_path])
        named = verify(ledger, ledger.batches.get("A"), [scan, *(tmp_path / name for name in system)])
    assert in_folder.passed
    assert in_folder.files == 1
    assert [words for _, words in in_folder.troubles if "passed over 5 files" in words]
    assert named.passed
    assert [words for _, words in named.troubles if "passed over 4 files" in words]
    looks = new_files(tmp_path)
    assert [next(looks), next(looks)] == [[], [scan]]


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path)[-100:] if len(str(path)) > 100 else str(path))


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


SPECIAL: dict[str, Callable[[Path], None]] = {"a pipe": a_pipe, "a socket": a_socket, "a device": a_device}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SPECIAL[kind](Path("x.png"))
    with pytest.raises(InputError, match=f"is {kind}, and no file"):
        read_bytes(Path("x.png"), "picture")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "A", "{path}"),
        ("verify", "A", "{path}", "{scan}"),
        ("verify", "A", "{scan}", "--report", "{path}"),
        ("inspect", "{path}"),
        ("inspect", "@{path}"),
        ("inspect", "ABV:OB04;", "--private-key", "{path}"),
        ("labels", "A", "--only", "@{path}"),
        ("batch", "create", "bulb", "--identities", "{path}"),
        ("product", "add", "other", "--pid", "ebK4", "--public-key", "{path}"),
        ("ledger", "restore", "{path}", "--check"),
    ],
)
@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_no_command_waits_for_a_pipe_or_reads_an_endless_device(
    printed: Factory, tmp_path: Path, arguments: tuple[str, ...], kind: str
) -> None:
    path = tmp_path / "x.html"
    SPECIAL[kind](path)
    scan = scan_of(printed.root / "batches/A/labels/A-labels-0001.pdf", tmp_path / "scan.png")
    done = printed.cli(*(word.format(path=path, scan=scan) for word in arguments))
    assert done.code in (1, 3, 4), done.err
    if "--report" not in arguments and "restore" not in arguments:
        assert f"is {kind}, and no file" in done.out + done.err


def test_a_file_without_end_is_read_to_the_limit_only(tmp_path: Path) -> None:
    with (tmp_path / "x.png").open("wb") as file:
        file.truncate(9 << 30)  # sparse
    with pytest.raises(InputError, match="more than"):
        read_bytes(tmp_path / "x.png", "picture", 1 << 20)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_a_pipe_of_the_shell_is_read(printed: Factory) -> None:
    command = shlex.join(printed.command("inspect"))
    text = printed.payloads("A")[0]
    done = subprocess.run(
        ["bash", "-c", f"{command} @<(echo {shlex.quote(text)})"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "A, package 1" in done.stdout) == (0, True), done.stderr
