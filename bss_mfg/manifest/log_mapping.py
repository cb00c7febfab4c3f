"""Mapping files of control logs: the path of each value of a log, where it comes from, and what is known of it.

The envelope is published, names inside it are not: each entry is marked published or assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.core.toml_files import load_toml, parse_toml, validate
from bss_mfg.errors import InputError
from bss_mfg.manifest.value_forms import DEFAULT, FormName, form_names
from bss_mfg.payload.spec_names import packaged_names

Source = Literal[
    "constant",
    "product.pid",
    "product.upc",
    "product.ean",
    "unit.serial",
    "unit.uuid",
    "unit.mac",
    "package.encrypted",
    "package.serials",
]
UNIT_SOURCES = ("unit.serial", "unit.uuid", "unit.mac")


class Entry(FileModel):
    """One value: its path inside a control log, separated by dots, and where it comes from."""

    path: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
    status: Literal["published", "confirmed", "assumed"] = Field(
        description="Whether Amazon's public pages say so; or its guide does, as a sample log of it shows or somebody "
        "has looked up; or nobody knows."
    )
    source: Source
    value: str | bool | int | None = Field(None, description="constant: a text, a whole number, true or false.")
    format: FormName | None = Field(None, description="unit.uuid, unit.mac: how it is written; hex-upper if not given.")
    member: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] = Field(
        "serialNumber", description="package.serials: the name of the serial in each object of the list."
    )
    optional: bool = Field(False, description="Left out where there is no such value.")
    note: str = ""

    @property
    def form(self) -> FormName:
        """How a UUID or a MAC is written."""
        return self.format or DEFAULT

    @model_validator(mode="after")
    def _check_consistent(self) -> Entry:
        if (self.source == "constant") != (self.value is not None and self.value != ""):
            raise ValueError("a constant has a value, and only a constant has one")
        if self.format is not None and self.format not in form_names(self.source):
            raise ValueError(f"{self.source} can't be written as {self.format}")
        return self


class LogMapping(FileModel):
    """A mapping file: the entries of device logs and of bundle logs."""

    format: Literal[1]
    name: str
    title: str = ""
    device: Annotated[tuple[Entry, ...], Field(min_length=1)]
    bundle: tuple[Entry, ...] = ()

    @model_validator(mode="after")
    def _check_whole(self) -> LogMapping:
        for kind, entries in (("device", self.device), ("bundle", self.bundle)):
            paths = [entry.path for entry in entries]
            for path in paths:
                if paths.count(path) > 1 or any(other.startswith(path + ".") for other in paths):
                    raise ValueError(f"two [[{kind}]] entries have the same place, {path}")
        if not any(entry.source in UNIT_SOURCES for entry in self.device):
            raise ValueError("a device log names its device: one of unit.serial, unit.uuid and unit.mac is needed")
        if any(entry.source == "package.serials" for entry in self.device):
            raise ValueError("package.serials belongs in [[bundle]]")
        if self.bundle:
            lists = [entry.path for entry in self.bundle if entry.source == "package.serials"]
            if len(lists) != 1 or any(entry.source in UNIT_SOURCES for entry in self.bundle):
                raise ValueError("a bundle log names its devices once, by package.serials")
            if any(entry.path == lists[0] or entry.path.startswith(lists[0] + ".") for entry in self.device):
                raise ValueError(f"{lists[0]} is in device logs too, so the two kinds can't be told apart")
        return self

    @property
    def assumed(self) -> tuple[str, ...]:
        """Paths that neither Amazon's public pages nor its guide are known to describe."""
        return tuple(dict.fromkeys(item.path for item in (*self.device, *self.bundle) if item.status == "assumed"))


def load_mapping(spec: str, specs_folder: Path) -> LogMapping:
    """As `find_mapping`; `InputError` where there is none."""
    if mapping := find_mapping(spec, specs_folder):
        return mapping
    raise InputError(
        f"there is no control log mapping for the spec {spec}: its names were never published",
        way_out=f"Write specs/{_file_name(spec)} in the workspace from Amazon's control log specification; "
        "`bss-mfg spec copy amazon-bss-ob04` makes one to start from.",
    )


def find_mapping(spec: str, specs_folder: Path) -> LogMapping | None:
    """The mapping beside a spec: in the workspace's specs folder, or packaged.

    A factory's own spec without a mapping takes that of Bluetooth Mesh; a packaged sibling without one has none.
    """
    name = _file_name(spec)
    if (specs_folder / name).is_file():
        return validate(load_toml(specs_folder / name, "control log mapping"), LogMapping)
    packaged = resources.files("bss_mfg.payload") / "specs" / name
    if not packaged.is_file() and spec in packaged_names():
        return None
    if not packaged.is_file():
        packaged = resources.files("bss_mfg.payload") / "specs" / "amazon-bss-ob04.control-log.toml"
    return validate(parse_toml(packaged.read_text("utf-8"), packaged.name), LogMapping)


def where_to_correct(spec: str, specs_folder: Path) -> str:
    """What to do about a mapping of a spec that is not as Amazon's guide says."""
    name = _file_name(spec)
    if (specs_folder / name).is_file():
        return f'correct specs/{name}, and write status = "confirmed" for what is right'
    if spec in packaged_names() and not (specs_folder / f"{spec}.toml").is_file():
        return f"correct a copy of the mapping in specs/ (`bss-mfg spec copy {spec}`)"
    return (
        f"write specs/{name} (`bss-mfg mapping fit {spec} --sample LOG.json --units FILE --out specs/` makes it from "
        "the guide's sample)"
    )


def _file_name(spec: str) -> str:
    return f"{spec}.control-log.toml"


def tree_of(nodes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by path as nested objects, in the order of their first mention."""
    tree: dict[str, Any] = {}
    for path, value in nodes:
        *folders, name = path.split(".")
        node = tree
        for step in folders:
            node = node.setdefault(step, {})
        node[name] = value
    return tree
