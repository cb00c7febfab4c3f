"""Device UUIDs, Static OOB keys and serials.

Bluetooth Mesh: the Device UUID has 16 bytes (Mesh Protocol 3.10.3, RFC 9562), the AuthValue 16 bytes with the CMAC
and 32 bytes with the HMAC provisioning algorithm. Both come from the system's generator, and a token's where the
workspace says so, each key on its own: a key derived from a UUID, MAC or serial can be guessed (CVE-2020-26556,
CVE-2020-26557).
"""

from __future__ import annotations

import datetime
import hashlib
import operator
import re
import secrets
import uuid
from functools import lru_cache

from bss_mfg.core.bits import reversed_crc16
from bss_mfg.core.windows_names import is_windows_device
from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.model import Secret

OOB_SIZES = (16, 32)
"""How many bytes an AuthValue may have."""

LONGEST_SERIAL = 50
"""Characters that a serial may have."""
_SERIAL = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_SERIAL - 1}}}")
_INSTALL_CODE_SIZES = (6, 8, 12, 16)
_MAC = re.compile(r"[0-9A-F]{12}([0-9A-F]{4})?")

DATE_FIELDS = {"{yy}": "%y", "{yyyy}": "%Y", "{gg}": "%G", "{gggg}": "%G", "{ww}": "%V"}
"""What a serial pattern may have of the day of issue: the year, the ISO year and the ISO week (ISO 8601)."""
_TEXT = r"([A-Za-z0-9._-]|\{pid\}|" + "|".join(re.escape(name) for name in DATE_FIELDS) + ")*"
_PATTERN = re.compile(rf"{_TEXT}\{{n:0([1-9]|1[0-8])\}}{_TEXT}")
EXAMPLE_DAY = datetime.date(2026, 12, 31)
"""A day for examples; serials of all days are equally long."""


def random_bytes(size: int, token_random: bytes = b"", purpose: str = "") -> bytes:
    """Random bytes of the system. Where a token gave random bytes of its own, they are XORed with what SHAKE256 (FIPS
    202, 6.2) makes of these for one purpose: who can foretell one of the two generators can't foretell the result."""
    drawn = secrets.token_bytes(size)
    if not token_random:
        return drawn
    stream = hashlib.shake_256(b"bss-mfg random 1|" + token_random + purpose.encode()).digest(size)
    return bytes(map(operator.xor, drawn, stream))


def new_uuid(token_random: bytes = b"", number: int = 0) -> uuid.UUID:
    """A random Device UUID, version 4 (RFC 9562, 5.4), for the unit of this number in its batch."""
    return uuid.UUID(bytes=random_bytes(16, token_random, f"uuid {number}"), version=4)


def new_oob_key(size: int, token_random: bytes = b"", number: int = 0) -> Secret:
    """A random Static OOB key (AuthValue) of exactly 16 or 32 bytes, for the unit of this number in its batch."""
    if size not in OOB_SIZES:
        raise ValueError("a Static OOB key has 16 or 32 bytes")
    return Secret(random_bytes(size, token_random, f"key {number}"))


def is_rfc_uuid(value: uuid.UUID) -> bool:
    """Whether the UUID has the RFC 9562 variant; some mesh stacks refuse others."""
    return value.variant == uuid.RFC_4122


def check_serial(serial: str) -> str:
    """`serial` if it may stand in barcodes, tables and file names; else `ValueError` with the reason."""
    if not _SERIAL.fullmatch(serial):
        raise ValueProblem("a serial has 1 to 50 letters, digits, '.', '_' or '-', and starts with a letter or digit")
    return serial


def check_new_serial(serial: str) -> str:
    """`serial` if it may be issued; else `ValueError` with the reason. A device has files of its own by its serial,
    and Windows drops a dot at the end and keeps some names to itself."""
    check_serial(serial)
    if serial.endswith("."):
        raise ValueProblem("a serial that ends with a dot can be no file name on Windows")
    if is_windows_device(serial):
        raise ValueProblem(
            "a serial that is the name of a Windows device, such as CON or LPT1, can be no file name there"
        )
    return serial


def check_mac(text: str) -> str:
    """A MAC address (12 hex digits, or the 16 of an EUI-64; with `:` or `-` or without) in its one form, upper case
    without separators; else `ValueError` with the reason.

    One device has it: all ones, all zeros and group addresses (the I/G bit, IEEE 802-2014, 8.2) are refused.
    """
    digits = re.sub(r"[:-]", "", text).upper()
    if not _MAC.fullmatch(digits):
        raise ValueError("12 hex digits are wanted (16 for an EUI-64)")
    if not digits.strip("0"):
        raise ValueError("which no device has: it is all zeros")
    if not digits.strip("F"):
        raise ValueError("which no device has: it is the broadcast address")
    if int(digits[1], 16) & 1:
        raise ValueError("which no device has: it is a group address (its I/G bit is set)")
    return digits


def check_install_code(text: str) -> str:
    """`text` if it is a Zigbee install code in hex digits: 6, 8, 12 or 16 bytes and the CRC-16/X-25 over them, least
    significant byte first; else `ValueError` with the reason, and without the code, which opens the device.

    Zigbee 3.0 Base Device Behavior Specification (document 13-0402), install codes in its chapter on security; lengths
    and byte order as told in https://docs.silabs.com/zigbee/latest/using-installation-codes-with-zigbee-devices/
    03-installation-code-format (Zigbee 3.0 wants 16 bytes, Smart Energy allows all four). Blanks between pairs of
    digits are allowed, as where the code is used.
    """
    try:
        data = bytes.fromhex(text)
    except ValueError:
        raise ValueError("that is not pairs of hex digits") from None
    code, crc = data[:-2], data[-2:]
    if len(code) not in _INSTALL_CODE_SIZES:
        raise ValueError(f"of {len(data)} bytes; it must have 6, 8, 12 or 16, and 2 of CRC")
    wanted = (reversed_crc16(code, 0xFFFF) ^ 0xFFFF).to_bytes(2, "little")
    if crc == wanted:
        return text
    why = "they have its most significant byte first" if crc == wanted[::-1] else "a digit is wrong, or it is missing"
    raise ValueError(
        f"whose last two bytes are not the CRC-16/X-25 of the {len(code)} before them, least significant byte first: "
        + why
    )


def check_serial_pattern(pattern: str) -> str:
    """`pattern` if it makes valid serials: plain characters, `{pid}`, fields of the day of issue, and exactly one
    counter such as `{n:08}`; else `ValueError`."""
    if not _PATTERN.fullmatch(pattern):
        raise ValueError(
            "a serial pattern has letters, digits, '.', '_', '-', {pid}, {yy}, {yyyy}, {gg}, {gggg}, {ww} and one "
            "counter such as {n:08}"
        )
    if ("{ww}" in pattern) != ("{gg}" in pattern or "{gggg}" in pattern):
        raise ValueError(
            "a week {ww} and its year {gg} belong together: 1 January can be in week 53 of the year before"
        )
    check_new_serial(format_serial(dated_pattern(pattern, EXAMPLE_DAY), "AAAA", 1))
    return pattern


def dated_pattern(pattern: str, day: datetime.date) -> str:
    """A serial pattern with the day of issue filled in."""
    for name, form in DATE_FIELDS.items():
        if name in pattern:
            pattern = pattern.replace(name, day.strftime(form)[2 - len(name) :].zfill(len(name) - 2))
    return pattern


def last_number(pattern: str) -> int:
    """The last running number for which a pattern has room."""
    return int("9" * _counter(pattern, "")[1])


def format_serial(pattern: str, pid: str, number: int) -> str:
    """The serial with the given running number (from 1, per product); the pattern's day is filled in before."""
    template, width = _counter(pattern, pid)
    digits = f"{number:0{width}d}"
    if len(digits) > width:
        raise InputError(
            f"the serial pattern {pattern!r} has room for {width} digits and all its numbers are used",
            way_out="Widen the counter in the product's file, for example {n:010}.",
        )
    return template[0] + digits + template[1]


@lru_cache(maxsize=16)
def _counter(pattern: str, pid: str) -> tuple[tuple[str, str], int]:
    before, width, after = re.split(r"\{n:0(\d+)\}", pattern.replace("{pid}", pid))
    if "{" in before + after:
        raise RuntimeError(f"the serial pattern {pattern!r} lacks its day")
    return (before, after), int(width)
