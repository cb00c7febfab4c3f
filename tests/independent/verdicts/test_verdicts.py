"""Wrong labels fail by name, in every kind of picture; right ones pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.factory import make_factory
from tests.independent.verdicts.books import Books, open_books
from tests.independent.verdicts.right import RightScene, right_scenes
from tests.independent.verdicts.verdict import judge
from tests.independent.verdicts.wrong import WrongScene, wrong_scenes

WRONG = [(scene, medium) for scene in wrong_scenes() for medium in scene.media]
RIGHT = [(scene, medium, time) for scene in right_scenes() for medium in scene.media for time in range(scene.times)]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The batches of all scenes."""
    return open_books(make_factory(tmp_path_factory.mktemp("verdicts") / "w"))


def test_there_are_enough_scenes() -> None:
    assert len(WRONG) >= 150
    assert len(RIGHT) >= 150


@pytest.mark.parametrize(("scene", "medium"), [pytest.param(*one, id=f"{one[0].name}-{one[1]}") for one in WRONG])
def test_a_wrong_scene_fails_by_name(books: Books, tmp_path: Path, scene: WrongScene, medium: str) -> None:
    said = judge(books, scene.batch, scene.pages, medium, scene.name, tmp_path)
    assert not said.passed, said.words
    assert scene.faults <= said.faults, said.words


@pytest.mark.parametrize(
    ("scene", "medium", "time"), [pytest.param(*one, id=f"{one[0].name}-{one[1]}-{one[2]}") for one in RIGHT]
)
def test_a_right_scene_passes(books: Books, tmp_path: Path, scene: RightScene, medium: str, time: int) -> None:
    said = judge(books, scene.batch, scene.pages, medium, f"{scene.name} {time}", tmp_path)
    assert said.passed, said.words
