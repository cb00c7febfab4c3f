"""What a spec says of an encryption scheme: by the field's standard terms, without code.

Insecure parts (SHA-1, PKCS#1 v1.5, no MAC) can be described, because Amazon may have chosen them; `warnings` names what
they cost.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.payload.schemes.containers import CmsDescription, EcdhRecipient, JweDescription
from bss_mfg.payload.schemes.rsa_descriptions import OaepDescription, Pkcs1Description
from bss_mfg.payload.schemes.terms import (
    CipherName,
    CurveName,
    FixedPiece,
    HashName,
    Hex,
    Part,
    Piece,
    PointForm,
    is_aead,
)

__all__ = [
    "CmsDescription", "EciesDescription", "HpkeDescription", "JweDescription", "KdfDescription", "MacDescription",
    "OaepDescription", "Pkcs1Description", "SchemeDescription", "WrappedKeyDescription", "summary", "warnings",
]  # fmt: skip


class KdfDescription(FileModel):
    """How keys come of the shared secret Z.

    x963 (ANSI X9.63; SEC 1, 3.6.1) and kdf2 (ISO/IEC 18033-2, 6.2.3) count from 1 behind Z, kdf1 (6.2.2) from 0; concat
    (NIST SP 800-56C, one step) counts in front of it; hkdf is RFC 5869.
    """

    name: Literal["x963", "kdf1", "kdf2", "hkdf", "concat"]
    hash: HashName
    input: Literal["z", "point-z"] = Field("z", description="Z alone, or behind the ephemeral key as it is sent.")
    salt: Hex = Field("", description="hkdf: the salt.")
    info: tuple[Piece, ...] = Field((), description="SharedInfo, P1, OtherInfo or info, its pieces joined.")

    @model_validator(mode="after")
    def _fits(self) -> KdfDescription:
        if self.salt and self.name != "hkdf":
            raise ValueError("only hkdf has a salt")
        return self


class MacDescription(FileModel):
    """An HMAC over the ciphertext (RFC 2104): `covers` it alone or with the IV in front; behind it `parameter` (P2 of
    IEEE 1363a) and, with `parameter_length = "bits-64"`, the length of it in bits in 8 bytes, as Bouncy Castle does."""

    hash: HashName
    key_bytes: Annotated[int, Field(ge=1, le=128)]
    tag_bytes: Annotated[int, Field(ge=4, le=64)] | None = Field(None, description="The first bytes; all if not given.")
    covers: Literal["ciphertext", "iv-ciphertext"] = "ciphertext"
    parameter: Hex = ""
    parameter_length: Literal["none", "bits-64"] = "none"


class _Symmetric(FileModel):
    """What an ECIES scheme and a wrapped key have in common: a cipher, its IV, a MAC, and the order of the parts."""

    cipher: CipherName
    tag_bytes: Annotated[int, Field(ge=4, le=16)] = Field(16, description="gcm and ccm: bytes of the tag.")
    iv: str = Field(
        "derived", pattern=r"^(derived|zero|random|hex:([0-9a-f]{2})+)$", description="Where it comes from."
    )
    iv_bytes: Annotated[int, Field(ge=7, le=16)] | None = Field(None, description="12, or 16 with cbc and ctr.")
    mac: MacDescription | None = None
    aad: tuple[Piece, ...] = Field((), description="gcm, ccm, chacha20-poly1305: additional data.")
    prefix: Hex = Field("", description="Bytes in front of all, as Tink's 5.")
    order: tuple[Part, ...] = Field((), description="The parts as they are joined; by default as they are named here.")

    @property
    def iv_size(self) -> int:
        """Bytes of the IV; 0 of `xor`, which has none."""
        if self.cipher == "xor":
            return 0
        return self.iv_bytes or (16 if self.cipher.endswith(("-cbc", "-ctr")) else 12)

    @property
    def has_tag(self) -> bool:
        """Whether a tag is sent, of the cipher or of the MAC."""
        return is_aead(self.cipher) or self.mac is not None

    @property
    def head(self) -> Part:
        """The part that carries the key."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that are sent, in order."""
        if self.order:
            return self.order
        named: tuple[tuple[Part, bool], ...] = (
            ("prefix", bool(self.prefix)), (self.head, True), ("iv", self.iv == "random"), ("ciphertext", True),
            ("tag", self.has_tag),
        )  # fmt: skip
        return tuple(part for part, is_sent in named if is_sent)

    def _check_parts(self) -> None:
        default = set(self.model_copy(update={"order": ()}).parts)
        if self.order and (set(self.order) != default or len(self.order) != len(default)):
            raise ValueError(f"order should hold each of {', '.join(sorted(default))} once")
        if is_aead(self.cipher) and self.mac:
            raise ValueError(f"{self.cipher} has a tag of its own: no mac")
        if self.aad and not is_aead(self.cipher):
            raise ValueError(f"{self.cipher} takes no additional data")
        if self.tag_bytes != 16 and not self.cipher.endswith(("-gcm", "-ccm")):
            raise ValueError("tag_bytes belongs to gcm and ccm")
        if self.iv.startswith("hex:") and len(self.iv) - 4 != 2 * self.iv_size:
            raise ValueError(f"the iv should have {self.iv_size} bytes")
        if self.cipher.endswith(("-cbc", "-ctr")) and self.iv_size != 16:
            raise ValueError("cbc and ctr have an iv of 16 bytes")
        if self.cipher == "chacha20-poly1305" and self.iv_size != 12:
            raise ValueError("chacha20-poly1305 has an iv of 12 bytes")
        if self.cipher.endswith("-ccm") and (self.iv_size > 13 or self.tag_bytes % 2):
            raise ValueError("ccm has an iv of 7 to 13 bytes and an even number of tag_bytes")
        if self.cipher == "xor" and self.iv != "derived":
            raise ValueError("xor has no iv")


class EciesDescription(_Symmetric):
    """ECIES and its relatives: an ephemeral key, a shared secret, a KDF, a cipher, perhaps a MAC (SEC 1, 5.1; IEEE
    1363a; ISO/IEC 18033-2; Tink's ECIES-AEAD-HKDF)."""

    kind: Literal["ecies"]
    curve: CurveName = "P-256"
    point: PointForm = "uncompressed"
    kdf: KdfDescription
    derive: tuple[Literal["key", "mac-key", "iv"], ...] = Field(
        ("key", "mac-key", "iv"), description="What is cut from the KDF's output, in order."
    )

    @property
    def head(self) -> Part:
        """The ephemeral key."""
        return "point"

    @model_validator(mode="after")
    def _fits(self) -> EciesDescription:
        self._check_parts()
        if len(set(self.derive)) != len(self.derive) or "key" not in self.derive:
            raise ValueError("derive should hold key, and mac-key and iv at most once")
        if self.curve == "X25519" and self.point not in ("raw-x", "spki"):
            raise ValueError("a key of X25519 is written raw-x or spki")
        if self.mac and "mac-key" not in self.derive:
            raise ValueError("the mac's key should be in derive")
        if self.iv == "derived" and self.iv_size and "iv" not in self.derive:
            raise ValueError("a derived iv should be in derive")
        return self


class WrappedKeyDescription(_Symmetric):
    """A fresh content key, wrapped with RSA, and the plaintext sealed with it. With a `mac` the content key is the
    cipher's key and then the MAC's, or with `mac_key_first` the other way round."""

    kind: Literal["rsa-wrapped"]
    wrap: Annotated[OaepDescription | Pkcs1Description, Field(discriminator="kind")]
    mac_key_first: bool = False

    @property
    def head(self) -> Part:
        """The wrapped key."""
        return "wrapped-key"

    @model_validator(mode="after")
    def _fits(self) -> WrappedKeyDescription:
        self._check_parts()
        if self.cipher == "xor" or self.iv == "derived":
            raise ValueError("a wrapped key has a cipher with an iv that is random, zero or fixed")
        if any(piece in ("point", "recipient") for piece in self.aad):
            raise ValueError("aad of a wrapped key is text or hex")
        return self


class HpkeDescription(FileModel):
    """HPKE (RFC 9180), base mode, single shot, without additional data: `prefix`, `enc`, the ciphertext."""

    kind: Literal["hpke"]
    kem: Literal["P-256", "P-384", "P-521", "X25519"]
    kdf: Literal["hkdf-sha256", "hkdf-sha384", "hkdf-sha512"]
    aead: Literal["aes-128-gcm", "aes-256-gcm", "chacha20-poly1305"]
    info: tuple[FixedPiece, ...] = ()
    prefix: Hex = Field("", description="Bytes in front of all, as Tink's 5.")


SchemeDescription = Annotated[
    EciesDescription
    | OaepDescription
    | Pkcs1Description
    | WrappedKeyDescription
    | HpkeDescription
    | JweDescription
    | CmsDescription,
    Field(discriminator="kind"),
]
"""How a field is encrypted."""


def summary(scheme: SchemeDescription) -> str:
    """A scheme in a few words."""
    if isinstance(scheme, OaepDescription):
        return f"RSA-OAEP, {scheme.hash}, MGF1 with {scheme.mgf_hash}"
    if isinstance(scheme, Pkcs1Description):
        return "RSA PKCS#1 v1.5"
    if isinstance(scheme, HpkeDescription):
        return f"HPKE {scheme.kem}, {scheme.kdf}, {scheme.aead}"
    if isinstance(scheme, JweDescription):
        return f"JWE {scheme.alg}, {scheme.enc}" + (f", {scheme.curve}" if scheme.is_ecdh else "")
    if isinstance(scheme, CmsDescription):
        how = scheme.recipient
        key = f"ECDH {how.curve}, {how.hash}" if isinstance(how, EcdhRecipient) else summary(how)
        return f"CMS {scheme.content}, {key}, {scheme.cipher}"
    mac = f", HMAC {scheme.mac.hash}" if scheme.mac else ""
    if isinstance(scheme, WrappedKeyDescription):
        return f"{summary(scheme.wrap)}, {scheme.cipher}{mac}"
    return f"ECIES {scheme.curve}, {scheme.kdf.name} with {scheme.kdf.hash}, {scheme.cipher}{mac}"


_SHA1_KDF = "SHA-1 in the KDF: not broken in this use, but refused by current rules (NIST SP 800-131A)"


def warnings(scheme: SchemeDescription) -> tuple[str, ...]:
    """What the insecure parts of a scheme cost, a line each; empty where there are none."""
    found = []
    key = scheme.recipient if isinstance(scheme, CmsDescription) else getattr(scheme, "wrap", scheme)
    if isinstance(key, Pkcs1Description):
        found.append("PKCS#1 v1.5 padding: whoever can ask the receiver whether a text opens can decrypt it")
    if not getattr(scheme, "has_tag", True):
        found.append("no MAC: a changed barcode opens to changed keys, and nobody sees it")
    if isinstance(key, EcdhRecipient) and key.hash == "sha1":
        found.append(_SHA1_KDF)
    if isinstance(scheme, EciesDescription | WrappedKeyDescription):
        if isinstance(scheme, EciesDescription) and scheme.kdf.hash == "sha1":
            found.append(_SHA1_KDF)
        if scheme.mac and scheme.iv == "random" and scheme.mac.covers == "ciphertext":
            found.append("a MAC that does not cover the IV: whoever changes it changes the first values unnoticed")
        if scheme.mac and scheme.mac.hash == "sha1":
            found.append("HMAC with SHA-1: not broken in this use, but refused by current rules (NIST SP 800-131A)")
    if (tag := _tag_bytes(scheme)) is not None and tag < 12:
        found.append(f"a tag of {tag} bytes: one of {2 ** (8 * tag):.0e} forgeries is taken as true")
    return tuple(found)


def _tag_bytes(scheme: SchemeDescription) -> int | None:
    """Bytes of a tag that can be shortened."""
    if not isinstance(scheme, EciesDescription | WrappedKeyDescription | CmsDescription) or not scheme.has_tag:
        return None
    if is_aead(scheme.cipher):
        return scheme.tag_bytes
    return None if isinstance(scheme, CmsDescription) or not scheme.mac else scheme.mac.tag_bytes
