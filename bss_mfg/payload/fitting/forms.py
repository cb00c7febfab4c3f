"""What the length and form of a field tell without a private key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bss_mfg.payload.fitting.encrypted_fields import Decoded, decodings
from bss_mfg.payload.fitting.known import Known
from bss_mfg.payload.fitting.report import Form
from bss_mfg.payload.fitting.strings import SplitString
from bss_mfg.payload.schemes.points import CURVES, point_size, read_point

_RSA_SIZES = {256: 2048, 384: 3072, 512: 4096}
_LEAST_SECRET = 16
"""Bytes of a plaintext that holds an OOB key."""


def forms_without_key(
    samples: Sequence[Known], strings: Sequence[SplitString], sealed: Sequence[str]
) -> Iterator[Form]:
    """Of each field that can be encrypted and each encoding of it: which families its lengths and bytes allow."""
    for key in sealed:
        values = [value for text in strings if (value := text.value(key)) is not None]
        for decoded in decodings(values, samples, "_"):
            if decoded.each == "package":
                yield _form(key, decoded)


def _form(key: str, decoded: Decoded) -> Form:
    texts = [one for some in decoded.data for one in some]
    possible: list[str] = []
    excluded: list[str] = []
    sizes = tuple(sorted({len(text) for text in texts}))
    if decoded.formats == ("text",):
        return Form(key, decoded.formats, sizes, ("a JWE in compact form",), ())
    for curve in CURVES:
        for form in _forms(curve):
            where = _where(texts, curve, form)
            told = f"{form} key on {curve}"
            (possible if where else excluded).append(f"{told} {where}" if where else told)
    whole = [_RSA_SIZES[size] for size in sizes if size in _RSA_SIZES]
    if len(sizes) == 1 and whole:
        possible.append(f"RSA-{whole[0]} of the plaintext itself")
    else:
        excluded.append("RSA of the plaintext itself")
    if min(sizes) > 256:
        possible += [f"a content key wrapped with RSA-{bits}" for size, bits in _RSA_SIZES.items() if min(sizes) > size]
    else:
        excluded.append("a content key wrapped with RSA")
    if all(text[:1] == b"\x30" and b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" in text[:40] for text in texts):
        possible.append("CMS EnvelopedData")
    return Form(key, decoded.formats, sizes, tuple(possible), tuple(excluded))


def _forms(curve: str) -> tuple[str, ...]:
    return ("raw-x", "spki") if curve == "X25519" else ("compressed", "uncompressed", "raw-xy", "spki")


def _where(texts: Sequence[bytes], curve: str, form: str) -> str:
    """Where a key stands in all of them, in front, behind 5 bytes, or last; empty where it can't."""
    size = point_size(curve, form)
    for told, start in (("in front", 0), ("behind 5 bytes", 5), ("last", None)):
        if all(_is_point(text, curve, form, start if start is not None else len(text) - size, size) for text in texts):
            left = {(len(text) - size) % 16 for text in texts}
            return told + (", the rest whole blocks of 16" if left == {0} else "")
    return ""


def _is_point(text: bytes, curve: str, form: str, start: int, size: int) -> bool:
    if start < 0 or len(text) - size < _LEAST_SECRET:
        return False
    try:
        read_point(CURVES[curve], text[start : start + size], form)
    except ValueError:
        return False
    return True
