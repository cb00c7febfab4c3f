"""Programming data: every format is read by others, nothing is padded, cut or shown; what was read back is judged."""

from __future__ import annotations

import re
import secrets
import string
import struct
import sys
import tracemalloc
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.core.clock import now
from bss_mfg.errors import BssError, InputError, MissingError
from bss_mfg.ledger.batches import NewBatch
from bss_mfg.ledger.sealed_rows import seal_packages as sealed_rows
from bss_mfg.model import Batch, Package, Secret, Unit
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.programming.age_encryption import encrypted_to, recipients
from bss_mfg.programming.crc import CRC_ALGORITHMS
from bss_mfg.programming.format import FileMark
from bss_mfg.programming.image_layout import packaged_layouts
from bss_mfg.programming.names import NAMES
from bss_mfg.programming.readback import ReadbackDifference, check_readback, read_readback
from bss_mfg.programming.registry import formats
from tests.helpers.factory import Factory
from tests.helpers.programming import ABOUT, LAYOUT, files, layout, said, units


def test_files_are_marked_with_batch_and_ledger_head_where_there_is_room(tmp_path: Path) -> None:
    (unit,) = units(1)
    for name, form in formats(layout(tmp_path)).items():
        (text,) = files(form, [unit])
        marked = b"12:0a1b2c3d" in text or b"12:0a1b2c3d".hex().encode() in text
        assert marked == (name not in ("csv", "bin", "hex")), name
    with pytest.raises(ValueError, match="a mark has"):
        FileMark("B1 */ int x;", "ebK3", "1:0", "1")


def test_the_csv_is_as_it_always_was() -> None:
    key = bytes(range(0xA0, 0xB0))
    unit = Unit(1, "ebK300000001", uuid.UUID("00112233-4455-4677-8899-aabbccddeeff"), None, Secret(key))
    assert b"".join(formats()["csv"].write([unit], ABOUT)) == (
        b"serial,uuid,oob_key\r\nebK300000001,00112233445546778899AABBCCDDEEFF,A0A1A2A3A4A5A6A7A8A9AAABACADAEAF\r\n"
    )


SERIALS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}", fullmatch=True)


KEYS = st.binary(min_size=16, max_size=16) | st.binary(min_size=32, max_size=32)


@settings(deadline=None)
@given(serial=SERIALS, device=st.binary(min_size=16, max_size=16), key=KEYS, name=st.sampled_from(NAMES))
def test_what_is_written_is_read(serial: str, device: bytes, key: bytes, name: str) -> None:
    layouts = [item.model_copy(update={"address": 0x1000}) for item in packaged_layouts()]
    form = formats(next(item for item in layouts if item.key_size == len(key)))[name]
    unit = Unit(1, serial, uuid.UUID(bytes=device), None, Secret(key))
    (found,) = form.read(b"".join(form.write([unit], ABOUT)))
    assert (found.serial, found.uuid, found.key) == (serial, unit.uuid, unit.key)
    assert key.hex() not in f"{found!r} {found} {unit!r} {form!r}"


@settings(deadline=None)
@given(data=st.binary(max_size=200), name=st.sampled_from(NAMES))
def test_what_is_no_file_of_a_format_is_refused(data: bytes, name: str) -> None:
    try:
        formats()[name].read(data)
    except InputError as error:
        assert error.what


@pytest.mark.parametrize("name", ["c-header", "csv", "esp-nvs", "jsonl", "zephyr-shell"])
def test_a_text_of_any_length_is_refused(name: str) -> None:
    """Python turns no text of 5,000 digits into a number, and its CSV reader takes no cell of 128 KiB."""
    form = formats()[name]
    written = b"".join(form.write(units(1), ABOUT))
    for long in (b"9" * 5_000, b"9" * 150_000):
        for old in (b"[16]", b"hex2bin,", b'"uuid":', b"serial,uuid", b"bss/uuid "):
            if old in written:
                with pytest.raises(InputError):
                    form.read(written.replace(old, (old[:1] + long + b"]") if old == b"[16]" else old + long, 1))


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(NAMES), at=st.floats(0, 0.999), new=st.integers(1, 255))
def test_an_altered_file_is_refused_or_says_so_and_never_shows_a_key(name: str, at: float, new: int) -> None:
    form = formats(packaged_layouts()[0].model_copy(update={"address": 0x1000}))[name]
    unit = Unit(1, "00000001", uuid.UUID(int=7), None, Secret(bytes(range(0xA0, 0xB0))))
    data = bytearray(b"".join(form.write([unit], ABOUT)))
    data[int(at * len(data))] ^= new
    try:
        assert len(form.read(bytes(data))) <= 1
    except InputError as error:
        assert not re.search("A0A1A2|A5A6A7|ADAEAF", str(error).upper())


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_without_its_key_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="unit S1: has no OOB key"):
        list(formats()[name].write([Unit(1, "S1", uuid.uuid4())], ABOUT))
    with pytest.raises(InputError, match="unit S1: has no OOB key"):
        list(formats()[name].write([Unit(1, "S1", uuid.uuid4(), None, Secret(b"short"))], ABOUT))


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_tables_stream_and_hold_one_line(name: str) -> None:
    (one,) = units(1)
    drawn = 0

    def many() -> Iterator[Unit]:
        nonlocal drawn
        for _ in range(100_000):
            drawn += 1
            yield one

    pieces = formats()[name].write(many(), ABOUT)
    next(pieces)
    assert drawn <= 1
    tracemalloc.start()
    total = sum(map(len, pieces))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 10_000_000
    assert peak < 200_000


def test_check_sums_have_their_published_check_values() -> None:
    """The "check" of each in the catalogue of parametrised CRC algorithms: over the ASCII digits 123456789."""
    wanted = {"crc32": 0xCBF43926, "crc16-ccitt-false": 0x29B1, "crc16-xmodem": 0x31C3, "crc16-kermit": 0x2189}
    assert {name: compute(b"123456789") for name, (_, compute) in CRC_ALGORITHMS.items()} == wanted


def test_a_layout_puts_every_region_where_it_says(tmp_path: Path) -> None:
    (unit,) = units(1)
    form = formats(layout(tmp_path))["bin"]
    (image,) = files(form, [unit])
    assert len(image) == 192
    assert image[:6] == bytes.fromhex("CAFE00000007")
    assert image[6:16] == bytes(10)
    assert image[16:64] == said(unit)[1] + said(unit)[2]
    assert image[64:114] == b"00000001".ljust(50)
    assert image[114:178] == b"B1".ljust(64, b"\0")
    assert image[178:188] == bytes(10)
    table = [0] * 256
    for index in range(256):
        value = index << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
        table[index] = value
    crc = 0xFFFF
    for octet in image[:178]:
        crc = (crc << 8 & 0xFFFF) ^ table[crc >> 8 ^ octet]
    assert image[188:190] == struct.pack(">H", crc)


def test_a_key_of_another_width_is_never_padded_or_cut(tmp_path: Path) -> None:
    (unit,) = units(1, 16)
    with pytest.raises(InputError, match=r"unit 00000001, layout line-7: the OOB key has 16 bytes, .* has 32"):
        files(formats(layout(tmp_path))["bin"], [unit])


def test_a_serial_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    unit = Unit(1, "S" * 9, uuid.uuid4(), None, Secret(bytes(32)))
    form = formats(layout(tmp_path, LAYOUT.replace("width = 50\npad = 0x20", "width = 9\nterminated = true")))["bin"]
    with pytest.raises(InputError, match="the serial 'SSSSSSSSS' has 9 characters, region serial has room for 8"):
        files(form, [unit])


def test_intel_hex_without_an_address_is_refused() -> None:
    with pytest.raises(InputError, match="the layout has no address, and Intel HEX needs one"):
        files(formats()["hex"], units(1))


def test_an_image_of_another_layout_is_not_believed(tmp_path: Path) -> None:
    ours = formats(layout(tmp_path))
    (image,) = files(ours["bin"], units(1))
    other = formats(layout(tmp_path, LAYOUT.replace("value = 7", "value = 8")))["bin"]
    with pytest.raises(InputError, match=r"not an image of layout line-7: byte 5 \(version\) differs"):
        other.read(image)
    with pytest.raises(InputError, match="has 191 bytes, not 192"):
        ours["bin"].read(image[1:])
    moved = formats(layout(tmp_path, LAYOUT.replace("0x100FF000", "0x100FE000")))["hex"]
    with pytest.raises(InputError, match="does not hold exactly the image of line-7 at its address"):
        moved.read(files(ours["hex"], units(1))[0])


BAD_LAYOUTS = {
    "overlap": (
        "offset = 64\nwidth = 50",
        "offset = 60\nwidth = 50",
        "line 44, region[6].offset: serial overlaps auth",
    ),
    "overflow": ("offset = 188", "offset = 191", "line 10, region[1].offset: crc ends at byte 193, the image has 192"),
    "key width": ("width = 32", "width = 20", "region[5].width: '20': should be 16 or 32"),
    "no key": ('kind = "oob"', 'kind = "product"', "0 regions are of the kind oob; exactly one is needed"),
    "two keys": ('kind = "batch"\noffset = 114\nwidth = 64', 'kind = "oob"\noffset = 114\nwidth = 32', "2 regions"),
    "uuid width": ("offset = 16\n", "offset = 16\nwidth = 8\n", "region[4].width"),
    "uuid byte order": ("offset = 16\n", 'offset = 16\nendian = "little"\n', "endian: this field does not belong here"),
    "unknown region": ('first = "head"', 'first = "haed"', "region[1].first: there is no region 'haed'"),
    "crc backwards": ('last = "batch"', 'last = "head"', None),
    "crc over itself": ('last = "batch"', 'last = "crc"', "region[1].last: crc is over itself"),
    "number too big": (
        'width = 4\nendian = "big"\nvalue = 7',
        'width = 1\nendian = "big"\nvalue = 256',
        "256 does not",
    ),
    "bad hex": ('"CA FE"', '"CA F"', "region[2].value: 'CA F': should be pairs of hex digits"),
    "pad is text": ("pad = 0x20", "pad = 0x30", "can't be told from padding"),
    "two names": ('name = "head"', 'name = "crc"', "'crc' is also the name of region 1"),
    "address": ("0x100FF000", "0xFFFFFFF0", "line 5, address: the image's 192 bytes reach beyond a 32-bit address"),
    "unknown kind": ('kind = "octets"', 'kind = "octet"', "there is no kind 'octet'"),
    "unknown field": ("fill = 0x00", "fil = 0x00", "there is no such field; did you mean 'fill'?"),
    "text for a number": ("size = 192", 'size = "192"', "line 3, size"),
    "fill": ("fill = 0x00", "fill = 256", "line 4, fill"),
    "crc name": ('"crc16-ccitt-false"', '"crc16-ccitt"', "region[1].algorithm"),
    "not TOML": ("[[region]]", "[[region]", "not valid TOML"),
}


@pytest.mark.parametrize("case", BAD_LAYOUTS)
def test_a_bad_layout_is_refused_with_line_and_field(case: str, tmp_path: Path) -> None:
    old, new, message = BAD_LAYOUTS[case]
    text = LAYOUT.replace(old, new, 1)
    assert text != LAYOUT
    if message is None:
        text = text.replace('first = "head"', 'first = "auth"')
        message = "region[1].last: head lies before auth"
    with pytest.raises(InputError) as caught:
        layout(tmp_path, text)
    assert message in str(caught.value)
    assert "line-7.toml" in caught.value.where


def test_packaged_layouts_have_no_address_to_flash_by_mistake() -> None:
    assert [(item.key_size, item.size, item.address) for item in packaged_layouts()] == [
        (16, 96, None),
        (32, 112, None),
    ]


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.sampled_from([0, 1, 80, 65_535, 65_536, 65_537, 200_000]), max_size=6))
def test_any_pieces_are_sealed_whole(sizes: list[int]) -> None:
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    data = [secrets.token_bytes(size) for size in sizes]
    assert pyrage.decrypt(
        b"".join(encrypted_to(data, recipients([str(identity.to_public())]))), [identity]
    ) == b"".join(data)


@pytest.mark.parametrize("text", ["", "age1", "age1qqqq", "ssh-ed25519 AAAA", "Station 7", "age1" + "q" * 58])
def test_a_malformed_recipient_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not an age public key"):
        recipients([text])


def test_no_recipient_is_refused() -> None:
    with pytest.raises(InputError, match="no recipient"):
        recipients([])


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(MissingError, match=r'pip install "bss-mfg\[age\]"'):
        recipients(["age1x"])


KEY_A = bytes.fromhex("00A1B2C3D4E5F60718293A4B5C6D7E8F" * 2)


UUID_A = uuid.UUID("00112233-4455-4677-8899-aabbccddeeff")


LINE = [
    Unit(1, "000A1", UUID_A, None, Secret(KEY_A)),
    *(Unit(n, f"0{n}77", uuid.uuid4(), None, Secret(secrets.token_bytes(32))) for n in (2, 3, 4)),
]
"""Four units; the first has leading zeros everywhere."""


def row_of(unit: Unit, **changed: str) -> dict[str, str]:
    serial, device, key = said(unit)
    return {"serial": serial, "uuid": device.hex(), "oob_key": key.hex(), **changed}


Check = Callable[[Iterable[Mapping[str, str]], list[Unit]], list[ReadbackDifference]]


@pytest.fixture(scope="module")
def check(new_factory: Callable[[], Factory]) -> Check:
    """`check_readback` against a ledger in which the first units of LINE were issued as one batch."""
    factories: dict[int, tuple[Factory, Batch]] = {}

    def checked(rows: Iterable[Mapping[str, str]], some: list[Unit]) -> list[ReadbackDifference]:
        if len(some) not in factories:
            factories[len(some)] = issued(new_factory(), some)
        factory, batch = factories[len(some)]
        with factory.ledger() as ledger:
            return list(check_readback(rows, ledger, batch, factory.workspace.open_vault()))

    return checked


def issued(factory: Factory, some: list[Unit]) -> tuple[Factory, Batch]:
    """A batch of just these units, one in a package, whose barcode strings don't matter."""
    factory.add()
    loaded, spec = factory.workspace.product("bulb"), packaged_spec("amazon-bss-ob04")
    batch = Batch(
        "B1", "bulb", "development", len(some), len(some), 1, now(), spec.spec.name, spec.text, spec.spec.suite,
        loaded.key.fingerprint, "sheet-a4-24", loaded.product.facts, 9,
    )  # fmt: skip
    packages = [Package(unit.number, f"payload {unit.number}", (unit,)) for unit in some]
    with factory.ledger() as ledger, ledger.transaction():
        data_key, wrapped = factory.workspace.open_vault().new_data_key(batch.id)
        number, _ = ledger.products.register("bulb", loaded.product.pid, loaded.key.fingerprint)
        ledger.batches.store(NewBatch(batch, "", number, 1, wrapped, None), [sealed_rows(packages, data_key)])
    return factory, batch


def only_difference(check: Check, rows: Iterable[dict[str, str]], some: list[Unit]) -> ReadbackDifference:
    (found,) = check(rows, some)
    return found


def test_what_was_read_back_right_has_no_difference(check: Check) -> None:
    import hashlib

    some = LINE
    assert check([row_of(unit) for unit in reversed(some)], some) == []
    spaced = [row_of(u, uuid=str(u.uuid).upper(), oob_key=" " + said(u)[2].hex(":").upper()) for u in some]
    assert check(spaced, some) == []
    digests = [{"serial": u.serial, "oob_sha256": hashlib.sha256(said(u)[2]).hexdigest()} for u in some]
    assert check(digests, some) == []
    digests[1]["oob_sha256"] = digests[2]["oob_sha256"]
    assert only_difference(check, digests, some).text == "swapped with unit 0377: holds its OOB key's SHA-256"
    digests[1]["oob_sha256"] = "0" * 64
    assert only_difference(check, digests, some).kind == "key"


ONE_CHANGE: dict[str, tuple[dict[str, str], str, str]] = {
    "unknown serial": ({"serial": "X9"}, "unknown", "'X9' is not in this batch; its Device UUID is that of unit 000A1"),
    "other uuid": ({"uuid": "ff" * 16}, "uuid", "is " + "FF" * 16),
    "uuid fields swapped": ({"uuid": UUID_A.bytes_le.hex()}, "byte-order", "first three fields byte-swapped"),
    "uuid reversed": ({"uuid": UUID_A.bytes[::-1].hex()}, "byte-order", "all 16 bytes in reverse order"),
    "no uuid": ({"uuid": ""}, "uuid", "no Device UUID was read back"),
    "uuid without zeros": ({"uuid": UUID_A.hex.lstrip("0")}, "spreadsheet", "30 of 32 digits: a spreadsheet took"),
    "uuid cut": ({"uuid": UUID_A.hex[:20]}, "uuid", "has 20 hex digits, not 32"),
    "uuid rounded": ({"uuid": "1.12233E+29"}, "spreadsheet", "number that a spreadsheet has rounded"),
    "uuid not hex": ({"uuid": "none"}, "uuid", "is not hex digits"),
    "other key": ({"oob_key": "ff" * 32}, "key", "its OOB key is not the one that was issued"),
    "key reversed": ({"oob_key": KEY_A[::-1].hex()}, "byte-order", "its OOB key has its bytes in reverse order"),
    "short key": ({"oob_key": KEY_A[:16].hex()}, "key", "its OOB key has 16 bytes, issued were 32"),
    "key without zeros": ({"oob_key": KEY_A.hex().lstrip("0")}, "spreadsheet", "its OOB key has 62 of 64 digits"),
    "key cut": ({"oob_key": KEY_A.hex()[:50]}, "key", "its OOB key has 50 hex digits, not 64"),
    "key rounded": ({"oob_key": "1.23E+61"}, "spreadsheet", "rounded"),
    "no key": ({"oob_key": " "}, "key", "no OOB key was read back"),
    "serial without zeros": ({"serial": "A1"}, "spreadsheet", "its serial is written 'A1': a spreadsheet took"),
}


@pytest.mark.parametrize("case", ONE_CHANGE)
def test_each_difference_is_named(check: Check, case: str) -> None:
    changed, kind, words = ONE_CHANGE[case]
    some = LINE
    rows = [row_of(some[0], **changed), *(row_of(unit) for unit in some[1:])]
    found = [item for item in check(rows, some) if item.kind != "missing"]
    assert [(item.kind, item.row) for item in found] == [(kind, 2)]
    assert words in found[0].text


def test_missing_and_doubled_units_are_named(check: Check) -> None:
    some = LINE
    found = check([row_of(some[0]), row_of(some[1]), row_of(some[0])], some)
    assert [(item.kind, item.serial, item.row) for item in found] == [
        ("doubled", "000A1", 4),
        ("missing", "0377", None),
        ("missing", "0477", None),
    ]


def test_two_swapped_units_are_named_with_each_other(check: Check) -> None:
    some = LINE
    rows = [
        row_of(some[0]),
        row_of(some[1], serial=some[2].serial),
        row_of(some[2], serial=some[1].serial),
        row_of(some[3]),
    ]
    assert [(item.kind, item.serial, item.text) for item in check(rows, some)] == [
        ("swapped", "0377", "swapped with unit 0277: holds its Device UUID and OOB key"),
        ("swapped", "0277", "swapped with unit 0377: holds its Device UUID and OOB key"),
    ]


def test_a_rounded_serial_is_told_by_its_uuid(check: Check) -> None:
    some = LINE
    found = check([row_of(some[0], serial="1E+05"), *(row_of(unit) for unit in some[1:])], some)
    assert [item.kind for item in found] == ["spreadsheet", "missing"]
    assert "its Device UUID is that of unit 000A1" in found[0].text


@settings(deadline=None)
@given(cell=st.text(string.hexdigits + ":.,+- E\x1b=", max_size=70) | st.text(max_size=70))
def test_no_cell_breaks_the_check_and_no_key_is_shown(check: Check, cell: str) -> None:
    some = LINE[:1]
    for name in ("serial", "uuid", "oob_key", "oob_sha256"):
        for item in check([row_of(some[0], **{name: cell})], some):
            assert (item.text + item.serial).isprintable()
            assert KEY_A.hex()[:12] not in item.text.lower()
            if name == "oob_key" and len(cell) > 6:
                assert cell not in item.text


def test_a_read_back_table_is_read_as_csv_and_xlsx(check: Check, tmp_path: Path) -> None:
    import openpyxl

    some = LINE
    rows = [["serial", "uuid", "oob_key"], *([u.serial, u.uuid.hex, said(u)[2].hex()] for u in some)]
    plain = tmp_path / "readback.csv"
    plain.write_text("\ufeff" + "\n".join(";".join(row) for row in [*rows[:2], [], *rows[2:]]), encoding="utf-8")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "readback.xlsx")
    for path in (plain, tmp_path / "readback.xlsx"):
        assert check(read_readback(path), some) == []
    assert [row["row"] for row in read_readback(plain)] == ["2", "4", "5", "6"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("serial\nA\n", "only serials"),
        ("serial,uuid\nA,1\n", "no key would be compared"),
        ("uuid,oob_key\n1,2\n", "the column serial is missing"),
        ("serial,uid\nA,1\n", "the column 'uid' is not known"),
        ("serial,oob_key\nA\n", "row 2: the row has 1 cell, the header has 2"),
    ],
)
def test_what_is_no_read_back_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "readback.csv"
    path.write_text(text)
    with pytest.raises(BssError, match=re.escape(message)):
        list(read_readback(path))
