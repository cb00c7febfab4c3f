"""Control logs: what is uploaded so that Amazon knows each device before its box is scanned.

A mapping is compiled once into literal text with placeholders, so a log costs the values that fill them. Each line is
checked before it leaves, by a regular expression of the same literals and of the schema's patterns; where that does not
fit, the schema itself says why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from bss_mfg.core import parallel
from bss_mfg.errors import InputError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.manifest.documents import Log, single_document
from bss_mfg.manifest.log_mapping import Entry, LogMapping, Source, tree_of
from bss_mfg.manifest.log_schema import compile_check, entry_schema, log_schema
from bss_mfg.manifest.value_forms import DEFAULT, form_names, value_form
from bss_mfg.model import Actor, Batch, Package
from bss_mfg.payload.spec import Spec, spec_from_text

PACKAGES_PER_TASK = 4_000
"""Packages whose logs a process makes at once."""


class _Placeholder(NamedTuple):
    """A value that differs from log to log: the index of its source in a log's values, how it is written, and the
    regular expression of that JSON."""

    source: int
    write: Callable[[Any], str]
    pattern: str


class _LineTemplate(NamedTuple):
    """A log with some of its optional entries: `template` has a %s for each placeholder, `matches` a good line."""

    template: str
    placeholders: tuple[_Placeholder, ...]
    matches: Callable[[str], object]


class LogRenderer:
    """The entries of one kind of log, compiled for one batch. `fixed` are the values that all its logs share, by
    source; `sources` are those of the values that differ from log to log, in this order."""

    def __init__(self, entries: tuple[Entry, ...], fixed: Mapping[str, str], sources: tuple[Source, ...]) -> None:
        self._entries, self._fixed, self._sources = entries, fixed, sources
        self._check = compile_check(log_schema(entries))
        self._shapes: dict[tuple[bool, ...], _LineTemplate] = {}

    def render(self, values: tuple[Any, ...], subject: str) -> bytes:
        """One log as a line of JSON that the schema allows. `subject` names the log in errors.

        `InputError` where a value is missing, or isn't what the schema says of its path.
        """
        present = tuple(map(bool, values))
        shape = self._shapes.get(present) or self._line_template(present, subject)
        line = shape.template % tuple([write(values[source]) for source, write, _ in shape.placeholders])
        # The schema judges the first line of a shape; where that is good, lines that fit differ in good values only.
        if present not in self._shapes or not shape.matches(line):
            if problem := self._check(json.loads(line)):
                raise InputError(
                    f"the control log breaks its schema: {problem}",
                    where=subject,
                    way_out="Compare the mapping file with the batch's product and identities.",
                )
            self._shapes[present] = shape
        return line.encode("ascii")

    def _line_template(self, present: tuple[bool, ...], subject: str) -> _LineTemplate:
        nodes: list[tuple[str, str | int | _Placeholder]] = []
        for entry in self._entries:
            node: str | int | _Placeholder
            if entry.source in self._sources:
                number = self._sources.index(entry.source)
                node = _placeholder(entry, number) if present[number] else ""
            else:
                node = self._fixed.get(entry.source, "") if entry.value is None else entry.value
            if node != "":
                nodes.append((entry.path, node))
            elif not entry.optional:
                raise InputError(
                    f"{entry.path} of the control log has no value ({entry.source})",
                    where=subject,
                    way_out="Correct the mapping file, or mark the entry optional.",
                )
        fragments = list(_fragments(tree_of(nodes)))
        pattern = "".join(item.pattern if isinstance(item, _Placeholder) else re.escape(item) for item in fragments)
        return _LineTemplate(
            "".join("%s" if isinstance(item, _Placeholder) else item.replace("%", "%%") for item in fragments),
            tuple(item for item in fragments if isinstance(item, _Placeholder)),
            re.compile(pattern).fullmatch,
        )


def _fragments(node: Any) -> Iterator[str | _Placeholder]:
    """The JSON text of a tree, with placeholders between."""
    if isinstance(node, _Placeholder):
        yield node
    elif isinstance(node, str | int):
        yield json.dumps(node)
    else:
        yield "{"
        for number, (name, child) in enumerate(node.items()):
            yield ("," if number else "") + quoted(name) + ":"
            yield from _fragments(child)
        yield "}"


def _placeholder(entry: Entry, number: int) -> _Placeholder:
    schema = entry_schema(entry)
    if form_names(entry.source) and entry.form != DEFAULT:
        write = value_form(entry.source, entry.form).write
        return _Placeholder(number, lambda value: quoted(write(value)), _json_of(schema["pattern"]))
    if entry.source != "package.serials":
        return _Placeholder(number, quoted, _json_of(schema["pattern"]))
    head = "{" + quoted(entry.member) + ":"
    one = re.escape(head) + _json_of(schema["items"]["properties"][entry.member]["pattern"]) + r"\}"
    return _Placeholder(
        number,
        lambda serials: "[" + ",".join([f"{head}{quoted(serial)}}}" for serial in serials]) + "]",
        rf"\[{one}(?:,{one})*\]",
    )


def _json_of(pattern: str) -> str:
    """The pattern of a JSON string, from that of a text in which nothing needs an escape (all of PATTERNS)."""
    return f'"(?:{pattern.removeprefix("^").removesuffix("$")})"'


def logs(packages: Callable[[], Iterable[Package]], batch: Batch, mapping: LogMapping) -> Iterator[Log]:
    """The logs of packages in their order: all device logs, then the bundle logs of multi-packs.

    `packages` gives them afresh on each call, so that nothing is held. Secrets appear only as the barcode's encrypted
    field. `InputError` names path and unit where a value is missing or breaks the schema.
    """
    for bundles in _passes(batch, mapping):
        yield from _logs(packages(), batch, mapping, bundles)


def logs_from_tasks(ledger: Ledger, batch: Batch, mapping: LogMapping, executor: Executor) -> Iterator[Log]:
    """The same of all packages of a batch that may leave the factory, made by an executor."""
    tasks = (
        LogTask(ledger.place, ledger.actor, batch, mapping, first, count, bundles)
        for bundles in _passes(batch, mapping)
        for _, first, count in parallel.chunk_ranges(batch.packages, PACKAGES_PER_TASK)
    )
    made = parallel.run_or_raise(
        make_logs,
        tasks,
        executor,
        where=f"batch {batch.id}",
        describe=lambda task: f"made the control logs from package {task.first:,} on",
    )
    for _, logs in made:
        yield from logs


@dataclass(frozen=True, slots=True)
class LogTask:
    """The device logs, or the bundle logs, of packages `first` to `first + count - 1`. The ledger is read there."""

    ledger: LedgerPlace
    actor: Actor
    batch: Batch
    mapping: LogMapping
    first: int
    count: int
    bundles: bool


def make_logs(task: LogTask) -> list[Log]:
    """The logs of a task; packages that may not leave the factory have none."""
    with Ledger.open(task.ledger, task.actor) as ledger:
        packages = shippable_packages(ledger, task.batch, task.first, task.count)
        return list(_logs(packages, task.batch, task.mapping, task.bundles))


def shippable_packages(ledger: Ledger, batch: Batch, first: int = 1, count: int | None = None) -> Iterator[Package]:
    """The packages of a batch, from number `first` on, that may leave the factory: those without a scrapped unit."""
    return (package for package in ledger.packages.stream(batch.id, first, count) if not package.scrapped)


def _passes(batch: Batch, mapping: LogMapping) -> tuple[bool, ...]:
    """Whether bundle logs are made, for each kind of log in its order."""
    if batch.units_per_package == 1:
        return (False,)
    if not mapping.bundle:
        raise InputError(
            f"the mapping {mapping.name} has no [[bundle]] entries, and batch {batch.id} has multi-device packages",
            way_out="Add them to the mapping file.",
        )
    return (False, True)


def _logs(packages: Iterable[Package], batch: Batch, mapping: LogMapping, bundles: bool) -> Iterator[Log]:
    fixed = {f"product.{name}": batch.facts.get(name, "") for name in ("pid", "upc", "ean")}
    encrypted = _encrypted_field_finder(spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec)
    if bundles:
        bundle = LogRenderer(mapping.bundle, fixed, ("package.serials", "package.encrypted")).render
        for package in packages:
            members = [unit.serial for unit in package.units]
            yield Log(bundle((members, encrypted(package.payload)), package.serials_text), package.number, None)
        return
    device = LogRenderer(mapping.device, fixed, ("unit.serial", "unit.uuid", "unit.mac", "package.encrypted")).render
    for package in packages:
        number, secret = package.number, encrypted(package.payload)
        for unit in package.units:
            values = (unit.serial, unit.uuid.hex.upper(), unit.mac, secret)
            yield Log(device(values, unit.serial), number, unit.number)


def control_log(ledger: Ledger, batch: Batch, mapping: LogMapping) -> Iterator[bytes]:
    """The control logs of a batch as one JSON document, one log a line. Streams."""
    return iter(single_document(logs(lambda: shippable_packages(ledger, batch), batch, mapping)))


def _encrypted_field_finder(spec: Spec) -> Callable[[str], str]:
    """What finds the encrypted field in a barcode string of a spec; it gives an empty string where there is none."""
    if not spec.encrypted:
        return lambda payload: ""
    separator, terminator = spec.field_separator, spec.terminator
    head = separator + spec.encrypted[0].key + spec.key_separator

    def find(payload: str) -> str:
        return (separator + payload).partition(head)[2].partition(separator)[0].removesuffix(terminator)

    return find
