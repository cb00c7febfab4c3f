"""Mutators: a seed's bytes made wrong in a way that a number repeats. What a format is made of is kept where that leads
further in: words of a text stay words, and the parts of a ZIP file are packed again with their right check sums."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence

LARGEST = 1 << 17
"""Bytes of a case."""
_INTERESTING = (
    0,
    1,
    2,
    7,
    8,
    16,
    127,
    128,
    255,
    256,
    32_767,
    32_768,
    65_535,
    1 << 24,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
)
_NUMBERS = (
    b"0", b"-1", b"1", b"nan", b"-nan", b"inf", b"1e400", b"-1e400", b"1e-400", b"0.0000001", b"99999999999999999999",
    b"2147483648", b"-2147483649", b"1e9", b"9" * 400, b"9" * 5000, b"0x10", b"007", b"1_0", b"+1", b".5", b"5.", b"1e",
)  # fmt: skip
_WORDS = (
    b"", b"null", b"true", b"false", b"[]", b"{}", b'""', b"''", b'"\\ud800"', b'"\\u0000"', b"\xff", b"\xc3", b"\x00",
    b"\xed\xa0\x80", b"../x", b"/etc/passwd", b"/dev/zero", b"C:\\x", b"\x1b[2J", b"\xe2\x80\xae", b"\r\n",
    b"\r", b"\n",
    b"=1+1", b"%s%n", b"'; DROP TABLE unit; --", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&x;", b"&#0;", b"#",
    b'"' * 3, b"'" * 3, b"[" * 60, b"{" * 60, b"(" * 60, b"]" * 5, b"[[", b"]]", b"a" * 300, b"\xf0\x9f\x98\x80",
    b"1979-05-27",
    b"07:32:00", b"url(#a)", b"url(#b)", b"data:,", b"href", b"none", b"inherit", b"100%", b"-100%", b"1e3cm", b"obj",
    b"endobj",
    b"stream", b"endstream", b"<<", b">>", b"/Type", b"/Kids", b"R", b"xref", b"trailer",
)  # fmt: skip
_TOKEN = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*|[+-]?[0-9][0-9.eE+-]*|\s+|.", re.DOTALL)

Mutator = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutated(seeds: Sequence[bytes], number: int, structure: str) -> bytes:
    """The case of a number: a seed with one to eight changes."""
    chance = random.Random(number)
    data = chance.choice(seeds)
    if structure == "zip" and chance.random() < 0.8:
        return _zip_part(data, chance, seeds)[:LARGEST]
    if structure == "png" and chance.random() < 0.7:
        return _png_chunk(data, chance)[:LARGEST]
    kinds = _TEXT if structure == "text" and chance.random() < 0.85 else _BYTES
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        data = chance.choice(kinds)(data, chance, seeds)
    return data[:LARGEST]


def _flip(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    if not data:
        return b"\0"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _byte(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return (
        data[:at]
        + bytes([chance.choice((0, 1, 10, 34, 45, 46, 47, 91, 127, 128, 255, chance.randrange(256)))])
        + data[at + 1 :]
    )


def _integer(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    form = chance.choice(("<B", "<H", ">H", "<I", ">I", ">Q"))
    size = struct.calcsize(form)
    value = struct.pack(form, chance.choice(_INTERESTING) & ((1 << 8 * size) - 1))
    return data[:at] + value + data[at + size :]


def _cut(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _drop(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.choice((1, 2, 4, 16, 64, 512)) :]


def _repeat(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    piece = data[at : at + chance.choice((1, 4, 16, 64, 256))]
    return data[:at] + piece * chance.choice((2, 3, 10, 100)) + data[at:]


def _insert(data: bytes, chance: random.Random, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(chance.choice((_WORDS, _NUMBERS))) + data[at:]


def _splice(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    other = chance.choice(seeds)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


_BYTES: tuple[Mutator, ...] = (_flip, _byte, _integer, _cut, _drop, _repeat, _insert, _splice)


def _tokens(data: bytes) -> list[bytes]:
    return _TOKEN.findall(data[:20_000]) + ([data[20_000:]] if len(data) > 20_000 else [])


def _word(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A word or number in the place of another: of the dictionary, or of the text itself."""
    tokens = _tokens(data)
    places = [at for at, token in enumerate(tokens) if token.strip()]
    if not places:
        return _insert(data, chance, seeds)
    at = chance.choice(places)
    number = tokens[at][:1].isdigit() or tokens[at][:1] in (b"-", b"+")
    source = (
        _NUMBERS if number and chance.random() < 0.7 else chance.choice((_WORDS, _NUMBERS, [tokens[p] for p in places]))
    )
    tokens[at] = chance.choice(source)
    return b"".join(tokens)


def _line(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A line left out, twice, or in another place."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    line = lines.pop(at) if chance.random() < 0.6 else lines[at]
    if chance.random() < 0.6:
        lines.insert(chance.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _nest(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Brackets or elements, deep in each other."""
    at, depth = chance.randrange(len(data) + 1), chance.choice((3, 50, 300, 3000, 20_000))
    opening, closing = chance.choice(
        ((b"[", b"]"), (b'{"a":', b"}"), (b"{a=", b"}"), (b"<g>", b"</g>"), (b"<<", b">>"), (b"(", b")"))
    )
    return (data[:at] + opening * depth + b"1" + closing * depth + data[at:])[: LARGEST * 2]


_TEXT: tuple[Mutator, ...] = (_word, _word, _word, _word, _line, _line, _insert, _splice, _cut, _repeat, _nest, _flip)


def _zip_part(data: bytes, chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A part of a ZIP file made wrong, and all packed again as it should be."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen, what = chance.choice(names), chance.random()
        for name in names:
            part = old.read(name)
            if name == chosen:
                if what < 0.05:
                    continue
                for _ in range(chance.choice((1, 1, 2, 4))):
                    part = chance.choice(_TEXT if what < 0.9 else _BYTES)(part, chance, [part])
                if what > 0.97:
                    name = chance.choice(("../x", "/x", "xl\\x", "a" * 300, name.upper()))
            new.writestr(zipfile.ZipInfo(name), part[: LARGEST * 4], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _png_chunk(data: bytes, chance: random.Random) -> bytes:
    """A chunk of a PNG made wrong, its check sum right."""
    at, chunks = 8, []
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    if not chunks:
        return _flip(data, chance, ())
    number = chance.randrange(len(chunks))
    kind, body = chunks[number]
    if kind == b"IDAT" and chance.random() < 0.5:
        try:
            body = zlib.compress(chance.choice(_BYTES)(zlib.decompress(body), chance, [body]))
        except zlib.error:
            body = _flip(body, chance, ())
    else:
        body = chance.choice(_BYTES)(body, chance, [body])
    what = chance.random()
    if what < 0.1:
        del chunks[number]
    elif what < 0.2:
        chunks.insert(chance.randrange(len(chunks) + 1), (kind, body))
    else:
        chunks[number] = (kind, body)
    packed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return data[:8] + b"".join(packed)
