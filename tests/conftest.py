"""Shared fixtures: a factory in a temporary folder, and the real command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bss_mfg.issuing.batch import create_batch
from bss_mfg.label.make import LabelFiles, Wanted, make_labels
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import GENERIC, Printer
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Actor, Batch
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.workspace import Workspace

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: two test processes share two cores
WHO = Actor("tester", "bench", "test")


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


def run_cli(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 300
) -> Outcome:
    """Run the real command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bss_mfg", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


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
        """Run a command in this workspace."""
        return run_cli("--workspace", self.root, *arguments, **options)

    def ledger(self) -> Ledger:
        return self.workspace.open_ledger(WHO)

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
            return create_batch(ledger, self.workspace.open_vault(), loaded, spec, units, batch_id=batch_id).batch

    def label(
        self, batch_id: str = "B1", template: str = "sheet-a4-24", dpi: int = 300, *, printer: Printer | None = None,
        folder: Path | None = None, again: bool = True, progress: Callable[[int, int], None] = lambda done, total: None,
        **wanted: Any,
    ) -> LabelFiles:  # fmt: skip
        """Make a batch's labels."""
        loaded = load_template(self.workspace.template_file(template))
        target = folder or self.root / "batches" / batch_id / "labels"
        with self.ledger() as ledger:
            batch = ledger.batch(batch_id)
            return make_labels(
                ledger, batch, loaded, printer or GENERIC[dpi], target, Wanted(again=again, **wanted), progress=progress
            )


def make_factory(root: Path) -> Factory:
    """A workspace in `root` with a P-256 development key named amazon."""
    workspace = Workspace.create(root, WHO, {})
    workspace.add_development_key("amazon", *new_development_key("p256"))
    return Factory(workspace)


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    """An empty factory."""
    return make_factory(tmp_path / "factory floor")


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: for thousands of ledgers, each of which is synced."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def new_factory(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Factory]:
    """Makes factories that live as long as the session."""
    return lambda: make_factory(tmp_path_factory.mktemp("factory") / "w")


def spec_with_suite(factory: Factory, suite: str) -> str:
    """A workspace spec that differs from the packaged one in its suite only; returns its name."""
    name = f"ob04-{suite.split('-')[0]}"
    text = factory.workspace.spec("amazon-bss-ob04").text
    text = text.replace('name = "amazon-bss-ob04"', f'name = "{name}"')
    text = text.replace("ecies-p256-x963sha256-aes128gcm", suite)
    (factory.root / "specs" / f"{name}.toml").write_text(text)
    return name


@pytest.fixture(scope="session")
def demo_factory(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """The workspace that `bss-mfg demo` makes."""
    root = tmp_path_factory.mktemp("demo") / "line"
    done = run_cli("demo", "--out", root)
    assert done.code == 0, done.err
    return Factory(Workspace.find(str(root), root, {}))


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A headless Chromium that notes its requests and its console."""
    missing = [tool for tool in ("chromium", "chromedriver") if shutil.which(tool) is None]
    if missing:
        pytest.fail(
            f"{' and '.join(missing)} can't be found. Install: sudo apt-get install chromium chromium-driver",
            pytrace=False,
        )
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking",
        "disable-component-update", "disable-sync", "disable-default-apps", "disable-extensions", "no-first-run",
        "no-default-browser-check", "window-size=1280,1000", f"user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(20)
        driver.set_script_timeout(20)
        yield driver
    finally:
        driver.quit()
