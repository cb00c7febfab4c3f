"""A spec as the text of a spec file."""

from __future__ import annotations

import re
from typing import Any

from bss_mfg.core.toml_files import quote
from bss_mfg.payload.spec import Spec, SpecField

_HEAD = (
    "# Fitted to samples by `bss-mfg spec fit`. Fields that are assumed explain the samples, no more: compare each\n"
    "# with Amazon's guide, prove it with `bss-mfg spec check`, and sign: `bss-mfg spec confirm`.\n"
)
_WIDTH = 100


def spec_text(spec: Spec) -> str:
    """The file's text; what stands at its default is left out."""
    content = spec.model_dump(mode="json", exclude_defaults=True, exclude={"field", "samples"})
    lines = [f"{name} = {_value(value)}" for name, value in content.items()]
    text = _HEAD + "\n" + "\n".join(lines) + "\n"
    if spec.samples.files:
        text += f"\n[samples]\nfiles = {_value(list(spec.samples.files))}\n"
    return text + "".join("\n[[field]]\n" + _field(field) for field in spec.field)


def _field(field: SpecField) -> str:
    content: dict[str, Any] = field.model_dump(mode="json", exclude_defaults=True)
    plaintext, scheme, layout = (content.pop(name, None) for name in ("plaintext", "scheme", "layout"))
    if field.scheme is not None:
        scheme = {"kind": field.scheme.kind, **(scheme or {})}
    text = "".join(f"{name} = {_value(value)}\n" for name, value in content.items())
    if layout:
        text += f"layout = {_value(layout)}\n"
    if plaintext:
        text += "plaintext = [\n" + "".join(f"    {_value(value)},\n" for value in plaintext) + "]\n"
    if scheme:
        text += "\n[field.scheme]\n" + "".join(f"{name} = {_value(value)}\n" for name, value in scheme.items())
    return text


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quote(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_name(name)} = {_value(one)}" for name, one in value.items()) + " }"
    return quote(str(value))
