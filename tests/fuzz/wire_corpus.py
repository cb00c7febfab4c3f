"""What cases of lines, PDUs, answers, requests and sealed pieces are made from."""

from __future__ import annotations

import random
import struct
import uuid
from functools import lru_cache
from typing import Any

from bss_mfg.model import Secret, Unit
from tests.fuzz.corpus import KEYS, SERIALS, UUIDS
from tests.fuzz.reader import Seeds
from tests.helpers import air

# --- devices on air -------------------------------------------------------------------------------------------------


def beacons() -> Seeds:
    """Service data, and mesh beacons of devices and of a network."""
    from bss_mfg.device.beacon import Beacon

    shown = Beacon(air.DEVICE, uri_hash=b"\1\2\3\4")
    return (shown.service_data, shown.mesh_beacon, Beacon(air.DEVICE).mesh_beacon, b"\1" + bytes(21))


@lru_cache(maxsize=3)
def proof(way: str) -> tuple[bytes, ...]:
    """What a device that has the key says, one PDU after the other, in an exchange whose random values are known."""
    key, algorithm = air.WAYS[way]
    said: list[bytes] = []

    def record(pdu: bytes) -> list[bytes]:
        said.append(pdu)
        return [pdu]

    own = air.ephemerals(random.Random(2), algorithm)
    assert air.exchange(session(way), air.device(key, None, algorithm, own=own), back=record).proven
    return tuple(said)


def session(way: str) -> Any:
    """The provisioner's side of it."""
    from bss_mfg.device.session import ProofSession

    key, algorithm = air.WAYS[way]
    return ProofSession(Secret(key), air.ephemerals(random.Random(1), algorithm))


def exchanges() -> Seeds:
    """The way's number, then PDUs, each with its length in front."""
    return tuple(
        bytes([number]) + b"".join(bytes([len(pdu)]) + pdu for pdu in proof(way)) for number, way in enumerate(air.WAYS)
    )


def pdus() -> Seeds:
    """A PDU of each kind."""
    found = dict.fromkeys(pdu for way in air.WAYS for pdu in proof(way))
    return (*found, b"\x09\x04", b"\x00\x05", b"\x02\0\0\1\0\0", b"\x04", b"\x07" + bytes(33), b"\x08")


def proxy_pdus() -> Seeds:
    """Messages in pieces, each with its length in front."""
    from bss_mfg.device.proxy_pdu import segments

    return tuple(
        b"".join(bytes([len(one)]) + one for pdu in proof("32-bytes-hmac") for one in segments(pdu, size))
        for size in (20, 66)
    )


# --- printers and pages ---------------------------------------------------------------------------------------------


def ipp_answers() -> Seeds:
    """A printer's attributes."""

    def value(tag: int, name: bytes, data: bytes) -> bytes:
        return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(data)) + data

    head = struct.pack(">HHi", 0x0101, 0, 1)
    groups = (
        b"\1" + value(0x47, b"attributes-charset", b"utf-8")
        + b"\4" + value(0x23, b"printer-state", struct.pack(">i", 5))
        + value(0x44, b"printer-state-reasons", b"media-empty-error") + value(0x44, b"", b"cover-open-warning")
        + value(0x22, b"printer-is-accepting-jobs", b"\0") + value(0x41, b"printer-state-message", b"Paused")
        + b"\2" + value(0x21, b"job-id", struct.pack(">i", 12))
    )  # fmt: skip
    return (head + groups + b"\3", struct.pack(">HHi", 0x0200, 0x0406, 1) + b"\1\3")


ORIGIN = "https://192.0.2.1:8443"


def page_requests() -> Seeds:
    """What browsers send to a page of ours."""
    host = b"Host: 192.0.2.1:8443\r\n"
    body = b'{"reads": [{"content": "QUJW", "symbology": "]d1", "sightings": 3, "mirrored": false, "inverted": false}]}'
    post = b"Origin: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    token = b'{"token": "abcdef"}'
    return (
        b"GET / HTTP/1.1\r\n" + host + b"\r\n",
        b"GET /state HTTP/1.1\r\n" + host + b"Cookie: a=b; __Host-bss-mfg=phone\r\n\r\n",
        b"POST /reads HTTP/1.1\r\n" + host + b"Cookie: __Host-bss-mfg=phone\r\n" + post % (ORIGIN.encode(), len(body))
        + b"\r\n" + body,
        b"POST /session HTTP/1.1\r\n" + host + post % (ORIGIN.encode(), len(token)) + b"\r\n" + token,
    )  # fmt: skip


# --- scanners -------------------------------------------------------------------------------------------------------

ISSUED = tuple(f"ABV:OB04;SN:{s};UUID:{u.replace('-', '')};PID:ebK3;" for s, u in zip(SERIALS, UUIDS, strict=True))


def scanner_bytes() -> Seeds:
    """What hand scanners type: our labels, with what they add, over wrong keyboards, and others' codes."""
    first, second = ISSUED[0].encode(), ISSUED[1].encode()
    return (
        b"]d1" + first + b"\r\n" + second + b"\r",
        b"\x02" + first + b"\x03" + first + second + b"\n",
        ISSUED[2].replace(":", "Ö").replace(";", "ö").encode() + b"\r",
        b"(01)09506000134352(21)A1\n]d2010950600013435221G000001\x1d10L1\n00106141412345678908\n",
        b"https://id.example.com/01/09506000134352/21/A1\n" + "ㅁㅠㅍ:ㅐㅠ04;누:G000001;".encode() + b"\n",
    )


def unit_lists() -> Seeds:
    """Names of units, one a line."""
    return ("\n".join(SERIALS).encode(), b"\xef\xbb\xbf" + "\r\n".join(UUIDS).encode() + b"\r\n")


# --- programming files ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def programming_formats() -> dict[str, Any]:
    """Each format by its name; images lie at an address."""
    from bss_mfg.programming.image_layout import packaged_layouts
    from bss_mfg.programming.registry import formats

    return dict(formats(packaged_layouts()[0].model_copy(update={"address": 0x8000})))


def units() -> tuple[Unit, ...]:
    """What programming files are of."""
    return tuple(
        Unit(number, serial, uuid.UUID(one), key=Secret(bytes.fromhex(key)))
        for number, (serial, one, key) in enumerate(zip(SERIALS, UUIDS, KEYS, strict=True), 1)
    )


def programming_files() -> Seeds:
    """The format's number, then a file of it."""
    from bss_mfg.programming.format import FileMark

    mark = FileMark("B1", "ebK3", "12:0a1b2c3d", "1.2.3")
    return tuple(
        bytes([number]) + b"".join(form.write(units()[: None if form.one_file_per == "batch" else 1], mark))
        for number, form in enumerate(programming_formats().values())
    )


# --- sealed fields --------------------------------------------------------------------------------------------------

PLAINTEXT = b"a plaintext of 32 bytes, no more"
_CMS = {
    "kind": "cms", "content": "auth-enveloped", "content_info": True, "identifier": "key-id", "cipher": "aes-128-gcm",
}  # fmt: skip
_SCHEMES: tuple[dict[str, Any], ...] = (
    {"kind": "hpke", "kem": "P-256", "kdf": "hkdf-sha256", "aead": "aes-128-gcm"},
    {"kind": "ecies", "point": "compressed", "kdf": {"name": "x963", "hash": "sha256", "info": ["point"]},
     "derive": ["key", "iv"], "cipher": "aes-128-gcm"},
    {"kind": "ecies", "curve": "P-256", "point": "spki", "kdf": {"name": "hkdf", "hash": "sha256"},
     "derive": ["key", "iv"], "cipher": "aes-256-gcm"},
    {"kind": "jwe", "alg": "ECDH-ES+A128KW", "enc": "A128GCM", "curve": "P-256"},
    {"kind": "jwe", "alg": "RSA-OAEP-256", "enc": "A256GCM"},
    {**_CMS, "recipient": {"kind": "ecdh", "curve": "P-256", "hash": "sha256", "wrap": "aes-128-wrap"}},
    {**_CMS, "recipient": {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha256"}},
    {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha256"},
    {"kind": "rsa-wrapped", "wrap": {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha256"},
     "cipher": "aes-128-gcm", "iv": "random"},
)  # fmt: skip


@lru_cache(maxsize=1)
def suites() -> tuple[tuple[Any, Any, Any], ...]:
    """Suites of all kinds of schemes that have a tag, each with a private and a public key."""
    from pydantic import TypeAdapter

    from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
    from bss_mfg.payload.schemes.descriptions import SchemeDescription
    from bss_mfg.payload.suites import described

    adapter: TypeAdapter[Any] = TypeAdapter(SchemeDescription)
    pairs = {"P-256": new_development_key("p256"), "RSA": new_development_key("rsa")}
    found = []
    for content in _SCHEMES:
        suite = described(adapter.validate_python(content))
        private, public = pairs[suite.key_kind]
        found.append((suite, load_private_key(private, "key.pem"), load_public_key(public, "key.pem")))
    return tuple(found)


def sealed_fields() -> Seeds:
    """The suite's number, then a ciphertext of it."""
    return tuple(
        bytes([number]) + suite.sealer(public.key)(PLAINTEXT) for number, (suite, _, public) in enumerate(suites())
    )
