"""What to do where the ledger itself is lost or damaged: commands as they are typed."""

from __future__ import annotations

RESTORE_COMMAND = "bss-mfg ledger restore COPY --skip-serials N --reason TEXT"
"""COPY is a backup, N at least how many units of a product were issued since it was made."""

RESTORE_WAY_OUT = (
    f"Put the last good backup back: `{RESTORE_COMMAND}`, N at least as many units as were issued of a product since."
)
