"""The strings of all codes in a picture or PDF, or the one that was typed, for whoever explains them.

What quick reading misses gets the stronger attempts that `verify` makes, with the budget of a page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bss_mfg.core.processes import TaskFailure, attempt
from bss_mfg.core.text import first_problems, printable_name
from bss_mfg.errors import InputError
from bss_mfg.imaging.attempts import AttemptTools, read_unknown_symbol
from bss_mfg.imaging.budget import AttemptBudget, AttemptLimits
from bss_mfg.imaging.geometry import box_of, overlap_share
from bss_mfg.imaging.page_symbols import covers
from bss_mfg.imaging.search import find_candidates
from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import SUFFIXES, Source, open_source
from bss_mfg.imaging.zxing_reader import Read, read_other_codes, read_page
from bss_mfg.verify.scanned import Scanned, SymbolContent, WedgeLine

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

USUAL_SIZES = (48, 80)
"""Modules on a side of the symbols of packages of one unit, and of four."""
_MOST_SIZES = 4
_MOST_CANDIDATES = 60

Place = dict[str, Any]
TellBroken = Callable[[Place, str], None]


def _tell_nobody(place: Place, reason: str) -> None:
    """A page that can't be read is not told."""


def read_strings(
    target: str, tell_broken: TellBroken = _tell_nobody, sizes: Sequence[int] = USUAL_SIZES
) -> list[tuple[Scanned, Place]]:
    """The strings of `target`: itself, or those of all codes in the picture or PDF that it names, each with its place.

    A page of several that can't be read costs itself: `tell_broken` gets its place and the reason. `sizes` are the
    modules on a side that Data Matrix symbols may have, the likeliest first: quick reading needs none.
    """
    path = Path(target)
    if not _is_file(path):
        if (":" not in target and not target.startswith("]C")) or path.suffix.lower() in SUFFIXES:
            raise InputError(
                f"'{printable_name(target[:80])}' is neither a file nor a barcode string",
                way_out="Give the path of a picture or PDF, or the string in quotes.",
            )
        return [(WedgeLine(target), {})]
    opened = attempt(open_source, path)
    if isinstance(opened, TaskFailure):
        raise InputError(opened.reason, where=target)
    found: list[tuple[Scanned, Place]] = []
    broken: list[str] = []
    with opened as source, SecondReader.on_demand() as second:
        for number in range(1, source.pages + 1):
            strings = attempt(_strings_on, source, number, sizes, second)
            if isinstance(strings, TaskFailure):
                broken.append(strings.reason if source.pages == 1 else f"page {number}: {strings.reason}")
                tell_broken({"file": path.name, "page": number}, strings.reason)
            else:
                found += strings
        if len(broken) == source.pages:
            raise InputError(broken[0], where=target, problems=first_problems(broken[1:], 8, "pages"))
    if not found and not broken:
        raise InputError(
            "no code could be read in it", where=target, way_out="Scan it at 300 dpi or more, flat and in focus."
        )
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


def _strings_on(source: Source, number: int, sizes: Sequence[int], second: SecondReader) -> list[tuple[Scanned, Place]]:
    page = source.page(number)
    reads = read_symbols(page.grey, sizes, second) + read_other_codes(page.grey)
    return [
        (
            SymbolContent(read.data, read.symbology),
            {"file": page.file, "page": page.number, "x_px": read.box[0], "y_px": read.box[1]},
        )
        for read in reads
    ]


def read_symbols(grey: Grey, sizes: Sequence[int], second: SecondReader | None = None) -> list[Read]:
    """All Data Matrix symbols of a page: quickly first, then by ever stronger attempts at what looks like one."""
    reads = [read for read in read_page(grey, thorough=True) if read.data]
    tools = AttemptTools(AttemptBudget(AttemptLimits.for_patience()), second)
    others: list[Read] | None = None
    for quad in find_candidates(grey, _MOST_CANDIDATES):
        spot = Read(b"", box_of(quad), quad=quad)
        others = read_other_codes(grey) if others is None else others
        if any(covers(read.box, spot) or overlap_share(spot.box, read.box) > 0.2 for read in (*reads, *others)):
            continue
        for size in dict.fromkeys(sizes[:_MOST_SIZES]):
            answer = read_unknown_symbol(grey, quad, size, tools)
            if isinstance(answer, Read):
                reads.append(replace(answer, symbology=answer.symbology or "]d1"))
                break
    return reads
