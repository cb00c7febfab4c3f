"""What comes from outside: what each reader takes of it at most, and how what a library raises becomes our error.

The table is the only place of these limits: readers take their numbers from it, and the documentation's table is made
of it. A reader names its file's mistakes itself where it can; `guarded` is for what nobody thought of.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.errors import BssError, from_os_error

_log = logging.getLogger(__name__)

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30


class Reader(StrEnum):
    """What reads something from outside."""

    ARTWORK = "artwork"
    FONT = "font"
    PROFILE = "profile"
    PICTURE = "picture"
    TOML = "toml"
    WORKBOOK = "workbook"
    CSV = "csv"
    KEY = "key"
    VAULT_KEY = "vault-key"
    CONTROL_LOG = "control-log"
    FEEDBACK = "feedback"
    SIDECAR = "sidecar"
    INDEX = "index"
    FLASH_REPORT = "flash-report"
    PHONE = "phone"
    PRINTER = "printer"
    REQUEST = "request"
    SIGNATURE = "signature"
    RECORD = "record"
    CHECKPOINT = "checkpoint"
    TIMESTAMP = "timestamp"
    AUTHORITY = "authority"
    TPM = "tpm-answers"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader takes at most: `size` in bytes of a file (0: any, read as a stream), `items` of what `item` says,
    `depth` of things in each other, and for what is drawn in a process of its own its `memory` in bytes and its
    processor time in `seconds`; 0 where nothing limits it by itself. `files` says what is read, for people."""

    files: str
    size: int
    items: int = 0
    item: str = ""
    depth: int = 0
    memory: int = 0
    seconds: int = 0


LIMITS: Mapping[Reader, Limits] = {
    Reader.ARTWORK: Limits(
        "artwork of a template: SVG, PDF, PNG, JPEG", 20 * _MIB, 50_000_000, "pixels", 200, _GIB, 120
    ),
    Reader.FONT: Limits("fonts of a template: TTF, OTF, TTC", 60 * _MIB, 65_535, "glyphs"),
    Reader.PROFILE: Limits("ICC profiles", 16 * _MIB),
    Reader.PICTURE: Limits("scans and photographs: PDF, PNG, TIFF, HEIC, JPEG and others", _GIB, 50_000_000, "pixels"),
    Reader.TOML: Limits("TOML files: products, specs, templates, printers, settings, mappings, samples", 64 * _MIB),
    Reader.WORKBOOK: Limits("workbooks (XLSX): identities, orders, readback", 64 * _MIB, 4_000_000, "texts"),
    Reader.CSV: Limits("CSV files: identities, orders, readback", 0, 65_536, "characters in a line"),
    Reader.KEY: Limits("public and private keys, recipients: PEM, DER", 64 * _KIB, 8192, "bits of an RSA modulus"),
    Reader.VAULT_KEY: Limits(
        "vault keys and recovery files", 4 * _KIB, 1 << 20, "KiB of memory times iterations to derive a key (Argon2id)"
    ),
    Reader.CONTROL_LOG: Limits("control logs", 0, 1 << 22, "characters in a log"),
    Reader.FEEDBACK: Limits("feedback on control logs: JSON, CSV", _GIB, 2_000_000, "entries"),
    Reader.SIDECAR: Limits("sidecars of control logs", _MIB),
    Reader.INDEX: Limits("indexes of programming files", 16 * _MIB),
    Reader.FLASH_REPORT: Limits("reports of flashers: CSV, JSON lines", 64 * _MIB),
    Reader.PHONE: Limits("messages of phones", 512 * _KIB, 64, "symbols"),
    Reader.PRINTER: Limits("answers of printers", _MIB),
    Reader.REQUEST: Limits("requests that two persons signed", _MIB),
    Reader.SIGNATURE: Limits("their signatures", 16 * _KIB, 8, "of a request"),
    Reader.RECORD: Limits("records of batches", 0, 64 * _MIB, "characters in a line"),
    Reader.CHECKPOINT: Limits("checkpoints", 1_000_000, 100, "signatures"),
    Reader.TIMESTAMP: Limits("answers of time-stamping authorities", 256 * _KIB),
    Reader.AUTHORITY: Limits("certificates of authorities", _MIB),
    Reader.TPM: Limits("answers of a TPM", 4 * _KIB),
}
"""The limits of each reader. Depth of brackets in TOML and JSON is Python's own limit of recursion, which is told."""


def is_panic(error: BaseException) -> bool:
    """Whether a Rust library came upon what it thought impossible: to Python that is no `Exception`."""
    return type(error).__name__ == "PanicException"


@contextmanager
def guarded(refuse: Callable[[str], Exception], *, ours: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Whatever a file makes a library raise, as the error that `refuse` makes of the name of what was raised. Errors
    of bss-mfg and those of the types `ours`, which have words of their own, pass; so do refusals of the system and
    Ctrl-C."""
    told: tuple[type[Exception], ...] = (BssError, *ours)
    try:
        yield
    except told:
        raise
    except BaseException as error:
        if not (isinstance(error, Exception) or is_panic(error)):
            raise
        if isinstance(error, OSError) and error.errno:
            raise from_os_error(error, "reading it") from error
        # Without the error's own words: they may hold anything.
        kind = type(error).__name__
        _log.info("a file was given up: %s\n%s", kind, "".join(traceback.format_tb(error.__traceback__)))
        raise refuse(kind) from None
