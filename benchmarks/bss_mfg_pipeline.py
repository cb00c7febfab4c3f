"""The same steps with bss-mfg, as its commands do them: ledger, vault, checks and files included."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.layout.file_content import SymbolStyle
from bss_mfg.label.make import LabelRequest, make_labels
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.manifest.log_mapping import load_mapping
from bss_mfg.manifest.make import ControlLogRequest, make_control_logs
from bss_mfg.model import Actor
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.verify.verification import verify
from bss_mfg.version import __version__
from bss_mfg.workspace.product import product_from_options
from bss_mfg.workspace.workspace import Workspace

PRODUCT = "bulb"
SPEC = "amazon-bss-ob04"
SUITE = "hpke-p256-sha256-aes128gcm"
PACKAGED_SUITE = "ecies-p256-x963sha256-aes128gcm"
DPI = 300
SHEET = Path(__file__).with_name("sheet.toml")
"""The template of the line."""
WHO = Actor("benchmark", "benchmark", __version__)


@dataclass
class Factory:
    """A workspace with one product: with the packaged spec (ECIES), or with one that encrypts with HPKE."""

    workspace: Workspace
    ledger: Ledger

    @classmethod
    def build(cls, root: Path, oob_bytes: int, hpke: bool = True) -> Factory:
        """Make the workspace in a new folder and open its ledger."""
        workspace = Workspace.create(root, WHO, {})
        name, text = SPEC, packaged_spec(SPEC).text
        if hpke:
            name = f"{SPEC}-hpke"
            for old, new in ((f'name = "{SPEC}"', f'name = "{name}"'), (PACKAGED_SUITE, SUITE)):
                if old not in text:
                    raise ValueError(f"the packaged spec no longer holds {old}")
                text = text.replace(old, new, 1)
            (root / "specs" / f"{name}.toml").write_text(text, "utf-8")
        _, public = new_development_key("p256")
        product = product_from_options(
            {
                "format": 1,
                "title": "Mesh Bulb A19",
                "pid": "ebK3",
                "upc": "841667145075",
                "public_key": f"{PRODUCT}.pem",
                "spec": name,
                "oob_bytes": oob_bytes,
                "template": "sheet-a4-24",
            }
        )
        workspace.add_product(PRODUCT, product, load_public_key(public, PRODUCT))
        return cls(workspace, workspace.open_ledger(WHO))

    @classmethod
    def open(cls, root: Path) -> Factory:
        """One that was built before."""
        workspace = Workspace.find(str(root), root, {})
        return cls(workspace, workspace.open_ledger(WHO))

    @property
    def public_key(self) -> Path:
        """The file of the product public key."""
        return self.workspace.root / "products" / f"{PRODUCT}.pem"

    def issue(self, batch: str, units: int, executor: Executor | None = None) -> None:
        """Credentials, payloads, sealing, one commit."""
        loaded = self.workspace.product(PRODUCT)
        spec, vault = self.workspace.spec(loaded.product.spec), self.workspace.open_vault()
        issued = create_batch(self.ledger, vault, BatchRequest(loaded, spec, units, batch), executor=executor)
        if not issued.created or issued.batch.suite != spec.spec.suite:
            raise RuntimeError(f"batch {batch} was not issued as asked")

    def labels(
        self, batch: str, folder: Path, symbols: SymbolStyle, name: str = str(SHEET), printer: str = f"pdf-{DPI}",
        executor: Executor | None = None,
    ) -> None:  # fmt: skip
        """The label files and their index, and the ledger's record of them."""
        known, wanted = self.ledger.batches.get(batch), LabelRequest(symbols=symbols, again=True)
        template = load_template(self.workspace.template_file(name))
        made = make_labels(self.ledger, known, template, BUILT_IN[printer], folder, wanted, executor=executor)
        if made.unchanged or made.labels != known.packages:
            raise RuntimeError(f"{made.labels} labels of {known.packages}, {made.unchanged} files made before")

    def verify(self, batch: str, folder: Path, executor: Executor | None = None) -> None:
        """Read all label files of the folder back, and record each read."""
        known, files = self.ledger.batches.get(batch), sorted(folder.glob("*.pdf"))
        outcome = verify(self.ledger, known, files, executor=executor)
        if not outcome.passed or outcome.counts["matched"] != known.packages:
            raise RuntimeError(f"verification of {batch} found {outcome.counts}")

    def control_log(self, batch: str, folder: Path, executor: Executor | None = None) -> None:
        """The control log of a batch with its sidecar, and the ledger's record of it."""
        known = self.ledger.batches.get(batch)
        mapping = load_mapping(known.spec, self.workspace.root / "specs")
        folder.mkdir(parents=True, exist_ok=True)
        request = ControlLogRequest(known, mapping, folder, datetime.now(UTC))
        made = list(make_control_logs(self.ledger, request, executor=executor))
        if sum(one.contents.device_logs for one in made) != known.units:
            raise RuntimeError(f"the control logs of {batch} are not whole")

    def payloads(self, batch: str, count: int) -> list[tuple[str, str]]:
        """(serial, payload) of the first packages of a batch."""
        packages = islice(self.ledger.packages.stream(batch), count)
        return [(package.serials_text, package.payload) for package in packages]
