"""A factory's first batch: what has to be known for it, and the commands that make it, which anybody could type."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from bss_mfg.core.files import require_safe_name
from bss_mfg.core.home_folder import expanded
from bss_mfg.errors import BssError, InputError, RefusedError
from bss_mfg.label.examples import new_product_example, product_example
from bss_mfg.label.from_workspace import DEFAULT_PRINTER, named_printer, sheet_words
from bss_mfg.label.layout.design_check import Example, check_design
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import Printer
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.pipeline.plan import read_plan
from bss_mfg.printer_languages import LANGUAGES
from bss_mfg.workspace.creation import is_half_made
from bss_mfg.workspace.finding import CONFIG
from bss_mfg.workspace.product import LoadedProduct, Product, product_from_options
from bss_mfg.workspace.stand_in_keys import read_product_key, stands_in
from bss_mfg.workspace.template_files import template_file
from bss_mfg.workspace.workspace import Workspace

TEST_KEY = "amazon-test"
"""The name of the key pair that stands in for Amazon's."""
_TEST_KEY_BITS = 256
"""Of the P-256 keys that `dev-key` makes."""
_ROLL_UNITS = 10
"""As many as are worth a look, where no sheet says how many it has."""
TEMPLATES = ("sheet-a4-24", "retail-letter-10", "roll-50x30", "minimal", "round-40")
"""What most begin with; all others can be named, too."""
PRINTERS = {
    DEFAULT_PRINTER: "PDF, for any office printer of 300 dpi or more",
    "zpl-203": "Zebra and compatible, 203 dpi",
    "zpl-300": "Zebra and compatible, 300 dpi",
    "tspl-203": "TSC and compatible, 203 dpi",
    "brother-ql": "Brother QL",
}
"""What most have, in words."""
_CODE = {12: "upc", 8: "ean", 13: "ean"}
"""Which field of a product a code of so many digits is."""


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product that is to be added. `code`: UPC or EAN in digits; `public_key`: Amazon's, None for a test key."""

    title: str
    pid: str
    code: str
    public_key: Path | None


@dataclass(frozen=True, slots=True)
class FirstBatch:
    """All that has to be known. `folder` is a workspace, or will be one; `new` is None where it has the product."""

    folder: Path
    product: str
    new: NewProduct | None
    printer: str
    template: str
    units: int
    is_trial: bool
    """Whether a test key stands in for Amazon's: then nobody can set these units up."""
    batch: str

    def commands(self) -> list[tuple[str, ...]]:
        """The commands, without `bss-mfg --workspace FOLDER`; the first is `init` where there is no workspace yet. What
        an interrupted start has made already is left out."""
        made: list[tuple[str, ...]] = []
        if not is_workspace(self.folder):
            made.append(("init", str(self.folder)))
        if self.new:
            name, is_made = _test_key(self.folder / "dev-keys")
            key = self.new.public_key or self.folder / "dev-keys" / f"{name}.public.pem"
            if self.new.public_key is None and not is_made:
                made.append(("dev-key", name))
            made.append((
                "product", "add", self.product, "--pid", self.new.pid, f"--{_CODE[len(self.new.code)]}", self.new.code,
                "--title", self.new.title, "--public-key", str(key), "--template", self.template,
            ))  # fmt: skip
        made.append((
            "run", self.product, "--units", str(self.units), "--id", self.batch, "--template", self.template,
            "--printer", self.printer,
        ))  # fmt: skip
        return made


def _test_key(folder: Path) -> tuple[str, bool]:
    """The name of the test key, and whether it is there; another than that of a pair of which only half was made."""
    for name in (TEST_KEY, *(f"{TEST_KEY}-{number}" for number in range(2, 100))):
        private, public = (folder / f"{name}.{half}.pem" for half in ("private", "public"))
        if public.exists() or not private.exists():
            return name, public.exists()
    raise InputError("holds no whole test key", where=folder, way_out=f"Remove {TEST_KEY}.private.pem there.")


def is_workspace(folder: Path) -> bool:
    """Whether a folder is a workspace."""
    return (folder / CONFIG).is_file()


def check_folder(text: str) -> Path:
    """The folder of the factory: a workspace, a new folder or an empty one."""
    folder = expanded(_unquoted(text))
    if is_workspace(folder):
        return folder
    if outer := next((one for one in folder.resolve().parents if is_workspace(one)), None):
        raise InputError(
            f"lies inside the workspace {outer}", where=folder, way_out="Name that one, or one outside of it."
        )
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file, not a folder", where=folder, way_out="Name a folder.")
    if folder.exists() and not is_half_made(folder):
        raise InputError(
            "holds other files",
            where=folder,
            way_out="Name a folder that is new or empty, or one that was made with bss-mfg.",
        )
    if not folder.resolve().parent.is_dir():
        raise InputError("there is no folder to make it in", where=folder.parent, way_out="Make it, or name another.")
    return folder


def check_product(text: str) -> str:
    """A product's name."""
    return require_safe_name(text, "product name")


def known_product(workspace: Workspace | None, name: str) -> LoadedProduct | None:
    """The product of a workspace, where there is one; `RefusedError` where its units are no first ones."""
    if workspace is None or name not in workspace.product_names():
        return None
    found = workspace.product(name)
    if found.product.stage == "production":
        raise RefusedError(
            f"{name} is a production product: `start` makes units to try out",
            where=found.path,
            way_out=f"`bss-mfg run {name} --units N` issues a batch of it.",
        )
    return found


def refuse_other(found: LoadedProduct, said: NewProduct) -> None:
    """`RefusedError` where a product was added before with other values than are said now; empty ones say nothing."""
    old = found.product
    code = check_code(said.code) if said.code else ""
    pairs = (("title", old.title, said.title), ("pid", old.pid, said.pid), ("code", old.upc or old.ean, code))
    other = [f"{name} {before}" for name, before, now in pairs if now and before != now]
    if said.public_key and read_product_key(said.public_key).fingerprint != found.key.fingerprint:
        other.append("another key")
    if other:
        raise RefusedError(
            f"there is a product {found.name} already, with {', '.join(other)}",
            where=found.path,
            way_out="Name another product, or leave those options out.",
        )


def is_trial(workspace: Workspace | None, found: LoadedProduct | None, new: NewProduct | None) -> bool:
    """Whether a test key stands in for Amazon's."""
    if found:
        return stands_in(found.key, workspace)
    return new is None or new.public_key is None or stands_in(read_product_key(new.public_key), workspace)


def check_pid(text: str) -> str:
    """Amazon's product id."""
    if not re.fullmatch(r"[A-Za-z0-9]{4}", text):
        raise InputError(f"{text[:40]!r} isn't a product id of Amazon", way_out="Give its 4 letters or digits.")
    return text


def check_title(text: str) -> str:
    """A product's name for people."""
    if not text.strip():
        raise InputError("the name for people is empty", way_out="Labels show it: give one.")
    _check_field("title", text)
    return text


def check_code(text: str) -> str:
    """UPC-A, EAN-8 or EAN-13, with its check digit; spaces and hyphens between the digits are left out."""
    digits = re.sub(r"[\s-]", "", text)
    if not digits.isdecimal() or len(digits) not in _CODE:
        raise InputError(f"{text[:40]!r} isn't a UPC or EAN", way_out="A UPC has 12 digits, an EAN 8 or 13.")
    _check_field(_CODE[len(digits)], digits)
    return digits


def _check_field(name: str, text: str) -> None:
    """`InputError` where a product can't have this in a field; without the name of an option of `product add`."""
    try:
        product_from_options({"format": 1, "public_key": "x.pem", "pid": "0000", name: text})
    except InputError as error:
        raise InputError(error.what, problems=error.problems) from None


def check_key(text: str) -> Path:
    """The file of a product public key."""
    path = expanded(_unquoted(text))
    read_product_key(path)
    return path


def _unquoted(text: str) -> str:
    """A path without the quotes in which terminals put a file that is dropped on them."""
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"" else text


def check_printer(workspace: Workspace | None, name: str) -> Printer:
    """A printer by its name."""
    return named_printer(workspace, name)


def check_template(workspace: Workspace | None, name: str, printer: Printer) -> str:
    """A template by its name, of labels for packages, whose media the printer takes."""
    loaded = _template(workspace, name)
    if loaded.definition.each != "package":
        raise InputError(
            f"{name} is for each {loaded.definition.each}, not for packages",
            way_out="`bss-mfg template list` shows what each is for.",
        )
    if words := sheet_words(loaded, printer):
        raise InputError(words, way_out="Name a template for a roll, or a PDF printer.")
    return name


def _template(workspace: Workspace | None, name: str) -> LoadedTemplate:
    return load_template(template_file(name, workspace.templates_folder if workspace else None))


@dataclass(frozen=True, slots=True)
class Design:
    """What decides how labels look. `new` is None for a product that the workspace has."""

    workspace: Workspace | None
    product: str
    new: NewProduct | None
    template: str
    printer: Printer

    def check(self) -> None:
        """`InputError` where the labels can't be drawn: a letter that the fonts don't have, a text that is too long, a
        symbol that finds no room."""
        template = _template(self.workspace, self.template)
        check_design(template, self.printer, self._example()).findings.refuse()

    def fails_by_its_title(self) -> bool:
        """Whether labels that can't be drawn could be with another title."""
        if not self.new:
            return False
        try:
            replace(self, new=replace(self.new, title="A")).check()
        except InputError:
            return False
        return True

    def _example(self) -> Example:
        if not self.new and self.workspace:
            return product_example(self.workspace, self.product)
        product = self._as_added()
        spec = self.workspace.spec(product.spec) if self.workspace else packaged_spec(product.spec)
        return new_product_example(self.product, product, spec, self._key_bits())

    def _as_added(self) -> Product:
        new = self.new or NewProduct(self.product, "0000", "", None)
        code = {_CODE[len(new.code)]: new.code} if new.code else {}
        return product_from_options({"format": 1, "public_key": "x.pem", "pid": new.pid, "title": new.title, **code})

    def _key_bits(self) -> int:
        key = self.new.public_key if self.new else None
        return read_product_key(key).bits if key else _TEST_KEY_BITS


def template_titles(workspace: Workspace | None, printer: Printer) -> dict[str, str]:
    """The templates that most begin with, and the workspace's own, by name, with their titles: those that the printer
    takes."""
    own = [name for name, origin in workspace.template_names().items() if origin == "workspace"] if workspace else []
    found: dict[str, str] = {}
    for name in dict.fromkeys([*own, *TEMPLATES]):
        try:
            loaded = _template(workspace, name)
        except BssError:  # one of the workspace's that is broken
            continue
        if not sheet_words(loaded, printer):
            found[name] = loaded.definition.title
    return found


def printer_titles(workspace: Workspace | None) -> dict[str, str]:
    """The printers that most have, and the workspace's own, by name, with what they are."""
    own = dict.fromkeys(workspace.printer_names(), "of this workspace") if workspace else {}
    return {**own, **PRINTERS}


def usual_template(printer: Printer) -> str:
    """What a printer's labels mostly are: a roll's for a label printer, else a sheet's."""
    return "roll-50x30" if LANGUAGES[printer.language].is_raw else TEMPLATES[0]


def usual_units(workspace: Workspace | None, template: str) -> int:
    """As many as a sheet has labels."""
    media = _template(workspace, template).definition.media
    return media.columns * media.rows if media.kind == "sheet" else _ROLL_UNITS


def refuse_other_batch(workspace: Workspace | None, plan: FirstBatch) -> None:
    """`RefusedError` where a run of a batch of that name was begun otherwise: with other units, labels or product."""
    begun = read_plan(workspace, plan.batch) if workspace else None
    if begun is None:
        return
    now = replace(begun, product=plan.product, units=plan.units, template=plan.template, printer=plan.printer)
    if problems := begun.differences(now):
        raise RefusedError(f"there is a batch {plan.batch} already, made otherwise", problems=problems)


def free_batch(workspace: Workspace, batch: str) -> str:
    """A name like a batch's that none has."""
    return next(
        name for name in (f"{batch}-{number}" for number in count(2)) if not workspace.batch_folder(name).exists()
    )


def batch_name(product: str, is_trial: bool) -> str:
    """The id of a product's first batch, which says of a trial that it is one."""
    return f"{product[:48]}-{'trial' if is_trial else 'first'}"


def is_read_back(printer: Printer) -> bool:
    """Whether what is made for a printer can be read back here."""
    return not LANGUAGES[printer.language].is_raw
