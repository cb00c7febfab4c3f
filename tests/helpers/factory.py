"""A factory in a folder: its workspace, and shortcuts to what tests do with it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.make import LabelFiles, LabelRequest, make_labels
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI, Printer
from bss_mfg.ledger.events import LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Actor, Batch
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.workspace import Workspace
from tests.helpers import postgres
from tests.helpers.commands import Outcome, command_line, run_cli, run_process

WHO = Actor("tester", "bench", "test")


@dataclass(frozen=True)
class Factory:
    """A workspace with a development key, and shortcuts to its rooms."""

    workspace: Workspace

    @property
    def root(self) -> Path:
        return self.workspace.root

    @property
    def private_key(self) -> Path:
        return self.root / "dev-keys" / "amazon.private.pem"

    def cli(self, *arguments: object, **options: Any) -> Outcome:
        """Run a command in this workspace, in this process."""
        return run_cli("--workspace", self.root, *arguments, **options)

    def process(self, *arguments: object, **options: Any) -> Outcome:
        """Run a command in this workspace in a process of its own."""
        return run_process("--workspace", self.root, *arguments, **options)

    def command(self, *arguments: object) -> list[str]:
        """What starts a command in this workspace, for `subprocess`."""
        return command_line("--workspace", self.root, *arguments)

    def copied(self, root: Path) -> Factory:
        """A copy of this workspace in another folder, as if made there: the same keys and batches, and it issues."""
        made = self.left_behind(root)
        with made.database() as database:
            database.execute("DELETE FROM about WHERE name = 'home'")  # as in a ledger that never noted it
        return made

    def left_behind(self, root: Path) -> Factory:
        """A copy of this workspace in another folder, as a file manager makes it."""
        shutil.copytree(self.root, root)
        if url := self.workspace.ledger_place.url:
            settings = root / "bss-mfg.toml"
            settings.write_text(settings.read_text().replace(url, postgres.copied_database(url)))
        return Factory(Workspace.find(str(root), root, {}))

    def ledger(self) -> Ledger:
        return self.workspace.open_ledger(WHO)

    def payloads(self, batch_id: str = "B1") -> list[str]:
        """The barcode strings of a batch's packages, in order."""
        with self.ledger() as ledger:
            return [package.payload for package in ledger.packages.stream(batch_id)]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the ledger's database answers, without bss-mfg."""
        with self.database() as database:
            return database.execute(query).fetchall()

    @contextlib.contextmanager
    def database(self, *, unguarded: bool = False) -> Iterator[Any]:
        """The ledger's database without bss-mfg, to look at and to change, as `sqlite3` has it; with `unguarded`,
        without the triggers that refuse changes."""
        if url := self.workspace.ledger_place.url:
            with postgres.opened(url, unguarded=unguarded) as database:
                yield database
            return
        with opened_file(self.root / "ledger.db", unguarded=unguarded) as database:
            yield database  # writable: a killed run's journal is rolled back

    def add(self, name: str = "bulb", key: str = "amazon", **fields: Any) -> None:
        """Add a product; fields as in its file."""
        data = (self.root / "dev-keys" / f"{key}.public.pem").read_bytes()
        settings = {"format": 1, "title": "Mesh Bulb", "pid": "ebK3", "public_key": f"{name}.pem", **fields}
        if "ean" not in fields:
            settings.setdefault("upc", "841667145075")
        self.workspace.add_product(name, Product.model_validate(settings), load_public_key(data, key))

    def issue(self, units: int, batch_id: str = "B1", product: str = "bulb") -> Batch:
        """Issue a batch."""
        loaded = self.workspace.product(product)
        with self.ledger() as ledger:
            spec = self.workspace.spec(loaded.product.spec)
            request = BatchRequest(loaded, spec, units, batch_id)
            return create_batch(ledger, self.workspace.open_vault(), request).batch

    def label(
        self, batch_id: str = "B1", template: str = "sheet-a4-24", dpi: int = 300, *, printer: Printer | None = None,
        folder: Path | None = None, again: bool = True, progress: Callable[[int, int], None] = lambda done, total: None,
        **wanted: Any,
    ) -> LabelFiles:  # fmt: skip
        """Make a batch's labels."""
        loaded = load_template(self.workspace.template_file(template))
        target = folder or self.root / "batches" / batch_id / "labels"
        with self.ledger() as ledger:
            batch = ledger.batches.get(batch_id)
            return make_labels(
                ledger,
                batch,
                loaded,
                printer or PDF_PRINTER_BY_DPI[dpi],
                target,
                LabelRequest(again=again, **wanted),
                progress=progress,
            )


@contextlib.contextmanager
def opened_file(path: Path, *, unguarded: bool = True) -> Iterator[sqlite3.Connection]:
    """A ledger's file without bss-mfg; with `unguarded`, its triggers are put back at the end."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        triggers = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers if unguarded else ():
            database.execute(f"DROP TRIGGER {name}")
        yield database
        for _, made in triggers if unguarded else ():
            database.execute(made)


def a_read(package: int | None = 1, verdict: str = "matched", detail: str = "") -> LabelRead:
    """A read of a label by the hand scanner."""
    return LabelRead(
        verdict=verdict, package=package, file="scanner", page=None, x_mm=None, y_mm=None, detail=detail, of="print"
    )


def make_factory(root: Path, ledger_url: str = "") -> Factory:
    """A workspace in `root` with a P-256 development key named amazon; its ledger on a server where that is named."""
    workspace = Workspace.create(root, WHO, {}, ledger_url=ledger_url)
    workspace.add_development_key("amazon", *new_development_key("p256"))
    return Factory(workspace)


def issue_lamps(factory: Factory) -> Factory:
    """A product `bulb` with batch B1 of six units, and a product `duo` in packages of two."""
    factory.add(oob_bytes=16)
    factory.add("duo", units_per_package=2, oob_bytes=16)
    factory.issue(6)
    return factory


def print_sheets(factory: Factory) -> Factory:
    """Two batches of one sheet each, with their labels."""
    factory.add(oob_bytes=16)
    for batch in ("A", "B"):
        factory.issue(24, batch)
        factory.label(batch)
    return factory


def give_serial(factory: Factory, serial: str, other: str) -> None:
    """What earlier versions allowed: a unit gets a serial that another product's unit has."""
    with factory.database(unguarded=True) as database:
        database.execute("UPDATE unit SET serial = ? WHERE serial = ?", (other, serial))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content; SQLite's own side files and locks apart."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.startswith("ledger.db-")
        and path.name != "ledger.db.lock"
        and path.parent.name != "locks"
    }


def spec_with_suite(factory: Factory, suite: str) -> str:
    """A workspace spec that differs from the packaged one in its suite only; returns its name."""
    name = f"ob04-{suite.split('-')[0]}"
    text = factory.workspace.spec("amazon-bss-ob04").text
    text = text.replace('name = "amazon-bss-ob04"', f'name = "{name}"')
    text = text.replace("ecies-p256-x963sha256-aes128gcm", suite)
    (factory.root / "specs" / f"{name}.toml").write_text(text)
    return name
