"""Words that people try for a command of another name, and the commands that do what they mean."""

from __future__ import annotations

_LABELS = "`bss-mfg labels BATCH` makes labels and sends them, `bss-mfg reprint` single ones once more."
_LISTS = "`bss-mfg manifest BATCH` makes lists to upload, `bss-mfg table` others, `bss-mfg program` keys for flashers."
_STATE = "`bss-mfg batch show BATCH` says how far a batch is, `bss-mfg board` how far the line is."
_ISSUE = "`bss-mfg run PRODUCT --units N` issues a batch with its labels, `bss-mfg batch create` issues alone."
_CHECK = "`bss-mfg verify BATCH SCANS` reads printed labels back, `bss-mfg inspect` explains a barcode."
_KEYS = "`bss-mfg program BATCH` writes keys for the flasher, `bss-mfg vault` deals with the key that opens them."
_BEGIN = "`bss-mfg start` asks what a first batch needs, `bss-mfg init` makes a workspace, `bss-mfg demo` shows all."
_LOG = "`bss-mfg history BATCH` and `bss-mfg events` tell what happened."
_OPEN = "`bss-mfg open BATCH` opens sheets and reports, `bss-mfg batch show BATCH` says how far a batch is."
_HELP = "`bss-mfg --help` lists the commands, `bss-mfg COMMAND --help` explains one."
_UNITS = "`bss-mfg history UNIT` tells all of a unit, `bss-mfg table BATCH` lists a batch's."

OTHER_WORDS = {
    **dict.fromkeys(("print", "label", "printing", "barcode", "barcodes", "sheet", "pdf", "zpl", "send"), _LABELS),
    **dict.fromkeys(("export", "csv", "xlsx", "upload", "report-upload", "control-log", "list"), _LISTS),
    **dict.fromkeys(("status", "state", "show", "info", "progress", "dashboard", "count", "counts"), _STATE),
    **dict.fromkeys(("create", "new", "issue", "generate", "make", "order", "start-batch", "batches"), _ISSUE),
    **dict.fromkeys(("check", "test", "read", "decode", "validate", "compare", "photo", "camera", "qa"), _CHECK),
    **dict.fromkeys(("flash-keys", "keys", "key", "decrypt", "release", "provision"), _KEYS),
    **dict.fromkeys(("setup", "install", "workspace", "begin", "wizard", "config", "configure"), _BEGIN),
    **dict.fromkeys(("log", "logs", "journal", "audit-log", "event"), _LOG),
    **dict.fromkeys(("view", "display", "browse", "look"), _OPEN),
    **dict.fromkeys(("help", "commands", "man", "?"), _HELP),
    **dict.fromkeys(("unit", "units", "serial", "serials", "uuid", "find", "search", "lookup", "package"), _UNITS),
    "version": "`bss-mfg --version` tells it.",
    "undo": "Nothing is undone: `bss-mfg scrap` and `bss-mfg replace` put units right, `bss-mfg batch reopen` a close.",
    "delete": "What was issued stays in the ledger: `bss-mfg scrap` takes units out, `bss-mfg retire` destroys keys.",
    "remove": "What was issued stays in the ledger: `bss-mfg scrap` takes units out, `bss-mfg retire` destroys keys.",
    "backup": "`bss-mfg ledger backup FILE` copies the ledger.",
    "restore": "`bss-mfg ledger restore FILE` puts a copy in its place.",
    "migrate": "A ledger is brought up to date when it is opened; `bss-mfg ledger move` takes it to another place.",
}
"""What to type instead, as a sentence."""
