"""Makes docs/pictures/template-NAME.png: each template of `templates/` with real labels of a small batch."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pypdfium2
from pictures_made import Gallery, opened, repeatable
from PIL import Image, ImageDraw, ImageOps

from bss_mfg.gs1 import sscc
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.label.make import LabelRequest, make_labels
from bss_mfg.label.packing_label import PackedGoods, PackingLabel
from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Actor, Batch
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.workspace import Workspace

HERE = Path(__file__).parent
WIDTH = 620
"""Pixels of a picture."""


def pictures(gallery: Gallery) -> None:
    """One picture for each template."""
    with tempfile.TemporaryDirectory() as place, repeatable("templates"):
        root = Path(place) / "factory"
        workspace = Workspace.create(root, Actor("docs", "docs", "docs"), {})
        _, public = new_development_key("p256")
        for name, units, title, spec in (
            ("bulb", 1, "Mesh Bulb A19 Warm White", "amazon-bss-ob04"),
            ("plug", 4, "Mesh Plug, Pack of Four", "amazon-bss-ob04"),
            ("sensor", 1, "Mesh Door Sensor", "amazon-1d-code128"),
        ):
            product = {
                "format": 1, "title": title, "pid": "ebK3", "upc": "841667145075", "public_key": f"{name}.pem",
                "units_per_package": units, "oob_bytes": 16, "spec": spec,
            }  # fmt: skip
            workspace.add_product(name, Product.model_validate(product), load_public_key(public, name))
        with workspace.open_ledger(Actor("docs", "docs", "docs")) as ledger:
            vault = workspace.open_vault()
            batches = {
                name: create_batch(
                    ledger, vault, BatchRequest(loaded, workspace.spec(loaded.product.spec), 96, f"{name}-2026-11")
                ).batch
                for name in ("bulb", "plug", "sensor")
                for loaded in (workspace.product(name),)
            }
            # The traveller first: it shows where the history stands, whichever pictures are made.
            names = sorted(workspace.template_names(), key=lambda name: not name.startswith("traveller"))
            for name in filter(lambda name: gallery.wants(f"template-{name}.png"), names):
                template = load_template(workspace.template_file(name))
                shown, media = f"template-{name}.png", template.definition.media
                if name.startswith("logistic"):
                    _packing_label(ledger, batches["bulb"], template, root / "packed.pdf")
                    gallery.image(shown, _picture(root / "packed.pdf", media), colours=16)
                    continue
                batch = batches["plug" if "multipack" in name else "sensor" if name.startswith("bars") else "bulb"]
                made = make_labels(
                    ledger, batch, template, BUILT_IN["pdf-300"], root / "out" / name, LabelRequest(again=True)
                )
                gallery.image(shown, _picture(made.files[0], media), colours=16)


def _packing_label(ledger: Ledger, batch: Batch, template: LoadedTemplate, target: Path) -> None:
    """The label of a carton that was packed by scanning."""
    packages = list(ledger.packages.stream(batch.id, 1, 12))
    goods = PackedGoods(17, [batch], packages, sscc("39506000000000017"))
    target.write_bytes(PackingLabel(template, BUILT_IN["pdf-300"]).draw(goods))


def _picture(pdf: Path, media: Media) -> Image.Image:
    """A file's first page; where a label is not cut along the page's edge, its cut as a line."""
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    shot = page.render(scale=WIDTH / page.get_width()).to_pil()
    document.close()
    if media.cut != "rectangle":
        pixels = shot.width / (media.size[0] + 2 * media.edge_mm)
        left = top = media.edge_mm * pixels
        radius = {"round": media.label_width / 2, "oval": 0.0}.get(media.cut, media.corner) * pixels
        box = (left, top, left + media.label_width * pixels - 1, top + media.label_height * pixels - 1)
        ImageDraw.Draw(shot).rounded_rectangle(box, radius, outline="#c62828")
    return ImageOps.expand(shot, 1, 170)


PICTURES = {f"template-{path.stem}.png": path for path in sorted((HERE.parent / "templates").glob("*.toml"))}

if __name__ == "__main__" and (gallery := opened(sys.argv[1:], PICTURES)):
    pictures(gallery)
    gallery.close()
