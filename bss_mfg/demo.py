"""The whole line on the sample batches: a workspace, products, batches, labels, verification, manifests, programming
data, and the proof that all of them agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bss_mfg.core.clock import now
from bss_mfg.core.files import make_folder, write_atomically
from bss_mfg.core.models import FileModel
from bss_mfg.core.progress import Progress
from bss_mfg.core.toml_files import load_toml, validate
from bss_mfg.errors import InputError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.label.make import make_labels
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI
from bss_mfg.manifest.log_mapping import load_mapping
from bss_mfg.manifest.make import make_control_logs
from bss_mfg.model import Actor
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.programming.registry import formats
from bss_mfg.programming.release import release_keys
from bss_mfg.reconcile.reconciliation import Reconciliation, reconcile
from bss_mfg.report.html_report import html_report
from bss_mfg.tables import manifest_jsonl
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.verification import verify
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.workspace import Workspace

StepReporter = Callable[[str], Progress]
"""Called with a step's name, gives the step's progress function."""


class DemoBatch(FileModel):
    """sample_batches/NAME/sample.toml"""

    format: Literal[1]
    units: Annotated[int, Field(ge=1)]
    identities: str | None = None
    dpi: Literal[203, 300, 600] = 300
    product: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo made of one sample."""

    name: str
    units: int
    labels: int
    pages: int
    files: Mapping[str, Path]
    seconds: Mapping[str, float]
    verification: Verification
    reconciliation: Reconciliation

    @property
    def right(self) -> bool:
        """Whether every label is right, and all files say the same."""
        return self.verification.passed and self.reconciliation.agrees


@dataclass(slots=True)
class _StepTimer:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def run_demo(samples: Path, root: Path, who: Actor, reporter: StepReporter) -> list[DemoResult]:
    """Make a workspace in `root` and take every sample through the line."""
    found = sorted(path.parent for path in samples.glob("*/sample.toml"))
    if not found:
        raise InputError("holds no samples", where=str(samples), way_out="Name the folder sample_batches.")
    workspace = Workspace.create(root, who, {})
    return [_run_batch(workspace, folder, who, reporter) for folder in found]


def _run_batch(workspace: Workspace, folder: Path, who: Actor, reporter: StepReporter) -> DemoResult:
    name, clock = folder.name, _StepTimer()
    document = load_toml(folder / "sample.toml", "sample")
    sample = validate(document, DemoBatch)
    with clock.step("product key"):
        private, public = new_development_key("p256")
        workspace.add_development_key(name, private, public)
        settings = {"format": 1, "public_key": f"{name}.pem", **sample.product}
        workspace.add_product(name, Product.model_validate(settings), load_public_key(public, name))
    loaded = workspace.product(name)
    columns = workspace.spec(loaded.product.spec).spec.columns
    identities = read_identities(folder / sample.identities, columns) if sample.identities else ()
    with workspace.open_ledger(who) as ledger:
        vault = workspace.open_vault(ledger)
        with clock.step("issue"):
            batch = create_batch(
                ledger,
                vault,
                loaded,
                workspace.spec(loaded.product.spec),
                sample.units,
                batch_id=f"{name}-0001",
                identities=identities,
                progress=reporter(f"{name}: issue"),
            ).batch
        out = workspace.batch_folder(batch.id)
        with clock.step("labels"):
            template = load_template(workspace.template_file(batch.template))
            labels = make_labels(
                ledger,
                batch,
                template,
                PDF_PRINTER_BY_DPI[sample.dpi],
                out / "labels",
                progress=reporter(f"{name}: labels"),
            )
        with clock.step("verify"):
            outcome = verify(
                ledger, batch, labels.files, VerifyOptions(pictures=True), progress=reporter(f"{name}: verify")
            )
            report = out / "verification.html"
            write_atomically(report, html_report(outcome, now(), who.version))
        with clock.step("manifest"):
            upload, table = out / "upload", out / "manifest.jsonl"
            make_folder(upload)
            mapping = load_mapping(batch.spec, workspace.root / "specs")
            (log,) = [one.path for one in make_control_logs(ledger, batch, mapping, upload, datetime.now(UTC))]
            write_atomically(table, manifest_jsonl(ledger, batch))
            ledger.note(batch.id, "manifest made", {"file": table.name, "format": "jsonl"})
        with clock.step("program"):
            programming = out / "programming.csv"
            release_keys(ledger, vault, batch, formats()["csv"], programming)
        with clock.step("reconcile"):
            key = load_private_key(private, name)
            agreement = reconcile(
                ledger, vault, batch, out, mapping, private_key=key, progress=reporter(f"{name}: reconcile")
            )
    files = {
        "label file": labels.files[0],
        "index": labels.index,
        "control log": log,
        "manifest": table,
        "programming data": programming,
        "report": report,
    }
    return DemoResult(name, batch.units, labels.labels, labels.pages, files, clock.seconds, outcome, agreement)
