"""The whole line on the sample batches: a workspace, products, batches, labels, verification, manifests, programming
data, the proof that all of them agree, and simulated devices that prove their keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bss_mfg.core import clock
from bss_mfg.core.files import make_folder, write_atomically
from bss_mfg.core.models import FileModel
from bss_mfg.core.progress import Progress
from bss_mfg.core.toml_files import load_toml, validate
from bss_mfg.device.check import CheckedDevice, CheckOptions
from bss_mfg.device.direct_radio import DirectRadio
from bss_mfg.device.looking import Wanted, look_for
from bss_mfg.device.provisionee import DeviceIdentity, Provisionee
from bss_mfg.device.unit_checks import CheckedUnit, KeySource, UnitToCheck, check_units
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.errors import InputError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.from_workspace import named_template
from bss_mfg.label.make import LabelFiles, make_labels
from bss_mfg.label.template.printer import PDF_PRINTER_BY_DPI
from bss_mfg.ledger.events import ManifestMade
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.manifest.log_mapping import LogMapping, load_mapping
from bss_mfg.manifest.make import ControlLogRequest, make_control_logs
from bss_mfg.manifest.unit_lists import jsonl_list
from bss_mfg.model import Actor, Batch, Identity
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.programming.registry import formats
from bss_mfg.programming.release import release_keys
from bss_mfg.reconcile.reconciliation import ReconcileRequest, Reconciliation, reconcile
from bss_mfg.report.html_report import html_report
from bss_mfg.verify.outcome import Verification, VerifyOptions
from bss_mfg.verify.verification import verify
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.workspace import Workspace

StepReporter = Callable[[str], AbstractContextManager[Progress]]
"""Called with a step's name, gives the step's progress function, until the step is over."""


class DemoBatch(FileModel):
    """sample_batches/NAME/sample.toml"""

    format: Literal[1]
    units: Annotated[int, Field(ge=1)]
    identities: str | None = None
    dpi: Literal[203, 300, 600] = 300
    product: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class ProvenDevice:
    """A simulated device of a unit, and what its check found."""

    serial: str
    found: CheckedDevice


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
    devices: Sequence[ProvenDevice]

    @property
    def right(self) -> bool:
        """Whether every label is right, all files say the same, and each device has proven its key."""
        proven = all(one.found.passed for one in self.devices)
        return self.verification.passed and self.reconciliation.agrees and proven


@dataclass(frozen=True, slots=True)
class _Sample:
    """A sample on its way through the line: where its files go, how far it is, and how long each step took."""

    name: str
    workspace: Workspace
    definition: DemoBatch
    identities: Sequence[Identity]
    private_key: bytes
    seconds: dict[str, float]
    reporter: StepReporter

    @contextmanager
    def step(self, name: str) -> Iterator[Progress]:
        """A timed step, with its progress function."""
        start = time.perf_counter()
        with self.reporter(f"{self.name}: {name}") as progress:
            yield progress
        self.seconds[name] = time.perf_counter() - start


def run_demo(samples: Path, root: Path, actor: Actor, reporter: StepReporter) -> list[DemoResult]:
    """Make a workspace in `root` and take every sample through the line."""
    found = sorted(path.parent for path in samples.glob("*/sample.toml"))
    if not found:
        raise InputError("holds no samples", where=samples, way_out="Name the folder sample_batches.")
    workspace = Workspace.create(root, actor, {})
    return [_run_sample(_add_product(workspace, folder, reporter), actor) for folder in found]


def _add_product(workspace: Workspace, folder: Path, reporter: StepReporter) -> _Sample:
    name = folder.name
    definition = validate(load_toml(folder / "sample.toml", "sample"), DemoBatch)
    start = time.perf_counter()
    private, public = new_development_key("p256")
    workspace.add_development_key(name, private, public)
    fields = {"format": 1, "public_key": f"{name}.pem", **definition.product}
    product = workspace.add_product(name, Product.model_validate(fields), load_public_key(public, name)).product
    seconds = {"product key": time.perf_counter() - start}
    columns = workspace.spec(product.spec).spec.columns
    identities = read_identities(folder / definition.identities, columns) if definition.identities else ()
    return _Sample(name, workspace, definition, identities, private, seconds, reporter)


def _run_sample(sample: _Sample, actor: Actor) -> DemoResult:
    workspace = sample.workspace
    with workspace.open_ledger(actor) as ledger, workspace.open_vault(ledger) as vault:
        batch = _issue(sample, ledger, vault)
        out = workspace.batch_folder(batch.id)
        mapping = load_mapping(batch.spec, workspace.root / "specs")
        labels = _label(sample, ledger, batch, out)
        verification, report = _verify(sample, ledger, batch, labels, out)
        log, table = _list_units(sample, ledger, batch, mapping, out)
        programming = _release(sample, ledger, vault, batch, out)
        with sample.step("reconcile") as progress:
            key = load_private_key(sample.private_key, sample.name)
            request = ReconcileRequest(batch, out, mapping, key)
            agreement = reconcile(ledger, vault, request, progress=progress)
        devices = _prove(sample, ledger, vault, batch)
    files = {
        "label file": labels.files[0],
        "index": labels.index,
        "control log": log,
        "manifest": table,
        "programming data": programming,
        "report": report,
    }
    return DemoResult(
        sample.name, batch.units, labels.labels, labels.pages, files, sample.seconds, verification, agreement, devices
    )


def _issue(sample: _Sample, ledger: Ledger, vault: Vault) -> Batch:
    with sample.step("issue") as progress:
        loaded = sample.workspace.product(sample.name)
        spec = sample.workspace.spec(loaded.product.spec)
        request = BatchRequest(loaded, spec, sample.definition.units, f"{sample.name}-0001", sample.identities)
        return create_batch(ledger, vault, request, progress=progress).batch


def _label(sample: _Sample, ledger: Ledger, batch: Batch, out: Path) -> LabelFiles:
    with sample.step("labels") as progress:
        template = named_template(sample.workspace, batch.template)
        printer = PDF_PRINTER_BY_DPI[sample.definition.dpi]
        return make_labels(ledger, batch, template, printer, out / "labels", progress=progress)


def _verify(sample: _Sample, ledger: Ledger, batch: Batch, labels: LabelFiles, out: Path) -> tuple[Verification, Path]:
    report = out / "verification.html"
    with sample.step("verify") as progress:
        found = verify(ledger, batch, labels.files, VerifyOptions(pictures=True), progress=progress)
        write_atomically(report, html_report(found, clock.now(), ledger.actor.version))
    return found, report


def _list_units(sample: _Sample, ledger: Ledger, batch: Batch, mapping: LogMapping, out: Path) -> tuple[Path, Path]:
    """The control log and the list of the batch's units."""
    upload, table = out / "upload", out / "manifest.jsonl"
    with sample.step("manifest"):
        make_folder(upload)
        request = ControlLogRequest(batch, mapping, upload, datetime.now(UTC))
        (log,) = [one.path for one in make_control_logs(ledger, request)]
        write_atomically(table, jsonl_list(ledger, batch))
        ledger.exports.record_table(batch.id, ManifestMade(file=table.name, format="jsonl"))
    return log, table


def _release(sample: _Sample, ledger: Ledger, vault: Vault, batch: Batch, out: Path) -> Path:
    target = out / "programming.csv"
    with sample.step("program"):
        release_keys(ledger, vault, batch, formats()["csv"], target)
    return target


def _prove(sample: _Sample, ledger: Ledger, vault: Vault, batch: Batch) -> list[ProvenDevice]:
    """The first package on the packing table: simulated devices, each flashed with its unit's key, prove it."""
    units = [
        UnitToCheck(batch.id, unit.number, unit.serial, unit.uuid) for unit in ledger.packages.get(batch.id, 1).units
    ]
    with sample.step("devices"):
        flashed = [DeviceIdentity(unit.uuid, open_unit_key(ledger, vault, batch.id, unit.number)) for unit in units]
        devices = [Provisionee(identity) for identity in flashed]
        try:
            found = asyncio.run(_check(DirectRadio(devices), units, KeySource(ledger, vault)))
        finally:
            for device in devices:
                device.wipe()
    return [ProvenDevice(one.unit.serial, one.found) for one in found]


async def _check(radio: DirectRadio, units: Sequence[UnitToCheck], source: KeySource) -> list[CheckedUnit]:
    near = await look_for(radio, Wanted([unit.uuid for unit in units], 1.0))
    return await check_units(radio, units, near, source, CheckOptions())
