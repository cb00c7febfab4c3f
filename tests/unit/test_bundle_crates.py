"""Rust crates inside of wheels: the bill of materials lists them under their package, and names no wheel wrongly."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

from tests.helpers import ROOT

BUNDLE = ROOT / ".ci" / "bundle"


@pytest.fixture
def rust(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BUNDLE))
    return importlib.import_module("rust_crates")


def said() -> dict[str, Any]:
    return tomllib.loads((BUNDLE / "licences.toml").read_text("utf-8"))


def locked() -> list[Distribution]:
    """The packages of a bundle that are installed here; each of them has its files' list."""
    names = re.findall(r"^([a-z0-9-]+)==", (BUNDLE / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    found = []
    for name in names:
        try:
            found.append(distribution(name))
        except importlib.metadata.PackageNotFoundError:
            continue
    assert len(found) > 40
    return found


def wheel(folder: Path, name: str, library: bytes, bill: object = None) -> Distribution:
    """A wheel as it is installed."""
    home = folder / f"{name}-1.dist-info"
    (home / "sboms").mkdir(parents=True)
    files = {f"{name}/native.so": library, f"{home.name}/METADATA": f"Metadata-Version: 2.4\nName: {name}\n".encode()}
    if bill is not None:
        files[f"{home.name}/sboms/x.cyclonedx.json"] = json.dumps(bill).encode()
    for path, data in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    (home / "RECORD").write_text("".join(f"{path},,\n" for path in files))
    return Distribution.at(home)


COMPILED = b"\x7fELF panicked at /rustc/" + b"0a" * 20 + b"/library/core/src/option.rs"


def bill(**crates: str) -> dict[str, Any]:
    return {
        "components": [
            {"purl": f"pkg:cargo/{name}@1.2.3?x=y", "licenses": [{"expression": said}], "scope": "required"}
            for name, said in crates.items()
        ]
    }


def test_crates_are_those_that_the_wheel_lists_without_what_built_it(rust: Any, tmp_path: Path) -> None:
    listed = bill(aead="MIT  OR  Apache-2.0", odd="Unknown", made="MIT")
    listed["components"][2]["scope"] = "excluded"
    listed["components"].append({"purl": "pkg:generic/openssl@4", "name": "openssl"})
    one = wheel(tmp_path, "sealed", COMPILED, listed)
    assert rust.holds_rust(one)
    crates = rust.crates_of(one, {"odd": "Unicode-3.0"})
    assert [(crate.name, crate.version, crate.license) for crate in crates] == [
        ("aead", "1.2.3", "MIT OR Apache-2.0"), ("odd", "1.2.3", "Unicode-3.0"),
    ]  # fmt: skip
    assert "aead 1.2.3: MIT OR Apache-2.0\n" in rust.crates_text("sealed", crates)


def test_a_wheel_with_rust_that_lists_nothing_is_named_or_stops_the_making(rust: Any, tmp_path: Path) -> None:
    bare, plain = wheel(tmp_path, "bare", COMPILED), wheel(tmp_path, "plain", b"\x7fELF compiled from C")
    full = wheel(tmp_path, "full", COMPILED, bill(aead="MIT"))
    assert rust.unlisted([bare, plain, full], ["bare"]) == {"bare"}
    for named in ([], ["bare", "full"], ["bare", "plain"]):
        with pytest.raises(SystemExit, match=re.escape("licences.toml")):
            rust.unlisted([bare, plain, full], named)


def test_the_list_of_wheels_whose_crates_nobody_lists_is_right(rust: Any) -> None:
    """Of what is installed here, by looking into every library."""
    packages = locked()
    here = {one.name for one in packages}
    named = said()["rust"]["unlisted"]
    assert rust.unlisted(packages, [one for one in named if one in here]) <= set(named)
    with_crates = {one.name for one in packages if rust.crates_of(one, {})}
    assert {"cryptography", "pydantic_core", "typst"} & here <= with_crates


def test_every_crate_has_a_licence_that_spdx_knows(rust: Any) -> None:
    spdx, licences = get_spdx_licensing(), said()["rust"]["crates"]
    crates = [crate for one in locked() for crate in rust.crates_of(one, licences)]
    assert len(crates) > 300
    for crate in crates:
        assert crate.license, crate
        assert not spdx.validate(crate.license).errors, crate


def test_the_bill_of_materials_holds_crates_under_their_package(rust: Any, tmp_path: Path) -> None:
    components, sbom = importlib.import_module("components"), importlib.import_module("sbom")
    crate = rust.Crate("aead", "0.5.2", "MIT OR Apache-2.0")
    parts = [
        components.Component(name, "1", "Apache-2.0", f"pkg:pypi/{name}@1", (), ("one", "two"), crates)
        for name, crates in (("bss-mfg", ()), ("one", (crate,)), ("two", (crate,)))
    ]
    sbom.write_sbom(parts, tmp_path / "a.json")
    sbom.write_sbom(parts, tmp_path / "b.json")
    text = (tmp_path / "a.json").read_text("utf-8")
    assert text == (tmp_path / "b.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = {part["name"]: part for part in json.loads(text)["components"]}
    assert found.keys() == {"one", "two"}
    for part in found.values():
        (inside,) = part["components"]
        assert (inside["purl"], inside["licenses"]) == (crate.purl, [{"expression": crate.license}])
