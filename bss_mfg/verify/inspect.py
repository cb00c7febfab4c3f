"""Any barcode string explained field by field, and opened with a development key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.payload import parse
from bss_mfg.payload.formats import SPKI
from bss_mfg.payload.product_keys import SAMPLE_FINGERPRINTS, PrivateKey, load_public_key
from bss_mfg.payload.spec import Spec

_CODE128_PREFIX = "AIM prefix ]C"
"""Only a symbol that is known to be a Code 128 is taken for a bare value: any word would pass for one."""


def explain(text: str, specs: Sequence[Spec], key: PrivateKey | None = None) -> dict[str, Any]:
    """What a barcode string says. An OOB key is shown only as its SHA-256: enough to compare, useless to attack."""
    from bss_mfg.core.text import printable
    from bss_mfg.verify.diagnosis import strip_scanner_marks

    shown = printable(text, 4000)
    text, stripped = strip_scanner_marks(text)
    notes = [f"the scanner added its {stripped}: not part of the string"] if stripped else []
    spec = parse.matching_spec(text, specs)
    if spec is None and stripped.startswith(_CODE128_PREFIX):
        spec = parse.bare_spec(text, specs)
    if spec is None:
        why = (
            "upper and lower case are swapped: caps lock is on"
            if parse.matching_spec(text.swapcase(), specs)
            else "no known spec begins like this string"
        )
        return {"payload": shown, "spec": None, "notes": notes, "fields": [], "problems": [why], "units": []}
    try:
        fields = parse.split_fields(text, spec)
        problems = parse.find_faults(fields, spec)
        uuids = parse.device_uuids(fields, spec)
    except InputError as error:
        return {
            "payload": shown,
            "spec": spec.name,
            "notes": notes,
            "fields": [],
            "problems": [str(error)],
            "units": [],
        }
    report: dict[str, Any] = {
        "payload": shown,
        "spec": spec.name,
        "notes": notes,
        "fields": [
            {
                "key": printable(item.key, 40),
                "value": printable(item.value, 2000),
                "status": item.field.status if item.field else "unknown",
                "source": item.field.source if item.field else None,
                "note": item.field.note if item.field else "",
                "means": _meaning(item, spec),
            }
            for item in fields
        ],
        "problems": problems,
        "units": [{"uuid": value.hex.upper()} for value in uuids],
    }
    if key is not None:
        opened = parse.open_credentials(fields, key, parse.unit_count(fields, spec))
        report["units"] = [
            {
                "uuid": unit.uuid.hex.upper() if unit.uuid else (uuids[index].hex.upper() if uuids else None),
                "oob_key_octets": len(unit.key) if unit.key else None,
                "oob_key_sha256": hashlib.sha256(unit.key.reveal()).hexdigest() if unit.key else None,
                **({"mac": unit.mac} if unit.mac else {}),
                **{f"{name}_sha256": hashlib.sha256(value.reveal()).hexdigest() for name, value in unit.extra.items()},
            }
            for index, unit in enumerate(opened)
        ]
        sealed = [unit.uuid for unit in opened if unit.uuid]
        if uuids and sealed and list(uuids) != sealed:
            problems.append("the Device UUIDs inside the encrypted field are not those in clear")
        inside = [unit.mac for unit in opened if unit.mac]
        macs = [
            value.upper()
            for item in fields
            if item.field and item.field.source == "unit.mac"
            for value in parse.unit_values(item, spec)
        ]
        if macs and inside and macs != inside:
            problems.append("the MACs inside the encrypted field are not those in clear")
    return report


def _meaning(item: parse.ParsedField, spec: Spec) -> str:
    """What a value is beyond its characters: how many units a list names, the fingerprint of a key."""
    if item.field is None:
        return ""
    if item.field.format == SPKI:
        try:
            key = load_public_key(parse.value_bytes(item.value, SPKI), item.key)
        except InputError:
            return ""
        known = ", the key of Amazon's public samples" if key.fingerprint in SAMPLE_FINGERPRINTS else ""
        return f"{key.kind} public key, point compressed, fingerprint {key.fingerprint}{known}"
    values = parse.unit_values(item, spec)
    return f"{len(values)} units" if len(values) > 1 else ""


def read_strings(target: str) -> list[tuple[str, dict[str, Any]]]:
    """The barcode strings of `target`: the string itself, or all symbols of the picture or PDF it names."""
    path = Path(target)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        if (":" not in target and not target.startswith("]C")) or path.suffix.lower() in (
            ".png",
            ".jpg",
            ".jpeg",
            ".pdf",
            ".tif",
            ".tiff",
            ".bmp",
        ):
            raise InputError(
                f"{target[:80]!a} is neither a file nor a barcode string",
                way_out="Give the path of a picture or PDF, or the string in quotes.",
            )
        return [(target, {})]
    from bss_mfg.imaging.code128 import read_code128
    from bss_mfg.imaging.sources import pages_of
    from bss_mfg.imaging.zxing_reader import read_page

    found: list[tuple[str, dict[str, Any]]] = []
    for page in pages_of(path):
        symbols = [read for read in read_page(page.grey, thorough=True) if read.data]
        for read in symbols or read_code128(page.grey):
            location = {"file": page.file, "page": page.number, "x_px": read.box[0], "y_px": read.box[1]}
            mark = "" if symbols else read.symbology
            found.append((mark + read.data.decode("utf-8", "surrogateescape"), location))
    if not found:
        raise InputError(
            "no Data Matrix and no Code 128 could be read in it",
            where=target,
            way_out="Scan it at 300 dpi or more, flat and in focus.",
        )
    return found
