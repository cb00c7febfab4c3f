"""`python -m bss_mfg` is the `bss-mfg` command."""

from bss_mfg.cli import start

start()
