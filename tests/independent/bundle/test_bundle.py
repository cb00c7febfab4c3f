"""The bundle where it goes: on a machine without Python and without a network. Its labels are read by dmtxread."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

from tests.helpers import ROOT
from tests.helpers.bare_system import chroot_works, make_bare_system, run_in
from tests.helpers.label_reading import read_page
from tests.helpers.pictures import page_count
from tests.needs import needs

pytestmark = [needs("unshare", "libdmtx", "strip"), pytest.mark.xdist_group("bundle")]


@pytest.fixture(scope="session")
def bare(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare system with the bundle unpacked in /root; skips where nobody may make one, as in some containers."""
    if not chroot_works():
        pytest.skip("this user may not enter a root folder of its own (unshare --map-root-user, chroot)")
    root = make_bare_system(tmp_path_factory.mktemp("bare") / "root")
    with tarfile.open(archive) as tar:
        tar.extractall(root / "root", filter="data")
    next((root / "root").glob("bss-mfg-*")).rename(root / "root" / "bss mfg")
    return root


START = "./bss mfg/bss-mfg"


def test_the_doctor_finds_nothing_missing(bare: Path) -> None:
    done = run_in(bare, START, "doctor", "--json")
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)
    assert {check["level"] for check in checks} == {"ok"}, checks


@needs("dmtxread", "pdftoppm")
def test_the_demo_makes_labels_that_dmtxread_reads(bare: Path, tmp_path: Path) -> None:
    """Through a link, as from /usr/local/bin; with worker processes."""
    (bare / "usr/bin/bss-mfg").symlink_to("/root/bss mfg/bss-mfg")
    done = run_in(bare, "/usr/bin/bss-mfg", "demo")
    assert done.returncode == 0, done.stderr
    (labels,) = (bare / "root/bss-mfg-demo/batches/mesh-bulb-0001/labels").glob("*.pdf")
    table = ("table", "mesh-bulb-0001", "--format", "jsonl", "--columns", "payload", "--out", "-")
    issued = run_in(bare, "/usr/bin/bss-mfg", "--workspace", "bss-mfg-demo", *table)
    strings = {json.loads(line)["payload"] for line in issued.stdout.splitlines()}
    assert len(strings) == 96
    read = set().union(*(read_page(labels, page, tmp_path) for page in range(1, page_count(labels) + 1)))
    assert read == strings
    to_parquet = ("table", "mesh-bulb-0001", "--format", "parquet", "--columns", "serial", "--out", "units.parquet")
    lacking = run_in(bare, START, "--workspace", "bss-mfg-demo", *to_parquet)
    assert lacking.returncode == 6, lacking.stderr
    assert "bundle comes without it" in " ".join(lacking.stderr.split())


def test_what_the_extras_of_a_bundle_need_is_there(bare: Path) -> None:
    """With all its libraries."""
    code = (
        "import sys; sys.path.append('/root/bss mfg/runtime/lib/python%d.%d/site-packages' % sys.version_info[:2])\n"
        "import bleak, bumble, keyring, paho.mqtt.client, pi_heif, psycopg, pyrage, serial, urllib3\n"
        "from bss_mfg.installation import is_bundle\nassert is_bundle()\nassert psycopg.pq.__impl__ == 'binary'"
    )
    done = run_in(bare, "./bss mfg/runtime/bin/python3", "-I", "-S", "-B", "-c", code)
    assert done.returncode == 0, done.stderr


def test_nothing_of_this_machine_is_inside(bare: Path) -> None:
    """No folder of the machine that made it is named, and the tree holds no link out of itself."""
    home = bare / "root" / "bss mfg"
    own = (str(ROOT).encode(), str(Path.home() / ".").encode() + b"/.cache")
    for path in home.rglob("*"):
        assert not path.is_symlink()
        if path.is_file():
            data = path.read_bytes()
            assert not any(place in data for place in own), path


def test_the_bill_of_materials_is_valid_and_complete(bare: Path) -> None:
    """By CycloneDX's own schema and SPDX's own list; each part has a licence's text, each package is a part."""
    home = bare / "root" / "bss mfg"
    text = (home / "sbom.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = json.loads(text)
    parts = {part["name"]: part for part in (*bom["components"], bom["metadata"]["component"])}
    spdx = get_spdx_licensing()
    for name, part in parts.items():
        (licence,) = part["licenses"]
        said = licence.get("expression") or licence["license"]["id"]
        assert not spdx.validate(said).errors or said.startswith("LicenseRef-"), (name, said)
        assert any(file.stat().st_size > 50 for file in (home / "licenses" / name).iterdir()), name
    packages = {
        path.name.split("-")[0].lower().replace("_", "-").replace(".", "-") for path in home.rglob("*.dist-info")
    }
    assert packages <= set(parts)
    assert {"python", "libdmtx0b", "liberation-fonts", "zxing-wasm"} <= set(parts)
    for name in ("cryptography", "pydantic-core", "typst"):
        crates = parts[name]["components"]
        assert len(crates) > 20
        assert all(one["purl"].startswith("pkg:cargo/") and one["licenses"] for one in crates)
        listed = (home / "licenses" / name / "rust-crates.txt").read_text("utf-8")
        assert all(f"{one['name']} {one['version']}: " in listed for one in crates)
