"""The packaged specs, and public keys for Wi-Fi devices."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.payload.formats import FORMATS, SPKI
from bss_mfg.payload.spec import Spec, packaged_spec
from bss_mfg.payload.spec_names import packaged_names

SPECS = [packaged_spec(name).spec for name in packaged_names()]


def spec(name: str) -> Spec:
    return packaged_spec(name).spec


PUKS = [
    FORMATS[SPKI].write(
        bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
        + ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    )
    for _ in range(8)
]
