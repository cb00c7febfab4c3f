"""What a spec says of RSA encryption."""

from __future__ import annotations

from typing import Literal

from bss_mfg.core.models import FileModel
from bss_mfg.payload.schemes.terms import HashName, Hex


class OaepDescription(FileModel):
    """RSAES-OAEP (RFC 8017, 7.1). Java's `OAEPWithSHA-256AndMGF1Padding` has `mgf_hash = "sha1"`."""

    kind: Literal["rsa-oaep"]
    hash: HashName
    mgf_hash: HashName
    label: Hex = ""


class Pkcs1Description(FileModel):
    """RSAES-PKCS1-v1_5 (RFC 8017, 7.2)."""

    kind: Literal["rsa-pkcs1"]
