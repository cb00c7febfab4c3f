"""The schemes that open sealed bytes with a private key, and give a plaintext that speaks of the units."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import TypeAdapter, ValidationError

from bss_mfg.errors import InputError
from bss_mfg.payload.fitting.arrangements import Head
from bss_mfg.payload.fitting.cms_found import cms_descriptions
from bss_mfg.payload.fitting.known import Needles
from bss_mfg.payload.fitting.points_found import STRONG_FORMS, FoundPoint, curve_name, find_points
from bss_mfg.payload.fitting.streams import HASHES, Stream, Words, contexts, joined, streams
from bss_mfg.payload.fitting.symmetric import Material, Opened, SymmetricSearch
from bss_mfg.payload.fitting.tally import Space, Stage, Tally
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.schemes.descriptions import OaepDescription, Pkcs1Description, SchemeDescription
from bss_mfg.payload.schemes.framing import piece_bytes
from bss_mfg.payload.schemes.rsa import RsaScheme
from bss_mfg.payload.suites import described

_SCHEME: TypeAdapter[SchemeDescription] = TypeAdapter(SchemeDescription)
_USUAL_HASHES = ("sha256", "sha1")


@dataclass(frozen=True, slots=True)
class FoundScheme:
    """A scheme that opens the sealed bytes. `sure`: a tag, a MAC or the padding of RSA-OAEP says so; else the units'
    values in the plaintext alone."""

    scheme: SchemeDescription
    plaintext: bytes = field(repr=False)
    sure: bool


@dataclass(frozen=True, slots=True)
class SchemeQuestion:
    """What is to be opened: sealed bytes of a field, with which key, and what finds the units' values."""

    key_name: str
    data: bytes
    private: PrivateKey = field(repr=False)
    words: Words
    values: Needles = field(repr=False)
    tally: Tally
    rare: bool = True


Hits = list[FoundScheme]
"""The schemes that open bytes with the same keys: no more than one of them makes sense of the plaintext."""


def find_schemes(question: SchemeQuestion) -> Iterator[Hits]:
    """All schemes that open it, those with the same keys together; none after one that is sure, since a second would
    have to be a forgery."""
    is_rsa = isinstance(question.private, rsa.RSAPrivateKey)
    searches = (_jwe, _cms, _direct_rsa, _wrapped) if is_rsa else (_jwe, _cms, _hpke, _ecies)
    for search in searches:
        for hits in search(question):
            yield hits
            if any(hit.sure for hit in hits):
                return


def _checked(question: SchemeQuestion, content: dict[str, Any], opened: Opened) -> Hits:
    """A scheme by its description, if its own engine opens the bytes to the same plaintext."""
    try:
        scheme = _SCHEME.validate_python(content)
        text = described(scheme).open(question.private, question.data)
    except (ValidationError, InputError):
        return []
    return [FoundScheme(scheme, text, opened.sure)] if text == opened.plaintext else []


# --- JWE -------------------------------------------------------------------------------------------------------------


def _jwe(question: SchemeQuestion) -> Iterator[Hits]:
    """A JWE says of itself how it is encrypted."""
    if question.data.count(b".") != 4:
        return
    try:
        head = question.data.split(b".")[0]
        header = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
        content = _of_header(header, curve_name(question.private))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return
    question.tally.tried += 1
    question.tally.came(Stage.LENGTHS_FIT, question.key_name, "a JWE in compact form")
    try:
        scheme = _SCHEME.validate_python(content)
        text = described(scheme).open(question.private, question.data)
    except (ValidationError, InputError):
        return
    yield [FoundScheme(scheme, text, sure=True)]


def _of_header(header: dict[str, Any], curve: str | None) -> dict[str, Any]:
    def party(name: str) -> tuple[str, ...]:
        text = header.get(name, "")
        return (f"hex:{base64.urlsafe_b64decode(text + '=' * (-len(text) % 4)).hex()}",) if text else ()

    rest = {name: value for name, value in header.items() if name not in ("alg", "enc", "epk", "apu", "apv")}
    content = {"kind": "jwe", "alg": header["alg"], "enc": header["enc"], "header": rest}
    if curve:
        content |= {"curve": curve, "apu": party("apu"), "apv": party("apv")}
    return content


# --- CMS -------------------------------------------------------------------------------------------------------------


def _cms(question: SchemeQuestion) -> Iterator[Hits]:
    """A CMS message says most of itself. Where it has no tag, the units' values say that it is right."""
    for content in cms_descriptions(question.data, question.private, question.words.all):
        question.tally.tried += 1
        try:
            scheme = _SCHEME.validate_python(content)
            text = described(scheme).open(question.private, question.data)
        except (ValidationError, InputError):
            continue
        if content["content"] == "auth-enveloped" or question.values.stand_in(text):
            yield [FoundScheme(scheme, text, sure=True)]
            return


# --- ECIES -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tier:
    """A part of the space: contexts, hashes of the KDF, hashes of a MAC, words in the other places (salt, additional
    data, parameter of a MAC). `usual`: see `SymmetricSearch`; `macs_only`: what needs no MAC was tried before; `space`:
    of which part it is, for whoever watches."""

    infos: Sequence[tuple[str, ...]]
    kdf_hashes: Sequence[str]
    mac_hashes: Sequence[str]
    words: Sequence[str] = ()
    usual: bool = True
    macs_only: bool = False
    space: Space = Space.USUAL


def _tiers(words: Words, *, rare: bool) -> Iterator[_Tier]:
    """The whole space, the usual first; without `rare` no more than SHA-1 and SHA-256, and the usual orders."""
    others = tuple(name for name in HASHES if name not in _USUAL_HASHES)
    plain, given = list(contexts((), plain=True)), list(contexts(words.given, plain=False))
    both = [*plain, *given]
    suggested = list(contexts(words.suggested, plain=False))
    yield _Tier(plain, _USUAL_HASHES, _USUAL_HASHES)
    if words.given:  # tags first: an opening costs less than a MAC's many keys and tails
        yield _Tier(both, HASHES if rare else _USUAL_HASHES, (), words.given)
        yield _Tier(both, _USUAL_HASHES, _USUAL_HASHES, words.given, macs_only=True)
    yield _Tier(suggested, _USUAL_HASHES[:1], ())
    if not rare:
        return
    space = Space.RARE
    yield _Tier(plain, others, HASHES, space=space)
    yield _Tier(plain, _USUAL_HASHES, others, macs_only=True, space=space)
    if words.given:
        yield _Tier(both, others, HASHES, words.given, macs_only=True, space=space)
        yield _Tier(both, _USUAL_HASHES, others, words.given, macs_only=True, space=space)
    yield _Tier(suggested, HASHES[1:], (), space=space)
    yield _Tier(both, HASHES, HASHES, words.given[:1], usual=False, space=space)


def _ecies(question: SchemeQuestion) -> Iterator[Hits]:
    curve = curve_name(question.private)
    if curve is None:
        return
    points = list(find_points(question.data, question.private, curve))
    points.sort(key=lambda one: (one.form not in STRONG_FORMS, one.head.start != 0))
    if points:
        sure = [one for one in points if one.form in STRONG_FORMS]
        shown = (sure or points)[0]
        where = "in front" if shown.head.start == 0 else f"behind {shown.head.start} bytes"
        question.tally.came(Stage.POINT_READ, question.key_name, f"a {curve} key, {shown.form}, stands {where}")
    strong = [one for one in points if one.form in STRONG_FORMS]
    weak = [one for one in points if one.form not in STRONG_FORMS]
    tiers = list(_tiers(question.words, rare=question.rare))
    # All that is usual first, and of it where a key stands that hardly can be chance.
    for space, some in product((Space.USUAL, Space.RARE), (strong, weak)):
        for tier, point in product([one for one in tiers if one.space is space], some):
            yield from _under_point(question, point, tier)


def _under_point(question: SchemeQuestion, point: FoundPoint, tier: _Tier) -> Iterator[Hits]:
    words = [piece_bytes(word) for word in tier.words]
    size = max(160, len(question.data) + 64)
    aads = [((), b""), *((pieces, joined(pieces, point.secret)) for pieces in _aads(tier.words))]
    search = SymmetricSearch(
        question.data, point.head, aads=aads, parameters=words, ivs=_ivs(question), values=question.values,
        tally=question.tally, name=question.key_name,
    )  # fmt: skip
    found = list(streams(point.secret, tier.infos, [b"", *words], size, tier.kdf_hashes))
    # Tags first, under all keys: a MAC has many keys and tails, and costs most of a search.
    for with_macs in (False, True) if not tier.macs_only else (True,):
        for stream in found:
            question.tally.at(question.key_name, tier.space)
            material = Material(stream.data)
            if not with_macs:
                ways = [search.with_tag(material, usual=tier.usual)]
            else:
                ways = [search.alone(material)] if tier.usual and not tier.macs_only else []
                ways.append(search.with_mac(material, tier.mac_hashes, usual=tier.usual))
            hits = [hit for way in ways for opened in way for hit in _of_ecies(question, point, stream, opened)]
            if hits:
                yield hits


def _ivs(question: SchemeQuestion) -> list[bytes]:
    """Fixed IVs: words as long as one. They are tried at once, since behind a MAC a wrong IV of CBC opens all but 16
    bytes."""
    return [data for word in question.words.given if len(data := piece_bytes(word)) in (12, 13, 16)]


def _aads(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield ("point",)
    yield from ((word,) for word in words)


def _of_ecies(question: SchemeQuestion, point: FoundPoint, stream: Stream, opened: Opened) -> Hits:
    content = {"kind": "ecies", "curve": point.curve, "point": point.form, "kdf": stream.description}
    return _checked(question, content | opened.description, opened)


# --- HPKE ------------------------------------------------------------------------------------------------------------

_TINK_PREFIX = 5
"""Bytes in front: 1, and the number of the key."""
_HPKE_KDFS = ("hkdf-sha256", "hkdf-sha384", "hkdf-sha512")
_HPKE_AEADS = ("aes-128-gcm", "aes-256-gcm", "chacha20-poly1305")


def _hpke(question: SchemeQuestion) -> Iterator[Hits]:
    kem, infos = curve_name(question.private), ("", *question.words.all)
    tink = question.data[:_TINK_PREFIX].hex() if question.data[:1] == b"\1" else ""
    for prefix, word, kdf, aead in product(dict.fromkeys(("", tink)), infos, _HPKE_KDFS, _HPKE_AEADS):
        info = (word,) if word else ()
        question.tally.at(question.key_name, Space.USUAL)
        content = {"kind": "hpke", "kem": kem, "kdf": kdf, "aead": aead, "info": info, "prefix": prefix}
        question.tally.tried += 1
        try:
            scheme = _SCHEME.validate_python(content)
            text = described(scheme).open(question.private, question.data)
        except InputError:
            continue
        yield [FoundScheme(scheme, text, sure=True)]


# --- RSA -------------------------------------------------------------------------------------------------------------


def _wraps(words: Sequence[str]) -> Iterator[OaepDescription | Pkcs1Description]:
    labels = ["", *(piece_bytes(word).hex() for word in words)]
    for label, hash_name, mgf in product(labels, HASHES, HASHES):
        yield OaepDescription(kind="rsa-oaep", hash=hash_name, mgf_hash=mgf, label=label)
    yield Pkcs1Description(kind="rsa-pkcs1")


def _unwrapped(
    question: SchemeQuestion, data: bytes, words: Sequence[str]
) -> Iterator[tuple[OaepDescription | Pkcs1Description, bytes]]:
    """What RSA makes of some bytes under each padding that is right."""
    for wrap in _wraps(words):
        question.tally.at(question.key_name, Space.USUAL)
        question.tally.tried += 1
        try:
            yield wrap, RsaScheme(wrap).open(question.private, data)
        except ValueError:
            continue


def _direct_rsa(question: SchemeQuestion) -> Iterator[Hits]:
    if not isinstance(question.private, rsa.RSAPrivateKey) or len(question.data) != question.private.key_size // 8:
        return
    for wrap, text in _unwrapped(question, question.data, question.words.all):
        # PKCS#1 v1.5 always gives something: the library hides a wrong padding behind bytes of chance.
        sure = isinstance(wrap, OaepDescription)
        if sure or question.values.stand_in(text):
            question.tally.came(Stage.KEY_UNWRAPPED, question.key_name, f"RSA opened it with {wrap.kind}")
            yield [FoundScheme(wrap, text, sure)]


def _wrapped(question: SchemeQuestion) -> Iterator[Hits]:
    if not isinstance(question.private, rsa.RSAPrivateKey):
        return
    size = question.private.key_size // 8
    rest = len(question.data) - size
    if rest < 1:
        return
    for at, prefix in dict.fromkeys(((0, 0), (5, 5), (rest, 0), (12, 0), (16, 0), (1, 1), (2, 2), (4, 4))):
        if at > rest:
            continue
        head = Head("wrapped-key", at, at + size, prefix)
        for wrap, content_key in _unwrapped(question, question.data[at : at + size], question.words.given):
            if not 16 <= len(content_key) <= 128:
                continue
            if isinstance(wrap, OaepDescription):
                told = f"RSA-OAEP with {wrap.hash} and MGF1 {wrap.mgf_hash} unwrapped {len(content_key)} bytes"
                question.tally.came(Stage.KEY_UNWRAPPED, question.key_name, told)
            hits = _under_key(question, head, wrap, content_key)
            if hits:
                yield hits


def _under_key(
    question: SchemeQuestion, head: Head, wrap: OaepDescription | Pkcs1Description, content_key: bytes
) -> Hits:
    given = question.words.given
    search = SymmetricSearch(
        question.data, head, aads=[((), b""), *(((word,), piece_bytes(word)) for word in given)],
        parameters=[piece_bytes(word) for word in given], ivs=_ivs(question), values=question.values,
        tally=question.tally, name=question.key_name,
    )  # fmt: skip
    material = Material(content_key, whole=True)
    ways = (search.with_tag(material), search.with_mac(material, HASHES), search.alone(material))
    hits = []
    for opened in (opened for way in ways for opened in way):
        content = {"kind": "rsa-wrapped", "wrap": wrap.model_dump(), **opened.description}
        del content["derive"]
        hits += _checked(question, content, opened)
    return hits
