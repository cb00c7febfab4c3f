"""A spec that describes its encryption: checked, issued, opened again, and its insecure parts named."""

from __future__ import annotations

import pytest

from tests.helpers.factory import Factory

NAME = "amazon-bss-ob04"
SUITE = 'suite = "ecies-p256-x963sha256-aes128gcm"\n'
SCHEMES = {
    "bouncy castle": (
        "p256",
        'kind = "ecies"\ncipher = "aes-128-cbc"\niv = "zero"\n'
        'kdf = { name = "kdf2", hash = "sha256", info = ["hex:01"] }\n'
        'mac = { hash = "sha256", key_bytes = 32, parameter = "02", parameter_length = "bits-64" }\n',
        "",
    ),
    "xor with SHA-1": (
        "p384",
        'kind = "ecies"\ncurve = "P-384"\ncipher = "xor"\nderive = ["mac-key", "key"]\n'
        'kdf = { name = "kdf1", hash = "sha1" }\n'
        'mac = { hash = "sha1", key_bytes = 16 }\n',
        "SHA-1",
    ),
    "X25519": (
        "x25519",
        'kind = "ecies"\ncurve = "X25519"\npoint = "raw-x"\ncipher = "chacha20-poly1305"\n'
        'kdf = { name = "hkdf", hash = "sha256", info = ["point", "recipient"] }\n',
        "",
    ),
    "wrapped": (
        "rsa",
        'kind = "rsa-wrapped"\ncipher = "aes-256-cbc"\niv = "random"\nwrap = { kind = "rsa-pkcs1" }\n',
        "PKCS#1",
    ),
    "JWE": (
        "p256",
        'kind = "jwe"\nalg = "ECDH-ES+A128KW"\nenc = "A128CBC-HS256"\napv = ["text:Bulb"]\n'
        'header = { kid = "puk-1" }\n',
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMES)
def test_a_batch_is_issued_and_opened_by_a_described_scheme(factory: Factory, name: str) -> None:
    kind, scheme, cost = SCHEMES[name]
    assert factory.cli("spec", "copy", NAME).code == 0
    path = factory.root / "specs" / f"{NAME}.toml"
    text = path.read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("suite =", "info ="))]
    assert len(lines) < len(text.splitlines())
    if name == "JWE":
        lines = ['format = "text"' if line == 'format = "base64"' else line for line in lines]
    path.write_text("\n".join(lines).rstrip() + "\n\n[field.scheme]\n" + scheme)
    checked = factory.cli("spec", "check", NAME)
    assert checked.code == 1, "assumed fields aren't confirmed"
    assert ("WARNING: BMD" in checked.err) is bool(cost)
    assert cost in checked.err
    assert factory.cli("dev-key", "own", "--kind", kind).code == 0
    key = factory.root / "dev-keys" / "own"
    added = factory.cli("product", "add", "own", "--pid", "ebK3", "--public-key", f"{key}.public.pem")
    assert added.code == 0, added.err
    issued = factory.cli("batch", "create", "own", "--units", 3, "--id", "S1")
    assert issued.code == 0, issued.err
    for payload in factory.payloads("S1"):
        said = factory.cli("inspect", payload, "--private-key", f"{key}.private.pem", "--json")
        assert said.code == 0, said.err
        assert len(said.json[0]["units"]) == 1, said.json
