"""JSON Schemas of files that people edit, for editors: each mistake is named where it stands.

pydantic writes a choice between kinds as `oneOf`, and what may be left out as `anyOf` with null. A checker can only say
of those that nothing matched. Here a choice is a chain of if and then, so that a checker goes on into the kind that was
written and names its field; and null is left out, which TOML does not have (JSON Schema 2020-12, section 10.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

Schema = dict[str, Any]
NOTHING: Schema = {"not": {}}
"""What no value fulfils. `false` would do, but some checkers then forget where they are."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def given_or_required(field: str, excluded: tuple[str, ...], required: tuple[str, ...]) -> Schema:
    """The rule, for `json_schema_extra`, that either `field` is given and none of `excluded`, or all of `required`."""
    return {
        "if": {"required": [field]},
        "then": {"properties": dict.fromkeys(excluded, NOTHING)},
        "else": {"required": list(required)},
    }


def editor_schema(model: type[BaseModel]) -> Schema:
    """The schema of a file, as a document of its own."""
    return {"$schema": DIALECT, **_rewritten(model.model_json_schema())}


def _rewritten(node: Any, *, names: bool = False) -> Any:
    """A schema, or a part of it, in the form that editors report best. `names`: the node's keys are names of fields."""
    if isinstance(node, list):
        return [_rewritten(item) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {name: _rewritten(item) for name, item in node.items()}
    # Titles are the fields' names over again.
    kept = {
        key: _rewritten(value, names=key in ("properties", "$defs")) for key, value in node.items() if key != "title"
    }
    if "discriminator" in kept:
        return _as_chain(kept)
    return _without_null(kept)


def _without_null(schema: Schema) -> Schema:
    choices = schema.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return schema
    left = [choice for choice in choices if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and (key, value) != ("default", None)}
    return {**left[0], **rest} if len(left) == 1 else {**rest, "anyOf": left}


def _as_chain(choice: Schema) -> Schema:
    """A choice by one field as a chain: if it is this kind, then this kind's schema holds, else if it is that ..."""
    field, branches = choice["discriminator"]["propertyName"], choice["discriminator"]["mapping"]
    rest = {key: value for key, value in choice.items() if key not in ("discriminator", "oneOf")}
    chain: Schema = {}
    for kind, reference in reversed(branches.items()):
        is_kind = {"properties": {field: {"const": kind}}, "required": [field]}
        chain = {"if": is_kind, "then": {"$ref": reference}, **({"else": chain} if chain else {})}
    return {
        **rest,
        "type": "object",
        "required": [field],
        "properties": {field: {"enum": list(branches)}},
        # Refuses nothing, for its last choice takes all: completion looks for the fields of all kinds here.
        "anyOf": [*({"$ref": reference} for reference in branches.values()), {}],
        **chain,
    }
