"""`pkcs11:` URIs (RFC 7512): which key of which token, and by what module it is reached. Never a PIN."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote_from_bytes, unquote_to_bytes

from bss_mfg.errors import InputError

DEFAULT_OBJECT = "bss-mfg-vault"
"""The label of a vault key for which the URI names none."""
EXAMPLE = "pkcs11:token=factory;object=bss-vault?module-path=/usr/lib/softhsm/libsofthsm2.so"
LONGEST = 2_000
"""Characters of a URI, so that the line of a vault key file that holds it stays below that file's limit."""
_PATH = ("token", "manufacturer", "serial", "model", "object", "id", "type")
_SAFE = "._-/"
"""What stands in a value as it is, besides letters and digits: of all that may, what can't be taken for anything else
in the line of a vault key file."""
_WHERE = "--token-uri"


@dataclass(frozen=True, slots=True)
class TokenUri:
    """A key in a token. `token` and `object` are labels; `id` is the key's CKA_ID, empty where none is named; `serial`,
    `manufacturer` and `model` narrow the choice of tokens where they are named; `module` is the path of the token's
    PKCS#11 library, empty where BSS_MFG_PKCS11_MODULE names it."""

    token: str
    object: str = DEFAULT_OBJECT
    id: bytes = b""
    serial: str = ""
    manufacturer: str = ""
    model: str = ""
    module: str = ""

    def __str__(self) -> str:
        """The one form of it that bss-mfg writes."""
        named = (
            ("token", self.token),
            ("manufacturer", self.manufacturer),
            ("serial", self.serial),
            ("model", self.model),
            ("object", self.object),
        )
        parts = [f"{name}={_quoted(value.encode())}" for name, value in named if value]
        if self.id:
            parts.append("id=" + "".join(f"%{octet:02x}" for octet in self.id))
        path = "pkcs11:" + ";".join(parts)
        return f"{path}?module-path={_quoted(self.module.encode())}" if self.module else path


def parse_uri(text: str, where: str = _WHERE) -> TokenUri:
    """The key that a URI names; `InputError` for one that can't be used, names no token, or holds a PIN. No value of it
    is quoted: one of those may be a PIN."""

    def refuse(what: str, way_out: str = f"As {EXAMPLE}.") -> NoReturn:
        raise InputError(what, where=where, way_out=way_out)

    scheme, _, rest = text.partition(":")
    if scheme.lower() != "pkcs11" or len(text) > LONGEST:
        refuse("is not a pkcs11 URI" if len(text) <= LONGEST else f"is longer than {LONGEST:,} characters")
    path, _, query = rest.partition("?")
    values = _attributes(path, ";", refuse)
    asked = _attributes(query, "&", refuse)
    if {"pin-value", "pin-source"} & {*values, *asked}:
        refuse(
            "names a PIN",
            "Leave it out: whoever reads the vault key's file would have it. It is typed, or read from the file that "
            "BSS_MFG_PASSPHRASE_FILE names. If it stood in a command line, change it.",
        )
    if unknown := sorted({*values} - {*_PATH}) + sorted({*asked} - {"module-path"}):
        known = ", ".join(_PATH)
        refuse(f"has a part that is not used here: {unknown[0]!a}", f"Taken are {known}, and module-path after `?`.")
    if values.pop("type", b"secret-key") != b"secret-key":
        refuse("names something other than a secret key", "Leave `type` out, or say `type=secret-key`.")
    key_id = values.pop("id", b"")
    texts = {name: _text(value, refuse) for name, value in values.items() if value}  # an empty one names nothing
    if not texts.get("token"):
        refuse("names no token", f"Name it by its label, as `token=factory`: {EXAMPLE}.")
    return TokenUri(**texts, id=key_id, module=_text(asked.get("module-path", b""), refuse))


def parse_new_key_uri(text: str) -> TokenUri:
    """Where a new key is to be; `InputError` where the URI names an id, which a new key gets of its own."""
    uri = parse_uri(text)
    if uri.id:
        raise InputError(
            "names the id of a key", where=_WHERE, way_out="Leave `id` out: a new key is made, with an id of its own."
        )
    return uri


def _attributes(text: str, between: str, refuse: Callable[[str], NoReturn]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in filter(None, text.split(between)):
        name, equals, value = part.partition("=")
        if not equals or not re.fullmatch("[a-z-]{1,40}", name):
            refuse("is not a pkcs11 URI")
        if name in found:
            refuse(f"says twice what its {name} is")
        if re.search("%(?![0-9A-Fa-f]{2})|[^!-~]", value):
            refuse(f"has a value of {name} that is not percent-encoded as RFC 7512 asks")
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes, refuse: Callable[[str], NoReturn]) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        refuse("has a value that is not UTF-8")
    if not text.isprintable():
        refuse("has a value that can't be shown")
    return text


def _quoted(value: bytes) -> str:
    return quote_from_bytes(value, safe=_SAFE)
