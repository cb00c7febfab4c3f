"""The disk of Windows that other tests run on, held against what Microsoft documents of the real one."""

from __future__ import annotations

import pytest

from tests.faults.windows.started import tell
from tests.faults.windows.story_names import stories

MODULE = "tests.faults.windows.told_disk"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tell(MODULE, tmp_path_factory.mktemp("windows"))


@pytest.fixture(scope="module")
def imports_told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tell("tests.faults.windows.told_imports", tmp_path_factory.mktemp("windows"))


@pytest.mark.parametrize("story", stories(MODULE))
def test_the_disk_is_as_documented(told: dict[str, str], story: str) -> None:
    assert not told[story], told[story]


@pytest.mark.parametrize("story", stories("tests.faults.windows.told_imports"))
def test_no_module_takes_what_is_of_posix_alone_when_it_is_loaded(imports_told: dict[str, str], story: str) -> None:
    assert not imports_told[story], imports_told[story]
