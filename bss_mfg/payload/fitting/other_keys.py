"""A public key in sealed bytes that is on another curve than the private key: no scheme opens them with it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from bss_mfg.payload.fitting.points_found import curve_name, places
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.schemes.points import CURVES, point_size, read_point

_NEVER_CHANCE = ("uncompressed", "spki", "raw-xy")


@dataclass(frozen=True, slots=True)
class OtherKey:
    """The curve of a key in sealed bytes and where it stands; `sure`: the bytes can't be so by chance."""

    told: str
    sure: bool


def other_key(data: bytes, private: PrivateKey, whose: str) -> OtherKey | None:
    """A key on another curve than the private key, which is `whose`; None where there is none."""
    own = curve_name(private)
    others = [curve for curve in CURVES if curve != own]
    behind = f", and the test key{whose} is {own or 'RSA'}"
    if (said := _said_by_jwe(data)) in others:
        return OtherKey(f"the string holds a key on {said} (in its header){behind}", sure=True)
    for form in _NEVER_CHANCE:
        for curve in others:
            if form != "spki" and curve == "X25519":
                continue
            for head in places(point_size(curve, form), len(data), everywhere=True):
                if _is_key(curve, data[head.start : head.end], form):
                    where = "in front" if head.start == 0 else f"behind {head.start} bytes"
                    return OtherKey(f"the string holds a key on {curve} ({form}, {where}){behind}", sure=True)
    for curve in others if own else ():
        if curve != "X25519" and _is_key(curve, data[: point_size(curve, "compressed")], "compressed"):
            return OtherKey(f"a key on {curve} (compressed) seems to stand in front{behind}", sure=False)
    return None


def _is_key(curve: str, data: bytes, form: str) -> bool:
    try:
        read_point(CURVES[curve], data, form)
    except ValueError:
        return False
    return True


def _said_by_jwe(data: bytes) -> str:
    if data.count(b".") != 4:
        return ""
    head = data.split(b".")[0]
    try:
        return str(json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))["epk"]["crv"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
