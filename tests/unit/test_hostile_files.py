"""Files made to break their reader: each ends with an error of ours that names it, soon, and in little memory."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from PIL import Image

from bss_mfg.core.bounds import Bounds
from bss_mfg.core.untrusted import LIMITS, Limits, Reader, guarded
from bss_mfg.errors import InputError, Location, ValueProblem
from bss_mfg.imaging.sources import source_from_bytes
from bss_mfg.integration.forwarding import DeliveryRecord
from bss_mfg.issuing.identity_files import IdentityFile
from bss_mfg.label.template.artwork import check_artwork
from bss_mfg.label.template.artwork_drawing import Artist, DrawTask
from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.ledger.next_numbers import read_next_numbers
from bss_mfg.ledger.vault import OfficerPublicKey
from bss_mfg.manifest.feedback import load_feedback_mapping, read_feedback
from bss_mfg.model import Secret
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.rsa_numbers import check_rsa_numbers
from bss_mfg.pipeline.plan import PLAN_FILE, read_plan
from bss_mfg.programming.flash_reports import read_reports
from bss_mfg.workspace.vault_key_storage import load_vault_key
from tests.fuzz import corpus
from tests.helpers.factory import Factory

# --- the layer ------------------------------------------------------------------------------------------------------


def test_what_a_library_raises_becomes_an_error_of_ours_without_its_words() -> None:
    with pytest.raises(InputError) as told, guarded(lambda kind: InputError(f"is damaged ({kind})")):
        raise RuntimeError("\x1b[2J of the file")
    assert "\x1b" not in str(told.value)
    assert "RuntimeError" in str(told.value)


class PanicException(BaseException):
    """As pyo3 raises it."""


def test_a_panic_of_a_rust_library_becomes_one_too() -> None:
    with pytest.raises(InputError, match="PanicException"), guarded(lambda kind: InputError(kind)):
        raise PanicException("called `Result::unwrap()` on an `Err` value")


def test_our_own_errors_and_interruptions_pass() -> None:
    with pytest.raises(ValueProblem), guarded(lambda kind: InputError(kind), ours=(ValueProblem,)):
        raise ValueProblem("is wrong")
    with pytest.raises(KeyboardInterrupt), guarded(lambda kind: InputError(kind)):
        raise KeyboardInterrupt


def test_every_reader_has_limits() -> None:
    assert set(LIMITS) == set(Reader)
    assert all(isinstance(one, Limits) and (one.size or one.items) for one in LIMITS.values())


@pytest.mark.parametrize(
    "products",
    [
        b"[" * 5_000 + b"]" * 5_000,
        b'{"bulb": 1e400}',
        b'{"bulb": "x"}',
        b'{"bulb": null}',
        b"[]",
        b'{"bulb": 1',
        b"\xff",
    ],
    ids=lambda products: ascii(products[:20]),
)
def test_running_numbers_that_cant_be_read_are_told(products: bytes, tmp_path: Path) -> None:
    file = tmp_path / "next-numbers"
    file.write_bytes(b'{"format": 1, "first": 1, "products": ' + products + b"}")
    with pytest.raises(InputError, match="which running numbers an earlier restore has left out"):
        read_next_numbers(file)


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def right() -> rsa.RSAPublicNumbers:
    return rsa.generate_private_key(65537, 2048).public_key().public_numbers()


def pem_of(modulus: int, exponent: int = 65537) -> bytes:
    """A public key of any numbers, as no library makes it: SubjectPublicKeyInfo in DER by hand (RFC 8017, A.1.1)."""

    def der(tag: int, body: bytes) -> bytes:
        size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
        return bytes([tag]) + (size if len(body) < 128 else bytes([0x80 | len(size)]) + size) + body

    def integer(number: int) -> bytes:
        return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))

    name = bytes.fromhex("300d06092a864886f70d0101010500")
    key = der(0x30, name + der(3, b"\0" + der(0x30, integer(modulus) + integer(exponent))))
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(key) + b"-----END PUBLIC KEY-----\n"


def next_prime(number: int) -> int:
    number |= 1
    while any(number % small == 0 for small in (3, 5, 7, 11, 13)) or pow(2, number - 1, number) != 1:
        number += 2
    return number


PRIME = next_prime((1 << 1024) - (1 << 900))
NUMBERS: dict[str, Callable[[rsa.RSAPublicNumbers], tuple[int, int]]] = {
    "even modulus": lambda right: (right.n + 1, 65537),
    "small factor": lambda right: (right.n // 3 * 3 | (1 << 2047), 65537),
    "square": lambda right: (PRIME**2, 65537),
    "fourth power": lambda right: (next_prime((1 << 512) - (1 << 400)) ** 4, 65537),
    "seventh power": lambda right: (next_prime((1 << 293) - 1234567) ** 7, 65537),
    "neighbouring primes": lambda right: (PRIME * next_prime(PRIME + 2), 65537),
    "prime": lambda right: (next_prime((1 << 2048) - (1 << 2000)), 65537),
    "even exponent": lambda right: (right.n, 65538),
    "exponent 1": lambda right: (right.n, 1),
    "huge exponent": lambda right: (right.n, (1 << 200) + 1),
    "too small": lambda right: (right.n >> 1024, 65537),
    "too large": lambda right: (right.n << 6500 | 1, 65537),
    "3075 bits": lambda right: ((right.n << 1027) | 1, 65537),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_an_rsa_key_of_wrong_numbers_is_refused(kind: str, right: rsa.RSAPublicNumbers) -> None:
    begun = time.process_time()
    with pytest.raises(InputError):
        load_public_key(pem_of(*NUMBERS[kind](right)), "amazon.pem")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("bits", [2048, 3072])
def test_right_rsa_keys_are_taken(bits: int) -> None:
    key = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    assert load_public_key(pem_of(key.n, key.e), "amazon.pem").bits == bits
    check_rsa_numbers(key.n, 3)


def test_product_add_refuses_a_square_for_a_key(factory: Factory, tmp_path: Path) -> None:
    (tmp_path / "amazon.pem").write_bytes(pem_of(PRIME**2))
    given = ("--title", "Bulb", "--pid", "ebK3", "--upc", "841667145075", "--public-key", tmp_path / "amazon.pem")
    done = factory.cli("product", "add", "bulb", *given)
    assert done.code == 3, done.err
    assert not (factory.root / "products" / "bulb.toml").exists()


def test_a_pem_file_with_a_byte_that_is_no_ascii_is_refused() -> None:
    _, public = new_development_key("p256")
    broken = public.replace(b"\nM", b"\n\xe9M", 1)
    assert broken != public
    for load in (load_public_key, load_private_key):
        with pytest.raises(InputError):
            load(broken, "amazon.pem")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1(), ec.BrainpoolP256R1(), None])
def test_a_recipient_on_another_curve_is_refused(curve: ec.EllipticCurve | None) -> None:
    if curve is None:  # a curve that no library knows
        pem = "-----BEGIN PUBLIC KEY-----\nMFAwEAYHKoZIzj0CAQYFK4EEAAMDPAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PUBLIC KEY-----\n"  # noqa: E501
    else:
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        pem = ec.generate_private_key(curve).public_key().public_bytes(*form).decode()
    with pytest.raises(InputError):
        OfficerPublicKey(pem, "officer.pem")


@pytest.mark.parametrize("cost", ["1:1:4194304", "100:4:65536", "999999999:1:8", "3:65:65536", "0:4:65536"])
def test_a_recovery_file_that_asks_for_too_much_is_refused_before_a_passphrase_is_asked(
    tmp_path: Path, cost: str
) -> None:
    line = corpus.vault_keys()[1].decode().replace(":1:1:8:", f":{cost}:", 1)
    (tmp_path / "vault.key").write_text(line)

    def ask(what: str, new: bool) -> Secret:
        raise AssertionError(what)

    with pytest.raises(InputError):
        load_vault_key(tmp_path / "vault.key", ask)


# --- documents ------------------------------------------------------------------------------------------------------


def test_half_a_surrogate_pair_costs_its_own_entry_of_feedback() -> None:
    whole = corpus.feedback_json()[0]
    data = whole.replace(b'"G000002"', b'"G\\ud80002"').replace(b"because", b"\\udfff because")
    found = read_feedback(data, "f.json", load_feedback_mapping(Path("/nowhere")))
    assert len(found.answers) == len(corpus.SERIALS) - 1
    assert len(found.problems) == 1
    for serial, answer in found.answers.items():
        (serial + answer.reason).encode()
    found.problems[0].encode()


def test_half_a_surrogate_pair_in_a_flash_report_is_stored_as_an_escape() -> None:
    (report,) = read_reports(b'{"serial": "G\\ud800", "result": "fail", "detail": "\\udc00"}', "f.jsonl")
    (report.name + report.detail).encode()


@pytest.mark.parametrize("data", [b'{"serial": ' + b"[" * 100_000, b'{"a": ' * 50_000])
def test_brackets_without_end_are_no_flash_report(data: bytes) -> None:
    with pytest.raises(InputError):
        read_reports(data, "f.jsonl")


@pytest.mark.parametrize(
    ("name", "value"),
    [("product", 7), ("units", "6"), ("units", True), ("ignore", "ab"), ("ignore", [1]), ("fields", []),
     ("fields", {"a": 1}),
     ("identities", 3), ("send", ["x"]), ("started_at", 0), ("symbols", "x"), ("language", None), ("more", 1)],
)  # fmt: skip
def test_a_plan_with_a_value_of_another_type_is_damaged(factory: Factory, name: str, value: object) -> None:
    folder = factory.workspace.batch_folder("B1")
    folder.mkdir(parents=True)
    whole = json.loads(corpus.plans()[0])
    (folder / PLAN_FILE).write_text(json.dumps(whole))
    assert read_plan(factory.workspace, "B1")
    (folder / PLAN_FILE).write_text(json.dumps({**whole, name: value}))
    with pytest.raises(InputError):
        read_plan(factory.workspace, "B1")


@pytest.mark.parametrize("data", ["[" * 100_000, "[]", "7", '{"receiver": 1, "position": []}'])
def test_a_damaged_record_of_what_was_forwarded_is_told(tmp_path: Path, data: str) -> None:
    (tmp_path / "hook.json").write_text(data)
    with pytest.raises(InputError):
        DeliveryRecord(tmp_path / "hook.json", "https://example.com").read()


def with_part(data: bytes, name: str, part: bytes) -> bytes:
    """A workbook with another part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            new.writestr(one, part if one == name else old.read(one))
    return out.getvalue()


MAIN = b"xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'"


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/styles.xml"])
def test_a_workbook_of_a_million_small_elements_is_refused(tmp_path: Path, name: str) -> None:
    whole = corpus.identities_xlsx()[0]
    root = {"xl/workbook.xml": b"workbook", "xl/styles.xml": b"styleSheet"}[name]
    bomb = b"<" + root + b" " + MAIN + b">" + b"<x/>" * 600_000 + b"</" + root + b">"
    (tmp_path / "i.xlsx").write_bytes(with_part(whole, name, bomb))
    try:
        list(IdentityFile(tmp_path / "i.xlsx"))
    except InputError:
        return
    assert name == "xl/styles.xml"  # which is read for numbers only


# --- pictures and drawings ------------------------------------------------------------------------------------------


def test_a_tiff_without_a_size_is_damaged() -> None:
    out = io.BytesIO()
    pages = [Image.new("L", (40, 40)) for _ in range(2)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    data = (
        out.getvalue()
        .replace(b"\x00\x01\x04\x00", b"\xff\x01\x04\x00")
        .replace(b"\x00\x01\x03\x00", b"\xff\x01\x03\x00")
    )
    assert data != out.getvalue()
    with pytest.raises(InputError):
        source_from_bytes(data, Path("scan.tif"))


def drawing(body: str, head: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{head}{body}</svg>'.encode()


@pytest.mark.parametrize(
    "data",
    [
        drawing("<image width='9' height='9' href='data:image/png;base64,iVBORw0KGgo='/>"),
        drawing("<rect width='nan' height='1e400' x='1e400'/>"),
        b'<?xml version="1.0" encoding="no-such"?>' + drawing(""),
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 nan 1e400"/>',
        b"",
        b"\0",
        drawing("<g>" * 5_000 + "</g>" * 5_000),
    ],
)
def test_an_odd_svg_is_refused_or_drawn(data: bytes) -> None:
    try:
        check_artwork("a.svg", data, Location("t.toml"))
    except InputError:
        return
    assert b"nan" in data


def pdf(*objects: bytes) -> bytes:
    """A PDF of these objects; the first is the catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(out))
    )  # fmt: skip


def stream(data: bytes, keys: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n" % (keys, len(packed)) + packed + b"\nendstream"


HEAD = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
)
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]"


def form_bomb() -> bytes:
    """Forms that draw a form twelve times each, twelve deep: three kilobytes, 10^12 rectangles."""
    forms = [stream(b"/F Do " * 12, FORM + b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + at)) for at in range(12)]
    return pdf(*HEAD, stream(b"/F Do "), *forms, stream(b"0 0 10 10 re f", FORM))


@pytest.mark.parametrize("box", [b"[]", b"[0 0 0 0]", b"[0 0 1]", b"[(a) 0 1 1]", b"null", b"[0 0 1e400 5]", b"5 0 R"])
def test_a_pdf_of_odd_boxes_is_refused_or_drawn_on_the_usual_page(box: bytes) -> None:
    """Without a box that can be read, a page is Letter to every reader of PDFs, and to us."""
    page = HEAD[2].replace(b"[0 0 100 100]", box)
    try:
        drawn = check_artwork("a.pdf", pdf(*HEAD[:2], page, stream(b""), stream(b"", FORM)), Location("t.toml"))
    except InputError:
        return
    assert (drawn.width, drawn.height) == (612, 792)


def test_a_pdf_that_would_be_drawn_for_years_is_given_up() -> None:
    short = Artist(Bounds(LIMITS[Reader.ARTWORK].memory, 2))
    with pytest.raises(NotDrawableError):
        short.draw(DrawTask("pdf", form_bomb(), ()))
    assert short.draw(DrawTask("svg", drawing("<rect width='9' height='9'/>"), ())).kind == "pdf"


def test_a_content_that_unpacks_to_more_than_the_memory_is_given_up() -> None:
    narrow = Artist(Bounds(128 << 20, 30))
    with pytest.raises(NotDrawableError):
        narrow.draw(DrawTask("pdf", pdf(*HEAD, stream(b" " * (200 << 20)), stream(b"", FORM)), ()))


def test_after_one_that_was_given_up_the_next_is_drawn() -> None:
    with pytest.raises(InputError):
        check_artwork("a.pdf", b"%PDF-1.7\n", Location("t.toml"))
    assert check_artwork("a.svg", drawing("<rect width='9' height='9'/>"), Location("t.toml")).kind == "pdf"
