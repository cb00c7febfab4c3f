"""The verification report: one self-contained HTML page. All text from outside is escaped; nothing is loaded."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path

from bss_mfg.scan.grade import unused_error_correction
from bss_mfg.scan.job import Verification, rows_of
from bss_mfg.scan.reconcile import KINDS

_STYLE = """
:root { color-scheme: light dark; --ink: #16191d; --soft: #5b6470; --paper: #fff; --line: #d9dee4; --pane: #f5f7f9;
  --good: #18794e; --bad: #c62a2f; --warn: #946800 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #9aa4b0; --paper: #16191d; --line: #343a42;
  --pane: #1e2329; --good: #4cc38a; --bad: #ff6369; --warn: #f0c000 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif }
h1 { font-size: 1.1rem; font-weight: 600; margin: 0; color: var(--soft) }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .75rem }
.verdict { font-size: 2.4rem; font-weight: 700; letter-spacing: -.02em; margin: .25rem 0 .5rem }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) } .soft { color: var(--soft) }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 1.5rem 0 }
.tile { background: var(--pane); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem }
.tile b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 500; white-space: nowrap }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem }
.card { display: flex; gap: 1rem; background: var(--pane); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1rem; break-inside: avoid }
.card img { width: 7.5rem; height: 7.5rem; object-fit: contain; background: #fff; border: 1px solid var(--line);
  flex: none; image-rendering: pixelated }
.card .none { width: 7.5rem; height: 7.5rem; flex: none; border: 1px dashed var(--line); display: grid;
  place-items: center; color: var(--soft); font-size: .8rem; text-align: center }
.card h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere }
.card p { margin: .25rem 0 0; font-size: .9rem; overflow-wrap: anywhere }
.kind { font-size: .75rem; font-weight: 700; text-transform: uppercase; letter-spacing: .05em }
details summary { cursor: pointer; color: var(--soft) }
@media print { body { padding: 0; max-width: none } details { display: none } }
"""

_WORDS = {
    "matched": ("matched", "read, and the same as in the ledger"),
    "missing": ("missing", "not found where it should be"),
    "duplicate": ("duplicate", "the same label twice"),
    "foreign": ("foreign", "not of this batch"),
    "unreadable": ("unreadable", "printed, but can't be read"),
    "mismatched": ("mismatched", "differs from the ledger"),
}


_MARK = '<meta name="generator" content="bss-mfg verify">'


def is_report(path: Path) -> bool:
    """Whether a file is a report of an earlier verification, which a new one may replace."""
    try:
        with path.open("rb") as file:
            return _MARK.encode() in file.read(1000)
    except OSError:
        return False


def html_report(outcome: Verification, made_at: str, version: str) -> Iterator[bytes]:
    """The page, in pieces. `made_at` is printed as it is."""
    counts, batch = outcome.counts, outcome.batch
    verdict, tone = ("All labels are right", "good") if outcome.right else ("Not all labels are right", "bad")
    if outcome.right and counts["missing"]:
        verdict, tone = "Right so far (partial check)", "warn"
    title = batch.facts.get("title") or batch.product
    yield _line(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{_MARK}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
        f"<title>Verification of {escape(batch.id)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Verification of batch {escape(batch.id)}</h1>"
        f'<p class="verdict {tone}">{verdict}</p>'
        f'<p class="soft">{escape(title)} (product id {escape(batch.facts["pid"])}), {batch.units:,} units in '
        f"{batch.packages:,} packages. Read: {_count(outcome.pages, 'page')} of {_count(outcome.files, 'file')}, on "
        f"{escape(made_at)} by bss-mfg {escape(version)}"
        f"{', with a second reader' if outcome.second_reader else ''}.</p>"
    )
    yield b'<div class="tiles">'
    for kind in KINDS:
        tone = "good" if kind == "matched" else "bad" if counts[kind] else "soft"
        word, meaning = _WORDS[kind]
        yield _line(
            f'<div class="tile"><b class="{tone}">{counts[kind]:,}</b>{word}<br>'
            f'<small class="soft">{meaning}</small></div>'
        )
    yield b"</div>"
    if outcome.broken:
        yield b"<h2>Files that could not be read</h2><table><tr><th>File</th><th>Why</th></tr>"
        for name, reason in outcome.broken:
            yield _line(f"<tr><td>{escape(name)}</td><td>{escape(reason)}</td></tr>")
        yield b"</table>"
    yield from _failures(outcome)
    yield from _by_file(outcome)
    yield from _table(outcome)
    yield b"</body></html>\n"


def _failures(outcome: Verification) -> Iterator[bytes]:
    failed = [(index, row) for index, row in enumerate(rows_of(outcome)) if row["verdict"] != "matched"]
    if not failed:
        return
    yield _line(f'<h2>What is wrong ({len(failed):,})</h2><div class="cards">')
    for index, row in failed[:200]:
        picture = outcome.pictures.get(index)
        image = (
            f'<img alt="" src="data:image/png;base64,{base64.b64encode(picture.png).decode()}">'
            if picture
            else '<div class="none">no picture</div>'
        )
        name = escape(row["serials"] or "not one of ours")
        yield _line(
            f'<div class="card">{image}<div><span class="kind bad">{row["verdict"]}</span><h3>{name}</h3>'
            f'<p>{escape(row["detail"])}</p><p class="soft">{escape(place_words(row))}</p></div></div>'
        )
    yield b"</div>"
    if len(failed) > 200:
        yield _line(f'<p class="soft">{len(failed) - 200:,} more are in the table below.</p>')


def _by_file(outcome: Verification) -> Iterator[bytes]:
    """Counts by file and page, through pandas."""
    import pandas as pd

    frame = pd.DataFrame([row for row in rows_of(outcome) if row["file"]], columns=["file", "page", "verdict"])
    if frame.empty:
        return
    table = pd.crosstab([frame["file"], frame["page"]], frame["verdict"]).reindex(columns=list(KINDS), fill_value=0)
    yield _line(
        "<h2>By page</h2><table><tr><th>File</th><th>Page</th>"
        + "".join(f"<th>{kind}</th>" for kind in KINDS)
        + "</tr>"
    )
    shown = table.head(500)
    for (file, page), numbers in zip(shown.index.tolist(), shown.to_numpy().tolist(), strict=True):
        cells = "".join(
            f'<td class="{"bad" if kind != "matched" and number else ""}">{number}</td>'
            for kind, number in zip(KINDS, numbers, strict=True)
        )
        yield _line(f"<tr><td>{escape(str(file))}</td><td>{int(page)}</td>{cells}</tr>")
    yield b"</table>"
    if len(table) > 500:
        yield _line(f'<p class="soft">{len(table) - 500:,} more pages; `bss-mfg verify --json` lists all.</p>')


def _table(outcome: Verification) -> Iterator[bytes]:
    total = len(outcome.findings)
    yield _line(f"<h2>All labels</h2><details><summary>Show the table of {total:,} labels</summary><table>")
    yield b"<tr><th>Serial</th><th>Package</th><th>Verdict</th><th>Place</th><th>Unused error correction</th></tr>"
    for index, row in enumerate(rows_of(outcome)):
        if index >= 5000:
            yield b'<tr><td colspan="5">Only the first 5,000 are shown; --json lists all.</td></tr>'
            break
        share = row["unused_error_correction"]
        correction = "" if share is None else f"{share:.0%}, indicative grade {unused_error_correction(share)}"
        yield _line(
            f"<tr><td>{escape(row['serials'])}</td><td>{row['package'] or ''}</td>"
            f"<td>{row['verdict']}</td><td>{escape(place_words(row))}</td><td>{correction}</td></tr>"
        )
    yield b"</table></details>"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def place_words(row: dict[str, object]) -> str:
    """Where a label lies, in words."""
    if not row["file"]:
        return ""
    at = f", {row['x_mm']} mm from the left, {row['y_mm']} mm from the top" if row["x_mm"] is not None else ""
    return f"{row['file']}, page {row['page']}{at}"


def _line(text: str) -> bytes:
    return (text + "\n").encode("utf-8", "backslashreplace")
