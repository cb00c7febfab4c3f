"""What opens sealed bytes once there is key material: ciphers with tags, ciphers with MACs, ciphers alone.

A tag, a MAC or the padding is checked before anything else. Material is cut in every order; where nothing but the
plaintext can tell (no MAC, a stream cipher), values of the units must stand in it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Engine
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from bss_mfg.payload.fitting.arrangements import Arranged, Head, arrangements
from bss_mfg.payload.fitting.known import Needles
from bss_mfg.payload.fitting.tally import Stage, Tally
from bss_mfg.payload.schemes.ciphers import Cipher, Keys, Sealed

_KEYS = (16, 32, 24)
_CIPHERS = {16: "aes-128", 24: "aes-192", 32: "aes-256"}
_SHORT_TAGS, _CCM_TAGS = (12, 8), (16, 8, 4)
_DIGESTS = {"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
_MAC_KEYS = (32, 16, 20, 64, 48)
_SURE = 8
"""Bytes of a MAC that no wrong key makes."""
_MAC_RIGHT = "its MAC is right, and no value of the sample's units stands in the plaintext"


@dataclass(frozen=True, slots=True)
class Material:
    """Bytes to cut keys from. `whole`: nothing may be left over, as of a content key; then no IV is cut from it."""

    data: bytes = field(repr=False)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What opened: the part of a scheme that is the cipher's, as a spec says it, and the plaintext. `sure`: a tag or a
    MAC of at least 8 bytes says so."""

    description: dict[str, Any]
    plaintext: bytes = field(repr=False)
    sure: bool = True


class _Iv(NamedTuple):
    """An IV of a mode: what is sent of it, and what a spec says."""

    name: str
    size: int
    sent: int


class _Tail(NamedTuple):
    """What a MAC covers behind the ciphertext."""

    data: bytes
    parameter: bytes
    way: str


class _Aead(NamedTuple):
    """A cipher with a tag."""

    name: str
    key_size: int
    tag_size: int
    iv_sizes: tuple[int, ...]
    make: Callable[[bytes], Any]


class SymmetricSearch:
    """All ciphers over the sealed bytes of one head. `aads`: additional data to try, by their pieces;
    `parameters`: P2 of a MAC; `ivs`: fixed ones; `name`: the field's key, for the tally."""

    def __init__(
        self, data: bytes, head: Head, *, aads: Sequence[tuple[tuple[str, ...], bytes]], parameters: Sequence[bytes],
        ivs: Sequence[bytes], values: Needles, tally: Tally, name: str,
    ) -> None:  # fmt: skip
        self._name = name
        self._data, self._head, self._aads, self._values, self._tally = data, head, aads, values, tally
        self._fixed_ivs = {size: [one for one in ivs if len(one) == size] for size in (12, 13, 16)}
        self._named_ivs = {_fixed_iv(one).name: one for one in self._fixed_ivs[16]}
        parameter_ways = [(b"", "none"), (b"", "bits-64")]
        parameter_ways += [(one, way) for one in parameters for way in ("bits-64", "none")]
        self._tails = [
            _Tail(p + (8 * len(p)).to_bytes(8, "big") if way == "bits-64" else p, p, way) for p, way in parameter_ways
        ]
        self._known: dict[tuple[int, int], list[Arranged]] = {}

    def _arranged(self, iv_size: int, tag_size: int, *, usual: bool | None = None) -> list[Arranged]:
        """The ways to cut the bytes: all, or only those where the tag stands behind the ciphertext (or the others)."""
        key = (iv_size, tag_size)
        if key not in self._known:
            self._known[key] = list(arrangements(self._data, self._head, iv_size, tag_size))
        found = self._known[key]
        return found if usual is None else [one for one in found if _is_usual(one.order) == usual]

    # --- a cipher with a tag of its own ----------------------------------------------------------------------------

    def with_tag(self, material: Material, *, usual: bool = True) -> Iterator[Opened]:
        """AES-GCM, AES-CCM and ChaCha20-Poly1305 of all key sizes and IVs; not `usual`: cut tags, rare orders."""
        yield from self._aead(material, _Aead("chacha20-poly1305", 32, 16, (12,), ChaCha20Poly1305), usual)
        for key in _KEYS:
            name = _CIPHERS[key]
            yield from self._aead(material, _Aead(f"{name}-gcm", key, 16, (12, 16), AESGCM), usual)
            for tag in _CCM_TAGS:
                if usual == (tag != 4):
                    yield from self._aead(material, _Aead(f"{name}-ccm", key, tag, (12, 13), _ccm(tag)), None)
            for tag in () if usual else _SHORT_TAGS:
                yield from self._aead(material, _Aead(f"{name}-gcm", key, tag, (12, 16), _gcm(tag)), None)

    def _aead(self, material: Material, how: _Aead, usual: bool | None) -> Iterator[Opened]:
        data, size = material.data, how.key_size
        if (material.whole and len(data) != size) or len(data) < size:
            return
        first = how.make(data[:size])
        for iv_size in how.iv_sizes:
            ways: list[tuple[_Iv, Any, bytes, tuple[str, ...]]] = [
                (_Iv("random", iv_size, iv_size), first, b"", ("key",))
            ]
            ways.append((_Iv("zero", iv_size, 0), first, bytes(iv_size), ("key",)))
            for one in self._fixed_ivs[iv_size]:
                ways.append((_fixed_iv(one), first, one, ("key",)))
            if not material.whole:
                ways.append((_Iv("derived", iv_size, 0), first, data[size : size + iv_size], ("key", "iv")))
                other = how.make(data[iv_size : iv_size + size])
                ways.append((_Iv("derived", iv_size, 0), other, data[:iv_size], ("iv", "key")))
            for iv, engine, fixed, derive in ways:
                for parts in self._arranged(iv.sent, how.tag_size, usual=usual):
                    sealed = parts.ciphertext + parts.tag
                    for pieces, aad in self._aads:
                        self._tally.tried += 1
                        try:
                            text = engine.decrypt(parts.iv or fixed, sealed, aad)
                        except (InvalidTag, ValueError):
                            continue
                        found = self._described(how.name, iv, derive, parts)
                        found |= {"aad": list(pieces)} if pieces else {}
                        found |= {"tag_bytes": how.tag_size} if how.tag_size != 16 else {}
                        yield Opened(found, text, how.tag_size >= 8)

    def _described(self, cipher: str, iv: _Iv, derive: Sequence[str], parts: Arranged) -> dict[str, Any]:
        usual = 16 if cipher.endswith(("-cbc", "-ctr")) else 12
        found: dict[str, Any] = {"cipher": cipher, "derive": list(derive), "iv": iv.name}
        if iv.size and iv.size != usual:
            found["iv_bytes"] = iv.size
        if parts.order:
            found["order"] = list(parts.order)
        if self._head.prefix:
            found["prefix"] = self._data[: self._head.prefix].hex()
        return found

    # --- a cipher with a MAC ---------------------------------------------------------------------------------------

    def with_mac(self, material: Material, hashes: Sequence[str], *, usual: bool = True) -> Iterator[Opened]:
        """AES-CBC, AES-CTR and XOR with an HMAC over the ciphertext, which is checked before a cipher is tried. Not
        `usual`: cut tags of rare lengths, rare orders, and an IV that is authenticated and not sent."""
        for hash_name in hashes:
            whole = _DIGESTS[hash_name]
            for tag_size in dict.fromkeys((whole, 16, 10, 12, 20)):
                often = tag_size in (whole, 16)
                if tag_size > whole or (usual and not often):
                    continue
                for iv_sent in (0, 16):
                    # Without an IV there are two orders; both are usual.
                    wanted = None if not often or (usual and not iv_sent) else usual
                    for parts in self._arranged(iv_sent, tag_size, usual=wanted):
                        bodies = self._bodies(material, parts, usual)
                        yield from self._macs(material, hash_name, parts, bodies)

    def _bodies(self, material: Material, parts: Arranged, usual: bool) -> list[tuple[bytes, str, int | None]]:
        """What a MAC can cover, how a spec says that, and where an IV stands that is derived (-1: it is zero)."""
        text = parts.ciphertext
        bodies: list[tuple[bytes, str, int | None]] = [(text, "ciphertext", None)]
        if parts.iv:
            return [*bodies, (parts.iv + text, "iv-ciphertext", None)]
        if usual:
            return bodies
        derived = () if material.whole else sorted({0, 16, 24, 32, 36, 40, 48, 52, 64, 80, 96})
        bodies.append((bytes(16) + text, "iv-ciphertext", -1))
        return bodies + [(material.data[at : at + 16] + text, "iv-ciphertext", at) for at in derived]

    def _macs(
        self, material: Material, hash_name: str, parts: Arranged, bodies: Sequence[tuple[bytes, str, int | None]]
    ) -> Iterator[Opened]:
        size, tag, data, digest = len(parts.tag), parts.tag, material.data, hmac.digest
        messages = [(body + tail.data, covers, at, tail) for body, covers, at in bodies for tail in self._tails]
        for start, length in self._mac_keys(material, len(parts.ciphertext), hash_name):
            mac_key = data[start : start + length]
            self._tally.tried += len(messages)
            for message, covers, iv_at, tail in messages:
                if digest(mac_key, message, hash_name)[:size] != tag:
                    continue
                if size >= _SURE:
                    self._tally.came(Stage.OPENED, self._name, _MAC_RIGHT)
                mac: dict[str, Any] = {"hash": hash_name, "key_bytes": length, "covers": covers}
                mac |= {"tag_bytes": size} if size != _DIGESTS[hash_name] else {}
                mac |= {"parameter": tail.parameter.hex()} if tail.parameter else {}
                mac |= {"parameter_length": tail.way} if tail.way != "none" else {}
                yield from self._under_mac(material, parts, mac, (start, length, iv_at))

    def _mac_keys(self, material: Material, text: int, hash_name: str) -> Iterator[tuple[int, int]]:
        """Where a MAC's key can stand, and how long it can be."""
        if material.whole:
            for key in _KEYS:
                if (rest := len(material.data) - key) >= 16:
                    yield key, rest
                    yield 0, rest
            return
        lengths = dict.fromkeys((*_MAC_KEYS, _DIGESTS[hash_name]))
        for start in sorted({0, 16, 24, 32, 40, 48, text}):
            for length in lengths:
                if start + length <= len(material.data):
                    yield start, length

    def _under_mac(
        self, material: Material, parts: Arranged, mac: dict[str, Any], at: tuple[int, int, int | None]
    ) -> Iterator[Opened]:
        """The ciphers whose keys stand where that MAC's key leaves room for them."""
        start, length, iv_at = at
        sure = len(parts.tag) >= _SURE
        for cipher, key_size in _bare_ciphers(parts.ciphertext):
            for iv, derive in _cuts_of(cipher, material.whole, bool(parts.iv), self._fixed_ivs[16]):
                sizes = {"key": key_size, "mac-key": length, "iv": 16 if iv.name == "derived" else 0}
                order = [(name, sizes[name]) for name in derive]
                if material.whole and key_size + length != len(material.data):
                    continue
                place, places = 0, {}
                for name, size in order:
                    places[name] = place
                    place += size
                if places["mac-key"] != start or place > len(material.data):
                    continue
                if iv_at is not None and iv_at != (places.get("iv", -1)):
                    continue
                self._tally.tried += 1
                key = material.data[places["key"] : places["key"] + key_size]
                ivs = {"random": parts.iv, "zero": bytes(16), **self._named_ivs}
                fixed = ivs.get(iv.name) or material.data[places.get("iv", 0) :][:16]
                text = _bare_open(cipher, parts.ciphertext, key, fixed)
                if text is None or not self._values.stand_in(text):
                    continue
                found = self._described(cipher, iv, derive, parts) | {"mac": mac}
                if cipher == "xor":
                    found["iv"] = "derived"
                if material.whole:
                    found["mac_key_first"] = derive[0] == "mac-key"
                yield Opened(found, text, sure)

    # --- a cipher alone --------------------------------------------------------------------------------------------

    def alone(self, material: Material) -> Iterator[Opened]:
        """AES-CBC, AES-CTR and XOR without a MAC: what opens must hold values of the units."""
        for sent in (0, 16):
            for parts in self._arranged(sent, 0):
                for cipher, key_size in _bare_ciphers(parts.ciphertext):
                    if material.whole and key_size != len(material.data):
                        continue
                    for iv, derive in _cuts_of(cipher, material.whole, bool(sent), self._fixed_ivs[16], mac=False):
                        self._tally.tried += 1
                        at = 16 if derive[0] == "iv" else 0
                        key = material.data[at : at + key_size]
                        behind = 0 if at else key_size
                        ivs = {"random": parts.iv, "zero": bytes(16), **self._named_ivs}
                        fixed = ivs.get(iv.name) or material.data[behind : behind + 16]
                        text = _bare_open(cipher, parts.ciphertext, key, fixed)
                        if text is not None and self._values.stand_in(text):
                            found = self._described(cipher, iv, derive, parts)
                            if cipher == "xor":
                                found["iv"] = "derived"
                            yield Opened(found, text, sure=False)


def _is_usual(order: Sequence[str]) -> bool:
    """Whether the tag stands behind the ciphertext, as it does where no order is said."""
    return not order or "tag" not in order or order.index("tag") == order.index("ciphertext") + 1


def _ccm(tag: int) -> Callable[[bytes], AESCCM]:

    return lambda key: AESCCM(key, tag)


def _gcm(tag: int) -> Callable[[bytes], Any]:
    """AES-GCM whose tag is cut, of which the library's one call knows nothing."""

    return lambda key: _ShortGcm(key, tag)


class _ShortGcm:
    def __init__(self, key: bytes, tag: int) -> None:
        self._algorithm, self._tag = algorithms.AES(key), tag

    def decrypt(self, iv: bytes, sealed: bytes, aad: bytes) -> bytes:
        """As the library's AESGCM."""
        mode = modes.GCM(iv, sealed[-self._tag :], min_tag_length=self._tag)
        engine = Engine(self._algorithm, mode).decryptor()
        engine.authenticate_additional_data(aad)
        return engine.update(sealed[: -self._tag]) + engine.finalize()


def _bare_ciphers(ciphertext: bytes) -> Iterator[tuple[str, int]]:
    for key in _KEYS:
        if len(ciphertext) % 16 == 0:
            yield f"{_CIPHERS[key]}-cbc", key
        yield f"{_CIPHERS[key]}-ctr", key
    yield "xor", len(ciphertext)


def _fixed_iv(data: bytes) -> _Iv:
    """An IV that the guide prints."""
    return _Iv(f"hex:{data.hex()}", len(data), 0)


def _cuts_of(
    cipher: str, whole: bool, sent: bool, fixed: Sequence[bytes], mac: bool = True
) -> Iterator[tuple[_Iv, tuple[str, ...]]]:
    """The IVs of a cipher, each with the orders in which keys can be cut."""
    if cipher == "xor":
        if not whole and not sent:
            yield from (
                (_Iv("none", 0, 0), order)
                for order in (((("mac-key", "key"), ("key", "mac-key"))) if mac else (("key",),))
            )
        return
    plain = (("key", "mac-key"), ("mac-key", "key")) if mac else (("key",),)
    if sent:
        yield from ((_Iv("random", 16, 16), order) for order in plain)
        return
    yield from ((_Iv("zero", 16, 0), order) for order in plain)
    yield from ((_fixed_iv(one), order) for one in fixed for order in plain)
    if whole:
        return
    if mac:
        names = ("key", "mac-key", "iv")
        yield from ((_Iv("derived", 16, 0), order) for order in permutations(names))
    else:
        yield from ((_Iv("derived", 16, 0), order) for order in (("key", "iv"), ("iv", "key")))


def _bare_open(cipher: str, ciphertext: bytes, key: bytes, iv: bytes) -> bytes | None:
    """The plaintext, or None where a key or the padding is wrong."""
    if cipher == "xor":
        if (size := len(ciphertext)) != len(key):
            return None
        return (int.from_bytes(ciphertext) ^ int.from_bytes(key)).to_bytes(size)
    try:
        return Cipher(cipher, 16).open_sealed(Sealed(ciphertext, b""), Keys(key, iv))
    except ValueError:
        return None
