"""The sheet that explains a spec: what each field and each encrypted byte is, sizes, and what is to be signed for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError
from bss_mfg.label.layout.symbol_size import symbol_size
from bss_mfg.payload.anatomy import PLACEHOLDERS, Anatomy, EncryptedValue, FieldAnatomy, explain, facts_of
from bss_mfg.payload.build import longest_example, plaintext_size
from bss_mfg.payload.confirmation import ConfirmationState, confirmation_state, content_digest, unsigned
from bss_mfg.payload.free_lengths import ShownLengths, shown_lengths
from bss_mfg.payload.proving.evidence import Evidence, FieldProof
from bss_mfg.payload.proving.prove import prove
from bss_mfg.payload.schemes.descriptions import warnings
from bss_mfg.payload.sealed_pieces import RSA_BITS, Piece, PieceKind
from bss_mfg.payload.spec import Spec, SpecField, SpecFile
from bss_mfg.payload.spec_samples import LoadedSample
from bss_mfg.report.spec_words import (
    Statement,
    code_words,
    field_statements,
    format_words,
    holds_words,
    layout_words,
    scheme_facts,
    scheme_title,
    unit_order_words,
)
from bss_mfg.symbol import Matrix, data_matrix

SIZES = ((1, 16), (1, 32), (2, 16), (2, 32), (4, 16), (4, 32), (6, 16), (6, 32))
"""Units in a package, and bytes of an OOB key, that sizes are told for."""
MODULE_MM = 0.33
"""The module that widths in millimetres are told for: four dots of a printer with 300 dpi."""
_MOST_LEFT = 4
"""Alternatives that are named of a part that is not proven."""
FRAME_WORDS = "tags, lengths, separators, names"
"""What holds the values of a plaintext, and isn't told one by one."""
QUIET_MODULES = 1
"""On each side (ISO/IEC 16022, 11.1)."""


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """What a sheet is asked to show: the made-up package of so many units, their OOB keys of so many bytes, and what
    these samples of a guide prove. `product`: the `pid`, `upc`, `ean` of the product that has the spec, if one has."""

    units: int
    oob_bytes: int
    samples: tuple[LoadedSample, ...] = ()
    product: Mapping[str, str] = dataclass_field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, str]:
        """What is known of the product: its own values, else those of the first sample that tells some."""
        told = (one.sample.product for one in self.samples if one.sample.product)
        return self.product or next(told, {})


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field for people. `value` is the made-up one; `evidence` is what samples say of an assumed field, and `left`
    the parts of it that they leave open."""

    key: str
    status: str
    holds: str
    written: str
    value: str
    note: str
    evidence: Evidence | None = None
    left: tuple[str, ...] = ()

    @property
    def known(self) -> str:
        """How far it is known: published, assumed, or what samples say."""
        return self.evidence.value if self.evidence else self.status

    @property
    def characters(self) -> int:
        """How long the made-up value is."""
        return len(self.value)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece with its place: the first of its bytes counts from 0."""

    piece: Piece
    start: int

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self.piece.data)

    @property
    def label(self) -> str:
        """What it is, and of which unit."""
        kind = self.piece.kind
        name = self.piece.name or (FRAME_WORDS if kind is PieceKind.FRAME else kind.value)
        return f"{name}, unit {self.piece.unit}" if self.piece.unit else name

    @property
    def place(self) -> str:
        """Its bytes, as 0-15."""
        return f"{self.start}" if self.size == 1 else f"{self.start}-{self.start + self.size - 1}"


@dataclass(frozen=True, slots=True)
class EncryptedBlock:
    """An encrypted field: the bytes that stand in the string, those that are encrypted, and how."""

    key: str
    title: str
    layout: str
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    sealed: tuple[Span, ...]
    plaintext: tuple[Span, ...]
    values: int
    """Ciphertexts in the made-up string; the first is shown."""
    text: str | None = None
    """The plaintext, where it is a text of printable ASCII."""


@dataclass(frozen=True, slots=True)
class SizeRow:
    """What a package needs: bytes of its plaintexts, characters of its longest string, modules of a side of the symbol.
    `problem` says why it can't be."""

    units: int
    oob_bytes: int
    plaintext: int = 0
    characters: int = 0
    modules: int = 0
    problem: str = ""

    @property
    def side_mm(self) -> float:
        """A side of the symbol with its quiet zone."""
        return (self.modules + 2 * QUIET_MODULES) * MODULE_MM


@dataclass(frozen=True, slots=True)
class SpecSheet:
    """All that a sheet shows."""

    file: SpecFile
    anatomy: Anatomy
    digest: str
    state: ConfirmationState
    state_words: str
    fields: tuple[FieldRow, ...]
    blocks: tuple[EncryptedBlock, ...]
    sizes: tuple[SizeRow, ...]
    statements: tuple[Statement, ...]
    """What is assumed and not proven, one thing at a time."""
    shown: tuple[Statement, ...]
    """What is assumed and proven by the samples."""
    matrix: Matrix | None
    samples: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    """Keys of the assumed fields that the samples prove: nobody has to sign for them."""
    unopened: frozenset[str] = frozenset()
    """Samples whose private key is not there."""

    @property
    def spec(self) -> Spec:
        """The spec."""
        return self.file.spec

    @property
    def runs(self) -> Iterator[tuple[str, int]]:
        """The string cut at its fields: a text, and the number of its field; -1 of what stands between them."""
        spec = self.spec
        for number, row in enumerate(self.fields):
            if number:
                yield spec.field_separator, -1
            yield row.value if spec.bare else f"{row.key}{spec.key_separator}{row.value}", number
        if spec.terminator and not spec.bare:
            yield spec.terminator, -1

    @property
    def samples_words(self) -> str:
        """What was held against the spec; empty where nothing was."""
        if not self.samples:
            return ""
        names = (f"{name} (not opened)" if name in self.unopened else name for name in self.samples)
        words = f"Held against {count_words(len(self.samples), 'sample')}: {', '.join(names)}."
        return words + (f" Proven by them: {', '.join(self.proven)}." if self.proven else " They prove no field whole.")

    @property
    def length_words(self) -> str:
        """How long the string is."""
        too_long = "" if self.matrix or self.spec.bare else ": more than a Data Matrix holds"
        return f"{count_words(len(self.anatomy.text), 'character')}{too_long}."

    @property
    def longer_words(self) -> str:
        """Why a string may be longer than the one shown; empty where all are of one length for a package."""
        free = [(field.key, field.lengths[1]) for field in self.spec.field if field.varies]
        listed = ", ".join(f"{key} has up to {count_words(most, 'character')}" for key, most in free)
        return f" It may be longer than the one above: {listed} for each unit." if free else ""

    @property
    def placeholder_words(self) -> str:
        """Which values of the product are none; empty where all are known."""
        placeholders = PLACEHOLDERS.values()
        found = [row.value for row in self.fields if row.value in placeholders]
        if not found:
            return ""
        return f" {' and '.join(found)} {'stand' if len(found) > 1 else 'stands'} for the product's own."

    @property
    def package_words(self) -> str:
        """The made-up package in words."""
        oob = f" with OOB keys of {count_words(self.anatomy.oob_bytes, 'byte')}" if self.spec.holds_oob else ""
        return f"{count_words(len(self.anatomy.units), 'unit')}{oob}"


def spec_sheet(file: SpecFile, request: SheetRequest) -> SpecSheet:
    """The sheet of a spec. `InputError` where the spec allows fewer units, or the package can't be."""
    spec = file.spec
    made = explain(spec, request.units, request.oob_bytes, request.facts)
    state = confirmation_state(file)
    proof = prove(spec, request.samples)
    by_key = {one.key: one for one in proof.fields} if request.samples else {}
    proven = tuple(key for key in spec.assumed if key in by_key and by_key[key].evidence is Evidence.PROVEN)
    string = proof.string if request.samples else None
    lengths = shown_lengths(spec, (one.sample for one in request.samples))
    return SpecSheet(
        file=file,
        anatomy=made,
        digest=content_digest(file),
        state=state,
        state_words=_state_words(file, state, proven),
        fields=tuple(_row(one, spec, by_key.get(one.field.key), lengths) for one in made.fields),
        blocks=tuple(_block(one.field, one.encrypted) for one in made.fields if one.encrypted),
        sizes=tuple(_sizes(spec, facts_of(spec, request.facts))),
        statements=(*_statements(spec, by_key, string, proven=False), *_other_lengths(lengths)),
        shown=tuple(_statements(spec, by_key, string, lengths, proven=True)),
        matrix=_matrix(made),
        samples=tuple(one.sample.name for one in request.samples),
        proven=proven,
        unopened=frozenset(one.sample.name for one in request.samples if one.private_key is None and spec.encrypted),
    )


def _matrix(made: Anatomy) -> Matrix | None:
    """The symbol; None of bars, and of a string that no Data Matrix holds."""
    try:
        return None if made.spec.bare else data_matrix(made.text.encode("ascii"))
    except InputError:
        return None


def _state_words(file: SpecFile, state: ConfirmationState, proven: Sequence[str]) -> str:
    spec, signed = file.spec, file.spec.confirmation
    by = f"by {signed.by} on {signed.on} with {signed.document}" if signed else ""
    return {
        ConfirmationState.NOT_NEEDED: "Every field is published",
        ConfirmationState.NONE: _assumptions(len(spec.assumed), len(proven)),
        ConfirmationState.BY_HAND: f"Confirmed {by}, but nothing says what it was like then",
        ConfirmationState.CHANGED: f"Confirmed {by}, and changed since",
        ConfirmationState.CONFIRMED: f"Confirmed {by}",
        ConfirmationState.IN_PART: f"Confirmed {by}, but neither proven nor signed for: {', '.join(unsigned(file))}",
    }[state]


def _assumptions(count: int, proven: int) -> str:
    words = count_words(count, "assumption")
    if proven == count:
        return f"Not signed yet: {words}, all of them proven by samples"
    return f"Not confirmed: {words}" + (f", {proven} of them proven by samples" if proven else "")


def _row(one: FieldAnatomy, spec: Spec, proof: FieldProof | None, lengths: Sequence[ShownLengths]) -> FieldRow:
    """`lengths` stand for those that the spec allows where the rest is proven."""
    field, shown = one.field, next((some.words for some in lengths if some.key == one.field.key), "")
    written, holds = format_words(field.format), holds_words(field, spec, shown if _is_proven(proof) else "")
    row = FieldRow(field.key, field.status, holds, written, one.text, field.note)
    if field.status == "published" or proof is None:
        return row
    return replace(row, evidence=proof.evidence, left=tuple(_parts_left(proof)))


def _parts_left(proof: FieldProof) -> Iterator[str]:
    """The parts that samples don't prove, in words."""
    for part in proof.parts:
        if part.evidence is Evidence.PROVEN:
            continue
        others = f" (also fits: {', '.join(part.left[:_MOST_LEFT])})" if part.left else ""
        yield f"{part.evidence.value}: {part.name}{others}"


def _block(field: SpecField, values: Sequence[EncryptedValue]) -> EncryptedBlock:
    suite = field.encryption
    assert suite is not None  # noqa: S101  (of an encrypted field)
    first = values[0]
    return EncryptedBlock(
        key=field.key,
        title=scheme_title(field),
        layout=layout_words(field),
        facts=tuple(scheme_facts(suite.scheme)),
        warnings=warnings(suite.scheme),
        sealed=tuple(_spans(first.sealed)),
        plaintext=tuple(_spans(first.plaintext)),
        values=len(values),
        text=_text(first.plaintext),
    )


def _text(pieces: Sequence[Piece]) -> str | None:
    data = b"".join(piece.data for piece in pieces)
    return data.decode() if all(0x20 <= byte < 0x7F for byte in data) else None


def _spans(pieces: Sequence[Piece]) -> Iterator[Span]:
    at = 0
    for piece in pieces:
        yield Span(piece, at)
        at += len(piece.data)


def _sizes(spec: Spec, facts: Mapping[str, str]) -> Iterator[SizeRow]:
    for units, oob in SIZES:
        if units > spec.max_units or (oob != SIZES[0][1] and not spec.holds_oob):
            continue
        try:
            plaintext = sum(
                plaintext_size(field, facts, units, oob)
                if field.each == "package"
                else units * plaintext_size(field, facts, 1, oob)
                for field in spec.encrypted
            )
            longest = len(longest_example(spec, facts, RSA_BITS, units, oob))
            modules = 0 if spec.bare else symbol_size(spec, facts, RSA_BITS, units, oob)
        except InputError as error:
            yield SizeRow(units, oob, problem=error.what)
            continue
        yield SizeRow(units, oob, plaintext, longest, modules)


def _statements(
    spec: Spec,
    proofs: Mapping[str, FieldProof],
    string: FieldProof | None,
    lengths: Sequence[ShownLengths] = (),
    *,
    proven: bool,
) -> Iterator[Statement]:
    """What is assumed and proven, or not, one thing at a time, in the order of the string. `lengths` stand for those
    that the spec allows."""
    of_samples = {one.key: one.words for one in lengths}
    if spec.symbology_status == "assumed" and not proven:
        yield Statement("code", "Symbology", code_words(spec))
    for field in spec.field:
        proof = proofs.get(field.key)
        if field.status == "assumed" and _is_proven(proof) is proven:
            yield from field_statements(field, spec, of_samples.get(field.key, ""))
            for left in _parts_left(proof) if proof else ():
                yield Statement(field.key, "By samples", left)
    assumed = [field.key for field in spec.field if field.status == "assumed"]
    if assumed and not spec.bare and _is_proven(_without_part(string, "unit_order")) is proven:
        order = " ".join(field.key for field in spec.field)
        yield Statement("string", "Order", order)
        end = f"{spec.terminator} behind the last field" if spec.terminator else "nothing behind the last field"
        yield Statement("string", "Ends with", end)
    if assumed and spec.max_units > 1 and _is_proven(_part(string, "unit_order")) is proven:
        yield Statement("string", "Order of units", unit_order_words(spec.unit_order))


def _other_lengths(lengths: Sequence[ShownLengths]) -> Iterator[Statement]:
    """Lengths that no sample shows, of fields that may have them."""
    for one in lengths:
        yield Statement(one.key, "Lengths", f"other lengths than those of the samples ({one.words})")


def _part(proof: FieldProof | None, name: str) -> FieldProof | None:
    """One part of what samples say of the string."""
    return proof and FieldProof(proof.key, tuple(part for part in proof.parts if part.name == name))


def _without_part(proof: FieldProof | None, name: str) -> FieldProof | None:
    """The others."""
    return proof and replace(proof, parts=tuple(part for part in proof.parts if part.name != name))


def _is_proven(proof: FieldProof | None) -> bool:
    return proof is not None and proof.evidence is Evidence.PROVEN


def named(spans: Sequence[Span]) -> list[Span]:
    """The pieces that are told by name: all but tags, lengths and separators, which their colour tells."""
    return [span for span in spans if span.piece.kind is not PieceKind.FRAME]


def needs_rsa(sheet: SpecSheet) -> bool:
    """Whether sizes depend on the product's RSA key."""
    return any(one.encryption is not None and one.encryption.key_kind == "RSA" for one in sheet.spec.encrypted)
