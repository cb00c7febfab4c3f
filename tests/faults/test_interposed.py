"""Labels made again in the middle of a command that reads label files: between any two questions that it asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.interposed import interposed
from tests.faults.pairs import Act, act, done, faults, fresh
from tests.helpers.copies import remove_line
from tests.helpers.factory import Factory, make_factory

FEW, MANY = 3, 500
VERIFY = act("verify", "verify P {root}/batches/P/labels --json --jobs 1")
RECONCILE = act("reconcile", "reconcile P --json --jobs 1")
OTHERS = (
    act("again", "labels P --again --jobs 1"),
    act("again in one file", "labels P --again --labels-per-file 4 --jobs 1"),
    act("the rest again", "labels P --from ebK300000002 --again --jobs 1"),
    act("again for another printer", "labels P --printer pdf-600 --again --jobs 1"),
    act("reprint", "reprint P ebK300000003 --reason torn"),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """A batch of four labels in two files, all right."""
    return four_labels(make_factory(tmp_path_factory.mktemp("template") / "w"))


def four_labels(factory: Factory) -> Factory:
    factory.add(oob_bytes=16)
    factory.issue(4, "P")
    done(factory.cli("labels", "P", "--template", "minimal", "--labels-per-file", 2, "--jobs", 1))
    assert len(list((factory.root / "batches" / "P" / "labels").glob("*.pdf"))) == 2
    for one in (VERIFY, RECONCILE):  # what they need is imported once, before all forks
        done(factory.cli(*one.typed(factory)[2:]))
    (factory.root.parent / "payloads").write_text("")
    return factory


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "run"
    remove_line(tmp_path / "run")


@pytest.fixture
def tried() -> range:
    """At which questions the other command comes: all."""
    return range(1, MANY)


def moments(tried: range, template: Factory, folder: Path, one: Act, other: Act) -> Iterator[tuple[int, Factory, str]]:
    """The other command before each question of the one: the moment, the workspace after, and what the one wrote."""
    moment, questions = tried.start, tried.start
    while moment <= questions:
        factory = fresh(template, folder)
        first, second, questions = interposed(factory, one, other, moment)
        assert second.code == 0, second.err
        assert first.code == 0, f"at {moment} of {questions}: {first.err}{first.out}"
        yield moment, factory, first.out
        moment += tried.step
    assert FEW < moment < MANY


@pytest.mark.parametrize("other", OTHERS, ids=lambda one: one.name)
def test_verify_judges_by_one_moment(tried: range, template: Factory, folder: Path, other: Act) -> None:
    """All labels are right before and after, so they are at any moment between."""
    for moment, factory, out in moments(tried, template, folder, VERIFY, other):
        assert json.loads(out)["counts"]["matched"] >= 4, (moment, out)
        assert faults(factory) == [], moment


@pytest.mark.parametrize("other", OTHERS, ids=lambda one: one.name)
def test_reconcile_compares_of_one_moment(tried: range, template: Factory, folder: Path, other: Act) -> None:
    """Files agree with the ledger before and after, so they do at any moment between."""
    for moment, _, out in moments(tried, template, folder, RECONCILE, other):
        assert json.loads(out)["kinds"][1]["differences"] == [], (moment, out)
