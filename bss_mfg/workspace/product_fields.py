"""Fields of the factory's own: a product's, in its file, for each language if wanted, and a batch's, given at issue.

A batch keeps them among its facts: `fields.sku` is what holds in every language, `fields.de.sku` what a language says
instead. Labels show a field as `{fields.sku}`, in the language they are printed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from bss_mfg.core.text import is_one_line
from bss_mfg.errors import InputError
from bss_mfg.model import FIELD_PREFIX

LONGEST_VALUE = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
BASE_LANGUAGE = "base"
"""What people say for the fields as [fields] has them: no language has a name of four letters."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
LANGUAGE_PATTERN = rf"^({BASE_LANGUAGE}|{_LANGUAGE.pattern})$"
"""Of a language that labels are set to."""


def check_name(name: str) -> str:
    """A field's name; `ValueError` where it can't be one."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:40]!r} can't be a field's name: a small letter, then small letters, digits and _")
    return name


def check_value(value: str) -> str:
    """A field's value; `ValueError` where it can't be one."""
    if len(value) > LONGEST_VALUE:
        raise ValueError(f"has {len(value)} characters; a field has at most {LONGEST_VALUE}")
    return check_one_line(value)


def check_one_line(value: str) -> str:
    """A text of one line; `ValueError` for what a label can't show in one."""
    if not is_one_line(value):
        raise ValueError("has a control character or a line break, which can't be printed")
    return value


FieldValue = Annotated[str, AfterValidator(check_value)]
FieldTable = dict[Annotated[str, AfterValidator(check_name)], FieldValue]


def _check_fields(fields: dict[str, str | dict[str, str]]) -> dict[str, str | dict[str, str]]:
    plain = {name for name, value in fields.items() if isinstance(value, str)}
    for key, value in fields.items():
        if isinstance(value, str):
            check_name(key)
            continue
        if not _LANGUAGE.fullmatch(key):
            raise ValueError(f"{key[:40]!r} isn't a language, as in de, pt-BR or zh-Hant")
        for name in value:
            if name not in plain:
                raise ValueError(f"{key}.{name[:40]} has no value for other languages: give {name[:40]} in [fields]")
    return fields


ProductFields = Annotated[
    dict[str, FieldValue | dict[str, FieldValue]],
    AfterValidator(_check_fields),
    Field(description="Fields of your own, shown as {fields.NAME}; in [fields.de] what German labels say instead."),
]
BatchFields = Annotated[
    FieldTable,
    Field(description="Fields that each batch is given (`batch create --field NAME=VALUE`), with a longest example."),
]


def product_facts(fields: Mapping[str, str | Mapping[str, str]]) -> dict[str, str]:
    """A product's fields as facts of a batch."""
    facts: dict[str, str] = {}
    for key, value in fields.items():
        if isinstance(value, str):
            facts[FIELD_PREFIX + key] = value
        else:
            facts |= {f"{FIELD_PREFIX}{key}.{name}": text for name, text in value.items()}
    return facts


def field_of_fact(name: str) -> str:
    """The field that a fact of a batch is about, in whatever language; empty where it is about none."""
    return name.rpartition(".")[2] if name.startswith(FIELD_PREFIX) else ""


def batch_facts(declared: Iterable[str], defaults: Mapping[str, object], given: Mapping[str, str]) -> dict[str, str]:
    """The fields that a batch is given, as its facts. `InputError` for one that the product does not know, or that is
    missing; a field that the product has a value for need not be given."""
    names = tuple(declared)
    known = f"the product has {', '.join(names)}" if names else "the product's file has no [batch_fields]"
    for name, value in given.items():
        if name not in names:
            raise InputError(
                f"there is no batch field {name[:40]!r}: {known}",
                where="--field",
                way_out=f'Add it to the product\'s file: [batch_fields] {name[:40]} = "a longest example".',
            )
        try:
            check_value(value)
        except ValueError as error:
            raise InputError(f"the field {name} {error}", where="--field", way_out="Shorten or correct it.") from None
    if missing := [name for name in names if name not in given and name not in defaults]:
        raise InputError(
            f"batches of this product have the field {missing[0]}, and it was not given",
            where="--field",
            way_out="Give " + " ".join(f"--field {name}=VALUE" for name in missing) + ".",
        )
    return {FIELD_PREFIX + name: value for name, value in given.items()}


def languages(facts: Mapping[str, str]) -> list[str]:
    """The languages that a batch's fields are told in."""
    return sorted({key.split(".")[1] for key in facts if key.startswith(FIELD_PREFIX) and key.count(".") == 2})


def matching_language(facts: Mapping[str, str], language: str) -> str:
    """The language of a batch's fields that is nearest to one: itself, or without its region; else empty."""
    known = {one.lower(): one for one in languages(facts)}
    wanted = language.lower()
    while wanted:
        if wanted in known:
            return known[wanted]
        wanted = wanted.rpartition("-")[0]
    return ""


def require_language(facts: Mapping[str, str], language: str, where: str) -> str:
    """The same; `InputError` where there is none."""
    found = matching_language(facts, language)
    if not found:
        known = ", ".join(languages(facts))
        raise InputError(
            f"its fields are not told in {language[:20]!r}",
            where=where,
            way_out=f"Known: {known}, and {BASE_LANGUAGE}: what [fields] says."
            if known
            else "Add [fields.LANGUAGE] to the product's file for new batches.",
        )
    return found


def facts_in(facts: Mapping[str, str], language: str) -> Mapping[str, str]:
    """A batch's facts, its fields as they are in a language: of `pt-BR` first what `pt` says, then what it says."""
    if not language:
        return facts
    localised = dict(facts)
    parts = language.split("-")
    for count in range(1, len(parts) + 1):
        start = f"{FIELD_PREFIX}{'-'.join(parts[:count])}."
        localised |= {FIELD_PREFIX + key[len(start) :]: value for key, value in facts.items() if key.startswith(start)}
    return localised


def read_given(pairs: Iterable[str]) -> dict[str, str]:
    """Fields that were typed as NAME=VALUE; `InputError` names what is wrong."""
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name or name in given:
            what = f"the field {name[:40]!r} is given twice" if name in given else f"{pair[:60]!r} is not NAME=VALUE"
            raise InputError(what, where="--field", way_out="Say --field lot=L123, each name once.")
        given[name] = value
    return given
