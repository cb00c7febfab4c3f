"""Amazon's other barcodes as data: Wi-Fi, Zigbee and the Code 128, built and taken apart by their spec files alone."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.errors import InputError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.layout.symbol_size import symbol_size
from bss_mfg.model import Identity, Secret, Unit
from bss_mfg.payload import parse
from bss_mfg.payload.build import PayloadBuilder, longest_example
from bss_mfg.payload.confirmation import require_confirmed
from bss_mfg.payload.formats import FORMATS, SPKI
from bss_mfg.payload.product_keys import fingerprint, load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec, spec_from_text
from bss_mfg.payload.spec_names import packaged_names
from bss_mfg.symbol import data_matrix
from bss_mfg.verify.inspect import explain
from bss_mfg.verify.scanned import WedgeLine
from tests.helpers.factory import Factory
from tests.helpers.specs import PUKS, SPECS, spec

PUK = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADLZXG+MzHkCUT1F88yQpaiDW7vu8XDSIhJwsVr2bmmag="


INNER = f"ABV:IB01;SERNUM:G3A0PA01802300PE;PID:ebK3;PUK:{PUK};PIN:957AD9640;"


OUTER = f"ABV:OB01;SERNUM:G3A0PA01802300PE;PID:ebK3;PUK:{PUK};UPC:841667145075;"
"""Amazon's public samples."""


OFF_CURVE = PUK[:36] + "A" * 42 + "E="
"""The same with an x coordinate of 1, which no point of P-256 has."""


PRIVATE, PUBLIC = new_development_key("p256")


KEY = load_public_key(PUBLIC, "test")


FACTS = {"pid": "ebK3", "upc": "841667145075", "ean": ""}


EAN = {"pid": "ebK3", "upc": "", "ean": "4006381333931"}


def unit(serial: str = "G3A0PA01802300PE", mac: str | None = None, **extra: str) -> Unit:
    return Unit(1, serial, uuid.UUID(int=1), mac, Secret(b"k" * 32), extra=extra)


def uncompressed(puk: str) -> str:
    key = serialization.load_der_public_key(base64.b64decode(puk))
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@pytest.mark.parametrize(("text", "name"), [(INNER, "amazon-wss-ib01"), (OUTER, "amazon-wss-ob01")])
def test_amazons_samples_are_taken_apart_and_rebuilt_byte_for_byte(text: str, name: str) -> None:
    found = parse.matching_spec(text, SPECS)
    assert found is not None and found.name == name
    fields = parse.split_fields(text, found)
    assert parse.find_faults(fields, found) == []
    said = {item.key: item.value for item in fields}
    # The key is decoded to a point on its curve, and encoded anew: nothing of the old text is copied.
    key = serialization.load_der_public_key(parse.value_bytes(said["PUK"], SPKI))
    assert isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    again = FORMATS[SPKI].write(parse.value_bytes(said["PUK"], SPKI))
    facts = {"pid": said["PID"], "upc": said.get("UPC", ""), "ean": ""}
    made = unit(said["SERNUM"], puk=again, **({"pin": said["PIN"]} if "PIN" in said else {}))
    assert PayloadBuilder(found, facts, None).build([made]) == text


@pytest.mark.parametrize("text", [INNER, OUTER])
def test_the_last_semicolon_is_optional(text: str) -> None:
    found = parse.matching_spec(text, SPECS)
    assert found is not None
    assert parse.split_fields(text[:-1], found) == parse.split_fields(text, found)
    bare = spec_from_text(packaged_spec(found.name).text.replace('terminator = ";"', 'terminator = ""'), "mine").spec
    made = unit(puk=PUK, pin="957AD9640")
    assert PayloadBuilder(bare, FACTS, None).build([made]) == text[:-1]


def test_an_outer_code_carries_the_ean_where_there_is_no_upc() -> None:
    text = PayloadBuilder(spec("amazon-wss-ob01"), EAN, None).build([unit(puk=PUK)])
    assert text == OUTER.replace("UPC:841667145075", "EAN:4006381333931")


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        (
            "amazon-wss-ib01",
            {"pin": "957AD96"},
            "unit G3A0PA01802300PE: the value of PIN has 7 characters, 8 to 12 are wanted",
        ),
        ("amazon-wss-ib01", {"pin": "957AD96400000"}, "of PIN has 13 characters"),
        ("amazon-wss-ib01", {"pin": "957AD-640"}, "unit.pin .* can't be in PIN"),
        ("amazon-wss-ib01", {"pin": ""}, "a value of pin for each unit"),
        ("amazon-wss-ib01", {"serial": "A" * 51}, "of SERNUM has 51 characters, 12 to 50"),
        ("amazon-wss-ib01", {"serial": "A" * 11}, "of SERNUM has 11 characters, 12 to 50"),
        ("amazon-wss-ib01", {"puk": uncompressed(PUK)}, "91 bytes, 59 with the point compressed.*PUK"),
        ("amazon-wss-ib01", {"puk": PUK[:-8] + "AAAAAAA="}, "not on its curve|cut off"),
        ("amazon-wss-ib01", {"puk": "MD!k"}, "can't be written as spki-p256-compressed in PUK"),
        ("amazon-zss-ob02", {"mac": "BF91A2B05327"}, "of ZBM has 12 characters, 16 are wanted"),
        ("amazon-zss-ob02", {"mac": None}, "a value of mac for each unit"),
        ("amazon-zss-ob02", {"install_code": "00" * 16}, "unit.install_code .* has 16 bytes, ZBD needs 18"),
        ("amazon-zss-ob02", {"install_code": "83FED"}, "can't be written as raw in ZBD"),
        ("amazon-1d-code128", {"serial": "A" * 51}, "of SERIAL has 51 characters"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(name: str, change: dict[str, str | None], says: str) -> None:
    given: dict[str, str | None] = {
        "serial": "G3A0PA01802300PE", "mac": "BF91A2B05327F4D5", "puk": PUK, "pin": "957AD9640",
        "install_code": "83FED3407A939723A5C639B26916D505C3B5", **change,
    }  # fmt: skip
    serial, mac = given.pop("serial"), given.pop("mac")
    made = unit(serial or "", mac, **{name: value for name, value in given.items() if value})
    with pytest.raises(InputError, match=says) as caught:
        PayloadBuilder(spec(name), FACTS, KEY).build([made])
    # A PIN and an install code open the device.
    for secret in ("pin", "install_code"):
        assert not change.get(secret) or str(change[secret]) not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"PIN:957AD9640": "PIN:957AD96"}, "of PIN has 7 characters"),
        ({"PIN:957AD9640": "PIN:957AD_640"}, "of PIN holds something other than letters and digits"),
        ({"SERNUM:G3A0PA01802300PE": "SERNUM:G3A0"}, "of SERNUM has 4 characters"),
        ({PUK: uncompressed(PUK)}, "of PUK has 124 characters, 80 are wanted"),
        ({"mmag=": "mmah="}, "of PUK"),
        ({PUK: OFF_CURVE}, "of PUK is not a public key .*not on its curve"),
        ({"IB01": "OB01"}, "field PIN stands|PIN.* is not in the spec"),
    ],
)
def test_inspect_names_the_field_that_is_wrong(change: dict[str, str], says: str) -> None:
    text = INNER
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    assert re.search(says, "; ".join(explain(WedgeLine(text), SPECS).problems))


def test_a_mac_of_fifteen_digits_is_refused_in_the_file_and_in_the_barcode(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("serial,mac,install_code\nA1,BF91A2B05327F4D,00\n")
    with pytest.raises(InputError, match="row 2 has the mac"):
        read_identities(path, spec("amazon-zss-ob02").columns)
    text = PayloadBuilder(spec("amazon-zss-ob02"), FACTS, KEY).build(
        [unit(mac="BF91A2B05327F4D5", install_code="83FED3407A939723A5C639B26916D505C3B5")]
    )
    problems = explain(WedgeLine(text.replace("F4D5", "F4D")), SPECS).problems
    assert problems == ["the value 'BF91A2B05327F4D' of ZBM has 15 characters, 16 are wanted"]


def test_inspect_explains_each_sibling() -> None:
    inner = explain(WedgeLine(INNER), SPECS).as_json()
    assert inner["spec"] == "amazon-wss-ib01" and inner["problems"] == []
    key = serialization.load_der_public_key(base64.b64decode(PUK))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    means = {field["key"]: field["means"] for field in inner["fields"]}
    assert fingerprint(key) in means["PUK"] and "public samples" in means["PUK"]

    code = "83FED3407A939723A5C639B26916D505C3B5"
    units = [unit(f"Z{n}", f"BF91A2B05327F4D{n}", install_code=code) for n in range(3)]
    text = PayloadBuilder(spec("amazon-zss-ob02"), FACTS, KEY).build(units)
    zigbee = explain(WedgeLine(text), SPECS, load_private_key(PRIVATE, "test")).as_json()
    assert zigbee["problems"] == []
    assert [one["mac"] for one in zigbee["units"]] == [one.mac for one in units]
    sha = hashlib.sha256(bytes.fromhex(code)).hexdigest()
    assert [one["install_code_sha256"] for one in zigbee["units"]] == [sha] * 3
    assert code not in str(zigbee)

    assert explain(WedgeLine("]C0ebK300000001"), SPECS).spec == "amazon-1d-code128"
    assert explain(WedgeLine("ebK300000001"), SPECS).spec is None
    assert explain(WedgeLine(INNER.swapcase()), SPECS).problems == ["upper and lower case are swapped: caps lock is on"]


def test_macs_in_clear_must_be_those_inside() -> None:
    units = [unit(f"Z{n}", f"BF91A2B05327F4D{n}", install_code="00" * 18) for n in range(2)]
    text = PayloadBuilder(spec("amazon-zss-ob02"), FACTS, KEY).build(units)
    swapped = text.replace("BF91A2B05327F4D0_BF91A2B05327F4D1", "BF91A2B05327F4D1_BF91A2B05327F4D0")
    problems = explain(WedgeLine(swapped), SPECS, load_private_key(PRIVATE, "test")).problems
    assert problems == ["the MACs inside the encrypted field are not those in clear"]


UNITS = st.fixed_dictionaries(
    {
        "serial": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{11,49}", fullmatch=True),
        "uuid": st.uuids(),
        "mac": st.binary(min_size=8, max_size=8).map(lambda octets: octets.hex().upper()),
        "key": st.binary(min_size=32, max_size=32),
        "puk": st.sampled_from(PUKS),
        "pin": st.from_regex(r"[A-Za-z0-9]{8,12}", fullmatch=True),
        "install_code": st.binary(min_size=18, max_size=18).map(bytes.hex),
    }
)


WRITTEN = {
    "unit.serial": lambda one: one["serial"],
    "unit.uuid": lambda one: one["uuid"].hex.upper(),
    "unit.mac": lambda one: one["mac"],
    "unit.puk": lambda one: one["puk"],
    "unit.pin": lambda one: one["pin"],
}


@pytest.mark.parametrize("name", packaged_names())
@given(members=st.lists(UNITS, min_size=1, max_size=6), facts=st.sampled_from([FACTS, {**EAN, "upc": ""}]))
@settings(max_examples=40, deadline=None)
def test_a_string_says_what_it_was_built_from(name: str, members: list[Mapping[str, object]], facts: dict) -> None:  # type: ignore[type-arg]
    found = packaged_spec(name).spec
    members = members[: found.max_units]
    if any(field.source == "product.upc" and not field.optional for field in found.field):
        facts = FACTS
    units = [
        Unit(
            n, one["serial"], one["uuid"], one["mac"], Secret(one["key"]),  # type: ignore[arg-type]
            extra={column: one[column] for column in found.columns},  # type: ignore[misc]
        )
        for n, one in enumerate(members, 1)
    ]  # fmt: skip
    text = PayloadBuilder(found, facts, KEY).build(units)
    fields = parse.split_fields(text, found)
    assert parse.find_faults(fields, found) == []
    for item in fields:
        assert item.field is not None
        if item.field.source in WRITTEN:
            assert list(parse.unit_values(item, found)) == [WRITTEN[item.field.source](one) for one in members]
        elif item.field.source.startswith("product."):
            assert item.value == facts[item.field.source.removeprefix("product.")]
    assert parse.unit_count(fields, found) == len(members)
    if found.encrypted:
        for opened, one in zip(
            parse.open_credentials(fields, found, load_private_key(PRIVATE, "t"), len(members)), members, strict=True
        ):
            assert opened.mac in (None, one["mac"]) and opened.uuid in (None, one["uuid"])
            assert {column: value.reveal().hex() for column, value in opened.extra.items()} == {
                column: one[column] for column in found.secret_columns
            }
    planned = longest_example(found, facts, 256, len(members), 32)
    assert len(text) <= len(planned)
    if not found.bare:
        assert data_matrix(text.encode()).size <= symbol_size(found, facts, 256, len(members), 32)


@pytest.mark.parametrize("count", [1, 4, 6])
def test_no_zigbee_string_needs_a_larger_symbol_than_the_planned_one(count: int) -> None:
    """One in twenty did, where the size was that of one example made of what seemed the hardest characters."""
    found = packaged_spec("amazon-zss-ob02").spec
    build, planned = PayloadBuilder(found, FACTS, KEY).build, symbol_size(found, FACTS, 256, count, 16)
    for _ in range(300):
        units = [
            Unit(n, f"S{n}", uuid.uuid4(), os.urandom(8).hex().upper(), extra={"install_code": os.urandom(18).hex()})
            for n in range(1, count + 1)
        ]
        assert data_matrix(build(units).encode()).size <= planned


def test_the_mesh_strings_have_not_changed_by_one_octet() -> None:
    lengths = {(1, 16): 191, (1, 32): 215, (2, 16): 268, (2, 32): 312, (6, 16): 572, (6, 32): 700}
    mesh = spec("amazon-bss-ob04")
    for (count, oob), length in lengths.items():
        assert len(longest_example(mesh, FACTS, 256, count, oob)) == length
    said = hashlib.sha256(longest_example(mesh, FACTS, 256, 6, 32).encode()).hexdigest()
    assert said == "fec78111c29616476bc79d4fa30d215f86e516a2a22b1dc925c45bc694b4800d"
    one = Unit(1, "S1", uuid.UUID("70cf7c97-32a3-45b6-9149-4810d2e9cbf4"), None, Secret(bytes(16)))
    text = PayloadBuilder(mesh, FACTS, KEY).build([one])
    head, _, sealed = text.partition("BMD:")
    assert head == "ABV:OB04;UPC:841667145075;PID:ebK3;BMU:70CF7C9732A345B691494810D2E9CBF4;BMO:2;"
    assert len(sealed) == 109 and sealed.endswith(";")


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("amazon-wss-ib01", 'source = "unit.pin"', 'source = "unit.PIN"', "a column of the identities file"),
        ("amazon-wss-ib01", 'source = "unit.pin"', 'source = "unit.oob_key"', "a column of the identities file"),
        ("amazon-wss-ib01", "max_length = 12\n", "", "give its max_length"),
        ("amazon-wss-ib01", "min_length = 8", "min_length = 13", "min_length is larger"),
        ("amazon-wss-ib01", 'format = "alphanumeric"', 'format = "decimal"', "can't be written as decimal"),
        ("amazon-wss-ib01", 'format = "spki-p256-compressed"', 'format = "spki-p256-compressed"\nmax_length = 9',
         "a length of its own"),
        ("amazon-wss-ib01", 'source = "product.pid"', 'source = "product.pid"\nsecret = true', "secret belongs to"),
        ("amazon-zss-ob02", ', octets = 18', "", "give its number of bytes"),
        ("amazon-zss-ob02", '"unit.install_code", format', '"product.pid", format', "written as text"),
        ("amazon-1d-code128", "max_units = 1", "max_units = 2", "a code-128 has one field"),
        ("amazon-1d-code128", 'source = "unit.serial"', 'source = "product.pid"', "a length of its own"),
    ],
)  # fmt: skip
def test_a_broken_spec_is_refused_with_its_line(name: str, old: str, new: str, says: str) -> None:
    text = packaged_spec(name).text
    assert old in text
    with pytest.raises(InputError, match=says) as caught:
        spec_from_text(text.replace(old, new, 1), "mine.toml")
    assert caught.value.where.startswith("mine.toml")


def test_what_is_not_published_is_marked() -> None:
    marked = {name: packaged_spec(name).spec.assumed for name in packaged_names()}
    assert marked == {
        "amazon-1d-code128": (),
        "amazon-bss-ob04": ("BMU", "BMO", "BMD"),
        "amazon-wss-ib01": ("symbology",),
        "amazon-wss-ob01": ("symbology",),
        "amazon-zss-ob02": ("ZBD",),
    }
    with pytest.raises(InputError, match="ZBD"):
        require_confirmed(packaged_spec("amazon-zss-ob02"))


def test_a_spec_says_which_columns_it_wants_and_which_are_secrets() -> None:
    assert spec("amazon-wss-ib01").columns == ("puk", "pin")
    assert spec("amazon-wss-ib01").secret_columns == {"pin"}
    assert spec("amazon-zss-ob02").secret_columns == {"install_code"}
    assert spec("amazon-bss-ob04").columns == ()


def test_a_barcode_of_one_device_refuses_packages_of_two() -> None:
    for name in ("amazon-wss-ob01", "amazon-wss-ib01", "amazon-1d-code128"):
        with pytest.raises(InputError, match="for at most 1 device in a package"):
            longest_example(spec(name), FACTS, 256, 2, 32)
        with pytest.raises(InputError, match="for at most 1 device"):
            PayloadBuilder(spec(name), FACTS, KEY).build([unit(puk=PUK, pin="957AD9640")] * 2)


def test_a_serial_with_the_lists_separator_is_refused_in_a_list() -> None:
    text = packaged_spec("amazon-wss-ob01").text.replace("max_units = 1", "max_units = 2")
    builder = PayloadBuilder(spec_from_text(text, "mine").spec, FACTS, KEY)
    with pytest.raises(InputError, match="a value of SERNUM holds the separator '_'"):
        builder.build([unit("A1_234567890123", puk=PUK), unit("A12345678901234", puk=PUK)])


def test_the_columns_that_a_spec_wants_are_read_and_kept_out_of_repr(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(f"serial,pin,puk\nG3A0PA01802300PE,1234E567,{PUK}\nG3A0PA01802300PF,,{PUK}\n")
    first, second = read_identities(path, ("puk", "pin"))
    assert first == Identity("G3A0PA01802300PE", extra={"pin": "1234E567", "puk": PUK})
    assert second.extra == {"puk": PUK}
    assert "1234E567" not in repr(first) + repr(Unit(1, "A", uuid.uuid4(), extra=first.extra))
    with pytest.raises(InputError, match="'pin' is not known"):
        read_identities(path)


@pytest.mark.parametrize("value", ["1.23E+11", "1E+11", "12345678,5", "=9571234", "-9571234", "957\x07AD9640"])
def test_a_damaged_secret_is_refused_by_row_and_not_shown(tmp_path: Path, value: str) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(f'serial,pin\nA1,"{value}"\n')
    with pytest.raises(InputError, match=r"row 2 has .*pin") as caught:
        read_identities(path, ("pin",))
    assert ascii(value)[1:-1] not in str(caught.value)


@pytest.mark.parametrize(
    ("spec_name", "template", "says"),
    [
        ("amazon-1d-code128", "roll-50x30", "a Code 128 and no Data Matrix"),
        ("amazon-bss-ob04", "bars-70x40", "a Data Matrix and no Code 128"),
    ],
)
def test_a_template_for_the_other_kind_of_code_is_refused(
    factory: Factory, spec_name: str, template: str, says: str
) -> None:
    factory.add("sensor", spec=spec_name)
    factory.issue(2, "S1", "sensor")
    with pytest.raises(InputError, match=says):
        factory.label("S1", template)
    assert not list(factory.root.glob("batches/S1/labels/*.pdf"))


def test_zigbee_pairs_are_issued_from_their_file_and_no_install_code_lies_in_the_ledger(
    factory: Factory, tmp_path: Path
) -> None:
    factory.add("bulb", spec="amazon-zss-ob02", units_per_package=2)
    crcs = ("F70B", "E785", "C61F", "D691")
    codes = [f"{n:02X}FED3407A939723A5C639B26916D505{crc}" for n, crc in enumerate(crcs)]
    path = tmp_path / "ids.csv"
    rows = [f"Z{n},BE:91:A2:B0:53:27:F4:D{n},{code}" for n, code in enumerate(codes)]
    path.write_text("\n".join(["serial,mac,install_code", *rows]) + "\n")
    wanted = factory.workspace.spec("amazon-zss-ob02")
    loaded = factory.workspace.product("bulb")
    with factory.ledger() as ledger:
        request = BatchRequest(loaded, wanted, 4, "Z1", read_identities(path, wanted.spec.columns))
        create_batch(ledger, factory.workspace.open_vault(), request)
        payloads = [package.payload for package in ledger.packages.stream("Z1")]
    assert [parse.split_fields(text, wanted.spec)[3].value for text in payloads] == [
        "BE91A2B05327F4D0_BE91A2B05327F4D1", "BE91A2B05327F4D2_BE91A2B05327F4D3",
    ]  # fmt: skip
    key = load_private_key(factory.private_key.read_bytes(), "test")
    opened = [
        one
        for text in payloads
        for one in parse.open_credentials(parse.split_fields(text, wanted.spec), wanted.spec, key, 2)
    ]
    assert [one.extra["install_code"].reveal().hex().upper() for one in opened] == codes
    kept = b"".join(file.read_bytes() for file in factory.root.glob("ledger.db*"))
    assert all(code.encode() not in kept and bytes.fromhex(code) not in kept for code in codes)
