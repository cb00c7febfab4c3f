"""Events of labels that were read or measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key

ReadSubject = Literal["file", "print"]
"""What a read is of: our own drawing, or the label that a printer made of it."""
READ_SUBJECTS: Sequence[ReadSubject] = get_args(ReadSubject)


class LabelRead(EventRecord):
    """A label was read."""

    kind = EventKind.READ
    verdict: str = key("see [report.md](report.md); of a hand scanner the word it showed")
    package: int | None = key("number, or null")
    file: str | None = key("name; `scanner` of a hand scanner or a phone")
    page: int | None = key("from 1; null of a hand scanner")
    x_mm: float | None = key("of the symbol's box from the left; null of a hand scanner")
    y_mm: float | None = key("of the symbol's box from the top; null of a hand scanner")
    detail: str = key("in words", default="")
    of: ReadSubject | None = key(
        "`file`: our own label file was read back; `print`: a printed label was read; not in early ledgers",
        default=None,
    )
    told: bool = key("true where `verify --of` said which", default=False)
    grade: float | None = key("overall print quality, 4 to 0, where it was graded", default=None)
    light_lines: Sequence[float] | None = key(
        "light lines through its symbol, in mm from the left edge of the page: print-head elements that may be dead",
        default=None,
    )
    grades: Mapping[str, float] | None = key("grade of each parameter, 4 to 0, where it was graded", default=None)
    formal: str = key("the grade as its standard writes it", default="")


class PictureRead(EventRecord):
    """A page that we did not draw was searched for labels, with the reads after it. It shows nothing that was made
    later."""

    kind = EventKind.PICTURE_READ
    file: str = key("name")
    sha256: str = key("of the file")
    page: int = key("from 1")
    pixels: str = key(
        "SHA-256 of the page's pixels in grey, in whatever file: their size (`width`x`height`:), then rows"
    )
    after: int = key("number of the newest event when the file was opened")


class GradeMeasured(EventRecord):
    """A print verifier's grade of a label was brought in (`grades import`); one event a measurement, never the same
    twice."""

    kind = EventKind.GRADE_MEASURED
    package: int = key("number")
    grade: float | str = key("overall: a number, 4 to 0, or a letter where the verifier gave only that")
    grades: Mapping[str, float | str] = key("grade of each parameter, alike", default={})
    formal: str = key("as the verifier wrote it", default="")
    measured_at: str = key("when, UTC", default="")
    measured_by: str = key("who, as the verifier says", default="")
    verifier: str = key("which verifier, as it says", default="")
    file: str = key("name of its export")
    sha256: str = key("of the export")
    row: int = key("row of the table, or number of the element, from 1")
    mapping: str = key("name of the mapping file")


class FileVerified(EventRecord):
    """All labels of a label file were read right, with the reads before; `verify --resume` and `run` pass over it."""

    kind = EventKind.FILE_VERIFIED
    file: str = key("name")
    sha256: str = key("of the file")
    labels: int = key("how many")
    second_reader: bool = key("true where libdmtx read them too", default=False)
