"""Programming files as others read them: the standard library, intelhex, Espressif's generator, a C compiler, age."""

from __future__ import annotations

import csv
import io
import json
import struct
import subprocess
import sys
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from intelhex import IntelHex

from bss_mfg.errors import InputError
from bss_mfg.programming.age_encryption import encrypted_to, recipients
from bss_mfg.programming.format import Format
from bss_mfg.programming.image_layout import ImageLayout
from bss_mfg.programming.names import NAMES
from bss_mfg.programming.registry import formats
from tests.helpers.programming import ABOUT, Said, files, layout, said, units
from tests.needs import needs


def all_formats(tmp_path: Path, octets: int) -> dict[str, Format]:
    """The formats with a layout that has an address, for keys of so many octets."""
    text = (Path(sys.modules[ImageLayout.__module__].__file__ or "").parent / f"layouts/mesh-{octets}.toml").read_text()
    return dict(formats(layout(tmp_path, text.replace("fill = 0xFF", "fill = 0xFF\naddress = 0x000FE000"))))


def csv_says(texts: list[bytes], _: Path) -> list[Said]:
    rows = csv.DictReader(io.StringIO(texts[0].decode(), newline=""))
    return [(row["serial"], bytes.fromhex(row["uuid"]), bytes.fromhex(row["oob_key"])) for row in rows]


def jsonl_says(texts: list[bytes], _: Path) -> list[Said]:
    rows = [json.loads(line) for line in texts[0].splitlines()]
    assert {(row["batch"], row["ledger"]) for row in rows} == {("B1", "12:0a1b2c3d")}
    return [(row["serial"], bytes.fromhex(row["uuid"]), bytes.fromhex(row["oob_key"])) for row in rows]


def bin_says(texts: list[bytes], _: Path) -> list[Said]:
    found = []
    for image in texts:
        magic, octets, device = struct.unpack_from("<4sH2x16s", image)
        key, serial = image[24 : 24 + octets], image[24 + octets : 76 + octets]
        assert magic == b"BSS1" and len(image) == 80 + octets
        assert struct.unpack("<I", image[-4:])[0] == zlib.crc32(image[:-4])
        found.append((serial.partition(b"\0")[0].decode(), device, key))
    return found


def hex_says(texts: list[bytes], _: Path) -> list[Said]:
    images = []
    for text in texts:
        whole = IntelHex(io.StringIO(text.decode()))
        assert whole.minaddr() == 0xFE000
        images.append(whole.tobinstr())
    return bin_says(images, _)


def zephyr_says(texts: list[bytes], _: Path) -> list[Said]:
    found = []
    for data in texts:
        stream, values = io.BytesIO(data), {}
        while head := stream.read(2):
            name, value = stream.read(struct.unpack("<H", head)[0]).split(b"=", 1)
            values[name.decode()] = value
        assert (values["bss/batch"], values["bss/ledger"]) == (b"B1", b"12:0a1b2c3d")
        found.append((values["bss/serial"].decode(), values["bss/uuid"], values["bss/oob"]))
    return found


def zephyr_shell_says(texts: list[bytes], _: Path) -> list[Said]:
    found = []
    for text in texts:
        rows = [line.removeprefix("settings write bss/").split() for line in text.decode().splitlines()]
        values = {name: bytes.fromhex(value) for name, value in rows}
        assert (values["batch"], values["ledger"]) == (b"B1", b"12:0a1b2c3d")
        found.append((values["serial"].decode(), values["uuid"], values["oob"]))
    return found


def nvs_image_says(image: bytes) -> Said:
    """Espressif NVS, version 2: pages of 4,096 octets, entries of 32; a text is type 0x21, a blob's octets 0x42."""
    values: dict[str, bytes] = {}
    at = 64
    while at < 4096 and image[at] != 0xFF:
        kind, span, name = image[at + 1], image[at + 2], image[at + 8 : at + 24].rstrip(b"\0").decode()
        if kind in (0x21, 0x42):
            (size,) = struct.unpack_from("<H", image, at + 24)
            values[name] = image[at + 32 : at + 32 + size]
        at += 32 * span
    return values["serial"].rstrip(b"\0").decode(), values["uuid"], values["oob_key"]


def esp_nvs_says(texts: list[bytes], folder: Path) -> list[Said]:
    for number, text in enumerate(texts):
        (folder / f"{number}.csv").write_bytes(text)
    script = (
        "import sys; from types import SimpleNamespace as S\n"
        "from esp_idf_nvs_partition_gen.nvs_partition_gen import generate\n"
        "for n in range(int(sys.argv[1])): generate(S(input=f'{n}.csv', output=f'{n}.bin', size='0x3000', version=2, "
        "outdir=sys.argv[2]))"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(len(texts)), folder], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    return [nvs_image_says((folder / f"{number}.bin").read_bytes()) for number in range(len(texts))]


def c_header_says(texts: list[bytes], folder: Path) -> list[Said]:
    blocks = []
    for number, text in enumerate(texts):
        (folder / f"{number}.h").write_bytes(text)
        blocks.append(
            f'{{\n#undef BSS_UNIT_H\n#include "{number}.h"\nprintf("%s ", bss_serial);'
            'DUMP(bss_uuid) DUMP(bss_oob_key) puts("");}'
        )
    dump = 'for (unsigned i = 0; i < sizeof a; i++) printf("%02x", a[i]); printf(" ");'
    (folder / "all.c").write_text(
        f"#include <stdint.h>\n#include <stdio.h>\n#define DUMP(a) {dump}\nint main(void) {{\n"
        + "\n".join(blocks)
        + "return 0; }\n"
    )
    strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O0"]
    subprocess.run(["cc", *strict, "all.c", "-o", "all"], cwd=folder, check=True)
    out = subprocess.run([folder / "all"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return [(serial, bytes.fromhex(device), bytes.fromhex(key)) for serial, device, key in rows]


READERS: dict[str, Callable[[list[bytes], Path], list[Said]]] = {
    "csv": csv_says,
    "jsonl": jsonl_says,
    "bin": bin_says,
    "hex": hex_says,
    "zephyr": zephyr_says,
    "zephyr-shell": zephyr_shell_says,
    "esp-nvs": esp_nvs_says,
    "c-header": c_header_says,
}


def test_every_format_has_a_reader_here() -> None:
    assert tuple(formats()) == NAMES
    assert set(READERS) == set(NAMES)


@pytest.mark.parametrize("octets", [16, 32])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs("cc")) if name == "c-header" else name for name in NAMES]
)
def test_others_read_every_unit_from_every_format(name: str, octets: int, tmp_path: Path) -> None:
    form = all_formats(tmp_path, octets)[name]
    some = units(1000, octets)
    texts = files(form, some)
    assert READERS[name](texts, tmp_path) == [said(unit) for unit in some]
    ours = [unit for text in texts for unit in form.read(text)]
    assert [(unit.serial, unit.uuid, unit.key) for unit in ours] == [(u.serial, u.uuid, u.key) for u in some]


def test_espressifs_command_accepts_the_csv(tmp_path: Path) -> None:
    (unit,) = units(1)
    (tmp_path / "in.csv").write_bytes(files(formats()["esp-nvs"], [unit])[0])
    command = [sys.executable, "-m", "esp_idf_nvs_partition_gen", "generate", "in.csv", "out.bin", "0x3000"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    image = (tmp_path / "out.bin").read_bytes()
    assert nvs_image_says(image) == said(unit)
    assert said(unit)[1] in image and said(unit)[2] in image


@pytest.fixture
def station(tmp_path: Path) -> tuple[str, Path]:
    """A station's public key and its key file, made by age itself."""
    path = tmp_path / "station.key"
    subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True)
    return subprocess.run(["age-keygen", "-y", path], check=True, capture_output=True, text=True).stdout.strip(), path


@needs("age")
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_age_itself_opens_a_sealed_export(station: tuple[str, Path], tmp_path: Path, count: int) -> None:
    public, key = station
    pieces = list(formats()["csv"].write(units(count), ABOUT))
    file = tmp_path / "keys.csv.age"
    file.write_bytes(b"".join(encrypted_to(pieces, recipients([public]))))
    opened = subprocess.run(["age", "-d", "-i", key, file], check=True, capture_output=True).stdout
    assert opened == b"".join(pieces)
    assert file.read_bytes().startswith(b"age-encryption.org/v1\n")


@needs("age")
def test_sealing_streams_and_its_source_stays_in_the_callers_thread(station: tuple[str, Path]) -> None:
    threads = set()
    drawn = 0

    def pieces() -> Iterator[bytes]:
        nonlocal drawn
        for _ in range(1000):
            threads.add(threading.current_thread())
            drawn += 1
            yield bytes(65_536)

    stream = encrypted_to(pieces(), recipients([station[0]]))
    next(stream)
    assert drawn < 20
    tracemalloc.start()
    total = sum(map(len, stream))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert threads == {threading.current_thread()}
    assert total > 65_000_000
    assert peak < 4_000_000


@needs("age")
def test_a_failing_source_leaves_no_thread_and_no_end(station: tuple[str, Path]) -> None:
    before = threading.active_count()

    def pieces() -> Iterator[bytes]:
        yield bytes(200_000)
        raise InputError("the vault is closed")

    with pytest.raises(InputError, match="the vault is closed"):
        list(encrypted_to(pieces(), recipients([station[0]])))
    stream = encrypted_to(iter([bytes(100_000)] * 50), recipients([station[0]]))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@needs("age")
def test_a_private_key_as_recipient_is_refused_and_not_repeated(station: tuple[str, Path]) -> None:
    secret = station[1].read_text().splitlines()[-1]
    with pytest.raises(InputError, match="private key") as caught:
        recipients([secret])
    assert secret[:24] not in str(caught.value)
