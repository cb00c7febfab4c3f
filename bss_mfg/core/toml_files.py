"""TOML files that people edit: read, validated by a model, and every mistake named by file, line and field."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bss_mfg.core.files import read_text
from bss_mfg.core.inches import length_hint, unquoted_length_hint
from bss_mfg.core.text import printable_name
from bss_mfg.core.toml_lines import FieldPath, line_numbers
from bss_mfg.errors import InputError, Location, SecretProblem

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """A parsed TOML file: its name for messages, its text, and what it says."""

    name: str
    text: str
    data: dict[str, Any]

    def locate(self, field: FieldPath) -> Location:
        """Where a field stands; the line is the nearest that is known."""
        lines = line_numbers(self.text)
        known = field
        while known and known not in lines:
            known = known[:-1]
        return Location(self.name, lines[known] if known else None, key=field_name(field))


def field_name(location: FieldPath) -> str:
    """A location as people read it: `element[3].size`, counted from 1."""
    text = ""
    for step in location:
        text += f"[{step + 1}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


_BROKEN_LINE = (r"Illegal character '\n'", r"Found invalid character '\n'")
"""What the parser says of a line break inside of a text, in double and in single quotes."""


def parse_toml(text: str, name: str) -> TomlDocument:
    """Parse TOML text; a syntax error is an `InputError` with the line that the parser names."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, line = _syntax_error(error)
        lines = text.splitlines()
        hint = unquoted_length_hint(lines[line - 1], _table_around(lines, line)) if line and line <= len(lines) else ""
        way_out = "Text goes in double quotes, tables in [brackets], one field per line."
        if what in _BROKEN_LINE:
            hint = "a text in quotes continues in the next line, or its second quote is missing"
            way_out = "Put it in one line, without the line break."
        raise InputError(f"not valid TOML: {hint or what}", where=Location(name, line), way_out=way_out) from error
    except (ValueError, RecursionError):
        raise InputError(
            "holds a number of thousands of digits, or brackets nested too deeply",
            where=Location(name),
            way_out="Write plain values.",
        ) from None
    return TomlDocument(name, text, data)


def _table_around(lines: Sequence[str], line: int) -> str:
    """The text of the table that a line stands in, of which nothing is parsed."""
    headers = [number for number, one in enumerate(lines, 1) if one.lstrip().startswith("[")]
    first = max((number for number in headers if number <= line), default=1)
    after = min((number for number in headers if number > line), default=len(lines) + 1)
    return "\n".join(lines[first - 1 : after - 1])


def _syntax_error(error: tomllib.TOMLDecodeError) -> tuple[str, int | None]:
    """What the parser says, and on which line. Its fields `msg` and `lineno` came with Python 3.14; before, both stand
    in its words: `Invalid value (at line 3, column 5)`."""
    what, _, place = str(error).partition(" (at ")
    line = re.match(r"line (\d+)", place)
    return what.rstrip("."), int(line[1]) if line else None


def load_toml(path: Path, what: str) -> TomlDocument:
    """Read and parse a TOML file."""
    return parse_toml(read_text(path, what), str(path))


def validate(document: TomlDocument, model: type[Model], way_out: str = "") -> Model:
    """The document as a frozen model; all mistakes are listed in one `InputError`."""
    from pydantic import ValidationError

    try:
        return model.model_validate_json(json.dumps(document.data, default=str), strict=True)
    except ValidationError as error:
        problems = [_problem(document, model, item) for item in _causes(error.errors(include_url=False))]
        first_where, first_text = problems[0]
        raise InputError(
            first_text,
            where=first_where,
            problems=[f"also {where}: {text}" for where, text in problems[1:6]],
            way_out=way_out or "Correct the file and run the command again.",
        ) from None


def _causes(items: Sequence[Any]) -> list[Any]:
    """The mistakes without those that only follow from others: a list is too short for its elements' mistakes, since
    only elements without one are counted."""
    places = [tuple(item["loc"]) for item in items]
    return [
        item
        for item, place in zip(items, places, strict=True)
        if item["type"] != "too_short"
        or not any(len(other) > len(place) and other[: len(place)] == place for other in places)
    ]


def _problem(document: TomlDocument, model: type[BaseModel], item: Any) -> tuple[Location, str]:
    # A union adds the name of its branch to the location; only steps that exist in the file help the reader.
    data: Any = document.data
    location: list[str | int] = []
    for index, step in enumerate(item["loc"]):
        last = index == len(item["loc"]) - 1
        if index and isinstance(item["loc"][index - 1], int) and isinstance(data, dict) and data.get("kind") == step:
            continue  # the branch of a union by `kind`, which may be called like one of its fields
        if isinstance(data, dict) and isinstance(step, str) and (step in data or last):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        location.append(step)
    where = document.locate(tuple(location))
    kind = item["type"]
    if kind == "missing":
        return where, "this field is missing"
    if kind == "extra_forbidden":
        known = _field_names(model)
        if item["loc"][-1] in known:
            return where, "this field does not belong here"
        close = difflib.get_close_matches(str(item["loc"][-1]), known, 1)
        return where, "there is no such field" + (f"; did you mean '{close[0]}'?" if close else "")
    if kind == "union_tag_invalid":
        field = item["ctx"]["discriminator"].strip("'")
        known = item["ctx"]["expected_tags"].replace("'", "")
        return document.locate((*location, field)), f"there is no {field} {item['ctx']['tag']!r}; known are {known}"
    # A validator of ours says what is wrong itself; pydantic puts its own words before that.
    if kind == "value_error" and isinstance(item["ctx"]["error"], SecretProblem):
        return where, str(item["ctx"]["error"])
    message = str(item["ctx"]["error"]) if kind == "value_error" else str(item["msg"])
    message = message.replace("Input should be", "should be")
    if kind == "string_pattern_mismatch":
        message = f"does not match the pattern {item['ctx']['pattern'].strip('^$')}"
    value = item.get("input")
    if isinstance(value, str) and kind in ("float_type", "int_type") and (hint := length_hint(value)):
        message = hint
    if isinstance(value, (str, int, float, bool)):
        message = f"'{printable_name(str(value)[:60])}': {message}"
    return where, message


def _field_names(model: type[BaseModel]) -> list[str]:
    names: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            names.update(node.get("properties", {}))
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(model.model_json_schema())
    return sorted(names)


def quote(value: str) -> str:
    """`value` as a TOML basic string (JSON strings are a subset of them)."""
    return json.dumps(value, ensure_ascii=False)


def to_text(data: Mapping[str, Any]) -> str:
    """The text of a TOML file with these values: strings, numbers, bools, and tables of such. Empty tables are left
    out."""
    tables = {name: value for name, value in data.items() if isinstance(value, dict) and value}
    lines = _lines({name: value for name, value in data.items() if not isinstance(value, dict)})
    for name, values in tables.items():
        lines += [f"\n[{name}]\n", *_lines(values)]
    return "".join(lines)


def _lines(values: Mapping[str, Any]) -> list[str]:
    texts = {name: quote(value) if isinstance(value, str) else str(value).lower() for name, value in values.items()}
    return [f"{name} = {text}\n" for name, text in texts.items()]
