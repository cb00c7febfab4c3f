"""The sheet that explains a spec as a PDF to print and to sign: A4 landscape, in the fonts that come with bss-mfg."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO
from itertools import zip_longest
from typing import Any

from bss_mfg.core.text import count_words
from bss_mfg.payload.sealed_pieces import RSA_BITS, PieceKind
from bss_mfg.report.spec_sheet import (
    FRAME_WORDS,
    MODULE_MM,
    QUIET_MODULES,
    EncryptedBlock,
    SizeRow,
    Span,
    SpecSheet,
    named,
    needs_rsa,
)
from bss_mfg.report.spec_sheet_parts import (
    BAD,
    GOOD,
    INK,
    PANE,
    ROW,
    SOFT,
    WARN,
    dump,
    font,
    head,
    markup,
    shown,
    space,
    symbol,
    table,
    text,
    ticks,
)
from bss_mfg.report.spec_words import Statement

FIELD_COLOURS = ("#dcdfe4", "#c9e8c0", "#fbe2a8", "#bcd7f7", "#f3d9bd", "#dccff3", "#f6c6cc", "#bfe6e6")
"""Of fields in their order, as in the style sheet of the page."""
KIND_COLOURS = {
    PieceKind.POINT: "#bcd7f7", PieceKind.HEADER: "#dccff3", PieceKind.WRAPPED_KEY: "#bcd7f7", PieceKind.IV: "#c9e8c0",
    PieceKind.CIPHERTEXT: "#fbe2a8", PieceKind.TAG: "#f6c6cc", PieceKind.PREFIX: "#dcdfe4", PieceKind.UUID: "#bcd7f7",
    PieceKind.OOB: "#fbcf98", PieceKind.SERIAL: "#c9e8c0", PieceKind.MAC: "#bfe6e6", PieceKind.COLUMN: "#dccff3",
    PieceKind.CONSTANT: "#d3c3ad", PieceKind.COUNT: "#f2ee9e", PieceKind.PRODUCT: "#a9d6b6",
    PieceKind.CHECK: "#f6c6cc", PieceKind.PADDING: "#f1f2f4", PieceKind.FRAME: "#d3d8df",
}  # fmt: skip
_MARGIN_MM, _WIDTH_MM = 15, 263
_MOST_STACKED = 24
"""Rows of bytes that stand above each other beside the scheme; more stand side by side above it."""
_MOST_ROWS = 20
"""Rows of bytes that are not broken at the end of a page."""


def spec_sheet_pdf(sheet: SpecSheet, version: str) -> Iterator[bytes]:
    """An A4 PDF in landscape. Characters that the fonts lack are shown as escapes."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    out = BytesIO()
    margin = _MARGIN_MM * mm
    document = SimpleDocTemplate(
        out, pagesize=landscape(A4), leftMargin=margin, rightMargin=margin, topMargin=12 * mm, bottomMargin=15 * mm,
        title=f"The barcode {sheet.spec.name}", author="", creator=f"bss-mfg {version}", invariant=1,
    )  # fmt: skip

    def foot(canvas: Any, _: Any) -> None:
        canvas.setFont(font("sans"), 7.5)
        canvas.setFillColor(SOFT)
        canvas.drawString(margin, 8 * mm, f"{sheet.spec.name}  SHA-256 {sheet.digest}")
        canvas.drawRightString(landscape(A4)[0] - margin, 8 * mm, str(canvas.getPageNumber()))

    document.build(list(_story(sheet, version)), onFirstPage=foot, onLaterPages=foot)
    yield out.getvalue()


def _story(sheet: SpecSheet, version: str) -> Iterator[Any]:
    from reportlab.platypus import KeepTogether, PageBreak

    yield _top(sheet, version)
    yield head("The string")
    yield from _string(sheet)
    yield head("Its fields")
    yield _fields(sheet)
    for block in sheet.blocks:
        yield PageBreak()
        yield from _block(block)
    yield KeepTogether([head("Sizes"), *_sizes(sheet)])
    if sheet.statements:
        yield PageBreak()
    yield head("To be confirmed")
    if sheet.statements:
        yield text("What Amazon's public pages do not say. Please compare each line with the guide, and tick it.", SOFT)
        yield _statements(sheet.statements, "As assumed here", ticked=True)
    else:
        yield text("Nothing: every field is published" + (", or proven by the samples." if sheet.proven else "."))
    if sheet.shown:
        yield head("Proven by the samples")
        yield text(
            "What Amazon's public pages do not say either, and the samples of the guide show. None of it needs a tick.",
            SOFT,
        )
        yield _statements(sheet.shown, "As proven", ticked=False)
    yield KeepTogether(_sign())


# --- parts of the sheet -----------------------------------------------------------------------------------------------


def _top(sheet: SpecSheet, version: str) -> Any:
    state_colour = GOOD if sheet.state.allows_production else WARN
    title = f"{escape(shown(sheet.spec.title))}. " if sheet.spec.title else ""
    words = [
        text("What the barcode holds", SOFT, size=10.5),
        text(sheet.spec.name, bold=True, size=22, leading=28),
        markup(f'{title}<font name="{font("sans-bold")}" color="{state_colour}">{escape(sheet.state_words)}.</font>'),
        *([text(sheet.samples_words)] if sheet.samples else []),
        text(f"SHA-256 {sheet.digest}", SOFT, mono=True, size=7.5, spaceBefore=3, spaceAfter=3),
        text(
            f"A made-up package of {sheet.package_words}: it shows the form of the string, and was never issued."
            f"{sheet.placeholder_words} Encrypted bytes are different in every package. Made by bss-mfg {version}.",
            SOFT,
        ),
    ]
    if sheet.matrix is None:
        return table([[words]], (_WIDTH_MM,), ruled=False)
    code = [
        symbol(sheet.matrix, 40),
        text(f"{sheet.matrix.size} × {sheet.matrix.size} modules. Not a label.", SOFT, size=7),
    ]
    return table([[words, code]], (_WIDTH_MM - 44, 44), ruled=False)


def _string(sheet: SpecSheet) -> Iterator[Any]:
    runs = "".join(
        f'<font backColor="{FIELD_COLOURS[number % len(FIELD_COLOURS)]}">{escape(shown(text))}</font>'
        if number >= 0
        else f'<font color="{SOFT}">{escape(text)}</font>'
        for text, number in sheet.runs
    )
    yield markup(runs, mono=True, size=9, leading=14, splitLongWords=1)
    yield text(sheet.length_words, SOFT, spaceBefore=2)


def _fields(sheet: SpecSheet) -> Any:
    from reportlab.lib.colors import HexColor

    rows: list[list[Any]] = [["Key", "Known", "Holds", "Written as", "Characters"]]
    for row in sheet.fields:
        colour = GOOD if row.known in ("published", "proven") else BAD if row.known == "contradicted" else WARN
        known = text(row.known.upper(), colour, bold=True, size=7.5)
        notes = [row.note, *row.left] if row.note else row.left
        holds = [text(row.holds), *(text(words, SOFT, size=7.5) for words in notes)]
        rows.append([text(row.key, mono=True), known, holds, row.written, f"{row.characters}"])
    style = [
        command
        for number in range(1, len(rows))
        for command in (
            ("BACKGROUND", (0, number), (0, number), HexColor(FIELD_COLOURS[(number - 1) % len(FIELD_COLOURS)])),
            ("LEFTPADDING", (0, number), (1, number), 6),
        )
    ]
    return table(rows, (24, 24, 132, 61, 22), heads=1, style=style)


def _block(block: EncryptedBlock) -> Iterator[Any]:
    yield head(f"What is encrypted in {block.key}")
    more = f" The first of {block.values} is shown." if block.values > 1 else ""
    yield text(f"{block.title}. {block.layout}{more}")
    for cost in block.warnings:
        label = f'<font name="{font("sans-bold")}" color="{WARN}">Insecure: </font>'
        yield markup(label + escape(shown(f"{cost}.")), backColor=PANE, borderPadding=4, spaceBefore=8, spaceAfter=4)
    yield space(3)
    facts = [[text(name, SOFT), words] for name, words in block.facts]
    how = text("How", bold=True, size=10, spaceAfter=2)
    plain, sealed = _dump("Plaintext", block.plaintext), _dump("Encrypted", block.sealed)
    if block.text:
        plain.append([text("As a text:", SOFT, size=8, spaceBefore=3), text(block.text, mono=True, size=7.5)])
    if _rows(block.plaintext) + _rows(block.sealed) + len(block.plaintext) // 3 <= _MOST_STACKED:
        left = [part for parts in (*plain, [space(4)], *sealed) for part in parts]
        yield table([[left, [how, table(facts, (36, 110))]]], (_WIDTH_MM - 155, 155), ruled=False)
        return
    sides = [list(pair) for pair in zip_longest(plain, sealed, fillvalue="")]
    yield table(sides, (_WIDTH_MM / 2, _WIDTH_MM / 2), ruled=False)
    yield space(3)
    yield how
    yield table(facts, (36, _WIDTH_MM - 36))


def _rows(spans: Sequence[Span]) -> int:
    return -(-sum(span.size for span in spans) // ROW)


def _dump(name: str, spans: Sequence[Span]) -> list[list[Any]]:
    """The bytes and what they are: parts that may come to stand on several pages."""
    data = b"".join(span.piece.data for span in spans)
    colours = [KIND_COLOURS[span.piece.kind] for span in spans for _ in range(span.size)]
    starts = {span.start for span in spans}
    each = ROW * _MOST_ROWS
    parts: list[list[Any]] = [
        [dump(data, colours, starts, range(at, min(at + each, len(data))))] for at in range(0, len(data), each)
    ]
    parts[0].insert(0, text(f"{name}, {count_words(len(data), 'byte')}", bold=True, size=10, spaceAfter=3))
    legend = [_legend(KIND_COLOURS[one.piece.kind], one.label, one) for one in named(spans)]
    if len(legend) < len(spans):
        legend.append(_legend(KIND_COLOURS[PieceKind.FRAME], FRAME_WORDS))
    return [*parts, [space(1.5), markup("&nbsp;&nbsp;&nbsp; ".join(legend), size=8, leading=12)]]


def _legend(colour: str, name: str, span: Span | None = None) -> str:
    """A colour and what it is, as one word: it is not broken."""
    place = f"{count_words(span.size, 'byte')}, {span.place}" if span else ""
    bold, regular = (escape(words).replace(" ", "\u00a0") for words in (shown(name), place))
    swatch = f'<font backColor="{colour}">\u00a0\u00a0\u00a0</font>'
    return f'{swatch}\u00a0<font name="{font("sans-bold")}">{bold}</font>\u00a0<font color="{SOFT}">{regular}</font>'


def _sizes(sheet: SpecSheet) -> Iterator[Any]:
    spec = sheet.spec
    words = (
        "The longest string."
        if spec.bare
        else "The longest string, and the Data Matrix that holds every string of a batch; its side with a quiet zone "
        f"of {QUIET_MODULES} module, of modules of {MODULE_MM} mm."
    )
    words += sheet.longer_words
    yield text(words + (f" With an RSA key of {RSA_BITS} bits." if needs_rsa(sheet) else ""), SOFT)
    yield space(1)
    heads = ["Units", "OOB key", "Plaintext", "Characters", "Modules", "Side"]
    yield table([heads, *[_size_row(row, sheet) for row in sheet.sizes]], (20, 30, 32, 30, 34, 117), heads=1)


def _size_row(row: SizeRow, sheet: SpecSheet) -> list[Any]:
    oob = f"{row.oob_bytes} bytes" if sheet.spec.holds_oob else "-"
    if row.problem:
        return [f"{row.units}", oob, "", "", "", row.problem]
    plaintext = f"{row.plaintext} bytes" if sheet.blocks else "-"
    symbol = ["-", "-"] if sheet.spec.bare else [f"{row.modules} × {row.modules}", f"{row.side_mm:.1f} mm"]
    return [f"{row.units}", oob, plaintext, f"{row.characters}", *symbol]


def _statements(statements: Sequence[Statement], words: str, *, ticked: bool) -> Any:
    rows: list[list[Any]] = [["Of", "What", words, *(["In the guide"] if ticked else [])]]
    for one in statements:
        rows.append([text(one.of, bold=True), one.what, one.words, *([ticks(82)] if ticked else [])])
    widths = (24, 40, 117, 82) if ticked else (24, 40, _WIDTH_MM - 64)
    return table(rows, widths, heads=1)


def _sign() -> list[Any]:
    from reportlab.lib.colors import HexColor

    words = [text(words, SOFT, size=8) for words in ("Guide, with its version", "Name, company", "Date, signature")]
    third = _WIDTH_MM / 3
    rules = [("LINEABOVE", (at, 0), (at, 0), 0.7, HexColor(INK)) for at in (0, 2, 4)]
    cells = [[words[0], "", words[1], "", words[2]]]
    return [space(17), table(cells, (third - 6, 9, third - 6, 9, third - 6), ruled=False, style=rules)]
