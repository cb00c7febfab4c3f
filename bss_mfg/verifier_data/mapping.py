"""Mapping files of verifiers: where each value stands in an export, and how it is written.

What a verifier exports differs by its maker, its version and its settings, and is published nowhere: a mapping is made
from an export that lies before its author, and says by `status` whether anybody did so.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.files import make_folder, require_safe_name, write_atomically
from bss_mfg.core.folders import is_named_so, require_free_name
from bss_mfg.core.models import FileModel
from bss_mfg.core.toml_files import load_toml, parse_toml, validate
from bss_mfg.errors import InputError
from bss_mfg.verifier_data.grade_values import Written

FOLDER = "verifiers"
"""Where a workspace keeps its own."""

_Prefix = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]
Place = str | int
"""Where a value stands: a column by its name, or by its number from 1 where there is no header; in XML an XPath, from
the symbol's element."""

ParameterName = Literal[
    "symbol_contrast", "modulation", "reflectance_margin", "axial_nonuniformity", "grid_nonuniformity",
    "unused_error_correction", "fixed_pattern_damage", "decode", "cell_contrast", "minimum_reflectance",
    "edge_contrast", "defects", "decodability", "quiet_zone",
]  # fmt: skip
"""A parameter by the name that our own grades have."""


class CsvFile(FileModel):
    """A table as text: a row a symbol."""

    kind: Literal["csv"]
    encoding: Literal["utf-8", "utf-16-le", "utf-16-be", "windows-1252", "iso-8859-1", "shift_jis", "gb18030"] = Field(
        "utf-8", description="Where the file has no byte order mark; that says it where there is one."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1, pattern=r'^[^"\r\n]$')] = Field(
        ",", description="What stands between two cells."
    )
    header: Annotated[int, Field(ge=0, le=1000)] = Field(
        1, description="The line with the columns' names, from 1; lines above are passed over. 0: there is none."
    )


class XmlFile(FileModel):
    """An XML document: an element a symbol."""

    kind: Literal["xml"]
    element: Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)*$")] = Field(
        description="The path of a symbol's element from the root, as Report/Symbols/Symbol."
    )
    namespaces: dict[_Prefix, Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="Prefixes that the paths use; a name without one is in no namespace."
    )


class Value(FileModel):
    """A value as it stands there."""

    place: Place = Field(alias="from")


class Data(Value):
    """The decoded data, and what the export does to it."""

    prefix: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="What the export puts before the data, always one of these: as ]d1."
    )
    suffix: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="What it puts behind the data, always one of these."
    )
    replace: dict[Annotated[str, Field(min_length=1)], str] = Field(
        default_factory=dict, description="What the export writes in place of characters, with these: <GS> for U+001D."
    )


class Time(FileModel):
    """When it was measured."""

    places: Annotated[Place | tuple[Place, ...], Field(alias="from")] = Field(
        description="One place, or several that are joined with a space: date and time."
    )
    format: Annotated[str, Field(min_length=2)] = Field(
        "iso", description="iso (ISO 8601), or as strptime has it: %d.%m.%Y %H:%M:%S."
    )
    zone: str = Field("", description="Its time zone, as Europe/Berlin; without one the workspace's.")

    @field_validator("zone")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        return TimeZone(value).checked_name()


class HowWritten(FileModel):
    """How grades are written."""

    written: Written = Field(Written.NUMBER, description="3.2, B, 3.2 (B), or B (3.2).")
    pattern: str | None = Field(
        None, description="A regular expression with one group: the part of the cell that is the grade."
    )

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, value: str | None) -> str | None:
        try:
            groups = re.compile(value or "()").groups
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        if groups != 1:
            raise ValueError(f"has {groups} groups, but one group is the grade")
        return value


class Grades(HowWritten):
    """How all grades are written."""

    decimal: Literal[".", ","] = "."
    none: tuple[str, ...] = Field(("",), description="What stands where a parameter was not graded.")


class Overall(HowWritten):
    """The overall grade, where it is written otherwise than the parameters' it says how."""

    place: Place = Field(alias="from")


class Mapping(FileModel):
    """A mapping file."""

    format: Literal[1]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    title: str = ""
    status: Literal["assumed", "checked"] = Field(
        description="checked: somebody compared what is imported with the verifier's own screen or print."
    )
    file: Annotated[CsvFile | XmlFile, Field(discriminator="kind")]
    data: Data
    grades: Grades = Grades()
    overall: Overall | None = None
    formal: Value | None = Field(None, description="The formal grade, as 3.2/10/660/45Q.")
    time: Time | None = None
    operator: Value | None = None
    verifier: Value | None = Field(None, description="Which verifier: its name or its serial number.")
    parameters: dict[ParameterName, Place] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_whole(self) -> Mapping:
        if self.overall is None and self.formal is None:
            raise ValueError("it needs [overall] or [formal]: without a grade there is nothing to import")
        by_number = isinstance(self.file, CsvFile) and self.file.header == 0
        for where, place in self.places().items():
            if isinstance(place, int) != by_number:
                raise ValueError(
                    f"{where}: name columns by their numbers, from 1: there is no header"
                    if by_number
                    else f"{where}: a number says where only in a table without a header (header = 0)"
                )
            if place in ("", 0) or (isinstance(place, int) and place < 0):
                raise ValueError(f"{where}: says no place")
        return self

    def places(self) -> dict[str, Place]:
        """Every place that it names, by the field that names it."""
        times = self.time.places if self.time else ()
        found: dict[str, Place] = {"data.from": self.data.place}
        found |= {
            f"{name}.from": value.place
            for name in ("overall", "formal", "operator", "verifier")
            if (value := getattr(self, name)) is not None
        }
        found |= {f"time.from[{number}]": place for number, place in enumerate(_several(times), 1)}
        return found | {f"parameters.{name}": place for name, place in self.parameters.items()}

    def times(self) -> tuple[Place, ...]:
        """Where the parts of its time stand."""
        return _several(self.time.places) if self.time else ()


def _several(places: Place | tuple[Place, ...]) -> tuple[Place, ...]:
    return places if isinstance(places, tuple) else (places,)


def mapping_names(own: Path | None) -> dict[str, str]:
    """All mappings by name, with where each comes from; `own`: the workspace's folder of them."""
    folder = resources.files("bss_mfg.verifier_data") / "mappings"
    found = {item.name.removesuffix(".toml"): "packaged" for item in folder.iterdir() if item.name.endswith(".toml")}
    if own:
        found.update((path.stem, "workspace") for path in own.glob("*.toml"))
    return dict(sorted(found.items()))


def load_mapping(name: str, own: Path | None) -> Mapping:
    """A mapping: a path to a .toml file, or by name the workspace's own, or one that comes with bss-mfg. `InputError`
    where there is none, or where it is wrong."""
    if name.endswith(".toml"):
        return validate(load_toml(Path(name), "mapping file"), Mapping)
    if own and is_named_so(path := own / f"{require_safe_name(name, 'mapping name')}.toml"):
        return validate(load_toml(path, "mapping file"), Mapping)
    return validate(parse_toml(packaged_text(name, own), f"{name}.toml"), Mapping)


def copy_mapping(name: str, new_name: str, folder: Path) -> Path:
    """Copy a mapping that comes with bss-mfg into a workspace's folder, under another name; refuses to overwrite."""
    target = require_free_name(folder / f"{require_safe_name(new_name, 'mapping name')}.toml")
    text = packaged_text(name).replace(f'name = "{name}"', f'name = "{new_name}"', 1)
    make_folder(folder)
    write_atomically(target, [text.encode()])
    return target


def packaged_text(name: str, own: Path | None = None) -> str:
    """The text of a mapping that comes with bss-mfg."""
    require_safe_name(name, "mapping name")
    packaged = resources.files("bss_mfg.verifier_data") / "mappings" / f"{name}.toml"
    if name not in mapping_names(None):
        raise InputError(
            f"there is no verifier mapping {name!r}",
            way_out=f"Known: {', '.join(mapping_names(own))}; or give the path of a .toml file.",
        )
    return packaged.read_text("utf-8")
