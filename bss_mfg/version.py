"""The version of bss-mfg: printed, and written into every event and file."""

__version__ = "0.1.0"
