"""A production product refuses every public key whose private half lies in the workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bss_mfg.payload.spec import packaged_spec
from tests.helpers.factory import Factory
from tests.helpers.guides import PRIVATE, PUBLIC, write_sample
from tests.helpers.keys import good_pem

NAME = "amazon-bss-ob04"
SPEC = packaged_spec(NAME).spec
PLAIN_PUBLIC = PUBLIC[PUBLIC.index(b"-----BEGIN") :]
"""The public half as a guide prints it: without the mark of `dev-key`."""
CONFIRM = ("--document", "Guide 3.2", "--operator", "Ann", "--sign", "BMU", "--sign", "BMO", "--sign", "BMD")


@pytest.fixture
def workspace(factory: Factory) -> Factory:
    """A copy of the spec that lists a sample with its private key, signed."""
    assert factory.cli("spec", "copy", NAME).code == 0
    specs = factory.root / "specs"
    write_sample(specs / "guide" / "one.toml", SPEC)
    path = specs / f"{NAME}.toml"
    listed = '[samples]\nfiles = ["guide/one.toml"]\n\n[[field]]'
    path.write_text(path.read_text().replace("[[field]]", listed, 1))
    assert factory.cli("spec", "confirm", NAME, *CONFIRM).code == 0
    (factory.root / "test.pem").write_bytes(PLAIN_PUBLIC)
    return factory


def add(factory: Factory, key: Path, stage: str = "production") -> tuple[object, ...]:
    return ("product", "add", "prod", "--pid", "ebK3", "--public-key", key, "--stage", stage)


def key_of(factory: Factory) -> Path:
    return factory.root / "products" / "prod.pem"


def test_the_guides_test_key_is_refused_when_a_product_is_added(workspace: Factory) -> None:
    refused = workspace.cli(*add(workspace, workspace.root / "test.pem"))
    assert refused.code == 3
    assert "guide/test-key.pem" in refused.err
    assert "anyone" in refused.err
    assert not key_of(workspace).exists()
    assert workspace.cli(*add(workspace, workspace.root / "test.pem", "development")).code == 0


@pytest.mark.parametrize("asked", [("batch", "create"), ("run",)], ids=" ".join)
def test_it_is_refused_where_the_files_were_edited_by_hand(workspace: Factory, asked: tuple[str, ...]) -> None:
    assert workspace.cli(*add(workspace, workspace.root / "test.pem", "development")).code == 0
    path = workspace.root / "products" / "prod.toml"
    path.write_text(path.read_text().replace('stage = "development"', 'stage = "production"'))
    refused = workspace.cli(*asked, "prod", "--units", 2)
    assert refused.code == 3
    assert "guide/test-key.pem" in refused.err
    assert workspace.rows("SELECT count(*) FROM batch") == [(0,)]


def test_it_is_refused_as_a_product_s_next_key(workspace: Factory) -> None:
    (workspace.root / "amazon.pem").write_bytes(good_pem())
    assert workspace.cli(*add(workspace, workspace.root / "amazon.pem")).code == 0
    assert workspace.cli("batch", "create", "prod", "--units", 2).code == 0
    pinned = workspace.cli("product", "show", "prod", "--json").json["key_pinned"]
    good = key_of(workspace).read_bytes()
    key_of(workspace).write_bytes(PLAIN_PUBLIC)
    refused = workspace.cli("product", "repin", "prod", "--reason", "a new key")
    assert refused.code == 3
    assert "guide/test-key.pem" in refused.err
    key_of(workspace).write_bytes(good)
    assert workspace.cli("product", "show", "prod", "--json").json["key_pinned"] == pinned


def _pem_elsewhere(factory: Factory, private: bytes) -> None:
    """No sample names it: it was given as `spec fit --private-key`."""
    (factory.root / "specs" / "another.pem").write_bytes(private)


def _der(factory: Factory, private: bytes) -> None:
    key = serialization.load_pem_private_key(private, None)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (factory.root / "specs" / "keys").mkdir()
    (factory.root / "specs" / "keys" / "another").write_bytes(der)


def _private_half_of_a_dev_key(factory: Factory, private: bytes) -> None:
    (factory.root / "dev-keys" / "lost.private.pem").write_bytes(private)


@pytest.mark.parametrize("known", [_pem_elsewhere, _der, _private_half_of_a_dev_key], ids=lambda one: one.__name__)
def test_any_private_key_of_the_workspace_counts(factory: Factory, known: Callable[[Factory, bytes], None]) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    (factory.root / "key.pem").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
    assert factory.cli("spec", "copy", NAME).code == 0
    path = factory.root / "specs" / f"{NAME}.toml"
    path.write_text(path.read_text().replace("ecies-p256-x963sha256-aes128gcm", "rsa-oaep-sha256"))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    known(factory, private)
    refused = factory.cli(*add(factory, factory.root / "key.pem"))
    assert refused.code == 3
    assert "private half" in refused.err
    assert factory.cli(*add(factory, factory.root / "key.pem", "development")).code == 0


def test_other_files_beside_specs_are_no_keys(workspace: Factory) -> None:
    """A guide as a PDF, a locked key, a broken one, a key that is public: none of them stops a good product."""
    specs = workspace.root / "specs"
    locked = serialization.BestAvailableEncryption(b"secret")
    key = serialization.load_pem_private_key(PRIVATE, None)
    (specs / "locked.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    )
    (specs / "broken.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    (specs / "empty.der").write_bytes(b"")
    (specs / "guide.pdf").write_bytes(b"%PDF-1.7\n" + bytes(1 << 20))
    (specs / "public.pem").write_bytes(good_pem())
    (workspace.root / "amazon.pem").write_bytes(good_pem())
    added = workspace.cli(*add(workspace, workspace.root / "amazon.pem"))
    assert added.code == 0, added.err
    assert workspace.cli("batch", "create", "prod", "--units", 2).code == 0
