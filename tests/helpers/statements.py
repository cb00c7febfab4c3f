"""The SQL of the ledger's stores, found in their source: every text that goes through the door."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import bss_mfg.ledger
from bss_mfg.ledger import bound_check, sealed_check
from bss_mfg.ledger.identities import _IMPORTED
from bss_mfg.ledger.row_times import MOMENTS
from bss_mfg.ledger.unit_columns import ORDER, UNIT_COLUMNS, UNIT_SOURCE
from bss_mfg.ledger.unit_state import WITH_PACKAGE
from bss_mfg.ledger.units import _BY

FOLDER = Path(bss_mfg.ledger.__file__).parent
_DOOR = {"rows", "each", "execute", "many", "stream"}
_NOT_OF_STORES = {
    "reading_copy", "sqlite", "postgresql", "postgresql_administration", "migration_steps", "moving", "value_check",
}  # fmt: skip
"""The doors themselves, steps from versions that only SQLite had, and what copies or checks whole tables."""
EXAMPLES: Mapping[str, Sequence[object]] = {
    "batches.column": ["closed_at", "retired_at"],
    "bound_check.query": [bound_check._IDENTITIES, sealed_check._SEALED],
    "control_logs.name": ["x"],
    "exports.what": ["release", "manifest"],
    "exports.condition": ["u.manifest IS NULL", "u.answer = 2"],
    "flash.batch_id": ["", "B1"],
    "history.conditions": [[], ["batch = ?"], ["kind IN (?, ?)"], ["batch = ?", "kind IN (?, ?)"]],
    "history.events_with.marks": ["?, ?"],
    "identifiers.some": [[1, 2]],
    "identities.some": [[1, 2]],
    "identities.imported_digest.query": list(_IMPORTED),
    "identities.column": ["lower(serial)", "mac"],
    "identities._holders.column": ["uuid", "key_digest"],
    "identities.name": ["serial", "mac"],
    "name_lookup.of_batch": ["", "AND batch = ?"],
    "name_lookup.order": ["ASC", "DESC"],
    "outer_units.kind": ["carton", "pallet"],
    "packages.returned": [False, True],
    "packed_faults.kind": ["carton", "pallet"],
    "package_counts.done": ["(p.prints > 0)"],
    "payload_search.same": [[], [(0, 1)]],
    "payload_search.some": [["a", "b"]],
    "prints.condition": ["", "AND file = ?"],
    "reads.column": ["file_verified", "print_verified"],
    "reads.of": ["file", "print"],
    "releases.again": [False, True],
    "releases.batch_id": ["", "B1"],
    "releases.never": ["", "AND released = 0 "],
    "row_times.query": list(MOMENTS.values()),
    "unit_table.columns": [list(UNIT_COLUMNS)],
    "unit_table.conditions": [["1 = 1"], ["e.at >= :since", "u.package NOT IN (SELECT value FROM json_each(:bad))"]],
    "unit_table.source": [
        f"{UNIT_SOURCE} JOIN temp.last_event e ON e.batch = :batch AND e.package = u.package",
    ],
    "units.some": [[1, 2]],
    "units.by": list(_BY),
    "units.select_units.query": [f"SELECT u.number FROM {WITH_PACKAGE} WHERE"],  # noqa: S608
    "units.order": [ORDER],
}
"""What stands in a text and is known only when it runs, by module (and function, where one isn't enough) and name."""


@dataclass(frozen=True)
class Statement:
    """A statement, and where it stands."""

    place: str
    sql: str


@dataclass(frozen=True)
class _Call:
    module: str
    line: int
    text: ast.expr
    function: ast.FunctionDef


def statements() -> tuple[list[Statement], list[str]]:
    """All statements of the stores, and the places of calls whose text could not be found."""
    found: dict[str, Statement] = {}
    unknown: list[str] = []
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem in _NOT_OF_STORES:
            continue
        module = importlib.import_module(f"bss_mfg.ledger.{path.stem}")
        for call in _calls(path):
            try:
                for text in dict.fromkeys(_values(call.text, call, vars(module))):
                    found.setdefault(str(text), Statement(f"{path.name}:{call.line}", str(text)))
            except NameError as error:
                unknown.append(f"{path.name}:{call.line}: {error}")
    return list(found.values()), unknown


def _calls(path: Path) -> Iterator[_Call]:
    tree = ast.parse(path.read_text("utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _DOOR:
                owner = ast.unparse(node.func.value)
                if owner.endswith(("_db", "connection")) and node.args:
                    yield _Call(path.stem, node.lineno, node.args[0], function)


def _values(text: ast.expr, call: _Call, known: Mapping[str, object]) -> Iterator[object]:
    """What an expression can be, for all that its names can be."""
    own = {name for node in ast.walk(text) if isinstance(node, ast.comprehension) for name in _names(node.target)}
    free = sorted(_names(text) - own - known.keys() - vars(builtins).keys())
    for values in product(*(list(_of_name(name, call, known)) for name in free)):
        given = {**known, **dict(zip(free, values, strict=True))}
        yield eval(compile(ast.Expression(text), call.module, "eval"), given)  # noqa: S307 (our own source)


def _of_name(name: str, call: _Call, known: Mapping[str, object]) -> Iterator[object]:
    for key in (f"{call.module}.{call.function.name}.{name}", f"{call.module}.{name}"):
        if key in EXAMPLES:
            yield from EXAMPLES[key]
            return
    assigned = [
        node.value
        for node in ast.walk(call.function)
        if isinstance(node, ast.Assign) and name in {one for target in node.targets for one in _names(target)}
    ]
    if not assigned:
        raise NameError(f"no example of {name}")
    for value in assigned:
        yield from _values(value, call, known)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def marks_as_numbers(sql: str) -> str:
    """A statement of psycopg with the server's own marks."""
    seen: dict[str, int] = {}
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        name = found[1]
        if name is None:
            count += 1
            return f"${count}"
        return f"${seen.setdefault(name, len(seen) + 1)}"

    return re.sub(r"%s|%\((\w+)\)s", number, sql).replace("%%", "%")
