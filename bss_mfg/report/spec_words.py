"""What a spec says, in words for people who hold a guide beside it: the field's terms, no names of this program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bss_mfg.core.text import count_words, printable
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue
from bss_mfg.payload.schemes.containers import CmsDescription, EcdhRecipient
from bss_mfg.payload.schemes.descriptions import (
    EciesDescription,
    HpkeDescription,
    JweDescription,
    MacDescription,
    OaepDescription,
    Pkcs1Description,
    SchemeDescription,
    WrappedKeyDescription,
    summary,
)
from bss_mfg.payload.schemes.points import point_size
from bss_mfg.payload.schemes.terms import is_aead, key_bytes
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec, SpecField
from bss_mfg.payload.suites import PRESETS
from bss_mfg.payload.unit_order import UnitOrder, sort_source

_FORMATS = {
    "text": "as it is",
    "alphanumeric": "letters and digits",
    "hex-upper": "hex, upper case",
    "hex-lower": "hex, lower case",
    "base64": "base64 with padding (RFC 4648, 4)",
    "base64url": "base64url with padding (RFC 4648, 5)",
    "base32": "base32 without padding (RFC 4648, 6)",
    "base64-unpadded": "base64 without padding (RFC 4648, 4)",
    "base64url-unpadded": "base64url without padding (RFC 4648, 5)",
    "base32-padded": "base32 with padding (RFC 4648, 6)",
    "base45": "base45 (RFC 9285)",
    "hex-upper-colons": "hex, upper case, with colons",
    "hex-lower-colons": "hex, lower case, with colons",
    "hex-upper-dashes": "hex, upper case, with dashes",
    "hex-lower-dashes": "hex, lower case, with dashes",
    "uuid-upper": "UUID with dashes, upper case",
    "uuid-lower": "UUID with dashes, lower case",
    "deflate": "deflate (RFC 1951)",
    "zlib": "zlib (RFC 1950)",
    "spki-p256-compressed": "base64 of a DER SubjectPublicKeyInfo, P-256, point compressed",
    "decimal": "decimal digits",
    "raw": "the bytes themselves",
    "u8": "1 byte",
    "u16-be": "2 bytes, most significant first",
    "u16-le": "2 bytes, least significant first",
    "u32-be": "4 bytes, most significant first",
    "u32-le": "4 bytes, least significant first",
}
_HASHES = {"sha1": "SHA-1", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_KDFS = {
    "x963": "KDF of ANSI X9.63 (SEC 1, 3.6.1)",
    "kdf1": "KDF1 (ISO/IEC 18033-2)",
    "kdf2": "KDF2 (ISO/IEC 18033-2)",
    "hkdf": "HKDF (RFC 5869)",
    "concat": "concatenation KDF (NIST SP 800-56C, one step)",
}
_POINTS = {
    "compressed": "compressed point (0x02 or 0x03, X)",
    "uncompressed": "uncompressed point (0x04, X, Y)",
    "raw-xy": "X and Y without a first byte",
    "raw-x": "X alone",
    "spki": "DER SubjectPublicKeyInfo",
}
_CHECKS = {
    "crc16-ccitt-false": "CRC-16 (0x1021 from 0xFFFF)",
    "crc16-x25": "CRC-16/X-25",
    "crc32": "CRC-32",
    "sha256": "first bytes of SHA-256",
}
_PARTS = {
    "prefix": "prefix", "point": "ephemeral key", "wrapped-key": "wrapped key", "iv": "IV", "ciphertext": "ciphertext",
    "tag": "tag",
}  # fmt: skip
_SENDER_CURVES = {
    "absent": "its algorithm without parameters", "null": "its algorithm with NULL as parameters",
    "named": "its algorithm with the curve's name",
}  # fmt: skip
_CUTS = {"key": "cipher's key", "mac-key": "MAC's key", "iv": "IV"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that somebody signs for. `of`: the key of the field, or what else it is of; `what` of it."""

    of: str
    what: str
    words: str


def format_words(format: str | Iterable[str]) -> str:
    """How a value is written; a chain of encodings in its order."""
    names = [format] if isinstance(format, str) else list(format)
    return ", then ".join(_FORMATS.get(name, name) for name in names)


def source_words(source: str) -> str:
    """What a value is."""
    known = {
        "unit.uuid": "Device UUID", "unit.oob": "Static OOB key", "unit.serial": "serial number",
        "unit.mac": "MAC address", "package.units": "number of units", "product.pid": "product id",
        "product.upc": "UPC", "product.ean": "EAN",
    }  # fmt: skip
    return known.get(source) or f"{column_of(source)} of the unit"


def code_words(spec: Spec) -> str:
    """The symbol."""
    return "The code is a Code 128." if spec.bare else "The code is a Data Matrix ECC 200."


def holds_words(field: SpecField, spec: Spec, lengths: str = "") -> str:
    """What a field holds; `lengths` stands for those that the spec allows."""
    if field.source == "constant":
        return f"Always {field.value}"
    if field.source == "encrypted":
        names = _listing(list(dict.fromkeys(_value_name(value) for value in field.plaintext)))
        return f"Encrypted: {names}" + (", for each unit by itself" if field.each == "unit" else "")
    words = source_words(field.source)
    if field.source.startswith("unit.") and spec.max_units > 1:
        words += f' of each unit, joined with "{spec.list_separator}"'
    if field.source.startswith("unit.") and field.source != "unit.uuid":
        least, most = field.lengths
        allowed = f"{least} characters" if least == most else f"{least} to {most} characters"
        words += f", {lengths or allowed}"
    return words[0].upper() + words[1:] + (", where there is one" if field.optional else "")


def unit_order_words(order: UnitOrder) -> str:
    """In which order the units of a package stand."""
    if not (source := sort_source(order)):
        return "as they were issued" if order == "issued" else "the last that was issued first"
    way = "descending" if order.endswith("descending") else "ascending"
    return f"sorted by {source_words(source)}, byte by byte, {way}"


def scheme_title(field: SpecField) -> str:
    """The encryption in a line."""
    if field.suite:
        return PRESETS[field.suite].title
    return summary(field.scheme) if field.scheme else ""


def layout_words(field: SpecField) -> str:
    """How a plaintext is put together."""
    layout: Layout = field.layout
    each = "One ciphertext for each unit. " if field.each == "unit" else "One ciphertext for the package. "
    if layout.kind == "binary":
        if not any(value.is_of_unit for value in field.plaintext) or field.each == "unit":
            return each + "Values stand one after the other."
        by_unit = layout.order == "unit-by-unit"
        return each + ("All values of a unit stand together." if by_unit else "One value of all units stands together.")
    if layout.kind == "text":
        return each + f"Text, {layout.separator!r} between values, {layout.unit_separator!r} between units."
    name = "JSON" if layout.kind == "json" else "CBOR"
    blanks = ", with blanks" if layout.spaces else ""
    return each + (f"{name}{blanks}, the units in {layout.units!r}." if layout.units else f"{name}{blanks}, one unit.")


def _value_name(value: PlaintextValue) -> str:
    if value.source == "constant":
        shown = value.constant.decode() if value.is_member else value.value or ""
        return f"constant {printable(shown, 24)}"
    if value.source == "check":
        return _CHECKS.get(value.check or "", "check")
    return "padding" if value.source == "padding" else source_words(value.source)


def value_words(value: PlaintextValue) -> str:
    """A value of a plaintext, and how it is written."""
    words = _value_name(value)
    if value.source == "padding":
        words += f" with 0x{value.fill} to " + (
            f"a multiple of {value.multiple} bytes" if value.multiple else f"{value.octets} bytes"
        )
    elif value.source == "check":
        words += f" ({count_words(value.octets, 'byte')})" if value.octets else ""
    elif value.source != "constant":
        words += f" ({format_words(value.format)})"
    if value.tag:
        words = f"tag {value.tag}, {words}"
    if value.length:
        words += f", its length in front of it ({format_words(value.length)})"
    return f"{value.name}: {words}" if value.name else words


def field_statements(field: SpecField, spec: Spec, lengths: str = "") -> Iterator[Statement]:
    """What is assumed of a field, one thing at a time; `lengths` as in `holds_words`."""
    yield Statement(field.key, "Holds", holds_words(field, spec, lengths))
    if field.source != "constant":
        yield Statement(field.key, "Written as", format_words(field.format))
    if suite := field.encryption:
        values = [value_words(value) for value in field.plaintext]
        listed = "; ".join(f"{number}. {words}" for number, words in enumerate(values, 1))
        yield Statement(field.key, "Plaintext", listed)
        yield Statement(field.key, "Layout", layout_words(field))
        if field.layout.encode:
            yield Statement(field.key, "The plaintext then through", format_words(field.layout.encode))
        for name, words in scheme_facts(suite.scheme):
            yield Statement(field.key, name, words)


def scheme_facts(how: SchemeDescription) -> Iterator[tuple[str, str]]:
    """A scheme step by step: a name, and what the spec says of it."""
    if isinstance(how, EciesDescription):
        yield "Scheme", "ECIES: a fresh ephemeral key for each ciphertext"
        size = count_words(point_size(how.curve, how.point), "byte")
        yield "Ephemeral key", f"on {how.curve}, {_POINTS[how.point]}, {size}"
        secret = "Z" if how.kdf.input == "z" else "ephemeral key as sent, then Z"
        shared = "X25519's output" if how.curve == "X25519" else "X coordinate"
        yield "Key derivation", f"{_KDFS[how.kdf.name]} with {_HASHES[how.kdf.hash]} of {secret} (Z: {shared})"
        if how.kdf.name == "hkdf":
            yield "Salt", how.kdf.salt or "none"
        yield "Shared info", _pieces(how.kdf.info)
        yield "Derived, in order", ", ".join(_cuts(how))
        yield from _symmetric(how)
    elif isinstance(how, WrappedKeyDescription):
        yield "Scheme", "a fresh content key, encrypted with RSA, and the plaintext encrypted with it"
        yield "Content key", _rsa(how.wrap)
        if how.mac:
            first, second = ("MAC's", "cipher's") if how.mac_key_first else ("cipher's", "MAC's")
            yield "Its bytes", f"{first} key, then {second} key"
        yield from _symmetric(how)
    elif isinstance(how, HpkeDescription):
        yield "Scheme", "HPKE (RFC 9180), base mode, single shot"
        yield "KEM, KDF, AEAD", f"DHKEM({how.kem}), {how.kdf.upper()}, {how.aead.upper()}"
        yield "info", _pieces(how.info)
        if how.prefix:
            yield "Prefix", how.prefix
        yield "Order of parts", "encapsulated key, ciphertext, tag of 16 bytes"
    elif isinstance(how, OaepDescription | Pkcs1Description):
        yield "Scheme", "RSA, the plaintext itself"
        yield "Padding", _rsa(how)
    elif isinstance(how, JweDescription):
        yield from _jwe(how)
    else:
        yield from _cms(how)


def _jwe(how: JweDescription) -> Iterator[tuple[str, str]]:
    yield "Scheme", "JSON Web Encryption, compact (RFC 7516)"
    yield "alg", f"{how.alg} (RFC 7518, {'4.6' if how.is_ecdh else '4.3'})"
    yield "enc", how.enc
    if how.is_ecdh:
        yield "Ephemeral key", f"on {how.curve}, as a JWK in the header"
        yield "PartyUInfo (apu)", _pieces(how.apu)
        yield "PartyVInfo (apv)", _pieces(how.apv)
    if how.header:
        yield "Further members of the header", ", ".join(f"{name}: {value}" for name, value in how.header)


def _cms(how: CmsDescription) -> Iterator[tuple[str, str]]:
    standard = "AuthEnvelopedData (RFC 5083)" if how.has_tag else "EnvelopedData (RFC 5652)"
    around = "in a ContentInfo" if how.content_info else "without a ContentInfo"
    yield "Scheme", f"Cryptographic Message Syntax: {standard} in DER, {around}, for one recipient"
    yield "Content key", _recipient(how.recipient)
    if isinstance(how.recipient, EcdhRecipient):
        yield "Ephemeral key", f"on {how.recipient.curve}, {_SENDER_CURVES[how.recipient.sender_curve]}"
        yield "User keying material", _bytes_words(bytes.fromhex(how.recipient.ukm)) if how.recipient.ukm else "none"
    yield "Recipient named by", _identifier(how)
    yield "Cipher", how.cipher.upper() + ("" if how.has_tag else ", PKCS#7 padding")
    if how.has_tag:
        yield "Tag", f"{how.tag_bytes} bytes"


def _recipient(how: OaepDescription | Pkcs1Description | EcdhRecipient) -> str:
    """How the content key of a CMS message reaches its recipient."""
    if not isinstance(how, EcdhRecipient):
        return f"encrypted: {_rsa(how)}"
    kdf = f"{_KDFS['x963']} with {_HASHES[how.hash]}"
    return f"agreed with ECDH (RFC 5753) on {how.curve}, {kdf}; wrapped with {how.wrap.upper()} (RFC 3394)"


def _identifier(how: CmsDescription) -> str:
    if how.identifier == "key-id":
        return "SHA-1 of its public key (RFC 5280, 4.2.1.2)"
    if how.identifier == "issuer-serial":
        return f"issuer {how.issuer} (DER) and serial number {how.serial}"
    return f"key identifier {how.identifier.removeprefix('hex:')}"


def _symmetric(how: EciesDescription | WrappedKeyDescription) -> Iterator[tuple[str, str]]:
    padding = ", PKCS#7 padding" if how.cipher.endswith("-cbc") else ""
    xor = "XOR with as many bytes of the KDF"
    yield "Cipher", xor if how.cipher == "xor" else how.cipher.upper().replace("CHACHA", "ChaCha") + padding
    if how.iv_size:
        ways = {"derived": "derived", "zero": "all zero", "random": "random, and sent"}
        yield "IV", f"{ways.get(how.iv, 'always ' + how.iv.removeprefix('hex:'))}, {how.iv_size} bytes"
    if is_aead(how.cipher):
        yield "Tag", f"{how.tag_bytes} bytes"
        yield "Additional data", _pieces(how.aad)
    else:
        yield "MAC", _mac(how.mac) if how.mac else "none"
    if how.prefix:
        yield "Prefix", how.prefix
    yield "Order of parts", ", ".join(_PARTS[part] for part in how.parts)


def _cuts(how: EciesDescription) -> Iterator[str]:
    sizes = {
        "key": key_bytes(how.cipher),
        "mac-key": how.mac.key_bytes if how.mac else 0,
        "iv": how.iv_size if how.iv == "derived" else 0,
    }
    for name in how.derive:
        if name == "key" and how.cipher == "xor":
            yield "cipher's key (as long as the plaintext)"
        elif sizes[name]:
            yield f"{_CUTS[name]} ({sizes[name]} bytes)"


def _mac(how: MacDescription) -> str:
    tag = f"first {how.tag_bytes} bytes" if how.tag_bytes else "whole"
    covers = "ciphertext" if how.covers == "ciphertext" else "IV and ciphertext"
    more = f", then {how.parameter}" if how.parameter else ""
    more += ", then its length in bits (8 bytes)" if how.parameter_length == "bits-64" else ""
    return f"HMAC-{_HASHES[how.hash]}, {tag}, of {covers}{more}"


def _rsa(how: OaepDescription | Pkcs1Description) -> str:
    if isinstance(how, Pkcs1Description):
        return "RSAES-PKCS1-v1_5 (RFC 8017, 7.2)"
    label = _bytes_words(bytes.fromhex(how.label)) if how.label else "empty"
    return f"RSAES-OAEP (RFC 8017, 7.1) with {_HASHES[how.hash]}, MGF1 with {_HASHES[how.mgf_hash]}, label {label}"


def _pieces(pieces: Iterable[str]) -> str:
    words = []
    for piece in pieces:
        kind, _, rest = piece.partition(":")
        if piece in ("point", "recipient"):
            words.append({"point": "ephemeral key as sent", "recipient": "product's public key"}[piece])
        else:
            words.append(_bytes_words(rest.encode() if kind == "text" else bytes.fromhex(rest)))
    return ", then ".join(words) or "empty"


def _bytes_words(data: bytes) -> str:
    text = data.decode("ascii", "replace")
    if data and text.isprintable() and text.isascii():
        return f'"{text}"'
    return data.hex() or "nothing"


def _listing(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
