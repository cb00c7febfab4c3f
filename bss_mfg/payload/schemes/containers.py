"""What a spec says of a container: a standard's own way to carry ciphertext, key and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.payload.schemes.terms import CurveName, FixedPiece

JweAlg = Literal[
    "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW", "RSA-OAEP", "RSA-OAEP-256"
]  # fmt: skip
JweEnc = Literal["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]
_OWN_MEMBERS = frozenset(
    {"alg", "enc", "zip", "epk", "apu", "apv", "crit", "b64", "iv", "tag", "p2s", "p2c", "jwk", "jku", "x5u", "x5c"}
)
"""Members of a JWE's header that say how it is made, or hold no text (RFC 7516, 4.1; RFC 7518, 4)."""


def _as_pairs(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, Mapping) else value


Members = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_as_pairs), PlainSerializer(lambda pairs: dict(pairs))]
"""Members of a JSON object, in order: a table in the file, pairs here so that a description can be hashed."""


class JweDescription(FileModel):
    """JSON Web Encryption, compact serialization (RFC 7516, 7.1; RFC 7518): a text of five parts joined with dots.

    `apu` and `apv` go into the KDF and, in base64url, into the header. `header` has further members of the protected
    header, as `kid`.
    """

    kind: Literal["jwe"]
    alg: JweAlg
    enc: JweEnc
    curve: CurveName = Field("P-256", description="ECDH-ES: the product key's curve.")
    apu: tuple[FixedPiece, ...] = Field((), description="ECDH-ES: PartyUInfo, its pieces joined.")
    apv: tuple[FixedPiece, ...] = Field((), description="ECDH-ES: PartyVInfo, its pieces joined.")
    header: Members = Field((), description="Further members of the protected header, as kid.")

    @model_validator(mode="after")
    def _fits(self) -> JweDescription:
        if not self.is_ecdh and (self.apu or self.apv or self.curve != "P-256"):
            raise ValueError("curve, apu and apv belong to ECDH-ES")
        names = [name for name, _ in self.header]
        if wrong := sorted({name for name in names if name in _OWN_MEMBERS or not name}):
            raise ValueError(f"header can't hold {', '.join(wrong) or 'a member without a name'}")
        if len(set(names)) != len(names):
            raise ValueError("a member of header is named twice")
        return self

    @property
    def is_ecdh(self) -> bool:
        """Whether the key is agreed with a curve's key, and not encrypted with RSA."""
        return self.alg.startswith("ECDH-ES")
