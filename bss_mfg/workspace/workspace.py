"""The folder a factory works in: found, made, and asked for paths, products, specs and templates."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.files import make_folder, read_text, require_safe_name, write_atomically
from bss_mfg.core.folders import is_named_so, require_free_name
from bss_mfg.core.home_folder import expanded
from bss_mfg.core.named_paths import path_inside
from bss_mfg.core.shared_lock import PATIENCE, Patience, shared_lock
from bss_mfg.core.text import did_you_mean
from bss_mfg.core.toml_files import load_toml, quote, validate
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.model import Actor
from bss_mfg.workspace import template_files
from bss_mfg.workspace.finding import CONFIG, find_root
from bss_mfg.workspace.print_defaults import PrintDefaults

if TYPE_CHECKING:
    from bss_mfg.core.code_patterns import CodePattern
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.place import LedgerPlace
    from bss_mfg.ledger.vault import Vault
    from bss_mfg.oob_information import OobInformation
    from bss_mfg.payload.product_keys import ProductKey
    from bss_mfg.payload.spec import SpecFile
    from bss_mfg.workspace.config import WorkspaceConfig
    from bss_mfg.workspace.product import LoadedProduct, Product
    from bss_mfg.workspace.vault_key_lines import VaultKeyKind
    from bss_mfg.workspace.vault_key_storage import AskPassphrase

_KEYS = "the keys of this workspace"
_CONFIG_TEXT = """# The workspace of bss-mfg: everything about this factory's batches lies in this folder.
# Back it up as a whole; keep a copy of vault.key apart, in a safe place.
format = 1

# Printed in the history of the ledger; leave empty to use the computer's name.
station = ""
"""
_GROUP_TEXT = """
# The group of this system whose members work here. Set by `init --group`: the folders' modes say the same.
group = {group}
"""
LEDGER_TEXT = """
[ledger]
# The ledger is in this database, and no backup of this folder holds it. Its password lies in a password file
# (~/.pgpass), never here.
url = {url}
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace folder. Methods give paths and read or write the files in it."""

    root: Path
    vault_file: Path

    # --- finding and making ---------------------------------------------------------------------------------------

    @classmethod
    def find(cls, folder: str | None, start: Path, environment: Mapping[str, str]) -> Workspace:
        """The workspace: `folder`, or BSS_MFG_WORKSPACE, or the nearest folder upwards from `start`."""
        root = find_root(folder, start, environment)
        workspace = cls(root, _vault_file(root, environment))
        workspace.config()
        return workspace

    @classmethod
    def create(
        cls,
        root: Path,
        actor: Actor,
        environment: Mapping[str, str],
        kind: VaultKeyKind | None = None,
        ask: AskPassphrase | None = None,
        group: str = "",
        ledger_url: str = "",
    ) -> Workspace:
        """Make a workspace in a new or empty folder: settings, vault key (of a kind), ledger, folders; one of a group
        where that is named, with its ledger on a server where that is."""
        from bss_mfg.ledger.network_drives import refuse_network
        from bss_mfg.ledger.place import LedgerPlace, require_url
        from bss_mfg.workspace import vault_files
        from bss_mfg.workspace.creation import FOLDERS, NewVault, make_vault_and_ledger, refuse_what_lies_there
        from bss_mfg.workspace.groups import prepare_group
        from bss_mfg.workspace.vault_key_lines import Keeping
        from bss_mfg.workspace.vault_key_storage import AskOnce, ask_before, refuse_to_ask

        root = expanded(root).resolve()
        require_url(ledger_url)
        if outer := next((folder for folder in root.parents if (folder / CONFIG).is_file()), None):
            raise RefusedError(
                f"lies inside the workspace {outer}; nothing was changed",
                where=root,
                way_out="Work in that one, or name a folder outside of it.",
            )
        workspace = cls(root, _vault_file(root, environment))
        if (root / CONFIG).exists():
            raise RefusedError(
                "is already a workspace; nothing was changed", where=root, way_out="Work in it, or name another."
            )
        named = bool(environment.get("BSS_MFG_VAULT_KEY_FILE"))
        new_vault = NewVault(workspace.vault_file, kind, named, AskOnce(ask or refuse_to_ask))
        refuse_what_lies_there(new_vault, workspace.ledger_file, CONFIG)
        if not workspace.vault_file.exists():
            ask_before(Keeping(kind or "file"), new_vault.ask)
        share = prepare_group(root, group) if group else None
        make_folder(root)
        refuse_network(workspace.ledger_file)
        if share:
            share()
        for name in FOLDERS:
            make_folder(root / name)
        settings = _CONFIG_TEXT + (_GROUP_TEXT.format(group=quote(group)) if group else "")
        settings += LEDGER_TEXT.format(url=quote(ledger_url)) if ledger_url else ""
        with workspace.exclusive_keys():
            vault_id = make_vault_and_ledger(new_vault, LedgerPlace(root, require_url(ledger_url)), actor)
            # What has no settings is no workspace yet, and init can be typed again.
            write_atomically(root / CONFIG, [settings.encode()])
            vault_files.end_change(workspace.vault_file, vault_id)
        return workspace

    def config(self) -> WorkspaceConfig:
        """The settings."""
        from bss_mfg.workspace.config import WorkspaceConfig

        return validate(load_toml(self.root / CONFIG, "workspace settings"), WorkspaceConfig)

    @property
    def zone(self) -> TimeZone:
        """The time zone that people go by here."""
        return TimeZone(self.config().timezone)

    def print_defaults(self, product: Product) -> PrintDefaults:
        """What the labels of a product are printed with unless somebody says otherwise: the product's settings come
        before the workspace's; a printer may be set in neither."""
        own, ours = product.print, self.config().print
        template = own.template or (product.template if product.names_template else ours.template or product.template)
        return PrintDefaults(own.printer or ours.printer, template, own.language or ours.language)

    def batch_print_defaults(self, product: str, batch_template: str) -> PrintDefaults:
        """The same for a batch: it keeps the template that its product named when it was issued, and needs no file of
        its product."""
        found, ours = self._product_file(product), self.config().print
        if found is None:
            return PrintDefaults(ours.printer, batch_template, ours.language)
        chosen = self.print_defaults(found)
        keeps = found.names_template and not found.print.template
        return PrintDefaults(chosen.printer, batch_template if keeps else chosen.template, chosen.language)

    def least_grade(self, product: str) -> str | None:
        """The least print quality that a product's file asks for, as it is written there; None without such a file."""
        found = self._product_file(product)
        return found.min_grade if found else None

    def expected_codes(self, product: str) -> tuple[CodePattern, ...]:
        """The codes that a product's file expects beside its labels; none without such a file."""
        found = self._product_file(product)
        return found.expect.patterns if found else ()

    def expected_oob(self, product: str) -> OobInformation | None:
        """The OOB information that a product's devices show; None where no file says it."""
        found = self._product_file(product)
        return found.shown_oob if found else None

    def _product_file(self, product: str) -> Product | None:
        from bss_mfg.workspace.product import Product

        path = self.root / "products" / f"{product}.toml"
        return validate(load_toml(path, "product file"), Product) if path.is_file() else None

    # --- paths ----------------------------------------------------------------------------------------------------

    @property
    def ledger_file(self) -> Path:
        """ledger.db, unless the ledger is on a server"""
        return self.root / "ledger.db"

    @property
    def site_key_file(self) -> Path:
        """The public part of the key that signs checkpoints: they are signed in workspaces where it lies."""
        return self.root / "site-key.txt"

    def left_ledger_files(self) -> list[Path]:
        """What `ledger move` leaves of the ledger's file, and of one that was interrupted on its way back."""
        left = sorted(self.root.glob(f"{self.ledger_file.name}.moved*"))
        return [*left, self.ledger_file] if self.ledger_place.url and self.ledger_file.exists() else left

    @property
    def ledger_place(self) -> LedgerPlace:
        """Where the ledger is, as the settings say."""
        from bss_mfg.ledger.place import LedgerPlace

        settings = self.config().ledger
        return LedgerPlace(self.root, settings.url, keys=settings.keys)

    def batch_folder(self, batch: str) -> Path:
        """The folder of a batch's outputs."""
        return self.root / "batches" / require_safe_name(batch, "batch id")

    # --- ledger and vault -----------------------------------------------------------------------------------------

    def open_ledger(self, actor: Actor, *, to_look: bool = False) -> Ledger:
        """The open ledger; `LedgerError` where it was moved from there, or where its schema isn't ours and it is not
        only opened `to_look` at what it says."""
        from bss_mfg.ledger.ledger import Ledger

        with contextlib.ExitStack() as closing:
            ledger = closing.enter_context(Ledger.open(self.ledger_place, actor, to_look=to_look))
            ledger.home.refuse_moved()
            closing.pop_all()
        return ledger

    def shared_keys(self, patience: Patience = PATIENCE) -> AbstractContextManager[None]:
        """Nobody changes or destroys the keys of this workspace meanwhile. Before any transaction of the ledger."""
        return shared_lock(self.root / "keys.lock", _KEYS, alone=False, patience=patience)

    def exclusive_keys(self, patience: Patience = PATIENCE) -> AbstractContextManager[None]:
        """Nobody else works with the keys of this workspace meanwhile. Before any transaction of the ledger, and never
        while a vault is open."""
        return shared_lock(self.root / "keys.lock", _KEYS, alone=True, patience=patience)

    def open_vault(
        self, ledger: Ledger | None = None, ask: AskPassphrase | None = None, patience: Patience = PATIENCE
    ) -> Vault:
        """The vault, to be left with `with`: until then nobody changes or destroys keys.

        A change of the vault key that was interrupted is ended first. Without the ledger it is only the key that lies
        in its place, and no lock is held.
        """
        from bss_mfg.workspace.vault_key_storage import load_vault_key, refuse_to_ask

        if ledger is None:
            return load_vault_key(self.vault_file, ask or refuse_to_ask)
        with contextlib.ExitStack() as held:
            held.enter_context(self.unchanging_keys(ledger, patience))
            vault = load_vault_key(self.vault_file, ask or refuse_to_ask)
            return vault.leaving(held.pop_all().close, mixes=self.config().vault.mix_token_random)

    @contextlib.contextmanager
    def unchanging_keys(self, ledger: Ledger, patience: Patience = PATIENCE) -> Iterator[None]:
        """As `shared_keys`, once a change of the vault key that was interrupted is ended."""
        from bss_mfg.workspace.vault_files import change_to_end, end_change

        with contextlib.ExitStack() as held:
            held.enter_context(self.shared_keys(patience))
            while change_to_end(self.vault_file, ledger.settings.vault_id()):
                held.close()
                with self.exclusive_keys(patience):
                    end_change(self.vault_file, ledger.settings.vault_id())
                held.enter_context(self.shared_keys(patience))
            yield

    # --- products -------------------------------------------------------------------------------------------------

    def product_names(self) -> list[str]:
        """Names of all products."""
        return sorted(path.stem for path in (self.root / "products").glob("*.toml"))

    def product(self, name: str) -> LoadedProduct:
        """A product by name, checked."""
        from bss_mfg.workspace.product import load_product

        path = self.root / "products" / f"{require_safe_name(name, 'product name')}.toml"
        if not is_named_so(path):
            raise InputError(
                f"there is no product {name!r} in this workspace",
                way_out=f"{did_you_mean(name, self.product_names())}Known: "
                f"{', '.join(self.product_names()) or 'none yet'}. `bss-mfg product add` makes one.",
            )
        return load_product(path, self.known_private_keys)

    def check_new_product(self, product: Product, key: ProductKey, key_name: str) -> None:
        """`InputError` where the spec, the key, the template or the size of the barcode would stop the product's first
        batch; `key_name` names the key's file."""
        from bss_mfg.payload.build import longest_example

        spec = self.spec(product.spec).spec
        for field in spec.encrypted:
            if suite := field.encryption:
                suite.check_key(key.kind, key_name)
        longest_example(spec, product.facts, key.bits, product.units_per_package, product.oob_bytes)
        self.template_file(self.print_defaults(product).template or product.template)

    def add_product(self, name: str, product: Product, key: ProductKey) -> LoadedProduct:
        """Write a new product and its key; refuses an existing name."""
        from bss_mfg.core.toml_files import parse_toml
        from bss_mfg.payload.product_keys import DEVELOPMENT_MARK
        from bss_mfg.workspace.product import LoadedProduct, check_stage, product_text

        folder = self.root / "products"
        path = require_free_name(folder / f"{require_safe_name(name, 'product name')}.toml")
        text = product_text(product)
        loaded = LoadedProduct(name, product, key, path)
        check_stage(loaded, parse_toml(text, str(path)), self.known_private_keys)
        pem = (f"{DEVELOPMENT_MARK}\n" if key.development else "") + key.pem
        key_path = path_inside(folder, product.public_key, "public key", path)
        write_atomically(key_path, [pem.encode()], replace=True)  # a left-over of an interrupted add
        write_atomically(path, [text.encode()])
        return loaded

    # --- development keys -----------------------------------------------------------------------------------------

    def add_development_key(self, name: str, private: bytes, public: bytes) -> tuple[Path, Path]:
        """Write a development key pair: (private file, public file)."""
        folder = self.root / "dev-keys"
        require_safe_name(name, "key name")
        private_file, public_file = folder / f"{name}.private.pem", folder / f"{name}.public.pem"
        for path in (private_file, public_file):
            require_free_name(path)
        make_folder(folder)
        write_atomically(private_file, [private], private=True)
        write_atomically(public_file, [public])
        return private_file, public_file

    def known_private_keys(self) -> dict[str, str]:
        """Fingerprints of the keys whose private half lies in this workspace, each with its file."""
        from bss_mfg.workspace.known_private_keys import known_private_keys

        return known_private_keys(self.root)

    # --- specs and templates --------------------------------------------------------------------------------------

    def spec_names(self) -> dict[str, str]:
        """All specs by name, with where each comes from; the workspace's own come before packaged ones."""
        from bss_mfg.payload.spec_names import packaged_names

        found = dict.fromkeys(packaged_names(), "packaged")
        own = (path.stem for path in (self.root / "specs").glob("*.toml"))
        found.update(
            (name, "workspace") for name in own if not name.endswith((".control-log", ".sample", "amazon-ffs-feedback"))
        )
        return dict(sorted(found.items()))

    def copy_spec(self, name: str) -> list[Path]:
        """Copy a packaged spec, its control log mapping and its samples into the workspace; refuses to overwrite."""
        from bss_mfg.payload.spec import packaged_mapping, packaged_samples, packaged_spec
        from bss_mfg.payload.spec_names import packaged_names

        folder = self.root / "specs"
        if self.spec_names().get(name) == "workspace" and name not in packaged_names():
            raise InputError(
                "is the workspace's own: only specs that come with bss-mfg are copied",
                where=f"spec {name}",
                way_out=f"Correct it where it is, specs/{name}.toml.",
            )
        texts = {f"{name}.toml": packaged_spec(name, self.spec_names()).text}
        if mapping := packaged_mapping(name):
            texts[f"{name}.control-log.toml"] = mapping
        texts |= packaged_samples(name)
        for file in texts:
            require_free_name(folder / file)
        for file, text in texts.items():
            make_folder((folder / file).parent)
            write_atomically(folder / file, [text.encode()])
        return [folder / file for file in texts]

    def spec(self, name: str) -> SpecFile:
        """A spec by name."""
        from bss_mfg.payload.spec import packaged_spec, spec_from_document
        from bss_mfg.workspace.spec_samples import sample_digests

        path = self.root / "specs" / f"{require_safe_name(name, 'spec name')}.toml"
        if not is_named_so(path):
            return packaged_spec(name, self.spec_names())
        document = load_toml(path, "spec file")
        if not document.data:
            raise InputError(
                "is empty",
                where=path,
                way_out=f"Delete it; `bss-mfg spec copy {name}` makes a copy of the packaged spec.",
            )
        found = spec_from_document(document, "workspace")
        if found.spec.name != name:
            raise InputError(
                f"the spec calls itself {found.spec.name!r}, its file {name!r}",
                where=document.locate(("name",)),
                way_out="Give both the same name.",
            )
        kept = self.confirmed_spec_file(name)
        return replace(
            found,
            confirmed_text=read_text(kept, "confirmed spec") if kept.is_file() else None,
            sample_digests=sample_digests(path.parent, found.spec),
        )

    def confirmed_spec_file(self, name: str) -> Path:
        """Where the text of a spec is kept as it was confirmed."""
        return self.root / "specs" / "confirmed" / f"{name}.toml"

    @property
    def templates_folder(self) -> Path:
        """Where its own templates lie."""
        return self.root / "templates"

    def template_names(self) -> dict[str, str]:
        """All templates by name, with where each comes from."""
        return template_files.template_names(self.templates_folder)

    def template_file(self, name: str) -> Path:
        """The file of a template: the workspace's own, or one that comes with bss-mfg, or a path to a .toml file."""
        return template_files.template_file(name, self.templates_folder)

    # --- printers -------------------------------------------------------------------------------------------------

    def printer_names(self) -> list[str]:
        """Names of the workspace's own printers."""
        return sorted(path.stem for path in (self.root / "printers").glob("*.toml"))

    def printer_file(self, name: str) -> Path:
        """Where the file of a printer is, or would be."""
        return self.root / "printers" / f"{require_safe_name(name, 'printer name')}.toml"

    def add_printer(self, name: str, text: str) -> Path:
        """Write a new printer file; refuses an existing name."""
        path = require_free_name(self.printer_file(name))
        make_folder(path.parent)
        write_atomically(path, [text.encode()])
        return path


def _vault_file(root: Path, environment: Mapping[str, str]) -> Path:
    named = environment.get("BSS_MFG_VAULT_KEY_FILE")
    return expanded(named).resolve() if named else root / "vault.key"


def environment() -> Mapping[str, str]:
    """The process environment, read in one place."""
    return os.environ
