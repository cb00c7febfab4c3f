"""The Rust crates inside of wheels: told by the bills of materials that wheels carry (PEP 770). A wheel with Rust that
carries none is named in licences.toml as one whose crates nobody lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

_CARGO = re.compile(r"pkg:cargo/(?P<name>[A-Za-z0-9_-]+)@(?P<version>[^?#]+)")
_COMPILED_BY_RUST = re.compile(rb"/rustc/[0-9a-f]{40}|rustc-[0-9.]+-|index\.crates\.io-[0-9a-f]{16}")
"""What a panic's place says of the standard library or of a crate: release builds have it, too."""
_LIBRARIES = (".so", ".pyd", ".dll", ".dylib")


@dataclass(frozen=True, order=True)
class Crate:
    """A crate that was compiled into a wheel: name, version, SPDX expression."""

    name: str
    version: str
    license: str

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:cargo/{self.name}@{self.version}"


def crates_of(one: Distribution, licences: Mapping[str, str]) -> tuple[Crate, ...]:
    """The crates that a wheel's own bills of materials list, but for those that only built it. `licences` are of crates
    whose own words are no SPDX expression."""
    found = set()
    for path in _files(one):
        if "sboms" in path.parts and path.suffix == ".json":
            found |= set(_listed(json.loads(path.read_text("utf-8")), licences))
    return tuple(sorted(found))


def _files(one: Distribution) -> Iterator[Path]:
    """The files of a package that are there; bundles leave some out."""
    paths = (Path(str(one.locate_file(path))) for path in one.files or ())
    return (path for path in paths if path.is_file())


def _listed(bill: Mapping[str, Any], licences: Mapping[str, str]) -> Iterable[Crate]:
    for part in bill.get("components", ()):
        told = _CARGO.match(part.get("purl", ""))
        if told and part.get("scope") != "excluded":
            yield Crate(told["name"], told["version"], licences.get(told["name"]) or _expression(part))


def _expression(part: Mapping[str, Any]) -> str:
    said = [one.get("expression") or one["license"].get("id", "") for one in part.get("licenses", ())]
    return " AND ".join(" ".join(one.split()) for one in said)


def holds_rust(one: Distribution) -> bool:
    """Whether one of a wheel's libraries was compiled from Rust."""
    return any(_COMPILED_BY_RUST.search(path.read_bytes()) for path in _files(one) if path.name.endswith(_LIBRARIES))


def unlisted(packages: Iterable[Distribution], said: Iterable[str]) -> set[str]:
    """The packages with Rust whose crates nothing lists. `SystemExit` where licences.toml says others."""
    found = {one.name for one in packages if holds_rust(one) and not crates_of(one, {})}
    if differing := found ^ set(said):
        raise SystemExit(
            f"Wheels with Rust that list no crates are {', '.join(sorted(found)) or 'none'}: licences.toml says "
            f"otherwise of {', '.join(sorted(differing))}."
        )
    return found


def crates_text(package: str, crates: Iterable[Crate]) -> str:
    """What lies among a package's licences."""
    lines = [f"{one.name} {one.version}: {one.license}\n" for one in crates]
    return f"Rust crates inside of {package}, as its wheel lists them, with their licences (SPDX):\n\n{''.join(lines)}"
