"""What is installed on this machine, and the fix for each gap."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.ledger.store import Ledger
    from bss_mfg.workspace.vault_keys import VaultStatus


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's list. `level` is ok, gap (something optional lacks) or fault (bss-mfg can't work)."""

    name: str
    level: str
    found: str
    fix: str = ""


_REQUIRED_PACKAGES = {
    "click": "the command line",
    "cryptography": "keys and encryption",
    "zint-bindings": "Data Matrix symbols",
    "zxing-cpp": "reading symbols",
    "segno": "QR Codes",
    "reportlab": "PDF labels",
    "pypdfium2": "rasterising PDFs",
    "pillow": "pictures",
    "numpy": "pictures",
    "pydantic": "checking files",
    "openpyxl": "XLSX identities",
    "pylibdmtx": "the second reader",
    "pikepdf": "PDF artwork",
    "svglib": "SVG artwork",
}


def check_machine() -> list[Check]:
    """All checks. Nothing is changed."""
    from bss_mfg.ledger.connection import journal, sqlite_version

    checks = [Check("python", "ok", f"{platform.python_version()} on {platform.system()}")]
    for name, purpose in _REQUIRED_PACKAGES.items():
        try:
            checks.append(Check(name, "ok", f"{importlib.metadata.version(name)} ({purpose})"))
        except importlib.metadata.PackageNotFoundError:
            checks.append(Check(name, "fault", f"missing ({purpose})", f"pip install {name}"))
    mode, level = journal()
    checks.append(Check("sqlite", "ok", f"{sqlite_version()}, journal {mode}, synchronous {level}"))
    checks.append(_crypto())
    checks.append(_symbols())
    checks.append(_fonts())
    checks.append(_libdmtx())
    return checks


def check_ledger(ledger: Ledger) -> Check:
    """The ledger's own checks: integrity, hash chain, barcode strings as issued."""
    from bss_mfg.errors import BssError

    try:
        return Check("ledger", "ok", f"{ledger.check():,} events, their chain holds; all barcode strings as issued")
    except BssError as error:
        return Check("ledger", "fault", str(error.what), error.way_out)


def _crypto() -> Check:
    from bss_mfg.errors import BssError
    from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
    from bss_mfg.payload.suites import SUITES

    try:
        for suite in SUITES.values():
            private, public = new_development_key("rsa" if suite.key_kind == "RSA" else "p256")
            sealed = suite.sealer(load_public_key(public, "test").key, b"doctor")(b"test")
            if suite.open(load_private_key(private, "test"), sealed, b"doctor") != b"test":
                return Check("suites", "fault", f"{suite.name} does not decrypt", "pip install -U cryptography")
    except (BssError, ImportError, ValueError) as error:
        return Check("suites", "fault", type(error).__name__, "pip install -U cryptography")
    return Check("suites", "ok", f"{len(SUITES)} suites encrypt and decrypt")


def _symbols() -> Check:
    from bss_mfg.errors import BssError
    from bss_mfg.symbol import data_matrix

    try:
        matrix = data_matrix(b"123456")
    except BssError as error:
        return Check("symbols", "fault", error.what, error.way_out)
    return Check("symbols", "ok", f"'123456' is {matrix.size}x{matrix.size} as in ISO/IEC 16022")


def _fonts() -> Check:
    from bss_mfg.label.template.fonts import FONTS, bundled

    try:
        missing = [name for name in FONTS if bundled(name).missing("Aa1\u00e4\u03a9\u0416")]
    except (OSError, ImportError) as error:
        return Check("fonts", "fault", type(error).__name__, "pip install --force-reinstall bss-mfg")
    if missing:
        return Check("fonts", "fault", f"glyphs lack in {', '.join(missing)}", "pip install --force-reinstall bss-mfg")
    return Check("fonts", "ok", f"{', '.join(FONTS)}: Latin, Greek, Cyrillic")


def _libdmtx() -> Check:
    from bss_mfg.errors import BssError
    from bss_mfg.imaging.second_reader import SecondReader

    try:
        with SecondReader():
            return Check("libdmtx", "ok", "the second reader works")
    except BssError:
        fixes = {
            "darwin": "brew install libdmtx",
            "win32": "pip install --force-reinstall pylibdmtx",
        }
        fix = fixes.get(sys.platform, "sudo apt-get install libdmtx0b")
        return Check("libdmtx", "gap", "missing; only --second-reader needs it", fix)


def check_left_over(root: Path) -> Check:
    """What killed commands left half-written; a programming file among it holds keys."""
    from bss_mfg.core.files import leftover_files

    found = leftover_files(root)
    if not found:
        return Check("left-overs", "ok", "no half-written file lies in the workspace")
    names = ", ".join(str(path.relative_to(root)) for path in found[:5])
    return Check("left-overs", "gap", f"{len(found)} of killed commands: {names}", "Type them again, or delete these.")


def check_vault(found: VaultStatus) -> Check:
    """The vault key of a workspace: there, whole, and the ledger's."""
    if found.trouble:
        return Check("vault", "fault", found.trouble, "Put the right key back, or use `bss-mfg vault recover`.")
    return Check("vault", "ok", f"key {found.id}, kept in a {found.kind}")
