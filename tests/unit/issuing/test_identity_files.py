"""Identity files: read as text whatever program wrote them, and refused by row where a spreadsheet has damaged them."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss_mfg.errors import InputError
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.model import Identity

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
        ("serial,serial\nA,B\n", "stands twice"),
        ("serial,colour\nA,B\n", "'colour' is not known"),
        ("serial,mac\nA1\n", "row 2 has 1 cells, the header has 2"),
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


SERIALS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(
    # What looks like a rounded number is refused on purpose.
    lambda text: (
        not text.replace(".", "").replace("e", "").replace("E", "").replace("-", "").isdigit() or text.isdigit()
    )
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    serials=st.lists(SERIALS, min_size=1, max_size=30, unique=True),
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
        (lambda octets: octets[:-2] + octets[:-3:-1], "most significant octet first"),
        (lambda octets: octets[:-2], "CRC"),  # 8 octets may be 6 and a CRC, and are read as such
        (lambda octets: octets + b"\0", r"octets; 6, 8, 12 or 16 and the 2 of their CRC are wanted"),
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
        with pytest.raises(InputError, match="row 2 has an install_code whose last two octets"):
            read_identities(path, ("install_code",))


def test_an_install_code_that_is_no_hex_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "serial,install_code\nZ1,83FED3407A932B7O\n")
    with pytest.raises(InputError, match="row 2 has an install_code that is not pairs of hex digits"):
        read_identities(path, ("install_code",))
