"""Is the schema of a ledger's file ours, statement by statement? Whoever can write the file can plant a trigger that
acts on our writes, a view in the place of a table, or take a unique index away.

A table's columns and constraints are compared as a set: those that came with a migration stand behind the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache

from bss_mfg.ledger.schema import FREEZE, FREEZE_SERVER, NOT_IMPORTED, SCHEMA, VERSION
from bss_mfg.ledger.schema_stations import EVENT_DEVICE_OF_7

QUERY = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
"""What SQLite makes by itself for unique columns has no text."""
_ADDED = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (.*?);", re.DOTALL)
_RENAMED = re.compile(r"ALTER TABLE (\w+) RENAME COLUMN (\w+) TO (\w+);")
_OF_SQLITE = re.compile(r"sqlite_stat\d")
"""What `ANALYZE` leaves."""

JSON_IN_INDEX = 7
"""The version whose index `event_device` calls a function of JSON; else its schema is as now."""
VERSIONS = (JSON_IN_INDEX, VERSION)
"""Of earlier ones it isn't known how each was made; what migrations make of them is compared."""

AS_MADE = frozenset(
    {
        "e8fd72726e84b35c63f1aced1dd10a924180774efe71d267cbd63694f9cc565e",
        "7b6a76ba867abe4058e923a05e606d9c5891f6b3aa2cbe9b6091e434f0e3b7f3",
    }
)
"""SHA-256 of the schema as a new ledger has it, and as one with imported identities: most are so, and each is looked at
when it is opened. Any other is compared statement by statement."""

Content = tuple[str, frozenset[str]]
"""Kind, and parts of a table or the one text of what else there is."""


def differences(found: Iterable[tuple[object, object, object]], version: int = VERSION) -> list[str]:
    """What of a schema, as (type, name, text), is not that of a ledger of one of `VERSIONS`: foreign, changed, or
    missing; in words."""
    found = list(found)
    if _digest(found) in AS_MADE:
        return []
    ours, optional = _ours()
    if version == JSON_IN_INDEX:
        ours = {**ours, "event_device": _content("index", EVENT_DEVICE_OF_7)}
    wrong: list[str] = []
    left = dict(ours)
    for kind, name, text in found:
        if not (isinstance(kind, str) and isinstance(name, str) and isinstance(text, str)):
            wrong.append(f"an entry that can't be read: {name!a}")
            continue
        if _OF_SQLITE.fullmatch(name):
            continue
        content = _content(kind, text)
        if name in ours:
            left.pop(name, None)
            if content != ours[name]:
                wrong.append(f"{kind} {name} was changed")
        elif content not in optional.get(name, ()):
            wrong.append(f"{kind} {name} is foreign" if name.isprintable() else f"a foreign {kind}")
    wrong += (f"{kind} {name} is missing" for name, (kind, _) in left.items())
    return wrong


def _digest(found: Iterable[tuple[object, object, object]]) -> str:
    return hashlib.sha256(repr(sorted(found, key=repr)).encode("utf-8", "backslashreplace")).hexdigest()


@cache
def _ours() -> tuple[Mapping[str, Content], Mapping[str, tuple[Content, ...]]]:
    """What has to be there, and what may be."""
    needed = {name: _content(kind.rpartition(" ")[2].lower(), text) for kind, name, text in _statements(SCHEMA)}
    for table, column in _ADDED.findall(SCHEMA):
        kind, parts = needed[table]
        needed[table] = kind, parts | {_plain(column)}
    for table, old, new in _RENAMED.findall(SCHEMA):
        kind, parts = needed[table]
        needed[table] = kind, frozenset(re.sub(rf"^{old}\b", new, part) for part in parts)
    optional: dict[str, tuple[Content, ...]] = {}
    for script in (NOT_IMPORTED, FREEZE, FREEZE_SERVER):
        for kind, name, text in _statements(script):
            optional[name] = (*optional.get(name, ()), _content(kind.lower(), text))
    return needed, optional


def _statements(script: str) -> list[tuple[str, str, str]]:
    """Kind, name and text of what a script makes."""
    found = []
    for statement in re.split(r";\n(?=\s*(?:CREATE|ALTER|UPDATE|DROP)\b|\s*$)", script):
        made = re.match(r"\s*CREATE (TABLE|UNIQUE INDEX|INDEX|TRIGGER) (?:IF NOT EXISTS )?(\w+)", statement)
        if made:
            found.append((made[1], made[2], statement))
    return found


def _content(kind: str, text: str) -> Content:
    plain = _plain(text)
    if kind != "table":
        return kind, frozenset({plain})
    body, _, options = plain.partition("(")[2].rpartition(")")
    return kind, frozenset({*_parts(body), f"options {options.strip()}"})


def _parts(body: str) -> list[str]:
    """Columns and constraints: what stands between commas outside of brackets."""
    parts, depth, begun = [], 0, 0
    for at, sign in enumerate(body):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(body[begun:at].strip())
            begun = at + 1
    return [*parts, body[begun:].strip()]


def _plain(text: str) -> str:
    """Without what means nothing: blanks, quotes of names, the end."""
    words = re.sub(r"\s+", " ", text.replace('"', "")).strip().rstrip(";").strip()
    return (
        re.sub(r"^CREATE (\w+(?: INDEX)?) IF NOT EXISTS ", r"CREATE \1 ", words).replace("( ", "(").replace(" )", ")")
    )
