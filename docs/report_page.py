"""The report of four spoiled scans of a small batch, for its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter

from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.make import make_labels
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Actor, Batch
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.report.html_report import html_report
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.workspace import Workspace

PX = 300 / 25.4


def cell(number: int) -> tuple[slice, slice]:
    """The pixels of a label (from 1) of sheet-a4-24."""
    row, column = divmod(number - 1, 3)
    x, y = int((7.25 + 66.0 * column) * PX), int((12.9 + 33.9 * row) * PX)
    return slice(y, y + int(33.8 * PX)), slice(x, x + int(63.4 * PX))


def spoiled(pages: list[np.ndarray], foreign: np.ndarray, folder: Path) -> None:
    """Four scans: one with most faults that there are, then ever softer ones."""
    first = pages[0]
    for source, number, here in ((first, 4, 8), (foreign, 6, 11)):
        rows, columns = cell(here)
        piece = source[cell(number)]
        first[rows.start : rows.start + piece.shape[0], columns.start : columns.start + piece.shape[1]] = piece
    first[cell(14)] = 255
    for number, inks in ((3, (255, slice(42, 48), slice(0, 400))), (17, (20, slice(90, 200), slice(120, 170)))):
        rows, columns = cell(number)
        label = first[rows, columns]
        label[inks[2], inks[1]] = inks[0]
    grain = np.random.default_rng(1)
    for index, page in enumerate(pages):
        soft = np.asarray(Image.fromarray(page).filter(ImageFilter.GaussianBlur(0.4 + index * 0.4)), float)
        scan = 40 + soft * (190 / 255) - index * 4 + grain.normal(0, 4, soft.shape)
        image = Image.fromarray(np.clip(scan, 0, 255).astype(np.uint8))
        image = image.rotate(0.4 * index, fillcolor=225, resample=Image.Resampling.BICUBIC)
        image.save(folder / f"scan-{index + 1}.jpg", quality=88, dpi=(300, 300))


def report_page(root: Path) -> Path:
    """The report, in a folder."""
    workspace = Workspace.create(root / "factory", Actor("docs", "docs", "docs"), {})
    _, public = new_development_key("p256")
    product = Product.model_validate(
        {"format": 1, "title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "public_key": "bulb.pem"}
    )
    workspace.add_product("bulb", product, load_public_key(public, "bulb"))
    with workspace.open_ledger(Actor("docs", "docs", "docs")) as ledger:
        batch, pages = sheets(workspace, ledger, "bulb-0001", 96)
        _, others = sheets(workspace, ledger, "bulb-0002", 24)
        (root / "scans").mkdir()
        spoiled(pages, others[0], root / "scans")
        outcome = verify(ledger, batch, [root / "scans"], VerifyOptions(grade=True, pictures=True))
    page = root / "report.html"
    page.write_bytes(b"".join(html_report(outcome, "2026-11-24T10:00:00Z", "0.1.0")))
    return page


def sheets(workspace: Workspace, ledger: Ledger, name: str, units: int) -> tuple[Batch, list[np.ndarray]]:
    """A batch and its sheets at 300 dpi."""
    loaded = workspace.product("bulb")
    spec = workspace.spec(loaded.product.spec)
    batch = create_batch(ledger, workspace.open_vault(), BatchRequest(loaded, spec, units, name)).batch
    template = load_template(workspace.template_file("sheet-a4-24"))
    made = make_labels(ledger, batch, template, BUILT_IN["pdf-300"], workspace.batch_folder(name) / "labels")
    document = pypdfium2.PdfDocument(made.files[0])
    pages = [np.asarray(page.render(scale=300 / 72, grayscale=True).to_pil()).copy() for page in document]
    document.close()
    return batch, pages
