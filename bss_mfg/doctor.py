"""Whether this machine and a workspace are fit for work, with the fix for each gap."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.core.shell_words import shell_word
from bss_mfg.core.text import count_words, listing
from bss_mfg.installation import how_to_repair
from bss_mfg.workspace.vault_key_lines import KEPT, into_hardware, token_of

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.workspace.actor import FoundActor
    from bss_mfg.workspace.vault_keys import VaultStatus
    from bss_mfg.workspace.workspace import Workspace


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    GAP = "gap"
    """bss-mfg works, but an option does not, or something is to be cleared away."""
    FAULT = "fault"
    """bss-mfg can't work, or the workspace must not be worked in."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's list: what was looked at, what was found, and the fix."""

    name: str
    level: Level
    found: str
    fix: str = ""


_REQUIRED_PACKAGES = {
    "click": "the command line",
    "rich": "bars and tables at a terminal",
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
    "typst": "SVG artwork",
    "resvg-py": "SVG artwork",
    "lxml": "SVG artwork",
}
"""Packages that pip installs with bss-mfg, and what they are for. One that is missing, even if only an option needs it,
means that the installation is broken. Extras are not looked at."""


def check_machine() -> list[Check]:
    """The checks of this machine: packages, SQLite, encryption, symbols, fonts, libdmtx. Nothing is changed."""
    from bss_mfg.ledger.sqlite import journal, sqlite_version

    checks = [Check("python", Level.OK, f"{platform.python_version()} on {platform.system()}")]
    for name, purpose in _REQUIRED_PACKAGES.items():
        try:
            checks.append(Check(name, Level.OK, f"{importlib.metadata.version(name)} ({purpose})"))
        except importlib.metadata.PackageNotFoundError:
            checks.append(Check(name, Level.FAULT, f"missing ({purpose})", how_to_repair(name)))
    mode, level = journal()
    checks.append(Check("sqlite", Level.OK, f"{sqlite_version()}, journal {mode}, synchronous {level}"))
    checks.append(_crypto())
    checks.append(_symbols())
    checks.append(_fonts())
    checks.append(_libdmtx())
    return checks


def check_ledger(ledger: Ledger) -> Check:
    """The ledger's own checks: integrity, hash chain, barcode strings as issued."""
    from bss_mfg.errors import BssError

    try:
        return Check(
            "ledger",
            Level.OK,
            f"{count_words(ledger.check(), 'event')}, an intact chain; all barcode strings as issued",
        )
    except BssError as error:
        return Check("ledger", Level.FAULT, str(error.what), error.way_out)


def _crypto() -> Check:
    from bss_mfg.errors import BssError
    from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
    from bss_mfg.payload.suites import PRESETS, preset

    try:
        for suite in [preset(name, b"doctor") for name in PRESETS]:
            private, public = new_development_key("rsa" if suite.key_kind == "RSA" else "p256")
            sealed = suite.sealer(load_public_key(public, "test").key)(b"test")
            if suite.open(load_private_key(private, "test"), sealed) != b"test":
                return Check("suites", Level.FAULT, f"{suite.name} does not decrypt", how_to_repair("cryptography"))
    except (BssError, ImportError, ValueError) as error:
        return Check("suites", Level.FAULT, type(error).__name__, how_to_repair("cryptography"))
    return Check("suites", Level.OK, f"{len(PRESETS)} suites encrypt and decrypt")


def _symbols() -> Check:
    from bss_mfg.errors import BssError
    from bss_mfg.symbol import data_matrix

    try:
        matrix = data_matrix(b"123456")
    except BssError as error:
        return Check("symbols", Level.FAULT, error.what, error.way_out)
    return Check("symbols", Level.OK, f"'123456' is {matrix.size}x{matrix.size} as in ISO/IEC 16022")


def _fonts() -> Check:
    from bss_mfg.label.template.fonts import FONTS, load_bundled_font

    try:
        # OCR-B is for digits, and has ASCII only.
        wanted = {name: "Aa1" if name == "ocr-b" else "Aa1\u00e4\u03a9\u0416" for name in FONTS}
        missing = [name for name, letters in wanted.items() if load_bundled_font(name).missing(letters)]
    except (OSError, ImportError) as error:
        return Check("fonts", Level.FAULT, type(error).__name__, how_to_repair("bss-mfg"))
    if missing:
        return Check("fonts", Level.FAULT, f"glyphs lack in {', '.join(missing)}", how_to_repair("bss-mfg"))
    return Check("fonts", Level.OK, f"{', '.join(FONTS)}: Latin, Greek, Cyrillic (ocr-b: ASCII)")


def _libdmtx() -> Check:
    from bss_mfg.errors import BssError
    from bss_mfg.imaging.second_reader import SecondReader, how_to_install_libdmtx

    try:
        with SecondReader():
            return Check("libdmtx", Level.OK, "the second reader works")
    except BssError:
        found = "missing; --second-reader needs it, and damaged labels read better with it"
        return Check("libdmtx", Level.GAP, found, how_to_install_libdmtx())


def check_left_over(root: Path) -> Check:
    """What killed commands left half-written; a programming file among it holds keys."""
    from bss_mfg.core.files import leftover_files

    found = leftover_files(root)
    if not found:
        return Check("left-overs", Level.OK, "no half-written files in the workspace")
    names = ", ".join(str(path.relative_to(root)) for path in found[:5])
    return Check(
        "left-overs", Level.GAP, f"{len(found)} of killed commands: {names}", "Type them again, or delete these."
    )


def check_group(root: Path, group: str) -> Check:
    """Whether all members of a workspace's group can work with what is in it."""
    from bss_mfg.workspace.groups import not_for_group

    found = [str(path.relative_to(root)) for path in not_for_group(root)]
    if not found:
        return Check("group", Level.OK, f"all of {group} can work here")
    fix = f"chgrp -R {group} FILES and chmod g+rw FILES, as their owner; chmod 2770 for folders."
    return Check("group", Level.GAP, f"{group} can't write {listing(found, 5)}", fix)


def check_actor(found: FoundActor) -> list[Check]:
    """The names that go into the history, and where they come from."""
    return [
        Check("operator", Level.OK, f"{found.operator.name} ({found.operator.source})"),
        Check("station", Level.OK, f"{found.station.name} ({found.station.source})"),
    ]


def check_releases(ledger: Ledger) -> Check:
    """Releases of keys that were cut off, with what they left half-written. Of a retired batch only that matters."""
    from bss_mfg.programming.open_releases import half_written, release_command, release_text

    cut_off = [
        release
        for release in ledger.releases.open()
        if not ledger.batches.retired_at(release.batch) or half_written([release])
    ]
    if not cut_off:
        return Check("releases", Level.OK, "every release of keys was completed")
    texts = "; ".join(f"batch {release.batch}: {release_text(release)}" for release in cut_off[:5])
    halves = "".join(f"; half-written, with keys: {path}" for path in half_written(cut_off)[:5])
    retired = ledger.batches.retired_at(cut_off[0].batch)
    command = f"bss-mfg retire {cut_off[0].batch}" if retired else release_command(cut_off[0])
    return Check("releases", Level.GAP, f"{len(cut_off)} not completed: {texts}{halves}", f"`{command}` continues it")


def check_vault(found: VaultStatus) -> Check:
    """The vault key of a workspace: there, whole, and the ledger's. Most stations are to have none."""
    if found.keyless:
        return Check("vault", Level.OK, "no vault key, and no key folder: nothing is issued here, and no key released")
    if found.trouble:
        return Check("vault", Level.FAULT, found.trouble, found.way_out)
    if found.misplaced:
        return Check("vault", Level.FAULT, found.misplaced_text, f"{into_hardware(found.demanded)} makes a new one.")
    tried = f"opens {count_words(found.keys.opened, 'data key')}" if found.keys else "not opened"
    kept = f", kept {KEPT[found.kind]}" if found.kind else ""
    return Check("vault", Level.OK, f"key {found.id}{kept}; {tried}")


def check_demands(found: VaultStatus, workspace: Workspace) -> list[Check]:
    """Products that can't be issued, because their keys are to be under a vault key in hardware, and it isn't there."""
    from bss_mfg.errors import BssError

    if not found.kind:
        return []
    checks = []
    for name in workspace.product_names():
        try:
            kinds = workspace.product(name).product.require_vault_key_in
        except BssError:
            continue  # a broken file: who issues it, or lists it, is told
        if kinds and found.kind not in kinds:
            said = f"product {name} demands {' or '.join(kinds)}, and the key is kept {KEPT[found.kind]}"
            fix = f"{into_hardware(kinds)} makes a new one. Until then nothing is issued of it."
            checks.append(Check("vault key in hardware", Level.GAP, said, fix))
    return checks


def check_vault_files(found: VaultStatus) -> list[Check]:
    """Whether the vault key is closed to others, and what changes of it left."""
    checks = []
    for path in found.exposed:
        fix = f"chmod 600 {shell_word(str(path))}"
        checks.append(Check("vault key file", Level.FAULT, f"others may read or change {path.name}", fix))
    if found.left_over:
        names = ", ".join(path.name for path in found.left_over)
        tokens = sorted({token.token for path in found.left_over if (token := token_of(path))})
        fix = "The next `bss-mfg vault rekey` clears them away."
        if tokens:
            fix = (
                f"The next `bss-mfg vault rekey` that opens token {listing(tokens, 3)} clears them away. Where it is "
                "lost for good, delete the file."
            )
        checks.append(Check("vault key change", Level.GAP, f"not in force: {names}", fix))
    return checks
