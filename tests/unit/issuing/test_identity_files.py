"""Identity files: read as text whatever program wrote them, and refused by row where a spreadsheet has damaged them."""

from __future__ import annotations

import csv
import io
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss_mfg.core.windows_names import is_windows_device
from bss_mfg.errors import InputError
from bss_mfg.issuing.identity_files import read_identities, stream_identities
from bss_mfg.model import Identity
from bss_mfg.tables import csv_rows, write_xlsx

KNOWN = uuid.UUID("70cf7c97-32a3-45b6-9149-4810d2e9cbf4")


def written(folder: Path, data: str | bytes) -> Path:
    path = folder / "ids.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    "data",
    [
        "serial,mac\n00017,C47C8D6A1025\n",
        "serial,mac\r\n00017,C47C8D6A1025\r\n",
        b"\xef\xbb\xbfserial,mac\r\n00017,C4:7C:8D:6A:10:25",
        "serial;mac\n00017;c4-7c-8d-6a-10-25\n",
        "mac\tserial\nC47C8D6A1025\t00017\n",
        '"Serial"," MAC "\n"00017"," C47C8D6A1025 "\n',
    ],
    ids=["plain", "windows", "bom", "semicolons", "tabs", "quoted"],
)
def test_leading_zeros_survive_every_dialect(tmp_path: Path, data: str | bytes) -> None:
    assert read_identities(written(tmp_path, data)) == (Identity("00017", None, "C47C8D6A1025"),)


@pytest.mark.parametrize("form", [str(KNOWN), str(KNOWN).upper(), KNOWN.hex, KNOWN.hex.upper()])
def test_a_uuid_is_the_same_in_every_form(tmp_path: Path, form: str) -> None:
    assert read_identities(written(tmp_path, f"serial,uuid\nA1,{form}\nA2,\n")) == (
        Identity("A1", KNOWN),
        Identity("A2"),
    )


@pytest.mark.parametrize("form", [f"{{{KNOWN}}}", f"urn:uuid:{KNOWN}", KNOWN.hex[:-1], "7" * 33, "g" * 32, "1234"])
def test_what_is_no_uuid_is_named_by_row(tmp_path: Path, form: str) -> None:
    with pytest.raises(InputError, match="row 3 has the uuid"):
        read_identities(written(tmp_path, f"serial,uuid\nA1,{KNOWN}\nA2,{form}\n"))


def test_the_same_uuid_or_mac_in_two_forms_is_a_duplicate(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 3 has the uuid of row 2"):
        read_identities(written(tmp_path, f"serial,uuid\nA1,{KNOWN}\nA2,{KNOWN.hex.upper()}\n"))
    with pytest.raises(InputError, match="row 3 has the mac of row 2"):
        read_identities(written(tmp_path, "serial,mac\nA1,C47C8D6A1025\nA2,c4:7c:8d:6a:10:25\n"))


@pytest.mark.parametrize("value", ["1.23E+11", "1,23E+11", "1e5", "12.0", "12,5"])
def test_numbers_that_a_spreadsheet_made_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError, match=r"row 2 has serial .* a number that a spreadsheet has rounded"):
        read_identities(written(tmp_path, f'serial\n"{value}"\n'))


@pytest.mark.parametrize("value", ["=A1", "+1", "-1", "@x", "A\x07"])
def test_cells_that_a_spreadsheet_would_run_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError, match="row 2 has a formula or control character"):
        read_identities(written(tmp_path, f'serial\n"{value}"\n'))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("serial\n", "no rows"),
        ("serial,serial\nA,B\n", "is named twice"),
        ("serial,colour\nA,B\n", "'colour' is not known"),
        ("serial,mac\nA1\n", "row 2 has 1 cell, the header has 2"),
        ("serial\nA1\n\nA2\n", "row 3 is blank"),
        ("serial,mac\n,C47C8D6A1025\n", "row 2 has no serial"),
        ("serial\nA1;ABV:OB04\n", "row 2 a serial has"),
        ("serial\nA\0B\n", "NUL"),
    ],
)
def test_each_fault_has_its_words(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_identities(written(tmp_path, text))
    assert says in str(caught.value)


def test_many_faults_are_counted_not_poured_out(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_identities(written(tmp_path, "serial\n" + "A1\n" * 500))
    assert "and 491 more rows" in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_a_workbook_of_text_cells_is_read_as_it_is(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["serial", "uuid", "mac"], ["00017", str(KNOWN), None], ["00018", None, "C47C8D6A1025"]):
        book.active.append(row)
    book.save(tmp_path / "ids.xlsx")
    assert read_identities(tmp_path / "ids.xlsx") == (
        Identity("00017", KNOWN),
        Identity("00018", None, "C47C8D6A1025"),
    )


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (17, "is a number, not text"),
        (1.23e11, "is a number"),
        (1.5, "holds a float"),
        ("=1+1", "formula"),
        (True, "holds a bool"),
    ],
)
def test_cells_that_are_no_text_are_refused(tmp_path: Path, cell: object, says: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(["serial"])
    book.active.append([cell])
    book.save(tmp_path / "ids.xlsx")
    with pytest.raises(InputError, match=says) as caught:
        read_identities(tmp_path / "ids.xlsx")
    assert "row 2" in str(caught.value)


SERIALS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,19}[A-Za-z0-9_-])?", fullmatch=True).filter(
    # What looks like a rounded number is refused on purpose, and so is a device of Windows.
    lambda text: (
        (not text.replace(".", "").replace("e", "").replace("E", "").replace("-", "").isdigit() or text.isdigit())
        and not is_windows_device(text)
    )
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    serials=st.lists(SERIALS, min_size=1, max_size=30, unique_by=str.lower),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_a_csv_writer_wrote_is_read_back(
    tmp_path: Path, serials: list[str], delimiter: str, end: str, bom: bool, quoting: int
) -> None:
    wanted = tuple(Identity(serial, uuid.uuid4()) for serial in serials)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["serial", "uuid"])
    writer.writerows([item.serial, item.uuid] for item in wanted)
    assert read_identities(written(tmp_path, (b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode())) == wanted


CODES = ("83FED3407A932B70", "83FED3407A939738C552", "83FED3407A939723A5C639FF4C12",
         "83FED3407A939723A5C639B26916D505C3B5", "83fe d340 7a93 9723 a5c6 39b2 6916 d505 c3b5")  # fmt: skip
"""Zigbee install codes with their CRC, one of each length (the last as it is printed on devices)."""


@pytest.mark.parametrize("code", CODES)
def test_an_install_code_of_each_length_is_taken_with_its_crc(tmp_path: Path, code: str) -> None:
    (one,) = read_identities(written(tmp_path, f"serial,install_code\nZ1,{code}\n"), ("install_code",))
    assert one.extra == {"install_code": code}


@pytest.mark.parametrize("code", CODES[:4])
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda octets: octets[:-2] + octets[:-3:-1], "most significant byte first"),
        (lambda octets: octets[:-2], "CRC"),  # 8 octets may be 6 and a CRC, and are read as such
        (lambda octets: octets + b"\0", r"bytes; it must have 6, 8, 12 or 16, and 2 of CRC"),
        (lambda octets: octets[1::-1] + octets[2:], "CRC-16/X-25"),
    ],
    ids=["swapped", "without", "long", "mistyped"],
)
def test_a_wrong_install_code_is_refused_by_its_row_and_not_shown(
    tmp_path: Path, code: str, damage: Callable[[bytes], bytes], says: str
) -> None:
    bad = damage(bytes.fromhex(code)).hex().upper()
    path = written(tmp_path, f"serial,install_code\nZ1,{code}\nZ2,{bad}\n")
    with pytest.raises(InputError, match=f"row 3 has an install_code .*{says}") as caught:
        read_identities(path, ("install_code",))
    assert bad not in str(caught.value) and bad[:8] not in str(caught.value)


@pytest.mark.parametrize("digit", range(36))
def test_each_mistyped_digit_of_an_install_code_is_found(tmp_path: Path, digit: int) -> None:
    code = CODES[3]
    rows = [code[:digit] + other + code[digit + 1 :] for other in "0123456789ABCDEF" if other != code[digit]]
    for bad in rows:
        path = written(tmp_path, f"serial,install_code\nZ1,{bad}\n")
        with pytest.raises(InputError, match="row 2 has an install_code whose last two bytes"):
            read_identities(path, ("install_code",))


def test_an_install_code_that_is_no_hex_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "serial,install_code\nZ1,83FED3407A932B7O\n")
    with pytest.raises(InputError, match="row 2 has an install_code that is not pairs of hex digits"):
        read_identities(path, ("install_code",))


IDENTITY = ("serial", "uuid", "mac")


def is_device_mac(digits: str) -> bool:
    """Neither a group address nor all zeros."""
    return int(digits[1], 16) % 2 == 0 and digits.strip("0") != ""


ROWS = st.lists(
    st.tuples(
        SERIALS, st.none() | st.uuids().map(lambda value: value.hex.upper()),
        st.none() | st.from_regex(r"[0-9A-F]{12}|[0-9]{5}E[0-9]{6}", fullmatch=True).filter(is_device_mac),
    ),
    min_size=1, max_size=20,
    unique_by=(lambda row: row[0].lower(), lambda row: row[1] or object(), lambda row: row[2] or object()),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(given_rows=ROWS, kind=st.sampled_from(["csv", "csv", "csv", "xlsx"]), cut=st.integers(0, 20))
def test_what_a_table_says_the_identities_reader_reads(
    tmp_path: Path, given_rows: list[tuple[str, str | None, str | None]], kind: str, cut: int
) -> None:
    slices = [some for some in (given_rows[:cut], given_rows[cut:]) if some]
    path = tmp_path / "t"
    if kind == "csv":
        path.write_bytes(b"".join(csv_rows(IDENTITY, slices)))
    else:
        path.unlink(missing_ok=True)
        write_xlsx(path, IDENTITY, slices)
    assert read_identities(path) == tuple(
        Identity(serial, uuid.UUID(octets) if octets else None, mac) for serial, octets, mac in given_rows
    )


def test_identities_come_one_by_one(tmp_path: Path) -> None:
    path = written(tmp_path, "serial\n" + "".join(f"{n:09}\n" for n in range(50_000)) + "broken;row\n")
    stream = stream_identities(path)
    assert [next(stream).serial for _ in range(3)] == ["000000000", "000000001", "000000002"]
    with pytest.raises(InputError, match="row 50002 a serial has"):
        list(stream)


def test_nothing_is_given_after_a_bad_row_and_all_are_named_in_order(tmp_path: Path) -> None:
    stream = stream_identities(written(tmp_path, "serial,mac\nA1,\nA2,x\nA1,\nA4,C47C8D6A1025\n,\nA5,C47C8D6A1025\n"))
    got: list[str] = []
    with pytest.raises(InputError) as caught:
        got.extend(identity.serial for identity in stream)
    assert got == ["A1"]
    assert [text[:5] for text in caught.value.problems] == ["row 3", "row 4", "row 6", "row 7"]
    assert caught.value.problems[1] == "row 4 has the serial of row 2"
    assert caught.value.problems[3] == "row 7 has the mac of row 5"


def test_values_with_one_hash_are_no_doubles(tmp_path: Path) -> None:
    """Python hashes a UUID's number modulo 2**61 - 1."""
    one, other = uuid.UUID(int=5), uuid.UUID(int=5 + 2**61 - 1)
    assert hash(one) == hash(other)
    path = written(tmp_path, f"serial,uuid\nA1,{one}\nA2,{other}\n")
    assert [item.uuid for item in stream_identities(path)] == [one, other]


def test_a_mac_of_digits_and_one_e_is_no_rounded_number(tmp_path: Path) -> None:
    path = written(tmp_path, f"serial,mac,uuid\nA1,0012345678E9,{'1' * 20}E{'1' * 11}\n")
    (found,) = read_identities(path)
    assert found == Identity("A1", uuid.UUID("1" * 20 + "E" + "1" * 11), "0012345678E9")
    for mac in ("1.2E+11", "12345E6", "1E11"):
        with pytest.raises(InputError, match="rounded"):
            read_identities(written(tmp_path, f"serial,mac\nA1,{mac}\n"))


def test_a_file_larger_than_64_mib_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    with path.open("w") as file:
        file.write("serial\n")
        file.writelines(f"{n:050}\n" for n in range(1_000))
        for _ in range(66):
            file.write(" " * 60_000 + f"X{_}\n" + "".join(f"{'':>60000}Y{_}-{n}\n" for n in range(17)))
    assert path.stat().st_size > 64 << 20
    assert sum(1 for _ in stream_identities(path)) == 1_000 + 66 * 18


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"serial\n" + b"A" * 70_000 + b"\n", "row 2: has a line of more than"),
        (b"serial\n" + b"".join(b"A%d\n" % n for n in range(20_000)) + b"\xff\n", "row 20002: is not UTF-8"),
        (b"serial\nA1\n" * 3 + b"\0\n", "NUL"),
    ],
    ids=["long line", "latin-1", "nul"],
)
def test_what_is_no_csv_is_named_where_it_is(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "ids.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=says):
        list(stream_identities(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a pipe"):
        read_identities(tmp_path / "pipe")


def test_reading_a_stream_again_is_reading_it_anew(tmp_path: Path) -> None:
    path = written(tmp_path, "serial\nA1\nA2\n")

    def serials() -> Iterator[str]:
        return (identity.serial for identity in stream_identities(path))

    assert list(serials()) == list(serials()) == ["A1", "A2"]
