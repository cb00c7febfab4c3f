"""The programming formats by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bss_mfg.programming.binary_image import image_formats
from bss_mfg.programming.c_header import C_HEADER
from bss_mfg.programming.csv_jsonl import CSV, JSONL
from bss_mfg.programming.espressif import ESP_NVS
from bss_mfg.programming.format import Format
from bss_mfg.programming.image_layout import ImageLayout, packaged_layouts
from bss_mfg.programming.zephyr import ZEPHYR, ZEPHYR_SHELL


def formats(layout: ImageLayout | None = None) -> Mapping[str, Format]:
    """Every format by name; `bin` and `hex` by `layout`, else by the packaged layout of the key's width."""
    binary = image_formats((layout,) if layout else packaged_layouts())
    return MappingProxyType(
        {form.name: form for form in (CSV, JSONL, *binary, ZEPHYR, ZEPHYR_SHELL, ESP_NVS, C_HEADER)}
    )
