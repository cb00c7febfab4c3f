"""Errors carry where they are as values; their words follow from these."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest

from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.processes import FailureKind, TaskFailure, WorkerError
from bss_mfg.errors import BssError, InputError, Location, MissingError, RefusedError, from_os_error


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


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, MissingError), (errno.EDQUOT, MissingError), (errno.EFBIG, MissingError),
        (errno.EIO, MissingError), (errno.EROFS, InputError), (errno.EACCES, InputError), (errno.ENOENT, InputError),
        (errno.EEXIST, InputError), (errno.EISDIR, InputError), (errno.ENOTDIR, InputError),
        (errno.ENAMETOOLONG, InputError), (errno.ELOOP, InputError), (errno.EMFILE, MissingError),
    ],
)  # fmt: skip
def test_each_refusal_of_a_system_has_words_and_a_way_out_of_its_own(number: int, kind: type[BssError]) -> None:
    """A read-only disk is no lack of a right: whoever asks its owner for one gets nowhere."""
    told = from_os_error(OSError(number, "in the system's words", "f.txt"), "writing")
    assert type(told) is kind and told.file == "f.txt"
    assert "in the system's words" not in told.what
    others = [from_os_error(OSError(other, "", "f.txt"), "writing") for other in _REFUSED if other != number]
    assert told.what not in {other.what for other in others}
    assert told.way_out not in {other.way_out for other in others}


_REFUSED = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EEXIST,
    errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EMFILE,
)  # fmt: skip


def test_a_file_that_another_program_has_open_on_windows_is_no_lack_of_a_right() -> None:
    class SharingError(PermissionError):
        winerror = 32

    told = from_os_error(SharingError(errno.EACCES, "denied", "t.csv"), "writing")
    assert told.what != from_os_error(OSError(errno.EACCES, "denied", "t.csv"), "writing").what


def test_an_error_without_a_number_is_known_by_its_class() -> None:
    assert from_os_error(PermissionError("x"), "reading").what == from_os_error(OSError(13, "x"), "reading").what


def test_a_name_that_is_too_long_for_the_system_is_bad_input() -> None:
    with pytest.raises(InputError):
        open_to_read(Path("x" * 5000), "key")
