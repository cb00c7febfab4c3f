"""What reads a file is tried by a reader of the hunt, or stands here with the reason why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bss_mfg.core.untrusted import Reader
from tests.fuzz.readers import READERS
from tests.helpers import ROOT

READING = {"read_bytes", "read_text", "open_to_read", "load_toml", "open_table", "open_sheet", "CsvRows"}
"""What opens a file to be read. `core/files` has most of it; rows of the ledger are held by the history."""
TRIED: dict[str, str] = {
    "core/csv_tables": "identities-csv",
    "core/files": "plan",
    "core/read_tables": "identities-csv orders-csv readback",
    "core/toml_files": "toml-lines",
    "core/workbook_package": "identities-xlsx",
    "imaging/reflectance_card": "reflectance-card",
    "imaging/sources": "pdf-scan png-scan tiff-scan jpeg-scan heic-scan other-scan",
    "integration/forwarding": "forwarded",
    "integration/orders": "orders-json orders-csv",
    "issuing/identity_files": "identities-csv identities-xlsx imported",
    "label/layout/press": "icc",
    "label/template/loading": "template svg pdf-artwork png-artwork jpeg-artwork font",
    "label/template/printer": "printer",
    "lan/certificate": "page-certificate",
    "ledger/next_numbers": "next-numbers",
    "ledger/policy_note": "policy-note",
    "manifest/feedback": "feedback-mapping feedback-json feedback-csv",
    "manifest/log_mapping": "log-mapping",
    "manifest/sidecar": "sidecar",
    "pipeline/plan": "plan",
    "programming/image_layout": "image-layout",
    "programming/index": "index",
    "programming/readback": "readback",
    "reconcile/programming_tasks": "programming-file",
    "records/record_file": "record",
    "records/timestamps": "timestamp authority",
    "records/witnesses": "checkpoint verifier-key",
    "verifier_data/csv_export": "verifier-csv",
    "verifier_data/mapping": "verifier-mapping",
    "verifier_data/xml_export": "verifier-xml",
    "verify/tasks": "png-scan",
    "workspace/age_key": "age-identity age-vault",
    "workspace/packing_session": "packing-session",
    "workspace/policy_file": "policy",
    "workspace/product": "product",
    "workspace/spec_samples": "spec-sample private-key",
    "workspace/stand_in_keys": "public-key",
    "workspace/station_settings": "station-settings",
    "workspace/vault_key_lines": "vault-line vault-key",
    "workspace/vault_keys": "private-key",
    "workspace/workspace": "config spec",
}
"""Readers of the hunt, by the module that reads."""
NOT_TRIED: dict[str, str] = {
    "board/access": "a token of our own, compared as a whole",
    "board/place": "an address of our own, taken if the board there knows the ledger",
    "demo": "files that come with bss-mfg",
    "integration/order_folder": "a list of our own, for people: what isn't one is passed over",
    "integration/receivers": "a secret, taken as it is",
    "label/examples": "a product that was read before",
    "label/from_workspace": "the least grade of a template that was read before",
    "label/preview/watching": "shown as it is",
    "label/printing/send_batch": "sent as it is, once its SHA-256 is the ledger's",
    "ledger/home": "a number and a digest by one pattern",
    "ledger/key_folder": "taken only if its SHA-256 is the database's",
    "programming/flasher_key": "an identity file, as age's",
    "programming/release": "compared byte for byte with what would be written",
    "reconcile/label_files": "searched for a mark; what it draws is read as a scan",
    "records/delivered_files": "its SHA-256 alone",
    "report/html_report": "searched for a mark of ours",
    "report/spec_sheet_file": "searched for a mark of ours",
    "workspace/failure_pictures": "handed on to the board as it is",
    "workspace/known_private_keys": "keys, as others",
    "workspace/ledger_move": "settings that were read before",
    "workspace/portable_parts": "copied as it is",
    "workspace/shared_files": "copied as it is; the settings were read before",
    "workspace/station_folder": "copied as it is",
    "workspace/template_files": "names in a template that was read before",
    "workspace/vault_key_storage": "a passphrase, taken as it is",
    "workspace/vault_files": "a line that was read before, copied",
}
"""Why nothing tries what a module reads."""


def _readers() -> Iterator[str]:
    """Modules that import what reads; `cli` hands bytes on."""
    package = ROOT / "bss_mfg"
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).with_suffix("").as_posix()
        imported = {
            one.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bss_mfg.core.")
            for one in node.names
        }
        if not name.startswith("cli/") and imported & READING:
            yield name


def test_what_reads_a_file_is_tried_or_says_why_not() -> None:
    assert sorted(_readers()) == sorted([*TRIED, *NOT_TRIED])


def test_what_is_said_to_try_them_is_there() -> None:
    assert not {name for names in TRIED.values() for name in names.split()} - set(READERS)


def test_everything_that_has_limits_is_tried() -> None:
    """The limits' names are kinds, the hunt's are readers: one kind has several."""
    others = {
        Reader.ARTWORK: "svg", Reader.PROFILE: "icc", Reader.PICTURE: "png-scan", Reader.TOML: "toml-lines",
        Reader.WORKBOOK: "identities-xlsx", Reader.CSV: "identities-csv", Reader.KEY: "public-key",
        Reader.FEEDBACK: "feedback-json", Reader.PHONE: "phone-message", Reader.PRINTER: "printer-answer",
        Reader.REQUEST: "signed-request", Reader.SIGNATURE: "ssh-signature",
    }  # fmt: skip
    assert not {others.get(one, one.value) for one in Reader} - set(READERS)
