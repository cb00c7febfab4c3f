"""The verification report: one self-contained HTML page. All text from outside is escaped; nothing is loaded."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from bss_mfg.imaging.grade import unused_error_correction_grade
from bss_mfg.report import sheet_maps, svg_figures
from bss_mfg.report.statistics import PARAMETERS, Statistics, statistics
from bss_mfg.verify.finding_rows import finding_row, finding_rows
from bss_mfg.verify.findings import FINDING_KINDS, Finding
from bss_mfg.verify.outcome import Verification

MOST_FAILURES_SHOWN = 200
MEANINGS = {
    "matched": "read, and the same as in the ledger",
    "missing": "not found where it should be",
    "duplicate": "the same label twice",
    "foreign": "not of this batch",
    "unreadable": "printed, but can't be read",
    "mismatched": "differs from the ledger",
}
_GENERATOR_TAG = '<meta name="generator" content="bss-mfg verify">'


def is_report(path: Path) -> bool:
    """Whether a file is a report of an earlier verification, which a new one may replace."""
    try:
        with path.open("rb") as file:
            return _GENERATOR_TAG.encode() in file.read(1000)
    except OSError:
        return False


def verdict_words(outcome: Verification) -> tuple[str, str]:
    """The verdict in large letters, and its tone: good, warn or bad."""
    if outcome.decision:
        return {
            "accept": ("The lot is accepted", "good"),
            "reject": ("The lot is rejected", "bad"),
            "incomplete": ("The sample is not complete", "warn"),
        }[outcome.decision.verdict]
    if not outcome.passed:
        return "Not all labels are right", "bad"
    if outcome.counts["missing"]:
        return "Right so far (partial check)", "warn"
    return "All labels are right", "good"


def html_report(outcome: Verification, made_at: str, version: str) -> Iterator[bytes]:
    """The page, in pieces. `made_at` is printed as it is."""
    room = files("bss_mfg.report")
    style, script = (room.joinpath(f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    batch = outcome.batch
    facts = statistics(outcome)
    verdict, tone = verdict_words(outcome)
    title = batch.facts.get("title") or batch.product
    yield _encoded(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{_GENERATOR_TAG}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        f"style-src 'unsafe-inline'; script-src 'sha256-{digest}'\">"
        f"<title>Verification of {escape(batch.id)}</title><style>{style}</style></head><body>"
        f"<h1>Verification of batch {escape(batch.id)}</h1>"
        f'<p class="verdict {tone}">{verdict}</p>'
        f'<p class="soft">{escape(title)} (product id {escape(batch.facts["pid"])}), {batch.units:,} units in '
        f"{batch.packages:,} packages. Read: {read_words(outcome)}, on {escape(made_at)} "
        f"by bss-mfg {escape(version)}"
        f"{', with a second reader' if outcome.second_reader else ''}.</p>"
    )
    if outcome.decision:
        yield _encoded(f'<p class="pane">{escape(sample_words(outcome))}</p>')
    yield b'<div class="tiles">'
    for kind in FINDING_KINDS:
        number = outcome.counts[kind]
        tone = "good" if kind == "matched" else "bad" if number else "soft"
        yield _encoded(
            f'<div class="tile"><b class="{tone}">{number:,}</b>{kind}<br>'
            f'<small class="soft">{MEANINGS[kind]}</small></div>'
        )
    yield b"</div>"
    yield from _troubles(outcome)
    yield from _failures(outcome)
    yield from _sheets(outcome)
    yield from _grades(outcome, facts)
    yield from _table(outcome)
    yield _encoded(f"<script>{script}</script></body></html>")


def sample_words(outcome: Verification) -> str:
    """The plan and what was found of the sample, in a line."""
    decision = outcome.decision
    if decision is None:
        return ""
    left = f", {len(decision.open):,} not checked yet" if decision.open else ""
    return f"{decision.plan.description}. Found wrong: {len(decision.wrong):,}{left}."


def read_words(outcome: Verification) -> str:
    """What was read, in words."""
    before = (
        f" ({count(outcome.resumed, 'file')} with {count(outcome.resumed_labels, 'label')} were read and found right "
        "before, and not again)"
        if outcome.resumed
        else ""
    )
    return f"{count(outcome.pages, 'page')} of {count(outcome.files, 'file')}{before}"


def failures(outcome: Verification) -> tuple[int, list[tuple[int, Finding]], bool]:
    """How many labels are not right, the first of them by index of their finding, and whether wrong modules of any are
    known."""
    total, first, marked = 0, [], False
    for index, item in outcome.findings.faults():
        marked = marked or bool(item.defects and item.defects.wrong_modules)
        if item.unseen and outcome.partial:
            continue
        total += 1
        if total <= MOST_FAILURES_SHOWN:
            first.append((index, item))
    return total, first, marked


def worst_rows(outcome: Verification, facts: Statistics) -> list[dict[str, Any]]:
    """The worst labels as plain records, the worst first."""
    found = outcome.findings.pick(facts.worst)
    return [finding_row(found[index]) for index in facts.worst]


def _troubles(outcome: Verification) -> Iterator[bytes]:
    for head, found in (
        ("Files that could not be read", outcome.broken),
        ("Read with difficulty", outcome.troubles),
    ):
        if found:
            yield _encoded(f"<h2>{head}</h2><table><tr><th>File</th><th>Why</th></tr>")
            for name, reason in found:
                yield _encoded(f"<tr><td>{escape(name)}</td><td>{escape(reason)}</td></tr>")
            yield b"</table>"


def _failures(outcome: Verification) -> Iterator[bytes]:
    total, failed, marked = failures(outcome)
    if not total:
        return
    yield _encoded(f"<h2>What is wrong ({total:,})</h2>")
    if marked:
        yield _encoded(
            '<p class="soft key"><span class="frame full"></span> a module that should be dark '
            '<span class="frame"></span> a module that should be light</p>'
        )
    yield b'<div class="cards">'
    for index, item in failed:
        shot, row = outcome.pictures.get(index), finding_row(item)
        image = svg_figures.symbol(shot, item.defects) if shot else '<div class="none">no picture</div>'
        name = escape(row["serials"] or "not one of ours")
        yield _encoded(
            f'<div class="card">{image}<div><span class="kind bad">{row["verdict"]}</span><h3>{name}</h3>'
            f'<p>{escape(row["detail"])}</p><p class="soft">{escape(place_words(row))}</p></div></div>'
        )
    yield b"</div>"
    if total > MOST_FAILURES_SHOWN:
        yield _encoded(f'<p class="soft">{total - MOST_FAILURES_SHOWN:,} more are in the table below.</p>')


def _sheets(outcome: Verification) -> Iterator[bytes]:
    found, more = sheet_maps.sheets(outcome)
    rolls, more_rolls = sheet_maps.rolls(outcome)
    if not found and not rolls:
        return
    yield b"<h2>Where it lies</h2>"
    keys = [(kind, svg_figures.MARKS[kind], kind) for kind in FINDING_KINDS] + [("unseen", "", "in no picture")]
    legend = "".join(f'<span class="swatch {kind}">{mark}</span> {words} ' for kind, mark, words in keys)
    yield _encoded(f'<p class="soft key">{legend}</p><div class="maps">')
    for item in found:
        faults = f'<b class="bad">{item.faults} not right</b>' if item.faults else "all right"
        yield _encoded(
            f"<figure>{svg_figures.sheet(item.size_mm, item.cells)}<figcaption>{escape(item.file)}, page {item.page}: "
            f"{faults}</figcaption></figure>"
        )
    yield b"</div>"
    if more:
        yield _encoded(f'<p class="soft">{count(more, "more page")} with fewer faults or none.</p>')
    for file, labels, cells in rolls:
        yield _encoded(
            f'<figure class="wide">{svg_figures.ribbon(cells)}<figcaption>{escape(file)}: {labels:,} labels, '
            "one a page, in the order of printing</figcaption></figure>"
        )
    if more_rolls:
        yield _encoded(f'<p class="soft">{count(more_rolls, "more roll")} with fewer faults or none.</p>')


def _grades(outcome: Verification, facts: Statistics) -> Iterator[bytes]:
    several = len(facts.over_time) > 1
    if not facts.graded and not facts.not_gradable:
        if several and facts.page_mm and any(spot.wrong for spot in facts.positions):
            yield _encoded(
                "<h2>Faults by place on the sheet</h2><p class=soft>A tired print head shows as a column.</p>"
                f'<div class="maps"><figure>{svg_figures.heat(facts.positions, facts.page_mm)}</figure></div>'
            )
        return
    low, high = facts.pixels_per_module or (0, 0)
    yield _encoded(
        "<h2>Print quality</h2><p class=soft>Indicative grades after ISO/IEC 15415: a scanner or a camera is no "
        f"calibrated verifier. Aperture {facts.aperture:.2f} X; {low:.1f} to {high:.1f} pixels per module (at "
        f"least 5 to be graded). {facts.graded:,} graded, {facts.not_gradable:,} not gradable.</p>"
    )
    yield _encoded(f'<div class="charts"><div><h3>Overall</h3>{svg_figures.letters(facts)}</div>')
    if facts.parameters:
        yield _encoded(f"<div><h3>By parameter</h3>{svg_figures.parameters(facts.parameters)}</div>")
    if facts.page_mm and len(facts.positions) > 1:
        yield _encoded(
            f"<div><h3>By place on the sheet</h3><p class=soft>Mean grade. A tired print head shows as a column.</p>"
            f"{svg_figures.heat(facts.positions, facts.page_mm)}</div>"
        )
    yield b"</div>"
    if several:
        yield _encoded(
            f"<h3>Over time</h3><p class=soft>Mean grade of each page in the order of reading.</p>"
            f'<figure class="wide">{svg_figures.trend(facts.over_time)}</figure>'
        )
    if facts.worst:
        yield b"<h3>The worst labels</h3><table><tr><th>Serial</th><th>Grade</th><th>Because of</th><th>Place</th></tr>"
        for row in worst_rows(outcome, facts):
            grades = row["grade"]["grades"]
            lowest = min(grades.values())
            why = ", ".join(words for name, words in PARAMETERS.items() if grades[name] == lowest) if lowest < 4 else ""
            yield _encoded(
                f"<tr><td>{escape(row['serials'])}</td><td>{row['grade']['overall']:.1f} {row['grade']['letter']}</td>"
                f"<td>{why}</td><td>{escape(place_words(row))}</td></tr>"
            )
        yield b"</table>"


def _table(outcome: Verification) -> Iterator[bytes]:
    """All findings as data; the page's script shows, searches and sorts them."""
    total = len(outcome.findings)
    yield _encoded(
        f'<section id="all"><h2>All labels ({total:,})</h2><p class="controls"><label>Search <input id="search" '
        'type="search" autocomplete="off"></label> <label>Verdict <select id="verdict"><option value="">all</option>'
        + "".join(f"<option>{kind}</option>" for kind in FINDING_KINDS)
        + '</select></label> <span id="shown" class="soft"></span></p><table id="table"><thead><tr>'
        + "".join(
            f'<th><button type="button" data-column="{index}">{name}</button></th>'
            for index, name in enumerate(("Serial", "Package", "Verdict", "Grade", "Unused ECC", "Place", "Detail"))
        )
        + '</tr></thead><tbody></tbody></table><p><button type="button" id="more">Show more</button></p>'
        "<noscript>The table needs scripts; `verify --report table.csv` writes the same.</noscript></section>"
    )
    yield b'<script type="application/json" id="rows">['
    for index, row in enumerate(finding_rows(outcome)):
        share, grade = row["unused_error_correction"], row["grade"]
        cells = [
            row["serials"],
            row["package"],
            row["verdict"],
            (f"{grade['overall']:.1f} {grade['letter']}" if grade["gradable"] else "not gradable") if grade else "",
            "" if share is None else f"{share:.0%} ({unused_error_correction_grade(share)})",
            place_words(row),
            row["detail"],
        ]
        # "<" could end the script element; in JSON it has another spelling.
        text = json.dumps(cells, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
        yield ("," if index else "").encode() + text.encode("ascii")
    yield b"]</script>\n"


def count(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def place_words(row: dict[str, object]) -> str:
    """Where a label lies, in words."""
    if not row["file"]:
        return ""
    at = f", {row['x_mm']} mm from the left, {row['y_mm']} mm from the top" if row["x_mm"] is not None else ""
    return f"{row['file']}, page {row['page']}{at}"


def _encoded(text: str) -> bytes:
    return (text + "\n").encode("utf-8", "backslashreplace")
