"""The JSON Schema (draft 2020-12) of a control log, made from its mapping, and checks against it.

Every path of the mapping is there, required unless optional, and nothing else is. What a value may look like follows
from its source. `$comment` says what is published and what is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from bss_mfg.manifest.log_mapping import Entry, LogMapping, Source, tree_of
from bss_mfg.manifest.value_forms import form_names, value_form

Schema = dict[str, Any]

PATTERNS: dict[Source, str] = {
    "product.pid": "^[A-Za-z0-9]{4}$",
    "product.upc": "^[0-9]{12}$",
    "product.ean": "^([0-9]{8}|[0-9]{13})$",
    "unit.serial": "^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$",
    "package.encrypted": r"^[A-Za-z0-9+/=_.\-: \$%*]+$",  # base45 has the last five
}
"""What the value of a source looks like: as bss-mfg issues it. UUIDs and MACs have forms (`value_forms`)."""


def entry_schema(entry: Entry) -> Schema:
    """The schema of one entry's value."""
    if entry.source == "constant":
        return {"const": entry.value}
    if entry.source == "package.serials":
        serial = {"type": "string", "pattern": PATTERNS["unit.serial"]}
        return {"type": "array", "minItems": 1, "items": _object({entry.member: serial}, [entry.member])}
    if form_names(entry.source):
        return {"type": "string", "pattern": value_form(entry.source, entry.form).pattern}
    return {"type": "string", "pattern": PATTERNS[entry.source]}


def log_schema(entries: Iterable[Entry]) -> Schema:
    """The schema of one kind of log."""
    return _tree(tree_of((entry.path, entry) for entry in entries))


def document_schema(mapping: LogMapping) -> Schema:
    """The schema of a whole document, as it is shipped for the packaged mapping."""
    kinds = {"device": log_schema(mapping.device)}
    if mapping.bundle:
        kinds["bundle"] = log_schema(mapping.bundle)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:bss-mfg:control-log:{quote(mapping.name)}",
        "title": mapping.title,
        "$comment": "Made from the mapping file. Parts marked assumed are not public; Amazon's guide has them.",
        **_object(
            {"controlLogs": {"type": "array", "items": {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds]}}},
            ["controlLogs"],
        ),
        "$defs": kinds,
    }


def schema_file(mapping: LogMapping) -> str:
    """The document's schema as the text of a file."""
    return json.dumps(document_schema(mapping), indent=2) + "\n"


def compile_check(schema: Schema) -> Callable[[Any], str]:
    """A compiled check: what is wrong with a value, in one line of ASCII, or an empty string.

    fastjsonschema knows drafts up to 7; the keywords used here mean the same in 2020-12.
    """
    import fastjsonschema

    validate = fastjsonschema.compile(schema, use_default=False)

    def check(value: Any) -> str:
        try:
            validate(value)
        except fastjsonschema.JsonSchemaValueException as error:
            # The library says "data.device.x must be ..."; names come from the file and may hold anything.
            return ascii(error.message.removeprefix("data").lstrip(". "))[1:-1][:300]
        return ""

    return check


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _tree(node: dict[str, Any]) -> Schema:
    properties: Schema = {}
    for name, child in node.items():
        if isinstance(child, Entry):
            about = {"$comment": child.status, **({"description": child.note} if child.note else {})}
            properties[name] = {**about, **entry_schema(child)}
        else:
            properties[name] = _tree(child)
    return _object(properties, [name for name, child in node.items() if not _is_optional(child)])


def _is_optional(child: Any) -> bool:
    """An object is left out where all that it holds is left out."""
    return child.optional if isinstance(child, Entry) else all(_is_optional(item) for item in child.values())
