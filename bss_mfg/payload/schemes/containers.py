"""What a spec says of a container: a standard's own way to carry ciphertext, key and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.payload.schemes.rsa_descriptions import OaepDescription, Pkcs1Description
from bss_mfg.payload.schemes.terms import CurveName, FixedPiece, HashName, Hex, is_aead

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


class EcdhRecipient(FileModel):
    """A key agreed with an ephemeral one, which wraps the content key (RFC 5753, 3.1: standard ECDH, the KDF of ANSI
    X9.63)."""

    kind: Literal["ecdh"]
    curve: Literal["P-256", "P-384", "P-521"] = "P-256"
    hash: HashName = Field("sha256", description="Of the KDF.")
    wrap: Literal["aes-128-wrap", "aes-192-wrap", "aes-256-wrap"] = Field("aes-128-wrap", description="RFC 3394.")
    sender_curve: Literal["absent", "null", "named"] = Field(
        "absent", description="Parameters of the ephemeral key: none as OpenSSL, the curve as Bouncy Castle."
    )
    ukm: Hex = Field("", description="User keying material: sent, and bytes of the KDF's SharedInfo.")


class CmsDescription(FileModel):
    """Cryptographic Message Syntax (RFC 5652) in DER, for one recipient: EnvelopedData, which has no MAC, or
    AuthEnvelopedData (RFC 5083, RFC 5084), without attributes."""

    kind: Literal["cms"]
    content: Literal["enveloped", "auth-enveloped"] = "enveloped"
    recipient: Annotated[OaepDescription | Pkcs1Description | EcdhRecipient, Field(discriminator="kind")]
    identifier: Annotated[str, Field(pattern=r"^(key-id|issuer-serial|hex:([0-9a-f]{2})+)$")] = Field(
        "key-id",
        description="How the recipient is named: SHA-1 of its key (RFC 5280, 4.2.1.2), a key identifier, or a "
        "certificate's issuer and serial number.",
    )
    issuer: Hex = Field("", description="issuer-serial: DER of the issuer's name.")
    serial: Annotated[int, Field(ge=0)] | None = Field(None, description="issuer-serial: the certificate's number.")
    cipher: Literal[
        "aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "aes-128-gcm", "aes-192-gcm", "aes-256-gcm", "aes-128-ccm",
        "aes-192-ccm", "aes-256-ccm",
    ]  # fmt: skip
    tag_bytes: Literal[8, 12, 14, 16] = Field(16, description="auth-enveloped: bytes of the tag.")
    content_info: bool = Field(True, description="Whether a ContentInfo is around it.")

    @property
    def has_tag(self) -> bool:
        """Whether a changed ciphertext is noticed."""
        return self.content == "auth-enveloped"

    @model_validator(mode="after")
    def _fits(self) -> CmsDescription:
        if self.has_tag != is_aead(self.cipher):
            raise ValueError("enveloped has a cipher with cbc, auth-enveloped one with gcm or ccm")
        if not self.has_tag and self.tag_bytes != 16:
            raise ValueError("tag_bytes belongs to auth-enveloped")
        if self.cipher.endswith("-gcm") and self.tag_bytes == 8:
            raise ValueError("the tag of gcm has 12 to 16 bytes (RFC 5084, 3.2)")
        if (self.identifier == "issuer-serial") != (bool(self.issuer) and self.serial is not None):
            raise ValueError("issuer and serial belong to identifier = 'issuer-serial'")
        if self.identifier != "issuer-serial" and (self.issuer or self.serial is not None):
            raise ValueError("issuer and serial belong to identifier = 'issuer-serial'")
        return self
