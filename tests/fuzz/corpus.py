"""What cases are made from: small right files of every kind, made by this script from the program's own and the tests'
materials."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import wave
import zlib
from functools import lru_cache
from importlib import resources
from pathlib import Path

from tests.fuzz.reader import Seeds
from tests.helpers import ROOT

LOG = b'{"controlLogs": []}'
ARTWORK = ROOT / "tests" / "independent" / "artwork" / "drawings"
SERIALS = [f"G{number:06}" for number in range(1, 6)]
UUIDS = [f"{number:08x}-0000-4000-8000-{number:012x}" for number in range(1, 6)]
KEYS = [f"{number:032x}" for number in range(1, 6)]


def drawings(suffix: str, largest: int = 6_000) -> Seeds:
    """Drawings of the tests' artwork."""
    files = sorted(ARTWORK.glob(f"*.{suffix}"))
    return tuple(file.read_bytes() for file in files if file.stat().st_size <= largest)


def open_pdfs() -> Seeds:
    """The PDF drawings with their streams in clear, so that words in them can be changed."""
    import pikepdf

    found = []
    for data in drawings("pdf", 60_000):
        try:
            with pikepdf.open(io.BytesIO(data)) as document:
                out = io.BytesIO()
                document.save(out, qdf=True, static_id=True)
        except pikepdf.PdfError:
            continue
        if len(out.getvalue()) < 12_000:
            found.append(out.getvalue())
    return tuple(found)


def _image(mode: str) -> object:
    from PIL import Image

    picture = Image.linear_gradient("L").resize((48, 40))
    return picture.convert(mode) if mode != "P" else picture.convert("RGB").quantize(16)


def _encoded(form: str, modes: tuple[str, ...], **options: object) -> Seeds:
    found = []
    for mode in modes:
        out = io.BytesIO()
        _image(mode).save(out, form, dpi=(300, 300), **options)  # type: ignore[attr-defined]
        found.append(out.getvalue())
    return tuple(found)


def png() -> Seeds:
    """PNGs of several modes."""
    return _encoded("PNG", ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"))


def jpeg() -> Seeds:
    """JPEGs of grey, colours and CMYK, one progressive, one turned."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    return (
        *_encoded("JPEG", ("L", "RGB", "CMYK")),
        *_encoded("JPEG", ("RGB",), progressive=True),
        *_encoded("JPEG", ("RGB",), exif=exif),
    )


def tiff() -> Seeds:
    """TIFFs of several packings."""
    plain = _encoded("TIFF", ("1", "L", "RGB", "RGBA", "CMYK", "P", "I;16", "F"))
    packed = [
        one
        for kind in ("tiff_lzw", "tiff_adobe_deflate", "packbits")
        for one in _encoded("TIFF", ("L", "RGB"), compression=kind)
    ]
    return (*plain, *packed, *_encoded("TIFF", ("1",), compression="group4"))


def heic() -> Seeds:
    """A HEIC, where there is the library for it."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    pillow_heif.register_heif_opener()
    return _encoded("HEIF", ("L", "RGB"))


_OTHER_PICTURES = {
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("L", "P"),
    "WEBP": ("RGB", "RGBA"),
    "PPM": ("1", "L", "RGB"),
    "PCX": ("1", "L", "RGB"),
    "JPEG2000": ("L", "RGB"),
    "AVIF": ("RGB",),
    "QOI": ("RGB",),
}


def other_pictures() -> Seeds:
    """Pictures of the other kinds that are read."""
    found: list[bytes] = []
    for form, modes in _OTHER_PICTURES.items():
        try:
            found += _encoded(form, modes)
        except (OSError, KeyError, ValueError):  # a Pillow without it
            continue
    return tuple(found)


def fonts() -> Seeds:
    """Small fonts: a few letters of one that comes with bss-mfg, as TrueType, variable names left."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    folder = resources.files("bss_mfg.label.template") / "fonts"
    found: list[bytes] = []
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        if item.name.endswith((".ttf", ".otf")) and len(found) < 3:
            font = TTFont(io.BytesIO(item.read_bytes()))
            cut = subset.Subsetter(subset.Options(layout_features=["kern"], name_IDs=[1, 2, 4, 6]))
            cut.populate(text="Hx0")
            cut.subset(font)
            out = io.BytesIO()
            font.save(out)
            found.append(out.getvalue())
    return tuple(found)


def profiles() -> Seeds:
    """ICC profiles of sRGB and of grey."""
    from PIL import ImageCms

    return (
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    )


def workbook(rows: list[list[str]]) -> bytes:
    """An XLSX file of text cells."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _identities() -> list[list[str]]:
    return [["serial", "uuid"], *([serial, uuid] for serial, uuid in zip(SERIALS, UUIDS, strict=True))]


def _csv(rows: list[list[str]], mark: str = ",", end: str = "\r\n") -> bytes:
    return "".join(mark.join(row) + end for row in rows).encode()


def identities_csv() -> Seeds:
    """Identity files as CSV."""
    rows = _identities()
    return (_csv(rows), _csv(rows, ";", "\n"), b"\xef\xbb\xbf" + _csv(rows, "\t"), b"sep=;\r\n" + _csv(rows, ";"))


def identities_xlsx() -> Seeds:
    """The same as a workbook."""
    return (workbook(_identities()),)


def imported_csv() -> Seeds:
    """Identities that others issued."""
    rows = [["serial", "uuid", "oob_key"], *map(list, zip(SERIALS, UUIDS, KEYS, strict=True))]
    return (_csv(rows), _csv(rows, ";"))


def readback_csv() -> Seeds:
    """What a flasher read back."""
    rows = [["serial", "uuid", "oob_key"], *map(list, zip(SERIALS, UUIDS, KEYS, strict=True))]
    return (_csv(rows), _csv([["serial", "oob_sha256"], [SERIALS[0], "0" * 64]]))


def flash_reports() -> Seeds:
    """What a flasher reports, as CSV and as JSON lines."""
    rows = [["serial", "result", "detail"], *([serial, "pass", "ok"] for serial in SERIALS)]
    lines = "".join(json.dumps({"uuid": uuid, "result": "fail", "detail": "RSSI -91"}) + "\n" for uuid in UUIDS)
    return (_csv(rows), lines.encode())


def orders_json() -> Seeds:
    """Orders of an ERP."""
    order = {"order": "PO-1", "product": "bulb", "units": 480, "template": "sheet-a4-24", "fields": {"lot": "L1"}}
    return (json.dumps(order).encode(), json.dumps([order, {**order, "order": "PO-2"}], indent=1).encode())


def orders_csv() -> Seeds:
    """The same as a table."""
    return (_csv([["order", "product", "units", "fields"], ["PO-1", "bulb", "480", "lot=L1; colour=red"]]),)


def feedback_json() -> Seeds:
    """Answers of the portal."""
    from bss_mfg.manifest.feedback import load_feedback_mapping

    shape = load_feedback_mapping(Path("/nowhere")).json_
    words = load_feedback_mapping(Path("/nowhere")).words

    def nested(path: str, value: object) -> dict[str, object]:
        first, _, rest = path.partition(".")
        return {first: nested(rest, value) if rest else value}

    entries = [
        {
            **nested(shape.serial, serial),
            **nested(shape.verdict, word),
            **(nested(shape.reason, "because") if shape.reason else {}),
        }
        for serial, word in zip(SERIALS, [words.accepted[0], words.rejected[0]] * 3, strict=False)
    ]
    return (json.dumps(nested(shape.list, entries) if shape.list else entries, indent=1).encode(),)


def feedback_csv() -> Seeds:
    """The same as CSV."""
    from bss_mfg.manifest.feedback import load_feedback_mapping

    mapping = load_feedback_mapping(Path("/nowhere"))
    shape, words = mapping.csv, mapping.words
    rows = [
        [shape.serial, shape.verdict, shape.reason or "x"],
        *([serial, words.accepted[0], ""] for serial in SERIALS),
    ]
    return (_csv(rows, shape.delimiter),)


def control_logs() -> Seeds:
    """Control logs as our own mapping writes them."""
    from bss_mfg.manifest.log_mapping import load_mapping

    mapping = load_mapping("amazon-bss-ob04", Path("/nowhere"))

    def log(entries: object, number: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for entry in entries:  # type: ignore[attr-defined]
            steps = entry.path.split(".")
            at = found
            for step in steps[:-1]:
                at = at.setdefault(step, {})  # type: ignore[assignment]
            value: object = (
                [SERIALS[number]]
                if entry.source == "package.serials"
                else (getattr(entry, "value", None) or SERIALS[number])
            )
            at[steps[-1]] = value
        return found

    logs = [log(mapping.device, number) for number in range(3)] + [log(mapping.bundle, 0)]
    return (json.dumps({"controlLogs": logs}, indent=1).encode(), json.dumps({"controlLogs": logs}).encode())


def sidecars() -> Seeds:
    """The sidecar of an empty control log."""
    return (
        json.dumps(
            {
                "format": 1,
                "file": "a.json",
                "sha256": hashlib.sha256(LOG).hexdigest(),
                "octets": len(LOG),
                "device_logs": 1,
                "bundle_logs": 0,
                "packages": 1,
                "units": 1,
                "first_package": 1,
                "last_package": 1,
                "batch": "B1",
                "ledger_head": "1:" + "0" * 64,
                "mapping": "m",
                "assumed": ["a.b"],
                "bss_mfg": "0.1.0",
            },
            indent=2,
        ).encode(),
    )


def indexes() -> Seeds:
    """The index of a programming file."""
    files = [{"file": "B1.csv", "sha256": "0" * 64, "serial": None}]
    return (
        json.dumps(
            {
                "format": 1,
                "kind": "programming",
                "batch": "B1",
                "ledger_head": "1:" + "0" * 64,
                "programming_format": "csv",
                "layout": None,
                "sealed_to": [],
                "units": 5,
                "files": files,
                "bss_mfg": "0.1.0",
            },
            indent=1,
        ).encode(),
    )


def plans() -> Seeds:
    """The plan of a run."""
    return (
        json.dumps(
            {
                "format": 1,
                "batch": "B1",
                "product": "bulb",
                "units": 6,
                "template": "sheet-a4-24",
                "printer": "pdf-300",
                "symbols": "mask",
                "identities": None,
                "identities_sha256": None,
                "sheet": None,
                "ignore": [],
                "started_at": "2026-11-30T10:00:00+00:00",
                "version": "0.1.0",
                "send": None,
                "fields": {},
                "language": "",
            },
            indent=2,
        ).encode(),
    )


def forwarded() -> Seeds:
    """How far a receiver has the history."""
    return (json.dumps({"receiver": "https://example.com/hook", "position": "12:" + "0" * 64}).encode(),)


def verifier_csv() -> Seeds:
    """A print verifier's table."""
    from tests.helpers.exports import Symbol, csv_export

    return (csv_export([Symbol(f"ABV:OB04;SN:{serial};") for serial in SERIALS]).encode("utf-8-sig"),)


def verifier_xml() -> Seeds:
    """A print verifier's document."""
    from tests.helpers.exports import Symbol, xml_export

    return (xml_export([Symbol(f"ABV:OB04;SN:{serial};") for serial in SERIALS]).encode(),)


def packaged(package: str, folder: str, pattern: str, largest: int = 12_000) -> Seeds:
    """Files that come with bss-mfg."""
    here = resources.files(package) / folder
    files = sorted((one for one in here.iterdir() if one.name.endswith(pattern)), key=lambda one: one.name)
    return tuple(data for one in files if len(data := one.read_bytes()) <= largest)


def products() -> Seeds:
    """A product's file."""
    return (
        b'format = 1\ntitle = "Mesh Bulb"\nspec = "amazon-bss-ob04"\npid = "ebK3"\nupc = "841667145075"\n'
        b'public_key = "bulb.pem"\n'
        b'serial = "G{yy}{n:06}"\nunits_per_package = 1\ntemplate = "sheet-a4-24"\noob_bytes = 32\n',
    )


def configs() -> Seeds:
    """A workspace's settings."""
    return (
        b'format = 1\nstation = "line 1"\ntimezone = "Europe/Berlin"\n\n[ledger]\nurl = ""\n'
        b'\n[packing]\nsscc_prefix = "04012345"\n'
        b'\n[flash]\noverdue_hours = 12\n\n[print]\nprinter = "pdf-300"\n',
    )


def stations() -> Seeds:
    """A station's settings."""
    return (b'format = 1\noperator = "anna"\nstation = "line 1"\nlanguage = "de"\n',)


def packing_sessions() -> Seeds:
    """What was typed at a packing table."""
    return (
        b'format = 1\ntemplate = "carton"\npallet_template = "pallet"\nprinter = "pdf-300"\nsend = "a:b"\nout = "x"\n',
    )


def printers() -> Seeds:
    """A printer's file."""
    from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI, printer_text

    text = printer_text("Line 1", PDF_PRINTER_BY_DPI[300]).encode()
    zpl = (
        b'format = 1\ntitle = "ZD421"\nlanguage = "zpl"\ndots_per_mm = [11.8, 11.8]\noffset = [0, 0]\nscale = [1, 1]\n'
        b'margins = [1, 1, 1, 1]\nmedia = ["roll-50x30"]\naddress = "tcp://192.0.2.1:9100"\nmax_width = 104\n'
    )
    return (text, zpl)


def cards() -> Seeds:
    """A reflectance card without a picture."""
    return (
        b'format = 1\ntitle = "Card 7"\n\n[[patch]]\nreflectance = 85.0\ngrey = 240.0\n'
        b"\n[[patch]]\nreflectance = 4.0\ngrey = 20.0\n",
    )


def samples() -> Seeds:
    """A guide's samples."""
    made = packaged("bss_mfg.payload", "specs", ".sample.toml")
    return made or tuple(
        f'format = 1\nstring = "ABV:OB04;SN:{serial};PID:ebK3;"\n\n[product]\npid = "ebK3"\n'
        f'\n[[unit]]\nserial = "{serial}"\n'
        f'uuid = "{uuid}"\noob = "{key}"\n'.encode()
        for serial, uuid, key in zip(SERIALS[:2], UUIDS, KEYS, strict=False)
    )


def public_keys() -> Seeds:
    """Public keys of every kind, as PEM and DER."""
    import base64

    from bss_mfg.payload.product_keys import new_development_key

    found: list[bytes] = []
    for kind in ("p256", "p384", "x25519", "rsa"):
        _, public = new_development_key(kind)
        body = b"".join(public.split(b"-----")[2].split())
        found += [public, base64.b64decode(body)]
    return tuple(found)


def private_keys() -> Seeds:
    """Development keys."""
    from bss_mfg.payload.product_keys import new_development_key

    return tuple(new_development_key(kind)[0] for kind in ("p256", "x25519", "rsa"))


def recipients() -> Seeds:
    """Recipients of age."""
    import pyrage

    return tuple(str(pyrage.x25519.Identity.generate().to_public()).encode() for _ in range(3))


PASSPHRASE = b"five random words to type"


@lru_cache(maxsize=1)
def vault_keys() -> Seeds:
    """A vault key in clear and one under a passphrase that costs little to derive."""
    import base64

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    from bss_mfg.ledger.vault import MemoryKey, Vault
    from bss_mfg.model import Secret

    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    vault = Vault(MemoryKey(Secret(bytes(range(32)))))
    salt, nonce = bytes(16), bytes(12)
    key = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=8).derive(PASSPHRASE)
    sealed = nonce + AESGCM(key).encrypt(nonce, vault.key.reveal(), vault.id.encode())
    clear = f"bss-mfg-vault-key-1:{text(vault.key.reveal())}:{vault.id}\n"
    return (
        clear.encode(),
        f"bss-mfg-vault-passphrase-1:argon2id:1:1:8:{text(salt)}:{text(sealed)}:{vault.id}\n".encode(),
    )


def barcode_strings() -> Seeds:
    """What labels say, ours and others'."""
    ours = (
        b"ABV:OB04;SN:G000001;UUID:00000001000040008000000000000001;PID:ebK3;UPC:841667145075;EF:" + b"QUJD" * 40 + b";"
    )
    return (
        ours,
        b"https://example.com/01/09506000134352/21/G000001",
        b"]d2010950600013435221G000001\x1d10L1",
        b"12345678",
    )


def phone_messages() -> Seeds:
    """What a phone sends."""
    read = {"content": "QUJWOk9CMDQ7", "symbology": "]d1", "sightings": 3, "mirrored": False, "inverted": False}
    return (json.dumps({"reads": [read, read]}).encode(), json.dumps({"token": "abcdef"}).encode())


def printer_answers() -> Seeds:
    """What printers answer of their state."""
    return (
        b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
        b"\x00", b"@", b"\x80\x20\x42\x30\x4f\x30" + bytes(26), b"\x12\x16\x00\x00", b"\x05\x010A000000\x03",
    )  # fmt: skip


def sound() -> bytes:
    """No picture at all."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(zlib.compress(struct.pack("<I", 7)))
    return out.getvalue()
