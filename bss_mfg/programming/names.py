"""The names of the programming formats, without the formats: the command line's help needs no more."""

NAMES = ("csv", "jsonl", "bin", "hex", "zephyr", "zephyr-shell", "esp-nvs", "c-header")
