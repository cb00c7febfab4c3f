"""What a bundle is made of, part by part with its licence: Python, packages, libraries of the system, others' files.

A part whose licence or whose licence's text is not known stops the making.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from license_expression import Licensing, get_spdx_licensing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from runtime import Runtime
from rust_crates import Crate, crates_of, crates_text, unlisted

HERE = Path(__file__).resolve().parent
_TEXT = re.compile(r"(licen[cs]es?|copying|notice|authors|copyright)\b.*", re.IGNORECASE)


@dataclass(frozen=True)
class Component:
    """A part: name, version, SPDX expression, package URL, the files with its licence, and the parts that it needs."""

    name: str
    version: str
    license: str
    purl: str
    texts: tuple[Path, ...]
    needs: tuple[str, ...] = field(default=())
    crates: tuple[Crate, ...] = field(default=())
    """What was compiled into it."""


def list_components(runtime: Runtime, system_libraries: list[Path]) -> list[Component]:
    """All parts, in the order of their names; bss-mfg itself among them."""
    said = tomllib.loads((HERE / "licences.toml").read_text("utf-8"))
    found = [_python(runtime)]
    packages = list(distributions(path=[str(runtime.packages)]))
    unlisted(packages, said["rust"]["unlisted"])
    found += [_package(one, said) for one in packages]
    found += _system(system_libraries, said["system"])
    for one in said["inside"]:
        text = runtime.packages / one["text"]
        found.append(
            Component(
                one["name"], one["version"], one["license"], f"pkg:generic/{one['name']}@{one['version']}", (text,)
            )
        )
    spdx = get_spdx_licensing()
    for component in found:
        _check(component, spdx)
    return sorted(found, key=lambda one: one.name)


def _check(component: Component, spdx: Licensing) -> None:
    problems = spdx.validate(component.license).errors
    if not component.license or (problems and "LicenseRef" not in component.license):
        raise SystemExit(
            f"The licence of {component.name} is not known ({component.license}). Say it in licences.toml."
        )
    for crate in component.crates:
        if not crate.license or spdx.validate(crate.license).errors:
            raise SystemExit(
                f"The licence of the crate {crate.name} in {component.name} is not known ({crate.license}). Say it in "
                "licences.toml."
            )
    if not component.texts:
        raise SystemExit(f"{component.name} comes without its licence's text. Put it into texts/ and licences.toml.")


def _python(runtime: Runtime) -> Component:
    version = ".".join(map(str, sys.version_info[:3]))
    places = (runtime.standard_library / "LICENSE.txt", runtime.standard_library.parent / "LICENSE.txt")
    text = next(place for place in (*places, Path("/usr/share/doc/libpython3-stdlib/copyright")) if place.is_file())
    return Component("python", version, "Python-2.0.1", f"pkg:generic/python@{version}", (text,))


def _package(one: Distribution, said: dict[str, dict[str, Any]]) -> Component:
    metadata, name = one.metadata, str(canonicalize_name(one.metadata["Name"]))
    stated = {canonicalize_name(key): value for key, value in said["packages"].items()}
    expression = metadata.get("License-Expression") or metadata.get("License", "")
    home = Path(str(one.locate_file(""))) / f"{_folder_of(one)}"
    texts = sorted(path for path in home.rglob("*") if path.is_file() and _is_text(path, home))
    texts += [HERE / "texts" / text for text in said["texts"].get(name, ())]
    needed = [Requirement(text) for text in one.requires or ()]
    extras = ("", *metadata.get_all("Provides-Extra", []))
    needs = {
        str(canonicalize_name(need.name))
        for need in needed
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)
    }
    return Component(
        name, one.version, stated.get(canonicalize_name(name), expression), f"pkg:pypi/{name}@{one.version}",
        tuple(texts), tuple(sorted(needs)), crates_of(one, said["rust"]["crates"]),
    )  # fmt: skip


def _folder_of(one: Distribution) -> str:
    """The name of the folder with a package's metadata."""
    return str(one._path.name)  # type: ignore[attr-defined]


def _is_text(path: Path, home: Path) -> bool:
    return "licenses" in path.relative_to(home).parts or bool(_TEXT.fullmatch(path.name))


def _system(libraries: list[Path], licences: dict[str, str]) -> list[Component]:
    """By the Debian packages that libraries came from: their versions, and their own words on licences."""
    found: dict[str, Component] = {}
    for library in libraries:
        told = subprocess.run(["dpkg", "-S", _as_installed(library)], capture_output=True, text=True, check=True).stdout
        package = told.split(":")[0]
        query = ["dpkg-query", "-W", "-f", "${Version} ${Architecture}", package]
        version, architecture = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()
        licence = next((value for begin, value in licences.items() if library.name.startswith(begin)), "")
        purl = f"pkg:deb/debian/{package}@{version}?arch={architecture}"
        text = Path("/usr/share/doc") / package / "copyright"
        found[package] = Component(package, version, licence, purl, (text,) if text.is_file() else ())
    return list(found.values())


def _as_installed(library: Path) -> str:
    """A library's pattern for dpkg, which knows /lib or /usr/lib as the package was made, not as it lies."""
    return f"*/{library.name}"


def gather_licences(components: list[Component], folder: Path) -> None:
    """Copy the texts to FOLDER/COMPONENT/, under their own names."""
    for component in components:
        target = folder / component.name
        target.mkdir(parents=True)
        if component.crates:
            listed = target / "rust-crates.txt"
            listed.write_text(crates_text(component.name, component.crates), "utf-8", newline="\n")
            listed.chmod(0o644)
        for number, text in enumerate(component.texts):
            name = text.name if not (target / text.name).exists() else f"{number}-{text.name}"
            data = text.read_bytes()
            try:
                data.decode("utf-8")
            except UnicodeDecodeError:
                data = data.decode("latin-1").encode("utf-8")
            (target / name).write_bytes(data)
            (target / name).chmod(0o644)
