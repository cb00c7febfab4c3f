"""Two commands started together on one workspace: what is typed, how it is run, and how a workspace is judged.

A pair ends well if the workspace is as it is after one of the two orders, one command after the other; or, where one of
them was refused, as if that one had never been typed. Besides, each thing is proven by itself: every key opens, no key
was released twice, the history agrees with the states, every label file is known.
"""

from __future__ import annotations

import csv
import gc
import json
import os
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from bss_mfg.core.files import sha256_of
from bss_mfg.ledger.keys import open_keys
from bss_mfg.payload.product_keys import new_development_key
from tests.helpers.commands import Outcome
from tests.helpers.copies import copy_line
from tests.helpers.factory import Factory, make_factory


@dataclass(frozen=True)
class Act:
    """A command that writes. {root} is the workspace, {beside} the folder in which it lies, {payload} a barcode."""

    name: str
    arguments: tuple[str, ...]
    stdin: str = ""

    def typed(self, factory: Factory) -> list[str]:
        """The arguments as typed in a workspace."""
        places = {"{root}": str(factory.root), "{beside}": str(factory.root.parent)}
        found = list(self.arguments)
        for name, value in places.items():
            found = [argument.replace(name, value) for argument in found]
        return ["--workspace", str(factory.root), *found]


def act(name: str, line: str, stdin: str = "") -> Act:
    return Act(name, tuple(line.split()), stdin)


ACTS: Sequence[Act] = (
    act("create", "batch create bulb --units 4 --id NEW"),
    act("create next", "batch create bulb --units 4"),
    act("create duo", "batch create duo --units 4 --id DUO"),
    act("run", "run bulb --units 4 --id RUN --jobs 1"),
    act("labels", "labels Q --jobs 1"),
    act("labels again", "labels P --again --jobs 1"),
    act("reprint", "reprint P ebK300000002 --reason torn"),
    act("verify", "verify P {root}/batches/P/labels --jobs 1"),
    act("scan", "scan P --plain", "{payloads}"),
    act("scrap", "scrap P ebK300000003 --reason dropped"),
    act("scrap issued", "scrap Q ebK300000008 --reason dropped"),
    act("replace", "replace P ebK300000001 --reason dropped"),
    act("ship", "ship P --verified --for pallet"),
    act("return", "ship P ebK300000004 --returned"),
    act("close", "close P"),
    act("reopen", "batch reopen CLOSED --reason counted"),
    act("reprint closed", "reprint CLOSED ebK300000011 --reason torn"),
    act("retire", "retire P --acknowledged mail --delete-exports"),
    act("program", "program Q --format csv --out {beside}/line"),
    act("program elsewhere", "program Q --format zephyr --out {beside}/other"),
    act("manifest", "manifest make Q --missing --out {root}/upload/"),
    act("acknowledge", "manifest acknowledge {beside}/feedback.json"),
    act("rekey", "vault rekey"),
    act("recipient", "vault recipient {beside}/officer.pem"),
    act("import", "import-issued bulb {beside}/before.csv"),
    act("repin", "product repin duo --reason new"),
)
"""The commands that write."""


class InThisProcess:
    """In the place of the processes in which `verify` reads pages: it reads them itself, so that it takes as long as
    other commands do, and all that it does falls into the moments that are tried."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def start(factory: Factory, one: Act, at: float, log: Path, prepare: Callable[[], None] = lambda: None) -> int:
    """Type a command in a forked child at a moment of the monotonic clock, after `prepare`; the child's number."""
    child = os.fork()
    if child:
        return child
    code = 99
    gc.freeze()  # what the parent holds is not walked, and so not copied, in each child
    try:
        payloads = factory.root.parent / "payloads"
        log.with_suffix(".in").write_text(payloads.read_text() if one.stdin == "{payloads}" else one.stdin)
        os.dup2(os.open(log.with_suffix(".in"), os.O_RDONLY), 0)
        for number, suffix in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(log.with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.stdin = os.fdopen(0, "r", closefd=False)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        from bss_mfg.cli.main import main
        from bss_mfg.core import processes

        processes.ProcessExecutor = InThisProcess  # type: ignore[assignment, misc]
        prepare()
        while (left := at - time.monotonic()) > 0:
            time.sleep(min(left, 0.001))
        try:
            main(one.typed(factory))
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stdout.flush()
    finally:
        os._exit(code)


def finish(child: int, log: Path) -> Ended:
    _, status = os.waitpid(child, 0)
    texts = [
        log.with_suffix(suffix).read_text() if log.with_suffix(suffix).exists() else "" for suffix in (".out", ".err")
    ]
    return Ended(os.waitstatus_to_exitcode(status), *texts)


def typed_together(factory: Factory, one: Act, other: Act, offset: float) -> tuple[Ended, Ended]:
    """Both commands, the other `offset` seconds after the one (negative: before)."""
    begin = time.monotonic() + 0.004
    logs = [factory.root.with_name(name) for name in ("one", "other")]
    children = [
        start(factory, one, begin + max(-offset, 0), logs[0]),
        start(factory, other, begin + max(offset, 0), logs[1]),
    ]
    first, second = (finish(child, log) for child, log in zip(children, logs, strict=True))
    return first, second


def split_session(factory: Factory, one: Act) -> Iterator[tuple[Act, Act]]:
    """A session of several reads as two, parted behind each read but the last: each read is an act of its own."""
    if one.stdin != "{payloads}":
        return
    lines = (factory.root.parent / "payloads").read_text().splitlines()
    for at in range(1, len(lines)):
        parts = ("\n".join(some) + "\n" for some in (lines[:at], lines[at:]))
        first, rest = (replace(one, stdin=part) for part in parts)
        yield first, rest


def typed_alone(factory: Factory, one: Act) -> Ended:
    log = factory.root.with_name("one")
    return finish(start(factory, one, 0, log), log)


# --- how a workspace is judged ------------------------------------------------------------------------------------


def key_rows(folder: Path) -> Iterator[tuple[str, Path]]:
    """(serial, file) of all key files beside a workspace."""
    for name in ("line", "other"):
        for path in sorted((folder / name).glob("*")) if (folder / name).is_dir() else ():
            if path.suffix == ".csv":
                with path.open(newline="") as file:
                    yield from ((row["serial"], path) for row in csv.DictReader(file))
            elif path.suffix != ".json":
                yield path.name.partition(".")[0], path


def faults(factory: Factory) -> list[str]:
    """What is wrong in a workspace, whatever was typed."""
    found: list[str] = []
    with factory.ledger() as ledger:
        ledger.check()
        keys = open_keys(ledger)
        with factory.workspace.open_vault() as vault:
            for batch in ledger.batches.all():
                if not ledger.batches.retired_at(batch.id):
                    found += [f"{unit.serial} has no key" for unit in keys.units(batch.id, vault) if unit.key is None]
        files = {
            (batch.id, file.file, file.sha256) for batch in ledger.batches.all()
            for file in ledger.prints.label_files(batch.id)
        }  # fmt: skip
        told = "\n".join(
            event.kind + str(event.data) for event in ledger.history.events_of(("keys releasing", "keys released"))
        )
    for path in factory.root.glob("batches/*/labels/**/*"):
        if path.suffix in (".pdf", ".zpl", ".png"):
            batch_id = path.relative_to(factory.root).parts[1]
            if (batch_id, path.name, sha256_of(path)) not in files:
                found.append(f"nobody knows the label file {path.name}")
        elif path.is_file() and path.suffix != ".csv":
            found.append(f"{path.name} was left behind")
    released = Counter(serial for serial, _ in key_rows(factory.root.parent))
    found += [f"the key of {serial} was released {times} times" for serial, times in released.items() if times > 1]
    for path in {path for _, path in key_rows(factory.root.parent)}:
        if path.name not in told and str(path.parent) not in told:
            found.append(f"history does not know the key file {path.name}")
    return found


QUERIES = {
    "batch": "SELECT id, units, packages, closed_at IS NULL, retired_at IS NULL, wrapped_key IS NULL, "
    "recovery_key IS NULL FROM batch ORDER BY id",
    "package": "SELECT b.id, p.* FROM package p JOIN batch b ON b.no = p.batch ORDER BY 1, p.number",
    "unit": "SELECT b.id, u.* FROM unit u JOIN batch b ON b.no = u.batch ORDER BY 1, u.number",
    "product": "SELECT name, next_serial FROM product ORDER BY name",
    "imported": "SELECT count(*) FROM imported",
    "event": "SELECT batch, kind, count(*) FROM event GROUP BY 1, 2 ORDER BY 1, 2",
}
RANDOM = {"batch", "payload", "digest", "uuid", "sealed_key", "key_digest", "product", "extra"}
"""Columns that can't be the same twice."""
FOLDERS = ("batches", "products", "templates", "upload")
"""Folders whose files count."""
COUNTED = {"file_verified", "print_verified"}
"""Columns of which only counts whether they are zero."""


def state(factory: Factory) -> dict[str, object]:
    """What a workspace holds, but for what is random or names a moment."""
    found: dict[str, object] = {}
    with factory.database() as database:
        for name, query in QUERIES.items():
            rows = database.execute(query)
            columns = [(at, one[0] in COUNTED) for at, one in enumerate(rows.description) if one[0] not in RANDOM]
            found[name] = tuple(
                tuple(bool(row[at]) if counted else row[at] for at, counted in columns) for row in rows.fetchall()
            )
    paths = [path for folder in FOLDERS for path in (factory.root / folder).rglob("*") if path.is_file()]
    found["files"] = tuple(
        sorted(re.sub(r"\d{8}T?\d{6}Z?", "TIME", str(path.relative_to(factory.root))) for path in paths)
    )
    return found


def difference(one: dict[str, object], other: dict[str, object]) -> str:
    """Where two states differ, in a few lines."""
    lines = []
    for name, rows in one.items():
        ours, theirs = set(rows), set(other[name])  # type: ignore[call-overload]
        lines += [f"- {name} {row}" for row in sorted(ours - theirs, key=str)[:4]]
        lines += [f"+ {name} {row}" for row in sorted(theirs - ours, key=str)[:4]]
    return "\n".join(lines)


def done(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.err
    return outcome


def prepared(root: Path, ledger_url: str = "") -> Factory:
    """A workspace in which each of the commands has something to do: batch P is printed, scanned, released and listed
    in a control log, its first unit scrapped, its fourth shipped; batch Q is issued; batch CLOSED is closed."""
    factory = make_factory(root, ledger_url)
    factory.add(oob_bytes=16)
    factory.add("duo", pid="duo2", units_per_package=2, oob_bytes=16)
    for batch, units in (("P", 6), ("Q", 4), ("CLOSED", 2)):
        factory.issue(units, batch)
    factory.issue(2, "D", "duo")
    for batch in ("P", "CLOSED"):
        done(factory.cli("labels", batch, "--jobs", 1))
        scanned = factory.cli("scan", batch, "--plain", stdin="\n".join(factory.payloads(batch)) + "\n")
        assert scanned.code == 0, scanned.err
    done(factory.cli("close", "CLOSED"))
    keys = root.parent / "keys of P"
    keys.mkdir()
    done(factory.cli("program", "P", "--format", "csv", "--out", keys))
    done(factory.cli("manifest", "make", "P", "--out", f"{root}/upload/"))
    done(factory.cli("scrap", "P", serial(1), "--reason", "dropped"))
    done(factory.cli("ship", "P", serial(4), "--for", "pallet 1"))
    shutil.copy(factory.root / "dev-keys" / "amazon.public.pem", root.parent / "officer.pem")
    new_key = new_development_key("p256")[1]
    (factory.root / "products" / "duo.pem").write_bytes(new_key)
    answers = [{"serialNumber": serial(number), "status": "ACCEPTED", "message": ""} for number in (2, 3)]
    (root.parent / "feedback.json").write_text(json.dumps({"feedback": answers}))
    (root.parent / "before.csv").write_text("serial\nold-1\nold-2\n")
    for name in ("line", "other"):
        (root.parent / name).mkdir()
    (root.parent / "payloads").write_text("\n".join(factory.payloads("P")[1:]) + "\n")
    _import_all(fresh(factory, root.parent.with_name("first")))
    return factory


def _import_all(factory: Factory) -> None:
    """What the longest commands need is imported once, not in each child."""
    done(factory.cli("run", "bulb", "--units", 4, "--id", "RUN", "--jobs", 1))
    found = factory.cli("verify", "P", factory.root / "batches" / "P" / "labels", "--jobs", 1)
    assert found.code == 1, found.err  # a unit is scrapped


def serial(number: int) -> str:
    return f"ebK3{number:08d}"


def fresh(template: Factory, folder: Path) -> Factory:
    """A copy of the prepared workspace and of what lies beside it."""
    copy_line(template.root.parent, folder)
    return Factory(type(template.workspace).find(str(folder / "w"), folder, {}))


Judged = tuple[tuple[int, int], dict[str, object]]
"""Exit codes of the two commands, and the state after them."""


@dataclass(frozen=True)
class Orders:
    """What may come of a pair: the two orders, and each command alone where the other was refused."""

    in_order: tuple[Judged, ...]
    alone: tuple[dict[str, object], dict[str, object]]

    def wrong(self, ended: tuple[Ended, Ended], found: dict[str, object]) -> str:
        """Why an outcome is none of those, or an empty string."""
        codes = ended[0].code, ended[1].code
        if any((codes, found) == one for one in self.in_order):
            return ""
        refused = [code in (4, 5) for code in codes]
        if refused[1] and not refused[0] and found == self.alone[0]:
            return ""
        if refused[0] and not refused[1] and found == self.alone[1]:
            return ""
        nearest = min((difference(state_, found) for _, state_ in self.in_order), key=len)
        return f"codes {codes}, in order {[codes_ for codes_, _ in self.in_order]}\n{nearest}"


@dataclass(frozen=True)
class After:
    """A command typed alone: how it ended, and the workspace after it, kept to type a second one in."""

    code: int
    state: dict[str, object]
    kept: Factory


@dataclass
class Bench:
    """Where pairs are tried: copies of `template` in a folder `run`, and beside it what came of each command alone,
    which is the same for all of its pairs."""

    template: Factory
    folder: Path
    afters: dict[str, After] = field(default_factory=dict)

    def fresh(self) -> Factory:
        """A workspace in which nothing was typed yet."""
        return fresh(self.template, self.folder / "run")

    def after(self, one: Act) -> After:
        """A command typed alone."""
        if one.name not in self.afters:
            factory = self.fresh()
            code = typed_alone(factory, one).code
            kept = fresh(factory, self.folder / f"after {one.name}")
            self.afters[one.name] = After(code, state(factory), kept)
        return self.afters[one.name]

    def within(self, session: Act, other: Act) -> Iterator[Judged]:
        """Another command between two reads of a session."""
        for first, rest in split_session(self.template, session):
            factory = self.fresh()
            codes = [typed_alone(factory, act).code for act in (first, other, rest)]
            yield (max(codes[0], codes[2]), codes[1]), state(factory)

    def in_order(self, first: Act, second: Act) -> Judged:
        """One command after the other."""
        after = self.after(first)
        factory = fresh(after.kept, self.folder / "run")
        return (after.code, typed_alone(factory, second).code), state(factory)


def orders(bench: Bench, one: Act, other: Act) -> Orders:
    """Both orders, and each alone, tried."""
    (codes, found), (codes_turned, found_turned) = bench.in_order(one, other), bench.in_order(other, one)
    turned = (codes_turned[1], codes_turned[0])
    return Orders(((codes, found), (turned, found_turned)), (bench.after(one).state, bench.after(other).state))


def came_within(bench: Bench, pair: tuple[Act, Act], ended: tuple[Ended, Ended], seen: dict[str, object]) -> bool:
    """Whether one command came between two reads of the other, which is a session."""
    (one, other), codes = pair, (ended[0].code, ended[1].code)
    return any((codes, seen) == judged for judged in bench.within(one, other)) or any(
        (codes[::-1], seen) == judged for judged in bench.within(other, one)
    )


def try_pair(bench: Bench, one: Act, other: Act, offsets: Sequence[float]) -> list[str]:
    """What went wrong with a pair at some offset, in words."""
    found, right = [], orders(bench, one, other)
    for offset in offsets:
        factory = bench.fresh()
        ended = typed_together(factory, one, other, offset)
        wrong = [f"exit {end.code}: {end.err[-600:]}" for end in ended if end.code not in (0, 1, 3, 4, 5)]
        wrong += faults(factory)
        seen = state(factory)
        why = right.wrong(ended, seen)
        if why and not came_within(bench, (one, other), ended, seen):
            wrong.append(
                "is as after neither order: " + why + "\n" + " | ".join(end.err.strip()[-300:] for end in ended)
            )
        found += [f"{one.name} + {other.name} at {1000 * offset:.0f} ms: {text}" for text in wrong]
    return found
