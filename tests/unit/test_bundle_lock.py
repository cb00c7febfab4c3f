"""The versions and hashes that bundles and wheelhouses are made of hold all that bss-mfg needs, on every system."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PLATFORMS = ("win_amd64", "macosx_arm64", "macosx_x86_64", "linux_x86_64", "linux_aarch64")


@pytest.fixture
def wheelhouse(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of `make wheelhouse`."""
    pytest.importorskip("cyclonedx")
    monkeypatch.syspath_prepend(str(ROOT / ".ci" / "bundle"))
    return importlib.import_module("wheelhouse")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_dependency_is_locked_with_hashes(wheelhouse: ModuleType, platform: str, python: str) -> None:
    target = wheelhouse.TARGETS[platform]
    lines = [line.replace(" \\\n    ", " ") for line in wheelhouse.locked(target, python)]
    pinned = dict(re.fullmatch(r"(\S+)==(\S+)( --hash=sha256:[0-9a-f]{64})+", line).groups()[:2] for line in lines)  # type: ignore[union-attr]
    assert len(pinned) == len(lines)  # one version each
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["station"]]
    for extra in Requirement(extras["station"][0]).extras:
        wanted += extras[extra]
    for requirement in map(Requirement, wanted):
        if requirement.name != "bss-mfg" and (
            requirement.marker is None or requirement.marker.evaluate(target.environment(python))
        ):
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_the_lock_names_no_index() -> None:
    text = (ROOT / ".ci" / "bundle" / "requirements.txt").read_text("utf-8")
    assert "://" not in text
    assert "index" not in text
