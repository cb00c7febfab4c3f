"""The folder that a factory works in: its products, specs, templates, printers, ledger and vault."""
