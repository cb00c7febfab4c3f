"""Signatures of SSH keys: what `ssh-keygen` makes is taken, and nothing that it would not take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bss_mfg.errors import ValueProblem
from bss_mfg.transparency.ssh_signatures import MOST_BYTES, SshKey, signer_of
from tests.helpers.persons import Person, keygen_accepts, run
from tests.helpers.ssh_forging import (
    SK_ECDSA,
    SK_ED25519,
    HardwareKey,
    RsaKey,
    armored,
    signature_file,
    string,
    to_sign,
    unarmored,
)
from tests.needs import needs

pytestmark = needs("ssh-keygen")
TEXT = b'bss-mfg request 1\nact: "retire"\n'
KINDS = (
    ("ed25519",), ("ecdsa", "-b", "256"), ("ecdsa", "-b", "384"), ("ecdsa", "-b", "521"), ("rsa", "-b", "3072"),
)  # fmt: skip


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[Person]:
    """One with a key of each kind."""
    folder = tmp_path_factory.mktemp("people")
    return [Person.new(folder, "-".join(kind).replace("--", "-"), *kind) for kind in KINDS]


def signed(person: Person, folder: Path, content: bytes = TEXT, namespace: str = "bss-mfg", *options: str) -> bytes:
    (folder / "content").write_bytes(content)
    return person.sign(folder / "content", namespace, *options).read_bytes()


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_what_ssh_keygen_signs_is_taken(people: list[Person], tmp_path: Path, digest: str) -> None:
    for person in people:
        made = signed(person, tmp_path, TEXT, "bss-mfg", "-O", f"hashalg={digest}")
        key = signer_of(made, TEXT)
        assert key == SshKey.parse(person.public)
        assert str(key) == " ".join(person.public.split()[:2])
        shown = run("ssh-keygen", "-l", "-f", person.key.with_name(f"{person.key.name}.pub")).decode()
        assert shown.split()[1] == key.fingerprint
        assert signer_of(made.replace(b"\n", b"\r\n"), TEXT) == key  # as an editor of Windows saves it


def test_of_another_text_or_for_another_purpose_it_is_not(people: list[Person], tmp_path: Path) -> None:
    for person in people:
        with pytest.raises(ValueProblem, match="not its key's signature"):
            signer_of(signed(person, tmp_path), TEXT + b"\n")
        with pytest.raises(ValueProblem, match="was made for 'git'"):
            signer_of(signed(person, tmp_path, TEXT, "git"), TEXT)


@pytest.fixture(scope="module")
def made_by_each(people: list[Person], tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A signature of each, as SSH writes it."""
    return [unarmored(signed(person, tmp_path_factory.mktemp("signed"))) for person in people]


CHANGES: dict[str, Callable[[bytes, int, bytes], bytes]] = {
    "change": lambda raw, at, byte: raw[:at] + byte + raw[at + 1 :],
    "insert": lambda raw, at, byte: raw[:at] + byte + raw[at:],
    "drop": lambda raw, at, _: raw[:at] + raw[at + 1 :],
    "cut": lambda raw, at, _: raw[:at],
    "double": lambda raw, at, _: raw + raw[at:],
}


@settings(max_examples=1000)
@given(
    who=st.integers(0, len(KINDS) - 1),
    how=st.sampled_from(sorted(CHANGES)),
    where=st.integers(0, 5000),
    byte=st.binary(min_size=1, max_size=1),
)
def test_a_changed_signature_is_taken_by_nobody(
    made_by_each: list[bytes], who: int, how: str, where: int, byte: bytes
) -> None:
    """Bytes changed, put in, left out, doubled, in what SSH wrote: none is a signature any more."""
    raw = made_by_each[who]
    changed = CHANGES[how](raw, where % len(raw), byte)
    if changed != raw:
        with pytest.raises(ValueProblem):
            signer_of(armored(changed), TEXT)
    else:
        signer_of(armored(changed), TEXT)


@given(content=st.binary(max_size=400))
@example(content=b"SSHSIG")
@example(content=b"SSHSIG\x00\x00\x00\x01\xff\xff\xff\xff")
def test_anything_else_is_refused_in_words(content: bytes) -> None:
    for given_ in (content, armored(content)):
        with pytest.raises(ValueProblem):
            signer_of(given_, TEXT)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one + one,
        lambda one: b"\n" + one,
        lambda one: one + b" ",
        lambda one: one.replace(b"\n", b"\n\n", 1),
        lambda one: one.replace(b"SSH SIGNATURE", b"SSH SIGNATURE "),
        lambda one: one.rstrip().removesuffix(b"-----END SSH SIGNATURE-----"),
        lambda _: b"",
        lambda one: one.replace(b"=", b""),
        lambda one: one.replace(b"-----END", b"A" * MOST_BYTES + b"\n-----END"),
    ],
)
def test_a_file_holds_one_signature_and_that_alone(
    people: list[Person], tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    changed = change(signed(people[0], tmp_path))
    if changed != signed(people[0], tmp_path):
        with pytest.raises(ValueProblem):
            signer_of(changed, TEXT)


# --- keys in hardware: as OpenSSH's PROTOCOL.u2f says, made here in software, and judged by ssh-keygen --------------


@pytest.mark.parametrize("kind", [SK_ED25519, SK_ECDSA])
def test_a_key_in_hardware_has_to_be_touched(tmp_path: Path, kind: str) -> None:
    key = HardwareKey(kind)
    made = key.sign(TEXT, 0x01)
    assert keygen_accepts(tmp_path, key.public, made, TEXT)
    assert signer_of(made, TEXT) == SshKey.parse(key.public)
    assert signer_of(key.sign(TEXT, 0x05), TEXT).kind == kind  # touched, and a PIN was given
    for flags in (0x00, 0x04):
        with pytest.raises(ValueProblem, match="nobody touched"):
            signer_of(key.sign(TEXT, flags), TEXT)


# --- what is well made, and not taken -------------------------------------------------------------------------------


def test_weak_rsa_and_sha1_are_refused() -> None:
    strong = RsaKey.new(3072)
    assert signer_of(strong.sign(TEXT, hashes.SHA512(), b"rsa-sha2-512"), TEXT) == SshKey.parse(strong.public)
    with pytest.raises(ValueProblem, match="of the kind 'ssh-rsa'"):
        signer_of(strong.sign(TEXT, hashes.SHA1(), b"ssh-rsa"), TEXT)  # noqa: S303
    for bits in (1024, 2048):
        weak = RsaKey.new(bits)
        with pytest.raises(ValueProblem, match="weak key"):
            signer_of(weak.sign(TEXT, hashes.SHA512(), b"rsa-sha2-512"), TEXT)
        with pytest.raises(ValueProblem, match="weak key"):
            SshKey.parse(weak.public)


def test_the_reserved_field_and_other_digests_are_refused(tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    public = string(b"ssh-ed25519") + string(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def made(**parts: bytes) -> bytes:
        signature = string(b"ssh-ed25519") + string(key.sign(to_sign(TEXT, **parts)))
        return signature_file(public, signature, **parts)

    assert signer_of(made(), TEXT).kind == "ssh-ed25519"
    with pytest.raises(ValueProblem, match="nobody knows yet"):
        signer_of(made(reserved=b"x"), TEXT)
    for digest in (b"sha1", b"sha384", b"md5"):
        with pytest.raises(ValueProblem, match="digest that is not taken"):
            signer_of(made(digest=digest), TEXT)


@pytest.mark.parametrize(
    "public",
    [
        bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xec" + b"\xff" * 31,
        b"\xed" + b"\xff" * 30 + b"\x7f",
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
        b"x" * 31, b"x" * 33,
    ],
    ids=bytes.hex,
)  # fmt: skip
def test_a_point_that_anybody_signs_for_is_no_key(public: bytes) -> None:
    """With such a key, one signature holds of many texts, and needs no private half."""
    with pytest.raises(ValueProblem):
        SshKey.of_blob(string(b"ssh-ed25519") + string(public))


@pytest.mark.parametrize(
    "line",
    [
        "", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3MAAACB", "age1qqqq", "ssh-ed25519 ä",
        "ssh-ed25519 " + "A" * MOST_BYTES, 'from="*" ssh-ed25519 AAAA',
        "ssh-ed25519 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA==",
        "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t",
    ],
)  # fmt: skip
def test_what_is_no_public_key_is_refused_in_words(line: str) -> None:
    with pytest.raises(ValueProblem):
        SshKey.parse(line)
