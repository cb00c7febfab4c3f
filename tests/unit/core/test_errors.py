"""Errors carry where they are as values; their words follow from these."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from bss_mfg.core.processes import FailureKind, TaskFailure, WorkerError
from bss_mfg.errors import BssError, InputError, Location, RefusedError, from_os_error


def test_an_error_tells_file_line_row_and_key() -> None:
    error = InputError("is wrong", where=Location("a.toml", line=3, key="element[2].size"), way_out="Mend it.")
    assert (error.file, error.line, error.row, error.key) == ("a.toml", 3, None, "element[2].size")
    assert error.where == "a.toml, line 3, element[2].size"
    assert str(error) == "a.toml, line 3, element[2].size: is wrong. Mend it."
    assert InputError("x", where=Location("t.csv", row=7)).where == "t.csv, row 7"


def test_a_path_is_a_file_and_words_are_none() -> None:
    assert (of_path := InputError("x", where=Path("a/b.csv"))).file == of_path.where == str(Path("a/b.csv"))
    of_batch = InputError("x", where="batch B1")
    assert (of_batch.where, of_batch.file, of_batch.line) == ("batch B1", "", None)
    nowhere = BssError("x")
    assert (nowhere.where, nowhere.file, str(nowhere)) == ("", "", "x.")
    assert from_os_error(FileNotFoundError(2, "no", "f.txt"), "reading").file == "f.txt"
    assert from_os_error(OSError(5, "no"), "reading").where == "a file"


@pytest.mark.parametrize("where", [Location("a.csv", 2, 3, "key"), Path("x"), "batch B1", ""])
def test_errors_travel_with_all_their_parts(where: Location | Path | str) -> None:
    error = RefusedError("no", where=where, way_out="Out.", problems=["a", "b"])
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is RefusedError
    assert (str(back), back.location, back.where, back.problems) == (
        str(error), error.location, error.where, ("a", "b"),
    )  # fmt: skip


def test_a_failure_has_a_kind() -> None:
    assert TaskFailure.of(InputError("is wrong", way_out="Mend it.")) == TaskFailure(
        FailureKind.REFUSED, "is wrong. Mend it."
    )
    stalled = pickle.loads(pickle.dumps(WorkerError("slow", FailureKind.STALLED)))  # noqa: S301
    assert (str(stalled), stalled.kind) == ("slow", FailureKind.STALLED)
