"""What lacks is added where bss-mfg was installed by pip; in a bundle, which has no pip, the way out is another."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bss_mfg.installation import BUNDLE, IN_BUNDLES, how_to_add, how_to_repair, is_bundle
from tests.helpers import ROOT

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata of a bundle, found before those of this environment."""
    home = tmp_path / "bss_mfg-0.dist-info"
    home.mkdir()
    (home / "METADATA").write_text("Metadata-Version: 2.1\nName: bss-mfg\nVersion: 0\n")
    (home / "INSTALLER").write_text(f"{BUNDLE}\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_with_pip_an_extra_is_installed_by_pip() -> None:
    assert not is_bundle()
    assert '`pip install "bss-mfg[age]"`' in how_to_add("age")
    assert '`pip install --force-reinstall "click>=8.5"`' in how_to_repair("click>=8.5")


@pytest.mark.usefixtures("bundle")
def test_in_a_bundle_what_it_has_is_unpacked_again_and_what_it_lacks_is_done_elsewhere() -> None:
    assert is_bundle()
    for extra in IN_BUNDLES:
        assert "pip" not in how_to_add(extra)
        assert "again" in how_to_add(extra)
    assert "pip" not in how_to_repair("click")
    assert "comes without it" in how_to_add("s3")
    assert "on a computer where" in how_to_add("s3")


def test_bundles_have_inside_what_the_extra_station_brings() -> None:
    assert Requirement(EXTRAS["station"][0]).extras == IN_BUNDLES


def test_only_this_room_tells_how_to_install_packages() -> None:
    """So that no message sends an operator without Python to pip; the extras that are named exist."""
    asked = set()
    for path in (ROOT / "bss_mfg").rglob("*.py"):
        text = path.read_text("utf-8")
        asked |= set(re.findall(r"how_to_add\(['\"](\w+)['\"]\)", text))
        # Workers of a cluster are to have the versions of who asks them; no bundle works on a cluster.
        if path.name not in ("installation.py", "dask_worker.py"):
            assert not re.search(r"pip install |bss-mfg\[", text), path
    assert asked == set(EXTRAS) & asked
    assert asked >= IN_BUNDLES
