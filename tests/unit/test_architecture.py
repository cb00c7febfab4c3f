"""The house stands as drawn: import-linter's contracts hold, one room speaks SQL, one writes files, only cli prints."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bss_mfg

ROOT = Path(bss_mfg.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """First names of what a file imports from outside."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def broken_contracts(tree: Path) -> list[str]:
    """The names of the import contracts of pyproject.toml that a tree breaks."""
    script = "import sys; from importlinter.cli import lint_imports_command as main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    return [line.removesuffix(" BROKEN") for line in done.stdout.splitlines() if line.endswith(" BROKEN")]


def test_imports_hold_every_contract() -> None:
    assert broken_contracts(ROOT.parent) == []


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("core/files.py", "import bss_mfg.ledger.ledger", "Imports run downward from room to room"),
        ("label/template/template.py", "import bss_mfg.label.layout.label_rows", "Imports run downward inside label"),
        ("manifest/log_mapping.py", "import bss_mfg.manifest.make", "Imports run downward inside manifest"),
        ("programming/format.py", "import bss_mfg.programming.release", "Imports run downward inside programming"),
        ("reconcile/comparison.py", "import bss_mfg.reconcile.control_logs", "Imports run downward inside reconcile"),
        ("label/layout/texts.py", "import bss_mfg.label.layout.symbol_fit", "Imports run downward inside label/layout"),
        ("label/render/symbols.py", "import bss_mfg.label.render.raster", "Imports run downward inside label/render"),
        ("report/statistics.py", "import bss_mfg.report.wording", "Imports run downward inside report"),
        ("station/phone/access.py", "import bss_mfg.station.phone.desk", "Imports run downward inside station/phone"),
        ("device/pdu.py", "import bss_mfg.device.session", "Imports run downward inside device"),
        ("device/session.py", "import time", "The proof on air knows no radio, no clock and no ledger"),
        ("device/check.py", "import bleak", "Radios stand behind their door"),
        ("lan/certificate.py", "import bss_mfg.lan.page_server", "Imports run downward inside lan"),
        ("production/records.py", "import bss_mfg.production.line", "Imports run downward inside production"),
        ("board/access.py", "import bss_mfg.board.desk", "Imports run downward inside board"),
        ("imaging/grid.py", "import bss_mfg.imaging.attempts", "Imports run downward inside imaging"),
        ("verify/diagnosis.py", "import bss_mfg.verify.page", "Imports run downward inside verify"),
        ("verify/page.py", "import time", "No clock decides what is read on a page"),
        ("verify/diagnosis.py", "import bss_mfg.payload.product_keys", "Of verify, only inspect opens keys"),
        ("station/station.py", "import bss_mfg.verify.findings", "The station knows only diagnoses"),
        ("transparency/merkle.py", "import bss_mfg.core.files", "Transparency knows no file and no ledger"),
        ("payload/product_keys.py", "import bss_mfg.payload.build", "No circles, between rooms or inside them"),
        ("imaging/grid.py", "import cryptography", "Imaging reaches neither ledger nor label nor crypto"),
        ("core/processes.py", "import sqlite3", "Only the ledger's door speaks to SQLite"),
        ("ledger/packages.py", "import sqlite3", "Only the ledger's door speaks to SQLite"),
        ("label/make.py", "import bss_mfg.ledger.keys", "Few rooms reach keys"),
        ("ledger/backup.py", "import bss_mfg.ledger.key_folder", "Wrapped keys are read through the store of keys"),
        ("ledger/batches.py", "import bss_mfg.ledger.units", "Imports run downward inside ledger"),
        ("core/processes.py", "import click", "Only the command line knows click"),
        ("cli/common.py", "import rich.text", "Rich is loaded where something is drawn"),
        ("verify/findings.py", "import bss_mfg.label.make", "Verify does not know how labels are drawn"),
        ("symbol.py", "import sqlite3", "Payload and symbol reach neither ledger nor workspace"),
        ("label/make.py", "import cryptography", "Label and verify know no crypto and no SQL"),
    ],
)
def test_an_import_upward_breaks_its_contract(tmp_path: Path, file: str, line: str, contract: str) -> None:
    """The negative control of the contracts: one import more, and the right one breaks."""
    shutil.copytree(ROOT, tmp_path / "bss_mfg", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT.parent / "pyproject.toml", tmp_path)
    changed = tmp_path / "bss_mfg" / file
    changed.write_text(changed.read_text() + f"\n{line}\n")
    assert contract in broken_contracts(tmp_path)


def code(path: Path) -> str:
    return path.read_text()


def test_only_the_ledger_speaks_sql() -> None:
    for path in FILES:
        if room(path) != "ledger":
            assert not re.search(r'"(SELECT|INSERT|UPDATE|DELETE|PRAGMA) ', code(path)), path


def test_only_files_writes_files() -> None:
    pattern = re.compile(r"\.write_(text|bytes)\(|open\([^)]*[\"'][wax]|os\.open\(|\.mkdir\(|\.unlink\(|shutil")
    # devnull for a closed pipe; a device, which is no file; what is opened to be read alone, or to be locked
    allowed = {
        "core/files.py",
        "cli/main.py",
        "label/printing/device_file.py",
        "workspace/tpm2_device.py",
        "core/files_to_read.py",
        "core/lock_files.py",
        "core/zip_files.py",  # members of an archive that core/files puts in place
    }
    assert "O_RDONLY" in code(ROOT / "core/files_to_read.py")
    assert not re.search(r"O_WRONLY|O_RDWR|O_CREAT", code(ROOT / "core/files_to_read.py"))
    for path in FILES:
        if str(path.relative_to(ROOT)) not in allowed:
            assert not pattern.search(code(path)), path
    # What waits on the disk while a job runs has no name, and one maker; fonts of an SVG have names for a moment.
    assert {str(path.relative_to(ROOT)) for path in FILES if "tempfile" in imported(path)} == {
        "core/spool.py",
        "core/temporary_files.py",
    }


def test_one_hand_puts_home_folders_in_the_place_of_a_tilde() -> None:
    """What the library raises for a user who isn't there is no OSError."""
    places = {str(path.relative_to(ROOT)) for path in FILES if "expanduser(" in code(path)}
    assert places == {"core/home_folder.py"}


def test_only_cli_prints_and_exits() -> None:
    for path in FILES:
        # (records/verify_record.py is a program of its own, which `record verifier` prints)
        if room(path) not in ("cli", "__main__") and path.name != "verify_record.py":
            assert not re.search(r"\bprint\(|import click|sys\.exit|sys\.std(out|err)", code(path)), path


def test_what_others_wrote_reaches_a_terminal_through_few_hands() -> None:
    """`say`, `print_text` and those beside them take from a text what a terminal would obey."""
    places = {str(path.relative_to(ROOT)) for path in FILES if "click.echo(" in code(path)}
    assert places == {
        "cli/common.py",  # where they are
        "cli/main.py",  # usage errors, made harmless there
        "cli/progress.py",
        "cli/press.py",  # a bell and a prompt
        "cli/completion.py",
        "cli/station_screen.py",  # in colours
    }
    drawn = {str(path.relative_to(ROOT)) for path in FILES if re.search(r"\bfrom rich\b|\bimport rich\b", code(path))}
    assert drawn == {
        "cli/terminal_console.py",  # reads no markup
        "cli/terminal_table.py",  # cells that `print_table` made harmless
        "cli/progress_bars.py",  # labels and words that cli/progress.py made harmless
    }


def test_keys_are_revealed_in_few_places() -> None:
    places = {str(path.relative_to(ROOT)) for path in FILES if ".reveal()" in code(path)}
    assert places == {
        "payload/build.py",  # into the encrypted field
        "ledger/vault.py",  # sealing and digests
        "workspace/vault_key_storage.py",  # the vault key into its file
        "workspace/tpm2_key.py",  # the vault key and a PIN to the TPM
        "workspace/age_key.py",  # the vault key to its recipients, a passphrase to an identity file
        "workspace/token_key.py",  # a PIN to its token
        "programming/format.py",  # the one release: uuid_and_key
        "device/crypto.py",  # the key of a confirmation, made for one exchange
        "transparency/signed_note.py",  # the seed of the key that signs checkpoints
        "integration/webhook.py",  # what signs events
        "integration/mqtt.py",  # the password that a broker is shown
        "device/provisionee.py",  # a simulated device's, to make the mistaken ones of it
        "payload/fitting/known.py",  # of a guide's sample, to be found in its plaintext
        "payload/fitting/proof.py",  # the same, compared
        "verify/inspect.py",  # SHA-256 of a development key's finding
    }


def test_keys_are_fed_to_digests_in_few_places() -> None:
    places = {str(path.relative_to(ROOT)) for path in FILES if re.search(r"\b(key|piece)\.feed\(", code(path))}
    assert places == {
        "device/crypto.py",  # into the confirmations
        "device/auth_value.py",  # into the AuthValue of one exchange
        "device/key_mistakes.py",  # to be compared with what a device made of it
    }


def test_files_stay_small() -> None:
    assert {path.name: len(code(path).splitlines()) for path in FILES if len(code(path).splitlines()) > 450} == {}


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['bss-mfg', '--help']\n"
        "from bss_mfg.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({n.split('.')[0] for n in sys.modules} & "
        "{'pandas','numpy','reportlab','pydantic','PIL','cryptography','pypdfium2','zxingcpp','zint','sqlite3'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
